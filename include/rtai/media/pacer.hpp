#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <rtai/core/clock.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/stamp.hpp>
#include <span>
#include <utility>
#include <vector>

namespace rtai {

/// A piece of sound that is to leave now, and how many of its samples are of the answer: the rest is silence
/// behind them.
struct playout_frame {
    playout_frame(audio s, std::size_t n, rtai::epoch e) noexcept
        : sound(std::move(s)), samples(n), epoch(e) {}

    audio sound;
    std::size_t samples;
    rtai::epoch epoch;
};

/// Makes it fall to silence, evenly; copied if somebody else has it, too.
inline audio faded(audio a) {
    if (!a.unique() && a.frames() > 0) {
        audio own(a.format, a.frames());
        own.stamp = a.stamp;
        if (a.format.encoding == encoding::s16) std::ranges::copy(std::as_const(a).s16(), own.s16().begin());
        else std::ranges::copy(std::as_const(a).f32(), own.f32().begin());
        a = std::move(own);
    }
    const auto down = [&](auto samples) {
        const auto last = static_cast<float>(std::max<std::size_t>(a.frames(), 2) - 1);
        for (std::size_t i = 0; i < samples.size(); ++i) {
            const std::size_t frame = i / a.format.channels;
            const float part = 1.0F - static_cast<float>(frame) / last;
            using sample = typename decltype(samples)::value_type;
            samples[i] = static_cast<sample>(static_cast<float>(samples[i]) * part);
        }
    };
    if (a.format.encoding == encoding::s16) down(a.s16());
    else down(a.f32());
    return a;
}

/// Sound that waits to be played: pieces of any length come in, frames of one length go out. A frame never
/// has sound of two turns or formats.
class playout_store {
public:
    explicit playout_store(duration frame) noexcept : frame_(frame) {}

    void put(audio piece) {
        if (piece.frames() == 0 || piece.format.rate == 0) return;
        time_ += piece.time();
        pieces_.push_back(std::move(piece));
    }

    bool empty() const noexcept { return head_ == pieces_.size(); }

    /// How much waits.
    duration time() const noexcept { return time_; }

    /// Whether the next frame is whole, or will not become longer.
    bool ready() const noexcept {
        const auto [samples, ends] = next();
        return samples > 0 && (ends || samples >= frame_samples());
    }

    /// The next frame, filled up with silence if there is not enough for it; nothing if there is nothing.
    std::optional<playout_frame> take() {
        const std::size_t samples = std::min(next().samples, frame_samples());
        if (samples == 0) return std::nullopt;
        audio& first = pieces_[head_];
        const epoch of = first.stamp.epoch;
        if (used_ == 0 && first.frames() == frame_samples()) {
            audio whole = std::move(first);
            time_ -= whole.time();
            drop_first();
            return playout_frame(std::move(whole), samples, of);
        }
        audio made(first.format, frame_samples());
        made.stamp = first.stamp;
        const std::size_t width = first.format.frame_bytes();
        auto* to = writable(made);
        for (std::size_t left = samples; left > 0;) {
            audio& from = pieces_[head_];
            const std::size_t count = std::min(left, from.frames() - used_);
            std::memcpy(to, from.bytes().data() + used_ * width, count * width);
            to += count * width;
            left -= count;
            used_ += count;
            if (used_ == from.frames()) {
                time_ -= from.time();
                drop_first();
            }
        }
        std::memset(to, 0, (made.frames() - samples) * width);
        return playout_frame(std::move(made), samples, of);
    }

    /// Throws out all sound whose epoch is to go; whether there was any.
    template <class Goes>
    bool cut(Goes&& goes) {
        const auto begin = pieces_.begin() + static_cast<std::ptrdiff_t>(head_);
        const bool first_goes = !empty() && goes(begin->stamp.epoch);
        const auto gone = std::remove_if(begin, pieces_.end(), [&](const audio& a) {
            if (!goes(a.stamp.epoch)) return false;
            time_ -= a.time();
            return true;
        });
        const bool any = gone != pieces_.end();
        pieces_.erase(gone, pieces_.end());
        if (first_goes) used_ = 0;
        if (empty()) clear();
        return any;
    }

    std::optional<epoch> first_epoch() const noexcept {
        if (empty()) return std::nullopt;
        return pieces_[head_].stamp.epoch;
    }

private:
    struct run {
        std::size_t samples;
        bool ends;
    };

    std::size_t frame_samples() const noexcept {
        return empty() ? 0 : std::max<std::size_t>(pieces_[head_].format.frames_in(frame_), 1);
    }

    /// What there is for the next frame, and whether something that does not belong to it follows.
    run next() const noexcept {
        run r{0, false};
        if (empty()) return r;
        const audio& first = pieces_[head_];
        r.samples = first.frames() - used_;
        const std::size_t wanted = frame_samples();
        for (std::size_t i = head_ + 1; i < pieces_.size() && r.samples < wanted && !r.ends; ++i) {
            const audio& a = pieces_[i];
            if (a.format != first.format || a.stamp.epoch != first.stamp.epoch) r.ends = true;
            else r.samples += a.frames();
        }
        return r;
    }

    static std::byte* writable(audio& a) {
        if (a.format.encoding == encoding::s16) return std::as_writable_bytes(a.s16()).data();
        return std::as_writable_bytes(a.f32()).data();
    }

    void drop_first() {
        pieces_[head_++] = audio();
        used_ = 0;
        if (empty()) {
            clear();
        } else if (head_ >= 32 && head_ * 2 >= pieces_.size()) {
            pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(head_));
            head_ = 0;
        }
    }

    void clear() noexcept {
        pieces_.clear();
        head_ = used_ = 0;
        time_ = duration::zero();
    }

    duration frame_;
    // A vector that is used again costs no memory per piece, as a deque does.
    std::vector<audio> pieces_;
    std::size_t head_ = 0;  // the first that is still to be played
    std::size_t used_ = 0;  // and what is played of it already
    duration time_{};       // of all that are not played to their end
};

}  // namespace rtai
