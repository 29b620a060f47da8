#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <rtai/ai/detail/words.hpp>
#include <rtai/core/clock.hpp>
#include <rtai/graph/turn.hpp>
#include <string>
#include <utility>

namespace rtai {

/// Decides when a person's turn is over, and what interrupts the machine. It knows no clock and no
/// channel: it is told what happens and when, says what is to be done, and by when it wants to be asked
/// again.
///
///     quiet --speech--> speaking --silence--> waiting --its delay is over--> quiet: the turn is over
///                           ^------speech--------|
///     and while the machine answers:
///     quiet --speech--> doubt --long enough--> held --words--> speaking: the machine is interrupted
///                         |--words--> speaking     |--none--> quiet: the machine goes on
class turn_machine {
public:
    enum class state : std::uint8_t {
        quiet,     ///< nobody speaks, or only the machine
        speaking,  ///< the person does
        waiting,   ///< the person has paused, perhaps for good
        doubt,     ///< somebody makes a sound while the machine answers
        held,      ///< the same, for so long that the machine is silent until it is certain
    };

    enum class deed : std::uint8_t {
        nothing,
        hold,       ///< let the machine pause
        resume,     ///< let it go on
        interrupt,  ///< the machine's turn is over
        finish,     ///< the person's turn is over: take its words
        give_up,    ///< speech without words: there was no turn
    };

    /// `can_hold`: whether there is a way to let the machine pause.
    turn_machine(const turn_options& o, bool can_hold) : with_(o), can_hold_(can_hold) { use(""); }

    state now_in() const noexcept { return state_; }
    /// Whether the person has the word, so that an answer would come too early.
    bool person_speaks() const noexcept { return state_ == state::speaking || state_ == state::waiting; }

    /// Whether what a recogniser says next was said while nobody was listened to.
    bool ignores_next() const noexcept { return !awaited_.empty() && awaited_.front(); }

    /// What the person has said in this turn so far.
    std::string words() const { return detail::joined_words(words_, guess_); }
    /// The same, and the next turn begins with none.
    std::string take_words() {
        std::string all = words();
        words_.clear();
        guess_.clear();
        return all;
    }

    /// Lets a profile hold from now on; an empty name is none of them. False: there is none of that name.
    bool use(const std::string& profile) {
        turn_profile p;
        if (!profile.empty()) {
            const auto found = with_.profiles.find(profile);
            if (found == with_.profiles.end()) return false;
            p = found->second;
        }
        min_delay_ = p.min_delay.value_or(with_.min_delay);
        max_delay_ = std::max<duration>(p.max_delay.value_or(with_.max_delay), min_delay_);
        interrupt_after_ = p.interrupt_after.value_or(with_.interrupt_after);
        min_words_ = p.min_words.value_or(with_.min_words);
        mute_ = p.mute.value_or(with_.mute);
        return true;
    }

    // --- What happens ------------------------------------------------------------------------------------

    /// `answers`: the machine has something to say just now; `first`: it is the first thing that it says.
    deed speech_started(time_point at, bool answers, bool first) {
        const bool muted = answers && (mute_ == mute::always || (mute_ == mute::first_answer && first));
        // While the word is the person's, nothing is muted.
        const bool ignored = muted && state_ == state::quiet;
        awaited_.push_back(ignored);
        if (ignored) return deed::nothing;
        sounds_ = true;
        if (state_ == state::quiet) state_ = answers ? state::doubt : state::speaking;
        else if (state_ == state::waiting) state_ = state::speaking;
        if (state_ == state::doubt || state_ == state::speaking) started_ = at;
        return deed::nothing;
    }

    deed speech_ended(time_point at) {
        if (!awaited_.empty() && awaited_.back()) return deed::nothing;
        sounds_ = false;
        ended_ = at;
        if (state_ == state::speaking) state_ = state::waiting;
        const bool in_doubt = state_ == state::doubt || state_ == state::held;
        return in_doubt && awaited_.empty() ? it_was_nothing() : deed::nothing;
    }

