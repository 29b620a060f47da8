#include <rtai/graph/elements/recorder.hpp>
#include <rtai/media/wav.hpp>
#include <utility>

#include "graph/flow.hpp"
#include "support/co_test.hpp"
#include "support/sound.hpp"

using namespace rtai;
using namespace rtai::test;
using Catch::Matchers::Contains;

namespace {

template <class T>
typename recorder<T>::options into(std::filesystem::path path) {
    typename recorder<T>::options o;
    o.path = std::move(path);
    return o;
}

}  // namespace

CO_TEST("sound goes through a recorder untouched, and is in the file", "[recorder]") {
    const auto path = temporary("tap.wav");
    const audio_format format(48'000);
    recorder<audio> r(into<audio>(path));
    feed<audio> in(r.in, 64, format);
    drain<audio> out(r.out);
    audio piece = sine(format, 440, 960);
    const auto* samples = piece.bytes().data();
    in.say(std::move(piece));
    in.say(sine(format, 440, 960, 960));
    in.end();
    co_await play(r);
    const auto got = out.take();
    REQUIRE(got.size() == 2);
    REQUIRE(got[0].bytes().data() == samples);
    REQUIRE(in_sequence(got));
    auto file = sound_reader::open(path);
    REQUIRE(file->format() == format);
    REQUIRE(channel_of(*file->read(5000)) == channel_of(sine(format, 440, 1920)));
}

CO_TEST("texts go through a recorder, and the final ones are lines of the file", "[recorder]") {
    const auto path = temporary("tap.txt");
    recorder<text> r(into<text>(path));
    feed<text> in(r.in);
    drain<text> out(r.out);
    in.say(text("hel", false));
    in.say(line("hello"));
    in.end();
    co_await play(r);
    REQUIRE(words_of(out.take()) == words{"hel", "hello"});
    REQUIRE(file_text(path) == "hello\n");
}

CO_TEST("a recorder whose sound nobody takes still writes what came", "[recorder]") {
    const auto path = temporary("alone.wav");
    recorder<audio> r(into<audio>(path));
    feed<audio> in(r.in);
    drain<audio> out(r.out);
    out.leave();
    in.say(sine(audio_format(), 440, 320));
    co_await play(r);
    REQUIRE(sound_reader::open(path)->frames() == 320);
    REQUIRE(in.to().ended());
}

CO_TEST("a place that a recorder can not write is told at start, and is a failure later", "[recorder]") {
    const auto path = temporary("no/where.wav");
    recorder<audio> r(into<audio>(path));
    feed<audio> in(r.in);
    in.say(sine(audio_format(), 440, 320));
    const auto said = co_await failure_of(r);
    REQUIRE_THAT(said, Contains("make the directory"));
    REQUIRE_FALSE(available<recorder<audio>>(into<audio>(path)));
}
