#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/driver.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/run.hpp>
#include <rtai/core/shard.hpp>
#include <rtai/core/timer.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/aborts.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using test::counted;

namespace {

std::unique_ptr<driver> any_driver() { return std::make_unique<asio_driver>(); }

task<> wait_for(event& e) { co_await e.wait(); }

task<> pause(duration how_long) { co_await sleep_for(how_long); }

/// A loop that stands on something else than Asio.
class plain_driver final : public driver {
public:
    time_point now() const noexcept override { return std::chrono::steady_clock::now(); }
    void poll() override {}
    void wait(time_point until) override {
        std::unique_lock lock(mutex_);
        if (until == never) changed_.wait(lock, [this] { return woken_; });
        else changed_.wait_until(lock, until, [this] { return woken_; });
        woken_ = false;
    }
    void wake() noexcept override {
        {
            const std::lock_guard lock(mutex_);
            woken_ = true;
        }
        changed_.notify_one();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool woken_ = false;
};

}  // namespace

TEST_CASE("posts from one thread are run in order, on the shard", "[shard]") {
    shard s(any_driver());
    event done;
    std::vector<int> order;
    bool elsewhere = false;
    std::thread other([&] {
        for (int i = 0; i < 1000; ++i)
            s.post([&, i] {
                order.push_back(i);
                if (shard::current() != &s) elsewhere = true;
            });
        s.post([&] { done.set(); });
    });
    run(s, wait_for(done));
    other.join();
    REQUIRE(order.size() == 1000);
    REQUIRE(std::is_sorted(order.begin(), order.end()));
    REQUIRE_FALSE(elsewhere);
}

TEST_CASE("posts from many threads all arrive", "[shard]") {
    shard s(any_driver());
    event done;
    int count = 0;
    std::vector<std::thread> others;
    for (int t = 0; t < 4; ++t)
        others.emplace_back([&] {
            for (int i = 0; i < 500; ++i)
                s.post([&] {
                    if (++count == 2000) done.set();
                });
        });
    run(s, wait_for(done));
    for (auto& t : others) t.join();
    REQUIRE(count == 2000);
}

TEST_CASE("a post wakes a shard that sleeps", "[shard]") {
    for (const duration watch : {duration::zero(), duration(20us)}) {
        shard s(any_driver());
        s.watch_inbox_for(watch);
        for (int round = 0; round < 50; ++round) {
            event done;
            std::thread other([&] { s.post([&] { done.set(); }); });
            run(s, wait_for(done));
            other.join();
        }
    }
    SUCCEED();
}

TEST_CASE("a post may post more, and start work", "[shard]") {
    shard s(any_driver());
    event done;
    s.post([&] { s.post([&] { done.set(); }); });
    run(s, wait_for(done));
    REQUIRE(done.is_set());
}

TEST_CASE("what was posted and never run is not leaked", "[shard]") {
    auto held = std::make_shared<int>(7);
    {
        shard s(any_driver());
        s.post([held] {});
        s.post([number = std::make_unique<int>(1), held] {});
    }
    REQUIRE(held.use_count() == 1);
}

TEST_CASE("a shard runs again and again, whatever the work before left", "[shard]") {
    shard s(any_driver());
    auto answer = []() -> task<int> {
        co_await sleep_for(0ms);
        co_await yield();
        co_return 7;
    };
    auto fail = []() -> task<> {
        co_await yield();
        throw std::out_of_range("failed as planned");
    };
    REQUIRE(run(s, answer()) == 7);
    REQUIRE_THROWS_AS(run(s, fail()), std::out_of_range);
    REQUIRE(run(s, answer()) == 7);
    REQUIRE(s.idle());
    REQUIRE(s.waiting_timers() == 0);
}

TEST_CASE("each resumption is a step, and nothing else", "[shard]") {
    shard s(any_driver());
    auto yield_ten_times = []() -> task<> {
        for (int i = 0; i < 10; ++i) co_await yield();
    };
    run(s, yield_ten_times());
    const std::uint64_t begin_and_end = 2;
    REQUIRE(s.steps() == 10 + begin_and_end);
}

TEST_CASE("one step is one resumption", "[shard]") {
    shard s(any_driver());
    REQUIRE_FALSE(s.step());
    int count = 0;
    auto work = [](int& c) -> task<> {
        ++c;
        co_await yield();
        ++c;
    };
    detail::root<void> root(s);
    root.start(work(count));
    REQUIRE(s.step());
    REQUIRE(count == 1);
    REQUIRE(s.step());
    REQUIRE(count == 2);
    REQUIRE(s.step());
    REQUIRE(root.ended());
    REQUIRE_FALSE(s.step());
}

TEST_CASE("one that never waits does not keep the others from going on", "[shard]") {
    auto spin = [](const bool& stop) -> task<> {
        while (!stop) co_await yield();
    };
    auto stop_after = [](bool& stop) -> task<> {
        co_await sleep_for(1ms);
        stop = true;
    };
    auto both = [&]() -> task<bool> {
        bool stop = false;
        co_await join(spin(stop), stop_after(stop));
        co_return stop;
    };
    REQUIRE(run(both()));
}

TEST_CASE("there is no current shard where no shard runs", "[shard]") {
    REQUIRE(shard::current() == nullptr);
    REQUIRE_THROWS_WITH(this_shard(), Catch::Contains("start with rtai::run(...) or a runtime"));
    REQUIRE_THROWS_AS(now(), std::logic_error);
    auto ask = []() -> task<shard*> { co_return &this_shard(); };
    shard s(any_driver());
    REQUIRE(run(s, ask()) == &s);
    REQUIRE(shard::current() == nullptr);
}

TEST_CASE("a shard stands on any driver that tells time, waits and wakes", "[shard]") {
    shard s(std::make_unique<plain_driver>());
    event done;
    std::thread other([&] { s.post([&] { done.set(); }); });
    run(s, wait_for(done));
    other.join();
    auto timed = []() -> task<bool> {
        const auto before = now();
        co_await join(pause(2ms), pause(1ms));
        co_return now() - before >= 2ms;
    };
    REQUIRE(run(s, timed()));
}

TEST_CASE("using a shard's things from another thread is caught", "[shard]") {
    if (!test::can_watch_aborts) return;
    REQUIRE_THAT(test::abort_message([] {
                     shard mine(any_driver());
                     event e;
                     std::atomic<bool> waiting{false};
                     std::thread other([&] {
                         while (!waiting) std::this_thread::yield();
                         e.set();
                     });
                     auto wait = [](event& on, std::atomic<bool>& flag) -> task<> {
                         flag = true;
                         co_await on.wait();
                     };
                     detail::root<void> root(mine);
                     root.start(wait(e, waiting));
                     const shard::entered inside(mine);
                     mine.step();
                     other.join();
                 }),
                 Catch::Contains("used from another thread than its shard's"));
}
