#include <chrono>
#include <cstddef>
#include <memory>
#include <rtai/core/channel.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timeout.hpp>
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

struct planned : std::runtime_error {
    explicit planned(const std::string& what = "failed as planned") : std::runtime_error(what) {}
};

duration elapsed() { return test::world().elapsed(); }

task<> rest() { co_await sleep_for(1ms); }

task<> wait_for_ever() {
    const counted alive(1);
    event nothing;
    co_await nothing.wait();
}

task<> count_after(duration how_long, int& count) {
    co_await sleep_for(how_long);
    ++count;
}

task<> fail_after(duration how_long) {
    co_await sleep_for(how_long);
    throw planned();
}

task<> fail_at_once(std::string what) {
    throw planned(what);
    co_return;
}

task<> pause(duration how_long) { co_await sleep_for(how_long); }

task<> end_slowly(duration how_long, int& ended) {
    auto body = [](counted&) -> task<> { return wait_for_ever(); };
    auto teardown = [&ended, how_long](counted&) -> task<> { return count_after(how_long, ended); };
    co_await with(counted(1), body, teardown);
}

task<> cancel_after(scope& s, duration how_long) {
    co_await sleep_for(how_long);
    s.cancel();
}

/// Ends itself in many ways: each await of the library, in a task of its own.
struct every_kind_of_wait {
    channel<counted> empty{1};
    channel<counted> full{1};
    sender<counted> keeps_open = empty.sender();
    sender<counted> out = full.sender();
    receiver<counted> keeps_reading = full.receiver();
    event never_set;
    int slow_ends = 0;

    every_kind_of_wait() { (void)out.try_send(counted(0)); }

    static task<> receive(receiver<counted> in) {
        const counted alive(1);
        (void)co_await in.receive();
    }
    static task<> send(sender<counted> to) {
        const counted alive(1);
        (void)co_await to.send(counted(2));
    }
    static task<> sleep() {
        const counted alive(1);
        co_await sleep_for(1h);
    }
    static task<> wait(event& e) {
        const counted alive(1);
        co_await e.wait();
    }
    static task<> spin() {
        const counted alive(1);
        for (;;) co_await pause(1us);
    }
    static task<> join_others() { co_await join(wait_for_ever(), sleep(), wait_for_ever()); }
    static task<> race_others() { (void)co_await race(wait_for_ever(), sleep(), sleep_for(1h)); }
    static task<> race_lightly(event& e) {
        const counted alive(1);
        (void)co_await race(e.wait(), sleep_for(1h));
    }
    static task<> time_out() { (void)co_await with_timeout(1h, wait_for_ever()); }
    static task<> open_scope() {
        co_await with_scope([](scope& s) -> task<> {
            const counted alive(1);
            s.spawn(wait_for_ever());
            s.spawn(sleep());
            co_await s.join();
        });
    }
    static task<> open_scope_and_wait() {
        co_await with_scope([](scope& s) -> task<> {
            s.spawn(wait_for_ever());
            return wait_for_ever();
        });
    }
    static task<> nest() { co_await nest_deeper(20); }
    static task<> nest_deeper(int levels) {
        const counted alive(levels);
        if (levels > 0) co_await nest_deeper(levels - 1);
        else co_await wait_for_ever();
    }

    void spawn_all(scope& s) {
        s.spawn(receive(empty.receiver()));
        s.spawn(send(out));
        s.spawn(sleep());
        s.spawn(wait(never_set));
        s.spawn(spin());
        s.spawn(join_others());
        s.spawn(race_others());
        s.spawn(race_lightly(never_set));
        s.spawn(time_out());
        s.spawn(open_scope());
        s.spawn(open_scope_and_wait());
        s.spawn(nest());
    }
};

}  // namespace

// --- What a scope is for -------------------------------------------------------------------------------

CO_TEST("what is spawned runs beside the body", "[scope]") {
    int count = 0;
    co_await with_scope([&](scope& s) -> task<> {
        for (int i = 0; i < 3; ++i) s.spawn(count_after(1ms, count));
        REQUIRE(s.size() == 3);
        REQUIRE(count == 0);
        co_await sleep_for(2ms);
        REQUIRE(s.size() == 0);
        REQUIRE(count == 3);
    });
}

