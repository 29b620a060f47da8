#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <rtai/core/channel.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/control.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/graph/turn.hpp>
#include <rtai/media/pacer.hpp>
#include <string>
#include <utility>
#include <variant>

namespace rtai {

/// The clock of what is said: the last element before the way to the listener. What comes, however fast,
/// waits in it, and leaves as frames of 20 ms, the first at once. Whatever ends it (an interruption of the
/// turn, 'flush') lets one more frame out, in which it fades.
///
/// `played` tells how many samples have left for good: what an interruption still caught behind the pacer
/// is not counted. Its moments carry the turn in `of`, and belong to none themselves, so that they are not
/// stale when they tell that a turn is over.
struct pacer {
    struct options {
        std::chrono::milliseconds frame{20};
        duration most = std::chrono::seconds(10);
        std::chrono::milliseconds gap{200};
        bool silence = false;
        RTAI_DESCRIBE(options, frame, most, gap, silence)

        static void notes(rtai::notes<options>& about) {
            about(&options::frame, "how much sound leaves at a time", range(5, 120));
            about(&options::most, "when this much waits, further sound waits before it", range(20e6, 600e9));
            about(&options::gap, "the end is told when nothing has come for so long", range(0, 10'000));
            about(&options::silence, "sends silence when there is nothing to play, once there was something");
        }
    };

    pacer() : pacer(options()) {}
    explicit pacer(options o) : options_(o), store_(o.frame) {}

    input<audio> in;
    input<rtai::control, if_wired> control;
    output<audio, as_received> out;
    output<moment> played;
    RTAI_DESCRIBE(pacer, in, control, out, played)

    task<> run() {
        channel<audio> never_sound(1);
        channel<rtai::control> never_order(1);
        const receiver<audio> no_sound = never_sound.receiver();
        const receiver<rtai::control> no_order = never_order.receiver();
        rtai::turn no_turn;
        turn_ = out.turn() != nullptr ? out.turn() : &no_turn;
        seen_ = turn_->epoch();
        for (;;) {
            notice_interruption();
            if (!orders_end())
                if (auto order = control.try_receive()) {
                    obey(*order);
                    continue;
                }
            if (paused_ && orders_end()) resume();
            while (room()) {
                auto piece = in.try_receive();
                if (!piece) break;
                put(std::move(*piece));
            }
            if (is_over()) co_return;
            const time_point wake = next_time();
            if (now() >= wake) {
                if (!act()) co_return;
                continue;
            }
            const auto& orders = control && !orders_end() ? control.stream() : no_order;
            const auto& sounds = in && room() && !sound_ends() ? in.stream() : no_sound;
            auto first =
                co_await race(turn_->interrupted(), orders.receive(), sounds.receive(), sleep_until(wake));
            notice_interruption();
            if (first.index() == 1 && std::get<1>(first)) obey(*std::get<1>(first));
            if (first.index() == 2 && std::get<2>(first)) put(std::move(*std::get<2>(first)));
        }
    }

private:
    bool orders_end() const noexcept { return control && control.stream().ended(); }
    bool sound_ends() const noexcept { return stopped_ || (in && in.stream().ended()); }
    bool room() const noexcept { return !stopped_ && store_.time() < options_.most; }
    bool is_over() const noexcept { return sound_ends() && store_.empty() && !fade_ && !stuck_ && !started_; }

    void put(audio piece) {
        if (turn_->stale(piece.stamp.epoch)) {
            turn_->count_dropped();
            return;
        }
        if (store_.empty()) {
            waiting_since_ = now();
            if (now() > due_) dry_ = true;
        }
        store_.put(std::move(piece));
    }

    void resume() {
        paused_ = false;
        if (now() > due_) dry_ = true;
    }

    void obey(const rtai::control& order) {
        switch (order.order) {
            case order::pause:
                paused_ = true;
                break;
            case order::resume:
                resume();
                break;
            case order::stop:
                stopped_ = true;
                [[fallthrough]];
            case order::flush:
                if (in) in.stream().flush([](const audio&) { return true; });
                end_early([](epoch) { return true; });
                break;
            default:
                break;
        }
    }

    // --- What is to be done, and when --------------------------------------------------------------------

    bool plays() const noexcept { return !paused_ && !store_.empty(); }

    bool sends_silence() const noexcept {
        return options_.silence && format_.rate != 0 && !(sound_ends() && store_.empty());
    }

    /// When it is to be told that what was played has ended.
    time_point end_time() const noexcept {
        if (!started_ || !(store_.empty() || fade_)) return never;
        return sound_ends() ? sound_until_ : later(sound_until_, options_.gap);
    }

    time_point next_time() const noexcept {
        if (stuck_ || fade_) return due_;
        if (plays()) {
            if (store_.ready() || sound_ends() || (started_ && !dry_)) return due_;
            // The beginning of something: it waits for the rest of its first frame.
            return std::max(due_, later(waiting_since_, options_.frame));
        }
        return std::min(sends_silence() ? due_ : never, end_time());
    }

    /// Does what `next_time` was for; false: nobody listens any more.
    bool act() {
        const time_point at = now();
        if (stuck_) {
            due_ = later(at, options_.frame);
            audio a = std::move(*stuck_);
            stuck_.reset();
            return offer(std::move(a));
        }
        // Absolute time, unless there was nothing to play, or the shard stood still for too long.
        if (dry_ || !started_ || at - due_ > options_.frame * 10) due_ = std::max(due_, at);
        if (fade_) {
            audio last = std::move(fade_->sound);
            fade_.reset();
            last.stamp.epoch = 0;  // its turn is over
            return leave(std::move(last));
        }
        if (plays()) return play(*store_.take());
        if (at >= end_time()) {
            end();
            return true;
        }
        audio nothing(format_, format_.frames_in(options_.frame));
        if (format_.encoding == encoding::s16) std::ranges::fill(nothing.s16(), std::int16_t{0});
        else std::ranges::fill(nothing.f32(), 0.0F);
        return leave(std::move(nothing));
    }

    bool play(playout_frame frame) {
        settle();
        if (started_ && frame.epoch != of_) end();
        if (frame.epoch != of_ || (!started_ && of_ == 0)) count_ = 0;
        of_ = frame.epoch;
        if (!started_) tell(what::playout_start, due_);
        started_ = true;
        dry_ = false;
        count_ += frame.samples;
        recent_[frames_++ % recent_.size()] = static_cast<std::uint32_t>(frame.samples);
        last_ = frame.sound;
        format_ = frame.sound.format;
        waiting_since_ = now();
        sound_until_ = due_ + format_.time_of(frame.samples);
        remember();
        return leave(std::move(frame.sound));
    }

    bool leave(audio a) {
        a.stamp.at = due_;
        a.stamp.sequence = sequence_++;
        due_ += a.time();
        return offer(std::move(a));
    }

    bool offer(audio a) {
        const auto how = out.try_send(std::move(a));
        // No room: it is tried again when the next is due, and a little is late instead of lost.
        if (how == offered::full) stuck_ = std::move(a);  // NOLINT(bugprone-use-after-move)
        return how != offered::ended;
    }

    void end() {
        settle();
        tell(what::playout_end, sound_until_);
        started_ = false;
        finish_speech();
    }

    // --- What ends early ---------------------------------------------------------------------------------

    void notice_interruption() {
        if (std::exchange(seen_, turn_->epoch()) != turn_->epoch())
            end_early([this](epoch e) { return turn_->stale(e); });
    }

    /// Ends what has the epochs that go; if it sounds, with a frame in which it fades.
    template <class Goes>
    void end_early(Goes goes) {
        const bool was_on = started_ && goes(of_);
        std::size_t caught = settle();
        if (stuck_ && goes(stuck_->stamp.epoch)) {
            stuck_.reset();
            if (was_on) uncount(1);
            ++caught;
        }
        const std::optional<epoch> waiting = store_.first_epoch();
        if (was_on && !paused_) {
            if (caught == 1) {
                // The listener has not got the last frame, so it is the one that fades, in its place.
                due_ -= last_.time();
                const std::size_t samples = recent_[frames_ % recent_.size()];
                fade_.emplace(faded(std::move(last_)), samples, of_);
            } else if (caught == 0 && !dry_ && now() <= due_ && waiting && goes(*waiting)) {
                fade_ = store_.take();
                fade_->sound = faded(std::move(fade_->sound));
            }
            if (fade_) count_ += fade_->samples;
            remember();
        }
        const bool thrown = store_.cut(goes);
        if (was_on || thrown) {
            if (!was_on && waiting && of_ != *waiting) {
                of_ = *waiting;
                count_ = 0;
            }
            tell(what::interruption, now());
            started_ = false;
            finish_speech();
        }
        last_ = audio();
    }

    /// What was thrown away behind this element since it last asked has not been played. Says how many
    /// frames.
    std::size_t settle() {
        const channel_stats s = out.stats();
        const std::uint64_t gone = s.flushed + s.dropped;
        const auto caught = static_cast<std::size_t>(gone - std::exchange(gone_, gone));
        uncount(caught);
        return caught;
    }

    void uncount(std::size_t frames) {
        for (; frames > 0 && frames_ > 0; --frames)
            count_ -= std::min<std::uint64_t>(count_, recent_[--frames_ % recent_.size()]);
    }

    void finish_speech() {
        if (auto* r = turn_->log().find(of_); r != nullptr && !r->interrupted) r->speech.finish();
    }

    /// Lets the turn know how much of it was heard.
    void remember() {
        if (auto* r = turn_->log().find(of_); r != nullptr && format_.rate != 0)
            r->speech.played(format_.time_of(count_));
    }

    void tell(what w, time_point at) {
        moment m(w);
        m.stamp.at = at;
        m.samples = count_;
        m.of = of_;
        if (w != what::playout_start)
            m.detail = "played " + std::to_string(count_) + " samples of turn " + std::to_string(of_);
        // That the turn was interrupted it knows itself.
        if (w != what::interruption) turn_->log().note(m);
        remember();
        (void)played.try_send(std::move(m));
    }

    options options_;
    playout_store store_;
    rtai::turn* turn_ = nullptr;
    epoch seen_ = 0;
    bool paused_ = false;
    bool stopped_ = false;
    bool dry_ = true;             // there was nothing when the next frame was due
    time_point due_{};            // when the next frame leaves
    time_point waiting_since_{};  // the first piece in the store
    std::optional<playout_frame> fade_;
    std::optional<audio> stuck_;  // for which there is no room behind this element
    audio_format format_{0};
    std::uint64_t sequence_ = 0;

    // The turn that plays, and how much of it was played.
    bool started_ = false;  // its start was told, and its end not yet
    epoch of_ = 0;
    std::uint64_t count_ = 0;
    time_point sound_until_{};
    audio last_;
    std::array<std::uint32_t, 64> recent_{};  // how many samples the last frames had
    std::uint64_t frames_ = 0;
    std::uint64_t gone_ = 0;
};

}  // namespace rtai

RTAI_ELEMENT(rtai::pacer, "Lets sound out at the speed at which it is heard, and tells what was played.");
