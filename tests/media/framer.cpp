#include <catch2/catch.hpp>
#include <rtai/media/framer.hpp>
#include <utility>
#include <vector>

#include "support/sound.hpp"

using namespace rtai;
using namespace rtai::test;

TEST_CASE("pieces of any length are cut into pieces of one", "[framer]") {
    const audio_format format(16'000, 2, encoding::f32);
    framer f(format, 320);
    std::vector<float> heard;
    std::size_t first = 0;
    for (const std::size_t frames : {100U, 320U, 1U, 900U, 320U, 0U, 319U}) {
        f.put(sine(format, 440, frames, first));
        first += frames;
        while (auto piece = f.take()) {
            REQUIRE(piece->frames() == 320);
            append(heard, channel_of(*piece, 1));
        }
    }
    REQUIRE(first - heard.size() < 320);
    while (auto piece = f.rest()) append(heard, channel_of(*piece, 1));
    REQUIRE(heard == channel_of(sine(format, 440, first)));
}

TEST_CASE("a piece that has the length already is handed on as it is", "[framer]") {
    const audio_format format(16'000);
    framer f(format, 320);
    audio in = sine(format, 440, 320);
    in.stamp.epoch = 3;
    const auto* samples = in.bytes().data();
    f.put(std::move(in));
    const auto out = f.take();
    REQUIRE(out);
    REQUIRE(out->bytes().data() == samples);
    REQUIRE(out->stamp.epoch == 3);
    REQUIRE_FALSE(f.take());
    REQUIRE_FALSE(f.rest());
}
