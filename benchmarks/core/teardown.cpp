#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <chrono>
#include <list>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/channel.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timer.hpp>

#include "hop.hpp"
#include "questions.hpp"

namespace bench {
namespace {

using namespace std::chrono_literals;
using rtai::task;
using clock = std::chrono::steady_clock;

constexpr int coroutines = 1'000;

double microseconds_since(clock::time_point begin) {
    return std::chrono::duration<double, std::micro>(clock::now() - begin).count();
}

// Three kinds of wait, each two coroutines deep, with a frame in hand.

task<> wait_for_frame(const rtai::receiver<frame>& in) { (void)co_await in.receive(); }
task<> listen(rtai::receiver<frame> in) {
    const frame held(0);
    co_await wait_for_frame(in);
}

task<> wait_long() { co_await rtai::sleep_for(1h); }
task<> sleep() {
    const frame held(0);
    co_await wait_long();
}

task<> wait_for_event(rtai::event& e) { co_await e.wait(); }
task<> attend(rtai::event& e) {
    const frame held(0);
    co_await wait_for_event(e);
}

task<> cancel_all(double& took) {
    rtai::channel<frame> frames(capacity);
    const rtai::sender<frame> silent = frames.sender();
    rtai::event never_set;
    clock::time_point begin;
    co_await rtai::with_scope([&](rtai::scope& s) -> task<> {
        for (int i = 0; i < coroutines; ++i) {
            if (i % 3 == 0) s.spawn(listen(frames.receiver()));
            else if (i % 3 == 1) s.spawn(sleep());
            else s.spawn(attend(never_set));
        }
        co_await rtai::yield();
        begin = clock::now();
        s.cancel();
        co_await s.join();
    });
    took = microseconds_since(begin);
}

double rtai_cancel() {
    double took = 0;
    rtai::run(cancel_all(took));
    return took;
}

asio::awaitable<void> asio_wait_long(asio::steady_timer& timer) {
    co_await timer.async_wait(asio::use_awaitable);
}
asio::awaitable<void> asio_sleep() {
    const frame held(0);
    asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
    co_await asio_wait_long(timer);
}

double asio_cancel() {
    asio::io_context context(1);
    std::list<asio::cancellation_signal> signals;
    for (int i = 0; i < coroutines; ++i)
        asio::co_spawn(context, asio_sleep(),
                       asio::bind_cancellation_slot(signals.emplace_back().slot(), asio::detached));
    context.poll();
    const auto begin = clock::now();
    for (auto& signal : signals) signal.emit(asio::cancellation_type::terminal);
    context.run();
    return microseconds_since(begin);
}

}  // namespace

/// How long until a thousand waiting coroutines, and all they hold, are gone?
void teardown(sheet& s) {
    s.measure("Cancel and unwind 1,000 suspended coroutines", "microseconds",
              {{"teardown_1000_us", "rtai scope", role::ours, {rtai_cancel}},
               {"teardown_1000_us_asio", "Asio cancellation slots, timers only", role::peer, {asio_cancel}}});
    s.at_most("the end of 1,000 coroutines", s["teardown_1000_us"], 1000, " microseconds");
}

}  // namespace bench
