#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <rtai/core/buffer.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/sim_link.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/core/timer.hpp>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;

namespace {

duration elapsed() { return test::world().elapsed(); }

sim::stream_link make_link(const sim::conditions& c = {}) {
    return sim::stream_link(test::world(), this_shard(), this_shard(), c);
}

sim::datagram_link make_datagrams(const sim::conditions& c = {}) {
    return sim::datagram_link(test::world(), this_shard(), this_shard(), c);
}

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

task<bool> write(sim::stream& to, std::string text) {
    auto done = co_await to.write(bytes_of(text));
    co_return done.ok();
}

/// What comes until the end, or until the stream breaks.
task<std::string> read_all(sim::stream& from) {
    std::string text;
    std::vector<std::byte> part(100);
    for (;;) {
        auto count = co_await from.read_some(part);
        if (!count) co_return text + "(broken)";
        if (*count == 0) co_return text;
        text.append(reinterpret_cast<const char*>(part.data()), *count);
    }
}

task<std::string> read_once(sim::stream& from) {
    std::vector<std::byte> part(100);
    auto count = co_await from.read_some(part);
    if (!count) co_return "(broken)";
    co_return std::string(reinterpret_cast<const char*>(part.data()), *count);
}

buffer packet(int number) {
    buffer b(sizeof number);
    std::memcpy(b.data(), &number, sizeof number);
    return b;
}

int number_in(const buffer& b) {
    int number = 0;
    std::memcpy(&number, b.data(), sizeof number);
    return number;
}

/// The numbers that come in until it is quiet for a while.
task<std::vector<int>> receive_numbers(sim::datagrams& from) {
    std::vector<int> numbers;
    for (;;) {
        auto next = co_await with_timeout(10s, from.receive());
        if (!next.ok() || !*next) co_return numbers;
        numbers.push_back(number_in(**next));
    }
}

std::vector<int> count_to(int n) {
    std::vector<int> all;
    for (int i = 0; i < n; ++i) all.push_back(i);
    return all;
}

}  // namespace

// --- Streams -------------------------------------------------------------------------------------------

CO_TEST("bytes arrive after the latency of their link, in both directions", "[sim_link]") {
    sim::conditions c;
    c.latency = 30ms;
    auto link = make_link(c);
    auto a = link.end_a();
    auto b = link.end_b();
    auto [sent, got] = co_await join(write(a, "ping"), read_once(b));
    REQUIRE(sent);
    REQUIRE(got == "ping");
    REQUIRE(elapsed() == 30ms);
    auto [answered, answer] = co_await join(write(b, "pong"), read_once(a));
    REQUIRE(answered);
    REQUIRE(answer == "pong");
    REQUIRE(elapsed() == 60ms);
}

CO_TEST("a stream that was finished is read to its end, and the other direction goes on", "[sim_link]") {
    auto link = make_link();
    auto a = link.end_a();
    auto b = link.end_b();
    const bool sent = co_await write(a, "question");
    REQUIRE(sent);
    a.finish();
    const auto question = co_await read_all(b);
    REQUIRE(question == "question");
    const bool answered = co_await write(b, "answer");
    REQUIRE(answered);
    b.finish();
    const auto answer = co_await read_all(a);
    REQUIRE(answer == "answer");
}

CO_TEST("jitter and loss delay a stream, but keep its order", "[sim_link]") {
    sim::conditions c;
    c.jitter = 50ms;
    c.loss = 0.3;
    auto link = make_link(c);
    auto a = link.end_a();
    auto b = link.end_b();
    auto speak = [](sim::stream& to) -> task<std::string> {
        std::string all;
        for (int i = 0; i < 10; ++i) {
            const std::string word = std::to_string(i) + " ";
            auto done = co_await to.write(bytes_of(word));
            if (done.ok()) all += word;
            co_await sleep_for(1ms);
        }
        to.finish();
        co_return all;
    };
    auto [said, heard] = co_await join(speak(a), read_all(b));
    REQUIRE(heard == said);
    REQUIRE(heard == "0 1 2 3 4 5 6 7 8 9 ");
}

CO_TEST("a lost packet of a stream comes after it was sent again", "[sim_link]") {
    sim::conditions c;
    c.loss = 0.999;
    c.resend_after = 100ms;
    auto link = make_link(c);
    auto a = link.end_a();
    auto b = link.end_b();
    auto [sent, got] = co_await join(write(a, "late"), read_once(b));
    REQUIRE(sent);
    REQUIRE(got == "late");
    REQUIRE(elapsed() >= c.latency + 100ms);
}

CO_TEST("the window of a stream holds up a writer whose reader is slow", "[sim_link]") {
    sim::conditions c;
    c.window = 10;
    auto link = make_link(c);
    auto a = link.end_a();
    auto b = link.end_b();
    std::string text(35, 'x');
    const auto early = co_await with_timeout(1s, write(a, text));
    REQUIRE_FALSE(early.ok());
    const auto first = co_await read_once(b);
    REQUIRE(first.size() == 10);
    auto write_and_finish = [](sim::stream& to, std::string what) -> task<> {
        auto done = co_await to.write(bytes_of(what));
        REQUIRE(done.ok());
        to.finish();
    };
    auto [nothing, rest] = co_await join(write_and_finish(a, text), read_all(b));
    REQUIRE(rest == text);
}

