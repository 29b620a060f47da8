#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <rtai/core/channel.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timer.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/aborts.hpp"
#include "core/allocations.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using test::counted;

namespace {

using values = std::vector<int>;

task<> send_numbers(sender<counted> out, int count, int first = 0) {
    for (int i = 0; i < count; ++i)
        if (!co_await out.send(counted(first + i))) co_return;
}

task<values> receive_all(receiver<counted> in) {
    values got;
    while (auto value = co_await in.receive()) got.push_back(value->value);
    co_return got;
}

task<> receive_into(receiver<counted> in, values& got) {
    while (auto value = co_await in.receive()) got.push_back(value->value);
}

task<> receive_one(receiver<counted> in, values& got, int receiver_number) {
    auto value = co_await in.receive();
    if (value) got.push_back(receiver_number);
}

task<> send_one(sender<counted> out, counted& value, bool& taken) {
    taken = co_await out.send(std::move(value));
}

/// Lets all that is ready come to rest: simulated time goes on only after that.
task<> rest() { co_await sleep_for(1ms); }

values numbers(int count, int first = 0) {
    values all;
    for (int i = 0; i < count; ++i) all.push_back(first + i);
    return all;
}

values drain(const receiver<counted>& in) {
    values got;
    while (auto value = in.try_receive()) got.push_back(value->value);
    return got;
}

void fill(const sender<counted>& out, int count, int first = 0) {
    for (int i = 0; i < count; ++i) (void)out.try_send(counted(first + i));
}

/// What went in either came out, was thrown away, or is still there.
template <class End>
void require_conservation(const End& end) {
    const channel_stats s = end.stats();
    REQUIRE(s.sent == s.received + s.flushed + s.depth);
}

}  // namespace

// --- What goes in comes out ----------------------------------------------------------------------------

CO_TEST("what was sent is received, in order, and then the stream ends", "[channel]") {
    channel<counted> c(4);
    auto [nothing, received] = co_await join(send_numbers(c.sender(), 50), receive_all(c.receiver()));
    REQUIRE(received == numbers(50));
    REQUIRE(c.stats().high_water == 4);
}

CO_TEST("a channel of one passes on everything, in order", "[channel]") {
    channel<counted> c(1);
    auto [nothing, received] = co_await join(send_numbers(c.sender(), 20), receive_all(c.receiver()));
    REQUIRE(received == numbers(20));
    REQUIRE(c.stats().high_water == 1);
}

CO_TEST("a channel never holds more than its capacity, also when that is no power of two", "[channel]") {
    channel<counted> c(5);
    auto [nothing, received] = co_await join(send_numbers(c.sender(), 40), receive_all(c.receiver()));
    REQUIRE(received == numbers(40));
    REQUIRE(c.stats().high_water == 5);
}

CO_TEST("several senders and receivers neither lose nor double a value", "[channel]") {
    channel<counted> c(2);
    values got;
    {
        auto out = c.sender();
        auto in = c.receiver();
        std::vector<task<>> all;
        for (int i = 0; i < 3; ++i) all.push_back(send_numbers(out, 7, 100 * i));
        for (int i = 0; i < 3; ++i) all.push_back(receive_into(in, got));
        out.reset();
        in.reset();
        co_await join(std::move(all));
    }
    std::sort(got.begin(), got.end());
    values expected;
    for (int i = 0; i < 3; ++i)
        for (int n : numbers(7, 100 * i)) expected.push_back(n);
    REQUIRE(got == expected);
}

CO_TEST("a value that can only be moved goes through a channel", "[channel]") {
    channel<std::unique_ptr<int>> c(1);
    auto out = c.sender();
    const bool taken = co_await out.send(std::make_unique<int>(7));
    REQUIRE(taken);
    auto value = co_await c.receiver().receive();
    REQUIRE(**value == 7);
}

CO_TEST("a value that is sent as a copy stays with its sender", "[channel]") {
    channel<counted> c(1);
    auto out = c.sender();
    auto in = c.receiver();
    const counted mine(7);
    const bool taken = co_await out.send(mine);
    REQUIRE(taken);
    REQUIRE(mine.value == 7);
    REQUIRE(drain(in) == values{7});
}

