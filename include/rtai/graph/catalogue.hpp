#pragma once

#include <cstddef>
#include <optional>
#include <rtai/data/config.hpp>
#include <rtai/data/schema.hpp>
#include <rtai/data/stream.hpp>
#include <rtai/data/value.hpp>
#include <rtai/graph/any.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/format.hpp>
#include <rtai/graph/port.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// What there is to build graphs of, as data. A program that defines RTAI_CATALOGUE before it includes the
// headers of elements finds all of them in `catalogue()`; nobody keeps a list.

namespace rtai {

/// A port of an element.
struct port_card {
    std::string name;
    bool is_input = true;
    std::string type;  ///< "rtai::audio", or "*" for any
    bool many = false;
    bool may_be_unwired = false;
    bool follows_input = false;
    bool waits = false;
    port_format format;
    std::string policy;
    std::size_t capacity = 0;
};

/// An element or a kind of service.
struct card {
    enum class kind { element, service };

    kind type = kind::element;
    std::string name;  ///< as specs say it: "vad.silero", "my::shout"
    std::string cpp;   ///< as C++ says it, without template arguments: "rtai::vad::silero"
    std::string header;
    std::string about;
    schema options;
    std::vector<port_card> ports;  ///< of a service: what it gives to and takes from a session's pipeline
    bool is_generic = false;       ///< a template over the type of its streams
    bool takes_function = false;   ///< a template over a user's function
    bool can_be_missing = false;   ///< says at start whether it is available
    bool needs_turn = false;       ///< only for a pipeline with a turn
    bool is_built = true;          ///< false: specs with it are checked, and nothing is generated yet
};

namespace detail {

/// "rtai::vad::silero" -> "vad.silero"; names of others stay as they are.
inline std::string spec_name(std::string_view cpp) {
    if (!cpp.starts_with("rtai::")) return std::string(cpp);
    std::string out;
    for (std::size_t i = 6; i < cpp.size(); ++i) {
        if (cpp[i] == ':') {
            out += '.';
            ++i;
        } else {
            out += cpp[i];
        }
    }
    return out;
}

/// Where a header is to be included from: what follows the last "include/", or all of it.
inline std::string include_name(std::string_view file) {
    const auto at = file.rfind("include/rtai/");
    return std::string(at == std::string_view::npos ? file : file.substr(at + 8));
}

template <class P>
port_card card_of_port(std::string_view name) {
    using T = typename P::value_type;
    port_card c;
    c.name = name;
    c.is_input = P::is_input;
    c.type = std::is_same_v<T, any_type> ? std::string("*") : std::string(type_name<T>());
    c.many = P::is_many;
    if constexpr (P::is_input) {
        c.may_be_unwired = P::may_be_unwired;
    } else {
        c.follows_input = P::follows_input;
        c.waits = P::waits;
    }
    c.format = P::accepts();
    using policy = typename stream_traits<T>::policy;
    c.policy = std::is_same_v<policy, block>         ? "block"
               : std::is_same_v<policy, drop_oldest> ? "drop_oldest"
               : std::is_same_v<policy, drop_newest> ? "drop_newest"
                                                     : "latest";
    c.capacity = stream_traits<T>::capacity;
    return c;
}

template <class E>
std::vector<port_card> ports_of() {
    std::vector<port_card> all;
    for_each_member<E>([&](std::string_view name, auto member) {
        using P = std::remove_cvref_t<decltype(std::declval<E&>().*member)>;
        if constexpr (port<P>) all.push_back(card_of_port<P>(name));
    });
    return all;
}

}  // namespace detail

template <element E>
card card_of(std::string_view about, std::string_view file) {
    card c;
    c.cpp = type_name<E>();
    if (const auto arguments = c.cpp.find('<'); arguments != std::string::npos) {
        const std::string_view inside = std::string_view(c.cpp).substr(arguments);
        c.takes_function = inside.find("any_function") != std::string_view::npos ||
                           inside.find("any_predicate") != std::string_view::npos;
        c.is_generic = !c.takes_function;
        c.cpp.erase(arguments);
    }
    c.name = detail::spec_name(c.cpp);
    c.header = detail::include_name(file);
    c.about = about;
    c.options = schema_of<options_of<E>>();
    c.ports = detail::ports_of<E>();
    c.can_be_missing = requires(const options_of<E>& o) { E::available(o); };
    c.needs_turn = requires { E::needs_turn; };
    return c;
}

template <class S>
card card_of_service(std::string_view about, std::string_view file) {
    card c;
    c.type = card::kind::service;
    c.cpp = type_name<S>();
    c.name = c.cpp.substr(c.cpp.rfind(':') + 1);
    // A service's work may be in another header than what a spec says of it, for the tool to stay small.
    if constexpr (requires { S::header; }) c.header = S::header;
    else c.header = detail::include_name(file);
    c.about = about;
    c.options = schema_of<typename S::options>();
    if constexpr (requires { typename S::session; }) c.ports = detail::ports_of<typename S::session>();
    if constexpr (requires { S::is_built; }) c.is_built = S::is_built;
    return c;
}

/// All that the included headers have.
inline std::vector<card>& catalogue() {
    static std::vector<card> all;
    return all;
}

inline bool add_to_catalogue(card c) {
    catalogue().push_back(std::move(c));
    return true;
}

// --- As text, for tools in another process ---------------------------------------------------------------

namespace detail {

inline value text_value(std::string text) {
    value v(std::move(text));
    v.quoted = true;
    return v;
}

inline void put(value& map, std::string_view name, std::string_view text) {
    if (!text.empty()) map.at_key(name) = text_value(std::string(text));
}

inline void put(value& map, std::string_view name, bool flag) {
    if (flag) map.at_key(name) = value("true");
}

template <class List, class F>
void put_list(value& map, std::string_view name, const List& list, F&& text) {
    if (list.empty()) return;
    value v(value::kind::list);
    for (const auto& item : list) v.items.push_back(text(item));
    map.at_key(name) = std::move(v);
}

inline std::string text_of(const value& map, std::string_view name) {
    const auto* v = map.find(name);
    return v != nullptr ? v->text : std::string();
}

inline value to_value(const schema& s) {
    value v(value::kind::map);
    put(v, "kind", name_of(s.type));
    if (s.range) {
        put(v, "least", std::string_view(to_text(s.range->least)));
        put(v, "most", std::string_view(to_text(s.range->most)));
    }
    if (s.step != 0) put(v, "step", std::string_view(std::to_string(s.step)));
    put_list(v, "choices", s.choices, [](const std::string& c) { return text_value(c); });
    put_list(v, "item", s.item, [](const schema& i) { return to_value(i); });
    put_list(v, "fields", s.fields, [](const schema& f) {
        value field = to_value(f);
        put(field, "name", std::string_view(f.name));
        put(field, "about", std::string_view(f.about));
        put(field, "default", std::string_view(f.otherwise));
        put(field, "required", f.required);
        return field;
    });
    return v;
}

inline double number_in(const value& map, std::string_view name) {
    const auto text = text_of(map, name);
    if (text == "inf") return std::numeric_limits<double>::infinity();
    if (text == "-inf") return -std::numeric_limits<double>::infinity();
    return parse_number(text).value_or(0);
}

inline schema schema_from(const value& v) {
    schema s;
    const auto kind = text_of(v, "kind");
    for (std::size_t i = 0; i < std::size(schema_kind_names); ++i)
        if (schema_kind_names[i] == kind) s.type = static_cast<schema::kind>(i);
    if (v.find("least") != nullptr) s.range = range(number_in(v, "least"), number_in(v, "most"));
    s.step = parse_integer(text_of(v, "step")).value_or(0);
    if (const auto* list = v.find("choices"))
        for (const auto& c : list->items) s.choices.push_back(c.text);
    if (const auto* list = v.find("item"))
        for (const auto& i : list->items) s.item.push_back(schema_from(i));
    if (const auto* list = v.find("fields"))
        for (const auto& f : list->items) {
            schema made = schema_from(f);
            made.name = text_of(f, "name");
            made.about = text_of(f, "about");
            made.otherwise = text_of(f, "default");
            made.required = text_of(f, "required") == "true";
            s.fields.push_back(std::move(made));
        }
    return s;
}

}  // namespace detail

inline value to_value(const card& c) {
    using namespace detail;
    value v(value::kind::map);
    put(v, "kind", std::string_view(c.type == card::kind::element ? "element" : "service"));
    put(v, "name", std::string_view(c.name));
    put(v, "cpp", std::string_view(c.cpp));
    put(v, "header", std::string_view(c.header));
    put(v, "about", std::string_view(c.about));
    put(v, "generic", c.is_generic);
    put(v, "function", c.takes_function);
    put(v, "can_be_missing", c.can_be_missing);
    put(v, "needs_turn", c.needs_turn);
    put(v, "not_built", !c.is_built);
    v.at_key("options") = detail::to_value(c.options);
    put_list(v, "ports", c.ports, [](const port_card& p) {
        value port(value::kind::map);
        put(port, "name", std::string_view(p.name));
        put(port, "direction", std::string_view(p.is_input ? "in" : "out"));
        put(port, "type", std::string_view(p.type));
        put(port, "many", p.many);
        put(port, "if_wired", p.may_be_unwired);
        put(port, "as_received", p.follows_input);
        put(port, "can_wait", p.waits);
        put_list(port, "rates", p.format.rates, [](auto r) { return value(std::to_string(r)); });
        put_list(port, "channels", p.format.channels, [](auto n) { return value(std::to_string(n)); });
        put_list(port, "encodings", p.format.encodings,
                 [](encoding e) { return value(e == encoding::s16 ? "s16" : "f32"); });
        put(port, "policy", std::string_view(p.policy));
        port.at_key("capacity") = value(std::to_string(p.capacity));
        return port;
    });
    return v;
}

inline card card_from(const value& v) {
    using namespace detail;
    card c;
    c.type = text_of(v, "kind") == "service" ? card::kind::service : card::kind::element;
    c.name = text_of(v, "name");
    c.cpp = text_of(v, "cpp");
    c.header = text_of(v, "header");
    c.about = text_of(v, "about");
    c.is_generic = v.find("generic") != nullptr;
    c.takes_function = v.find("function") != nullptr;
    c.can_be_missing = v.find("can_be_missing") != nullptr;
    c.needs_turn = v.find("needs_turn") != nullptr;
    c.is_built = v.find("not_built") == nullptr;
    if (const auto* o = v.find("options")) c.options = schema_from(*o);
    const auto* ports = v.find("ports");
    if (ports == nullptr) return c;
    for (const auto& p : ports->items) {
        port_card port;
        port.name = text_of(p, "name");
        port.is_input = text_of(p, "direction") == "in";
        port.type = text_of(p, "type");
        port.many = p.find("many") != nullptr;
        port.may_be_unwired = p.find("if_wired") != nullptr;
        port.follows_input = p.find("as_received") != nullptr;
        port.waits = p.find("can_wait") != nullptr;
        port.policy = text_of(p, "policy");
        port.capacity = static_cast<std::size_t>(number_in(p, "capacity"));
        if (const auto* list = p.find("rates"))
            for (const auto& r : list->items)
                port.format.rates.push_back(static_cast<std::uint32_t>(parse_integer(r.text).value_or(0)));
        if (const auto* list = p.find("channels"))
            for (const auto& n : list->items)
                port.format.channels.push_back(static_cast<std::uint8_t>(parse_integer(n.text).value_or(0)));
        if (const auto* list = p.find("encodings"))
            for (const auto& e : list->items)
                port.format.encodings.push_back(e.text == "f32" ? encoding::f32 : encoding::s16);
        c.ports.push_back(std::move(port));
    }
    return c;
}

}  // namespace rtai

#ifdef RTAI_CATALOGUE
#define RTAI_ENTRY_2(call, number) \
    [[maybe_unused]] static const bool rtai_entry_##number = rtai::add_to_catalogue(call)
#define RTAI_ENTRY(call, number) RTAI_ENTRY_2(call, number)
#define RTAI_ELEMENT(type, about) RTAI_ENTRY(rtai::card_of<type>(about, __FILE__), __COUNTER__)
#define RTAI_SERVICE(type, about) RTAI_ENTRY(rtai::card_of_service<type>(about, __FILE__), __COUNTER__)
#endif