CO_TEST("leaving a scope waits for what was spawned in it", "[scope]") {
    int count = 0;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(count_after(5ms, count));
        co_return;
    });
    REQUIRE(count == 1);
    REQUIRE(elapsed() == 5ms);
}

CO_TEST("a scope gives what its body returns", "[scope]") {
    const auto number = co_await with_scope([&](scope& s) -> task<int> {
        s.spawn(rest());
        co_return 7;
    });
    REQUIRE(number == 7);
    auto pointer = co_await with_scope(
        [&](scope&) -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(8); });
    REQUIRE(*pointer == 8);
}

CO_TEST("an empty scope is left at once", "[scope]") {
    co_await with_scope([](scope& s) -> task<> { co_await s.join(); });
    co_await with_scope([](scope&) -> task<> { co_return; });
    REQUIRE(elapsed() == 0ms);
}

CO_TEST("join waits until all have ended, and the scope can be used again", "[scope]") {
    int count = 0;
    co_await with_scope([&](scope& s) -> task<> {
        for (int round = 1; round <= 3; ++round) {
            s.spawn(count_after(1ms, count));
            s.spawn(count_after(2ms, count));
            co_await s.join();
            REQUIRE(count == 2 * round);
            REQUIRE(s.size() == 0);
        }
    });
    REQUIRE(elapsed() == 6ms);
}

CO_TEST("what is spawned may spawn more, and join waits for that too", "[scope]") {
    int count = 0;
    struct family {
        static task<> grow(scope& s, int generations, int& born) {
            ++born;
            co_await rest();
            if (generations == 0) co_return;
            s.spawn(grow(s, generations - 1, born));
            s.spawn(grow(s, generations - 1, born));
        }
    };
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(family::grow(s, 3, count));
        co_await s.join();
        REQUIRE(count == 15);
    });
}

CO_TEST("what a task held is released when it ends, not when the scope does", "[scope]") {
    const auto before = counted::alive;
    co_await with_scope([&](scope& s) -> task<> {
        auto hold = [](counted c) -> task<> {
            co_await rest();
            REQUIRE(c.value == 1);
        };
        s.spawn(hold(counted(1)));
        REQUIRE(counted::alive == before + 1);
        co_await sleep_for(2ms);
        REQUIRE(counted::alive == before);
        co_await rest();
    });
}

CO_TEST("a task that is spawned with a result runs, and its result is dropped", "[scope]") {
    const auto before = counted::alive;
    co_await with_scope([&](scope& s) -> task<> {
        auto make = []() -> task<counted> { co_return counted(1); };
        s.spawn(make());
        co_await s.join();
        REQUIRE(counted::alive == before);
    });
}

// --- Failure -------------------------------------------------------------------------------------------

CO_TEST("the first failure in a scope cancels the others and comes out of its join", "[scope]") {
    const auto before = counted::alive;
    bool caught = false;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(wait_for_ever());
        s.spawn(fail_after(1ms));
        s.spawn(wait_for_ever());
        try {
            co_await s.join();
        } catch (const planned&) {
            caught = true;
        }
        REQUIRE(counted::alive == before);
        REQUIRE(s.size() == 0);
        REQUIRE(elapsed() == 1ms);
    });
    REQUIRE(caught);
}

CO_TEST("after a failure came out of join, the scope can be used again", "[scope]") {
    int count = 0;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(fail_after(1ms));
        bool caught = false;
        try {
            co_await s.join();
        } catch (const planned&) {
            caught = true;
        }
        REQUIRE(caught);
        s.spawn(count_after(1ms, count));
        co_await s.join();
        REQUIRE(count == 1);
    });
}

CO_TEST("a failure while the body does something else ends the body and comes out of the scope", "[scope]") {
    const auto before = counted::alive;
    bool caught = false;
    bool body_went_on = false;
    try {
        co_await with_scope([&](scope& s) -> task<> {
            const counted in_body(1);
            s.spawn(wait_for_ever());
            s.spawn(fail_after(1ms));
            co_await sleep_for(1h);
            body_went_on = true;
        });
    } catch (const planned&) {
        caught = true;
    }
    REQUIRE(caught);
    REQUIRE_FALSE(body_went_on);
    REQUIRE(counted::alive == before);
    REQUIRE(elapsed() == 1ms);
}