CO_TEST("a writer takes no more than the window at once, and nothing of nothing", "[sim_link]") {
    sim::conditions c;
    c.window = 10;
    auto link = make_link(c);
    auto a = link.end_a();
    const std::string text(35, 'x');
    const auto nothing = co_await a.write_some({});
    REQUIRE(*nothing == 0);
    const auto some = co_await a.write_some(bytes_of(text));
    REQUIRE(*some == 10);
}

CO_TEST("a small reader gets a packet in parts", "[sim_link]") {
    auto link = make_link();
    auto a = link.end_a();
    auto b = link.end_b();
    const bool sent = co_await write(a, "hello");
    REQUIRE(sent);
    std::string got;
    std::vector<std::byte> two(2);
    for (int i = 0; i < 3; ++i) {
        const auto count = co_await b.read_some(two);
        got.append(reinterpret_cast<const char*>(two.data()), *count);
    }
    REQUIRE(got == "hello");
}

CO_TEST("when the far end is dropped, what it wrote is read, and then the stream is reset", "[sim_link]") {
    auto link = make_link();
    auto a = link.end_a();
    auto b = link.end_b();
    const bool sent = co_await write(a, "last words");
    REQUIRE(sent);
    a.close();
    const auto heard = co_await read_all(b);
    REQUIRE(heard == "last words(broken)");
    const bool answered = co_await write(b, "hello?");
    REQUIRE_FALSE(answered);
}

CO_TEST("a writer that waits for room learns that the far end was dropped", "[sim_link]") {
    sim::conditions c;
    c.window = 4;
    auto link = make_link(c);
    auto a = link.end_a();
    auto b = link.end_b();
    auto drop_later = [](sim::stream end) -> task<> {
        co_await sleep_for(50ms);
        end.close();
    };
    auto [sent, nothing] = co_await join(write(a, "too much to say"), drop_later(std::move(b)));
    REQUIRE_FALSE(sent);
    REQUIRE(elapsed() == 60ms);
}

CO_TEST("a partition holds everything back until it heals", "[sim_link]") {
    auto link = make_link();
    auto a = link.end_a();
    auto b = link.end_b();
    const bool first = co_await write(a, "before ");
    REQUIRE(first);
    link.partition();
    const bool second = co_await write(a, "during");
    REQUIRE(second);
    a.finish();
    auto early = co_await with_timeout(1s, read_once(b));
    REQUIRE_FALSE(early.ok());
    link.heal();
    const auto all = co_await read_all(b);
    REQUIRE(all == "before during");
}

CO_TEST("behind a partition nobody learns that the far end was dropped", "[sim_link]") {
    auto link = make_link();
    auto a = link.end_a();
    auto b = link.end_b();
    link.partition();
    a.close();
    const bool sent = co_await write(b, "hello?");
    REQUIRE(sent);
    auto answer = co_await with_timeout(1s, read_once(b));
    REQUIRE_FALSE(answer.ok());
    link.heal();
    const auto late = co_await read_once(b);
    REQUIRE(late == "(broken)");
}

CO_TEST("a peer that is lost never answers, and a timeout gets out", "[sim_link]") {
    auto link = make_link();
    auto a = link.end_a();
    auto b = link.end_b();
    link.lose_peer();
    a.close();
    const bool sent = co_await write(b, "hello?");
    REQUIRE(sent);
    const auto answer = co_await with_timeout(30s, read_once(b));
    REQUIRE(answer.error().code == std::errc::timed_out);
    REQUIRE(elapsed() == 30s);
}

CO_TEST("a peer that is lost leaves its writer waiting for room, and a timeout gets out", "[sim_link]") {
    sim::conditions c;
    c.window = 4;
    auto link = make_link(c);
    auto a = link.end_a();
    auto b = link.end_b();
    link.lose_peer();
    const auto sent = co_await with_timeout(30s, write(b, "too much to say"));
    REQUIRE(sent.error().code == std::errc::timed_out);
}

CO_TEST("a stream connects two shards of a world", "[sim_link]") {
    shard& second = test::world().add_shard();
    sim::stream_link link(test::world(), this_shard(), second);
    auto a = link.end_a();
    auto answer = [](sim::stream end) -> task<> {
        const auto question = co_await read_once(end);
        const bool sent = co_await write(end, question + " yourself");
        REQUIRE(sent);
        end.finish();
        co_await sleep_for(1s);
    };
    detail::root<void> there(second);
    there.start(answer(link.end_b()));
    const bool asked = co_await write(a, "hello");
    REQUIRE(asked);
    const auto heard = co_await read_all(a);
    REQUIRE(heard == "hello yourself");
    while (!there.ended()) co_await sleep_for(100ms);
}

// --- Datagrams -----------------------------------------------------------------------------------------

