#include <chrono>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/graph/turn.hpp>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;

TEST_CASE("an interruption makes stale what came before it, but not what belongs to no turn", "[turn]") {
    turn t;
    const auto first = t.epoch();
    REQUIRE(first != 0);
    REQUIRE_FALSE(t.stale(first));
    t.interrupt();
    REQUIRE(t.epoch() == first + 1);
    REQUIRE(t.stale(first));
    REQUIRE_FALSE(t.stale(t.epoch()));
    REQUIRE_FALSE(t.stale(0));
}

CO_TEST("who waits for the interruption goes on with it, and who comes later waits for the next", "[turn]") {
    turn t;
    int heard = 0;
    auto listen = [&]() -> task<> {
        co_await t.interrupted();
        ++heard;
        co_await t.interrupted();
        ++heard;
    };
    auto interrupt = [&]() -> task<> {
        co_await sleep_for(1ms);
        t.interrupt();
        co_await sleep_for(1ms);
        REQUIRE(heard == 1);
        t.interrupt();
    };
    co_await join(listen(), interrupt());
    REQUIRE(heard == 2);
}

CO_TEST("work that races with the interruption is given up by it", "[turn]") {
    turn t;
    bool finished = false;
    auto work = [&]() -> task<> {
        co_await sleep_for(1s);
        finished = true;
    };
    auto speak = [&]() -> task<> { (void)co_await race(work(), t.interrupted()); };
    auto interrupt = [&]() -> task<> {
        co_await sleep_for(10ms);
        t.interrupt();
    };
    const time_point start = now();
    co_await join(speak(), interrupt());
    REQUIRE_FALSE(finished);
    REQUIRE(now() - start == 10ms);
}
