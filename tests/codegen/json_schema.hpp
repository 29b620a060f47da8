#pragma once

#include <algorithm>
#include <optional>
#include <regex>
#include <rtai/data/units.hpp>
#include <rtai/data/value.hpp>
#include <string>

namespace tool {

/// As much of JSON Schema as ours uses; an unknown word is an error, so that nothing passes unseen.
class json_schema {
public:
    explicit json_schema(const rtai::value& root) : root_(root) {}

    bool accepts(const rtai::value& v) const { return fits(root_, v); }

private:
    using value = rtai::value;

    static std::optional<double> number_of(const value& v) {
        return v.is_scalar() && !v.quoted ? rtai::parse_number(v.text) : std::nullopt;
    }

    static bool is_boolean(const value& v) {
        return v.is_scalar() && !v.quoted && (v.text == "true" || v.text == "false");
    }

    static bool is(const std::string& type, const value& v) {
        const auto number = number_of(v);
        if (type == "object") return v.is_map();
        if (type == "array") return v.is_list();
        if (type == "null") return v.is_nothing();
        if (type == "boolean") return is_boolean(v);
        if (type == "number") return number.has_value();
        if (type == "integer")
            return number && *number == static_cast<double>(static_cast<long long>(*number));
        if (type == "string") return v.is_scalar() && !number && !is_boolean(v);
        throw std::logic_error("type " + type);
    }

    static bool same(const value& a, const value& b) {
        return a.is_scalar() && b.is_scalar() && a.text == b.text && is("string", a) == is("string", b);
    }

    bool all_of(const value& list, const value& v) const {
        return std::all_of(list.items.begin(), list.items.end(), [&](const value& s) { return fits(s, v); });
    }

    bool fits(const value& s, const value& v) const {
        if (s.is_scalar()) return s.text == "true";
        if (const auto* r = s.find("$ref"))
            return fits(*root_.find("definitions")->find(r->text.substr(14)), v);
        return std::all_of(s.members.begin(), s.members.end(),
                           [&](const value::member& m) { return word(m.name, m.held, s, v); });
    }

    bool word(const std::string& name, const value& w, const value& s, const value& v) const {
        const auto number = number_of(v);
        const auto any = [&](const value& list, auto&& test) {
            return std::any_of(list.items.begin(), list.items.end(), test);
        };
        if (name == "type")
            return w.is_list() ? any(w, [&](const value& t) { return is(t.text, v); }) : is(w.text, v);
        if (name == "enum") return any(w, [&](const value& e) { return same(e, v); });
        if (name == "const") return same(w, v);
        if (name == "pattern") return !is("string", v) || std::regex_search(v.text, std::regex(w.text));
        if (name == "minLength") return !is("string", v) || !v.text.empty();
        if (name == "minimum") return !number || *number >= *rtai::parse_number(w.text);
        if (name == "maximum") return !number || *number <= *rtai::parse_number(w.text);
        if (name == "anyOf") return any(w, [&](const value& one) { return fits(one, v); });
        if (name == "allOf") return all_of(w, v);
        if (name == "not") return !fits(w, v);
        if (name == "if") return !fits(w, v) || fits(*s.find("then"), v);
        if (name == "items")
            return std::all_of(v.items.begin(), v.items.end(), [&](const value& i) { return fits(w, i); });
        if (name == "required")
            return !v.is_map() || std::all_of(w.items.begin(), w.items.end(),
                                              [&](const value& n) { return v.find(n.text) != nullptr; });
        const auto members = [&](auto&& test) {
            return std::all_of(v.members.begin(), v.members.end(), test);
        };
        if (name == "properties")
            return members([&](const value::member& m) {
                return w.find(m.name) == nullptr || fits(*w.find(m.name), m.held);
            });
        if (name == "additionalProperties")
            return members([&](const value::member& m) {
                const auto* own = s.find("properties");
                return (own != nullptr && own->find(m.name) != nullptr) || fits(w, m.held);
            });
        if (name == "propertyNames")
            return members([&](const value::member& m) { return fits(w, value(m.name)); });
        for (const char* known : {"then", "$schema", "title", "description", "default", "definitions"})
            if (name == known) return true;
        throw std::logic_error("the test does not know '" + name + "' of JSON Schema");
    }

    const rtai::value& root_;
};

}  // namespace tool
