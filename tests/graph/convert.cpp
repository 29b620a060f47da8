#include <rtai/graph/elements/convert.hpp>
#include <rtai/graph/turn.hpp>
#include <utility>
#include <vector>

#include "graph/flow.hpp"
#include "support/co_test.hpp"
#include "support/sound.hpp"

using namespace rtai;
using namespace rtai::test;

CO_TEST("sound is converted to what the output is planned for", "[convert]") {
    const audio_format from(16'000), to(48'000, 2, encoding::f32);
    convert c;
    feed<audio> in(c.in, 64, from);
    drain<audio> out(c.out, 64, to);
    for (std::size_t i = 0; i < 10; ++i) in.say(sine(from, 1000, 320, i * 320));
    in.end();
    co_await play(c);
    std::vector<float> heard;
    for (const auto& piece : out.take()) {
        REQUIRE(piece.format == to);
        append(heard, channel_of(piece, 1));
    }
    REQUIRE(heard.size() == Approx(9600).margin(3));
    REQUIRE(level_at(heard, 48'000, 1000) == Approx(0.5).epsilon(0.02));
    REQUIRE(out.ended());
}

CO_TEST("sound that is as planned already goes through untouched", "[convert]") {
    const audio_format format(16'000);
    convert c;
    feed<audio> in(c.in, 64, format);
    drain<audio> out(c.out, 64, format);
    audio piece = sine(format, 440, 320);
    piece.stamp.epoch = 3;
    const auto* samples = piece.bytes().data();
    in.say(std::move(piece));
    in.end();
    co_await play(c);
    const auto got = out.take();
    REQUIRE(got.size() == 1);
    REQUIRE(got[0].bytes().data() == samples);
    REQUIRE(got[0].stamp.epoch == 3);
}

CO_TEST("what is kept of one turn does not sound in the next", "[convert]") {
    const audio_format from(16'000), to(48'000);
    turn t;
    convert c;
    feed<audio> in(c.in, 64, from);
    drain<audio> out(c.out, 64, to);
    c.out.belong_to(t);
    audio loud = sine(from, 1000, 320);
    loud.stamp.epoch = t.epoch();
    t.interrupt();
    audio silence(from, 320);
    for (auto& s : silence.s16()) s = 0;
    silence.stamp.epoch = t.epoch();
    in.say(std::move(loud));
    in.say(std::move(silence));
    in.end();
    co_await play(c);
    std::vector<float> heard;
    for (const auto& piece : out.take()) {
        REQUIRE(piece.stamp.epoch == t.epoch());
        append(heard, channel_of(piece));
    }
    REQUIRE(heard.size() == Approx(960).margin(3));
    REQUIRE(energy_of(heard) == 0);
}
