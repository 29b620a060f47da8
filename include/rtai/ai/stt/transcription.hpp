#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <rtai/ai/detail/plain_text.hpp>
#include <rtai/core/result.hpp>
#include <rtai/data/json.hpp>
#include <rtai/data/text.hpp>
#include <rtai/data/utf8.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>

// What goes to a server with /v1/audio/transcriptions, and what comes back.

namespace rtai::stt {

/// A whole WAV file of 16 kHz and one channel.
inline std::string wav_of(std::span<const std::int16_t> samples) {
    constexpr std::uint32_t rate = 16'000;
    std::string file;
    const auto number = [&file](std::uint64_t n, int bytes) {
        for (int i = 0; i < bytes; ++i) file += static_cast<char>((n >> (8 * i)) & 0xFFU);
    };
    const std::uint64_t size = samples.size() * 2;
    file.reserve(44 + size);
    file += "RIFF";
    number(36 + size, 4);
    file += "WAVEfmt ";
    number(16, 4);
    number(1, 2);  // PCM
    number(1, 2);
    number(rate, 4);
    number(rate * 2, 4);
    number(2, 2);
    number(16, 2);
    file += "data";
    number(size, 4);
    for (const auto s : samples) number(static_cast<std::uint16_t>(s), 2);
    return file;
}

namespace detail {

inline std::optional<double> number_of(const json::value& v, std::string_view name) {
    const auto* found = find(v, name);
    if (found == nullptr || !found->is_number()) return std::nullopt;
    const double n = found->to_number<double>();
    return std::isfinite(n) ? std::optional(n) : std::nullopt;
}

/// A day is longer than anything that is said.
inline duration seconds_of(double s) {
    const double sound = std::clamp(s, 0.0, 86'400.0);
    return std::chrono::duration_cast<duration>(std::chrono::duration<double>(sound));
}

inline std::string_view trimmed(std::string_view s) {
    const auto from = s.find_first_not_of(" \t\r\n");
    if (from == std::string_view::npos) return {};
    return s.substr(from, s.find_last_not_of(" \t\r\n") - from + 1);
}

/// Whether there is anything but what Whisper writes of noises and of silence: "[BLANK_AUDIO]", "(coughs)",
/// "*sighs*", "♪", "...".
inline bool has_words(std::string_view text) noexcept {
    struct mark {
        std::string_view begin, end;
    };
    static constexpr mark marks[] = {{"[", "]"}, {"(", ")"}, {"*", "*"}, {"（", "）"}, {"【", "】"}};
    while (!text.empty()) {
        const auto within = [&](const mark& m) {
            if (!text.starts_with(m.begin)) return false;
            const auto end = text.find(m.end, m.begin.size());
            if (end == std::string_view::npos) return false;
            text.remove_prefix(end + m.end.size());
            return true;
        };
        if (std::any_of(std::begin(marks), std::end(marks), within)) continue;
        const auto c = rtai::detail::first_character(text);
        const bool letter = c.code < 0x80 ? rtai::detail::is_ascii_word(c.code)
                                          : !rtai::detail::is_emoji(c.code) && c.code != U'…';
        if (letter) return true;
        text.remove_prefix(c.bytes);
    }
    return false;
}

}  // namespace detail

/// The answer of a server, short or verbose. What it leaves out is not known; what is no transcription is
/// an error.
inline result<text> read_transcription(std::string_view answer) {
    const auto v = parse_json(answer);
    if (!v) return v.error();
    const auto* words = find(*v, "text");
    if (words == nullptr || !words->is_string())
        return error(std::errc::bad_message, "the answer has no 'text'");
    if (!detail::has_words(text_of(*v, "text"))) return text();
    text said{std::string(detail::trimmed(text_of(*v, "text")))};
    if (const auto* timed = find(*v, "words"); timed != nullptr && timed->is_array())
        for (const auto& w : timed->get_array()) {
            const auto from = detail::number_of(w, "start"), to = detail::number_of(w, "end");
            const auto word = detail::trimmed(text_of(w, "word"));
            if (!from || !to || word.empty()) continue;
            const auto begins = detail::seconds_of(*from);
            const auto p = detail::number_of(w, "probability").value_or(1);
            said.timing.emplace_back(std::string(word), begins, std::max(begins, detail::seconds_of(*to)),
                                     static_cast<float>(std::clamp(p, 0.0, 1.0)));
        }
    if (const auto* segments = find(*v, "segments"); segments != nullptr && segments->is_array()) {
        double sum = 0, length = 0;
        bool speech = segments->get_array().empty();
        for (const auto& s : segments->get_array()) {
            const double likely = std::min(detail::number_of(s, "avg_logprob").value_or(0), 0.0);
            const double from = detail::number_of(s, "start").value_or(0);
            const double long_for = std::max(detail::number_of(s, "end").value_or(from) - from, 0.01);
            sum += std::exp(likely) * long_for;
            length += long_for;
            // Whisper makes words of silence; these two figures are how it says that it doubts.
            speech = speech || detail::number_of(s, "no_speech_prob").value_or(0) < 0.6 || likely > -1;
        }
        if (length > 0) said.confidence = static_cast<float>(std::clamp(sum / length, 0.0, 1.0));
        if (!speech) return text();
    }
    return said;
}

}  // namespace rtai::stt
