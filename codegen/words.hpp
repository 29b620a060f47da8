#pragma once

#include <algorithm>
#include <cstddef>
#include <rtai/data/check.hpp>
#include <rtai/data/schema.hpp>
#include <rtai/data/utf8.hpp>
#include <rtai/graph/format.hpp>
#include <string>
#include <utility>
#include <vector>

#include "plan.hpp"
#include "spec.hpp"

// How the tool says in words what things are.

namespace rtai::codegen {

/// "duration", "one of low, high", "list of text"
inline std::string type_words(const schema& s) {
    using kind = schema::kind;
    switch (s.type) {
        case kind::boolean:
            return "true or false";
        case kind::integer:
            return "whole number";
        case kind::choice:
            return "one of " + rtai::detail::joined(s.choices);
        case kind::time:
            return "duration";
        case kind::port:
            return "port number";
        case kind::pipeline:
        case kind::service:
        case kind::store:
            return "name of a " + std::string(name_of(s.type));
        case kind::list:
            return "list of " + type_words(s.item.front());
        case kind::map:
            return "map of " + type_words(s.item.front());
        case kind::object:
            return "map";
        default:
            return std::string(name_of(s.type));
    }
}

/// "from 0 to 1", or nothing where only the C++ type is the limit.
inline std::string range_words(const schema& s) {
    const auto* of = &s;
    while (!of->item.empty()) of = &of->item.front();
    if (!of->range || of->type == schema::kind::port) return {};
    const auto [least, most] = *of->range;
    constexpr double beyond = 2e9;
    if (of->type == schema::kind::integer && most > beyond)
        return least <= -beyond || least == 0 ? "" : rtai::detail::range_text({least, 9.3e18}, of->type);
    if (of->type == schema::kind::time && most >= 9e18 && least == 0) return {};
    return rtai::detail::range_text(*of->range, of->type);
}

/// "8kHz or 16kHz, mono, s16"; of what does not mind, "any format".
inline std::string format_words(const port_format& f) {
    std::vector<std::string> parts, some;
    for (const auto r : f.rates) some.push_back(to_text(hertz(r)));
    if (!some.empty()) parts.push_back(rtai::detail::joined(some, " or "));
    if (f.channels.size() == 1) parts.emplace_back(f.channels.front() == 1 ? "mono" : "stereo");
    if (f.encodings.size() == 1) parts.emplace_back(f.encodings.front() == encoding::s16 ? "s16" : "f32");
    return parts.empty() ? "any format" : rtai::detail::joined(parts);
}

/// What the traits of a port mean.
inline std::vector<std::string> port_words(const port_card& c) {
    std::vector<std::string> all;
    if (c.type == "rtai::audio" && !c.follows_input) all.push_back(format_words(c.format));
    if (c.many) all.emplace_back("any number of wires, each a queue of its own");
    if (c.may_be_unwired) all.emplace_back("may stay without a wire");
    if (c.follows_input && c.type == "rtai::audio") all.emplace_back("in the format of the input");
    if (c.waits) all.emplace_back("waits for room, so nothing is dropped behind it");
    return all;
}

inline std::string stream_words(const std::string& type) {
    return type == "*" ? "any stream" : spec_type(type);
}

/// How many values fit as the spec says it, perhaps with a variable.
inline std::string capacity_text(const queue& q, const pipeline& p) {
    if (!q.capacity_is_default)
        for (const auto& w : p.wires)
            if (w.capacity && w.at.text() == q.at.text()) return w.capacity->text;
    return std::to_string(q.capacity);
}

/// "50 drop_oldest"
inline std::string queue_text(const queue& q, const pipeline& p) {
    return q.policy == "latest" ? q.policy : capacity_text(q, p) + " " + q.policy;
}

/// Rows whose columns are aligned; an empty cell at the end of a row is not padded.
class table {
public:
    void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

    std::string text(const std::string& indent) const {
        std::vector<std::size_t> widths;
        for (const auto& r : rows_)
            for (std::size_t i = 0; i + 1 < r.size(); ++i) {
                if (widths.size() <= i) widths.push_back(0);
                widths[i] = std::max(widths[i], rtai::detail::count_characters(r[i]));
            }
        std::string out;
        for (const auto& r : rows_) {
            std::string line = indent;
            for (std::size_t i = 0; i < r.size(); ++i) {
                line += r[i];
                if (i + 1 < r.size()) line.append(widths[i] + 2 - rtai::detail::count_characters(r[i]), ' ');
            }
            line.erase(line.find_last_not_of(' ') + 1);
            out += line + "\n";
        }
        return out;
    }

private:
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace rtai::codegen
