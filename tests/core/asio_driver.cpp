#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/timer.hpp>
#include <thread>
#include <utility>
#include <vector>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;

namespace {

task<> note_after(duration how_long, std::vector<duration>& order) {
    co_await sleep_for(how_long);
    order.push_back(how_long);
}

/// Waits with several timers; true if they went off in order and not too early.
task<bool> wait_in_order() {
    std::vector<duration> order;
    const auto before = now();
    co_await join(note_after(6ms, order), note_after(2ms, order), note_after(4ms, order));
    co_return order == std::vector<duration>{2ms, 4ms, 6ms} && now() - before >= 6ms;
}

}  // namespace

TEST_CASE("timers go off in order and not too early", "[asio_driver]") { REQUIRE(run(wait_in_order())); }

TEST_CASE("timers go off in order and not too early where there are I/O objects", "[asio_driver]") {
    auto with_io = []() -> task<bool> {
        asio::steady_timer idle(io_context(), 1h);
        bool fired = false;
        idle.async_wait([&](asio::error_code error) { fired = !error; });
        const bool right = co_await wait_in_order();
        const bool again = co_await wait_in_order();
        co_return right&& again && !fired;
    };
    REQUIRE(run(with_io()));
}

TEST_CASE("what completes in the Asio context runs on the shard's thread", "[asio_driver]") {
    auto post = []() -> task<bool> {
        event done;
        bool here = false;
        shard* mine = &this_shard();
        asio::post(io_context(), [&] {
            here = shard::current() == mine;
            done.set();
        });
        co_await done.wait();
        co_return here;
    };
    REQUIRE(run(post()));
}

TEST_CASE("an Asio context is served even by a shard that is busy", "[asio_driver]") {
    auto post = []() -> task<> {
        bool done = false;
        asio::post(io_context(), [&] { done = true; });
        while (!done) co_await yield();
    };
    run(post());
    SUCCEED();
}

TEST_CASE("wake-ups are not lost between threads", "[asio_driver]") {
    for (const bool io_objects : {false, true}) {
        shard here(std::make_unique<asio_driver>());
        here.watch_inbox_for(0ms);
        std::atomic<int> asked{0};
        int answered = 0;
        event question;
        std::thread other([&] {
            for (int i = 1; i <= 500; ++i) {
                here.post([&] { question.set(); });
                for (int seen = asked; seen < i; seen = asked) asked.wait(seen);
            }
        });
        auto answer = [&]() -> task<> {
            if (io_objects) (void)io_context();
            while (answered < 500) {
                co_await question.wait();
                question.reset();
                ++answered;
                ++asked;
                asked.notify_one();
            }
        };
        run(here, answer());
        other.join();
        REQUIRE(answered == 500);
    }
}

TEST_CASE("a driver with a wake-up under way can be destroyed", "[asio_driver]") {
    asio_driver d;
    d.wake();
    d.wake();
    SUCCEED();
}
