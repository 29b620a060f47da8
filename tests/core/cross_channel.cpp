#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/cross_channel.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/run.hpp>
#include <rtai/core/timer.hpp>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using test::counted;

namespace {

using values = std::vector<int>;

template <class T>
task<int> send_numbers(sender<T> out, int count) {
    int sent = 0;
    while (sent < count) {
        if (!co_await out.send(T(sent))) break;
        ++sent;
    }
    co_return sent;
}

task<values> receive_all(receiver<int> in) {
    values got;
    while (auto value = co_await in.receive()) got.push_back(*value);
    co_return got;
}

task<values> receive_some(receiver<int> in, int count) {
    values got;
    while (count-- > 0) {
        auto value = co_await in.receive();
        if (!value) break;
        got.push_back(*value);
    }
    co_return got;
}

task<> receive_into(receiver<counted> in, values& got, duration pace = {}) {
    while (auto value = co_await in.receive()) {
        got.push_back(value->value);
        co_await sleep_for(pace);
    }
}

values numbers(int count) {
    values all;
    for (int i = 0; i < count; ++i) all.push_back(i);
    return all;
}

std::unique_ptr<shard> make_shard() { return std::make_unique<shard>(std::make_unique<asio_driver>()); }

/// Sends on one thread, receives on another.
template <class Policy>
values carry(int count, std::size_t capacity) {
    auto here = make_shard();
    auto there = make_shard();
    cross_channel<int, Policy> c(*here, *there, capacity);
    auto out = c.sender();
    auto in = c.receiver();
    std::thread sending([&] { run(*here, send_numbers(std::move(out), count)); });
    auto got = run(*there, receive_all(std::move(in)));
    sending.join();
    return got;
}

task<> settled(const bool& done) {
    while (!done) co_await sleep_for(1ms);
}

}  // namespace

// --- Between threads -----------------------------------------------------------------------------------

TEST_CASE("between threads nothing is lost or reordered, and the end comes last", "[cross_channel]") {
    for (std::size_t capacity = 1; capacity <= 8; ++capacity)
        REQUIRE(carry<block>(2000, capacity) == numbers(2000));
    REQUIRE(carry<block>(20'000, 256) == numbers(20'000));
}

TEST_CASE("a stream of nothing between threads ends", "[cross_channel]") {
    REQUIRE(carry<block>(0, 4).empty());
    REQUIRE(carry<latest>(0, 4).empty());
}

TEST_CASE("between threads, what drops the oldest keeps the order and the last value", "[cross_channel]") {
    for (std::size_t capacity = 1; capacity <= 8; ++capacity) {
        const auto got = carry<drop_oldest>(500, capacity);
        REQUIRE(std::is_sorted(got.begin(), got.end()));
        REQUIRE(got.back() == 499);
    }
}

TEST_CASE("between threads, what keeps the latest keeps the last value", "[cross_channel]") {
    const auto got = carry<latest>(500, 1);
    REQUIRE(std::is_sorted(got.begin(), got.end()));
    REQUIRE(got.back() == 499);
}

TEST_CASE("between threads, what drops the newest keeps the order and the first value", "[cross_channel]") {
    for (std::size_t capacity = 1; capacity <= 8; ++capacity) {
        const auto got = carry<drop_newest>(500, capacity);
        REQUIRE(std::is_sorted(got.begin(), got.end()));
        REQUIRE(got.front() == 0);
    }
}

TEST_CASE("a sender learns that the receiver on another thread is gone", "[cross_channel]") {
    for (std::size_t capacity : {1U, 4U, 32U}) {
        auto here = make_shard();
        auto there = make_shard();
        cross_channel<int> c(*here, *there, capacity);
        auto out = c.sender();
        auto in = c.receiver();
        constexpr int endless = 1'000'000'000;
        int sent = 0;
        std::thread sending([&] { sent = run(*here, send_numbers(std::move(out), endless)); });
        const auto got = run(*there, receive_some(std::move(in), 10));
        sending.join();
        REQUIRE(got == numbers(10));
        REQUIRE(sent < endless);
    }
}

TEST_CASE("two threads talk to each other in both directions", "[cross_channel]") {
    auto here = make_shard();
    auto there = make_shard();
    cross_channel<int> forth(*here, *there, 4);
    cross_channel<int> back(*there, *here, 4);
    auto ask = [](sender<int> out, receiver<int> in, int count) -> task<int> {
        int right = 0;
        for (int i = 0; i < count; ++i) {
            if (!co_await out.send(int(i))) break;
            auto answer = co_await in.receive();
            if (answer && *answer == i + 1) ++right;
        }
        co_return right;
    };
    auto answer = [](receiver<int> in, sender<int> out) -> task<> {
        while (auto question = co_await in.receive())
            if (!co_await out.send(*question + 1)) co_return;
    };
    auto questions = forth.receiver();
    auto answers = back.sender();
    auto out = forth.sender();
    auto in = back.receiver();
    std::thread answering([&] { run(*there, answer(std::move(questions), std::move(answers))); });
    const int right = run(*here, ask(std::move(out), std::move(in), 1000));
    answering.join();
    REQUIRE(right == 1000);
}

