#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <rtai/core/clock.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/graph/turn_log.hpp>
#include <string>
#include <string_view>

namespace rtai {

namespace detail {

inline std::string in_milliseconds(duration t) {
    char room[32];
    std::snprintf(room, sizeof room, "%.1f", std::chrono::duration<double, std::milli>(t).count());
    return room;
}

inline std::string in_json(std::string_view words) {
    std::string all = "\"";
    for (const char c : words) {
        if (c == '"' || c == '\\') all += '\\';
        if (c == '\n') all += "\\n";
        else if (static_cast<unsigned char>(c) >= 0x20) all += c;
        else all += ' ';
    }
    return all + '"';
}

}  // namespace detail

/// A turn's latency as a picture in text: one line a stage, its bar where and as long as it was.
inline std::string waterfall_of(const turn_record& r) {
    std::string all = "turn " + std::to_string(r.of) + ", from the end of speech to the first sound:";
    const auto latency = r.latency();
    if (!latency) return all + " none was heard";
    constexpr double width = 40;
    const auto total = static_cast<double>(std::max<std::int64_t>(latency->total().count(), 1));
    const auto column = [&](duration t) {
        return static_cast<std::size_t>(std::lround(static_cast<double>(t.count()) / total * width));
    };
    duration at{};
    for_each_member<turn_latency>([&](std::string_view name, auto member) {
        const duration stage = (*latency).*member;
        const auto from = column(at), to = column(at + stage);
        at += stage;
        char line[160];
        std::snprintf(line, sizeof line, "\n  %-14s %9s ms  |%s%s%s|", std::string(name).c_str(),
                      detail::in_milliseconds(stage).c_str(), std::string(from, ' ').c_str(),
                      std::string(to - from, '#').c_str(),
                      std::string(static_cast<std::size_t>(width) - to, ' ').c_str());
        all += line;
    });
    char line[64];
    std::snprintf(line, sizeof line, "\n  %-14s %9s ms", "total",
                  detail::in_milliseconds(latency->total()).c_str());
    return all + line;
}

/// The same for programs, in a line of JSON.
inline std::string json_of(const turn_record& r) {
    std::string all = "{\"turn\": " + std::to_string(r.of) + ", \"asked\": " + detail::in_json(r.asked) +
                      ", \"heard\": " + detail::in_json(r.speech.heard()) +
                      ", \"interrupted\": " + (r.interrupted ? "true" : "false");
    if (const auto latency = r.latency()) {
        for_each_member<turn_latency>([&](std::string_view name, auto member) {
            all += ", \"" + std::string(name) + "_ms\": " + detail::in_milliseconds((*latency).*member);
        });
        all += ", \"total_ms\": " + detail::in_milliseconds(latency->total());
    }
    return all + "}";
}

}  // namespace rtai
