#include <rtai/graph/elements/file_sink.hpp>
#include <utility>

#include "graph/flow.hpp"
#include "support/co_test.hpp"
#include "support/sound.hpp"

using namespace rtai;
using namespace rtai::test;
using Catch::Matchers::Contains;

namespace {

file_sink::options into(std::filesystem::path path, bool append = false, bool guesses = false) {
    file_sink::options o;
    o.path = std::move(path);
    o.append = append;
    o.guesses = guesses;
    return o;
}

task<std::string> written(file_sink::options o) {
    const auto path = o.path;
    file_sink s(std::move(o));
    feed<text> in(s.in);
    in.say(line("one"));
    in.say(text("tw", false));
    in.say(line("two"));
    in.end();
    co_await play(s);
    co_return file_text(path);
}

}  // namespace

CO_TEST("final texts are lines of the file, over what was there", "[file_sink]") {
    const auto path = temporary("sink.txt");
    write_file(path, "old\n");
    const auto got = co_await written(into(path));
    REQUIRE(got == "one\ntwo\n");
}

CO_TEST("texts may go on at the end of a file", "[file_sink]") {
    const auto path = temporary("append.txt");
    write_file(path, "old\n");
    const auto got = co_await written(into(path, true));
    REQUIRE(got == "old\none\ntwo\n");
}

CO_TEST("guesses are written where they are wanted", "[file_sink]") {
    const auto got = co_await written(into(temporary("guesses.txt"), false, true));
    REQUIRE(got == "one\ntw\ntwo\n");
}

CO_TEST("a place that a file sink can not write is told at start, and is a failure later", "[file_sink]") {
    const auto path = temporary("no/where.txt");
    file_sink s(into(path));
    feed<text> in(s.in);
    in.end();
    const auto said = co_await failure_of(s);
    REQUIRE_THAT(said, Contains("where.txt") && Contains("make the directory"));
    REQUIRE_THAT(available<file_sink>(into(path)).error().message(), Contains("make the directory"));
    REQUIRE(available<file_sink>(into(temporary("fine.txt"))));
}

CO_TEST("a full disk is a failure with the name of the file", "[file_sink]") {
    file_sink s(into("/dev/full"));
    feed<text> in(s.in);
    in.say(line("one"));
    const auto said = co_await failure_of(s);
    REQUIRE_THAT(said, Contains("'/dev/full'") && Contains("room on the disk"));
}
