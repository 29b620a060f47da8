#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <rtai/media/convert.hpp>
#include <utility>
#include <vector>

#include "support/sound.hpp"

using namespace rtai;
using namespace rtai::test;

namespace {

audio stamped_sine(audio_format format, std::size_t frames) {
    audio a = sine(format, 1000, frames);
    a.stamp.at = time_point(std::chrono::seconds(3));
    a.stamp.sequence = 7;
    a.stamp.epoch = 5;
    return a;
}

}  // namespace

TEST_CASE("what is in the wanted format already comes back as the same samples", "[convert]") {
    const audio_format format(48'000, 2, encoding::f32);
    converter c(format);
    audio in = stamped_sine(format, 960);
    const auto* samples = in.bytes().data();
    const audio out = c.convert(std::move(in));
    REQUIRE(out.bytes().data() == samples);
    REQUIRE(out.unique());
    REQUIRE(c.flush().frames() == 0);
}

TEST_CASE("each format becomes each other, and the tone stays what it is", "[convert]") {
    std::vector<audio_format> formats;
    for (const std::uint32_t rate : {8'000U, 16'000U, 44'100U, 48'000U})
        for (const std::uint8_t channels : {std::uint8_t{1}, std::uint8_t{2}})
            for (const auto e : {encoding::s16, encoding::f32}) formats.emplace_back(rate, channels, e);
    for (const auto& from : formats)
        for (const auto& to : formats) {
            CAPTURE(from.rate, from.channels, size_of(from.encoding), to.rate, to.channels,
                    size_of(to.encoding));
            converter c(to, quality::fastest);
            std::vector<float> heard;
            for (std::size_t i = 0; i < 25; ++i) {
                const std::size_t piece = from.rate / 50;
                const audio out = c.convert(sine(from, 1000, piece, i * piece));
                if (out.format != to) FAIL("another format came out");
                append(heard, channel_of(out, to.channels - 1U));
            }
            append(heard, channel_of(c.flush(), to.channels - 1U));
            REQUIRE(heard.size() == Approx(to.rate / 2).margin(3));
            REQUIRE(level_at(heard, to.rate, 1000) == Approx(0.5).epsilon(0.02));
        }
}

TEST_CASE("the stamp is carried on", "[convert]") {
    const audio_format from(16'000, 1, encoding::s16);
    for (const audio_format to :
         {audio_format(16'000, 1, encoding::f32), audio_format(16'000, 2, encoding::s16),
          audio_format(48'000, 1, encoding::s16), from}) {
        converter c(to);
        const audio out = c.convert(stamped_sine(from, 320));
        REQUIRE(out.stamp.at == time_point(std::chrono::seconds(3)));
        REQUIRE(out.stamp.sequence == 7);
        REQUIRE(out.stamp.epoch == 5);
        const audio rest = c.flush();
        REQUIRE((rest.frames() > 0) == (to.rate != from.rate));
        REQUIRE(rest.stamp.at == time_point(std::chrono::milliseconds(3020)));
        REQUIRE(rest.stamp.sequence == 8);
        REQUIRE(rest.stamp.epoch == 5);
    }
}

TEST_CASE("integers come back the same from floats", "[convert]") {
    const audio_format whole(16'000, 1, encoding::s16), real(16'000, 1, encoding::f32);
    audio in(whole, 65'536);
    for (int i = 0; i < 65'536; ++i)
        in.s16()[static_cast<std::size_t>(i)] = static_cast<std::int16_t>(i - 32'768);
    converter there(real), back(whole);
    const audio out = back.convert(there.convert(in));
    for (std::size_t i = 0; i < 65'536; ++i)
        if (out.s16()[i] != in.s16()[i]) FAIL("sample " << in.s16()[i] << " became " << out.s16()[i]);
}

TEST_CASE("what is too loud is clamped, and what is no number is silent", "[convert]") {
    REQUIRE(to_s16(1.0F) == 32767);
    REQUIRE(to_s16(2.5F) == 32767);
    REQUIRE(to_s16(-1.0F) == -32768);
    REQUIRE(to_s16(-70'000.0F) == -32768);
    REQUIRE(to_s16(std::numeric_limits<float>::infinity()) == 32767);
    REQUIRE(to_s16(-std::numeric_limits<float>::infinity()) == -32768);
    REQUIRE(to_s16(std::numeric_limits<float>::quiet_NaN()) == 0);
    REQUIRE(to_s16(0.5F) == 16384);
}

TEST_CASE("two channels become one by their mean, and one becomes two alike", "[convert]") {
    audio two(audio_format(16'000, 2), 2);
    two.s16()[0] = 1000;
    two.s16()[1] = 3000;
    two.s16()[2] = 32767;
    two.s16()[3] = 32767;
    converter down(audio_format(16'000, 1)), up(audio_format(16'000, 2));
    const audio one = down.convert(two);
    REQUIRE(one.frames() == 2);
    REQUIRE(one.s16()[0] == 2000);
    REQUIRE(one.s16()[1] == 32767);
    const audio again = up.convert(one);
    REQUIRE(again.s16()[0] == 2000);
    REQUIRE(again.s16()[1] == 2000);
}

TEST_CASE("more than two channels are mixed to one, or the first two are taken", "[convert]") {
    audio six(audio_format(16'000, 6, encoding::f32), 1);
    for (std::size_t i = 0; i < 6; ++i) six.f32()[i] = 0.1F * static_cast<float>(i);
    converter one(audio_format(16'000, 1, encoding::f32)), two(audio_format(16'000, 2, encoding::f32));
    REQUIRE(one.convert(six).f32()[0] == Approx(0.25));
    const audio pair = two.convert(six);
    REQUIRE(pair.f32()[0] == 0);
    REQUIRE(pair.f32()[1] == Approx(0.1));
}

TEST_CASE("a stream may change its format on the way", "[convert]") {
    converter c(audio_format(16'000));
    std::size_t frames = 0;
    for (const std::uint32_t rate : {8'000U, 16'000U, 48'000U, 16'000U, 8'000U})
        frames += c.convert(sine(audio_format(rate, rate == 48'000 ? 2 : 1), 440, rate)).frames();
    REQUIRE(frames == Approx(80'000).margin(400));
}

TEST_CASE("a piece without frames is no trouble", "[convert]") {
    converter same(audio_format(16'000)), other(audio_format(48'000, 2, encoding::f32));
    REQUIRE(same.convert(audio(audio_format(16'000), 0)).frames() == 0);
    REQUIRE(other.convert(audio(audio_format(16'000), 0)).frames() == 0);
    REQUIRE(other.convert(audio()).frames() == 0);
    REQUIRE(other.flush().frames() <= 2);
}
