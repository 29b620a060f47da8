#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <rtai/core/cross_channel.hpp>
#include <rtai/core/runtime.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/core/with.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;

namespace {

/// What sessions on several threads have to tell.
class journal {
public:
    void note(std::string what) {
        const std::lock_guard lock(mutex_);
        notes_.push_back(std::move(what));
    }
    std::vector<std::string> notes() {
        const std::lock_guard lock(mutex_);
        auto sorted = notes_;
        std::sort(sorted.begin(), sorted.end());
        return sorted;
    }

private:
    std::mutex mutex_;
    std::vector<std::string> notes_;
};

using notes = std::vector<std::string>;

runtime::options reporting_to(journal& j, unsigned shards) {
    runtime::options o;
    o.shards = shards;
    o.on_failure = [&j](std::exception_ptr failure) {
        try {
            std::rethrow_exception(std::move(failure));
        } catch (const std::exception& e) {
            j.note(e.what());
        }
    };
    return o;
}

task<> until_stopped(runtime& rt) { co_await rt.stopping().wait(); }

task<> for_ever(std::atomic<int>& begun) {
    ++begun;
    begun.notify_all();
    event nothing;
    co_await nothing.wait();
}

void wait_for(std::atomic<int>& count, int wanted) {
    for (int now = count; now < wanted; now = count) count.wait(now);
}

}  // namespace

TEST_CASE("a runtime has as many shards as it is asked for, or at least one", "[runtime]") {
    runtime three(3);
    REQUIRE(three.size() == 3);
    const runtime some;
    REQUIRE(some.size() >= 1);
}

TEST_CASE("each session goes to the shard that has the fewest", "[runtime]") {
    runtime rt(3);
    std::mutex mutex;
    std::map<shard*, int> count;
    for (int i = 0; i < 9; ++i) {
        REQUIRE(rt.place([&]() -> task<> {
            {
                const std::lock_guard lock(mutex);
                ++count[&this_shard()];
            }
            return until_stopped(rt);
        }));
    }
    REQUIRE(rt.sessions() == 9);
    REQUIRE(rt.stop(1h) == 0);
    REQUIRE(rt.sessions() == 0);
    for (std::size_t i = 0; i < 3; ++i) REQUIRE(count[&rt.at(i)] == 3);
}

TEST_CASE("a session stays on its shard", "[runtime]") {
    runtime rt(2);
    std::atomic<int> moved{0};
    std::atomic<int> done{0};
    auto look = [](std::atomic<int>& m, std::atomic<int>& d) -> task<> {
        const shard* home = &this_shard();
        for (int i = 0; i < 100; ++i) {
            co_await yield();
            if (&this_shard() != home) ++m;
        }
        ++d;
        d.notify_all();
    };
    for (int i = 0; i < 10; ++i) rt.place([&] { return look(moved, done); });
    wait_for(done, 10);
    REQUIRE(moved == 0);
}

TEST_CASE("a session can be placed on the shard of one's choice", "[runtime]") {
    runtime rt(2);
    std::promise<shard*> where;
    auto tell = [](std::promise<shard*>& to) -> task<> {
        to.set_value(&this_shard());
        co_return;
    };
    REQUIRE(rt.place(1, [&] { return tell(where); }));
    REQUIRE(where.get_future().get() == &rt.at(1));
    REQUIRE_THROWS_AS(rt.place(2, [&] { return tell(where); }), std::out_of_range);
}

TEST_CASE("sessions are placed from any thread", "[runtime]") {
    runtime rt(2);
    std::atomic<int> done{0};
    auto count = [](std::atomic<int>& d) -> task<> {
        ++d;
        d.notify_all();
        co_return;
    };
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 100; ++i) rt.place([&] { return count(done); });
        });
    for (auto& t : threads) t.join();
    wait_for(done, 400);
    REQUIRE(rt.stop(1h) == 0);
    REQUIRE(rt.sessions() == 0);
}

TEST_CASE("a session that fails ends alone, and is reported", "[runtime]") {
    journal j;
    runtime rt(reporting_to(j, 1));
    std::atomic<int> done{0};
    auto fail = [](std::atomic<int>& d) -> task<> {
        co_await yield();
        ++d;
        d.notify_all();
        throw std::runtime_error("lost the line");
    };
    auto fail_at_once = [&]() -> task<> { throw std::runtime_error("never began"); };
    rt.place([&] { return until_stopped(rt); });
    rt.place([&] { return fail(done); });
    rt.place(fail_at_once);
    wait_for(done, 1);
    REQUIRE(rt.stop(1h) == 0);
    REQUIRE(j.notes() == notes{"lost the line", "never began"});
}

