#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <rtai/data/schema.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtai {

namespace detail {

inline std::string joined(const std::vector<std::string>& words, std::string_view between = ", ") {
    std::string all;
    for (const auto& w : words) {
        if (!all.empty()) all += between;
        all += w;
    }
    return all;
}

/// "from 0 to 1", "at least 0".
inline std::string range_text(const range& r, schema::kind k) {
    const auto show = [&](double v) {
        if (k == schema::kind::time) return to_text(std::chrono::nanoseconds(static_cast<std::int64_t>(v)));
        if (k == schema::kind::size) return to_text(byte_size(static_cast<std::uint64_t>(v)));
        if (k == schema::kind::rate) return to_text(hertz(v));
        if (k == schema::kind::integer || k == schema::kind::port)
            return std::to_string(static_cast<long long>(v));
        return to_text(v);
    };
    if (r.most >= 9.2e18) return "at least " + show(r.least);
    if (r.least <= -9.2e18) return "at most " + show(r.most);
    return "from " + show(r.least) + " to " + show(r.most);
}

/// What is wrong with a number whose unit is not known.
template <std::size_t N>
std::string unit_help(std::string_view text, const unit (&units)[N]) {
    auto name = text;
    if (!take_number<double>(name)) return {};
    if (factor_of(name, units, true)) return name.empty() ? "" : "this is more than there can be";
    while (name.starts_with(' ')) name.remove_prefix(1);
    std::string all;
    for (const auto& u : units) {
        if (name.size() <= 8 && edit_distance(name, u.name) == 0)
            return "did you mean '" + std::string(u.name) + "' for '" + std::string(name) + "'?";
        all += (all.empty() ? "" : ", ") + std::string(u.name);
    }
    return "the units are " + all;
}

/// No message shows what is written here.
inline void hide(const value& v) {
    for (const auto& item : v.items) hide(item);
    for (const auto& m : v.members) hide(m.held);
    if (!v.is_scalar() || !v.at || v.at.line == 0) return;
    v.at.in->hide(v.at.line, v.at.column, v.more_lines == 0 ? v.at.length : 0);
    for (std::size_t i = 1; i <= v.more_lines; ++i) v.at.in->hide(v.at.line + i, 1, 0);
}

/// Whether a text is one variable without a default, which says nothing about its value.
inline bool is_only_a_variable(std::string_view text) {
    bool bad = false, only = true;
    split_variables(
        text, [&](const text_piece& p) { only = only && p.is_variable && !p.otherwise; },
        [&](auto&&...) { bad = true; });
    return !bad && only;
}

}  // namespace detail

/// "a number", "a duration such as 250ms".
inline std::string expected_text(const schema& s) {
    switch (s.type) {
        case schema::kind::boolean:
            return "true or false";
        case schema::kind::integer:
            return "a whole number";
        case schema::kind::number:
            return "a number";
        case schema::kind::time:
            return "a duration such as 250ms, 2s or 5min";
        case schema::kind::size:
            return "a size such as 512, 64KiB or 10MB";
        case schema::kind::rate:
            return "a rate such as 50Hz or 16kHz";
        case schema::kind::choice:
            return "one of " + detail::joined(s.choices);
        case schema::kind::port:
            return "a port number";
        case schema::kind::path:
            return "a path";
        case schema::kind::secret:
            return "a secret such as ${NAME}";
        case schema::kind::pipeline:
            return "the name of a pipeline";
        case schema::kind::service:
            return "the name of a service";
        case schema::kind::store:
            return "the name of a store";
        case schema::kind::list:
            return "a list";
        case schema::kind::map:
        case schema::kind::object:
            return "a map";
        default:
            return "a text";
    }
}

/// Checks values against a schema and tells every problem it finds.
class checker {
public:
    explicit checker(problems& found) : found_(found) {}

