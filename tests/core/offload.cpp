#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/offload.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/run.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timer.hpp>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using test::counted;

namespace {

worker_pool::options size_of(unsigned threads, std::size_t queue) {
    worker_pool::options o;
    o.threads = threads;
    o.queue = queue;
    return o;
}

/// Keeps a worker busy until it is let go.
struct hold_up {
    std::atomic<bool> begun{false};
    std::atomic<bool> go_on{false};

    task<> block(worker_pool& pool) {
        (void)co_await offload(pool, [this] {
            begun = true;
            begun.notify_all();
            go_on.wait(false);
        });
    }
    void release() {
        go_on = true;
        go_on.notify_all();
    }
};

task<> until(const std::atomic<bool>& flag) {
    while (!flag) co_await yield();
}

task<result<int>> compute(worker_pool& pool, int n) {
    auto answer = co_await offload(pool, [n] { return n * n; });
    co_return answer;
}

}  // namespace

TEST_CASE("work on another thread gives its result here", "[offload]") {
    worker_pool pool;
    auto ask = [](worker_pool& p) -> task<bool> {
        const auto here = std::this_thread::get_id();
        auto there = co_await offload(p, [] { return std::this_thread::get_id(); });
        co_return there.ok() && *there != here&& std::this_thread::get_id() == here;
    };
    REQUIRE(run(ask(pool)));
}

TEST_CASE("work on another thread may give nothing, or what can only be moved", "[offload]") {
    worker_pool pool;
    auto ask = [](worker_pool& p) -> task<int> {
        int written = 0;
        auto nothing = co_await offload(p, [&written] { written = 3; });
        auto pointer = co_await offload(p, [] { return std::make_unique<int>(4); });
        co_return nothing.ok() ? written + **pointer : 0;
    };
    REQUIRE(run(ask(pool)) == 7);
}

TEST_CASE("what work on another thread throws comes out here", "[offload]") {
    worker_pool pool;
    auto ask = [](worker_pool& p) -> task<> {
        (void)co_await offload(p, []() -> int { throw std::out_of_range("far away"); });
    };
    REQUIRE_THROWS_AS(run(ask(pool)), std::out_of_range);
}

TEST_CASE("many jobs share a few threads", "[offload]") {
    worker_pool pool(size_of(3, 1000));
    auto all = [](worker_pool& p) -> task<int> {
        std::vector<task<result<int>>> work;
        for (int i = 0; i < 500; ++i) work.push_back(compute(p, i));
        auto results = co_await join(std::move(work));
        int right = 0;
        for (int i = 0; i < 500; ++i) {
            const auto& r = results[static_cast<std::size_t>(i)];
            if (r.ok() && *r == i * i) ++right;
        }
        co_return right;
    };
    REQUIRE(run(all(pool)) == 500);
    REQUIRE(pool.queued() == 0);
}

TEST_CASE("a pool whose queue is full says so", "[offload]") {
    worker_pool pool(size_of(1, 2));
    auto fill = [](worker_pool& p) -> task<std::vector<bool>> {
        std::vector<bool> outcomes;
        hold_up h;
        co_await with_scope([&](scope& s) -> task<> {
            s.spawn(h.block(p));
            co_await until(h.begun);
            auto note = [](worker_pool& to, std::vector<bool>& o) -> task<> {
                auto answer = co_await compute(to, 2);
                o.push_back(answer.ok());
            };
            s.spawn(note(p, outcomes));
            s.spawn(note(p, outcomes));
            while (p.queued() < 2) co_await yield();
            auto refused = co_await compute(p, 2);
            outcomes.push_back(!refused.ok() &&
                               refused.error().code == std::errc::resource_unavailable_try_again);
            h.release();
            co_await s.join();
        });
        co_return outcomes;
    };
    REQUIRE(run(fill(pool)) == std::vector<bool>{true, true, true});
}