CO_TEST("a copy that waits for room is made when it is sent", "[channel]") {
    channel<counted> c(1);
    auto in = c.receiver();
    auto out = c.sender();
    fill(out, 1);
    auto send_copy = [](sender<counted> to) -> task<> {
        const counted mine(8);
        const bool taken = co_await to.send(mine);
        REQUIRE(taken);
        REQUIRE(mine.value == 8);
    };
    auto sending = send_copy(std::move(out));
    auto [nothing, got] = co_await join(std::move(sending), receive_all(std::move(in)));
    REQUIRE(got == values{0, 8});
}

// --- Without waiting -----------------------------------------------------------------------------------

CO_TEST("try_send takes values up to the capacity, and beyond it leaves them with the caller", "[channel]") {
    channel<counted> c(2);
    auto out = c.sender();
    auto in = c.receiver();
    REQUIRE(out.try_send(counted(0)) == offered::sent);
    REQUIRE(out.try_send(counted(1)) == offered::sent);
    counted third(2);
    REQUIRE(out.try_send(std::move(third)) == offered::full);
    REQUIRE(third.value == 2);
    REQUIRE(in.try_receive()->value == 0);
    REQUIRE(out.try_send(std::move(third)) == offered::sent);
    REQUIRE(third.value == counted::moved_from);
    co_return;
}

CO_TEST("try_receive gives what is there, and tells nothing from the end", "[channel]") {
    channel<counted> c(2);
    auto out = c.sender();
    auto in = c.receiver();
    REQUIRE_FALSE(in.try_receive());
    REQUIRE_FALSE(in.ended());
    fill(out, 1);
    out.reset();
    REQUIRE_FALSE(in.ended());
    REQUIRE(in.try_receive()->value == 0);
    REQUIRE_FALSE(in.try_receive());
    REQUIRE(in.ended());
    co_return;
}

CO_TEST("try_send and try_receive do not go before those who were woken", "[channel]") {
    channel<counted> c(1);
    auto out = c.sender();
    auto in = c.receiver();
    fill(out, 1);
    co_await with_scope([&](scope& s) -> task<> {
        counted waiting(1);
        bool taken = false;
        s.spawn(send_one(out, waiting, taken));
        co_await rest();
        REQUIRE(in.try_receive()->value == 0);
        REQUIRE(out.try_send(counted(2)) == offered::full);
        co_await s.join();
        REQUIRE(taken);

        values got;
        REQUIRE(in.try_receive()->value == 1);
        s.spawn(receive_one(in, got, 1));
        co_await rest();
        fill(out, 1);
        REQUIRE_FALSE(in.try_receive());
        co_await s.join();
        REQUIRE(got == values{1});
    });
}

// --- Capacity ------------------------------------------------------------------------------------------

TEST_CASE("a channel without room, or with more than 16777216 values of it, is refused", "[channel]") {
    REQUIRE_THROWS_AS(channel<int>(0), std::invalid_argument);
    REQUIRE_THROWS_AS(channel<int>((std::size_t{1} << 24) + 1), std::invalid_argument);
    REQUIRE_THROWS_AS(channel<int>(std::numeric_limits<std::size_t>::max()), std::invalid_argument);
    REQUIRE_THROWS_AS((channel<int, drop_oldest>(0)), std::invalid_argument);
    REQUIRE(channel<char>(std::size_t{1} << 24).stats().capacity == std::size_t{1} << 24);
}

// --- What a full channel does --------------------------------------------------------------------------

CO_TEST("a full channel makes its senders wait, and serves them first come, first served", "[channel]") {
    channel<counted> c(1);
    auto out = c.sender();
    auto in = c.receiver();
    fill(out, 1);
    co_await with_scope([&](scope& s) -> task<> {
        for (int i = 1; i <= 4; ++i) {
            s.spawn(send_numbers(out, 1, i));
            co_await rest();
        }
        out.reset();
        values got;
        co_await receive_into(in, got);
        REQUIRE(got == numbers(5));
    });
}

CO_TEST("a channel that drops the oldest keeps the newest, in order, and counts", "[channel]") {
    channel<counted, drop_oldest> c(3);
    auto out = c.sender();
    auto in = c.receiver();
    for (int i = 0; i < 5; ++i) REQUIRE(out.try_send(counted(i)) == offered::sent);
    REQUIRE(c.stats().dropped == 2);
    REQUIRE(c.stats().sent == 5);
    REQUIRE(c.stats().depth == 3);
    REQUIRE(drain(in) == values{2, 3, 4});
    REQUIRE(c.stats().received == 3);
    co_return;
}

