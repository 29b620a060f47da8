#pragma once

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/stream_parser.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <rtai/core/result.hpp>
#include <rtai/data/check.hpp>
#include <rtai/data/config.hpp>
#include <rtai/data/schema.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

// JSON from outside, and described types as JSON. Link with boost_json.

namespace rtai {

namespace json = boost::json;

// --- Text -------------------------------------------------------------------------------------------------

/// Reads a text that must be JSON and nothing else. What is wrong is told with its line and column.
inline result<json::value> parse_json(std::string_view text, std::size_t most_depth = 64) {
    json::parse_options strict;
    strict.max_depth = most_depth;
    json::stream_parser reader({}, strict);
    boost::system::error_code wrong;
    auto at = reader.write_some(text.data(), text.size(), wrong);
    std::string why;
    if (!wrong) {
        const auto rest = text.find_first_not_of(" \t\r\n", at);
        if (rest != std::string_view::npos) {
            why = "more follows after its end";
        } else {
            reader.finish(wrong);
            if (!wrong) return reader.release();
            why = "it ends too early";
        }
        at = std::min(rest, text.size());
    } else {
        why = wrong.message();
    }
    const auto before = text.substr(0, at);
    const auto lines = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    const auto column = before.size() - (lines == 0 ? 0 : before.rfind('\n') + 1);
    return error(std::errc::bad_message, "no JSON at line " + std::to_string(lines + 1) + ", column " +
                                             std::to_string(column + 1) + ": " + why);
}

/// What it is, for a message: "a number".
inline std::string_view described_kind(const json::value& v) noexcept {
    switch (v.kind()) {
        case json::kind::null:
            return "null";
        case json::kind::bool_:
            return "true or false";
        case json::kind::string:
            return "a text";
        case json::kind::array:
            return "a list";
        case json::kind::object:
            return "an object";
        default:
            return "a number";
    }
}

/// A member of an object, or null: also of what is no object, or null itself. For answers of servers that
/// leave out what they like.
inline const json::value* find(const json::value& v, std::string_view name) noexcept {
    const auto* o = v.if_object();
    const auto* found = o != nullptr ? o->if_contains(name) : nullptr;
    return found != nullptr && !found->is_null() ? found : nullptr;
}
/// The text under a name; empty if there is none.
inline std::string_view text_of(const json::value& v, std::string_view name) noexcept {
    const auto* found = find(v, name);
    const auto* text = found != nullptr ? found->if_string() : nullptr;
    return text != nullptr ? std::string_view(*text) : std::string_view();
}

// --- Described types --------------------------------------------------------------------------------------

enum class unknown_members : std::uint8_t { allowed, refused };

namespace detail {

/// A type that JSON has as a text and a spec as a scalar: a duration, a size, a choice.
template <class T>
inline constexpr bool is_json_text =
    is_duration<T> || is_name<T> || described_enum<T> || std::is_same_v<T, std::string> ||
    std::is_same_v<T, std::filesystem::path> || std::is_same_v<T, secret> || std::is_same_v<T, byte_size> ||
    std::is_same_v<T, hertz>;

class json_reader {
public:
    explicit json_reader(unknown_members u) : unknown_(u) {}

    /// What it found wrong first; empty for nothing.
    const std::string& wrong() const noexcept { return wrong_; }

