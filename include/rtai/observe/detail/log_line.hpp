#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <rtai/observe/detail/escape.hpp>
#include <rtai/observe/field.hpp>
#include <rtai/observe/options.hpp>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace rtai::observe {

using log_time = std::chrono::sys_time<std::chrono::microseconds>;

namespace detail {

struct log_line {
    log_time at;
    log_level level;
    std::string_view service, component, session_id, event, message;
    std::span<const field> metadata;
    std::string_view trace_id;
};

inline constexpr std::size_t longest_text = 4096;

constexpr std::string_view capital_name(log_level l) noexcept {
    switch (l) {
        case log_level::debug:
            return "DEBUG";
        case log_level::info:
            return "INFO";
        case log_level::warning:
            return "WARNING";
        case log_level::error:
            return "ERROR";
    }
    return "INFO";
}

inline void append_figures(std::string& out, std::uint64_t value, int figures) {
    char room[20];
    for (int i = figures - 1; i >= 0; --i, value /= 10) room[i] = static_cast<char>('0' + value % 10);
    out.append(room, static_cast<std::size_t>(figures));
}

/// As RFC 3339 has it, in UTC: "2026-11-21T20:01:02.000345Z".
inline void append_time(std::string& out, log_time at) {
    using namespace std::chrono;
    static thread_local sys_seconds last_second = sys_seconds::min();
    static thread_local std::string text;
    const auto second = floor<seconds>(at);
    if (second != last_second) {
        const auto day = floor<days>(second);
        const year_month_day date(day);
        const hh_mm_ss time(second - day);
        text.clear();
        append_figures(text, static_cast<std::uint64_t>(int(date.year())), 4);
        append_figures(text += '-', unsigned(date.month()), 2);
        append_figures(text += '-', unsigned(date.day()), 2);
        append_figures(text += 'T', static_cast<std::uint64_t>(time.hours().count()), 2);
        append_figures(text += ':', static_cast<std::uint64_t>(time.minutes().count()), 2);
        append_figures(text += ':', static_cast<std::uint64_t>(time.seconds().count()), 2);
        last_second = second;
    }
    out += text;
    append_figures(out += '.', static_cast<std::uint64_t>((at - second).count()), 6);
    out += 'Z';
}

inline std::string_view shortened(std::string_view text) noexcept {
    return text.size() <= longest_text
               ? text
               : rtai::detail::first_characters(text.substr(0, longest_text), longest_text);
}

inline void append_value(std::string& out, const field& f, bool json) {
    std::visit(
        [&](const auto& v) {
            using type = std::remove_cvref_t<decltype(v)>;
            if constexpr (std::is_same_v<type, std::string_view>) {
                const bool quoted = json || v.empty() || v.find_first_of(" =\"") != std::string_view::npos;
                if (quoted) append_json(out, shortened(v));
                else out += rtai::detail::printable(shortened(v));
            } else if constexpr (std::is_same_v<type, bool>) {
                out += v ? "true" : "false";
            } else {
                append_number(out, v);
            }
        },
        f.value);
}

inline void append_json_line(std::string& out, const log_line& l) {
    const auto text = [&](std::string_view name, std::string_view value) {
        if (value.empty()) return;
        ((out += ",\"") += name) += "\":";
        append_json(out, shortened(value));
    };
    append_time(out += "{\"timestamp\":\"", l.at);
    out += '"';
    text("service", l.service);
    text("component", l.component);
    text("level", capital_name(l.level));
    text("session_id", l.session_id);
    text("trace_id", l.trace_id);
    text("event", l.event);
    text("message", l.message);
    char before = '{';
    for (const auto& f : l.metadata) {
        if (before == '{') out += ",\"metadata\":";
        out += before;
        append_json(out, shortened(f.name));
        append_value(out += ':', f, true);
        before = ',';
    }
    out += before == ',' ? "}}\n" : "}\n";
}

/// For a person at a terminal.
inline void append_text_line(std::string& out, const log_line& l) {
    const auto word = [&](std::string_view value) {
        if (!value.empty()) (out += ' ') += rtai::detail::printable(shortened(value));
    };
    append_time(out, l.at);
    word(capital_name(l.level));
    word(l.component);
    word(l.event);
    if (!l.message.empty()) word(l.message);
    if (!l.session_id.empty()) word("session=" + std::string(l.session_id));
    if (!l.trace_id.empty()) word("trace=" + std::string(l.trace_id));
    for (const auto& f : l.metadata) {
        word(f.name);
        append_value(out += '=', f, false);
    }
    out += '\n';
}

}  // namespace detail
}  // namespace rtai::observe