TEST_CASE("stopping asks the sessions to end, and waits for them", "[runtime]") {
    journal j;
    runtime rt(2);
    auto finish = [](runtime& r, journal& to) -> task<> {
        co_await r.stopping().wait();
        co_await sleep_for(2ms);
        to.note("finished");
    };
    for (int i = 0; i < 4; ++i) rt.place([&] { return finish(rt, j); });
    REQUIRE(rt.stop(1h) == 0);
    REQUIRE(j.notes() == notes(4, "finished"));
}

TEST_CASE("the longest patience there is, is patience", "[runtime]") {
    runtime rt(1);
    rt.place([&] { return until_stopped(rt); });
    REQUIRE(rt.stop(duration::max()) == 0);
}

TEST_CASE("sessions that do not end in time are cancelled, and counted", "[runtime]") {
    journal j;
    runtime rt(2);
    std::atomic<int> begun{0};
    auto hold_on = [](std::atomic<int>& b, journal& to) -> task<> {
        auto body = [&b](journal*&) -> task<> { return for_ever(b); };
        auto teardown = [](journal*& log) -> task<> {
            auto say_goodbye = [](journal& l) -> task<> {
                co_await sleep_for(1ms);
                l.note("goodbye");
            };
            return say_goodbye(*log);
        };
        co_await with(&to, body, teardown);
    };
    for (int i = 0; i < 3; ++i) rt.place([&] { return hold_on(begun, j); });
    rt.place([&] { return until_stopped(rt); });
    wait_for(begun, 3);
    REQUIRE(rt.stop(5ms) == 3);
    REQUIRE(j.notes() == notes(3, "goodbye"));
    REQUIRE(rt.sessions() == 0);
}

TEST_CASE("sessions that were asked to end and are asked again have the shorter time", "[runtime]") {
    runtime rt(2);
    std::atomic<int> begun{0};
    for (int i = 0; i < 4; ++i) rt.place([&] { return for_ever(begun); });
    wait_for(begun, 4);
    rt.ask_to_stop(1h);
    rt.ask_to_stop(2h);
    REQUIRE(rt.stop(1ms) == 4);
}

TEST_CASE("a runtime that goes ends its sessions without patience", "[runtime]") {
    std::atomic<int> begun{0};
    {
        runtime rt(2);
        for (int i = 0; i < 4; ++i) rt.place([&] { return for_ever(begun); });
        wait_for(begun, 4);
    }
    REQUIRE(begun == 4);
}

TEST_CASE("after a runtime has stopped, nothing starts on it", "[runtime]") {
    runtime rt(1);
    REQUIRE(rt.stop(0ms) == 0);
    auto held = std::make_shared<int>(7);
    std::atomic<int> begun{0};
    REQUIRE_FALSE(rt.place([&begun, held] { return for_ever(begun); }));
    REQUIRE(begun == 0);
    REQUIRE(held.use_count() == 1);
    REQUIRE(rt.sessions() == 0);
    REQUIRE(rt.stop(0ms) == 0);
}

TEST_CASE("a session may be made of what can only be moved", "[runtime]") {
    runtime rt(1);
    std::promise<int> result;
    auto tell = [](std::promise<int>& to, int n) -> task<> {
        to.set_value(n);
        co_return;
    };
    rt.place([&result, &tell, number = std::make_unique<int>(7)] { return tell(result, *number); });
    REQUIRE(result.get_future().get() == 7);
}

TEST_CASE("stopping is for the sessions to ask about", "[runtime]") {
    runtime rt(1);
    REQUIRE_THROWS_AS(rt.stopping(), std::logic_error);
}

TEST_CASE("a session can not stop the runtime it lives in", "[runtime]") {
    runtime rt(1);
    std::promise<bool> refused;
    auto try_to_stop = [](runtime& r, std::promise<bool>& to) -> task<> {
        try {
            r.stop(0ms);
        } catch (const std::logic_error&) {
            to.set_value(true);
        }
        co_return;
    };
    rt.place([&] { return try_to_stop(rt, refused); });
    REQUIRE(refused.get_future().get());
}

TEST_CASE("sessions on different shards share a stream", "[runtime]") {
    runtime rt(2);
    cross_channel<int> numbers(rt.at(0), rt.at(1), 8);
    std::promise<int> sum;
    auto send = [](sender<int> out) -> task<> {
        for (int i = 1; i <= 1000; ++i)
            if (!co_await out.send(int(i))) co_return;
    };
    auto add = [](receiver<int> in, std::promise<int>& to) -> task<> {
        int total = 0;
        while (auto n = co_await in.receive()) total += *n;
        to.set_value(total);
    };
    rt.place(0, [&send, out = numbers.sender()]() mutable { return send(std::move(out)); });
    rt.place(1, [&add, &sum, in = numbers.receiver()]() mutable { return add(std::move(in), sum); });
    REQUIRE(sum.get_future().get() == 500'500);
}
