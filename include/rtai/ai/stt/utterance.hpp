#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <rtai/ai/detail/sample_queue.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/task.hpp>
#include <rtai/data/audio.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace rtai::stt {

/// What recognisers are given: 16 kHz, one channel.
inline constexpr audio_format sound_format{16'000};

/// How much sound of a conversation may wait for its recogniser.
class backlog {
public:
    explicit backlog(std::size_t most) noexcept : most_(most) {}

    bool full() const noexcept { return waiting_ >= most_; }
    bool take(std::size_t samples) noexcept {
        if (full()) return false;
        waiting_ += samples;
        return true;
    }
    void give_back(std::size_t samples) noexcept {
        waiting_ -= samples;
        room_.set();
    }
    /// Waits until it is not full any more.
    task<> room() {
        while (full()) {
            room_.reset();
            co_await room_.wait();
        }
    }

private:
    std::size_t most_;
    std::size_t waiting_ = 0;
    event room_;
};

/// The sound of one stretch of speech, on its way to a recogniser while it is spoken.
class utterance {
public:
    utterance(backlog& b, std::function<void(const std::string&)> guessed)
        : backlog_(b), guessed_(std::move(guessed)) {}
    utterance(const utterance&) = delete;
    utterance& operator=(const utterance&) = delete;
    ~utterance() { ignore(); }

    // --- For a recogniser ---------------------------------------------------------------------------------

    /// The next so many samples, when they are there; fewer at the end, and then none. They stay until the
    /// next ones are asked for.
    task<std::span<const std::int16_t>> next(std::size_t samples) {
        while (waiting_.size() < samples && !ended_.is_set()) {
            more_.reset();
            co_await more_.wait();
        }
        const auto part = waiting_.samples().first(std::min(samples, waiting_.size()));
        taken_.assign(part.begin(), part.end());
        waiting_.drop(taken_.size());
        if (!taken_.empty()) backlog_.give_back(taken_.size());
        co_return taken_;
    }

    /// The words so far. What says nothing new goes nowhere.
    void guess(const std::string& words) {
        if (words == guess_) return;
        guess_ = words;
        if (guessed_) guessed_(words);
    }

    // --- For who hears the sound --------------------------------------------------------------------------

    /// False: too much waits, and this is lost, as is whatever comes after it.
    bool put(std::span<const std::int16_t> samples) {
        if (ignored_ || lost_) return true;
        if (!backlog_.take(samples.size())) {
            lost_ = true;
            return false;
        }
        waiting_.put(samples);
        more_.set();
        return true;
    }
    /// No more sound comes; the speech in it ended then.
    void end(time_point spoken_until) {
        spoken_until_ = spoken_until;
        ended_.set();
        more_.set();
    }
    /// Its recogniser wants no more sound.
    void ignore() noexcept {
        ignored_ = true;
        if (!waiting_.empty()) backlog_.give_back(waiting_.size());
        waiting_.clear();
    }
    [[nodiscard]] event::await ended() noexcept { return ended_.wait(); }
    time_point spoken_until() const noexcept { return spoken_until_; }

    duration lead{};  ///< sound from before the speech began

private:
    backlog& backlog_;
    std::function<void(const std::string&)> guessed_;
    rtai::detail::sample_queue waiting_;
    std::vector<std::int16_t> taken_;
    std::string guess_;
    event more_, ended_;
    time_point spoken_until_{};
    bool lost_ = false;
    bool ignored_ = false;
};

}  // namespace rtai::stt