CO_TEST("a channel that drops the newest keeps the oldest, in order, and counts", "[channel]") {
    channel<counted, drop_newest> c(3);
    auto out = c.sender();
    auto in = c.receiver();
    for (int i = 0; i < 3; ++i) REQUIRE(out.try_send(counted(i)) == offered::sent);
    for (int i = 3; i < 5; ++i) {
        counted one_more(i);
        REQUIRE(out.try_send(std::move(one_more)) == offered::dropped);
        REQUIRE(one_more.value == i);
    }
    REQUIRE(c.stats().dropped == 2);
    REQUIRE(c.stats().sent == 3);
    REQUIRE(drain(in) == values{0, 1, 2});
    co_return;
}

CO_TEST("a channel for the latest value holds that one only", "[channel]") {
    channel<counted, latest> c;
    auto out = c.sender();
    auto in = c.receiver();
    for (int i = 0; i < 5; ++i) REQUIRE(out.try_send(counted(i)) == offered::sent);
    REQUIRE(c.stats().capacity == 1);
    REQUIRE(c.stats().dropped == 4);
    REQUIRE(drain(in) == values{4});
    co_return;
}

CO_TEST("sending into a full channel that drops lets the receiver go first", "[channel]") {
    channel<counted, drop_oldest> c(1);
    auto [nothing, got] = co_await join(send_numbers(c.sender(), 30), receive_all(c.receiver()));
    REQUIRE(std::is_sorted(got.begin(), got.end()));
    REQUIRE(got.back() == 29);
    const auto s = c.stats();
    REQUIRE(s.sent == 30);
    REQUIRE(s.received == got.size());
    REQUIRE(s.received + s.dropped == 30);
}

CO_TEST("sending into a full channel that drops the newest returns, whether it was kept or not",
        "[channel]") {
    channel<counted, drop_newest> c(1);
    auto [nothing, got] = co_await join(send_numbers(c.sender(), 30), receive_all(c.receiver()));
    REQUIRE(std::is_sorted(got.begin(), got.end()));
    REQUIRE(got.front() == 0);
    REQUIRE(c.stats().sent == got.size());
    REQUIRE(c.stats().sent + c.stats().dropped == 30);
}

CO_TEST("a woken receiver whose value was overwritten gets the one that took its place", "[channel]") {
    channel<counted, latest> c;
    auto out = c.sender();
    values got;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(receive_into(c.receiver(), got));
        co_await rest();
        fill(out, 3);
        co_await rest();
        REQUIRE(got == values{2});
        out.reset();
        co_await s.join();
    });
    REQUIRE(c.stats().dropped == 2);
}

// --- Several receivers ---------------------------------------------------------------------------------

CO_TEST("receivers are served first come, first served", "[channel]") {
    channel<counted> c(4);
    auto out = c.sender();
    auto in = c.receiver();
    values order;
    co_await with_scope([&](scope& s) -> task<> {
        for (int i = 0; i < 4; ++i) {
            s.spawn(receive_one(in, order, i));
            co_await rest();
        }
        for (int i = 0; i < 4; ++i) {
            fill(out, 1);
            co_await rest();
        }
        co_await s.join();
    });
    REQUIRE(order == numbers(4));
}

CO_TEST("a burst wakes as many receivers as it has values", "[channel]") {
    channel<counted> c(4);
    auto out = c.sender();
    auto in = c.receiver();
    values woken;
    co_await with_scope([&](scope& s) -> task<> {
        for (int i = 0; i < 5; ++i) {
            s.spawn(receive_one(in, woken, i));
            co_await rest();
        }
        fill(out, 3);
        co_await rest();
        std::sort(woken.begin(), woken.end());
        REQUIRE(woken == numbers(3));
        out.reset();
        co_await s.join();
        REQUIRE(woken.size() == 3);
    });
}

CO_TEST("a woken receiver that is given up passes its turn on", "[channel]") {
    channel<counted> c(2);
    auto out = c.sender();
    auto in = c.receiver();
    values got;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(receive_one(in, got, 1));
        co_await rest();
        s.cancel();
        fill(out, 1);
        co_await rest();
        REQUIRE(got.empty());
        s.spawn(receive_one(in, got, 2));
        co_await s.join();
    });
    REQUIRE(got == values{2});
}

