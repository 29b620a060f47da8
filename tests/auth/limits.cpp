#include <atomic>
#include <catch2/catch.hpp>
#include <rtai/auth/limits.hpp>
#include <rtai/core/timer.hpp>
#include <thread>
#include <vector>

#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::auth;
using namespace std::chrono_literals;

namespace {

limit_options options_of(std::uint32_t sessions, double rate) {
    limit_options o;
    o.sessions_per_client = sessions;
    o.requests = hertz(rate);
    return o;
}

const time_point start{1h};

}  // namespace

TEST_CASE("a client may have so many sessions, and others have theirs", "[limits]") {
    client_limits limits(options_of(2, 0));
    auto first = limits.enter("a", start);
    REQUIRE(first.ok());
    {
        auto second = limits.enter("a", start);
        REQUIRE(second.ok());
        auto third = limits.enter("a", start);
        REQUIRE_FALSE(third.ok());
        REQUIRE(third.why().status == 429);
        REQUIRE(third.why().words == "this client has 2 sessions, and may have no more: end one first");
        REQUIRE(limits.enter("b", start).ok());
    }
    REQUIRE(limits.enter("a", start).ok());
}

TEST_CASE("a place that was moved is given back once, and may outlive the limits", "[limits]") {
    std::vector<client_limits::place> held;
    {
        client_limits limits(options_of(1, 0));
        auto place = limits.enter("a", start);
        held.push_back(std::move(*place));
        REQUIRE_FALSE(limits.enter("a", start).ok());
        held.clear();
        REQUIRE(limits.enter("a", start).ok());
        auto last = limits.enter("a", start);
        held.push_back(std::move(*last));
    }
    held.clear();
}

CO_TEST("a second's worth of requests may come at once, and then as many as are allowed", "[limits]") {
    client_limits limits(options_of(1, 5));
    const auto count = [&](std::string_view client) {
        int taken = 0;
        while (!limits.request(client, now())) ++taken;
        return taken;
    };
    REQUIRE(count("a") == 5);
    REQUIRE(count("b") == 5);
    const auto no = limits.request("a", now());
    REQUIRE(no->status == 429);
    REQUIRE(no->retry_after == 200ms);
    REQUIRE(no->words == "too many requests: 5Hz are allowed");
    co_await sleep_for(199ms);
    REQUIRE(count("a") == 0);
    co_await sleep_for(1ms);
    REQUIRE(count("a") == 1);
    co_await sleep_for(600ms);
    REQUIRE(count("a") == 3);
    co_await sleep_for(1h);
    REQUIRE(count("a") == 5);
}

TEST_CASE("a rate below one a second still lets one through, and a rate of 0 is no limit", "[limits]") {
    client_limits slow(options_of(1, 0.5));
    REQUIRE_FALSE(slow.request("a", start));
    REQUIRE(slow.request("a", start + 1999ms)->retry_after > 0ms);
    REQUIRE_FALSE(slow.request("a", start + 2s));
    client_limits none(options_of(1, 0));
    for (int i = 0; i < 1000; ++i) REQUIRE_FALSE(none.request("a", start));
}

TEST_CASE("time that goes backwards between shards gives nothing away", "[limits]") {
    client_limits limits(options_of(1, 1));
    REQUIRE_FALSE(limits.request("a", start));
    REQUIRE(limits.request("a", start - 10s));
    REQUIRE(limits.request("a", start));
}

TEST_CASE("as many clients are known as may be: who is idle is forgotten, who has a session is not",
          "[limits]") {
    client_limits limits(options_of(1, 1), 3);
    auto a = limits.enter("a", start);
    for (int i = 0; i < 1000; ++i) REQUIRE_FALSE(limits.request("x" + std::to_string(i), start));
    REQUIRE(limits.clients() == 3);
    REQUIRE_FALSE(limits.enter("a", start).ok());
    auto b = limits.enter("b", start), c = limits.enter("c", start);
    REQUIRE((b.ok() && c.ok()));
    const auto d = limits.enter("d", start);
    REQUIRE(d.why().status == 429);
    REQUIRE(d.why().words == "too many clients at once");
    REQUIRE(limits.request("e", start)->status == 429);
    {
        const auto gone = std::move(*b);
    }
    REQUIRE(limits.enter("d", start).ok());
}

TEST_CASE("clients that have been idle are forgotten as others come", "[limits]") {
    client_limits limits(options_of(1, 10));
    for (int i = 0; i < 1000; ++i) REQUIRE_FALSE(limits.request("x" + std::to_string(i), start + i * 1s));
    REQUIRE(limits.clients() < 5);
}

TEST_CASE("several threads share the limits", "[limits]") {
    client_limits limits(options_of(3, 0), 10);
    std::atomic<int> over{0};
    std::atomic<int> inside{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 5000; ++i) {
                auto place = limits.enter("a", start);
                if (!place) continue;
                if (++inside > 3) ++over;
                --inside;
            }
        });
    for (auto& t : threads) t.join();
    REQUIRE(over == 0);
    auto a = limits.enter("a", start), b = limits.enter("a", start), c = limits.enter("a", start);
    REQUIRE((a.ok() && b.ok() && c.ok()));
    REQUIRE_FALSE(limits.enter("a", start).ok());
}

TEST_CASE("what the next request would be told can be asked without making it", "[limits]") {
    client_limits limits(options_of(1, 1));
    for (int i = 0; i < 3; ++i) REQUIRE_FALSE(limits.next("a", start).has_value());
    REQUIRE_FALSE(limits.request("a", start).has_value());
    const auto no = limits.next("a", start);
    REQUIRE(no.has_value());
    REQUIRE(no->status == 429);
    REQUIRE(no->retry_after == 1s);
    REQUIRE_FALSE(limits.next("b", start).has_value());
    REQUIRE_FALSE(limits.next("a", start + 1s).has_value());
}
