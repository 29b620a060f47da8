#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <rtai/core/asio.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/core/with.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using test::counted;

namespace {

// In Asio's coroutines.

asio::awaitable<int> asio_number(duration how_long) {
    const counted alive(1);
    asio::steady_timer timer(co_await asio::this_coro::executor, how_long);
    co_await timer.async_wait(asio::use_awaitable);
    co_return 7;
}

asio::awaitable<void> asio_failure() {
    asio::steady_timer timer(co_await asio::this_coro::executor, 0ms);
    co_await timer.async_wait(asio::use_awaitable);
    throw std::out_of_range("failed as planned");
}

// In ours.

task<int> number_after(duration how_long) {
    const counted alive(1);
    co_await sleep_for(how_long);
    co_return 7;
}

task<> fail_after(duration how_long) {
    co_await sleep_for(how_long);
    throw std::out_of_range("failed as planned");
}

/// Runs `work` on a context of its own until it has ended; what it throws comes out.
void run_on(asio::io_context& context, asio::awaitable<void> work) {
    std::exception_ptr failure;
    asio::co_spawn(context, std::move(work), [&](std::exception_ptr e) { failure = std::move(e); });
    context.run();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace

// --- An awaitable in a task ----------------------------------------------------------------------------

TEST_CASE("an Asio coroutine is awaited in a task", "[asio]") {
    const test::balance before;
    auto ask = []() -> task<int> {
        const int number = co_await from_asio(asio_number(1ms));
        co_return number;
    };
    REQUIRE(run(ask()) == 7);
    before.check();
}

TEST_CASE("what an Asio coroutine throws comes out in the task", "[asio]") {
    const test::balance before;
    auto ask = []() -> task<> { co_await from_asio(asio_failure()); };
    REQUIRE_THROWS_AS(run(ask()), std::out_of_range);
    before.check();
}

TEST_CASE("cancelling a task cancels the Asio coroutine that it awaits", "[asio]") {
    const test::balance before;
    auto ask = []() -> task<bool> {
        auto wait = []() -> task<> { (void)co_await from_asio(asio_number(1h)); };
        const auto late = co_await with_timeout(2ms, wait());
        co_return late.ok();
    };
    REQUIRE_FALSE(run(ask()));
    before.check();
}

// --- A task in an awaitable ----------------------------------------------------------------------------

TEST_CASE("a task is awaited in an Asio coroutine, on the same context", "[asio]") {
    const test::balance before;
    int number = 0;
    {
        asio::io_context context;
        guest_shard guest(context);
        auto ask = [](shard& on, int& to) -> asio::awaitable<void> {
            to = co_await to_asio(on, number_after(1ms));
        };
        run_on(context, ask(guest, number));
    }
    REQUIRE(number == 7);
    before.check();
}

TEST_CASE("what a task throws comes out in the Asio coroutine", "[asio]") {
    const test::balance before;
    {
        asio::io_context context;
        guest_shard guest(context);
        auto ask = [](shard& on) -> asio::awaitable<void> { co_await to_asio(on, fail_after(1ms)); };
        REQUIRE_THROWS_AS(run_on(context, ask(guest)), std::out_of_range);
    }
    before.check();
}

TEST_CASE("several tasks are awaited in an Asio coroutine, one after the other", "[asio]") {
    asio::io_context context;
    guest_shard guest(context);
    int sum = 0;
    auto ask = [](shard& on, int& to) -> asio::awaitable<void> {
        for (int i = 0; i < 10; ++i)
            to += co_await to_asio(on, number_after(std::chrono::microseconds(i * 10)));
    };
    run_on(context, ask(guest, sum));
    REQUIRE(sum == 70);
}

TEST_CASE("tasks of several Asio coroutines share their guest shard", "[asio]") {
    asio::io_context context;
    guest_shard guest(context);
    event meet;
    auto wait = [](event& e) -> task<> { co_await e.wait(); };
    auto set = [](event& e) -> task<> {
        co_await sleep_for(1ms);
        e.set();
    };
    int ended = 0;
    auto ask = [](shard& on, task<> work, int& count) -> asio::awaitable<void> {
        co_await to_asio(on, std::move(work));
        ++count;
    };
    auto count_end = [](std::exception_ptr) {};
    asio::co_spawn(context, ask(guest, wait(meet), ended), count_end);
    asio::co_spawn(context, ask(guest, wait(meet), ended), count_end);
    asio::co_spawn(context, ask(guest, set(meet), ended), count_end);
    context.run();
    REQUIRE(ended == 3);
}

TEST_CASE("cancelling an Asio coroutine cancels the task that it awaits", "[asio]") {
    const test::balance before;
    bool torn_down = false;
    bool cancelled = false;
    {
        asio::io_context context;
        guest_shard guest(context);
        asio::cancellation_signal stop;
        auto ask = [](shard& on, bool& t) -> asio::awaitable<void> {
            auto hold = [](bool& down) -> task<int> {
                auto body = [](counted&) -> task<int> { return number_after(1h); };
                auto teardown = [&down](counted&) -> task<> {
                    auto slowly = [](bool& d) -> task<> {
                        co_await sleep_for(1ms);
                        d = true;
                    };
                    return slowly(down);
                };
                const int n = co_await with(counted(1), body, teardown);
                co_return n;
            };
            (void)co_await to_asio(on, hold(t));
        };
        auto ended = [&](std::exception_ptr failure) {
            try {
                if (failure) std::rethrow_exception(failure);
            } catch (const std::system_error& e) {
                cancelled = e.code() == std::errc::operation_canceled;
            }
        };
        asio::co_spawn(context, ask(guest, torn_down), asio::bind_cancellation_slot(stop.slot(), ended));
        asio::steady_timer timer(context, 2ms);
        timer.async_wait([&](asio::error_code) { stop.emit(asio::cancellation_type::terminal); });
        context.run();
    }
    REQUIRE(cancelled);
    REQUIRE(torn_down);
    before.check();
}

TEST_CASE("cancelling an Asio coroutine in the moment in which its task ends harms nobody", "[asio]") {
    const test::balance before;
    {
        asio::io_context context;
        guest_shard guest(context);
        asio::cancellation_signal stop;
        event go;
        auto wait = [](event& e) -> task<> { co_await e.wait(); };
        auto set_and_cancel = [](event& e, asio::cancellation_signal& s) -> task<> {
            co_await sleep_for(1ms);
            e.set();
            s.emit(asio::cancellation_type::terminal);
        };
        int ended = 0;
        auto ask = [](shard& on, task<> work) -> asio::awaitable<void> {
            co_await to_asio(on, std::move(work));
        };
        auto count = [&](std::exception_ptr) { ++ended; };
        asio::co_spawn(context, ask(guest, wait(go)), asio::bind_cancellation_slot(stop.slot(), count));
        asio::co_spawn(context, ask(guest, set_and_cancel(go, stop)), count);
        context.run();
        REQUIRE(ended == 2);
    }
    before.check();
}

TEST_CASE("an Asio coroutine in a task in an Asio coroutine", "[asio]") {
    asio::io_context context;
    guest_shard guest(context);
    int number = 0;
    auto middle = []() -> task<int> {
        const int n = co_await from_asio(asio_number(1ms));
        co_return n + 1;
    };
    auto ask = [&middle](shard& on, int& to) -> asio::awaitable<void> {
        to = co_await to_asio(on, middle());
    };
    run_on(context, ask(guest, number));
    REQUIRE(number == 8);
}
