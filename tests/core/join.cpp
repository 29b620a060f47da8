#include <chrono>
#include <memory>
#include <rtai/core/channel.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/core/with.hpp>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using test::counted;

namespace {

struct planned : std::runtime_error {
    explicit planned(const std::string& what) : std::runtime_error(what) {}
};

duration elapsed() { return test::world().elapsed(); }

task<int> number_after(duration how_long, int n) {
    const counted alive(n);
    co_await sleep_for(how_long);
    co_return n;
}

task<> pause(duration how_long) { co_await sleep_for(how_long); }

task<> fail_after(duration how_long, std::string what = "failed as planned") {
    co_await sleep_for(how_long);
    throw planned(what);
}

task<> wait_for_ever() {
    const counted alive(1);
    event nothing;
    co_await nothing.wait();
}

task<> end_slowly(duration how_long, bool& ended) {
    auto body = [](counted&) -> task<> { return wait_for_ever(); };
    auto teardown = [&ended, how_long](counted&) -> task<> {
        auto slowly = [](duration d, bool& e) -> task<> {
            co_await sleep_for(d);
            e = true;
        };
        return slowly(how_long, ended);
    };
    co_await with(counted(1), body, teardown);
}

}  // namespace

CO_TEST("join runs all at once and waits for the last", "[join]") {
    auto results = co_await join(number_after(3ms, 1), pause(5ms), number_after(1ms, 2));
    STATIC_REQUIRE(std::is_same_v<decltype(results), std::tuple<int, std::monostate, int>>);
    REQUIRE(std::get<0>(results) == 1);
    REQUIRE(std::get<2>(results) == 2);
    REQUIRE(elapsed() == 5ms);
}

CO_TEST("a join of tasks without results has none", "[join]") {
    STATIC_REQUIRE(std::is_void_v<detail::await_result<decltype(join(pause(1ms), pause(2ms)))>>);
    co_await join(pause(1ms), pause(2ms));
    co_await join(pause(1ms));
    co_await join();
    REQUIRE(elapsed() == 3ms);
}

CO_TEST("join takes any awaitable", "[join]") {
    channel<counted> c(1);
    auto in = c.receiver();
    (void)c.sender().try_send(counted(7));
    auto [value, nothing] = co_await join(in.receive(), sleep_for(2ms));
    REQUIRE(value->value == 7);
    REQUIRE(elapsed() == 2ms);
}

CO_TEST("join takes a number of tasks that is known only when it runs, with results in their order",
        "[join]") {
    std::vector<task<int>> work;
    for (int i = 0; i < 5; ++i) work.push_back(number_after(std::chrono::milliseconds(5 - i), i));
    auto results = co_await join(std::move(work));
    REQUIRE(results == std::vector<int>{0, 1, 2, 3, 4});
    REQUIRE(elapsed() == 5ms);
}

CO_TEST("a join of no tasks is done at once", "[join]") {
    auto results = co_await join(std::vector<task<int>>());
    REQUIRE(results.empty());
    co_await join(std::vector<task<>>());
    REQUIRE(elapsed() == 0ms);
}

CO_TEST("results that can only be moved come out of a join", "[join]") {
    auto make = [](int n) -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(n); };
    auto [first, second] = co_await join(make(1), make(2));
    REQUIRE(*first == 1);
    REQUIRE(*second == 2);
    std::vector<task<std::unique_ptr<int>>> work;
    work.push_back(make(3));
    auto more = co_await join(std::move(work));
    REQUIRE(*more.front() == 3);
}

CO_TEST("the first failure cancels the others and comes out of join", "[join]") {
    const auto before = counted::alive;
    std::string what;
    try {
        co_await join(wait_for_ever(), fail_after(2ms, "second"), fail_after(1ms, "first"), wait_for_ever());
    } catch (const planned& e) {
        what = e.what();
    }
    REQUIRE(what == "first");
    REQUIRE(counted::alive == before);
    REQUIRE(elapsed() == 1ms);
}

CO_TEST("the first failure cancels the others also when their number is known only when it runs", "[join]") {
    const auto before = counted::alive;
    std::vector<task<>> work;
    for (int i = 0; i < 3; ++i) work.push_back(wait_for_ever());
    work.push_back(fail_after(1ms));
    bool caught = false;
    try {
        co_await join(std::move(work));
    } catch (const planned&) {
        caught = true;
    }
    REQUIRE(caught);
    REQUIRE(counted::alive == before);
    REQUIRE(elapsed() == 1ms);
}

CO_TEST("a failure waits for the others to end", "[join]") {
    bool ended = false;
    bool caught = false;
    try {
        co_await join(end_slowly(4ms, ended), fail_after(1ms));
    } catch (const planned&) {
        caught = true;
    }
    REQUIRE(caught);
    REQUIRE(ended);
    REQUIRE(elapsed() == 5ms);
}

CO_TEST("a failure in a join within a join ends both", "[join]") {
    const auto before = counted::alive;
    auto inner = []() -> task<> { co_await join(wait_for_ever(), fail_after(1ms)); };
    bool caught = false;
    try {
        co_await join(wait_for_ever(), inner(), wait_for_ever());
    } catch (const planned&) {
        caught = true;
    }
    REQUIRE(caught);
    REQUIRE(counted::alive == before);
}

CO_TEST("cancelling a join cancels all of it, and waits for what needs time", "[join]") {
    const auto before = counted::alive;
    bool ended = false;
    auto run_join = [](bool& e) -> task<> {
        co_await join(wait_for_ever(), end_slowly(4ms, e), number_after(1h, 1));
    };
    auto first = co_await race(sleep_for(1ms), run_join(ended));
    REQUIRE(first.index() == 0);
    REQUIRE(ended);
    REQUIRE(counted::alive == before);
    REQUIRE(elapsed() == 5ms);
}

CO_TEST("what a task holds is released when it ends, before the join does", "[join]") {
    channel<counted> c(1);
    auto send = [](sender<counted> out) -> task<> { (void)co_await out.send(counted(1)); };
    auto receive = [](receiver<counted> in) -> task<int> {
        int count = 0;
        while (auto value = co_await in.receive()) ++count;
        co_return count;
    };
    auto [nothing, count] = co_await join(send(c.sender()), receive(c.receiver()));
    REQUIRE(count == 1);
}

CO_TEST("an empty task can not be joined", "[join]") {
    const auto before = counted::alive;
    bool refused = false;
    try {
        co_await join(wait_for_ever(), task<>());
    } catch (const std::logic_error&) {
        refused = true;
    }
    REQUIRE(refused);
    REQUIRE(counted::alive == before);
}

TEST_CASE("a join of a hundred thousand tasks", "[join]") {
    auto many = []() -> task<std::size_t> {
        std::vector<task<int>> work;
        for (int i = 0; i < 100'000; ++i) work.push_back(number_after(std::chrono::microseconds(i % 10), i));
        auto results = co_await join(std::move(work));
        co_return results.size();
    };
    REQUIRE(sim::run(many()) == 100'000);
}
