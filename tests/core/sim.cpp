#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <rtai/core/channel.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/sim.hpp>
#include <rtai/core/timer.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;

namespace {

using trace = std::vector<int>;

task<> leave_traces(trace& t, int who) {
    for (int i = 0; i < 3; ++i) {
        t.push_back(who);
        co_await yield();
    }
}

task<> leave_many_traces(trace& t) {
    std::vector<task<>> work;
    for (int i = 0; i < 6; ++i) work.push_back(leave_traces(t, i));
    co_await join(std::move(work));
}

trace trace_of(std::uint64_t seed) {
    trace t;
    sim::run(leave_many_traces(t), seed);
    return t;
}

}  // namespace

TEST_CASE("the same seed gives the same order, another seed another one", "[sim]") {
    std::set<trace> orders;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const trace first = trace_of(seed);
        REQUIRE(first.size() == 18);
        REQUIRE(trace_of(seed) == first);
        orders.insert(first);
    }
    REQUIRE(orders.size() > 10);
}

TEST_CASE("a simulation begins at zero, and its clock jumps to the next timer", "[sim]") {
    auto look = [](sim::world& w) -> task<> {
        REQUIRE(w.elapsed() == 0ms);
        co_await sleep_for(24h);
        REQUIRE(w.elapsed() == 24h);
        REQUIRE(now() == w.now());
    };
    sim::world w(3);
    REQUIRE(w.seed() == 3);
    w.run(look(w));
    REQUIRE(w.elapsed() == 24h);
    REQUIRE(w.steps() < 10);
}

TEST_CASE("time stands still while anything is ready", "[sim]") {
    auto spin = [](sim::world& w) -> task<> {
        for (int i = 0; i < 1000; ++i) co_await yield();
        REQUIRE(w.elapsed() == 0ms);
    };
    auto sleep = []() -> task<> { co_await sleep_for(1ns); };
    auto both = [&](sim::world& w) -> task<> { co_await join(sleep(), spin(w)); };
    sim::world w;
    w.run(both(w));
    REQUIRE(w.elapsed() == 1ns);
}

TEST_CASE("a world can be used again, and its time goes on", "[sim]") {
    auto pause = []() -> task<int> {
        co_await sleep_for(1s);
        co_return 7;
    };
    sim::world w;
    REQUIRE(w.run(pause()) == 7);
    REQUIRE(w.run(pause()) == 7);
    REQUIRE(w.elapsed() == 2s);
}

TEST_CASE("a call of ten minutes, fifty frames a second each way, is simulated to its end", "[sim]") {
    constexpr int frames = 10 * 60 * 50;
    auto speak = [](sender<int> out) -> task<> {
        for (int i = 0; i < frames; ++i) {
            co_await sleep_for(20ms);
            if (!co_await out.send(int(i))) co_return;
        }
    };
    auto listen = [](receiver<int> in) -> task<int> {
        int heard = 0;
        while (auto frame = co_await in.receive()) ++heard;
        co_return heard;
    };
    auto call = [&]() -> task<int> {
        channel<int> there(4);
        channel<int> back(4);
        auto [a, b, first, second] = co_await join(speak(there.sender()), speak(back.sender()),
                                                   listen(there.receiver()), listen(back.receiver()));
        co_return first + second;
    };
    sim::world w;
    REQUIRE(w.run(call()) == 2 * frames);
    REQUIRE(w.elapsed() == 10min);
}

TEST_CASE("what the work throws comes out of the simulation", "[sim]") {
    auto fail = []() -> task<> {
        co_await sleep_for(1ms);
        throw std::out_of_range("failed as planned");
    };
    REQUIRE_THROWS_AS(sim::run(fail()), std::out_of_range);
}

TEST_CASE("a simulation in which nothing can happen any more says where it is stuck", "[sim]") {
    const test::balance before;
    auto wait = []() -> task<> {
        co_await sleep_for(250ms);
        event nothing;
        co_await nothing.wait();
    };
    auto wait_for_two = [&]() -> task<> { co_await join(wait(), wait()); };
    std::string what;
    {
        sim::world w(42);
        try {
            w.run(wait_for_two());
        } catch (const sim::stuck& e) {
            what = e.what();
        }
    }
    REQUIRE_THAT(what, Catch::Contains("all coroutines (") && Catch::Contains("at 250 ms") &&
                           Catch::Contains("seed 42"));
    before.check();
}

TEST_CASE("work is dropped with a world that is stuck", "[sim]") {
    const test::balance before;
    auto wait = []() -> task<> {
        const test::counted alive(1);
        event nothing;
        co_await nothing.wait();
    };
    REQUIRE_THROWS_AS(sim::run(wait()), sim::stuck);
    before.check();
}

TEST_CASE("shards of one world share its time, and take turns by its seed", "[sim]") {
    std::set<trace> orders;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        trace t;
        sim::world w(seed);
        shard& second = w.add_shard();
        REQUIRE(&second != &w.first());
        detail::root<void> there(second);
        there.start(leave_traces(t, 2));
        auto here = [](trace& to) -> task<> {
            co_await leave_traces(to, 1);
            co_await sleep_for(1ms);
        };
        w.run(here(t));
        REQUIRE(there.ended());
        REQUIRE(second.now() == w.first().now());
        orders.insert(t);
    }
    REQUIRE(orders.size() > 5);
}

TEST_CASE("posts reach a simulated shard, in their order", "[sim]") {
    trace t;
    sim::world w;
    shard& second = w.add_shard();
    for (int i = 0; i < 5; ++i)
        second.post([&t, &second, i] {
            if (shard::current() == &second) t.push_back(i);
        });
    auto rest = []() -> task<> { co_await sleep_for(1ms); };
    w.run(rest());
    REQUIRE(t == trace{0, 1, 2, 3, 4});
}

TEST_CASE("a trial over many seeds runs with each of them", "[sim]") {
    if (std::getenv("RTAI_SEED") != nullptr) return;
    std::vector<std::uint64_t> seeds;
    sim::for_seeds(4, [&](std::uint64_t seed) { seeds.push_back(seed); });
    REQUIRE(seeds == std::vector<std::uint64_t>{1, 2, 3, 4});
    seeds.clear();
    REQUIRE_THROWS_AS(sim::for_seeds(4,
                                     [&](std::uint64_t seed) {
                                         seeds.push_back(seed);
                                         if (seed == 2) throw std::out_of_range("failed as planned");
                                     }),
                      std::out_of_range);
    REQUIRE(seeds.size() == 2);
}
