#include <rtai/graph/elements/counter.hpp>
#include <utility>

#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;

namespace {

counter<text>::options each(std::uint64_t every) {
    counter<text>::options o;
    o.every = every;
    return o;
}

}  // namespace

CO_TEST("a counter passes everything on and tells the number at the end", "[counter]") {
    counter<text> c;
    feed<text> in(c.in);
    drain<text> out(c.out), counts(c.counts);
    for (int i = 0; i < 3; ++i) in.say(line("x", 2));
    in.end();
    co_await play(c);
    const auto got = out.take();
    REQUIRE(got.size() == 3);
    REQUIRE(in_sequence(got));
    REQUIRE(got[0].stamp.epoch == 2);
    REQUIRE(words_of(counts.take()) == words{"3"});
    REQUIRE(counts.ended());
}

CO_TEST("a counter tells every so many values", "[counter]") {
    counter<text> c(each(2));
    feed<text> in(c.in);
    drain<text> counts(c.counts);
    for (int i = 0; i < 5; ++i) in.say(line("x"));
    in.end();
    co_await play(c);
    const auto told = counts.take();
    REQUIRE(words_of(told) == words{"2", "4", "5"});
    REQUIRE(in_sequence(told));
}

CO_TEST("a counter that nobody asks passes on all the same", "[counter]") {
    counter<text> c(each(1));
    feed<text> in(c.in);
    drain<text> out(c.out), counts(c.counts);
    counts.leave();
    for (int i = 0; i < 3; ++i) in.say(line("x"));
    in.end();
    co_await play(c);
    REQUIRE(out.take().size() == 3);
}

CO_TEST("a counter tells what went through when nobody receives any more", "[counter]") {
    counter<text> c;
    feed<text> in(c.in);
    drain<text> out(c.out), counts(c.counts);
    out.leave();
    in.say(line("x"));
    co_await play(c);
    REQUIRE(words_of(counts.take()) == words{"0"});
    REQUIRE(in.to().ended());
}