    /// What a recogniser says; a last text comes once for each time that somebody spoke.
    deed heard(const std::string& said, bool last, bool answers) {
        const bool ignored = ignores_next();
        // Long speech has several last texts; the one that counts comes when it has ended.
        const bool goes_on = sounds_ && awaited_.size() == 1;
        if (last && !awaited_.empty() && !goes_on) awaited_.pop_front();
        if (ignored) return deed::nothing;
        if (last) {
            words_ = detail::joined_words(words_, said);
            guess_.clear();
        } else {
            guess_ = said;
        }
        if (state_ == state::quiet) {
            if (detail::count_words(said) == 0) return deed::nothing;
            // The words come late, but they were said.
            state_ = answers ? state::doubt : state::waiting;
        }
        if (state_ != state::doubt && state_ != state::held) return deed::nothing;
        if (!answers) {
            // The machine has ended meanwhile, so nothing is interrupted, and whatever was said counts.
            state_ = sounds_ ? state::speaking : state::waiting;
            return deed::nothing;
        }
        if (counting_words() >= std::max<std::size_t>(min_words_, 1)) {
            state_ = sounds_ ? state::speaking : state::waiting;
            return deed::interrupt;
        }
        if (!last || sounds_ || !awaited_.empty()) return deed::nothing;
        return it_was_nothing();
    }

    /// The person wrote instead.
    deed typed(const std::string& said) {
        take_guess();
        words_ = detail::joined_words(words(), said);
        guess_.clear();
        if (!sounds_) {
            state_ = state::quiet;
            return deed::finish;
        }
        const bool meant = state_ == state::doubt || state_ == state::held;
        state_ = state::speaking;
        return meant ? deed::interrupt : deed::nothing;
    }

    /// Nobody will speak any more.
    deed end() {
        sounds_ = false;
        if (state_ == state::held || state_ == state::doubt) return it_was_nothing();
        return close();
    }

    // --- What time brings --------------------------------------------------------------------------------

    /// When to ask `due` next; `never` while only something else can change anything.
    time_point deadline() const noexcept {
        switch (state_) {
            case state::doubt:
                if (sounds_ && min_words_ == 0) return started_ + interrupt_after_;
                return sounds_ || !awaited_.empty() ? never : ended_;
            case state::held:
                return sounds_ ? started_ + 2 * with_.resume_after : ended_ + with_.resume_after;
            case state::waiting:
                return ended_ + (awaited_.empty() && finished() ? min_delay_ : max_delay_);
            default:
                return never;
        }
    }

    deed due(time_point now) {
        if (now < deadline()) return deed::nothing;
        switch (state_) {
            case state::doubt:
                if (!sounds_) return it_was_nothing();
                if (can_hold_ && with_.resume_after > duration()) {
                    state_ = state::held;
                    return deed::hold;
                }
                state_ = state::speaking;
                return deed::interrupt;
            case state::held:
                return it_was_nothing();
            case state::waiting:
                return close();
            default:
                return deed::nothing;
        }
    }

private:
    /// The machine goes on; what was said was no more than a noise.
    deed it_was_nothing() {
        const bool was_held = state_ == state::held;
        state_ = state::quiet;
        words_.clear();
        guess_.clear();
        return was_held ? deed::resume : deed::nothing;
    }

    deed close() {
        const bool was_open = state_ == state::waiting || state_ == state::speaking;
        state_ = state::quiet;
        if (detail::count_words(words()) == 0) return was_open ? deed::give_up : deed::nothing;
        take_guess();
        return deed::finish;
    }

    /// What a recogniser still says of this is taken already, and would come twice.
    void take_guess() {
        if (!guess_.empty() && !awaited_.empty()) awaited_.front() = true;
    }

    /// Without those that only tell that somebody listens.
    std::size_t counting_words() const {
        const std::string all = words();
        return detail::is_one_of(all, with_.backchannel) ? 0 : detail::count_words(all);
    }

    /// Whether it sounds as if the turn may be over.
    bool finished() const { return !detail::ends_with_one_of(words(), with_.unfinished); }

    turn_options with_;
    bool can_hold_;
    duration min_delay_{}, max_delay_{}, interrupt_after_{};
    std::uint32_t min_words_ = 0;
    rtai::mute mute_ = mute::never;

    state state_ = state::quiet;
    bool sounds_ = false;  // somebody speaks just now
    time_point started_{}, ended_{};
    std::deque<bool> awaited_;  // speech whose last words are still to come; true: they do not count
    std::string words_, guess_;
};

}  // namespace rtai