    template <class T>
    void read(T& into, const json::value& v, const schema& s, const std::string& path) {
        if (!wrong_.empty()) return;
        if constexpr (std::is_same_v<T, json::value>) {
            into = v;
        } else if constexpr (is_optional<T>) {
            if (v.is_null()) into.reset();
            else read(into.emplace(), v, s, path);
        } else if constexpr (std::is_same_v<T, bool>) {
            if (const auto* b = v.if_bool()) into = *b;
            else unfit(s, v, path);
        } else if constexpr (std::is_arithmetic_v<T>) {
            number(into, v, s, path);
        } else if constexpr (std::is_same_v<T, listen_port>) {
            number(into.number, v, s, path);
        } else if constexpr (is_json_text<T>) {
            const auto* text = v.if_string();
            if (text == nullptr) return unfit(s, v, path);
            problems found;
            checker c(found);
            c.allow_plain_secrets();
            const value plain((std::string(*text)));
            c.check(s, plain, path);
            if (found.ok()) read_into(into, plain);
            else fail(found.sorted().front());
        } else if constexpr (is_vector<T>) {
            const auto* list = v.if_array();
            if (list == nullptr) return unfit(s, v, path);
            into.clear();
            for (std::size_t i = 0; i < list->size(); ++i) {
                typename T::value_type made{};
                read(made, (*list)[i], s.item.front(), path + "[" + std::to_string(i) + "]");
                into.push_back(std::move(made));
            }
        } else if constexpr (is_string_map<T>) {
            const auto* map = v.if_object();
            if (map == nullptr) return unfit(s, v, path);
            into.clear();
            for (const auto& [name, held] : *map)
                read(into[std::string(name)], held, s.item.front(), below(path, name));
        } else {
            object(into, v, s, path);
        }
    }

private:
    static std::string below(const std::string& path, std::string_view name) {
        return path.empty() ? std::string(name) : path + "." + std::string(name);
    }
    void fail(const std::string& path, const std::string& what) {
        if (wrong_.empty()) wrong_ = path.empty() ? what : path + ": " + what;
    }
    void fail(const problem& p) {
        if (wrong_.empty()) wrong_ = p.message + (p.help.empty() ? "" : "; " + p.help);
    }
    void unfit(const schema& s, const json::value& v, const std::string& path) {
        const bool object = s.type == schema::kind::map || s.type == schema::kind::object;
        fail(path,
             (object ? "an object" : expected_text(s)) + " is wanted, not " + std::string(described_kind(v)));
    }

    template <class N>
    void number(N& into, const json::value& v, const schema& s, const std::string& path) {
        if (!v.is_number()) return unfit(s, v, path);
        const auto figure = v.is_double()  ? v.get_double()
                            : v.is_int64() ? static_cast<double>(v.get_int64())
                                           : static_cast<double>(v.get_uint64());
        if (s.range && (figure < s.range->least || figure > s.range->most))
            return fail(path, "it is " + json::serialize(v) + ", but may be " + range_text(*s.range, s.type));
        if constexpr (std::is_integral_v<N>) {
            if (std::trunc(figure) != figure) return fail(path, "a whole number is wanted");
            // The range as a double rounds up to 2^63 or 2^64, which does not fit.
            if (v.is_double()) {
                if (figure >= std::ldexp(1.0, std::numeric_limits<N>::digits))
                    return fail(path, "this is more than there can be");
                into = static_cast<N>(figure);
            } else if (v.is_int64() ? std::in_range<N>(v.get_int64()) : std::in_range<N>(v.get_uint64())) {
                into = v.is_int64() ? static_cast<N>(v.get_int64()) : static_cast<N>(v.get_uint64());
            } else {
                fail(path, "this is more than there can be");
            }
        } else {
            into = static_cast<N>(figure);
        }
    }

    template <class T>
    void object(T& into, const json::value& v, const schema& s, const std::string& path) {
        const auto* given = v.if_object();
        if (given == nullptr) return unfit(s, v, path);
        for (const auto& f : s.fields)
            if (f.required && !given->contains(f.name)) return fail(path, "'" + f.name + "' is missing");
        if (unknown_ == unknown_members::refused)
            for (const auto& [name, held] : *given)
                if (s.find(name) == nullptr) return fail(below(path, name), "there is no such member");
        visit_members<T>([&](std::string_view name, auto member) {
            if (const auto* held = given->if_contains(name))
                read(into.*member, *held, *s.find(name), below(path, name));
        });
    }

