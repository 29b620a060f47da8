#pragma once

#include <rtai/data/check.hpp>
#include <rtai/data/schema.hpp>
#include <rtai/data/value.hpp>
#include <string>
#include <type_traits>
#include <utility>

namespace rtai {

/// Puts a value that was checked against `schema_of<T>()` into `into`; what it does not say stays.
template <class T>
void read_into(T& into, const value& v) {
    if constexpr (std::is_same_v<T, value>) {
        into = v;
    } else if constexpr (std::is_same_v<T, bool>) {
        into = v.text == "true";
    } else if constexpr (std::is_integral_v<T>) {
        if (const auto n = parse_integer(v.text)) into = static_cast<T>(*n);
    } else if constexpr (std::is_floating_point_v<T>) {
        if (const auto n = parse_number(v.text)) into = static_cast<T>(*n);
    } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::filesystem::path>) {
        into = v.text;
    } else if constexpr (std::is_same_v<T, secret>) {
        into = secret(v.text);
    } else if constexpr (detail::is_duration<T>) {
        if (const auto t = parse_duration(v.text)) into = std::chrono::duration_cast<T>(*t);
    } else if constexpr (std::is_same_v<T, byte_size>) {
        if (const auto n = parse_size(v.text)) into = *n;
    } else if constexpr (std::is_same_v<T, hertz>) {
        if (const auto r = parse_rate(v.text)) into = *r;
    } else if constexpr (detail::is_name<T>) {
        into.name = v.text;
    } else if constexpr (std::is_same_v<T, listen_port>) {
        if (const auto n = parse_integer(v.text)) into.number = static_cast<std::uint16_t>(*n);
    } else if constexpr (described_enum<T>) {
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto d) {
            if (v.text == d.name) into = d.value;
        });
    } else if constexpr (detail::is_optional<T>) {
        read_into(into.emplace(), v);
    } else if constexpr (detail::is_vector<T>) {
        into.clear();
        for (const auto& item : v.items) {
            typename T::value_type made{};
            read_into(made, item);
            into.push_back(std::move(made));
        }
    } else if constexpr (detail::is_string_map<T>) {
        into.clear();
        for (const auto& m : v.members) read_into(into[m.name], m.held);
    } else {
        visit_members<T>([&](std::string_view name, auto member) {
            if (const auto* held = v.find(name)) read_into(into.*member, *held);
        });
    }
}

/// Reads a described type from values whose variables are resolved: `vad` in messages is `name`. What is
/// wrong is added to `found`, and then what was returned is not to be used. `s` is the type's schema, or a
/// part of it, when only that part is to be right.
template <class T>
T read(const value& v, const std::string& name, problems& found, const schema& s = schema_of<T>()) {
    problems here;
    checker c(here);
    c.allow_plain_secrets();
    c.check(s, v, name);
    T made{};
    if (here.ok()) read_into(made, v);
    for (auto& p : here.sorted()) found.error(p.at, p.message, p.help);
    return made;
}

/// The values as a program uses them: what was given over the defaults, secrets masked. In YAML.
std::string print_values(const schema& s, const value& v, std::size_t indent = 0);