CO_TEST("datagrams arrive whole, after the latency, in order", "[sim_link]") {
    auto link = make_datagrams();
    auto a = link.end_a();
    auto b = link.end_b();
    for (int i = 0; i < 10; ++i) a.send(packet(i));
    auto first = co_await b.receive();
    REQUIRE(number_in(*first) == 0);
    REQUIRE(elapsed() == 10ms);
    auto rest = co_await receive_numbers(b);
    REQUIRE(rest.size() == 9);
    REQUIRE(std::is_sorted(rest.begin(), rest.end()));
    b.send(packet(7));
    auto back = co_await a.receive();
    REQUIRE(number_in(*back) == 7);
}

CO_TEST("some datagrams are lost, as many as was said", "[sim_link]") {
    sim::conditions c;
    c.loss = 0.5;
    c.backlog = 1000;
    auto link = make_datagrams(c);
    auto a = link.end_a();
    auto b = link.end_b();
    for (int i = 0; i < 400; ++i) a.send(packet(i));
    const auto got = co_await receive_numbers(b);
    REQUIRE(got.size() > 120);
    REQUIRE(got.size() < 280);
    REQUIRE(std::is_sorted(got.begin(), got.end()));
}

CO_TEST("with a loss of everything, nothing arrives", "[sim_link]") {
    sim::conditions c;
    c.loss = 1;
    auto link = make_datagrams(c);
    auto a = link.end_a();
    auto b = link.end_b();
    for (int i = 0; i < 20; ++i) a.send(packet(i));
    const auto got = co_await receive_numbers(b);
    REQUIRE(got.empty());
}

CO_TEST("with a duplicate of everything, all arrives twice", "[sim_link]") {
    sim::conditions c;
    c.duplicate = 1;
    auto link = make_datagrams(c);
    auto a = link.end_a();
    auto b = link.end_b();
    for (int i = 0; i < 10; ++i) a.send(packet(i));
    auto got = co_await receive_numbers(b);
    REQUIRE(got.size() == 20);
    std::sort(got.begin(), got.end());
    got.erase(std::unique(got.begin(), got.end()), got.end());
    REQUIRE(got == count_to(10));
}

CO_TEST("datagrams overtake each other, and none is lost by that", "[sim_link]") {
    sim::conditions c;
    c.reorder = 0.5;
    auto link = make_datagrams(c);
    auto a = link.end_a();
    auto b = link.end_b();
    auto speak = [](sim::datagrams& to) -> task<> {
        for (int i = 0; i < 30; ++i) {
            to.send(packet(i));
            co_await sleep_for(1ms);
        }
    };
    auto [nothing, got] = co_await join(speak(a), receive_numbers(b));
    REQUIRE_FALSE(std::is_sorted(got.begin(), got.end()));
    std::sort(got.begin(), got.end());
    REQUIRE(got == count_to(30));
}

CO_TEST("jitter alone may reorder datagrams too", "[sim_link]") {
    sim::conditions c;
    c.jitter = 40ms;
    auto link = make_datagrams(c);
    auto a = link.end_a();
    auto b = link.end_b();
    for (int i = 0; i < 30; ++i) a.send(packet(i));
    auto got = co_await receive_numbers(b);
    std::sort(got.begin(), got.end());
    REQUIRE(got == count_to(30));
}

CO_TEST("datagrams that nobody reads are dropped beyond the backlog, and counted", "[sim_link]") {
    sim::conditions c;
    c.backlog = 5;
    auto link = make_datagrams(c);
    auto a = link.end_a();
    auto b = link.end_b();
    for (int i = 0; i < 8; ++i) a.send(packet(i));
    co_await sleep_for(1s);
    REQUIRE(b.stats().depth == 5);
    REQUIRE(b.stats().dropped == 3);
    const auto got = co_await receive_numbers(b);
    REQUIRE(got == count_to(5));
}

CO_TEST("datagrams that are sent into a partition are lost", "[sim_link]") {
    auto link = make_datagrams();
    auto a = link.end_a();
    auto b = link.end_b();
    link.partition();
    for (int i = 0; i < 5; ++i) a.send(packet(i));
    co_await sleep_for(1s);
    link.heal();
    a.send(packet(5));
    const auto got = co_await receive_numbers(b);
    REQUIRE(got == std::vector<int>{5});
}

TEST_CASE("the same seed gives the same faults, another seed others", "[sim_link]") {
    struct numbers_heard {
        static task<std::vector<int>> of(sim::world& w) {
            sim::conditions c;
            c.loss = 0.3;
            c.jitter = 20ms;
            c.duplicate = 0.2;
            sim::datagram_link link(w, w.first(), w.first(), c);
            auto a = link.end_a();
            auto b = link.end_b();
            for (int i = 0; i < 30; ++i) a.send(packet(i));
            auto numbers = co_await receive_numbers(b);
            co_return numbers;
        }
    };
    std::set<std::vector<int>> different;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        sim::world first(seed);
        sim::world second(seed);
        const auto heard = first.run(numbers_heard::of(first));
        REQUIRE(second.run(numbers_heard::of(second)) == heard);
        different.insert(heard);
    }
    REQUIRE(different.size() == 10);
}
