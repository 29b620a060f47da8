#include <chrono>
#include <rtai/core/channel.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/core/with.hpp>
#include <stdexcept>
#include <system_error>
#include <type_traits>
#include <utility>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using test::counted;

namespace {

duration elapsed() { return test::world().elapsed(); }

task<int> number_after(duration how_long, int n) {
    const counted alive(n);
    co_await sleep_for(how_long);
    co_return n;
}

task<> pause(duration how_long) { co_await sleep_for(how_long); }

task<result<int>> refuse_after(duration how_long) {
    co_await sleep_for(how_long);
    co_return error(std::errc::connection_refused, "connect");
}

task<> fail() {
    throw std::runtime_error("failed as planned");
    co_return;
}

template <class T>
bool timed_out(const result<T>& r) {
    return !r.ok() && r.error().code == std::errc::timed_out;
}

}  // namespace

CO_TEST("work that is done in time gives its result", "[timeout]") {
    const auto number = co_await with_timeout(5ms, number_after(1ms, 7));
    REQUIRE(*number == 7);
    const auto nothing = co_await with_timeout(5ms, pause(1ms));
    STATIC_REQUIRE(std::is_same_v<decltype(nothing), const result<>>);
    REQUIRE(nothing.ok());
    REQUIRE(elapsed() == 2ms);
}

CO_TEST("work that takes longer is given up, and the result says so", "[timeout]") {
    const auto before = counted::alive;
    const auto number = co_await with_timeout(5ms, number_after(1h, 7));
    REQUIRE(timed_out(number));
    REQUIRE(elapsed() == 5ms);
    REQUIRE(counted::alive == before);
}

CO_TEST("work that needs time to end gets it, beyond the timeout", "[timeout]") {
    auto body = [](counted&) -> task<> { return pause(1h); };
    auto teardown = [](counted&) -> task<> { return pause(3ms); };
    auto run_with = [&]() -> task<> { co_await with(counted(1), body, teardown); };
    auto running = run_with();
    const auto outcome = co_await with_timeout(5ms, std::move(running));
    REQUIRE(timed_out(outcome));
    REQUIRE(elapsed() == 8ms);
}

CO_TEST("a deadline is a time on the shard's clock", "[timeout]") {
    const auto number = co_await with_deadline(now() + 5ms, number_after(1h, 7));
    REQUIRE(timed_out(number));
    const auto late = co_await with_deadline(now() - 1ms, number_after(1ms, 7));
    REQUIRE(timed_out(late));
    REQUIRE(elapsed() == 5ms);
}

CO_TEST("without any time, only what is ready already comes out", "[timeout]") {
    channel<counted> c(1);
    auto in = c.receiver();
    auto out = c.sender();
    const auto nothing_there = co_await with_timeout(0ms, in.receive());
    REQUIRE(timed_out(nothing_there));
    REQUIRE(out.try_send(counted(7)) == offered::sent);
    const auto there = co_await with_timeout(0ms, in.receive());
    REQUIRE((*there)->value == 7);
    const auto before_all_time = co_await with_timeout(-5ms, in.receive());
    REQUIRE(timed_out(before_all_time));
}

CO_TEST("a receive that is given up leaves the value for later", "[timeout]") {
    channel<counted> c(1);
    auto in = c.receiver();
    auto out = c.sender();
    const auto too_early = co_await with_timeout(1ms, in.receive());
    REQUIRE(timed_out(too_early));
    REQUIRE(out.try_send(counted(7)) == offered::sent);
    REQUIRE(in.try_receive()->value == 7);
}

CO_TEST("a send that is given up keeps its value", "[timeout]") {
    channel<counted> c(1);
    auto in = c.receiver();
    auto out = c.sender();
    REQUIRE(out.try_send(counted(1)) == offered::sent);
    counted value(2);
    const auto sent = co_await with_timeout(1ms, out.send(std::move(value)));
    REQUIRE(timed_out(sent));
    REQUIRE(value.value == 2);
}

CO_TEST("an error of the work and the error of being late come out alike", "[timeout]") {
    const auto refused = co_await with_timeout(5ms, refuse_after(1ms));
    STATIC_REQUIRE(std::is_same_v<decltype(refused), const result<int>>);
    REQUIRE(refused.error().code == std::errc::connection_refused);
    const auto late = co_await with_timeout(5ms, refuse_after(1h));
    REQUIRE(timed_out(late));
}

CO_TEST("what the work throws comes out", "[timeout]") {
    bool caught = false;
    try {
        (void)co_await with_timeout(5ms, fail());
    } catch (const std::runtime_error&) {
        caught = true;
    }
    REQUIRE(caught);
}

CO_TEST("timeouts nest, and the shorter one counts", "[timeout]") {
    auto inner = [](duration limit) -> task<result<int>> {
        auto number = co_await with_timeout(limit, number_after(10ms, 7));
        co_return number;
    };
    const auto by_inner = co_await with_timeout(5ms, inner(2ms));
    REQUIRE(timed_out(by_inner));
    REQUIRE(elapsed() == 2ms);
    const auto by_outer = co_await with_timeout(5ms, inner(1h));
    REQUIRE(timed_out(by_outer));
    REQUIRE(elapsed() == 7ms);
}

CO_TEST("done in the moment in which time is up is one or the other, and nothing is lost", "[timeout]") {
    const auto before = counted::alive;
    const auto number = co_await with_timeout(5ms, number_after(5ms, 7));
    if (number.ok()) REQUIRE(*number == 7);
    else REQUIRE(timed_out(number));
    REQUIRE(counted::alive == before);
    REQUIRE(elapsed() == 5ms);
}

CO_TEST("the longest time there is, is long enough", "[timeout]") {
    co_await pause(1ms);
    const auto number = co_await with_timeout(duration::max(), number_after(1ms, 7));
    REQUIRE(number.ok());
}

CO_TEST("a deadline of never does not come", "[timeout]") {
    const auto number = co_await with_deadline(never, number_after(1h, 7));
    REQUIRE(*number == 7);
}
