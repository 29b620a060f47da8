#include <chrono>
#include <rtai/core/join.hpp>
#include <rtai/graph/elements/delay.hpp>
#include <rtai/graph/turn.hpp>
#include <utility>

#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

delay<text>::options later_by(duration by, std::size_t most = 1000) {
    delay<text>::options o;
    o.by = by;
    o.most = most;
    return o;
}

}  // namespace

CO_TEST("a delay keeps order and spacing", "[delay]") {
    delay<text> d(later_by(100ms));
    feed<text> in(d.in);
    drain<text> out(d.out);
    std::vector<arrival<text>> got;
    auto speak = [&]() -> task<> {
        for (const auto pause : {5ms, 0ms, 200ms}) {
            in.say(line("x", 2));
            co_await sleep_for(pause);
        }
        in.end();
    };
    co_await join(play(d), speak(), note_arrivals(out.from(), got));
    REQUIRE(got.size() == 3);
    REQUIRE(got[0].when == 100ms);
    REQUIRE(got[1].when == 105ms);
    REQUIRE(got[2].when == 105ms);
    for (std::uint64_t i = 0; i < 3; ++i) REQUIRE(got[i].value.stamp.sequence == i);
    REQUIRE(got[2].value.stamp.epoch == 2);
}

CO_TEST("a delay holds no more than it may", "[delay]") {
    delay<text> d(later_by(100ms, 2));
    feed<text> in(d.in, 1);
    drain<text> out(d.out);
    std::vector<arrival<text>> got;
    auto speak = [&]() -> task<> { co_await say_slowly(in.to(), words(8, "x"), 0ms); };
    auto end = [&]() -> task<> {
        co_await speak();
        in.end();
    };
    co_await join(play(d), end(), note_arrivals(out.from(), got));
    REQUIRE(got.size() == 8);
    REQUIRE(got.front().when == 100ms);
    REQUIRE(got.back().when >= 200ms);
    REQUIRE(got.back().when <= 400ms);
}

CO_TEST("what is stale is not waited for", "[delay]") {
    turn t;
    delay<text> d(later_by(1s));
    feed<text> in(d.in);
    drain<text> out(d.out);
    d.out.belong_to(t);
    std::vector<arrival<text>> got;
    auto speak = [&]() -> task<> {
        in.say(line("old", t.epoch()));
        co_await sleep_for(10ms);
        in.say(line("old", t.epoch()));
        t.interrupt();
        in.say(line("new", t.epoch()));
        in.end();
    };
    co_await join(play(d), speak(), note_arrivals(out.from(), got));
    REQUIRE(got.size() == 1);
    REQUIRE(got[0].value.words == "new");
    REQUIRE(got[0].when == 1010ms);
    REQUIRE(t.dropped() == 2);
}

CO_TEST("a delay ends when nobody receives, though its input goes on", "[delay]") {
    delay<text> d(later_by(10ms));
    feed<text> in(d.in);
    drain<text> out(d.out);
    out.leave();
    in.say(line("x"));
    co_await play(d);
    REQUIRE(in.to().ended());
}