TEST_CASE("work that is cancelled before it began is never done", "[offload]") {
    worker_pool pool(size_of(1, 8));
    auto cancel = [](worker_pool& p) -> task<bool> {
        std::atomic<bool> done{false};
        hold_up h;
        co_await with_scope([&](scope& outer) -> task<> {
            outer.spawn(h.block(p));
            co_await until(h.begun);
            co_await with_scope([&](scope& inner) -> task<> {
                auto mark = [](worker_pool& on, std::atomic<bool>& d) -> task<> {
                    (void)co_await offload(on, [&d] { d = true; });
                };
                inner.spawn(mark(p, done));
                while (p.queued() == 0) co_await yield();
                inner.cancel();
                co_await inner.join();
            });
            h.release();
            co_await outer.join();
        });
        co_return done;
    };
    REQUIRE_FALSE(run(cancel(pool)));
    REQUIRE(pool.queued() == 0);
}

TEST_CASE("work that is cancelled while it runs is asked to stop, and waited for", "[offload]") {
    worker_pool pool(size_of(1, 8));
    auto cancel = [](worker_pool& p) -> task<bool> {
        std::atomic<bool> begun{false};
        std::atomic<bool> stopped{false};
        auto work = [](worker_pool& on, std::atomic<bool>& b, std::atomic<bool>& s) -> task<> {
            (void)co_await offload(on, [&b, &s](const stop_flag& stop) {
                b = true;
                while (!stop.requested()) std::this_thread::yield();
                s = true;
            });
        };
        co_await with_scope([&](scope& s) -> task<> {
            s.spawn(work(p, begun, stopped));
            co_await until(begun);
            s.cancel();
            co_await s.join();
        });
        co_return stopped;
    };
    REQUIRE(run(cancel(pool)));
}

TEST_CASE("a pool without a queue takes what its threads can run", "[offload]") {
    for (int round = 0; round < 20; ++round) {
        worker_pool pool(size_of(1, 0));
        auto answer = run(compute(pool, 3));
        REQUIRE(answer.ok());
        REQUIRE(*answer == 9);
    }
}

TEST_CASE("a pool needs a thread", "[offload]") {
    REQUIRE_THROWS_AS(worker_pool(size_of(0, 1)), std::invalid_argument);
}

TEST_CASE("several shards share a pool", "[offload]") {
    worker_pool pool(size_of(2, 1000));
    auto ask = [](worker_pool& p) -> task<int> {
        int right = 0;
        for (int i = 0; i < 200; ++i) {
            auto answer = co_await compute(p, i);
            if (answer.ok() && *answer == i * i) ++right;
        }
        co_return right;
    };
    int elsewhere = 0;
    std::thread other([&] { elsewhere = run(ask(pool)); });
    const int here = run(ask(pool));
    other.join();
    REQUIRE(here == 200);
    REQUIRE(elsewhere == 200);
}

CO_TEST("in simulation, work on another thread is done on this one, though not at once", "[offload][sim]") {
    worker_pool pool(size_of(1, 0));
    const auto here = std::this_thread::get_id();
    bool others_went = false;
    auto go = [](bool& went) -> task<> {
        went = true;
        co_return;
    };
    auto ask = [](worker_pool& p) -> task<std::thread::id> {
        auto work = [held = counted(1)] {
            (void)held.value;
            return std::this_thread::get_id();
        };
        auto id = co_await offload(p, std::move(work));
        co_return *id;
    };
    auto [nothing, id] = co_await join(go(others_went), ask(pool));
    REQUIRE(id == here);
    REQUIRE(others_went);
    bool caught = false;
    try {
        (void)co_await offload(pool, []() -> int { throw std::out_of_range("near"); });
    } catch (const std::out_of_range&) {
        caught = true;
    }
    REQUIRE(caught);
}

CO_TEST("in simulation, cancelled work is never done", "[offload][sim]") {
    worker_pool pool(size_of(1, 0));
    bool done = false;
    auto mark = [](worker_pool& p, bool& d) -> task<> {
        co_await yield();
        (void)co_await offload(p, [&d] { d = true; });
        co_await sleep_for(1h);
    };
    auto first = co_await race(sleep_for(1ms), mark(pool, done));
    REQUIRE(first.index() == 0);
    REQUIRE(done);
    bool never_done = false;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(mark(pool, never_done));
        s.cancel();
        co_await s.join();
    });
    REQUIRE_FALSE(never_done);
}
