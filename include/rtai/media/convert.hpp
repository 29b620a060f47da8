#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <rtai/data/audio.hpp>
#include <rtai/media/resample.hpp>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace rtai {

constexpr float to_f32(std::int16_t sample) noexcept { return static_cast<float>(sample) / 32768.0F; }
constexpr float to_f32(float sample) noexcept { return sample; }

/// What is too loud becomes as loud as can be; what is no number becomes silence.
inline std::int16_t to_s16(float sample) noexcept {
    const float scaled = sample * 32768.0F;
    if (scaled >= 32767.0F) return 32767;
    if (scaled <= -32768.0F) return -32768;
    return std::isnan(scaled) ? std::int16_t{0} : static_cast<std::int16_t>(std::lrint(scaled));
}

/// Writes samples in another encoding and with other channels: one becomes all, all become one by their
/// mean, and otherwise each stays what it is. Both hold as many frames.
template <class From, class To>
void mix(std::span<const From> in, std::size_t in_channels, std::span<To> out, std::size_t out_channels) {
    const auto write = [](float sample) {
        if constexpr (std::is_same_v<To, float>) return sample;
        else return to_s16(sample);
    };
    const std::size_t frames = in_channels == 0 ? 0 : in.size() / in_channels;
    for (std::size_t i = 0; i < frames; ++i) {
        const From* frame = in.data() + i * in_channels;
        To* made = out.data() + i * out_channels;
        if (out_channels == 1 && in_channels > 1) {
            float sum = 0;
            for (std::size_t c = 0; c < in_channels; ++c) sum += to_f32(frame[c]);
            *made = write(sum / static_cast<float>(in_channels));
            continue;
        }
        for (std::size_t c = 0; c < out_channels; ++c) {
            if (in_channels == 1) made[c] = write(to_f32(*frame));
            else made[c] = write(c < in_channels ? to_f32(frame[c]) : 0.0F);
        }
    }
}

/// Turns the pieces of a stream into another format. What is in it already comes back untouched; of the
/// rest only what differs is changed.
class converter {
public:
    explicit converter(audio_format to, rtai::quality q = quality::medium) noexcept : to_(to), quality_(q) {}

    const audio_format& format() const noexcept { return to_; }

    /// The same sound with the same stamp. After a change of the rate it may have a few frames less or more
    /// than its time says, even none: what is missing comes with the next piece.
    audio convert(audio in) {
        last_ = in.stamp;
        last_.at += in.time();
        ++last_.sequence;
        if (in.format.rate == to_.rate) {
            resampler_.reset();
            if (in.format == to_) return in;
            return rewritten(in);
        }
        return resampled(in);
    }

    /// The end of the stream: what a change of the rate still kept, often nothing.
    audio flush() {
        audio rest(to_, 0);
        if (resampler_) {
            const auto channels = resampler_->channels();
            out_.resize(resampler_->most(0) * channels);
            rest = finished(resampler_->flush(out_), channels);
        }
        rest.stamp = last_;
        return rest;
    }

private:
    /// Calls `f` with the samples as they are encoded.
    template <class F>
    static void samples(const audio& a, F&& f) {
        if (a.format.encoding == encoding::s16) f(a.s16());
        else f(a.f32());
    }

    audio rewritten(const audio& in) const {
        audio out(to_, in.frames());
        out.stamp = in.stamp;
        samples(in, [&](auto from) {
            if (to_.encoding == encoding::s16) mix(from, in.format.channels, out.s16(), to_.channels);
            else mix(from, in.format.channels, out.f32(), to_.channels);
        });
        return out;
    }

    audio resampled(const audio& in) {
        // On the side with fewer channels, for it is the work that counts.
        const auto channels = in.format.channels < to_.channels ? in.format.channels : to_.channels;
        if (!resampler_ || resampler_->from() != in.format.rate || resampler_->channels() != channels)
            resampler_.emplace(in.format.rate, to_.rate, channels, quality_);

        std::span<const float> from;
        if (in.format.encoding == encoding::f32 && in.format.channels == channels) {
            from = in.f32();
        } else {
            in_.resize(in.frames() * channels);
            samples(in, [&](auto as) { mix(as, in.format.channels, std::span(in_), channels); });
            from = in_;
        }

        const std::size_t most = resampler_->most(in.frames());
        if (to_.encoding == encoding::f32 && to_.channels == channels) {
            audio out(to_, most);
            out.resize(resampler_->process(from, out.f32()));
            out.stamp = in.stamp;
            return out;
        }
        out_.resize(most * channels);
        audio out = finished(resampler_->process(from, out_), channels);
        out.stamp = in.stamp;
        return out;
    }

    /// The first frames of `out_` as they are wanted.
    audio finished(std::size_t frames, std::size_t channels) const {
        audio out(to_, frames);
        const auto made = std::span(out_).first(frames * channels);
        if (to_.encoding == encoding::s16) mix(made, channels, out.s16(), to_.channels);
        else mix(made, channels, out.f32(), to_.channels);
        return out;
    }

    audio_format to_;
    rtai::quality quality_;
    std::optional<resampler> resampler_;
    std::vector<float> in_;
    std::vector<float> out_;
    stamp last_;
};

}  // namespace rtai
