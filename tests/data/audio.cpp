#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <limits>
#include <rtai/data/audio.hpp>
#include <stdexcept>
#include <utility>

using namespace std::chrono_literals;
using rtai::audio;
using rtai::audio_format;
using rtai::encoding;

TEST_CASE("a format knows its bytes, frames and times", "[audio]") {
    STATIC_REQUIRE(audio_format().frame_bytes() == 2);
    STATIC_REQUIRE(audio_format(48000, 2, encoding::f32).frame_bytes() == 8);
    STATIC_REQUIRE(audio_format(16000).frames_in(20ms) == 320);
    STATIC_REQUIRE(audio_format(44100).frames_in(10ms) == 441);
    STATIC_REQUIRE(audio_format(16000).time_of(320) == 20ms);
    STATIC_REQUIRE(audio_format(16000) != audio_format(8000));
    STATIC_REQUIRE(audio_format(16000) == audio_format(16000, 1, encoding::s16));
    STATIC_REQUIRE(audio_format(16000).frames_in(-1s) == 0);
}

TEST_CASE("a format counts right for as long as a call may last", "[audio]") {
    const audio_format f(48000);
    REQUIRE(f.frames_in(24h * 365) == 48000ULL * 3600 * 24 * 365);
    REQUIRE(f.time_of(f.frames_in(24h * 365)) == 24h * 365);
    REQUIRE(f.frames_in(100h + 20ms) == 48000ULL * 360'000 + 960);
    REQUIRE(audio_format(std::numeric_limits<std::uint32_t>::max()).frames_in(1s) == 4294967295U);
}

TEST_CASE("a format of nothing divides by nothing", "[audio]") {
    REQUIRE(audio_format(0).time_of(100) == 0ns);
    REQUIRE(audio(audio_format(16000, 0), 100).frames() == 0);
}

TEST_CASE("audio has room for the frames that were asked for", "[audio]") {
    audio a(audio_format(48000, 2), 960);
    REQUIRE(a.frames() == 960);
    REQUIRE(a.time() == 20ms);
    REQUIRE(a.s16().size() == 1920);
    REQUIRE(a.bytes().size() == 3840);
    audio f(audio_format(16000, 1, encoding::f32), 160);
    REQUIRE(f.f32().size() == 160);
    REQUIRE(f.bytes().size() == 640);
    REQUIRE(reinterpret_cast<std::uintptr_t>(f.f32().data()) % alignof(float) == 0);
}

TEST_CASE("samples keep what was written into them", "[audio]") {
    audio a(audio_format(16000), 3);
    a.s16()[0] = 1;
    a.s16()[2] = -32768;
    const auto& same = a;
    REQUIRE(same.s16()[0] == 1);
    REQUIRE(same.s16()[2] == -32768);
}

TEST_CASE("asking for the other encoding is a mistake of the program", "[audio]") {
    audio a(audio_format(16000), 3);
    const audio f(audio_format(16000, 1, encoding::f32), 3);
    REQUIRE_THROWS_AS(a.f32(), std::logic_error);
    REQUIRE_THROWS_AS(f.s16(), std::logic_error);
}

TEST_CASE("copies of audio share its samples", "[audio]") {
    audio a(audio_format(16000), 3);
    a.s16()[1] = 7;
    a.stamp.sequence = 5;
    REQUIRE(a.unique());
    {
        const audio b = a;
        REQUIRE_FALSE(a.unique());
        REQUIRE(b.s16().data() == a.s16().data());
        REQUIRE(b.stamp.sequence == 5);
    }
    REQUIRE(a.unique());
    const audio c = std::move(a);
    REQUIRE(c.unique());
    REQUIRE(c.s16()[1] == 7);
}

TEST_CASE("audio shrinks, and grows again up to what it was made with", "[audio]") {
    audio a(audio_format(16000, 2), 320);
    a.resize(160);
    REQUIRE(a.frames() == 160);
    REQUIRE(a.s16().size() == 320);
    REQUIRE(a.time() == 10ms);
    a.resize(320);
    REQUIRE(a.frames() == 320);
    REQUIRE_THROWS_AS(a.resize(321), std::length_error);
    REQUIRE_THROWS_AS(a.resize(std::numeric_limits<std::size_t>::max() / 4 + 1), std::length_error);
}

TEST_CASE("audio without samples is none", "[audio]") {
    audio a;
    REQUIRE(a.frames() == 0);
    REQUIRE(a.time() == 0ns);
    REQUIRE(a.s16().empty());
    REQUIRE_FALSE(a.unique());
    a.resize(0);
    REQUIRE_THROWS_AS(a.resize(1), std::length_error);
}

TEST_CASE("more frames than memory could hold are refused", "[audio]") {
    REQUIRE_THROWS_AS(audio(audio_format(16000), std::numeric_limits<std::size_t>::max() / 2 + 1),
                      std::length_error);
    REQUIRE_THROWS_AS(audio(audio_format(16000), rtai::buffer::max_size), std::length_error);
}