CO_TEST("a failure after the body has returned comes out of the scope", "[scope]") {
    bool caught = false;
    try {
        co_await with_scope([&](scope& s) -> task<> {
            s.spawn(wait_for_ever());
            s.spawn(fail_after(1ms));
            co_return;
        });
    } catch (const planned&) {
        caught = true;
    }
    REQUIRE(caught);
}

CO_TEST("what the body throws cancels the spawned and comes out of the scope", "[scope]") {
    const auto before = counted::alive;
    bool caught = false;
    try {
        co_await with_scope([&](scope& s) -> task<> {
            s.spawn(wait_for_ever());
            co_await rest();
            throw planned();
        });
    } catch (const planned&) {
        caught = true;
    }
    REQUIRE(caught);
    REQUIRE(counted::alive == before);
    REQUIRE(elapsed() == 1ms);
}

CO_TEST("of several failures in the same moment one comes out", "[scope]") {
    std::string what;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(fail_at_once("first"));
        s.spawn(fail_at_once("second"));
        try {
            co_await s.join();
        } catch (const planned& e) {
            what = e.what();
        }
        co_await rest();
    });
    const bool one_of_them = what == "first" || what == "second";
    REQUIRE(one_of_them);
}

CO_TEST("a failure waits for siblings that need time to end", "[scope]") {
    int ended = 0;
    bool caught = false;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(end_slowly(5ms, ended));
        s.spawn(fail_after(1ms));
        try {
            co_await s.join();
        } catch (const planned&) {
            caught = true;
        }
        REQUIRE(ended == 1);
        REQUIRE(elapsed() == 6ms);
    });
    REQUIRE(caught);
}

CO_TEST("a failure of an inner scope goes through the outer one", "[scope]") {
    const auto before = counted::alive;
    bool caught = false;
    try {
        co_await with_scope([&](scope& outer) -> task<> {
            outer.spawn(wait_for_ever());
            co_await with_scope([&](scope& inner) -> task<> {
                inner.spawn(wait_for_ever());
                inner.spawn(fail_after(1ms));
                co_await inner.join();
            });
        });
    } catch (const planned&) {
        caught = true;
    }
    REQUIRE(caught);
    REQUIRE(counted::alive == before);
}

CO_TEST("a failure in an outer scope ends the inner one", "[scope]") {
    const auto before = counted::alive;
    bool caught = false;
    try {
        co_await with_scope([&](scope& outer) -> task<> {
            outer.spawn(fail_after(1ms));
            co_await with_scope([&](scope& inner) -> task<> {
                inner.spawn(wait_for_ever());
                co_await inner.join();
            });
        });
    } catch (const planned&) {
        caught = true;
    }
    REQUIRE(caught);
    REQUIRE(counted::alive == before);
    REQUIRE(elapsed() == 1ms);
}

// --- Cancellation --------------------------------------------------------------------------------------

CO_TEST("the body cancels what was spawned, and goes on", "[scope]") {
    const auto before = counted::alive;
    int count = 0;
    co_await with_scope([&](scope& s) -> task<> {
        for (int i = 0; i < 3; ++i) s.spawn(wait_for_ever());
        co_await rest();
        s.cancel();
        co_await s.join();
        REQUIRE(counted::alive == before);
        s.spawn(count_after(1ms, count));
        co_await s.join();
        REQUIRE(count == 1);
    });
}

CO_TEST("what is spawned after a cancel goes on", "[scope]") {
    int count = 0;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(wait_for_ever());
        s.cancel();
        s.spawn(count_after(1ms, count));
        co_await s.join();
    });
    REQUIRE(count == 1);
}

CO_TEST("cancelling an empty scope, or one twice, harms nobody", "[scope]") {
    int count = 0;
    co_await with_scope([&](scope& s) -> task<> {
        s.cancel();
        s.spawn(count_after(1ms, count));
        co_await s.join();
        s.spawn(wait_for_ever());
        s.cancel();
        s.cancel();
        co_await s.join();
    });
    REQUIRE(count == 1);
}

