#pragma once

#include <boost/describe/enum.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <rtai/core/event.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/stamp.hpp>
#include <string>
#include <utility>
#include <vector>

namespace rtai {

// g++-12 warns that an enumerator shadows `rtai::never`, which in an `enum class` it does not.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
/// Who is not listened to while the machine speaks.
enum class mute : std::uint8_t { never, first_answer, always };
#pragma GCC diagnostic pop
BOOST_DESCRIBE_ENUM(mute, never, first_answer, always)

/// When a turn of the person begins and ends, and what counts as an interruption: the `turn:` of a
/// pipeline, for the elements that decide about it.
struct turn_options {
    std::chrono::milliseconds pre_roll{300};
    std::chrono::milliseconds start_after{60};
    std::chrono::milliseconds stop_after{500};
    std::chrono::milliseconds min_delay{300};
    std::chrono::milliseconds max_delay{3000};
    std::chrono::milliseconds resume_after{2000};
    std::uint32_t min_words = 0;
    std::vector<std::string> backchannel;
    rtai::mute mute = rtai::mute::never;
    RTAI_DESCRIBE(turn_options, pre_roll, start_after, stop_after, min_delay, max_delay, resume_after,
                  min_words, backchannel, mute)

    static void notes(rtai::notes<turn_options>& about) {
        const range time(0, 60'000);
        about(&turn_options::pre_roll, "sound from before speech was noticed that still belongs to it", time);
        about(&turn_options::start_after, "speech of this length begins a turn", time);
        about(&turn_options::stop_after, "silence of this length ends speech", time);
        about(&turn_options::min_delay, "the least time from the end of speech to the answer", time);
        about(&turn_options::max_delay, "the answer comes after this time, whatever else is waited for",
              time);
        about(&turn_options::resume_after,
              "after an interruption without words the answer goes on; 0: it does not", time);
        about(&turn_options::min_words, "fewer words do not interrupt", range(0, 100));
        about(&turn_options::backchannel, "words that do not interrupt, such as 'uh-huh'");
        about(&turn_options::mute, "when the person can not interrupt");
    }
};

/// The turn that a conversation is in. Interrupting it raises the epoch: what carries an older one is
/// thrown out of every channel of the pipeline, and can not enter one any more.
class turn {
public:
    turn() = default;
    explicit turn(turn_options o) : options_(std::move(o)) {}
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

    const turn_options& options() const noexcept { return options_; }

    /// What a value made in this turn is to carry.
    rtai::epoch epoch() const noexcept { return epoch_; }

    /// Whether a value belongs to a turn that is over. What belongs to no turn is never stale.
    bool stale(rtai::epoch of) const noexcept { return of != 0 && of < epoch_; }

    /// Ends the turn now: returns how many values were thrown away.
    std::size_t interrupt() {
        ++epoch_;
        interruption_.set();
        interruption_.reset();
        std::size_t thrown = 0;
        for (const auto& flush : flushes_) thrown += flush();
        dropped_ += thrown;
        return thrown;
    }

    /// Waits for the next interruption: `co_await race(work(), turn.interrupted())`.
    [[nodiscard]] event::await interrupted() noexcept { return interruption_.wait(); }

    /// Values thrown away because their turn was over.
    std::size_t dropped() const noexcept { return dropped_; }
    void count_dropped() noexcept { ++dropped_; }

    /// From now on an interruption calls `flush`, which throws away what is stale and counts it.
    void guard(std::function<std::size_t()> flush) { flushes_.push_back(std::move(flush)); }

private:
    turn_options options_;
    rtai::epoch epoch_ = 1;
    std::size_t dropped_ = 0;
    event interruption_;
    std::vector<std::function<std::size_t()>> flushes_;
};

}  // namespace rtai
