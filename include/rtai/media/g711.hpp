#pragma once

#include <array>
#include <bit>
#include <boost/describe/enum.hpp>
#include <cstddef>
#include <cstdint>
#include <rtai/data/audio.hpp>
#include <rtai/data/packet.hpp>

// The telephone's codec, ITU-T G.711: a byte a sample, 8000 a second.

namespace rtai {

enum class g711_law : std::uint8_t { mu, a };
BOOST_DESCRIBE_ENUM(g711_law, mu, a)

namespace detail {

// The steps as in ITU-T G.191: a negative sample is complemented, not negated, so that one that lies just on
// the border of two steps goes to the smaller, and the least number has a magnitude.
constexpr std::uint32_t g711_magnitude(std::int16_t sample, int unused_bits) noexcept {
    const int value = sample < 0 ? ~sample : sample;
    return static_cast<std::uint32_t>(value) >> unused_bits;
}

constexpr std::int16_t expand_mu(std::uint8_t code) noexcept {
    const unsigned bits = ~unsigned{code};
    const int value = static_cast<int>((2 * (bits & 15) + 33) << (bits >> 4 & 7)) - 33;
    return static_cast<std::int16_t>((code & 0x80) != 0 ? 4 * value : -4 * value);
}

constexpr std::int16_t expand_a(std::uint8_t code) noexcept {
    const unsigned bits = code ^ 0x55U;
    const unsigned segment = bits >> 4 & 7;
    const unsigned step = 2 * (bits & 15) + 1;
    const int value = static_cast<int>(segment == 0 ? step : (step + 32) << (segment - 1));
    return static_cast<std::int16_t>((code & 0x80) != 0 ? 8 * value : -8 * value);
}

template <std::int16_t (*Expand)(std::uint8_t)>
constexpr std::array<std::int16_t, 256> g711_table() noexcept {
    std::array<std::int16_t, 256> all{};
    for (unsigned code = 0; code < 256; ++code) all[code] = Expand(static_cast<std::uint8_t>(code));
    return all;
}

inline constexpr auto mu_law_table = g711_table<expand_mu>();
inline constexpr auto a_law_table = g711_table<expand_a>();

}  // namespace detail

constexpr std::uint8_t to_mu_law(std::int16_t sample) noexcept {
    std::uint32_t value = detail::g711_magnitude(sample, 2) + 33;
    if (value > 0x1FFF) value = 0x1FFF;
    // No table: the segment is the place of the highest bit.
    const auto segment = static_cast<unsigned>(std::bit_width(value)) - 6;
    const std::uint32_t code = segment << 4 | (value >> (segment + 1) & 15);
    return static_cast<std::uint8_t>(~code & (sample < 0 ? 0x7FU : 0xFFU));
}

constexpr std::uint8_t to_a_law(std::int16_t sample) noexcept {
    std::uint32_t code = detail::g711_magnitude(sample, 4);
    if (code > 31) {
        const auto segment = static_cast<unsigned>(std::bit_width(code)) - 4;
        code = segment << 4 | (code >> (segment - 1) & 15);
    }
    return static_cast<std::uint8_t>((code | (sample < 0 ? 0U : 0x80U)) ^ 0x55U);
}

constexpr std::int16_t from_mu_law(std::uint8_t code) noexcept { return detail::mu_law_table[code]; }
constexpr std::int16_t from_a_law(std::uint8_t code) noexcept { return detail::a_law_table[code]; }

/// The packet of a piece of sound, whatever its rate: make it 8 kHz before. The samples must be s16.
inline packet encode_g711(const audio& in, g711_law law) {
    const auto samples = in.s16();
    packet out(buffer(samples.size()), in.time());
    out.stamp = in.stamp;
    auto* to = out.bytes.data();
    if (law == g711_law::mu)
        for (const auto sample : samples) *to++ = static_cast<std::byte>(to_mu_law(sample));
    else
        for (const auto sample : samples) *to++ = static_cast<std::byte>(to_a_law(sample));
    return out;
}

/// The sound in a packet: each byte is a sample, so any packet holds some.
inline audio decode_g711(const packet& in, g711_law law, std::uint8_t channels = 1) {
    const auto bytes = in.bytes.span();
    audio out(audio_format(8'000, channels), channels == 0 ? 0 : bytes.size() / channels);
    out.stamp = in.stamp;
    const auto& table = law == g711_law::mu ? detail::mu_law_table : detail::a_law_table;
    std::size_t next = 0;
    for (auto& sample : out.s16()) sample = table[static_cast<std::uint8_t>(bytes[next++])];
    return out;
}

}  // namespace rtai