namespace detail {

/// Whether YAML reads it as this text also without quotes, inside of brackets too.
inline bool is_plain(std::string_view text) {
    if (text.empty() || text == "~" || text == "null" || text == "<<" || text.starts_with("..."))
        return false;
    // A minus before a figure begins a number, not a list.
    if (text.front() == '-') return parse_number(text).has_value();
    if (std::string_view(" ?:#&*!|>'%@`").find(text.front()) != std::string_view::npos) return false;
    if (text.back() == ' ' || text.back() == ':') return false;
    if (text.find_first_of(",[]{}\"\\") != std::string_view::npos) return false;
    for (const auto* mark : {": ", ":?", " #"})
        if (text.find(mark) != std::string_view::npos) return false;
    return true;
}

/// What YAML lets stand in a text as it is.
constexpr bool needs_no_escape(char32_t c) noexcept {
    return is_printable(c) && c != '"' && c != '\\' && c != 0xFFFE && c != 0xFFFF;
}

inline void append_escaped(std::string& out, char32_t c) {
    static constexpr char hex[] = "0123456789abcdef";
    if (c == '"' || c == '\\') {
        (out += '\\') += static_cast<char>(c);
    } else if (c == '\n' || c == '\t') {
        out += c == '\n' ? "\\n" : "\\t";
    } else {
        const int figures = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8;
        (out += '\\') += figures == 2 ? 'x' : figures == 4 ? 'u' : 'U';
        for (int shift = 4 * (figures - 1); shift >= 0; shift -= 4) out += hex[c >> shift & 15];
    }
}

/// A copy for people to see.
inline value masked(const schema& s, const value& v) {
    const bool fits = (s.type == schema::kind::list && v.is_list()) ||
                      (s.type == schema::kind::map && v.is_map()) ||
                      (s.type == schema::kind::object && v.is_map());
    if (v.is_nothing() || !holds_secret(s)) return v;
    value shown(v.type);
    if (!fits) return value(v.is_scalar() && v.text.empty() ? "" : "********");
    for (const auto& item : v.items) shown.items.push_back(masked(s.item.front(), item));
    for (const auto& m : v.members) {
        const auto* inner = s.type == schema::kind::map ? &s.item.front() : s.find(m.name);
        if (inner != nullptr) shown.members.emplace_back(m.name, place(), masked(*inner, m.held));
    }
    return shown;
}

}  // namespace detail

/// As a scalar in YAML, quoted where it must be. Bytes that are not UTF-8 can not be in YAML and become
/// U+FFFD.
inline std::string yaml_scalar(std::string_view text) {
    bool plain = detail::is_plain(text);
    std::string escaped;
    for (auto rest = text; !rest.empty();) {
        const auto c = detail::first_character(rest);
        if (c.good && detail::needs_no_escape(c.code)) escaped += rest.substr(0, c.bytes);
        else detail::append_escaped(escaped, c.code);
        plain = plain && c.good && detail::needs_no_escape(c.code);
        rest.remove_prefix(c.bytes);
    }
    return plain ? escaped : "\"" + escaped + "\"";
}

/// Any tree on one line: "{a: 1, b: [2, 3]}".
inline std::string yaml_line(const value& v) {
    std::string out;
    switch (v.type) {
        case value::kind::nothing:
            return "null";
        case value::kind::list:
            for (const auto& item : v.items) out += (out.empty() ? "" : ", ") + yaml_line(item);
            return "[" + out + "]";
        case value::kind::map:
            for (const auto& m : v.members) {
                const auto key = yaml_scalar(m.name);
                // YAML finds the ':' of a key by itself only within 1024 characters.
                out += (out.empty() ? "" : ", ") + std::string(key.size() > 1000 ? "? " : "") + key + ": " +
                       yaml_line(m.held);
            }
            return "{" + out + "}";
        default:
            return v.quoted && (parse_number(v.text) || v.text == "true" || v.text == "false")
                       ? "\"" + v.text + "\""
                       : yaml_scalar(v.text);
    }
}

inline std::string print_values(const schema& s, const value& v, std::size_t indent) {
    using kind = schema::kind;
    const std::string margin(indent, ' ');
    std::string out;
    for (const auto& field : s.fields) {
        const auto* given = v.find(field.name);
        const bool is_words =
            field.type == kind::text || field.type == kind::path || field.type == kind::secret;
        if (field.type == kind::object) {
            const auto inner = print_values(field, given != nullptr ? *given : value(), indent + 2);
            if (!inner.empty()) out += margin + field.name + ":\n" + inner;
        } else if (given != nullptr && !given->is_nothing()) {
            out += margin + field.name + ": " + yaml_line(detail::masked(field, *given)) + "\n";
        } else if (field.type == kind::list) {
            out += margin + field.name + ": []\n";
        } else if (field.type == kind::map) {
            out += margin + field.name + ": {}\n";
        } else if (field.otherwise.empty() && !is_words) {
            // An option without a value would be a mistake if this were read again.
            out += margin + "# " + field.name + ": not set\n";
        } else {
            out += margin + field.name + ": " + yaml_scalar(field.otherwise) + "\n";
        }
    }
    return out;
}

}  // namespace rtai
