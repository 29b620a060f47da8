#include <chrono>
#include <cstddef>
#include <memory>
#include <rtai/core/channel.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timer.hpp>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/allocations.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using test::counted;

namespace {

task<int> number(int n) { co_return n; }

task<> note(std::vector<int>& order, int n) {
    order.push_back(n);
    co_return;
}

task<int> number_after(duration how_long, int n) {
    co_await sleep_for(how_long);
    co_return n;
}

task<int> fail() {
    throw std::runtime_error("failed as planned");
    co_return 0;
}

task<int&> same(int& n) { co_return n; }

/// Puts a number into a list when it goes.
class farewell {
public:
    farewell(std::vector<int>& to, int n) noexcept : to_(to), number_(n) {}
    farewell(const farewell&) = delete;
    farewell& operator=(const farewell&) = delete;
    ~farewell() { to_.push_back(number_); }

private:
    std::vector<int>& to_;
    int number_;
};

task<int> count_down(int from) {
    if (from == 0) co_return 0;
    const int below = co_await count_down(from - 1);
    co_return below + 1;
}

}  // namespace

// --- Results -------------------------------------------------------------------------------------------

CO_TEST("a task does nothing until it is awaited", "[task]") {
    std::vector<int> order;
    auto work = note(order, 1);
    order.push_back(0);
    co_await std::move(work);
    REQUIRE(order == std::vector<int>{0, 1});
}

CO_TEST("a task gives what it returns, at once or later", "[task]") {
    const int at_once = co_await number(7);
    const int later = co_await number_after(1ms, 8);
    REQUIRE(at_once == 7);
    REQUIRE(later == 8);
}

CO_TEST("a task can return what can only be moved, has no default value, or is a reference", "[task]") {
    auto make_pointer = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
    auto make_counted = []() -> task<counted> { co_return counted(8); };
    auto pointer = co_await make_pointer();
    REQUIRE(*pointer == 7);
    const auto value = co_await make_counted();
    REQUIRE(value.value == 8);
    int target = 0;
    int& result = co_await same(target);
    REQUIRE(&result == &target);
}

CO_TEST("a task's result may be made from another type", "[task]") {
    auto make_text = []() -> task<std::string> { co_return "hello"; };
    const auto text = co_await make_text();
    REQUIRE(text == "hello");
}

CO_TEST("what a task throws comes out where it is awaited", "[task]") {
    const auto frames = live_coroutines;
    bool caught = false;
    try {
        (void)co_await fail();
    } catch (const std::runtime_error& e) {
        caught = std::string(e.what()) == "failed as planned";
    }
    REQUIRE(caught);
    REQUIRE(live_coroutines == frames);
}

CO_TEST("what a task throws comes out through those who await it", "[task]") {
    auto outer = [](const counted&) -> task<int> {
        const counted held(1);
        const int n = co_await fail();
        co_return n;
    };
    const counted argument(2);
    bool caught = false;
    try {
        (void)co_await outer(argument);
    } catch (const std::runtime_error&) {
        caught = true;
    }
    REQUIRE(caught);
}

// --- Owning --------------------------------------------------------------------------------------------

CO_TEST("a task is awaited once", "[task]") {
    auto work = number(7);
    REQUIRE(work);
    const int n = co_await std::move(work);
    REQUIRE(n == 7);
    REQUIRE_FALSE(work);  // NOLINT(bugprone-use-after-move)
    bool refused = false;
    try {
        (void)co_await std::move(work);  // NOLINT(bugprone-use-after-move)
    } catch (const std::logic_error&) {
        refused = true;
    }
    REQUIRE(refused);
}

CO_TEST("an empty task can not be awaited, and says so", "[task]") {
    std::string what;
    try {
        co_await task<>();
    } catch (const std::logic_error& e) {
        what = e.what();
    }
    REQUIRE(what == "a task can be awaited once: this one already was, or it is empty");
}

CO_TEST("a task that is dropped before it began gives back its arguments", "[task]") {
    const auto before = counted::alive;
    auto hold = [](counted) -> task<> { co_return; };
    {
        auto work = hold(counted(1));
        REQUIRE(work);
        REQUIRE(counted::alive == before + 1);
    }
    REQUIRE(counted::alive == before);
    co_return;
}

