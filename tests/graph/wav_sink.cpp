#include <rtai/graph/elements/wav_sink.hpp>
#include <rtai/media/wav.hpp>
#include <utility>

#include "graph/flow.hpp"
#include "support/co_test.hpp"
#include "support/sound.hpp"

using namespace rtai;
using namespace rtai::test;
using Catch::Matchers::Contains;

namespace {

wav_sink::options into(std::filesystem::path path) {
    wav_sink::options o;
    o.path = std::move(path);
    return o;
}

}  // namespace

CO_TEST("what comes is in the file", "[wav_sink]") {
    const auto path = temporary("sink.wav");
    const audio_format format(24'000, 2, encoding::f32);
    wav_sink s(into(path));
    feed<audio> in(s.in, 64, format);
    in.say(sine(format, 440, 480));
    in.say(sine(format, 440, 480, 480));
    in.end();
    co_await play(s);
    auto file = sound_reader::open(path);
    REQUIRE(file);
    REQUIRE(file->format() == format);
    REQUIRE(channel_of(*file->read(5000)) == channel_of(sine(format, 440, 960)));
}

CO_TEST("a file keeps the format of its first piece", "[wav_sink]") {
    const auto path = temporary("mixed.wav");
    wav_sink s(into(path));
    feed<audio> in(s.in);
    in.say(sine(audio_format(16'000), 440, 320));
    in.say(sine(audio_format(48'000, 2), 440, 960));
    in.end();
    co_await play(s);
    auto file = sound_reader::open(path);
    REQUIRE(file->format() == audio_format(16'000));
    REQUIRE(file->frames() == Approx(640).margin(3));
}

CO_TEST("where nothing comes the file is there, without sound", "[wav_sink]") {
    const auto path = temporary("silent.wav");
    wav_sink s(into(path));
    feed<audio> in(s.in, 64, audio_format(8'000));
    in.end();
    co_await play(s);
    auto file = sound_reader::open(path);
    REQUIRE(file->format() == audio_format(8'000));
    REQUIRE(file->frames() == 0);
}

CO_TEST("a place that a WAV sink can not write is told at start, and is a failure later", "[wav_sink]") {
    const auto path = temporary("no/where.wav");
    wav_sink s(into(path));
    feed<audio> in(s.in);
    in.say(sine(audio_format(), 440, 320));
    const auto said = co_await failure_of(s);
    REQUIRE_THAT(said, Contains("where.wav") && Contains("make the directory"));
    REQUIRE_THAT(available<wav_sink>(into(path)).error().message(), Contains("make the directory"));
    REQUIRE(available<wav_sink>(into(temporary("fine.wav"))));
}
