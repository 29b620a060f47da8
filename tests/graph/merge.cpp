#include <chrono>
#include <rtai/core/join.hpp>
#include <rtai/graph/elements/merge.hpp>
#include <utility>

#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

CO_TEST("a merge puts everything into one stream as it comes", "[merge]") {
    merge<text> m;
    feed<text> a(m.in), b(m.in);
    drain<text> out(m.out);
    auto speak = [&]() -> task<> {
        for (int i = 0; i < 2; ++i) {
            a.say(line("a", 3));
            co_await sleep_for(1ms);
            b.say(line("b", 3));
            co_await sleep_for(1ms);
        }
        a.end();
        b.end();
    };
    co_await join(play(m), speak());
    const auto got = out.take();
    REQUIRE(words_of(got) == words{"a", "b", "a", "b"});
    REQUIRE(got[3].stamp.sequence == 1);
    REQUIRE(got[3].stamp.epoch == 3);
    REQUIRE(out.ended());
}

CO_TEST("a merge goes on until the last of its inputs has ended", "[merge]") {
    merge<text> m;
    feed<text> a(m.in), b(m.in);
    drain<text> out(m.out);
    a.end();
    auto speak = [&]() -> task<> {
        co_await sleep_for(10ms);
        b.say(line("late"));
        b.end();
    };
    co_await join(play(m), speak());
    REQUIRE(words_of(out.take()) == words{"late"});
}

CO_TEST("when nobody receives, a merge ends though some inputs are silent", "[merge]") {
    merge<text> m;
    feed<text> a(m.in), silent(m.in);
    drain<text> out(m.out);
    out.leave();
    a.say(line("x"));
    co_await play(m);
    REQUIRE(silent.to().ended());
}

CO_TEST("a merge without inputs ends at once", "[merge]") {
    merge<text> m;
    drain<text> out(m.out);
    co_await play(m);
    REQUIRE(out.ended());
}
