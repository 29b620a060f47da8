#include <chrono>
#include <memory>
#include <rtai/core/event.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/core/with.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using test::counted;

namespace {

using notes = std::vector<std::string>;

duration elapsed() { return test::world().elapsed(); }

/// A thing with a closing handshake.
struct connection {
    explicit connection(notes& n) : log(&n), alive(1) {}

    task<> close() {
        log->push_back("closing");
        co_await sleep_for(5ms);
        log->push_back("closed");
    }

    notes* log;
    counted alive;
};

task<> hang_up(connection& c) { return c.close(); }

task<int> talk(connection& c) {
    co_await sleep_for(1ms);
    c.log->push_back("talked");
    co_return 7;
}

task<> talk_for_ever(connection&) {
    const counted alive(1);
    event nothing;
    co_await nothing.wait();
}

task<> fail_to_talk(connection& c) {
    co_await sleep_for(1ms);
    c.log->push_back("failed");
    throw std::runtime_error("body");
}

task<> fail_to_close(connection&) {
    co_await sleep_for(1ms);
    throw std::runtime_error("teardown");
}

task<> close_never(connection& c) {
    c.log->push_back("closing");
    co_await talk_for_ever(c);
}

const notes talked_and_closed{"talked", "closing", "closed"};

}  // namespace

CO_TEST("with runs the teardown after the body has returned, and gives its result", "[with]") {
    notes log;
    const int result = co_await with(connection(log), &talk, &hang_up);
    REQUIRE(result == 7);
    REQUIRE(log == talked_and_closed);
    REQUIRE(elapsed() == 6ms);
}

CO_TEST("with runs the teardown after the body has thrown, and lets that out", "[with]") {
    notes log;
    std::string what;
    try {
        co_await with(connection(log), &fail_to_talk, &hang_up);
    } catch (const std::runtime_error& e) {
        what = e.what();
    }
    REQUIRE(what == "body");
    REQUIRE(log == notes{"failed", "closing", "closed"});
}

CO_TEST("with runs the teardown after the body was cancelled, and who cancelled waits for it", "[with]") {
    notes log;
    const auto before = counted::alive;
    auto run_with = [](notes& n) -> task<> { co_await with(connection(n), &talk_for_ever, &hang_up); };
    auto first = co_await race(sleep_for(1ms), run_with(log));
    REQUIRE(first.index() == 0);
    REQUIRE(log == notes{"closing", "closed"});
    REQUIRE(counted::alive == before);
    REQUIRE(elapsed() == 6ms);
}

CO_TEST("a teardown that does not end is given up after its limit", "[with]") {
    notes log;
    const auto before = counted::alive;
    const int result = co_await with(connection(log), &talk, &close_never, 20ms);
    REQUIRE(result == 7);
    REQUIRE(log == notes{"talked", "closing"});
    REQUIRE(counted::alive == before);
    REQUIRE(elapsed() == 21ms);
}

CO_TEST("a teardown after a cancellation that does not end is given up after its limit", "[with]") {
    notes log;
    const auto before = counted::alive;
    auto run_with = [](notes& n) -> task<> { co_await with(connection(n), &talk_for_ever, &close_never); };
    auto first = co_await race(sleep_for(1ms), run_with(log));
    REQUIRE(first.index() == 0);
    REQUIRE(counted::alive == before);
    REQUIRE(elapsed() == 1ms + default_teardown_limit);
}

CO_TEST("a teardown without time is not begun, and the body's result comes out", "[with]") {
    notes log;
    const int result = co_await with(connection(log), &talk, &hang_up, 0ms);
    REQUIRE(result == 7);
    REQUIRE(log == notes{"talked"});
}

CO_TEST("what the teardown throws comes out, unless the body threw before", "[with]") {
    notes log;
    std::string what;
    try {
        (void)co_await with(connection(log), &talk, &fail_to_close);
    } catch (const std::runtime_error& e) {
        what = e.what();
    }
    REQUIRE(what == "teardown");
    try {
        co_await with(connection(log), &fail_to_talk, &fail_to_close);
    } catch (const std::runtime_error& e) {
        what = e.what();
    }
    REQUIRE(what == "body");
}

CO_TEST("what a teardown throws after a cancellation is not heard", "[with]") {
    notes log;
    const auto before = counted::alive;
    auto run_with = [](notes& n) -> task<> { co_await with(connection(n), &talk_for_ever, &fail_to_close); };
    auto first = co_await race(sleep_for(1ms), run_with(log));
    REQUIRE(first.index() == 0);
    REQUIRE(counted::alive == before);
}

CO_TEST("a teardown that has begun is not cancelled from outside", "[with]") {
    notes log;
    co_await with_scope([&](scope& s) -> task<> {
        auto run_with = [](notes& n) -> task<> { (void)co_await with(connection(n), &talk, &hang_up); };
        s.spawn(run_with(log));
        co_await sleep_for(2ms);
        REQUIRE(log == notes{"talked", "closing"});
        s.cancel();
        co_await s.join();
        REQUIRE(log == talked_and_closed);
        REQUIRE(elapsed() == 6ms);
    });
}

CO_TEST("teardowns that nest run from the inside out", "[with]") {
    notes log;
    auto outer_body = [](connection& outer) -> task<> {
        auto inner_body = [](connection& inner) -> task<> { return talk_for_ever(inner); };
        co_await with(connection(*outer.log), inner_body, &hang_up);
    };
    auto run_with = [&](notes& n) -> task<> {
        auto say_and_close = [](connection& c) -> task<> {
            c.log->push_back("outer");
            return c.close();
        };
        co_await with(connection(n), outer_body, say_and_close);
    };
    auto first = co_await race(sleep_for(1ms), run_with(log));
    REQUIRE(first.index() == 0);
    REQUIRE(log == notes{"closing", "closed", "outer", "closing", "closed"});
    REQUIRE(elapsed() == 11ms);
}

CO_TEST("what was cancelled before with was reached opens and closes nothing", "[with]") {
    notes log;
    auto late = [](notes& n) -> task<> {
        co_await sleep_for(1h);
        (void)co_await with(connection(n), &talk, &hang_up);
    };
    auto first = co_await race(sleep_for(1ms), late(log));
    REQUIRE(first.index() == 0);
    REQUIRE(log.empty());
}

CO_TEST("the resource lives until its teardown has ended", "[with]") {
    const auto before = counted::alive;
    bool alive_in_teardown = false;
    auto body = [](std::unique_ptr<counted>&) -> task<> { co_return; };
    auto teardown = [&](std::unique_ptr<counted>& held) -> task<> {
        auto look = [](counted& c, bool& seen) -> task<> {
            co_await sleep_for(1ms);
            seen = c.value == 7;
        };
        return look(*held, alive_in_teardown);
    };
    co_await with(std::make_unique<counted>(7), body, teardown);
    REQUIRE(alive_in_teardown);
    REQUIRE(counted::alive == before);
}
