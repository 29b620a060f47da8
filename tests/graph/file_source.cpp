#include <rtai/graph/elements/file_source.hpp>
#include <utility>

#include "graph/flow.hpp"
#include "support/co_test.hpp"
#include "support/sound.hpp"

using namespace rtai;
using namespace rtai::test;
using Catch::Matchers::Contains;

namespace {

file_source::options reading(std::filesystem::path path, bool whole = false) {
    file_source::options o;
    o.path = std::move(path);
    o.whole = whole;
    return o;
}

std::filesystem::path file(const std::string& name, const std::string& text) {
    write_file(temporary(name), text);
    return temporary(name);
}

}  // namespace

CO_TEST("each line of a file is a text", "[file_source]") {
    file_source s(reading(file("lines.txt", "one\r\ntwo\n\nthree")));
    drain<text> out(s.out);
    co_await play(s);
    const auto got = out.take();
    REQUIRE(words_of(got) == words{"one", "two", "", "three"});
    REQUIRE(in_sequence(got));
    REQUIRE(out.ended());
}

CO_TEST("a file may be one text", "[file_source]") {
    file_source s(reading(file("whole.txt", "one\ntwo\n"), true));
    drain<text> out(s.out);
    co_await play(s);
    REQUIRE(words_of(out.take()) == words{"one\ntwo\n"});
}

CO_TEST("an empty file has no texts", "[file_source]") {
    for (const bool whole : {false, true}) {
        file_source s(reading(file("empty.txt", ""), whole));
        drain<text> out(s.out);
        co_await play(s);
        REQUIRE(out.take().empty());
        REQUIRE(out.ended());
    }
}

CO_TEST("a file source ends when nobody receives", "[file_source]") {
    file_source s(reading(file("more.txt", "one\ntwo\n")));
    drain<text> out(s.out);
    out.leave();
    co_await play(s);
    REQUIRE_FALSE(s.out);
}

CO_TEST("a file that is not there is told at start, and is a failure later", "[file_source]") {
    file_source s(reading("gone.txt"));
    drain<text> out(s.out);
    const auto said = co_await failure_of(s);
    REQUIRE_THAT(said, Contains("can not read 'gone.txt'") && Contains("No such file"));
    REQUIRE_THAT(available<file_source>(reading("gone.txt")).error().message(), Contains("'gone.txt'"));
    REQUIRE(available<file_source>(reading(file("there.txt", "x"))));
}