TEST_CASE("several streams between the same threads do not disturb each other", "[cross_channel]") {
    auto here = make_shard();
    auto there = make_shard();
    std::vector<sender<int>> outs;
    std::vector<task<values>> receiving;
    for (std::size_t i = 1; i <= 4; ++i) {
        cross_channel<int> c(*here, *there, i);
        outs.push_back(c.sender());
        receiving.push_back(receive_all(c.receiver()));
    }
    auto send_all = [](std::vector<sender<int>> ends) -> task<> {
        std::vector<task<int>> work;
        for (auto& end : ends) work.push_back(send_numbers(std::move(end), 500));
        (void)co_await join(std::move(work));
    };
    auto receive_everything = [](std::vector<task<values>> work) -> task<std::vector<values>> {
        auto all = co_await join(std::move(work));
        co_return all;
    };
    std::thread other([&] { run(*here, send_all(std::move(outs))); });
    const auto got = run(*there, receive_everything(std::move(receiving)));
    other.join();
    for (const auto& one : got) REQUIRE(one == numbers(500));
}

TEST_CASE("the ends of a stream that nobody used go with it", "[cross_channel]") {
    auto value = std::make_shared<int>(7);
    {
        auto here = make_shard();
        auto there = make_shard();
        sender<std::shared_ptr<int>> out;
        {
            const cross_channel<std::shared_ptr<int>> unused(*here, *there, 4);
            cross_channel<std::shared_ptr<int>> half_used(*here, *there, 4);
            out = half_used.sender();
        }
        auto send = [](sender<std::shared_ptr<int>> to, std::shared_ptr<int> what) -> task<> {
            (void)co_await to.send(std::move(what));
        };
        auto nothing = []() -> task<> { co_return; };
        std::thread other([&] { run(*there, nothing()); });
        run(*here, send(std::move(out), value));
        other.join();
    }
    REQUIRE(value.use_count() == 1);
}

TEST_CASE("when the sending shard goes, its stream ends", "[cross_channel]") {
    sim::world w;
    auto here = make_shard();
    std::optional<cross_channel<int>> c(std::in_place, *here, w.first(), 4);
    auto in = c->receiver();
    SECTION("before it ever ran") {
        c.reset();
        here.reset();
        REQUIRE(w.run(receive_all(std::move(in))).empty());
    }
    SECTION("after it has sent something") {
        run(*here, [](sender<int> out) -> task<> { (void)co_await out.send(7); }(c->sender()));
        c.reset();
        here.reset();
        REQUIRE(w.run(receive_all(std::move(in))) == values{7});
    }
}

TEST_CASE("when the receiving shard goes, senders learn of it", "[cross_channel]") {
    sim::world w;
    auto there = make_shard();
    std::optional<cross_channel<int>> c(std::in_place, w.first(), *there, 4);
    auto out = c->sender();
    {
        const shard::entered inside(*there);
        c->receiver().reset();
    }
    c.reset();
    there.reset();
    REQUIRE(w.run(send_numbers(std::move(out), 1000)) < 1000);
}

TEST_CASE("each end of a stream between shards is taken once", "[cross_channel]") {
    sim::world w;
    shard& second = w.add_shard();
    cross_channel<int> c(w.first(), second, 4);
    auto out = c.sender();
    auto in = c.receiver();
    REQUIRE_THROWS_AS(c.sender(), std::logic_error);
    REQUIRE_THROWS_AS(c.receiver(), std::logic_error);
    const shard::entered inside(second);
    in.reset();
}

// --- In simulation -------------------------------------------------------------------------------------

CO_TEST("in simulation, a stream between shards carries everything in order", "[cross_channel][sim]") {
    shard& second = test::world().add_shard();
    cross_channel<counted> c(this_shard(), second, 8);
    values got;
    detail::root<void> there(second);
    there.start(receive_into(c.receiver(), got));
    const int sent = co_await send_numbers(c.sender(), 20);
    REQUIRE(sent == 20);
    co_await settled(there.ended());
    REQUIRE(got == numbers(20));
}

CO_TEST("in simulation, a slow receiver holds up its sender on another shard", "[cross_channel][sim]") {
    shard& second = test::world().add_shard();
    cross_channel<counted> c(this_shard(), second, 4);
    values got;
    detail::root<void> there(second);
    there.start(receive_into(c.receiver(), got, 10ms));
    const int sent = co_await send_numbers(c.sender(), 20);
    REQUIRE(sent == 20);
    REQUIRE(test::world().elapsed() >= 140ms);
    co_await settled(there.ended());
    REQUIRE(got == numbers(20));
}

CO_TEST("in simulation, a sender learns that the receiver on another shard is gone", "[cross_channel][sim]") {
    shard& second = test::world().add_shard();
    cross_channel<counted> c(this_shard(), second, 4);
    auto receive_three = [](receiver<counted> in) -> task<> {
        for (int i = 0; i < 3; ++i) (void)co_await in.receive();
    };
    detail::root<void> there(second);
    there.start(receive_three(c.receiver()));
    const int sent = co_await send_numbers(c.sender(), 1000);
    REQUIRE(sent >= 3);
    REQUIRE(sent < 50);
    co_await settled(there.ended());
}

CO_TEST("a stream between shards is bounded by its capacity", "[cross_channel][sim]") {
    shard& second = test::world().add_shard();
    for (int capacity : {4, 8, 64}) {
        cross_channel<counted> c(this_shard(), second, static_cast<std::size_t>(capacity));
        auto out = c.sender();
        int held = 0;
        for (;;) {
            auto sent = co_await race(out.send(counted(held)), sleep_for(1ms));
            if (sent.index() == 1) break;
            ++held;
        }
        REQUIRE(held > capacity / 2);
        REQUIRE(held <= capacity);
    }
}
