#pragma once

#include <samplerate.h>

#include <boost/describe/enum.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>

namespace rtai {

/// How much work a change of the rate is worth. `linear` does not keep out what aliases: it is the cheapest,
/// and speech through it sounds rough.
enum class quality : std::uint8_t { fastest, medium, best, linear };
BOOST_DESCRIBE_ENUM(quality, fastest, medium, best, linear)

/// Changes the rate of a stream of samples. It keeps a few milliseconds between the pieces, which it gives
/// out with the next piece, or when it is flushed. Channels are interleaved.
class resampler {
public:
    resampler(std::uint32_t from, std::uint32_t to, std::uint8_t channels = 1, quality q = quality::medium)
        : from_(from), to_(to), channels_(channels) {
        const auto wrong = [&](const std::string& why) {
            return std::invalid_argument("can not resample " + std::to_string(channels) + " channels from " +
                                         std::to_string(from) + " to " + std::to_string(to) + " Hz: " + why);
        };
        if (channels == 0) throw wrong("there must be one at least");
        if (from == 0 || to == 0 || src_is_valid_ratio(ratio()) == 0)
            throw wrong("rates are above 0 and at most 256 times each other");
        int failed = 0;
        state_.reset(src_new(type_of(q), channels, &failed));
        if (!state_) throw wrong(src_strerror(failed));
    }

    std::uint32_t from() const noexcept { return from_; }
    std::uint32_t to() const noexcept { return to_; }
    std::uint8_t channels() const noexcept { return channels_; }

    /// How many frames the next piece of so many can become, with what was kept of those before.
    std::size_t most(std::size_t frames) const noexcept {
        const std::uint64_t whole = (taken_ + frames) * to_ / from_ + margin;
        return static_cast<std::size_t>(whole - made_);
    }

    /// The next piece; `out` has room for `most` of it. Returns how many frames came out.
    std::size_t process(std::span<const float> in, std::span<float> out) { return run(in, out, false); }

    /// What was kept: the end of the stream. After that a new one may begin.
    std::size_t flush(std::span<float> out) {
        const std::size_t frames = run({}, out, true);
        reset();
        return frames;
    }

    /// Forgets what was kept.
    void reset() noexcept {
        src_reset(state_.get());
        taken_ = made_ = 0;
    }

private:
    static constexpr std::uint64_t margin = 16;  // at the ends of a stream the library rounds as it likes

    struct closer {
        void operator()(SRC_STATE* s) const noexcept { src_delete(s); }
    };

    static int type_of(quality q) noexcept {
        switch (q) {
            case quality::fastest:
                return SRC_SINC_FASTEST;
            case quality::best:
                return SRC_SINC_BEST_QUALITY;
            case quality::linear:
                return SRC_LINEAR;
            default:
                return SRC_SINC_MEDIUM_QUALITY;
        }
    }

    double ratio() const noexcept { return static_cast<double>(to_) / from_; }

    std::size_t run(std::span<const float> in, std::span<float> out, bool last) {
        static constexpr float none = 0;
        SRC_DATA d{};
        d.src_ratio = ratio();
        d.end_of_input = last ? 1 : 0;
        std::size_t made = 0;
        std::size_t used = 0;
        do {
            d.data_in = in.empty() ? &none : in.data() + used * channels_;
            d.input_frames = static_cast<long>(in.size() / channels_ - used);
            d.data_out = out.data() + made * channels_;
            d.output_frames = static_cast<long>(out.size() / channels_ - made);
            if (const int failed = src_process(state_.get(), &d); failed != 0)
                throw std::logic_error(std::string("resampling failed: ") + src_strerror(failed));
            used += static_cast<std::size_t>(d.input_frames_used);
            made += static_cast<std::size_t>(d.output_frames_gen);
        } while ((last || used < in.size() / channels_) &&
                 (d.input_frames_used > 0 || d.output_frames_gen > 0));
        if (used != in.size() / channels_)
            throw std::logic_error("resampling needs more room for its output: ask `most`");
        taken_ += used;
        made_ += made;
        // Only what is between the two counts, so that neither overflows in a long call.
        const std::uint64_t seconds = taken_ / from_ < made_ / to_ ? taken_ / from_ : made_ / to_;
        taken_ -= seconds * from_;
        made_ -= seconds * to_;
        return made;
    }

    std::unique_ptr<SRC_STATE, closer> state_;
    std::uint32_t from_;
    std::uint32_t to_;
    std::uint8_t channels_;
    std::uint64_t taken_ = 0;
    std::uint64_t made_ = 0;
};

}  // namespace rtai
