#pragma once

#include <boost/describe/enum.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <rtai/core/event.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/data/stamp.hpp>
#include <rtai/graph/turn_log.hpp>
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

/// What may be different while a conversation is in some state: somebody who spells a number needs longer
/// pauses. What is not said here stays as it is.
struct turn_profile {
    std::optional<std::chrono::milliseconds> min_delay;
    std::optional<std::chrono::milliseconds> max_delay;
    std::optional<std::chrono::milliseconds> interrupt_after;
    std::optional<std::uint32_t> min_words;
    std::optional<rtai::mute> mute;
    RTAI_DESCRIBE(turn_profile, min_delay, max_delay, interrupt_after, min_words, mute)
};

/// When a turn of the person ends, and what counts as an interruption: the `turn:` of a pipeline, for the
/// elements that decide about it. When speech begins and ends is for voice activity detection to say.
struct turn_options {
    std::chrono::milliseconds pre_roll{300};
    std::chrono::milliseconds min_delay{500};
    std::chrono::milliseconds max_delay{3000};
    std::chrono::milliseconds interrupt_after{120};
    std::chrono::milliseconds resume_after{2000};
    std::uint32_t min_words = 0;
    std::vector<std::string> backchannel{"uh-huh", "mhm", "mm-hmm", "hmm", "yeah", "okay", "right", "i see"};
    std::vector<std::string> unfinished{"and", "but", "or", "so",   "because", "the",
                                        "a",   "to",  "of", "with", "um",      "uh"};
    rtai::mute mute = rtai::mute::never;
    std::map<std::string, turn_profile> profiles;
    RTAI_DESCRIBE(turn_options, pre_roll, min_delay, max_delay, interrupt_after, resume_after, min_words,
                  backchannel, unfinished, mute, profiles)

    static void notes(rtai::notes<turn_options>& about) {
        const range time(0, 60'000);
        about(&turn_options::pre_roll, "sound from before speech was noticed that still belongs to it", time);
        about(&turn_options::min_delay, "the least time from the end of speech to the end of the turn", time);
        about(&turn_options::max_delay,
              "the turn ends after this time, though its last word or a late recogniser let one wait", time);
        about(&turn_options::interrupt_after,
              "speech of this length interrupts the machine; shorter is a cough", time);
        about(
            &turn_options::resume_after,
            "speech first holds the machine, which goes on when there are no words for so long after it, or "
            "for twice as long in it; 0: it interrupts at once",
            time);
        about(&turn_options::min_words, "fewer words do not interrupt", range(0, 100));
        about(&turn_options::backchannel, "words that do not interrupt, such as 'uh-huh'");
        about(&turn_options::unfinished, "a turn that ends with one of these words is waited for");
        about(&turn_options::mute, "when the person can not interrupt");
        about(&turn_options::profiles, "what is different in a state of the conversation, by its name");
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

    /// The turn that what a person says now will belong to.
    rtai::epoch upcoming() const noexcept { return begun_ ? epoch_ + 1 : epoch_; }

    /// Begins an answer: a turn has only one, so what is left of an older one is thrown away.
    rtai::epoch begin() {
        if (begun_) (void)interrupt();
        begun_ = true;
        if (first_ == 0) first_ = epoch_;
        return epoch_;
    }
    /// The answer of a turn was made to its end; it may still have to be played.
    void finish(rtai::epoch of) { log_.record(of).answered = true; }

    /// Whether the machine has something to say, or thinks about it; more than the last bit of it, `but_for`.
    bool answering(duration but_for = {}) const noexcept {
        if (!begun_) return false;
        const auto* r = log_.find(epoch_);
        return r == nullptr || !r->answered || (voiced_ && !r->speech.over(but_for));
    }
    /// Whether this is the turn of the first answer in the conversation.
    bool is_first() const noexcept { return first_ == epoch_; }

    /// Whether the person is speaking, or may go on: an answer would come too early.
    bool person_speaks() const noexcept { return person_speaks_; }
    void person_speaks(bool yes) noexcept { person_speaks_ = yes; }

    /// What the machine says is also spoken, so that only what was played was heard.
    void voiced() noexcept { voiced_ = true; }

    /// What the person has heard of the answer in a turn; nothing when nobody speaks it, or it is too long
    /// ago.
    std::optional<std::string> heard(rtai::epoch of) const {
        if (!voiced_) return std::nullopt;
        const auto* r = log_.find(of);
        if (r == nullptr) return std::nullopt;
        return r->speech.heard();
    }

    turn_log& log() noexcept { return log_; }
    const turn_log& log() const noexcept { return log_; }
    /// Notes in the log what happens now.
    void note(what w, rtai::epoch of, std::string detail = {}) {
        moment m(w, std::move(detail));
        m.of = of;
        m.stamp.at = now();
        log_.note(std::move(m));
    }

    /// Whether a value belongs to a turn that is over. What belongs to no turn is never stale.
    bool stale(rtai::epoch of) const noexcept { return of != 0 && of < epoch_; }

    /// Ends the turn now: returns how many values were thrown away.
    std::size_t interrupt() {
        if (answering()) note(what::interruption, epoch_);
        ++epoch_;
        begun_ = false;
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
    rtai::epoch first_ = 0;
    bool begun_ = false;  // an answer of this epoch
    bool person_speaks_ = false;
    bool voiced_ = false;
    turn_log log_;
    std::size_t dropped_ = 0;
    event interruption_;
    std::vector<std::function<std::size_t()>> flushes_;
};

}  // namespace rtai
