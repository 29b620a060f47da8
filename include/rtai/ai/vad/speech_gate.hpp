#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <rtai/core/clock.hpp>

namespace rtai::vad {

/// Where speech begins or ends in a stream of sound, counted from wherever the stream counts from.
struct speech_edge {
    enum class kind : std::uint8_t { start, end };

    constexpr speech_edge(kind w, duration a) noexcept : what(w), at(a) {}
    constexpr bool operator==(const speech_edge&) const noexcept = default;

    kind what;
    duration at;  ///< when it really was, not when it was certain
};

/// Makes speech of levels, one for each window of sound: probabilities, or decibels over the noise. What
/// lies between the two thresholds leaves everything as it is.
///
///     quiet --(on or above, for start_after)--> speaking --(below off, for stop_after)--> quiet
///
/// It knows no clock: times are given, so that it works in any of them.
class speech_gate {
public:
    struct options {
        double on = 0.5;    ///< from this level on it may be speech
        double off = 0.35;  ///< below this level it may be silence
        duration start_after = std::chrono::milliseconds(60);
        duration stop_after = std::chrono::milliseconds(500);
        duration lag{};  ///< how long the level stays up after the sound
    };

    speech_gate() : speech_gate(options()) {}
    explicit speech_gate(const options& o) : with_(o) {}

    /// The next window and its level. A level that is not a number is silence.
    std::optional<speech_edge> put(duration from, duration to, double level) {
        last_ = to;
        const bool loud = level >= with_.on;
        const bool quiet = !(level >= with_.off);
        if (speaking_ ? loud : quiet) since_.reset();
        else if (!since_ && (speaking_ ? quiet : loud)) since_ = speaking_ ? from - with_.lag : from;
        if (!since_ || to - *since_ < (speaking_ ? with_.stop_after : with_.start_after)) return std::nullopt;
        return turn_over(*since_);
    }

    /// The stream is over, and speech with it.
    std::optional<speech_edge> finish() {
        if (speaking_) return turn_over(since_.value_or(last_));
        since_.reset();
        return std::nullopt;
    }

    bool speaking() const noexcept { return speaking_; }

    /// Whether it may be about to change its mind.
    bool in_doubt() const noexcept { return since_.has_value(); }

private:
    speech_edge turn_over(duration at) {
        speaking_ = !speaking_;
        since_.reset();
        return {speaking_ ? speech_edge::kind::start : speech_edge::kind::end, at};
    }

    options with_;
    bool speaking_ = false;
    std::optional<duration> since_;  // when the other state may have begun
    duration last_{};
};

}  // namespace rtai::vad