CO_TEST("what was spawned and cancelled before it began never begins", "[scope]") {
    const auto before = counted::alive;
    bool begun = false;
    auto begin = [](bool& b, counted) -> task<> {
        b = true;
        co_return;
    };
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(begin(begun, counted(1)));
        s.cancel();
        co_await s.join();
    });
    REQUIRE_FALSE(begun);
    REQUIRE(counted::alive == before);
}

CO_TEST("a spawned task cancels its own scope", "[scope]") {
    const auto before = counted::alive;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(wait_for_ever());
        s.spawn(cancel_after(s, 1ms));
        auto cancel_and_wait = [](scope& mine) -> task<> {
            co_await sleep_for(2ms);
            mine.cancel();
            co_await wait_for_ever();
        };
        co_await s.join();
        REQUIRE(counted::alive == before);
        s.spawn(cancel_and_wait(s));
        co_await s.join();
        REQUIRE(counted::alive == before);
    });
    REQUIRE(elapsed() == 3ms);
}

CO_TEST("cancel reaches every kind of wait, however deep, before time goes on", "[scope]") {
    every_kind_of_wait waits;
    const auto before = counted::alive;
    const auto frames = live_coroutines;
    co_await with_scope([&](scope& s) -> task<> {
        const auto frames_in_body = live_coroutines;
        waits.spawn_all(s);
        co_await sleep_for(10us);
        REQUIRE(counted::alive > before + 30);
        const auto moment = elapsed();
        s.cancel();
        co_await s.join();
        REQUIRE(elapsed() == moment);
        REQUIRE(counted::alive == before);
        REQUIRE(live_coroutines == frames_in_body);
    });
    REQUIRE(live_coroutines == frames);
    REQUIRE(waits.empty.stats().received == 0);
    REQUIRE(waits.full.stats().sent == 1);
}

CO_TEST("cancel reaches all before any other coroutine goes on", "[scope]") {
    const auto before = counted::alive;
    event go;
    auto look = [](event& e, std::int64_t expected, bool& seen) -> task<> {
        co_await e.wait();
        REQUIRE(counted::alive == expected);
        seen = true;
    };
    bool seen = false;
    co_await with_scope([&](scope& outer) -> task<> {
        outer.spawn(look(go, before, seen));
        co_await with_scope([&](scope& s) -> task<> {
            for (int i = 0; i < 20; ++i) s.spawn(wait_for_ever());
            co_await rest();
            go.set();
            s.cancel();
            co_await s.join();
        });
        co_await outer.join();
    });
    REQUIRE(seen);
}

CO_TEST("cancelling waits for those that need time to end", "[scope]") {
    int ended = 0;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(end_slowly(3ms, ended));
        s.spawn(end_slowly(5ms, ended));
        co_await rest();
        s.cancel();
        co_await s.join();
        REQUIRE(ended == 2);
        REQUIRE(elapsed() == 6ms);
    });
}

CO_TEST("cancelling twice does not end a teardown early", "[scope]") {
    int ended = 0;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(end_slowly(4ms, ended));
        co_await rest();
        s.cancel();
        co_await rest();
        s.cancel();
        co_await s.join();
        REQUIRE(ended == 1);
        REQUIRE(elapsed() == 5ms);
    });
}

CO_TEST("a scope that is given up cancels its body and all in it", "[scope]") {
    const auto before = counted::alive;
    int ended = 0;
    auto open = [](int& slow) -> task<> {
        co_await with_scope([&](scope& s) -> task<> {
            const counted in_body(1);
            s.spawn(wait_for_ever());
            s.spawn(end_slowly(3ms, slow));
            co_await s.join();
        });
    };
    auto first = co_await race(sleep_for(1ms), open(ended));
    REQUIRE(first.index() == 0);
    REQUIRE(ended == 1);
    REQUIRE(counted::alive == before);
    REQUIRE(elapsed() == 4ms);
}

