#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <rtai/data/packet.hpp>
#include <rtai/media/g711.hpp>

#include "support/sound.hpp"

using namespace rtai;
using namespace rtai::test;

namespace {

/// The output values of tables 2a and 1a of the recommendation, in the units of the recommendation: 14 bits
/// for mu-law, 13 for A-law.
int mu_value(unsigned segment, unsigned step) {
    return static_cast<int>((33 + 2 * step) * (1U << segment)) - 33;
}
int a_value(unsigned segment, unsigned step) {
    if (segment == 0) return static_cast<int>(2 * step + 1);
    return static_cast<int>((33 + 2 * step) * (1U << (segment - 1)));
}

/// Between which decision values a sample lies that has this code; the last step has no upper one.
struct border {
    int low, high;
};
border mu_border(unsigned segment, unsigned step) {
    const int low = static_cast<int>((32 + 2 * step) << segment) - 33;
    return {std::max(low, 0), segment == 7 && step == 15 ? 1 << 20 : low + static_cast<int>(2U << segment)};
}
border a_border(unsigned segment, unsigned step) {
    if (segment == 0) return {static_cast<int>(2 * step), static_cast<int>(2 * step + 2)};
    const int low = static_cast<int>((32 + 2 * step) << (segment - 1));
    return {low, low + static_cast<int>(1U << segment)};
}

/// FNV-1a over all 256 values, low byte first.
template <class From>
std::uint32_t hash_of(From from) {
    std::uint32_t hash = 2166136261U;
    for (unsigned c = 0; c < 256; ++c) {
        const auto value = static_cast<std::uint16_t>(from(static_cast<std::uint8_t>(c)));
        hash = (hash ^ (value & 0xFFU)) * 16777619U;
        hash = (hash ^ (value >> 8U)) * 16777619U;
    }
    return hash;
}

}  // namespace

TEST_CASE("each of the 256 codes is what the recommendation says", "[g711]") {
    for (unsigned segment = 0; segment < 8; ++segment)
        for (unsigned step = 0; step < 16; ++step) {
            CAPTURE(segment, step);
            const unsigned bits = segment << 4 | step;
            const int mu = 4 * mu_value(segment, step);
            REQUIRE(from_mu_law(static_cast<std::uint8_t>(~bits)) == mu);
            REQUIRE(from_mu_law(static_cast<std::uint8_t>(~bits & 0x7F)) == -mu);
            const int a = 8 * a_value(segment, step);
            REQUIRE(from_a_law(static_cast<std::uint8_t>((bits | 0x80) ^ 0x55)) == a);
            REQUIRE(from_a_law(static_cast<std::uint8_t>(bits ^ 0x55)) == -a);
        }
    // The same of Python's audioop.
    REQUIRE(hash_of(from_mu_law) == 1901958568U);
    REQUIRE(hash_of(from_a_law) == 318465605U);
}

TEST_CASE("a code that is decoded and encoded again is the same", "[g711]") {
    for (unsigned c = 0; c < 256; ++c) {
        CAPTURE(c);
        const auto code = static_cast<std::uint8_t>(c);
        // Of its two zeros, mu-law writes the positive one.
        REQUIRE(to_mu_law(from_mu_law(code)) == (code == 0x7F ? 0xFF : code));
        REQUIRE(to_a_law(from_a_law(code)) == code);
    }
}

TEST_CASE("every sample gets the code between whose decision values it lies", "[g711]") {
    std::size_t wrong = 0;
    // One on the border belongs to the step away from zero, or of the negative ones to the step towards it.
    const auto lies = [](int sample, border b, int unit) {
        if (sample >= 0) return b.low * unit <= sample && sample < b.high * unit;
        return (b.low == 0 || b.low * unit < -sample) && -sample <= b.high * unit;
    };
    for (int s = -32768; s <= 32767; ++s) {
        const unsigned mu = ~unsigned{to_mu_law(static_cast<std::int16_t>(s))};
        const unsigned a = to_a_law(static_cast<std::int16_t>(s)) ^ 0x55U;
        if (!lies(s, mu_border(mu >> 4 & 7, mu & 15), 4) || (s < 0) != ((mu & 0x80) != 0)) ++wrong;
        if (!lies(s, a_border(a >> 4 & 7, a & 15), 8) || (s < 0) != ((a & 0x80) == 0)) ++wrong;
    }
    REQUIRE(wrong == 0);
}

TEST_CASE("known values", "[g711]") {
    REQUIRE(to_mu_law(0) == 0xFF);
    REQUIRE(to_mu_law(-1) == 0x7F);
    REQUIRE(to_mu_law(32767) == 0x80);
    REQUIRE(to_mu_law(-32768) == 0x00);
    REQUIRE(to_mu_law(1000) == 0xCE);
    REQUIRE(to_a_law(0) == 0xD5);
    REQUIRE(to_a_law(-1) == 0x55);
    REQUIRE(to_a_law(32767) == 0xAA);
    REQUIRE(to_a_law(-32768) == 0x2A);
    REQUIRE(to_a_law(1000) == 0xFA);
    // The first of the tone of 1 kHz at 0 dBm0 in table 5 of the recommendation, and in table 6.
    const std::uint8_t mu_tone[] = {0x1E, 0x0B, 0x0B, 0x1E, 0x9E, 0x8B, 0x8B, 0x9E};
    const std::uint8_t a_tone[] = {0x34, 0x21, 0x21, 0x34, 0xB4, 0xA1, 0xA1, 0xB4};
    for (const auto code : mu_tone) REQUIRE(to_mu_law(from_mu_law(code)) == code);
    for (const auto code : a_tone) REQUIRE(to_a_law(from_a_law(code)) == code);
    for (std::size_t i = 0; i < 8; ++i)
        REQUIRE(from_mu_law(mu_tone[i]) == Approx(from_a_law(a_tone[i])).epsilon(0.05));
}

TEST_CASE("a piece becomes a packet and a piece again", "[g711]") {
    for (const std::uint8_t channels : {std::uint8_t{1}, std::uint8_t{2}})
        for (const auto law : {g711_law::mu, g711_law::a}) {
            audio in = sine(audio_format(8'000, channels), 440, 160);
            in.stamp.sequence = 7;
            in.stamp.epoch = 3;
            const packet p = encode_g711(in, law);
            REQUIRE(p.bytes.size() == std::size_t{160} * channels);
            REQUIRE(p.time == std::chrono::milliseconds(20));
            const audio out = decode_g711(p, law, channels);
            REQUIRE(out.format == in.format);
            REQUIRE(out.frames() == 160);
            REQUIRE(out.stamp.sequence == 7);
            REQUIRE(out.stamp.epoch == 3);
            for (std::size_t i = 0; i < in.s16().size(); ++i)
                REQUIRE(out.s16()[i] == Approx(in.s16()[i]).epsilon(0.04).margin(20));
        }
}

TEST_CASE("an empty packet and half a frame are no sound", "[g711]") {
    REQUIRE(decode_g711(packet(), g711_law::mu).frames() == 0);
    REQUIRE(decode_g711(packet(buffer(3)), g711_law::a, 2).frames() == 1);
    REQUIRE(encode_g711(audio(), g711_law::mu).bytes.size() == 0);
}
