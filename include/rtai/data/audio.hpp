#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <rtai/core/buffer.hpp>
#include <rtai/data/stamp.hpp>
#include <span>
#include <stdexcept>
#include <utility>

namespace rtai {

/// How one sample is written.
enum class encoding : std::uint8_t {
    s16,  ///< 16 bit integers
    f32,  ///< floats from -1 to 1
};

constexpr std::size_t size_of(encoding e) noexcept { return e == encoding::s16 ? 2 : 4; }

struct audio_format {
    constexpr audio_format() noexcept = default;
    constexpr audio_format(std::uint32_t r, std::uint8_t c = 1, rtai::encoding e = encoding::s16) noexcept
        : rate(r), channels(c), encoding(e) {}

    constexpr bool operator==(const audio_format&) const noexcept = default;

    /// Of one sample of every channel.
    constexpr std::size_t frame_bytes() const noexcept { return channels * size_of(encoding); }
    // Whole seconds by themselves: two days of nanoseconds times the rate is more than 64 bits hold.
    constexpr std::size_t frames_in(std::chrono::nanoseconds time) const noexcept {
        const auto count = std::max<std::int64_t>(time.count(), 0);
        return static_cast<std::size_t>(count / second * rate + count % second * rate / second);
    }
    constexpr std::chrono::nanoseconds time_of(std::size_t frames) const noexcept {
        if (rate == 0) return {};
        const auto count = static_cast<std::int64_t>(frames);
        return std::chrono::nanoseconds(count / rate * second + count % rate * second / rate);
    }

    std::uint32_t rate = 16'000;
    std::uint8_t channels = 1;
    rtai::encoding encoding = encoding::s16;

private:
    static constexpr std::int64_t second = 1'000'000'000;
};

/// A piece of sound, usually 20 ms. Copies share the samples; channels are interleaved.
class audio {
public:
    audio() noexcept = default;

    /// Room for `frames` samples of every channel, not initialised.
    audio(audio_format f, std::size_t frames) : format(f), samples_(bytes_of(f, frames)) {}

    std::size_t frames() const noexcept {
        return format.channels == 0 ? 0 : samples_.size() / format.frame_bytes();
    }
    std::chrono::nanoseconds time() const noexcept { return format.time_of(frames()); }

    /// The samples as they are encoded; asking for the other encoding is a mistake of the program.
    std::span<std::int16_t> s16() { return as<std::int16_t>(encoding::s16); }
    std::span<const std::int16_t> s16() const { return as<const std::int16_t>(encoding::s16); }
    std::span<float> f32() { return as<float>(encoding::f32); }
    std::span<const float> f32() const { return as<const float>(encoding::f32); }

    std::span<const std::byte> bytes() const noexcept { return samples_.span(); }

    /// Whether nobody else reads these samples, so that they may be changed in place.
    bool unique() const noexcept { return samples_.unique(); }

    /// Fewer frames, in the same memory, or as many again as it was made with.
    void resize(std::size_t frames) { samples_.resize(bytes_of(format, frames)); }

    audio_format format;
    rtai::stamp stamp;

private:
    static std::size_t bytes_of(audio_format f, std::size_t frames) {
        if (frames > buffer::max_size) throw std::length_error("these are more frames than audio holds");
        return frames * f.frame_bytes();
    }

    template <class Sample>
    std::span<Sample> as(encoding wanted) const {
        if (format.encoding != wanted)
            throw std::logic_error("these audio samples are of the other encoding: ask the frame's format");
        // The bytes are this frame's own; constness is that of the span asked for.
        auto* first =
            const_cast<std::byte*>(samples_.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
        return {reinterpret_cast<Sample*>(first), samples_.size() / sizeof(Sample)};
    }

    buffer samples_;
};

}  // namespace rtai
