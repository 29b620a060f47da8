#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <rtai/core/clock.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/graph/speech.hpp>
#include <string>
#include <utility>
#include <vector>

namespace rtai {

/// Where the time from the end of somebody's speech to the first sound of the answer went. The parts sum
/// to the whole, because each is what lies between two moments of the same log.
struct turn_latency {
    duration transcription{};  ///< until the words were final
    duration endpointing{};    ///< until it was certain that the turn was over
    duration thinking{};       ///< until the first piece of the answer
    duration sentence{};       ///< until there was enough of it to say
    duration synthesis{};      ///< until its first sound
    duration playout{};        ///< until that was heard
    duration total() const noexcept {
        return transcription + endpointing + thinking + sentence + synthesis + playout;
    }
    RTAI_DESCRIBE(turn_latency, transcription, endpointing, thinking, sentence, synthesis, playout)
};

/// What happened in one turn: what the person said and what the machine answered.
struct turn_record {
    explicit turn_record(epoch e) : of(e) {}

    /// When something happened first in this turn.
    std::optional<time_point> first(what w) const noexcept {
        for (const auto& m : moments)
            if (m.what == w) return m.stamp.at;
        return std::nullopt;
    }
    std::optional<time_point> last(what w) const noexcept {
        std::optional<time_point> found;
        for (const auto& m : moments)
            if (m.what == w) found = m.stamp.at;
        return found;
    }

    /// Nothing for a turn without a person's speech, or of which nothing was heard.
    std::optional<turn_latency> latency() const noexcept {
        const auto begin = spoken_until(), end = first(what::playout_start);
        if (!begin || !end || *end < *begin) return std::nullopt;
        time_point at = *begin;
        // What was not told took no time, and what was told late ends the stage before it.
        const auto until = [&](const std::optional<time_point>& when) {
            const time_point next = std::clamp(when.value_or(at), at, *end);
            return next - std::exchange(at, next);
        };
        turn_latency l;
        l.transcription = until(last(what::heard));
        l.endpointing = until(last(what::end_of_turn));
        l.thinking = until(first(what::first_token));
        l.sentence = until(first(what::first_sentence));
        l.synthesis = until(first(what::first_audio));
        l.playout = until(first(what::playout_start));
        return l;
    }

    /// The end of the speech whose words were heard: what sounded before it was a cough.
    std::optional<time_point> spoken_until() const noexcept {
        std::optional<time_point> found;
        bool heard = false;
        for (auto m = moments.rbegin(); m != moments.rend() && !found; ++m) {
            heard = heard || m->what == what::heard;
            if (heard && m->what == what::speech_end) found = m->stamp.at;
        }
        return found;
    }

    epoch of;
    std::vector<moment> moments;
    std::size_t lost = 0;   ///< moments for which there was no room
    std::string asked;      ///< what the person said
    rtai::speech speech;    ///< what the machine said
    bool answered = false;  ///< the answer was made to its end
    bool interrupted = false;
};

/// The log of a conversation's turns: the last ones of them, and everything that happened in them. All
/// figures about a turn come from here.
class turn_log {
public:
    static constexpr std::size_t kept = 32;           ///< turns
    static constexpr std::size_t most_moments = 512;  ///< of one turn

    /// Notes what happened, in the turn that `m.of` says.
    void note(moment m) {
        auto& r = record(m.of);
        if (m.what == what::end_of_turn) r.asked = m.detail;
        if (m.what == what::interruption) r.interrupted = true;
        // By index, and none is taken out: whoever is told may begin or stop to listen.
        telling_ = true;
        for (std::size_t i = 0; i < listeners_.size(); ++i)  // NOLINT(modernize-loop-convert)
            if (listeners_[i]->key != nullptr) listeners_[i]->tell(m);
        telling_ = false;
        drop_gone();
        if (r.moments.size() < most_moments) r.moments.push_back(std::move(m));
        else ++r.lost;
    }

    /// Null when nothing is known of that turn, or not any more.
    const turn_record* find(epoch of) const noexcept {
        const auto r =
            std::find_if(records_.rbegin(), records_.rend(), [of](const auto& one) { return one.of == of; });
        return r == records_.rend() ? nullptr : &*r;
    }
    turn_record* find(epoch of) noexcept {
        return const_cast<turn_record*>(
            std::as_const(*this).find(of));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    }
    /// Made when there is none yet.
    turn_record& record(epoch of) {
        if (auto* r = find(of)) return *r;
        if (records_.size() == kept) records_.pop_front();
        return records_.emplace_back(of);
    }
    /// Oldest first.
    const std::deque<turn_record>& records() const noexcept { return records_; }

    /// Calls `tell` with each moment until it is told to stop with the same key.
    void listen(const void* key, std::function<void(const moment&)> tell) {
        listeners_.push_back(std::make_unique<listener>(key, std::move(tell)));
    }
    void stop_listening(const void* key) noexcept {
        for (auto& l : listeners_)
            if (l->key == key) l->key = nullptr;
        if (!telling_) drop_gone();
    }

private:
    struct listener {
        listener(const void* k, std::function<void(const moment&)> t) : key(k), tell(std::move(t)) {}
        const void* key;
        std::function<void(const moment&)> tell;
    };

    void drop_gone() noexcept {
        std::erase_if(listeners_, [](const auto& l) { return l->key == nullptr; });
    }

    std::deque<turn_record> records_;
    std::vector<std::unique_ptr<listener>> listeners_;
    bool telling_ = false;
};

}  // namespace rtai