CO_TEST("in a scope that is closing, what is spawned is dropped", "[scope]") {
    int count = 0;
    auto spawn_in_teardown = [](scope& s, int& c) -> task<> {
        auto body = [](counted&) -> task<> { return wait_for_ever(); };
        auto teardown = [&](counted&) -> task<> {
            s.spawn(count_after(1ms, c));
            return pause(5ms);
        };
        co_await with(counted(1), body, teardown);
    };
    auto open = [&](int& c) -> task<> {
        co_await with_scope([&](scope& s) -> task<> {
            s.spawn(spawn_in_teardown(s, c));
            co_await s.join();
        });
    };
    auto first = co_await race(sleep_for(1ms), open(count));
    REQUIRE(first.index() == 0);
    REQUIRE(count == 0);
    REQUIRE(elapsed() == 6ms);
}

CO_TEST("waiting for a scope to end can be given up, and the scope goes on", "[scope]") {
    int count = 0;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(count_after(5ms, count));
        auto first = co_await race(s.join(), sleep_for(1ms));
        REQUIRE(first.index() == 1);
        REQUIRE(s.size() == 1);
        const auto ended = co_await with_timeout(10ms, s.join());
        REQUIRE(ended.ok());
        REQUIRE(count == 1);
    });
}

CO_TEST("a scope whose end comes in the moment in which waiting for it is given up", "[scope]") {
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(pause(1ms));
        (void)co_await race(s.join(), sleep_for(1ms));
        co_await s.join();
        REQUIRE(s.size() == 0);
    });
}

CO_TEST("a failure whose join was given up meanwhile ends the body", "[scope]") {
    int ended = 0;
    bool caught = false;
    bool body_went_on = false;
    try {
        co_await with_scope([&](scope& s) -> task<> {
            s.spawn(end_slowly(10ms, ended));
            s.spawn(fail_after(1ms));
            (void)co_await race(s.join(), sleep_for(5ms));
            co_await sleep_for(1h);
            body_went_on = true;
        });
    } catch (const planned&) {
        caught = true;
    }
    REQUIRE(caught);
    REQUIRE(ended == 1);
    REQUIRE_FALSE(body_went_on);
    REQUIRE(elapsed() == 11ms);
}

CO_TEST("what is spawned may use what lives in a body that waits for it, to its very end", "[scope]") {
    auto open = []() -> task<> {
        co_await with_scope([](scope& s) -> task<> {
            counted in_body(7);
            auto use_late = [](counted& c) -> task<> {
                auto body = [](counted*&) -> task<> { return wait_for_ever(); };
                auto teardown = [](counted*& used) -> task<> {
                    auto slowly = [](counted& u) -> task<> {
                        co_await rest();
                        REQUIRE(u.value == 7);
                    };
                    return slowly(*used);
                };
                co_await with(&c, body, teardown);
            };
            s.spawn(use_late(in_body));
            co_await s.join();
        });
    };
    auto first = co_await race(sleep_for(1ms), open());
    REQUIRE(first.index() == 0);
    REQUIRE(elapsed() == 2ms);
}

// --- Mistakes ------------------------------------------------------------------------------------------

CO_TEST("a scope has one joiner at a time", "[scope]") {
    bool refused = false;
    auto join_too = [](scope& s, bool& r) -> task<> {
        try {
            co_await s.join();
        } catch (const std::logic_error&) {
            r = true;
        }
    };
    co_await with_scope([&](scope& s) -> task<> {
        auto join_later = [&](scope& mine) -> task<> {
            co_await rest();
            co_await join_too(mine, refused);
        };
        s.spawn(join_later(s));
        co_await s.join();
    });
    REQUIRE(refused);
}

CO_TEST("an empty task can not be spawned, and the scope is none the worse", "[scope]") {
    co_await with_scope([&](scope& s) -> task<> {
        REQUIRE_THROWS_AS(s.spawn(task<>()), std::logic_error);
        REQUIRE(s.size() == 0);
        co_await s.join();
    });
}

TEST_CASE("ten thousand tasks come and go in one scope", "[scope]") {
    auto many = []() -> task<int> {
        int count = 0;
        co_await with_scope([&](scope& s) -> task<> {
            for (int i = 0; i < 10'000; ++i) s.spawn(count_after(std::chrono::microseconds(i % 100), count));
            co_await s.join();
        });
        co_return count;
    };
    REQUIRE(sim::run(many()) == 10'000);
}