    /// `name` is what the value belongs to, for messages: "threshold". With variables in a text, only what
    /// they default to is checked: what they hold is known at start.
    void check(const schema& s, const value& v, const std::string& name) {
        if (s.type == schema::kind::any) return;
        if (s.type == schema::kind::object) return object(s, v, name);
        if (s.type == schema::kind::list) return list(s, v, name);
        if (s.type == schema::kind::map) return map(s, v, name);
        if (s.type == schema::kind::secret && !(v.is_scalar() && detail::is_only_a_variable(v.text)))
            detail::hide(v);
        if (v.is_nothing()) {
            found_.error(v.at, "'" + name + "' has no value", "it takes " + expected_text(s));
            return;
        }
        if (!v.is_scalar()) return unfit(s, v, name, expected_text(s));
        if (!resolved_ && has_variables(v.text)) variables(s, v, name);
        else scalar(s, v, v.text, name);
    }

    /// In a program the variables have their values already, and so have the secrets.
    void allow_plain_secrets() noexcept { resolved_ = true; }

    /// A map whose members are the fields of `s`.
    void object(const schema& s, const value& v, const std::string& name) {
        if (!v.is_map() && !v.is_nothing()) return unfit(s, v, name, "a map", its_names(s));
        std::vector<std::string> meant;
        for (const auto& m : v.members) {
            if (const auto* field = s.find(m.name)) check(*field, m.held, m.name);
            else meant.push_back(unknown(s, m, name));
        }
        for (const auto& field : s.fields)
            if (field.required && v.find(field.name) == nullptr &&
                std::find(meant.begin(), meant.end(), field.name) == meant.end())
                found_.error(v.at, "'" + name + "' needs '" + field.name + "'",
                             field.about.empty() ? "it takes " + expected_text(field)
                                                 : field.about + "; it takes " + expected_text(field));
    }

private:
    /// It is no such thing at all.
    void unfit(const schema& s, const value& v, const std::string& name, const std::string& expected,
               const std::string& help = {}) {
        const bool is_secret = holds_secret(s);
        if (is_secret) detail::hide(v);
        found_.error(v.at,
                     "'" + name + "' takes " + expected + ", not " +
                         (is_secret && v.is_scalar() ? "one text" : described_kind(v)),
                     help);
    }

    /// Tells it; the option that was probably meant.
    std::string unknown(const schema& s, const value::member& m, const std::string& name) {
        std::vector<std::string> names;
        for (const auto& f : s.fields) names.push_back(f.name);
        const auto near = nearest(m.name, names);
        if (const auto* meant = s.find(near); meant != nullptr && holds_secret(*meant)) detail::hide(m.held);
        found_.error(m.name_at, quoted_text(m.name) + " is no option of '" + name + "'",
                     near.empty() ? its_names(s) : "did you mean '" + near + "'?");
        return near;
    }

    static std::string its_names(const schema& s) {
        std::vector<std::string> names;
        for (const auto& f : s.fields) names.push_back(f.name);
        return names.empty() ? "it has no options" : "it has: " + detail::joined(names);
    }

    void list(const schema& s, const value& v, const std::string& name) {
        if (v.is_nothing()) return;
        if (!v.is_list()) {
            const bool short_text = v.is_scalar() && !holds_secret(s) && v.text.size() <= 60 &&
                                    v.text.find_first_of("\n,[]{}") == std::string::npos;
            return unfit(s, v, name, "a list",
                         short_text ? "write [" + v.text + "]" : "write [first, second]");
        }
        for (const auto& item : v.items) check(s.item.front(), item, name);
    }

    void map(const schema& s, const value& v, const std::string& name) {
        if (v.is_nothing()) return;
        if (!v.is_map()) return unfit(s, v, name, "a map", "write {name: value}");
        for (const auto& m : v.members) check(s.item.front(), m.held, m.name);
    }

