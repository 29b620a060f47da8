#include <chrono>
#include <cstddef>
#include <memory>
#include <rtai/core/channel.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/core/with.hpp>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using test::counted;

namespace {

duration elapsed() { return test::world().elapsed(); }

task<> rest() { co_await sleep_for(1ms); }

task<int> number_after(duration how_long, int n) {
    const counted alive(n);
    co_await sleep_for(how_long);
    co_return n;
}

task<> fail_after(duration how_long) {
    co_await sleep_for(how_long);
    throw std::runtime_error("failed as planned");
}

task<> wait_for_ever() {
    const counted alive(1);
    event nothing;
    co_await nothing.wait();
}

task<int> ready_number(int n) { co_return n; }

/// Ends only some time after it was told to.
task<> end_slowly(duration how_long) {
    auto body = [](counted&) -> task<> { return wait_for_ever(); };
    auto teardown = [how_long](counted&) -> task<> {
        return [](duration d) -> task<> { co_await sleep_for(d); }(how_long);
    };
    co_await with(counted(1), body, teardown);
}

void fill(const sender<counted>& out, int count) {
    for (int i = 0; i < count; ++i) (void)out.try_send(counted(i));
}

}  // namespace

// --- Who wins ------------------------------------------------------------------------------------------

CO_TEST("the first of a race wins, and its index tells who it was", "[race]") {
    auto first = co_await race(sleep_for(3ms), sleep_for(1ms), sleep_for(2ms));
    REQUIRE(first.index() == 1);
    REQUIRE(elapsed() == 1ms);
}

CO_TEST("of those who are ready at once, the first in order wins", "[race]") {
    channel<counted> c(2);
    auto out = c.sender();
    auto in = c.receiver();
    fill(out, 1);
    event set;
    set.set();
    auto first = co_await race(set.wait(), in.receive());
    REQUIRE(first.index() == 0);
    REQUIRE(c.stats().depth == 1);
    auto second = co_await race(in.receive(), set.wait());
    REQUIRE(second.index() == 0);
    REQUIRE(std::get<0>(second)->value == 0);
}

CO_TEST("tasks race, and the winner's result comes out", "[race]") {
    auto first = co_await race(number_after(2ms, 1), number_after(1ms, 2), wait_for_ever());
    STATIC_REQUIRE(std::is_same_v<decltype(first), std::variant<int, int, std::monostate>>);
    REQUIRE(first.index() == 1);
    REQUIRE(std::get<1>(first) == 2);
}

CO_TEST("a task races against an await", "[race]") {
    auto in_time = co_await race(number_after(1ms, 7), sleep_for(5ms));
    REQUIRE(std::get<0>(in_time) == 7);
    auto too_late = co_await race(sleep_for(1ms), number_after(5ms, 7));
    REQUIRE(too_late.index() == 0);
}

CO_TEST("a task is not even begun when something else is ready", "[race]") {
    event set;
    set.set();
    bool begun = false;
    auto begin = [](bool& b) -> task<> {
        b = true;
        co_return;
    };
    auto first = co_await race(begin(begun), set.wait());
    REQUIRE(first.index() == 1);
    REQUIRE_FALSE(begun);
}

CO_TEST("an await that is kept by name can race again and again", "[race]") {
    event e;
    auto waiting = e.wait();
    for (int i = 0; i < 3; ++i) {
        auto first = co_await race(waiting, sleep_for(1ms));
        REQUIRE(first.index() == 1);
    }
    e.set();
    auto first = co_await race(waiting, sleep_for(1ms));
    REQUIRE(first.index() == 0);
}

CO_TEST("races nest", "[race]") {
    auto first = co_await race(race(sleep_for(2ms), sleep_for(3ms)), sleep_for(5ms));
    REQUIRE(first.index() == 0);
    REQUIRE(std::get<0>(first).index() == 0);
    REQUIRE(elapsed() == 2ms);
}

// --- What becomes of the losers ------------------------------------------------------------------------

CO_TEST("a race gives up the losers, and their values stay in their channels", "[race]") {
    channel<counted> first(1);
    channel<counted> second(1);
    auto first_in = first.receiver();
    auto second_in = second.receiver();
    fill(first.sender(), 1);
    fill(second.sender(), 1);
    auto got = co_await race(first_in.receive(), second_in.receive());
    REQUIRE(got.index() == 0);
    REQUIRE(first.stats().depth == 0);
    REQUIRE(second.stats().depth == 1);
    REQUIRE(second_in.try_receive()->value == 0);
}

CO_TEST("of two channels that get a value in the same moment, one keeps it", "[race]") {
    channel<counted> first(1);
    channel<counted> second(1);
    auto first_out = first.sender();
    auto second_out = second.sender();
    auto receive_either = [](receiver<counted> a, receiver<counted> b) -> task<std::size_t> {
        auto got = co_await race(a.receive(), b.receive());
        const std::size_t index = got.index();
        if (index == 0) REQUIRE(std::get<0>(got));
        else REQUIRE(std::get<1>(got));
        auto never_both = co_await race(a.receive(), b.receive());
        REQUIRE(never_both.index() == 1 - index);
        co_return index;
    };
    auto send_both = [](sender<counted> a, sender<counted> b) -> task<> {
        co_await rest();
        REQUIRE(a.try_send(counted(1)) == offered::sent);
        REQUIRE(b.try_send(counted(2)) == offered::sent);
    };
    auto receiving = receive_either(first.receiver(), second.receiver());
    auto sending = send_both(first_out, second_out);
    co_await join(std::move(receiving), std::move(sending));
    REQUIRE(first.stats().received == 1);
    REQUIRE(second.stats().received == 1);
}

