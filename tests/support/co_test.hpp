#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <rtai/core/run.hpp>
#include <rtai/core/sim.hpp>
#include <rtai/core/task.hpp>

#include "support/counted.hpp"

namespace rtai::test {

/// The simulated world that the test runs in.
inline thread_local sim::world* current_world = nullptr;
inline sim::world& world() { return *current_world; }

/// Fails if a coroutine frame or a counted value is alive that was not when this was made.
class balance {
public:
    void check() const {
        REQUIRE(live_coroutines == coroutines_);
        REQUIRE(counted::alive == values_);
    }

private:
    std::int64_t coroutines_ = live_coroutines;
    std::int64_t values_ = counted::alive;
};

struct in_world {
    explicit in_world(std::uint64_t seed) : w(seed) { current_world = &w; }
    in_world(const in_world&) = delete;
    in_world& operator=(const in_world&) = delete;
    ~in_world() { current_world = nullptr; }
    sim::world w;
};

/// Runs the test to its end; says in how many steps.
inline std::uint64_t run_whole(task<> (*test)(), std::uint64_t seed) {
    const balance before;
    std::uint64_t steps = 0;
    {
        in_world in(seed);
        in.w.run(test());
        steps = in.w.steps();
    }
    before.check();
    return steps;
}

enum class stop { cancel, drop };

/// Runs the test's first steps only, and then ends it: by cancellation, which it may take its time for,
/// or by destroying everything where it stands.
inline void run_part(task<> (*test)(), std::uint64_t seed, std::uint64_t steps, stop how) {
    const balance before;
    {
        in_world in(seed);
        detail::root<void> root(in.w.first());
        root.start(test());
        for (std::uint64_t i = 0; i < steps && !root.ended(); ++i)
            if (!in.w.step()) break;
        if (how == stop::cancel) {
            root.cancel();
            while (!root.ended()) REQUIRE(in.w.step());
        }
    }
    before.check();
}

/// Every test of a coroutine runs with several seeds, and is stopped after every one of its steps.
inline void run_every_way(task<> (*test)()) {
    constexpr std::uint64_t seeds = 8;
    constexpr std::uint64_t most_stops = 200;
    std::uint64_t steps = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) steps = run_whole(test, seed);
    const std::uint64_t stride = 1 + steps / most_stops;
    for (std::uint64_t n = 0; n < steps; n += stride) {
        run_part(test, seeds, n, stop::cancel);
        run_part(test, seeds, n, stop::drop);
    }
}

}  // namespace rtai::test

#define RTAI_CO_TEST(function, ...)                                  \
    static rtai::task<> function();                                  \
    TEST_CASE(__VA_ARGS__) { rtai::test::run_every_way(&function); } \
    static rtai::task<> function()

/// A test that is a coroutine: `CO_TEST("a value that was sent is received", "[channel]") { ... }`
/// Await first, then REQUIRE: the test may be ended in any await, and Catch wants to finish what it began.
#define CO_TEST(...) RTAI_CO_TEST(INTERNAL_CATCH_UNIQUE_NAME(co_test_), __VA_ARGS__)
