#include <chrono>
#include <cstddef>
#include <rtai/core/lanes.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timer.hpp>
#include <utility>
#include <variant>
#include <vector>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using test::counted;

namespace {

struct command {
    explicit command(int n) noexcept : value(n) {}
    counted value;
};

using in_lanes = lanes<command, counted>;

/// The order in which values came: commands as they are, audio with 100 more.
using order = std::vector<int>;

struct two {
    channel<command> control{8};
    channel<counted> audio{8};
    sender<command> control_out = control.sender();
    sender<counted> audio_out = audio.sender();
    receiver<command> control_in = control.receiver();
    receiver<counted> audio_in = audio.receiver();

    void say(int n) const { (void)control_out.try_send(command(n)); }
    void play(int n) const { (void)audio_out.try_send(counted(n)); }
    void end() {
        control_out.reset();
        audio_out.reset();
    }
    in_lanes open() const { return in_lanes(control_in, audio_in); }
};

void note(order& got, const in_lanes::value_type& v) {
    if (v.index() == 0) got.push_back(std::get<0>(v).value.value);
    else got.push_back(100 + std::get<1>(v).value);
}

task<> listen(in_lanes in, order& got) {
    while (auto next = co_await in.receive()) note(got, *next);
}

task<> rest() { co_await sleep_for(1ms); }

}  // namespace

CO_TEST("control goes before audio, however much audio is there", "[lanes]") {
    two t;
    for (int i = 0; i < 3; ++i) t.play(i);
    for (int i = 0; i < 2; ++i) t.say(i);
    t.end();
    order got;
    co_await listen(t.open(), got);
    REQUIRE(got == order{0, 1, 100, 101, 102});
}

CO_TEST("a command that comes while audio is read is the next one read", "[lanes]") {
    two t;
    auto in = t.open();
    order got;
    for (int i = 0; i < 3; ++i) t.play(i);
    note(got, *co_await in.receive());
    t.say(0);
    for (int i = 0; i < 3; ++i) note(got, *co_await in.receive());
    REQUIRE(got == order{100, 0, 101, 102});
}

CO_TEST("who waits is woken by either lane", "[lanes]") {
    two t;
    order got;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(listen(t.open(), got));
        co_await rest();
        t.play(0);
        co_await rest();
        t.say(0);
        co_await rest();
        t.end();
        co_await s.join();
    });
    REQUIRE(got == order{100, 0});
}

CO_TEST("when both lanes have a value for one who waits, control comes first", "[lanes]") {
    two t;
    order got;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(listen(t.open(), got));
        co_await rest();
        t.play(0);
        t.say(0);
        co_await rest();
        REQUIRE(got == order{0, 100});
        t.say(1);
        t.play(1);
        co_await rest();
        REQUIRE(got == order{0, 100, 1, 101});
        t.end();
        co_await s.join();
    });
}

CO_TEST("a lane whose value was flushed is waited for again", "[lanes]") {
    two t;
    order got;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(listen(t.open(), got));
        co_await rest();
        t.play(0);
        t.say(0);
        REQUIRE(t.control.flush([](const command&) { return true; }) == 1);
        co_await rest();
        REQUIRE(got == order{100});
        t.say(1);
        t.play(1);
        REQUIRE(t.audio.flush([](const counted&) { return true; }) == 1);
        co_await rest();
        REQUIRE(got == order{100, 1});
        t.say(2);
        t.play(2);
        t.control.flush([](const command&) { return true; });
        t.audio.flush([](const counted&) { return true; });
        co_await rest();
        REQUIRE(got == order{100, 1});
        t.play(3);
        t.end();
        co_await s.join();
        REQUIRE(got == order{100, 1, 103});
    });
}

CO_TEST("a lane that has ended is passed over", "[lanes]") {
    two t;
    t.control_out.reset();
    order got;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(listen(t.open(), got));
        co_await rest();
        t.play(0);
        co_await rest();
        t.play(1);
        t.audio_out.reset();
        co_await s.join();
    });
    REQUIRE(got == order{100, 101});
}

CO_TEST("a lane that ends while it is waited for is no reason to go on", "[lanes]") {
    two t;
    order got;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(listen(t.open(), got));
        co_await rest();
        t.audio_out.reset();
        co_await rest();
        REQUIRE(s.size() == 1);
        t.say(0);
        co_await rest();
        t.control_out.reset();
        co_await s.join();
    });
    REQUIRE(got == order{0});
}

CO_TEST("a lane that ends in the moment in which the other has a value loses nothing", "[lanes]") {
    two t;
    order got;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(listen(t.open(), got));
        co_await rest();
        t.control_out.reset();
        t.play(0);
        co_await rest();
        REQUIRE(got == order{100});
        t.play(1);
        t.audio_out.reset();
        co_await s.join();
    });
    REQUIRE(got == order{100, 101});
}

CO_TEST("all lanes ended is the end", "[lanes]") {
    two t;
    auto in = t.open();
    t.end();
    for (int i = 0; i < 2; ++i) {
        auto next = co_await in.receive();
        REQUIRE_FALSE(next);
    }
}

CO_TEST("lanes that all end while they are waited for are the end", "[lanes]") {
    two t;
    order got;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(listen(t.open(), got));
        co_await rest();
        t.end();
        co_await s.join();
    });
    REQUIRE(got.empty());
}

CO_TEST("lanes that are given up leave all values where they were", "[lanes]") {
    two t;
    auto in = t.open();
    auto first = co_await race(in.receive(), sleep_for(1ms));
    REQUIRE(first.index() == 1);
    t.say(0);
    t.play(0);
    REQUIRE(t.control_in.try_receive()->value.value == 0);
    REQUIRE(t.audio_in.try_receive()->value == 0);
}

CO_TEST("lanes that are cancelled when their values have come leave them to others", "[lanes]") {
    two t;
    order cancelled;
    order got;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(listen(t.open(), cancelled));
        co_await rest();
        s.cancel();
        t.play(0);
        t.say(0);
        co_await rest();
        REQUIRE(cancelled.empty());
        s.spawn(listen(t.open(), got));
        t.end();
        co_await s.join();
    });
    REQUIRE(got == order{0, 100});
}

CO_TEST("two who read the same lanes share the values", "[lanes]") {
    two t;
    order first;
    order second;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(listen(t.open(), first));
        s.spawn(listen(t.open(), second));
        co_await rest();
        for (int i = 0; i < 5; ++i) {
            t.play(i);
            t.say(i);
            if (i % 2 == 1) co_await rest();
        }
        t.end();
        co_await s.join();
    });
    order all = first;
    all.insert(all.end(), second.begin(), second.end());
    std::sort(all.begin(), all.end());
    REQUIRE(all == order{0, 1, 2, 3, 4, 100, 101, 102, 103, 104});
}

CO_TEST("a lane makes room for those who wait to send into it", "[lanes]") {
    channel<counted> narrow(1);
    channel<counted> other(1);
    auto send = [](sender<counted> out) -> task<> {
        for (int i = 0; i < 5; ++i)
            if (!co_await out.send(counted(i))) co_return;
    };
    std::vector<int> got;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(send(narrow.sender()));
        s.spawn(send(other.sender()));
        lanes<counted, counted> in(narrow.receiver(), other.receiver());
        while (auto next = co_await in.receive()) {
            if (next->index() == 0) got.push_back(std::get<0>(*next).value);
        }
        co_await s.join();
    });
    REQUIRE(got == std::vector<int>{0, 1, 2, 3, 4});
    REQUIRE(other.stats().received == 5);
}