CO_TEST("a race between two receives of one channel takes one value", "[race]") {
    channel<counted> c(4);
    auto out = c.sender();
    auto in = c.receiver();
    fill(out, 2);
    auto got = co_await race(in.receive(), in.receive());
    REQUIRE(std::get<0>(got)->value == 0);
    REQUIRE(c.stats().depth == 1);
    auto send_two = [](sender<counted> to) -> task<> {
        co_await rest();
        fill(to, 2);
    };
    (void)in.try_receive();
    auto sending = send_two(out);
    auto [nothing, later] = co_await join(std::move(sending), race(in.receive(), in.receive()));
    const std::optional<counted>& value = later.index() == 0 ? std::get<0>(later) : std::get<1>(later);
    REQUIRE(value->value == 0);
    REQUIRE(c.stats().depth == 1);
}

CO_TEST("a race between two sends sends one value, and the other stays with the caller", "[race]") {
    channel<counted> first(1);
    channel<counted> second(1);
    auto first_out = first.sender();
    auto second_out = second.sender();
    auto first_in = first.receiver();
    auto second_in = second.receiver();
    fill(first_out, 1);
    fill(second_out, 1);
    counted one(11);
    counted two(22);
    auto make_room = [](receiver<counted> a, receiver<counted> b) -> task<> {
        co_await rest();
        (void)a.try_receive();
        (void)b.try_receive();
    };
    auto making_room = make_room(first_in, second_in);
    auto [nothing, sent] = co_await join(
        std::move(making_room), race(first_out.send(std::move(one)), second_out.send(std::move(two))));
    if (sent.index() == 0) {
        REQUIRE(std::get<0>(sent));
        REQUIRE(first_in.try_receive()->value == 11);
        REQUIRE(two.value == 22);
        REQUIRE_FALSE(second_in.try_receive());
    } else {
        REQUIRE(std::get<1>(sent));
        REQUIRE(second_in.try_receive()->value == 22);
        REQUIRE(one.value == 11);
        REQUIRE_FALSE(first_in.try_receive());
    }
    REQUIRE(first_out.try_send(counted(1)) == offered::sent);
    REQUIRE(second_out.try_send(counted(1)) == offered::sent);
}

CO_TEST("a race between two sends that both have room sends the first only", "[race]") {
    channel<counted> c(4);
    auto out = c.sender();
    auto in = c.receiver();
    counted one(11);
    counted two(22);
    auto sent = co_await race(out.send(std::move(one)), out.send(std::move(two)));
    REQUIRE(sent.index() == 0);
    REQUIRE(two.value == 22);
    REQUIRE(in.try_receive()->value == 11);
    REQUIRE(c.stats().sent == 1);
}

CO_TEST("a value that comes in the moment in which time is up is received or still there", "[race]") {
    channel<counted> c(1);
    auto in = c.receiver();
    auto send_later = [](sender<counted> out) -> task<> {
        co_await sleep_for(1ms);
        fill(out, 1);
    };
    auto receive_until = [](receiver<counted> from) -> task<bool> {
        auto first = co_await race(from.receive(), sleep_for(1ms));
        co_return first.index() == 0 && std::get<0>(first).has_value();
    };
    auto sending = send_later(c.sender());
    auto receiving = receive_until(in);
    auto [nothing, received] = co_await join(std::move(sending), std::move(receiving));
    REQUIRE(c.stats().depth == (received ? 0U : 1U));
    REQUIRE(in.try_receive().has_value() == !received);
}

CO_TEST("the losers have ended when the winner's result comes out", "[race]") {
    const auto before = counted::alive;
    auto first = co_await race(sleep_for(1ms), wait_for_ever(), number_after(5ms, 1));
    REQUIRE(first.index() == 0);
    REQUIRE(counted::alive == before);
    REQUIRE(elapsed() == 1ms);
}

CO_TEST("a race waits for a loser that needs time to end", "[race]") {
    const auto before = counted::alive;
    auto first = co_await race(sleep_for(1ms), end_slowly(4ms));
    REQUIRE(first.index() == 0);
    REQUIRE(counted::alive == before);
    REQUIRE(elapsed() == 5ms);
}

