#include <chrono>
#include <memory>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/run.hpp>
#include <rtai/core/timer.hpp>
#include <stdexcept>
#include <utility>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using test::counted;

TEST_CASE("running a task on this thread gives its result", "[run]") {
    auto number = []() -> task<int> { co_return 7; };
    auto pointer = []() -> task<std::unique_ptr<int>> {
        co_await sleep_for(1ms);
        co_return std::make_unique<int>(8);
    };
    auto nothing = []() -> task<> { co_return; };
    REQUIRE(run(number()) == 7);
    REQUIRE(*run(pointer()) == 8);
    run(nothing());
}

TEST_CASE("running a task on this thread lets out what it throws", "[run]") {
    const test::balance before;
    auto fail = []() -> task<int> {
        const counted alive(1);
        co_await yield();
        throw std::out_of_range("failed as planned");
    };
    REQUIRE_THROWS_AS(run(fail()), std::out_of_range);
    before.check();
}

TEST_CASE("an empty task is not run", "[run]") { REQUIRE_THROWS_AS(run(task<>()), std::logic_error); }

TEST_CASE("a run within a run has a shard of its own", "[run]") {
    auto inner = []() -> task<shard*> { co_return &this_shard(); };
    auto outer = [&]() -> task<bool> {
        shard* mine = &this_shard();
        shard* other = run(inner());
        co_return mine != other && &this_shard() == mine;
    };
    REQUIRE(run(outer()));
}

TEST_CASE("a root that is dropped takes its work with it", "[run]") {
    const test::balance before;
    sim::world w;
    auto wait = []() -> task<> {
        const counted alive(1);
        event nothing;
        co_await nothing.wait();
    };
    {
        detail::root<void> never_stepped(w.first());
        never_stepped.start(wait());
        detail::root<void> waiting(w.first());
        waiting.start(wait());
        REQUIRE(w.step());
        REQUIRE_FALSE(waiting.ended());
    }
    REQUIRE_FALSE(w.step());
    before.check();
}

TEST_CASE("a root that is cancelled has ended, and not finished", "[run]") {
    const test::balance before;
    sim::world w;
    auto wait = []() -> task<> { co_await sleep_for(1h); };
    detail::root<void> root(w.first());
    root.start(wait());
    REQUIRE(w.step());
    root.cancel();
    REQUIRE(root.ended());
    REQUIRE_FALSE(root.finished());
    root.cancel();
    before.check();
}