    unknown_members unknown_;
    std::string wrong_;
};

}  // namespace detail

/// A described type from JSON. What is missing keeps its default, unless a note says that it is required;
/// what is wrong is told with where it is: "tools[2].name: a text is wanted, not a number".
template <class T>
result<T> from_json(const json::value& v, unknown_members unknown = unknown_members::allowed) {
    static const schema s = schema_of<T>();
    detail::json_reader reader(unknown);
    T made{};
    reader.read(made, v, s, {});
    if (!reader.wrong().empty()) return error(std::errc::bad_message, reader.wrong());
    return made;
}

/// The same for a text.
template <class T>
result<T> read_json(std::string_view text, unknown_members unknown = unknown_members::allowed) {
    const auto v = parse_json(text);
    if (!v) return v.error();
    return from_json<T>(*v, unknown);
}

/// A described type as JSON: durations and sizes as texts with their unit, what is not set as null. A secret
/// is not shown.
template <class T>
json::value to_json(const T& v) {
    if constexpr (std::is_same_v<T, json::value>) {
        return v;
    } else if constexpr (std::is_floating_point_v<T>) {
        return std::isfinite(v) ? json::value(static_cast<double>(v)) : json::value();
    } else if constexpr (std::is_arithmetic_v<T>) {
        return json::value(v);
    } else if constexpr (std::is_same_v<T, secret>) {
        return json::value(v.empty() ? "" : "********");
    } else if constexpr (std::is_same_v<T, listen_port>) {
        return json::value(v.number);
    } else if constexpr (detail::is_json_text<T>) {
        return json::value(default_text(v));
    } else if constexpr (detail::is_optional<T>) {
        return v ? to_json(*v) : json::value();
    } else if constexpr (detail::is_vector<T>) {
        json::array list;
        for (const typename T::value_type& item : v) list.push_back(to_json(item));
        return list;
    } else if constexpr (detail::is_string_map<T>) {
        json::object map;
        for (const auto& [name, held] : v) map[name] = to_json(held);
        return map;
    } else {
        json::object made;
        visit_members<T>([&](std::string_view name, auto member) { made[name] = to_json(v.*member); });
        return made;
    }
}

// --- JSON schema ------------------------------------------------------------------------------------------

/// What a schema says as a JSON schema, for instance to tell a language model what a tool takes.
inline json::object to_json_schema(const schema& s) {
    using kind = schema::kind;
    json::object out;
    const auto type = [&](std::string_view name) { out["type"] = name; };
    std::string about = s.about;
    switch (s.type) {
        case kind::any:
            break;
        case kind::boolean:
            type("boolean");
            break;
        case kind::integer:
        case kind::port:
            type("integer");
            break;
        case kind::number:
            type("number");
            break;
        case kind::choice:
            type("string");
            out["enum"] = json::array(s.choices.begin(), s.choices.end());
            break;
        case kind::list:
            type("array");
            out["items"] = to_json_schema(s.item.front());
            break;
        case kind::map:
            type("object");
            out["additionalProperties"] = to_json_schema(s.item.front());
            break;
        case kind::object: {
            type("object");
            json::object properties;
            json::array needed;
            for (const auto& f : s.fields) {
                properties[f.name] = to_json_schema(f);
                if (f.required) needed.emplace_back(f.name);
            }
            out["properties"] = std::move(properties);
            if (!needed.empty()) out["required"] = std::move(needed);
            break;
        }
        default:
            type("string");
            if (s.type == kind::time || s.type == kind::size || s.type == kind::rate) {
                about += (about.empty() ? "" : "; ") + expected_text(s);
                if (s.range) about += ", " + detail::range_text(*s.range, s.type);
            }
    }
    if (!about.empty()) out["description"] = about;
    if (s.range && (s.type == kind::integer || s.type == kind::number || s.type == kind::port)) {
        // What only its C++ type limits is no knowledge for anyone.
        const auto said = [](double v) { return std::abs(v) < 9e15; };
        const auto figure = [](double v) {
            return std::trunc(v) == v ? json::value(static_cast<std::int64_t>(v)) : json::value(v);
        };
        if (said(s.range->least)) out["minimum"] = figure(s.range->least);
        if (said(s.range->most)) out["maximum"] = figure(s.range->most);
    }
    return out;
}

template <class T>
json::object json_schema_of() {
    return to_json_schema(schema_of<T>());
}

}  // namespace rtai
