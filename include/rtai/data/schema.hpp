#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <rtai/data/describe.hpp>
#include <rtai/data/nearest.hpp>
#include <rtai/data/problem.hpp>
#include <rtai/data/secret.hpp>
#include <rtai/data/units.hpp>
#include <rtai/data/value.hpp>
#include <rtai/data/variables.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace rtai {

/// The name of something else in the spec: a text of its own type, so that the tool can check it.
template <class Tag>
struct name_of_a {
    std::string name;
};
using pipeline_name = name_of_a<struct pipeline_tag>;
using service_name = name_of_a<struct service_tag>;
using store_name = name_of_a<struct store_tag>;

/// A port that a service listens on. Two services of one process can not have the same; 0 is any free one.
struct listen_port {
    std::uint16_t number = 0;
};

/// What a value may look like, as data: derived from a C++ type, used by the tool and by the program alike.
struct schema {
    enum class kind : std::uint8_t {
        any,
        boolean,
        integer,
        number,
        text,
        secret,
        path,
        time,
        size,
        rate,
        choice,
        pipeline,
        service,
        store,
        port,
        list,
        map,
        object,
    };
    schema() = default;
    explicit schema(kind k) : type(k) {}

    /// The field of an object, or null.
    const schema* find(std::string_view n) const noexcept {
        for (const auto& f : fields)
            if (f.name == n) return &f;
        return nullptr;
    }

    kind type = kind::any;
    std::optional<rtai::range> range;  ///< in base units: nanoseconds, bytes, hertz
    std::int64_t step = 0;             ///< of a duration: it is a whole number of so many nanoseconds
    std::vector<std::string> choices;  ///< of a choice
    std::vector<schema> item;          ///< of a list or a map: one, what each holds
    std::vector<schema> fields;        ///< of an object

    // Of a field of an object.
    std::string name;
    std::string about;
    bool required = false;
    std::string otherwise;  ///< the default as text; empty for none
};

inline constexpr std::string_view schema_kind_names[] = {
    "any",  "boolean", "integer",  "number",  "text",  "secret", "path", "duration", "size",
    "rate", "choice",  "pipeline", "service", "store", "port",   "list", "map",      "object"};

inline std::string_view name_of(schema::kind k) noexcept {
    return schema_kind_names[static_cast<std::size_t>(k)];
}

// --- From C++ types ---------------------------------------------------------------------------------------

namespace detail {

template <class T>
inline constexpr bool is_duration = false;
template <class R, class P>
inline constexpr bool is_duration<std::chrono::duration<R, P>> = true;

template <class T>
inline constexpr bool is_name = false;
template <class Tag>
inline constexpr bool is_name<name_of_a<Tag>> = true;

template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_string_map = false;
template <class T>
inline constexpr bool is_string_map<std::map<std::string, T>> = true;

/// What a range is about: of an optional, a list or a map, what it holds.
template <class T>
struct ranged {
    using type = T;
};
template <class T>
    requires is_optional<T> || is_vector<T>
struct ranged<T> : ranged<typename T::value_type> {};
template <class T>
    requires is_string_map<T>
struct ranged<T> : ranged<typename T::mapped_type> {};

/// Base units in one tick of a duration; of anything else, its unit is the base.
template <class T>
constexpr double base_units() noexcept {
    if constexpr (is_duration<T>)
        return 1e9 * static_cast<double>(T::period::num) / static_cast<double>(T::period::den);
    else return 1;
}

/// Puts what a note says of the values of a member into its schema.
template <class M>
void narrow(schema& field, const range& said) {
    auto* s = &field;
    while (s->type == schema::kind::list || s->type == schema::kind::map) s = &s->item.front();
    constexpr double scale = base_units<typename ranged<M>::type>();
    rtai::range both(said.least * scale, said.most * scale);
    if (s->range) {
        both.most = std::min(both.most, s->range->most);
        // A duration is positive only as long as nobody says otherwise.
        if (s->type != schema::kind::time) both.least = std::max(both.least, s->range->least);
    }
    s->range = both;
}

/// 0.1F is "0.1"; as a double it would have more figures than were written.
inline std::string float_text(float v) {
    char room[32];
    const auto [end, failed] = std::to_chars(room, room + sizeof room, v);
    return failed == std::errc() ? std::string(room, end) : std::string("?");
}

/// The longest there is for what would not fit: "forever" is often written as the largest value.
template <class R, class P>
std::chrono::nanoseconds to_nanoseconds(std::chrono::duration<R, P> t) {
    using std::chrono::nanoseconds;
    const double count = std::chrono::duration<double, std::nano>(t).count();
    if (count >= 9.2e18) return nanoseconds::max();
    if (count <= -9.2e18) return nanoseconds::min();
    return std::chrono::duration_cast<nanoseconds>(t);
}

}  // namespace detail

/// A type that lists its members itself, for instance because a generator wrote it:
/// `static constexpr bool lists_members = true` and `template <class V> static void members(V& visit)` that
/// calls `visit("vad", &settings::vad)` for each.
template <class T>
concept lists_members = requires { T::lists_members; };