CO_TEST("a woken receiver that is given up passes its turn to one who waits behind it", "[channel]") {
    channel<counted> c(2);
    auto out = c.sender();
    auto in = c.receiver();
    event stop;
    values got;
    auto receive_or_stop = [](receiver<counted> from, event& e, values& to) -> task<> {
        auto first = co_await race(e.wait(), from.receive());
        if (first.index() == 1) to.push_back(1);
    };
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(receive_or_stop(in, stop, got));
        co_await rest();
        s.spawn(receive_one(in, got, 2));
        co_await rest();
        stop.set();
        fill(out, 1);
        co_await rest();
        REQUIRE(got.size() == 1);
        REQUIRE(c.stats().depth == 0);
        out.reset();
        co_await s.join();
        REQUIRE(got.size() == 1);
    });
}

// --- The end -------------------------------------------------------------------------------------------

CO_TEST("the stream ends when the last of several senders is gone", "[channel]") {
    channel<counted> c(4);
    auto in = c.receiver();
    auto first = c.sender();
    auto second = first;
    first.reset();
    REQUIRE_FALSE(in.ended());
    fill(second, 2);
    second.reset();
    auto got = co_await receive_all(in);
    REQUIRE(got == numbers(2));
    REQUIRE(in.ended());
}

CO_TEST("all receivers that wait learn of the end", "[channel]") {
    channel<counted> c(1);
    auto out = c.sender();
    auto in = c.receiver();
    co_await with_scope([&](scope& s) -> task<> {
        values got;
        for (int i = 0; i < 3; ++i) s.spawn(receive_into(in, got));
        co_await rest();
        REQUIRE(s.size() == 3);
        out.reset();
        co_await s.join();
        REQUIRE(got.empty());
    });
}

CO_TEST("receiving after the end says the end again", "[channel]") {
    channel<counted> c(1);
    auto in = c.receiver();
    c.sender().reset();
    for (int i = 0; i < 3; ++i) {
        auto value = co_await in.receive();
        REQUIRE_FALSE(value);
    }
}

CO_TEST("a sender learns that nobody receives any more, and keeps its value", "[channel]") {
    channel<counted> c(1);
    auto out = c.sender();
    c.receiver().reset();
    counted value(7);
    const bool taken = co_await out.send(std::move(value));
    REQUIRE_FALSE(taken);
    REQUIRE(value.value == 7);
    REQUIRE(out.ended());
    REQUIRE(out.try_send(std::move(value)) == offered::ended);
    REQUIRE(value.value == 7);
}

CO_TEST("a sender that waits for room learns that the last receiver is gone", "[channel]") {
    channel<counted> c(1);
    auto out = c.sender();
    auto in = c.receiver();
    fill(out, 1);
    co_await with_scope([&](scope& s) -> task<> {
        counted value(7);
        bool taken = true;
        s.spawn(send_one(out, value, taken));
        co_await rest();
        in.reset();
        co_await s.join();
        REQUIRE_FALSE(taken);
        REQUIRE(value.value == 7);
    });
}

CO_TEST("values that nobody can receive any more are destroyed at once", "[channel]") {
    const auto before = counted::alive;
    channel<counted> c(4);
    auto out = c.sender();
    auto in = c.receiver();
    fill(out, 3);
    REQUIRE(counted::alive == before + 3);
    in.reset();
    REQUIRE(counted::alive == before);
    co_return;
}

CO_TEST("closing lets what is buffered be received, and turns senders away with their values", "[channel]") {
    channel<counted> c(2);
    auto out = c.sender();
    auto in = c.receiver();
    fill(out, 2);
    co_await with_scope([&](scope& s) -> task<> {
        counted first(7);
        counted second(8);
        bool first_taken = true;
        bool second_taken = true;
        s.spawn(send_one(out, first, first_taken));
        s.spawn(send_one(out, second, second_taken));
        co_await rest();
        c.close();
        co_await s.join();
        REQUIRE_FALSE(first_taken);
        REQUIRE_FALSE(second_taken);
        REQUIRE(first.value == 7);
        REQUIRE(second.value == 8);
    });
    REQUIRE(out.try_send(counted(9)) == offered::ended);
    auto got = co_await receive_all(in);
    REQUIRE(got == numbers(2));
}

