#include <chrono>
#include <rtai/core/join.hpp>
#include <rtai/graph/elements/throttle.hpp>
#include <utility>

#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

throttle<text>::options at_most(double rate, bool drop = false) {
    throttle<text>::options o;
    o.rate = hertz(rate);
    o.drop = drop;
    return o;
}

task<std::vector<arrival<text>>> through(throttle<text>& t, int count, duration pause) {
    feed<text> in(t.in);
    drain<text> out(t.out);
    std::vector<arrival<text>> got;
    auto speak = [&]() -> task<> {
        for (int i = 0; i < count; ++i) {
            in.say(line("x", 2));
            co_await sleep_for(pause);
        }
        in.end();
    };
    co_await join(play(t), speak(), note_arrivals(out.from(), got));
    co_return got;
}

}  // namespace

CO_TEST("a throttle spaces values out", "[throttle]") {
    throttle<text> t(at_most(100));
    const auto got = co_await through(t, 4, 0ms);
    REQUIRE(got.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
        REQUIRE(got[i].when == i * 10ms);
        REQUIRE(got[i].value.stamp.sequence == i);
    }
    REQUIRE(got[3].value.stamp.epoch == 2);
}

CO_TEST("a throttle that drops leaves out what is too early", "[throttle]") {
    throttle<text> t(at_most(100, true));
    const auto got = co_await through(t, 7, 4ms);
    REQUIRE(got.size() == 3);
    REQUIRE(got[1].when == 12ms);
    REQUIRE(got[1].value.stamp.sequence == 3);
    REQUIRE(got[2].when == 24ms);
}

CO_TEST("what is slow enough is not held up", "[throttle]") {
    throttle<text> t(at_most(100));
    const auto got = co_await through(t, 3, 15ms);
    REQUIRE(got.size() == 3);
    REQUIRE(got[2].when == 30ms);
}