template <class T>
concept object_like = described<T> || lists_members<T>;

template <object_like T, class F>
void visit_members(F visit) {
    if constexpr (lists_members<T>) T::members(visit);
    else for_each_member<T>(visit);
}

template <class T>
std::string default_text(const T& v);

template <class T>
schema schema_of() {
    using kind = schema::kind;
    if constexpr (std::is_same_v<T, value>) {
        return schema(kind::any);
    } else if constexpr (std::is_same_v<T, bool>) {
        return schema(kind::boolean);
    } else if constexpr (std::is_integral_v<T>) {
        schema s(kind::integer);
        s.range = rtai::range(static_cast<double>(std::numeric_limits<T>::min()),
                              static_cast<double>(std::numeric_limits<T>::max()));
        return s;
    } else if constexpr (std::is_floating_point_v<T>) {
        return schema(kind::number);
    } else if constexpr (std::is_same_v<T, std::string>) {
        return schema(kind::text);
    } else if constexpr (std::is_same_v<T, secret>) {
        return schema(kind::secret);
    } else if constexpr (std::is_same_v<T, std::filesystem::path>) {
        return schema(kind::path);
    } else if constexpr (detail::is_duration<T>) {
        schema s(kind::time);
        s.range = rtai::range(
            0, static_cast<double>(std::numeric_limits<typename T::rep>::max()) * detail::base_units<T>());
        if (s.range->most >= 9.2e18) s.range = at_least(0);
        if constexpr (std::is_integral_v<typename T::rep>)
            s.step = std::max<std::int64_t>(1, static_cast<std::int64_t>(detail::base_units<T>()));
        return s;
    } else if constexpr (std::is_same_v<T, byte_size>) {
        return schema(kind::size);
    } else if constexpr (std::is_same_v<T, hertz>) {
        return schema(kind::rate);
    } else if constexpr (std::is_same_v<T, pipeline_name>) {
        return schema(kind::pipeline);
    } else if constexpr (std::is_same_v<T, service_name>) {
        return schema(kind::service);
    } else if constexpr (std::is_same_v<T, store_name>) {
        return schema(kind::store);
    } else if constexpr (std::is_same_v<T, listen_port>) {
        schema s(kind::port);
        s.range = rtai::range(0, 65535);
        return s;
    } else if constexpr (described_enum<T>) {
        schema s(kind::choice);
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(
            [&](auto d) { s.choices.emplace_back(d.name); });
        return s;
    } else if constexpr (detail::is_optional<T>) {
        return schema_of<typename T::value_type>();
    } else if constexpr (detail::is_vector<T>) {
        schema s(kind::list);
        s.item.push_back(schema_of<typename T::value_type>());
        return s;
    } else if constexpr (detail::is_string_map<T>) {
        schema s(kind::map);
        s.item.push_back(schema_of<typename T::mapped_type>());
        return s;
    } else {
        static_assert(object_like<T>,
                      "this type can not be an option: describe it with RTAI_DESCRIBE, or use a number, "
                      "a text, a duration, a list, a map or a described enum");
        schema s(kind::object);
        const notes<T> about;
        const T defaults{};
        visit_members<T>([&](std::string_view name, auto member) {
            using M = std::remove_cvref_t<decltype(defaults.*member)>;
            schema f = schema_of<M>();
            f.name = name;
            f.otherwise = default_text(defaults.*member);
            const auto n = about.of(name);
            f.about = n.about;
            f.required = n.required;
            if (n.required) f.otherwise.clear();
            if (n.range) detail::narrow<M>(f, *n.range);
            s.fields.push_back(std::move(f));
        });
        return s;
    }
}

/// As a spec would write it; empty for what has no short form.
template <class T>
std::string default_text(const T& v) {
    if constexpr (std::is_same_v<T, bool>) return v ? "true" : "false";
    else if constexpr (std::is_integral_v<T>) return std::to_string(v);
    else if constexpr (std::is_same_v<T, float>) return detail::float_text(v);
    else if constexpr (std::is_floating_point_v<T>) return to_text(static_cast<double>(v));
    else if constexpr (std::is_same_v<T, std::string>) return v;
    else if constexpr (std::is_same_v<T, std::filesystem::path>) return v.string();
    else if constexpr (detail::is_duration<T>) return to_text(detail::to_nanoseconds(v));
    else if constexpr (std::is_same_v<T, byte_size> || std::is_same_v<T, hertz>) return to_text(v);
    else if constexpr (detail::is_name<T>) return v.name;
    else if constexpr (std::is_same_v<T, listen_port>) return std::to_string(v.number);
    else if constexpr (described_enum<T>) return std::string(name_of(v));
    else if constexpr (detail::is_optional<T>) return v ? default_text(*v) : std::string();
    else return {};
}

/// Whether some of it is a secret.
inline bool holds_secret(const schema& s) noexcept {
    const auto any = [](const std::vector<schema>& all) {
        return std::any_of(all.begin(), all.end(), holds_secret);
    };
    return s.type == schema::kind::secret || any(s.item) || any(s.fields);
}

}  // namespace rtai