CO_TEST("a sender that was woken before the channel closed is turned away like the others", "[channel]") {
    channel<counted> c(1);
    auto out = c.sender();
    auto in = c.receiver();
    fill(out, 1);
    co_await with_scope([&](scope& s) -> task<> {
        counted value(7);
        bool taken = true;
        s.spawn(send_one(out, value, taken));
        co_await rest();
        REQUIRE(in.try_receive());
        c.close();
        co_await s.join();
        REQUIRE_FALSE(taken);
        REQUIRE(value.value == 7);
        REQUIRE(in.ended());
    });
}

CO_TEST("closing an empty channel ends it for those who wait to receive", "[channel]") {
    channel<counted> c(1);
    auto in = c.receiver();
    values got;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(receive_into(in, got));
        co_await rest();
        c.close();
        c.close();
        co_await s.join();
    });
    REQUIRE(got.empty());
}

TEST_CASE("no new end can be had of a channel whose ends of that side are gone", "[channel]") {
    channel<int> c(1);
    c.sender().reset();
    REQUIRE_THROWS_AS(c.sender(), std::logic_error);
    c.receiver().reset();
    REQUIRE_THROWS_AS(c.receiver(), std::logic_error);
}

TEST_CASE("the ends keep alive what they need when the channel is gone", "[channel]") {
    sender<int> out;
    receiver<int> in;
    REQUIRE_FALSE(out);
    REQUIRE_FALSE(in);
    {
        channel<int> c(2);
        out = c.sender();
        in = c.receiver();
    }
    REQUIRE(out.try_send(3) == offered::sent);
    auto moved = std::move(out);
    REQUIRE_FALSE(out);  // NOLINT(bugprone-use-after-move)
    moved.reset();
    REQUIRE(in.try_receive() == 3);
    REQUIRE(in.ended());
}

TEST_CASE("a channel that was moved is the same channel", "[channel]") {
    channel<int> first(2);
    auto in = first.receiver();
    channel<int> second(std::move(first));
    channel<int> third(7);
    third = std::move(second);
    REQUIRE(third.stats().capacity == 2);
    REQUIRE(third.sender().try_send(1) == offered::sent);
    REQUIRE(in.try_receive() == 1);
}

CO_TEST("a channel that goes without ever having had a sender has ended, and likewise without a receiver",
        "[channel]") {
    receiver<counted> in;
    sender<counted> out;
    {
        channel<counted> no_sender(1);
        in = no_sender.receiver();
        channel<counted> no_receiver(1);
        out = no_receiver.sender();
    }
    auto value = co_await in.receive();
    REQUIRE_FALSE(value);
    const bool taken = co_await out.send(counted(1));
    REQUIRE_FALSE(taken);
}

CO_TEST("a sender that has nothing to send can wait for the end", "[channel]") {
    channel<counted> c(1);
    auto out = c.sender();
    auto in = c.receiver();
    auto early = co_await race(out.until_ended(), sleep_for(1ms));
    REQUIRE(early.index() == 1);
    co_await with_scope([&](scope& s) -> task<> {
        auto wait = [](sender<counted> of) -> task<> {
            const counted alive(1);
            co_await of.until_ended();
        };
        s.spawn(wait(out));
        s.spawn(wait(out));
        co_await rest();
        REQUIRE(s.size() == 2);
        in.reset();
        co_await s.join();
    });
    co_await out.until_ended();
}

// --- Giving up -----------------------------------------------------------------------------------------

CO_TEST("a send that is given up leaves the value with the caller", "[channel]") {
    channel<counted> c(1);
    auto out = c.sender();
    auto in = c.receiver();
    fill(out, 1);
    counted value(7);
    auto first = co_await race(out.send(std::move(value)), sleep_for(5ms));
    REQUIRE(first.index() == 1);
    REQUIRE(value.value == 7);
    REQUIRE(drain(in) == values{0});
}

CO_TEST("a woken sender that is given up passes its turn on, and keeps its value", "[channel]") {
    channel<counted> c(1);
    auto out = c.sender();
    auto in = c.receiver();
    fill(out, 1);
    event stop;
    auto send_or_stop = [](sender<counted> to, counted& what, event& e) -> task<> {
        (void)co_await race(e.wait(), to.send(std::move(what)));
    };
    co_await with_scope([&](scope& s) -> task<> {
        counted first(1);
        s.spawn(send_or_stop(out, first, stop));
        co_await rest();
        s.spawn(send_numbers(out, 1, 2));
        co_await rest();
        stop.set();
        REQUIRE(in.try_receive()->value == 0);
        co_await rest();
        auto next = in.try_receive();
        REQUIRE(next);
        if (next->value == 2) {
            REQUIRE(first.value == 1);
        } else {
            REQUIRE(next->value == 1);
            co_await rest();
            REQUIRE(drain(in) == values{2});
        }
        co_await s.join();
    });
}

