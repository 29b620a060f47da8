#include <rtai/graph/elements/pass.hpp>
#include <utility>

#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;

CO_TEST("a pass passes everything on", "[pass]") {
    pass<text> p;
    feed<text> in(p.in);
    drain<text> out(p.out);
    in.say(line("one", 2));
    in.say(line("two", 2));
    in.end();
    co_await play(p);
    const auto got = out.take();
    REQUIRE(words_of(got) == words{"one", "two"});
    REQUIRE(in_sequence(got));
    REQUIRE(got[0].stamp.epoch == 2);
    REQUIRE(out.ended());
}