    void variables(const schema& s, const value& v, const std::string& name) {
        std::string whole;  // with the default of each variable in its place
        bool has_variable = false, has_default = false, known = true, bad = false;
        split_variables(
            v.text,
            [&](const text_piece& p) {
                if (!p.is_variable) {
                    whole += p.name;
                    return;
                }
                has_variable = true;
                known = known && p.otherwise;
                whole += p.otherwise.value_or("");
                has_default = has_default || !p.otherwise.value_or("").empty();
            },
            [&](std::size_t offset, std::size_t length, const std::string& why) {
                bad = true;
                found_.error(v.part(offset, length), why, std::string(how_variables_are_written));
            });
        if (bad) return;
        if (s.type == schema::kind::secret && has_variable) {
            if (has_default)
                found_.error(v.at, "'" + name + "' is a secret, and its default is written in plain",
                             "leave the default out");
        } else if (!has_variable || (known && !whole.empty())) {
            scalar(s, v, whole, name);
        }
    }

    void scalar(const schema& s, const value& v, std::string_view text, const std::string& name) {
        const auto wrong = [&](const std::string& help = {}) {
            found_.error(v.at, "'" + name + "' takes " + expected_text(s) + ", not " + quoted_text(text),
                         help);
        };
        const auto beyond = [&](const range& r) {
            found_.error(
                v.at,
                "'" + name + "' is " + std::string(detail::first_characters(text, 60)) + ", out of its range",
                "it may be " + detail::range_text(r, s.type));
        };
        const auto within = [&](double figure) {
            const bool fits = !s.range || (figure >= s.range->least && figure <= s.range->most);
            if (!fits) beyond(*s.range);
            return fits;
        };
        switch (s.type) {
            case schema::kind::boolean: {
                if (text == "true" || text == "false") return;
                const auto is_like = [&](std::initializer_list<std::string_view> words) {
                    return text.size() <= 5 &&
                           std::any_of(words.begin(), words.end(),
                                       [&](std::string_view w) { return edit_distance(text, w) == 0; });
                };
                wrong(is_like({"true", "yes", "on", "1"})    ? "write true"
                      : is_like({"false", "no", "off", "0"}) ? "write false"
                                                             : "");
                return;
            }
            case schema::kind::integer:
            case schema::kind::port:
                if (const auto n = parse_integer(text)) within(static_cast<double>(*n));
                else if (s.range && !text.empty() &&
                         text.find_first_not_of("+-0123456789") == std::string_view::npos &&
                         parse_number(text))
                    beyond(*s.range);
                else wrong();
                return;
            case schema::kind::number:
                if (const auto n = parse_number(text)) within(*n);
                else wrong(text.ends_with('%') ? "a percentage is written as a fraction: 0.5 for 50%" : "");
                return;
            case schema::kind::time:
                if (const auto t = parse_duration(text)) {
                    if (within(static_cast<double>(t->count())) && s.step > 1 && t->count() % s.step != 0)
                        found_.error(v.at, "'" + name + "' is " + to_text(*t) +
                                               ", but it counts in steps of " +
                                               to_text(std::chrono::nanoseconds(s.step)));
                } else {
                    const std::string number(detail::first_characters(text, 60));
                    wrong(parse_number(text) ? "add a unit: " + number + "ms or " + number + "s"
                                             : detail::unit_help(text, duration_units));
                }
                return;
            case schema::kind::size:
                if (const auto n = parse_size(text)) within(static_cast<double>(n->bytes));
                else wrong(detail::unit_help(text, size_units));
                return;
            case schema::kind::rate:
                if (const auto r = parse_rate(text)) within(r->value);
                else wrong(detail::unit_help(text, rate_units));
                return;
            case schema::kind::choice: {
                if (std::find(s.choices.begin(), s.choices.end(), text) != s.choices.end()) return;
                const auto near = nearest(text, s.choices);
                wrong(near.empty() ? "" : "did you mean '" + near + "'?");
                return;
            }
            case schema::kind::secret:
                if (!text.empty() && !resolved_)
                    found_.error(v.at, "'" + name + "' is a secret written in plain",
                                 "take it from the environment: ${NAME}");
                return;
            default:
                return;
        }
    }

    problems& found_;
    bool resolved_ = false;
};

}  // namespace rtai
