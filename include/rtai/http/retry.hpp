#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <curl/curl.h>
#include <optional>
#include <random>
#include <rtai/core/clock.hpp>
#include <rtai/core/result.hpp>
#include <rtai/http/message.hpp>
#include <string>
#include <string_view>

namespace rtai::http {

/// Whether another try may help. Only as long as nobody has used anything of the answer.
inline bool worth_retrying(unsigned status) noexcept {
    switch (status) {
        case 408:  // timeout
        case 409:  // conflict: another request holds what this one needs
        case 425:  // too early
        case 429:  // too many
        case 500:
        case 502:
        case 503:
        case 504:
        case 529:  // overloaded
            return true;
        default:
            return false;
    }
}
/// Of a request that got no answer. One that took too long is not tried again: who waits has waited enough.
inline bool worth_retrying(const error& e) noexcept {
    return e.code == std::errc::host_unreachable || e.code == std::errc::connection_refused ||
           e.code == std::errc::connection_reset;
}

/// "6m0s", "1.5s", "120ms", as OpenAI's headers write it.
inline std::optional<duration> parse_short_duration(std::string_view text) noexcept {
    if (text.empty()) return std::nullopt;
    double all = 0;  // ns
    while (!text.empty()) {
        double number = 0;
        const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (wrong != std::errc() || !(number >= 0)) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        const auto unit = text.substr(0, text.find_first_of("0123456789."));
        text.remove_prefix(unit.size());
        if (unit == "ms") all += number * 1e6;
        else if (unit == "s") all += number * 1e9;
        else if (unit == "m") all += number * 6e10;
        else if (unit == "h") all += number * 3.6e12;
        else return std::nullopt;
    }
    if (!(all < 1e18)) return std::nullopt;
    return duration(static_cast<std::int64_t>(all));
}

/// Whoever wants to be left alone for longer is asked again all the same: some say days when they mean
/// minutes, and an hour is for ever in a conversation.
inline constexpr duration longest_wait = std::chrono::seconds(60);

namespace detail {

inline std::optional<duration> told_wait(const header_list& headers) {
    const auto seconds = [](std::string_view text, double unit) -> std::optional<duration> {
        double number = 0;
        const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (wrong != std::errc() || end != text.data() + text.size() || !(number >= 0 && number < 1e8))
            return std::nullopt;
        return duration(static_cast<std::int64_t>(number * unit));
    };
    if (const auto ms = headers.find("retry-after-ms"))
        if (const auto wait = seconds(*ms, 1e6)) return wait;
    if (const auto after = headers.find("retry-after")) {
        if (const auto wait = seconds(*after, 1e9)) return wait;
        // A date, by the server's own clock where it told that.
        const auto then = curl_getdate(std::string(*after).c_str(), nullptr);
        const auto date = headers.find("date");
        auto here = date ? curl_getdate(std::string(*date).c_str(), nullptr) : std::time_t(-1);
        if (here < 0) here = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
        if (then >= 0) return std::chrono::seconds(std::clamp<std::int64_t>(then - here, 0, 100'000'000));
    }
    std::optional<duration> longest;
    for (const std::string kind : {"requests", "tokens"}) {
        if (headers.find("x-ratelimit-remaining-" + kind) != "0") continue;
        const auto reset = headers.find("x-ratelimit-reset-" + kind);
        if (!reset) continue;
        const auto wait = parse_short_duration(*reset);
        if (wait && (!longest || *wait > *longest)) longest = wait;
    }
    return longest;
}

}  // namespace detail

/// How long the server wants to be left alone, as far as that is done.
inline std::optional<duration> asked_wait(const header_list& headers) {
    const auto told = detail::told_wait(headers);
    return told ? std::optional(std::min(*told, longest_wait)) : std::nullopt;
}

struct retry_options {
    std::uint32_t retries = 2;
    std::chrono::milliseconds first{250};
    std::chrono::milliseconds most{4000};
};

/// How long to wait before the next try: each time about twice as long, and not for all clients the same.
/// The same seed gives the same times.
class backoff {
public:
    backoff(retry_options o, std::uint64_t seed)
        : options_(o), chance_(static_cast<std::minstd_rand::result_type>(seed ^ (seed >> 31U))) {}

    /// Nothing: that was the last try. What the server asked for is the least.
    std::optional<duration> next(std::optional<duration> asked = std::nullopt) {
        if (tries_ == options_.retries) return std::nullopt;
        const auto doubled = std::chrono::duration<double, std::nano>(options_.first) *
                             static_cast<double>(1ULL << std::min(tries_, 30U));
        ++tries_;
        const auto whole = std::min(doubled, std::chrono::duration<double, std::nano>(options_.most)).count();
        const auto part = static_cast<double>(chance_() - std::minstd_rand::min()) /
                          static_cast<double>(std::minstd_rand::max() - std::minstd_rand::min());
        const duration own(static_cast<std::int64_t>(whole * (0.5 + part / 2)));
        return std::max(own, asked.value_or(duration::zero()));
    }

private:
    retry_options options_;
    std::minstd_rand chance_;
    std::uint32_t tries_ = 0;
};

}  // namespace rtai::http
