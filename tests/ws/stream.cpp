#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/ws/stream.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/co_test.hpp"
#include "ws/pair.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using test::raw_peer;
using test::ws_pair;

namespace {

duration elapsed() { return test::world().elapsed(); }

sim::conditions small_window() {
    sim::conditions c;
    c.window = 4096;
    return c;
}

task<> run_echo(ws::stream& s) { co_await s.run(test::echo); }
task<> run_listener(ws::stream& s) { co_await s.run(test::listen); }

/// Sends texts, and collects what comes until the end.
struct talk {
    std::vector<std::string> to_say;
    std::vector<std::string> heard;

    task<> operator()(ws::stream& s) {
        for (const auto& words : to_say) {
            const bool sent = co_await s.send(ws::message::text(words));
            if (!sent) co_return;
        }
        while (heard.size() < to_say.size()) {
            auto m = co_await s.receive();
            if (!m) co_return;
            heard.emplace_back(m->text());
        }
    }
};

task<> run_talk(ws::stream& s, talk& t) {
    co_await s.run([&](ws::stream& live) { return t(live); });
}

ws::message binary_of(std::size_t size, unsigned mark = 0) {
    buffer b(size);
    std::fill_n(b.data(), size, static_cast<std::byte>(mark));
    return ws::message::binary(std::move(b));
}

/// Sends so many messages of so many bytes, and notes how many were taken.
task<> pour(ws::stream& s, std::size_t count, std::size_t size, std::size_t& taken) {
    for (std::size_t i = 0; i < count; ++i) {
        const bool sent = co_await s.send(binary_of(size, static_cast<unsigned>(i)));
        if (!sent) co_return;
        ++taken;
    }
}
task<> run_pour(ws::stream& s, std::size_t count, std::size_t size, std::size_t& taken) {
    co_await s.run([&](ws::stream& live) { return pour(live, count, size, taken); });
}

}  // namespace

// --- What works ------------------------------------------------------------------------------------------

CO_TEST("what is said comes back from an echo, and both ends part in good order", "[ws]") {
    ws_pair p;
    talk t{{"one", "", "three"}, {}};
    co_await join(run_echo(p.server), run_talk(p.client, t));
    REQUIRE(t.heard == std::vector<std::string>{"one", "", "three"});
    REQUIRE(p.client.end().code == ws::close_code::normal);
    REQUIRE(p.client.end().clean);
    REQUIRE(p.server.end().clean);
    REQUIRE(p.server.end().code == ws::close_code::normal);
    REQUIRE(p.server.peer() == "simulated");
    REQUIRE(p.server.stats().messages_received == 3);
    REQUIRE(p.server.stats().messages_sent == 3);
    REQUIRE(p.client.stats().bytes_received == 8);
    REQUIRE(elapsed() < 1s);
}

