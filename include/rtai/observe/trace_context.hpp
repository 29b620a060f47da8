#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rtai::observe {

struct trace_id {
    bool operator==(const trace_id&) const = default;
    explicit operator bool() const noexcept { return high != 0 || low != 0; }
    std::uint64_t high = 0, low = 0;
};

struct span_id {
    bool operator==(const span_id&) const = default;
    explicit operator bool() const noexcept { return value != 0; }
    std::uint64_t value = 0;
};

/// Where in a trace something happens: what is given to a peer, and taken from one. Made of nothing it is in
/// none.
struct trace_context {
    bool operator==(const trace_context&) const = default;
    explicit operator bool() const noexcept { return trace && span; }

    trace_id trace;
    span_id span;
    bool sampled = false;  ///< somebody keeps it
};

namespace detail {

inline void append_hex(std::string& out, std::uint64_t value) {
    static constexpr char figures[] = "0123456789abcdef";
    for (int shift = 60; shift >= 0; shift -= 4) out += figures[value >> shift & 15U];
}

/// Small letters only, as the W3C wants it.
inline std::optional<std::uint64_t> read_hex(std::string_view text) noexcept {
    std::uint64_t value = 0;
    for (const char c : text) {
        const int figure = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (figure < 0) return std::nullopt;
        value = value << 4U | static_cast<std::uint64_t>(figure);
    }
    return value;
}

}  // namespace detail

inline std::string to_text(trace_id id) {
    std::string out;
    detail::append_hex(out, id.high);
    detail::append_hex(out, id.low);
    return out;
}
inline std::string to_text(span_id id) {
    std::string out;
    detail::append_hex(out, id.value);
    return out;
}

/// The value of a header "traceparent".
inline std::string to_traceparent(const trace_context& c) {
    return "00-" + to_text(c.trace) + "-" + to_text(c.span) + (c.sampled ? "-01" : "-00");
}

/// Nothing for what is not one, strictly: then a new trace begins. Later versions may say more at the end.
inline std::optional<trace_context> parse_traceparent(std::string_view text) noexcept {
    constexpr std::size_t whole = 55;
    if (text.size() < whole || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
    const auto version = detail::read_hex(text.substr(0, 2));
    const auto high = detail::read_hex(text.substr(3, 16)), low = detail::read_hex(text.substr(19, 16));
    const auto span = detail::read_hex(text.substr(36, 16)), flags = detail::read_hex(text.substr(53, 2));
    if (!version || !high || !low || !span || !flags || *version == 0xFF) return std::nullopt;
    if (text.size() > whole && (*version == 0 || text[whole] != '-')) return std::nullopt;
    trace_context c;
    c.trace.high = *high;
    c.trace.low = *low;
    c.span.value = *span;
    c.sampled = (*flags & 1U) != 0;
    return c ? std::optional(c) : std::nullopt;
}

/// What other systems for traces have to say to each other, which is handed on as it came: the entries of a
/// "tracestate" that the standard asks one to keep, the first ones as far as they fit. Empty for what is
/// none.
inline std::string parse_tracestate(std::string_view text) {
    constexpr std::size_t most_bytes = 512, most_entries = 32;
    std::string kept;
    std::size_t entries = 0;
    for (bool full = false; !text.empty();) {
        const auto end = std::min(text.find(','), text.size());
        auto entry = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        while (!entry.empty() && (entry.front() == ' ' || entry.front() == '\t')) entry.remove_prefix(1);
        while (!entry.empty() && (entry.back() == ' ' || entry.back() == '\t')) entry.remove_suffix(1);
        if (entry.empty()) continue;
        const auto equals = entry.find('=');
        const bool printable =
            std::all_of(entry.begin(), entry.end(), [](char c) { return c >= ' ' && c <= '~'; });
        if (equals == 0 || equals == std::string_view::npos || !printable || ++entries > most_entries)
            return {};
        full = full || kept.size() + (kept.empty() ? 0 : 1) + entry.size() > most_bytes;
        if (full) continue;
        if (!kept.empty()) kept += ',';
        kept += entry;
    }
    return kept;
}

/// Where somebody who asks for something is in a trace, and what is handed on with it.
struct trace_caller {
    trace_caller() = default;
    trace_context context;
    std::string state;
};

/// Of a request: `header(name)` gives all that it has of that name, as a std::optional of text with commas
/// between. Of two values for "traceparent" none is right.
template <class Header>
trace_caller caller_of(Header&& header) {
    trace_caller c;
    const auto parent = header("traceparent");
    if (!parent) return c;
    c.context = parse_traceparent(*parent).value_or(trace_context());
    if (!c.context) return c;
    if (const auto state = header("tracestate")) c.state = parse_tracestate(*state);
    return c;
}

}  // namespace rtai::observe