CO_TEST("a race that waits for its losers takes its value only then", "[race]") {
    channel<counted> c(1);
    auto in = c.receiver();
    auto out = c.sender();
    auto send_and_flush = [](sender<counted> to, receiver<counted> from) -> task<> {
        co_await sleep_for(1ms);
        fill(to, 1);
        co_await sleep_for(1ms);
        REQUIRE(from.flush([](const counted&) { return true; }) == 1);
        co_await sleep_for(10ms);
        REQUIRE(to.try_send(counted(7)) == offered::sent);
    };
    auto receive_slowly = [](receiver<counted> from) -> task<int> {
        auto first = co_await race(from.receive(), end_slowly(4ms));
        co_return std::get<0>(first)->value;
    };
    auto receiving = receive_slowly(in);
    auto sending = send_and_flush(out, in);
    auto [got, nothing] = co_await join(std::move(receiving), std::move(sending));
    REQUIRE(got == 7);
}

CO_TEST("a winner whose value was flushed races on with the others that need no task", "[race]") {
    channel<counted> c(1);
    auto in = c.receiver();
    auto out = c.sender();
    auto send_and_flush = [](sender<counted> to, receiver<counted> from) -> task<> {
        co_await sleep_for(1ms);
        fill(to, 1);
        co_await sleep_for(1ms);
        REQUIRE(from.flush([](const counted&) { return true; }) == 1);
    };
    auto receive_slowly = [](receiver<counted> from) -> task<std::size_t> {
        auto first = co_await race(from.receive(), end_slowly(4ms), sleep_for(20ms));
        co_return first.index();
    };
    auto receiving = receive_slowly(in);
    auto sending = send_and_flush(out, in);
    auto [index, nothing] = co_await join(std::move(receiving), std::move(sending));
    REQUIRE(index == 2);
    REQUIRE(elapsed() == 20ms);
}

CO_TEST("a reference that a task gives comes out of a race as one", "[race]") {
    int target = 0;
    auto same = [](int& n) -> task<int&> { co_return n; };
    auto first = co_await race(same(target), sleep_for(1h));
    REQUIRE(&std::get<0>(first).get() == &target);
}

CO_TEST("a send that has won takes its room while the losers end", "[race]") {
    channel<counted> c(1);
    auto in = c.receiver();
    auto out = c.sender();
    fill(out, 1);
    auto make_room = [](sender<counted> to, receiver<counted> from) -> task<> {
        co_await sleep_for(1ms);
        (void)from.try_receive();
        co_await sleep_for(1ms);
        REQUIRE(to.try_send(counted(8)) == offered::full);
    };
    auto send_slowly = [](sender<counted> to) -> task<bool> {
        auto first = co_await race(to.send(counted(7)), end_slowly(4ms));
        co_return std::get<0>(first);
    };
    auto sending = send_slowly(out);
    auto making_room = make_room(out, in);
    auto [sent, nothing] = co_await join(std::move(sending), std::move(making_room));
    REQUIRE(sent);
    REQUIRE(in.try_receive()->value == 7);
}

// --- Failure and cancellation --------------------------------------------------------------------------

CO_TEST("what the winner throws comes out of the race", "[race]") {
    const auto before = counted::alive;
    bool caught = false;
    try {
        (void)co_await race(wait_for_ever(), fail_after(1ms));
    } catch (const std::runtime_error&) {
        caught = true;
    }
    REQUIRE(caught);
    REQUIRE(counted::alive == before);
}

CO_TEST("what a loser would have thrown is never thrown", "[race]") {
    auto first = co_await race(sleep_for(1ms), fail_after(2ms));
    REQUIRE(first.index() == 0);
    co_await sleep_for(5ms);
}

TEST_CASE("an empty task can not race, and who tried can still be cancelled", "[race]") {
    const test::balance before;
    auto attempt = [](bool& refused) -> task<> {
        try {
            (void)co_await race(wait_for_ever(), task<>());
        } catch (const std::logic_error&) {
            refused = true;
        }
        co_await wait_for_ever();
    };
    bool refused = false;
    {
        sim::world w;
        detail::root<void> root(w.first());
        root.start(attempt(refused));
        while (w.step()) {
        }
        root.cancel();
        REQUIRE(root.ended());
    }
    REQUIRE(refused);
    before.check();
}

CO_TEST("cancelling a race cancels all who take part", "[race]") {
    const auto before = counted::alive;
    co_await with_scope([&](scope& s) -> task<> {
        auto run_race = []() -> task<> {
            (void)co_await race(wait_for_ever(), wait_for_ever(), sleep_for(1h));
        };
        s.spawn(run_race());
        co_await rest();
        REQUIRE(counted::alive == before + 2);
        s.cancel();
        co_await s.join();
        REQUIRE(counted::alive == before);
        REQUIRE(elapsed() == 1ms);
    });
}

TEST_CASE("a hundred thousand races leave nothing behind", "[race]") {
    auto many = []() -> task<std::size_t> {
        event set;
        set.set();
        event never_set;
        std::size_t won = 0;
        for (int i = 0; i < 100'000; ++i) {
            auto light = co_await race(never_set.wait(), set.wait());
            won += light.index();
            if (i % 10 != 0) continue;
            auto heavy = co_await race(wait_for_ever(), ready_number(1));
            won += heavy.index();
        }
        co_return won;
    };
    const auto frames = live_coroutines;
    REQUIRE(sim::run(many()) == 110'000);
    REQUIRE(live_coroutines == frames);
}