CO_TEST("after all who waited gave up, a channel works as before", "[channel]") {
    channel<counted> c(1);
    auto out = c.sender();
    auto in = c.receiver();
    for (int i = 0; i < 3; ++i) {
        auto received = co_await race(in.receive(), sleep_for(1ms));
        REQUIRE(received.index() == 1);
        REQUIRE(out.try_send(counted(i)) == offered::sent);
        auto sent = co_await race(out.send(counted(9)), sleep_for(1ms));
        REQUIRE(sent.index() == 1);
        REQUIRE(in.try_receive()->value == i);
    }
}

// --- Flush ---------------------------------------------------------------------------------------------

CO_TEST("flush takes out what is unwanted, and leaves the rest in order", "[channel]") {
    const auto before = counted::alive;
    channel<counted> c(8);
    auto out = c.sender();
    auto in = c.receiver();
    fill(out, 3);
    REQUIRE(drain(in).size() == 3);
    fill(out, 8);
    REQUIRE(in.flush([](const counted& v) { return v.value % 3 == 0; }) == 3);
    REQUIRE(counted::alive == before + 5);
    REQUIRE(c.stats().flushed == 3);
    REQUIRE(c.stats().depth == 5);
    require_conservation(c);
    REQUIRE(drain(in) == values{1, 2, 4, 5, 7});
    REQUIRE(c.flush([](const counted&) { return true; }) == 0);
    require_conservation(c);
    co_return;
}

CO_TEST("flush makes room for senders that wait", "[channel]") {
    channel<counted> c(2);
    auto out = c.sender();
    auto in = c.receiver();
    fill(out, 2);
    co_await with_scope([&](scope& s) -> task<> {
        for (int i = 0; i < 3; ++i) {
            s.spawn(send_numbers(out, 1, 10 + i));
            co_await rest();
        }
        REQUIRE(c.flush([](const counted&) { return true; }) == 2);
        co_await rest();
        REQUIRE(c.stats().depth == 2);
        REQUIRE(s.size() == 1);
        out.reset();
        values got;
        co_await receive_into(in, got);
        REQUIRE(got.size() == 3);
        std::sort(got.begin(), got.end());
        REQUIRE(got == numbers(3, 10));
    });
    require_conservation(c);
}

CO_TEST("a woken receiver whose value was flushed waits again, before those who came later", "[channel]") {
    channel<counted> c(2);
    auto out = c.sender();
    auto in = c.receiver();
    values got;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(receive_one(in, got, 1));
        co_await rest();
        s.spawn(receive_one(in, got, 2));
        co_await rest();
        fill(out, 1);
        REQUIRE(c.flush([](const counted&) { return true; }) == 1);
        co_await rest();
        REQUIRE(got.empty());
        fill(out, 1);
        co_await rest();
        REQUIRE(got == values{1});
        fill(out, 1);
        co_await s.join();
        REQUIRE(got == values{1, 2});
    });
}

CO_TEST("a receiver whose value was flushed learns of the end that follows", "[channel]") {
    channel<counted> c(2);
    auto out = c.sender();
    values got;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(receive_into(c.receiver(), got));
        co_await rest();
        fill(out, 2);
        REQUIRE(c.flush([](const counted&) { return true; }) == 2);
        out.reset();
        co_await s.join();
    });
    REQUIRE(got.empty());
}

CO_TEST("flushing the last values of an ended stream ends it for those who wait", "[channel]") {
    channel<counted> c(2);
    auto out = c.sender();
    auto in = c.receiver();
    fill(out, 2);
    out.reset();
    REQUIRE(in.flush([](const counted&) { return true; }) == 2);
    REQUIRE(in.ended());
    auto value = co_await in.receive();
    REQUIRE_FALSE(value);
}

// --- Counters ------------------------------------------------------------------------------------------

