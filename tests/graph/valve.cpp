#include <chrono>
#include <rtai/core/join.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/graph/elements/valve.hpp>
#include <utility>

#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

struct under_test {
    explicit under_test(std::size_t room = 64, valve<text>::options o = {}) : v(o), out(v.out, room) {}

    void say(std::string s) { in.say(line(std::move(s), 2)); }
    void tell(order o) { orders.say(control(o)); }
    words heard() { return words_of(out.take()); }
    void end() {
        in.end();
        orders.end();
    }

    valve<text> v;
    feed<text> in{v.in};
    feed<control> orders{v.control};
    drain<text> out;
};

task<> rest() { co_await sleep_for(1ms); }

valve<text>::options closed() {
    valve<text>::options o;
    o.paused = true;
    return o;
}

}  // namespace

CO_TEST("a valve passes values on, and holds them while it is paused", "[valve]") {
    under_test t;
    auto script = [&]() -> task<> {
        t.say("one");
        co_await rest();
        REQUIRE(t.heard() == words{"one"});
        t.tell(order::pause);
        co_await rest();
        t.say("two");
        t.say("three");
        co_await rest();
        REQUIRE(t.heard().empty());
        t.tell(order::resume);
        co_await rest();
        const auto got = t.out.take();
        REQUIRE(words_of(got) == words{"two", "three"});
        REQUIRE(in_sequence(got, 1));
        REQUIRE(got[0].stamp.epoch == 2);
        t.end();
    };
    co_await join(play(t.v), script());
    REQUIRE(t.out.ended());
}

CO_TEST("orders go before values that are there already", "[valve]") {
    under_test t;
    t.say("one");
    t.tell(order::pause);
    auto script = [&]() -> task<> {
        co_await rest();
        REQUIRE(t.heard().empty());
        // Both at once, in whichever order they wake it.
        t.tell(order::resume);
        co_await rest();
        REQUIRE(t.heard() == words{"one"});
        t.say("two");
        t.tell(order::pause);
        co_await rest();
        REQUIRE(t.heard().empty());
        t.tell(order::resume);
        co_await rest();
        REQUIRE(t.heard() == words{"two"});
        t.end();
    };
    co_await join(play(t.v), script());
    REQUIRE(t.out.ended());
}

CO_TEST("a flush throws away what waits before the valve and in it", "[valve]") {
    under_test t(1);
    auto script = [&]() -> task<> {
        for (const auto* s : {"one", "two", "three", "four"}) t.say(s);
        co_await rest();
        t.tell(order::flush);
        co_await rest();
        REQUIRE(t.heard() == words{"one"});
        t.say("five");
        co_await rest();
        REQUIRE(t.heard() == words{"five"});
        t.end();
    };
    co_await join(play(t.v), script());
    REQUIRE(t.out.ended());
}

CO_TEST("a value that waits for room behind the valve is held by a pause", "[valve]") {
    under_test t(1);
    auto script = [&]() -> task<> {
        for (const auto* s : {"one", "two"}) t.say(s);
        co_await rest();
        t.tell(order::pause);
        co_await rest();
        REQUIRE(t.heard() == words{"one"});
        co_await rest();
        REQUIRE(t.heard().empty());
        t.tell(order::resume);
        co_await rest();
        REQUIRE(t.heard() == words{"two"});
        t.end();
    };
    co_await join(play(t.v), script());
    REQUIRE(t.out.ended());
}

CO_TEST("a stop ends the stream at once, though a value waits for room", "[valve]") {
    under_test t(1);
    auto script = [&]() -> task<> {
        for (const auto* s : {"one", "two", "three"}) t.say(s);
        co_await rest();
        t.tell(order::stop);
    };
    co_await join(play(t.v), script());
    REQUIRE(t.heard() == words{"one"});
    REQUIRE(t.out.ended());
    REQUIRE(t.in.to().ended());
}

CO_TEST("a valve ends with its values, though orders may still come", "[valve]") {
    under_test t;
    t.say("one");
    t.in.end();
    co_await play(t.v);
    REQUIRE(t.heard() == words{"one"});
    REQUIRE(t.out.ended());
    REQUIRE(t.orders.to().ended());
}

CO_TEST("a valve ends when nobody receives", "[valve]") {
    under_test t;
    t.out.leave();
    t.say("one");
    co_await play(t.v);
    REQUIRE(t.in.to().ended());
}

CO_TEST("when nobody gives orders any more, the valve is open", "[valve]") {
    under_test t(64, closed());
    t.say("one");
    auto script = [&]() -> task<> {
        co_await rest();
        REQUIRE(t.heard().empty());
        t.orders.end();
        co_await rest();
        REQUIRE(t.heard() == words{"one"});
        t.say("two");
        t.in.end();
    };
    co_await join(play(t.v), script());
    REQUIRE(t.heard() == words{"two"});
}

CO_TEST("a valve whose control is not wired is open", "[valve]") {
    valve<text> v;
    feed<text> in(v.in);
    drain<text> out(v.out);
    in.say(line("one"));
    in.end();
    co_await play(v);
    REQUIRE(words_of(out.take()) == words{"one"});
}
