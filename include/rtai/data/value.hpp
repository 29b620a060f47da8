#pragma once

#include <cstddef>
#include <cstdint>
#include <rtai/data/problem.hpp>
#include <rtai/data/utf8.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtai {

/// A tree of values as it was read: what a spec or a configuration says, before anyone knows its types.
class value {
public:
    enum class kind : std::uint8_t { nothing, scalar, list, map };
    struct member;

    value();
    explicit value(std::string t, place p = {});
    explicit value(kind k, place p = {});
    value(const value&);
    value(value&&) noexcept;
    value& operator=(const value&);
    value& operator=(value&&) noexcept;
    ~value();

    bool is_map() const noexcept { return type == kind::map; }
    bool is_list() const noexcept { return type == kind::list; }
    bool is_scalar() const noexcept { return type == kind::scalar; }
    bool is_nothing() const noexcept { return type == kind::nothing; }

    /// What a map has under a name, or null.
    const value* find(std::string_view name) const noexcept;
    value* find(std::string_view name) noexcept;

    /// The same, made if it is not there; makes a map of what is none.
    value& at_key(std::string_view name);

    /// Where a part of its text stands, given in bytes; where all of it does, if that can not be said.
    place part(std::size_t offset, std::size_t length) const;

    kind type = kind::nothing;
    bool quoted = false;          ///< written in quotes, so that "12" is a text
    std::string text;             ///< of a scalar
    std::vector<value> items;     ///< of a list
    std::vector<member> members;  ///< of a map, in the order they were written
    place at;
    std::size_t more_lines = 0;  ///< that a scalar goes on for after the one of its place
};

struct value::member {
    member(std::string n, place p, value v) : name(std::move(n)), name_at(std::move(p)), held(std::move(v)) {}
    std::string name;
    place name_at;
    value held;
};

inline value::value() = default;
inline value::value(std::string t, place p) : type(kind::scalar), text(std::move(t)), at(std::move(p)) {}
inline value::value(kind k, place p) : type(k), at(std::move(p)) {}
inline value::value(const value&) = default;
inline value::value(value&&) noexcept = default;
inline value& value::operator=(const value&) = default;
inline value& value::operator=(value&&) noexcept = default;
inline value::~value() = default;

inline const value* value::find(std::string_view name) const noexcept {
    for (const auto& m : members)
        if (m.name == name) return &m.held;
    return nullptr;
}

inline value* value::find(std::string_view name) noexcept {
    return const_cast<value*>(
        std::as_const(*this).find(name));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

inline value& value::at_key(std::string_view name) {
    if (!is_map()) {
        type = kind::map;
        quoted = false;
        text.clear();
        items.clear();
    }
    if (auto* there = find(name)) return *there;
    return members.emplace_back(std::string(name), place(), value()).held;
}

inline place value::part(std::size_t offset, std::size_t length) const {
    // With escapes or over several lines, a character of the text is not a column of the source.
    // Nor is it worth counting in a text that no terminal shows as a whole.
    if (text.size() > 4096) return at;
    const std::size_t quote = quoted ? 1 : 0;
    if (at.length != detail::count_characters(text) + 2 * quote) return at;
    const std::string_view all = text;
    return at.part(detail::count_characters(all.substr(0, offset)) + quote,
                   detail::count_characters(all.substr(offset, length)));
}

/// Puts what `over` says into `base`: maps member by member, everything else as a whole.
inline void overlay(value& base, const value& over) {
    if (!over.is_map() || !base.is_map()) {
        if (!over.is_nothing()) base = over;
        return;
    }
    for (const auto& m : over.members) {
        if (auto* there = base.find(m.name)) overlay(*there, m.held);
        else base.members.push_back(m);
    }
}

/// Its beginning in quotes, for a message.
inline std::string quoted_text(std::string_view text) {
    const auto beginning = detail::first_characters(text, 60);
    return "'" + std::string(beginning) + (beginning.size() < text.size() ? "...'" : "'");
}

/// What it is, for a message: "a list", "'high'".
inline std::string described_kind(const value& v) {
    switch (v.type) {
        case value::kind::nothing:
            return "nothing";
        case value::kind::list:
            return "a list";
        case value::kind::map:
            return "a map";
        default:
            return quoted_text(v.text);
    }
}

}  // namespace rtai
