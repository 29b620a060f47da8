#include <algorithm>
#include <chrono>
#include <cstdint>
#include <rtai/core/detail/random.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timer.hpp>
#include <utility>
#include <vector>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using test::counted;

namespace {

duration elapsed() { return test::world().elapsed(); }

task<> note_at(duration when, std::vector<duration>& order) {
    co_await sleep_for(when);
    order.push_back(elapsed());
}

task<> sleep_long() {
    const counted alive(1);
    co_await sleep_for(1h);
}

}  // namespace

CO_TEST("sleeping takes the time it says", "[timer]") {
    co_await sleep_for(5ms);
    REQUIRE(elapsed() == 5ms);
    co_await sleep_until(now() + 7ms);
    REQUIRE(elapsed() == 12ms);
}

CO_TEST("a time that has come or gone is not waited for", "[timer]") {
    co_await sleep_for(1ms);
    const auto steps = test::world().steps();
    co_await sleep_for(0ms);
    co_await sleep_for(-1h);
    co_await sleep_until(now());
    co_await sleep_until(time_point::min());
    REQUIRE(test::world().steps() == steps);
    REQUIRE(elapsed() == 1ms);
}

CO_TEST("sleepers wake in the order of their times", "[timer]") {
    std::vector<duration> order;
    co_await join(note_at(3ms, order), note_at(1ms, order), note_at(2ms, order), note_at(1ms, order));
    REQUIRE(order == std::vector<duration>{1ms, 1ms, 2ms, 3ms});
}

CO_TEST("a sleep that is given up leaves no timer behind", "[timer]") {
    const auto before = counted::alive;
    co_await with_scope([&](scope& s) -> task<> {
        for (int i = 0; i < 5; ++i) s.spawn(sleep_long());
        co_await sleep_for(1ms);
        REQUIRE(this_shard().waiting_timers() == 5);
        s.cancel();
        co_await s.join();
        REQUIRE(this_shard().waiting_timers() == 0);
    });
    REQUIRE(counted::alive == before);
    REQUIRE(elapsed() == 1ms);
}

CO_TEST("a sleep that is given up in the moment in which it ends harms nobody", "[timer]") {
    for (int i = 0; i < 3; ++i) {
        auto first = co_await race(sleep_for(1ms), sleep_for(1ms), sleep_for(1ms));
        REQUIRE(first.index() <= 2);
        REQUIRE(this_shard().waiting_timers() == 0);
    }
    REQUIRE(elapsed() == 3ms);
}

CO_TEST("yield lets all that is ready go first", "[timer]") {
    int others = 0;
    auto count = [](int& n) -> task<> {
        for (int i = 0; i < 3; ++i) {
            ++n;
            co_await yield();
        }
    };
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(count(others));
        while (others < 3) co_await yield();
        co_await s.join();
    });
    REQUIRE(others == 3);
    REQUIRE(elapsed() == 0ms);
}

CO_TEST("a yield can be given up", "[timer]") {
    event set;
    set.set();
    auto spin = []() -> task<> {
        const counted alive(1);
        for (;;) co_await yield();
    };
    auto first = co_await race(spin(), sleep_for(0ms));
    REQUIRE(first.index() == 1);
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(spin());
        co_await yield();
        s.cancel();
        co_await s.join();
    });
}

CO_TEST("sleeping for the longest time there is, is not the same as not sleeping", "[timer]") {
    co_await sleep_for(1ms);
    auto first = co_await race(sleep_for(duration::max()), sleep_for(1ms));
    REQUIRE(first.index() == 1);
}

TEST_CASE("a thousand sleepers of which some are given up wake in order", "[timer]") {
    auto many = [](std::uint64_t seed, sim::world& w) -> task<> {
        detail::random random(seed);
        std::vector<duration> woken;
        auto sleep = [](duration d, sim::world& in, std::vector<duration>& to) -> task<> {
            co_await sleep_for(d);
            REQUIRE(in.elapsed() == d);
            to.push_back(d);
        };
        auto sleep_or_not = [](duration d, duration patience) -> task<> {
            (void)co_await race(sleep_for(d), sleep_for(patience));
        };
        std::vector<task<>> work;
        for (int i = 0; i < 500; ++i) {
            const auto d = std::chrono::microseconds(random.below(200));
            work.push_back(sleep(d, w, woken));
            const auto longer = std::chrono::microseconds(random.below(200));
            const auto patience = std::chrono::microseconds(random.below(200));
            work.push_back(sleep_or_not(longer, patience));
        }
        co_await join(std::move(work));
        REQUIRE(woken.size() == 500);
        REQUIRE(std::is_sorted(woken.begin(), woken.end()));
        REQUIRE(this_shard().waiting_timers() == 0);
    };
    sim::for_seeds(20, [&](std::uint64_t seed) {
        sim::world w(seed);
        w.run(many(seed, w));
    });
}