CO_TEST("the counters account for every value, whatever happened to it", "[channel]") {
    channel<counted, drop_oldest> c(4);
    auto out = c.sender();
    auto in = c.receiver();
    fill(out, 6);
    REQUIRE(in.try_receive()->value == 2);
    REQUIRE(c.flush([](const counted& v) { return v.value == 4; }) == 1);
    fill(out, 1, 6);
    for (const channel_stats& s : {c.stats(), in.stats(), out.stats()}) {
        REQUIRE(s.capacity == 4);
        REQUIRE(s.sent == 7);
        REQUIRE(s.received == 1);
        REQUIRE(s.dropped == 2);
        REQUIRE(s.flushed == 1);
        REQUIRE(s.depth == 3);
        REQUIRE(s.high_water == 4);
        REQUIRE(s.sent == s.received + s.dropped + s.flushed + s.depth);
    }
    in.reset();
    REQUIRE(c.stats().depth == 0);
    REQUIRE(c.stats().received == 1);
    co_return;
}

CO_TEST("the counters tell how many wait on either side", "[channel]") {
    channel<counted> c(1);
    auto out = c.sender();
    auto in = c.receiver();
    values got;
    co_await with_scope([&](scope& s) -> task<> {
        for (int i = 0; i < 2; ++i) s.spawn(receive_one(in, got, i));
        co_await rest();
        REQUIRE(c.stats().receivers_waiting == 2);
        fill(out, 1);
        co_await rest();
        fill(out, 1);
        co_await s.join();
        fill(out, 1);
        s.spawn(send_numbers(out, 1));
        co_await rest();
        REQUIRE(c.stats().senders_waiting == 1);
        REQUIRE(in.try_receive());
        co_await s.join();
    });
}

// --- Cost and care -------------------------------------------------------------------------------------

TEST_CASE("a million values through a channel keep the stack flat", "[channel]") {
    constexpr int million = 1'000'000;
    auto send_many = [](sender<int> out) -> task<> {
        for (int i = 0; i < million; ++i)
            if (!co_await out.send(int(i))) co_return;
    };
    auto count = [](receiver<int> in) -> task<int> {
        int sum = 0;
        while (auto value = co_await in.receive()) ++sum;
        co_return sum;
    };
    auto both = [&](channel<int> c) -> task<int> {
        auto [nothing, got] = co_await join(send_many(c.sender()), count(c.receiver()));
        co_return got;
    };
    REQUIRE(sim::run(both(channel<int>(64))) == million);
}

TEST_CASE("after it was made, a channel does not allocate", "[channel]") {
    auto steady = [](channel<counted> c) -> task<std::size_t> {
        auto pass = [](sender<counted> out) -> task<> {
            for (;;)
                if (!co_await out.send(counted(1))) co_return;
        };
        std::size_t count = 0;
        co_await with_scope([&](scope& s) -> task<> {
            auto in = c.receiver();
            s.spawn(pass(c.sender()));
            for (int i = 0; i < 10; ++i) (void)co_await race(sleep_for(1ms), in.receive());
            const std::size_t before = test::allocations;
            for (int i = 0; i < 1000; ++i) (void)co_await in.receive();
            c.flush([](const counted&) { return true; });
            for (int i = 0; i < 1000; ++i) (void)co_await race(in.receive(), sleep_for(1ms));
            count = test::allocations - before;
            s.cancel();
        });
        co_return count;
    };
    REQUIRE(sim::run(steady(channel<counted>(4))) == 0);
}

TEST_CASE("a channel that is used from two shards is caught", "[channel]") {
    if (!test::can_watch_aborts) return;
    REQUIRE_THAT(test::abort_message([] {
                     channel<int> c(1);
                     auto in = c.receiver();
                     auto wait = [](receiver<int> from) -> task<> { (void)co_await from.receive(); };
                     sim::world w;
                     shard& second = w.add_shard();
                     detail::root<void> here(w.first());
                     detail::root<void> there(second);
                     here.start(wait(in));
                     there.start(wait(in));
                     while (w.step()) {
                     }
                 }),
                 Catch::Contains("a channel is used from two shards: use a cross_channel between them"));
}

TEST_CASE("an end that was moved from is not to be used", "[channel]") {
    if (!test::can_watch_aborts) return;
    REQUIRE_THAT(test::abort_message([] { (void)sender<int>().send(1); }),
                 Catch::Contains("belongs to no channel, or was moved from"));
    REQUIRE_THAT(test::abort_message([] { (void)receiver<int>().receive(); }),
                 Catch::Contains("belongs to no channel, or was moved from"));
}