CO_TEST("a large message goes in fragments, and what is urgent comes between them", "[ws]") {
    raw_peer p({}, small_window());
    auto large = [](ws::stream& s) -> task<> {
        const bool sent = co_await s.send(binary_of(300'000, 'x'));
        if (!sent) co_return;
        co_await test::listen(s);
    };
    auto serve = [&]() -> task<> { co_await p.server.run(large); };
    auto ask = [&]() -> task<> {
        co_await sleep_for(100ms);
        co_await p.frame(ws::opcode::ping, "now");
    };
    auto [a, b, told, c] = co_await join(serve(), ask(), p.read_to_the_end(), p.leave_after(10s));
    REQUIRE(told == "pong:now binary:300000 close:1000");
    REQUIRE(p.server.stats().bytes_sent == 300'000);
}

CO_TEST("an end that was announced with a code and a reason is told so to the other", "[ws]") {
    ws_pair p;
    auto leave = [](ws::stream& s) -> task<> {
        s.close(4001, "lunch");
        co_await test::listen(s);
    };
    auto client = [&]() -> task<> { co_await p.client.run(leave); };
    co_await join(run_listener(p.server), client());
    REQUIRE(p.server.end().code == 4001);
    REQUIRE(p.server.end().reason == "lunch");
    REQUIRE(p.client.end().code == 4001);
    REQUIRE(p.client.end().clean);
}

CO_TEST("what was sent before the goodbye arrives before it", "[ws]") {
    ws_pair p({}, {}, small_window());
    std::size_t received = 0, sent = 0;
    auto count = [&](ws::stream& s) -> task<> {
        while (auto m = co_await s.receive()) ++received;
    };
    auto server = [&]() -> task<> { co_await p.server.run(count); };
    co_await join(server(), run_pour(p.client, 100, 640, sent));
    REQUIRE(sent == 100);
    REQUIRE(received == 100);
}

CO_TEST("what was said before the far end's goodbye can still be received", "[ws]") {
    raw_peer p;
    std::vector<std::string> heard;
    auto slow = [&](ws::stream& s) -> task<> {
        co_await sleep_for(1s);
        while (auto m = co_await s.receive()) heard.emplace_back(m->text());
        const bool sent = co_await s.send(ws::message::text("too late"));
        heard.emplace_back(sent ? "sent" : "not sent");
    };
    auto serve = [&]() -> task<> { co_await p.server.run(slow); };
    auto say = [&]() -> task<std::string> {
        co_await p.frame(ws::opcode::text, "one");
        co_await p.frame(ws::opcode::text, "two");
        co_await p.frame(ws::opcode::close, "\x03\xE9");
        auto told = co_await p.read_to_the_end();
        co_return told;
    };
    auto [nothing, told] = co_await join(serve(), say());
    REQUIRE(heard == std::vector<std::string>{"one", "two", "not sent"});
    REQUIRE(told == "close:1001");
    REQUIRE(p.server.end().code == ws::close_code::going_away);
    REQUIRE(p.server.end().clean);
}

CO_TEST("a receive that is given up has received nothing", "[ws]") {
    ws_pair p;
    std::string heard;
    auto impatient = [&](ws::stream& s) -> task<> {
        while (heard.empty()) {
            auto m = co_await with_timeout(3ms, s.receive());
            if (m.ok() && *m) heard = (*m)->text();
        }
    };
    auto say = [](ws::stream& s) -> task<> {
        co_await sleep_for(20ms);
        (void)co_await s.send(ws::message::text("here"));
        co_await test::listen(s);
    };
    auto server = [&]() -> task<> { co_await p.server.run(impatient); };
    auto client = [&]() -> task<> { co_await p.client.run(say); };
    co_await join(server(), client());
    REQUIRE(heard == "here");
}

CO_TEST("bytes that came with the handshake are the first that are read", "[ws]") {
    std::vector<std::byte> early;
    const ws::mask_key key{};
    const std::string hello = "hello";
    ws::append_frame(early, ws::opcode::text, true, std::as_bytes(std::span(hello)), key);
    ws::append_frame(early, ws::opcode::close, true, {}, key);
    sim::stream_link link(test::world(), this_shard(), this_shard());
    auto far = link.end_b();
    ws::stream server(net::simulated(link.end_a()), ws::side::server, {}, early);
    talk t{{}, {}};
    std::string heard;
    auto hear = [&](ws::stream& s) -> task<> {
        while (auto m = co_await s.receive()) heard += m->text();
    };
    co_await server.run(hear);
    REQUIRE(heard == "hello");
    REQUIRE(server.end().code == ws::close_code::none);
}

CO_TEST("a body that fails ends the connection with 1011, and its exception comes out", "[ws]") {
    ws_pair p;
    auto fail = [](ws::stream& s) -> task<> {
        (void)co_await s.receive();
        throw std::runtime_error("as planned");
    };
    auto server = [&]() -> task<std::string> {
        try {
            co_await p.server.run(fail);
        } catch (const std::runtime_error& e) {
            co_return e.what();
        }
        co_return "nothing";
    };
    talk t{{"hello", "there"}, {}};
    auto [told, nothing] = co_await join(server(), run_talk(p.client, t));
    REQUIRE(told == "as planned");
    REQUIRE(p.client.end().code == ws::close_code::internal_error);
    REQUIRE(p.client.end().reason == "internal error");
}

CO_TEST("a text that is not UTF-8 is not sent", "[ws]") {
    ws_pair p;
    auto wrong = [](ws::stream& s) -> task<> { (void)co_await s.send(ws::message::text("\xFF")); };
    std::string told;
    auto client = [&]() -> task<> {
        try {
            co_await p.client.run(wrong);
        } catch (const std::invalid_argument& e) {
            told = e.what();
        }
    };
    co_await join(run_listener(p.server), client());
    REQUIRE_THAT(told, Catch::Contains("UTF-8"));
}

CO_TEST("whoever waits for the end of a connection hears of it", "[ws]") {
    ws_pair p;
    auto wait = [](ws::stream& s) -> task<> { co_await s.until_ending(); };
    auto leave = [](ws::stream& s) -> task<> {
        co_await sleep_for(2s);
        s.close();
    };
    auto server = [&]() -> task<> { co_await p.server.run(wait); };
    auto client = [&]() -> task<> { co_await p.client.run(leave); };
    co_await join(server(), client());
    REQUIRE(elapsed() >= 2s);
    REQUIRE(elapsed() < 3s);
}

CO_TEST("what is queued can be taken back", "[ws]") {
    ws::options o;
    o.queue = 32;
    raw_peer p(o, small_window());
    std::size_t flushed = 0, left = 0;
    auto speak = [&](ws::stream& s) -> task<> {
        std::size_t taken = 0;
        co_await pour(s, 30, 2000, taken);
        (void)co_await s.send(ws::message::text("caption"));
        co_await sleep_for(1s);
        flushed = s.flush([](const ws::message& m) { return !m.is_text(); });
        left = s.stats().queued;
    };
    auto serve = [&]() -> task<> { co_await p.server.run(speak); };
    auto late = [&]() -> task<std::string> {
        co_await sleep_for(2s);
        auto told = co_await p.read_to_the_end();
        co_return told;
    };
    auto [a, told, b] = co_await join(serve(), late(), p.leave_after(10s));
    REQUIRE(flushed > 10);
    REQUIRE(left == 1);
    REQUIRE(told.find("text:caption") != std::string::npos);
}

// --- Pings -----------------------------------------------------------------------------------------------

CO_TEST("a ping is answered with its own bytes, before sound that waits", "[ws]") {
    ws::options o;
    raw_peer p(o, small_window());
    std::size_t taken = 0;
    auto speak = [&](ws::stream& s) -> task<> {
        co_await pour(s, 60, 4000, taken);
        co_await test::listen(s);
    };
    auto serve = [&]() -> task<> { co_await p.server.run(speak); };
    auto late = [&]() -> task<std::string> {
        co_await p.frame(ws::opcode::ping, "now");
        co_await sleep_for(1s);
        auto told = co_await p.read_to_the_end();
        co_return told;
    };
    auto [a, told, b] = co_await join(serve(), late(), p.leave_after(10s));
    const auto sound_before = [&] {
        std::size_t count = 0;
        for (auto at = told.find("binary:"); at < told.find("pong:now"); at = told.find("binary:", at + 1))
            ++count;
        return count;
    }();
    REQUIRE(told.find("pong:now") != std::string::npos);
    REQUIRE(sound_before < 12);
    REQUIRE(taken == 60);
}

CO_TEST("of many pings the last is answered, when there is room for an answer", "[ws]") {
    raw_peer p;
    auto serve = [&]() -> task<> { co_await p.server.run(test::listen); };
    auto ask = [&]() -> task<std::string> {
        std::vector<std::byte> all;
        const ws::mask_key key{};
        for (int i = 0; i < 10; ++i) {
            const std::string number = std::to_string(i);
            ws::append_frame(all, ws::opcode::ping, true, std::as_bytes(std::span(number)), key);
        }
        co_await p.write(std::move(all));
        co_await sleep_for(500ms);
        co_await p.frame(ws::opcode::close, "");
        auto told = co_await p.read_to_the_end();
        co_return told;
    };
    auto [nothing, told] = co_await join(serve(), ask());
    REQUIRE(told == "pong:9 close:1005");
}

CO_TEST("more pings in a second than are allowed end the connection", "[ws]") {
    for (const std::uint32_t count : {9U, 10U, 11U}) {
        ws::options o;
        o.most_pings = 10;
        raw_peer p(o);
        auto serve = [&]() -> task<> { co_await p.server.run(test::listen); };
        auto flood = [&]() -> task<std::string> {
            for (std::uint32_t i = 0; i < count; ++i) co_await p.frame(ws::opcode::ping, "");
            co_await p.frame(ws::opcode::close, "\x03\xE8");
            auto told = co_await p.read_to_the_end();
            co_return told;
        };
        auto [nothing, told] = co_await join(serve(), flood());
        const bool refused = told.find("close:1008") != std::string::npos;
        REQUIRE(refused == (count > 10));
        REQUIRE(p.server.end().code == (count > 10 ? ws::close_code::policy : ws::close_code::normal));
    }
}

CO_TEST("two quiet ends keep each other alive, and know how far they are apart", "[ws]") {
    sim::conditions far;
    far.latency = 100ms;
    ws_pair p({}, {}, far);
    auto quiet = [](ws::stream& s) -> task<> {
        co_await sleep_for(5min);
        s.close();
        co_await test::listen(s);
    };
    auto client = [&]() -> task<> { co_await p.client.run(quiet); };
    co_await join(run_listener(p.server), client());
    REQUIRE(p.server.end().clean);
    REQUIRE(elapsed() >= 5min);
    REQUIRE(std::max(p.server.stats().round_trip, p.client.stats().round_trip) == 200ms);
}

// --- Faults ----------------------------------------------------------------------------------------------

CO_TEST("a far end that has gone without a word is found out by pings", "[ws]") {
    ws_pair p;
    auto wait = [&]() -> task<duration> {
        co_await p.server.run(test::listen);
        co_return elapsed();
    };
    auto vanish = [&]() -> task<> {
        co_await sleep_for(1s);
        p.link.lose_peer();
    };
    auto [found, nothing] = co_await join(wait(), vanish());
    REQUIRE(found == 30s);  // 20 s of silence, and 10 s for the pong
    REQUIRE(p.server.end().code == ws::close_code::abnormal);
    REQUIRE_THAT(p.server.end().reason, Catch::Contains("no sign of life for 10s"));
}

CO_TEST("a far end that does not read is given up after a while", "[ws]") {
    ws::options o;
    o.ping_every = 0ms;
    raw_peer p(o, small_window());
    std::size_t taken = 0;
    co_await run_pour(p.server, 1000, 2000, taken);
    REQUIRE(taken >= 64);
    REQUIRE(taken < 80);
    REQUIRE(p.server.end().code == ws::close_code::try_again_later);
    REQUIRE_THAT(p.server.end().reason, Catch::Contains("read nothing for 15s"));
    REQUIRE(elapsed() == 15s);
}

CO_TEST("the oldest sound makes room for new, and no text does", "[ws]") {
    ws::options o;
    o.when_full = ws::full_queue::drop_oldest;
    o.queue = 8;
    o.stall = 0ms;
    o.ping_every = 0ms;
    raw_peer p(o, small_window());
    bool text_sent = true;
    std::size_t taken = 0;
    auto speak = [&](ws::stream& s) -> task<> {
        for (int i = 0; i < 4; ++i)
            text_sent = co_await s.send(ws::message::text("t" + std::to_string(i))) && text_sent;
        co_await pour(s, 100, 2000, taken);
        co_await test::listen(s);
    };
    auto serve = [&]() -> task<> { co_await p.server.run(speak); };
    auto late = [&]() -> task<std::string> {
        co_await sleep_for(1s);
        auto told = co_await p.read_to_the_end();
        co_return told;
    };
    auto [a, told, b] = co_await join(serve(), late(), p.leave_after(10s));
    REQUIRE(told.starts_with("text:t0 text:t1 text:t2 text:t3 binary:2000"));
    REQUIRE(text_sent);
    REQUIRE(taken == 100);
    REQUIRE(p.server.stats().dropped > 50);
    REQUIRE(p.server.stats().messages_sent == 104 - p.server.stats().dropped);
}

CO_TEST("a full queue ends the connection with 1013, where that is wanted", "[ws]") {
    ws::options o;
    o.when_full = ws::full_queue::close;
    o.queue = 8;
    raw_peer p(o, small_window());
    std::size_t taken = 0;
    auto read_late = [&]() -> task<std::string> {
        co_await sleep_for(1s);
        auto told = co_await p.read_to_the_end();  // it never answers, so in the end there is no end
        co_return told.substr(told.rfind(' ') + 1);
    };
    auto [nothing, told] = co_await join(run_pour(p.server, 1000, 2000, taken), read_late());
    REQUIRE(told == "close:1013(broken)");
    REQUIRE(taken < 30);
    REQUIRE(p.server.end().code == ws::close_code::try_again_later);
}

CO_TEST("the queue is bounded in bytes, but takes one message of any size", "[ws]") {
    ws::options o;
    o.queue_bytes = byte_size(10'000);
    o.ping_every = 0ms;
    o.stall = 1s;
    raw_peer p(o, small_window());
    std::size_t taken = 0, most = 0;
    auto speak = [&](ws::stream& s) -> task<> {
        (void)co_await s.send(binary_of(200'000));
        while (taken < 100) {
            const bool sent = co_await s.send(binary_of(3'000));
            if (!sent) co_return;
            ++taken;
            most = std::max(most, s.stats().queued_bytes);
        }
    };
    co_await p.server.run(speak);
    REQUIRE(p.server.end().code == ws::close_code::try_again_later);
    REQUIRE(taken == 0);
}

CO_TEST("a peer that breaks the rules is told which, and the connection ends", "[ws]") {
    struct wrong {
        std::vector<std::byte> bytes;
        std::uint16_t code;
    };
    const auto raw = [](std::initializer_list<unsigned> values) {
        std::vector<std::byte> all;
        for (const unsigned v : values) all.push_back(static_cast<std::byte>(v));
        return all;
    };
    std::vector<wrong> all;
    all.push_back({raw({0x81, 0x01, 'a'}), 1002});               // no mask
    all.push_back({raw({0x81, 0x81, 0, 0, 0, 0, 0xFF}), 1007});  // no UTF-8
    all.push_back({raw({0x82, 0xFF, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}), 1009});
    all.push_back({raw({0x83, 0x80, 0, 0, 0, 0}), 1002});
    all.push_back({raw({0xC1, 0x80, 0, 0, 0, 0}), 1002});
    for (const auto& w : all) {
        raw_peer p;
        auto serve = [&]() -> task<> { co_await p.server.run(test::listen); };
        auto break_rules = [&]() -> task<std::string> {
            co_await p.write(w.bytes);
            auto told = co_await p.read_to_the_end();
            co_return told;
        };
        auto begun = elapsed();
        auto [nothing, told] = co_await join(serve(), break_rules());
        REQUIRE(told == "close:" + std::to_string(w.code));
        REQUIRE(p.server.end().code == w.code);
        REQUIRE_FALSE(p.server.end().reason.empty());
        p.wire.close();
        REQUIRE(elapsed() - begun <= 6s);
    }
}

CO_TEST("half a frame and then silence: the far end is not waited for for ever", "[ws]") {
    raw_peer p;
    auto serve = [&]() -> task<> { co_await p.server.run(test::listen); };
    auto half = [&]() -> task<> {
        std::vector<std::byte> head{std::byte{0x81}, std::byte{0x85}, std::byte{1}};
        co_await p.write(std::move(head));
    };
    co_await join(serve(), half());
    REQUIRE(elapsed() <= 31s);
    REQUIRE(p.server.end().code == ws::close_code::abnormal);
}

CO_TEST("a message that comes drop by drop must be complete in time", "[ws]") {
    raw_peer p;
    auto serve = [&]() -> task<> { co_await p.server.run(test::listen); };
    auto drip = [&]() -> task<> {
        std::vector<std::byte> head{std::byte{0x82}, std::byte{0xFE}, std::byte{4}, std::byte{0}};
        co_await p.write(std::move(head));
        for (int i = 0; i < 100; ++i) {
            std::vector<std::byte> one(1);
            co_await p.write(std::move(one));
            co_await sleep_for(1s);
        }
    };
    (void)co_await race(serve(), drip());
    REQUIRE(elapsed() >= 60s);
    REQUIRE(elapsed() <= 66s);
    REQUIRE(p.server.end().code == ws::close_code::policy);
    REQUIRE_THAT(p.server.end().reason, Catch::Contains("1min"));
}

CO_TEST("a connection without a message is closed, if that is wanted", "[ws]") {
    ws::options o;
    o.idle = 90s;
    ws_pair p(o);
    auto once = [](ws::stream& s) -> task<> {
        co_await sleep_for(30s);
        (void)co_await s.send(ws::message::text("hello"));
        co_await test::listen(s);
    };
    auto client = [&]() -> task<> { co_await p.client.run(once); };
    co_await join(run_listener(p.server), client());
    REQUIRE(elapsed() >= 120s);
    REQUIRE(elapsed() < 122s);
    REQUIRE(p.client.end().code == ws::close_code::normal);
    REQUIRE_THAT(p.client.end().reason, Catch::Contains("nothing was said for"));
}

CO_TEST("a goodbye that nobody answers has its time, and no more", "[ws]") {
    raw_peer p;
    std::size_t none = 0;
    co_await run_pour(p.server, 0, 0, none);
    REQUIRE(elapsed() == 5s);
    REQUIRE_FALSE(p.server.end().clean);
    REQUIRE(p.server.end().code == ws::close_code::normal);
}

CO_TEST("an end without a goodbye is told as such", "[ws]") {
    raw_peer p;
    auto serve = [&]() -> task<> { co_await p.server.run(test::listen); };
    auto end = [&]() -> task<> {
        co_await sleep_for(1s);
        p.wire.finish();
    };
    co_await join(serve(), end());
    REQUIRE(elapsed() < 2s);
    REQUIRE(p.server.end().code == ws::close_code::abnormal);
    REQUIRE_THAT(p.server.end().reason, Catch::Contains("without a close"));
}

CO_TEST("a connection that breaks is told as such", "[ws]") {
    raw_peer p;
    auto serve = [&]() -> task<> { co_await p.server.run(test::listen); };
    auto hang_up = [&]() -> task<> {
        co_await sleep_for(1s);
        p.wire.close();
    };
    co_await join(serve(), hang_up());
    REQUIRE(elapsed() < 2s);
    REQUIRE(p.server.end().code == ws::close_code::abnormal);
    REQUIRE_THAT(p.server.end().reason, Catch::Contains("reset"));
}

CO_TEST("a slow receiver makes the far end wait, and is not taken for a dead one", "[ws]") {
    ws::options o;
    o.inbox = 2;
    ws::options patient;
    patient.stall = 0ms;
    patient.pong_within = 0ms;
    ws_pair p(o, patient, small_window());
    std::size_t received = 0, sent = 0;
    auto slow = [&](ws::stream& s) -> task<> {
        for (;;) {
            auto m = co_await s.receive();
            if (!m) co_return;
            ++received;
            co_await sleep_for(40s);
        }
    };
    auto server = [&]() -> task<> { co_await p.server.run(slow); };
    auto client = [&]() -> task<> {
        co_await p.client.run([&](ws::stream& s) -> task<> {
            co_await pour(s, 20, 2000, sent);
            while (received < 20) co_await sleep_for(1s);
        });
    };
    co_await join(server(), client());
    REQUIRE(received == 20);
    REQUIRE(p.server.end().clean);
}

CO_TEST("cancelling a connection ends it at once, and the far end notices", "[ws]") {
    ws_pair p;
    auto server = [&]() -> task<> { (void)co_await with_timeout(1s, p.server.run(test::listen)); };
    auto talker = [](ws::stream& s) -> task<> {
        for (;;) {
            const bool sent = co_await s.send(ws::message::text("hello"));
            if (!sent) co_return;
            co_await sleep_for(100ms);
        }
    };
    auto client = [&]() -> task<> { co_await p.client.run(talker); };
    co_await join(server(), client());
    REQUIRE(elapsed() < 2s);
    REQUIRE(p.client.end().code == ws::close_code::abnormal);
}

CO_TEST("a connection runs once", "[ws]") {
    ws_pair p;
    talk t{{"hello"}, {}};
    co_await join(run_echo(p.server), run_talk(p.client, t));
    auto again = [&]() -> task<bool> {
        try {
            co_await p.client.run(test::listen);
        } catch (const std::logic_error&) {
            co_return true;
        }
        co_return false;
    };
    const bool refused = co_await again();
    REQUIRE(refused);
}

TEST_CASE("ten thousand connections come and go, and leave nothing behind", "[ws]") {
    auto all = []() -> task<> {
        const auto before = live_coroutines;
        for (int i = 0; i < 10'000; ++i) {
            ws_pair p;
            talk t{{"hello"}, {}};
            if (i % 3 == 0) {
                auto cut = [&]() -> task<> { (void)co_await with_timeout(15ms, run_talk(p.client, t)); };
                co_await join(run_echo(p.server), cut());
            } else if (i % 3 == 1) {
                co_await join(run_echo(p.server), run_talk(p.client, t));
            } else {
                p.link.lose_peer();
                (void)co_await race(run_echo(p.server), run_talk(p.client, t), sleep_for(25ms));
            }
            if (live_coroutines != before) throw std::logic_error("coroutines are left");
        }
    };
    sim::world world(1);
    test::current_world = &world;
    REQUIRE_NOTHROW(world.run(all()));
    test::current_world = nullptr;
}
