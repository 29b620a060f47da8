#include <chrono>
#include <rtai/core/event.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timer.hpp>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using test::counted;

namespace {

task<> count_when(event& e, int& count) {
    const counted alive(1);
    co_await e.wait();
    ++count;
}

task<> rest() { co_await sleep_for(1ms); }

}  // namespace

CO_TEST("everybody who waits for an event goes on when it is set", "[event]") {
    event e;
    int count = 0;
    co_await with_scope([&](scope& s) -> task<> {
        for (int i = 0; i < 3; ++i) s.spawn(count_when(e, count));
        co_await rest();
        REQUIRE(count == 0);
        REQUIRE_FALSE(e.is_set());
        e.set();
        REQUIRE(e.is_set());
        co_await s.join();
    });
    REQUIRE(count == 3);
}

CO_TEST("nobody waits for an event that has happened, until it is reset", "[event]") {
    event e;
    e.set();
    e.set();
    const auto steps = test::world().steps();
    co_await e.wait();
    co_await e.wait();
    REQUIRE(test::world().steps() == steps);
    e.reset();
    auto first = co_await race(e.wait(), sleep_for(1ms));
    REQUIRE(first.index() == 1);
}

CO_TEST("who was told of an event goes on, even if it is reset before", "[event]") {
    event e;
    int count = 0;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(count_when(e, count));
        co_await rest();
        e.set();
        e.reset();
        co_await s.join();
    });
    REQUIRE(count == 1);
}

CO_TEST("who gives up waiting for an event does not hear of it", "[event]") {
    event e;
    int count = 0;
    const auto before = counted::alive;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(count_when(e, count));
        co_await rest();
        s.cancel();
        e.set();
        co_await s.join();
    });
    REQUIRE(count == 0);
    REQUIRE(counted::alive == before);
}

CO_TEST("an event that was given up by one still wakes the others", "[event]") {
    event e;
    int count = 0;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(count_when(e, count));
        co_await rest();
        auto first = co_await race(e.wait(), sleep_for(1ms));
        REQUIRE(first.index() == 1);
        s.spawn(count_when(e, count));
        co_await rest();
        e.set();
        co_await s.join();
    });
    REQUIRE(count == 2);
}

CO_TEST("an event set by one who was woken by it wakes the next", "[event]") {
    event first;
    event second;
    int count = 0;
    auto pass_on = [](event& from, event& to) -> task<> {
        co_await from.wait();
        to.set();
    };
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(pass_on(first, second));
        s.spawn(count_when(second, count));
        co_await rest();
        first.set();
        co_await s.join();
    });
    REQUIRE(count == 1);
}
