#include <rtai/core/inherited.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/core/timer.hpp>
#include <stdexcept>
#include <string>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;

namespace {

struct user {
    explicit user(std::string n) : name(std::move(n)) {}
    std::string name;
    test::counted counted{1};
};

// [inherited]
task<std::string> who() {
    const auto* u = co_await inherited<user>();
    if (u == nullptr) co_return "nobody";
    co_return u->name;
}

task<std::string> as_ann() {
    user ann("ann");
    co_return co_await with_inherited(ann, who());
}
// [/inherited]

task<std::string> who_in_a_while() {
    co_await sleep_for(10ms);
    auto asking = who();
    auto name = co_await with_timeout(1s, std::move(asking));
    co_return *name;
}

}  // namespace

CO_TEST("a task finds what it was given, and without that nothing", "[inherited]") {
    auto before = co_await who();
    REQUIRE(before == "nobody");
    auto inside = co_await as_ann();
    REQUIRE(inside == "ann");
    auto after = co_await who();
    REQUIRE(after == "nobody");
}

CO_TEST("what a task starts finds it too, however it is started", "[inherited]") {
    user ann("ann");
    const auto work = []() -> task<std::string> {
        auto all = co_await join(who_in_a_while(), who_in_a_while());
        std::string spawned;
        auto body = [&](scope& s) -> task<> {
            auto tell = [](std::string& into) -> task<> { into = co_await who_in_a_while(); };
            s.spawn(tell(spawned));
            co_await s.join();
        };
        co_await with_scope(body);
        co_return std::get<0>(all) + std::get<1>(all) + spawned;
    };
    auto working = work();
    auto names = co_await with_inherited(ann, std::move(working));
    REQUIRE(names == "annannann");
}

CO_TEST("the innermost counts, and each type by itself", "[inherited]") {
    user ann("ann"), bob("bob");
    int seven = 7;
    const auto inner = []() -> task<std::string> {
        const auto* number = co_await inherited<int>();
        auto name = co_await who();
        co_return name + std::to_string(*number);
    };
    const auto outer = [&]() -> task<std::string> {
        auto asking = inner();
        auto first = co_await with_inherited(bob, std::move(asking));
        auto second = co_await inner();
        co_return first + second;
    };
    const auto all = [&]() -> task<std::string> {
        auto asking = outer();
        auto both = co_await with_inherited(ann, std::move(asking));
        co_return both;
    };
    auto asking = all();
    auto names = co_await with_inherited(seven, std::move(asking));
    REQUIRE(names == "bob7ann7");
}

CO_TEST("a failure comes out, and what is given up is cancelled", "[inherited]") {
    user ann("ann");
    const auto fail = []() -> task<> {
        co_await sleep_for(1ms);
        throw std::runtime_error("no");
    };
    bool failed = false;
    try {
        auto failing = fail();
        co_await with_inherited(ann, std::move(failing));
    } catch (const std::runtime_error&) {
        failed = true;
    }
    REQUIRE(failed);
    const auto wait = [](user& u) -> task<> {
        auto sleeping = []() -> task<> { co_await sleep_for(1h); }();
        co_await with_inherited(u, std::move(sleeping));
    };
    auto waiting = wait(ann);
    auto given_up = co_await with_timeout(10ms, std::move(waiting));
    REQUIRE_FALSE(given_up.ok());
}
