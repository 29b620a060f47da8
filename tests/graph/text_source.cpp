#include <chrono>
#include <rtai/core/join.hpp>
#include <rtai/graph/elements/text_source.hpp>
#include <utility>

#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

text_source::options saying(words lines, duration every = 0ms) {
    text_source::options o;
    o.lines = std::move(lines);
    o.every = every;
    return o;
}

}  // namespace

CO_TEST("a text source says its texts at once", "[text_source]") {
    text_source s(saying({"one", "two"}));
    drain<text> out(s.out);
    const time_point start = now();
    co_await play(s);
    const auto got = out.take();
    REQUIRE(words_of(got) == words{"one", "two"});
    REQUIRE(in_sequence(got));
    REQUIRE(got[0].final);
    REQUIRE(got[0].stamp.at == start);
    REQUIRE(now() == start);
    REQUIRE(out.ended());
}

CO_TEST("a text source may take its time", "[text_source]") {
    text_source s(saying({"one", "two", "three"}, 300ms));
    drain<text> out(s.out);
    std::vector<arrival<text>> got;
    co_await join(play(s), note_arrivals(out.from(), got));
    REQUIRE(got.size() == 3);
    REQUIRE(got[0].when == 0ms);
    REQUIRE(got[1].when == 300ms);
    REQUIRE(got[2].when == 600ms);
}

CO_TEST("a text source without texts ends at once", "[text_source]") {
    text_source s;
    drain<text> out(s.out);
    co_await play(s);
    REQUIRE(out.ended());
}