CO_TEST("a task that is assigned to drops what it was, at the latest with the other", "[task]") {
    const auto before = counted::alive;
    auto hold = [](counted c) -> task<int> { co_return c.value; };
    auto first = hold(counted(1));
    {
        auto second = hold(counted(2));
        first = std::move(second);
    }
    REQUIRE(counted::alive == before + 1);
    const int n = co_await std::move(first);
    REQUIRE(n == 2);
}

CO_TEST("a task's frame goes before the one who awaited it goes on", "[task]") {
    const auto before = counted::alive;
    auto hold = [](counted c) -> task<int> {
        const counted local(2);
        co_await sleep_for(1ms);
        co_return c.value;
    };
    const int n = co_await hold(counted(1));
    REQUIRE(n == 1);
    REQUIRE(counted::alive == before);
}

CO_TEST("dropping a chain of tasks unwinds it, innermost first", "[task]") {
    std::vector<int> order;
    struct chain {
        static task<> link(std::vector<int>& to, int depth) {
            const farewell here(to, depth);
            if (depth < 3) co_await link(to, depth + 1);
            else co_await sleep_for(1h);
        }
    };
    auto first = co_await race(sleep_for(1ms), chain::link(order, 0));
    REQUIRE(first.index() == 0);
    REQUIRE(order == std::vector<int>{3, 2, 1, 0});
}

CO_TEST("cancelling a task that waits for another cancels that one too", "[task]") {
    const auto before = counted::alive;
    auto inner = []() -> task<> {
        const counted alive(1);
        co_await sleep_for(1h);
    };
    auto outer = [&]() -> task<> {
        const counted alive(2);
        co_await inner();
    };
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(outer());
        co_await sleep_for(1ms);
        REQUIRE(counted::alive == before + 2);
        s.cancel();
        co_await s.join();
        REQUIRE(counted::alive == before);
    });
    REQUIRE(test::world().elapsed() == 1ms);
}

// --- Cost ----------------------------------------------------------------------------------------------

TEST_CASE("a million tasks that are ready at once keep the stack flat", "[task]") {
    auto many = []() -> task<int> {
        int sum = 0;
        for (int i = 0; i < 1'000'000; ++i) sum += co_await number(1);
        co_return sum;
    };
    REQUIRE(sim::run(many()) == 1'000'000);
}

TEST_CASE("a hundred thousand tasks that fail at once keep the stack flat", "[task]") {
    auto many = []() -> task<int> {
        int failures = 0;
        for (int i = 0; i < 100'000; ++i) {
            try {
                (void)co_await fail();
            } catch (const std::runtime_error&) {
                ++failures;
            }
        }
        co_return failures;
    };
    REQUIRE(sim::run(many()) == 100'000);
}

#ifndef RTAI_NO_SYMMETRIC_TRANSFER
TEST_CASE("a hundred thousand tasks, each awaiting the next, keep the stack flat", "[task]") {
    const auto frames = live_coroutines;
    REQUIRE(sim::run(count_down(100'000)) == 100'000);
    REQUIRE(live_coroutines == frames);
}
#endif

TEST_CASE("a thousand tasks, each awaiting the next, can be dropped as they stand", "[task]") {
    const test::balance before;
    struct chain {
        static task<> link(int depth) {
            const counted alive(depth);
            if (depth > 0) co_await link(depth - 1);
            else co_await sleep_for(1h);
        }
    };
    {
        sim::world w;
        detail::root<void> root(w.first());
        root.start(chain::link(1000));
        REQUIRE(w.step());
        root.cancel();
        REQUIRE(root.ended());
    }
    before.check();
}

#if RTAI_RECYCLE_BLOCKS
TEST_CASE("frames are used again: awaiting a task does not allocate", "[task]") {
    auto many = []() -> task<std::size_t> {
        (void)co_await number(1);
        const std::size_t before = test::allocations;
        for (int i = 0; i < 1000; ++i) (void)co_await number(i);
        co_return test::allocations - before;
    };
    REQUIRE(sim::run(many()) == 0);
}
#endif
