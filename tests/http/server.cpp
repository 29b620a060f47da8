#include <chrono>
#include <cstdint>
#include <exception>
#include <rtai/core/event.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/http/exchange.hpp>
#include <rtai/http/server.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "http/serving.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using test::answer_of;
using test::ask;
using test::get;
using test::post;
using test::read_all;
using test::read_once;
using test::say;

namespace {

task<> hello(http::exchange& x) { (void)co_await x.answer(200, "hello " + std::string(x.path())); }

task<> echo(http::exchange& x) {
    auto body = co_await x.body();
    if (body) (void)co_await x.answer(200, *body);
    else (void)co_await x.refuse_body();
}

/// The answers of a server, by their first lines and bodies.
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::size_t count(const std::string& text, std::string_view part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
    return n;
}

}  // namespace

CO_TEST("a request is answered", "[http]") {
    const http::server server(hello);
    const auto got = co_await ask(server, get("/you"));
    REQUIRE(
        got ==
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 10\r\n\r\nhello /you");
}

CO_TEST("requests that come together are answered in their order, on one connection", "[http]") {
    const http::server server(echo);
    const auto got = co_await ask(server, post("/", "one") + post("/", "two") + post("/", "three"));
    REQUIRE(count(got, "HTTP/1.1 200 OK") == 3);
    REQUIRE(got.find("\r\n\r\none") < got.find("\r\n\r\ntwo"));
    REQUIRE(got.find("\r\n\r\ntwo") < got.find("\r\n\r\nthree"));
    REQUIRE_FALSE(has(got, "Connection:"));
}

TEST_CASE("a connection is kept as the client and the limits want", "[http]") {
    REQUIRE(has(answer_of(hello, get("/a", "Connection: close\r\n") + get("/b")),
                "Connection: close\r\n\r\nhello /a"));
    REQUIRE_FALSE(has(answer_of(hello, get("/a", "Connection: close\r\n") + get("/b")), "hello /b"));
    const auto old = answer_of(hello, "GET /a HTTP/1.0\r\n\r\n" + get("/b"));
    REQUIRE(has(old, "Connection: close\r\n\r\nhello /a"));
    REQUIRE_FALSE(has(old, "hello /b"));
    REQUIRE(has(answer_of(hello, "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + get("/b")),
                "Connection: keep-alive\r\n\r\nhello /aHTTP/1.1 200 OK"));
    http::server_options few;
    few.requests = 2;
    const auto limited = answer_of(hello, get("/1") + get("/2") + get("/3"), few);
    REQUIRE(count(limited, "HTTP/1.1 200 OK") == 2);
    REQUIRE(has(limited, "Connection: close\r\n\r\nhello /2"));
}

TEST_CASE("a body is read whole, in pieces, up to a limit, or not at all", "[http]") {
    const std::string much(200'000, 'm');
    REQUIRE(answer_of(echo, post("/", much)).ends_with("\r\n\r\n" + much));
    REQUIRE(answer_of(echo, get("/", "Transfer-Encoding: chunked\r\n", "POST") +
                                "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
                .ends_with("\r\n\r\nhello world"));
    const auto sizes = [](http::exchange& x) -> task<> {
        std::size_t all = 0;
        while (true) {
            auto piece = co_await x.read();
            if (!piece || piece->empty()) break;
            all += piece->size();
        }
        (void)co_await x.answer(200, std::to_string(all));
    };
    REQUIRE(answer_of(sizes, post("/", much)).ends_with("\r\n\r\n200000"));
    const auto five = [](http::exchange& x) -> task<> {
        auto body = co_await x.body(5);
        if (body) (void)co_await x.answer(200, *body);
        else (void)co_await x.refuse_body();
    };
    for (const char* more : {"", "Expect: 100-continue\r\n"}) {
        REQUIRE(has(answer_of(five, post("/", "1234", more)), "200 OK"));
        REQUIRE(has(answer_of(five, post("/", "12345", more)), "200 OK"));
        const auto refused = answer_of(five, post("/", "123456", more) + get("/next"));
        REQUIRE(refused.starts_with("HTTP/1.1 413 Content Too Large\r\n"));
        REQUIRE(has(refused, "the body is larger than 5B"));
        REQUIRE(count(refused, "HTTP/1.1") == 1);
    }
    // One that nobody reads does not become the next request, and much of it ends the connection.
    REQUIRE(count(answer_of(hello, post("/a", get("/evil")) + get("/b")), "200 OK") == 2);
    REQUIRE_FALSE(has(answer_of(hello, post("/a", get("/evil")) + get("/b")), "evil"));
    const auto cut = answer_of(hello, post("/a", much) + get("/b"));
    REQUIRE(has(cut, "Connection: close\r\n\r\nhello /a"));
    REQUIRE(count(cut, "200 OK") == 1);
}

TEST_CASE("a client that asks whether its body is welcome is told when it is", "[http]") {
    const std::string more = "Expect: 100-continue\r\n";
    sim::world w;
    test::current_world = &w;
    const http::server server(echo);
    w.run([](const http::server& s, std::string head) -> task<> {
        test::simulated_pair p;
        auto talk = [](net::stream& client, std::string first) -> task<> {
            (void)co_await say(client, first);
            auto told = co_await read_once(client);
            REQUIRE(told == "HTTP/1.1 100 Continue\r\n\r\n");
            (void)co_await test::say_and_finish(client, "hello");
            auto answer = co_await read_all(client);
            REQUIRE(answer.ends_with("\r\n\r\nhello"));
            REQUIRE_FALSE(has(answer, "Continue"));
        };
        co_await join(s.serve(std::move(p.server)), talk(p.client, head));
    }(server, get("/", "Content-Length: 5\r\n" + more, "POST")));
    // Nobody reads it: the answer comes at once, and the connection is not used again.
    const auto unread = answer_of(hello, get("/", "Content-Length: 5\r\n" + more, "POST"));
    REQUIRE(has(unread, "Connection: close\r\n\r\nhello /"));
}

TEST_CASE("HEAD gets the head of what GET gets, and 204 and 304 have no body", "[http]") {
    const auto whole = answer_of(hello, get("/a", "", "HEAD") + get("/b"));
    REQUIRE(
        whole.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
                          "Content-Length: 8\r\n\r\nHTTP/1.1 200 OK\r\n"));
    const auto streamed = [](http::exchange& x) -> task<> {
        (void)co_await x.begin(http::make_response(200, "some"));
        (void)co_await x.write("more");
    };
    REQUIRE(answer_of(streamed, get("/", "", "HEAD")).ends_with("Transfer-Encoding: chunked\r\n\r\n"));
    for (const unsigned status : {204U, 304U}) {
        const auto none = [status](http::exchange& x) -> task<> {
            http::response r = http::make_response(status, "ignored");
            return [](http::exchange& y, http::response z) -> task<> {
                (void)co_await y.answer(std::move(z));
            }(x, std::move(r));
        };
        const auto got = answer_of(none, get("/") + get("/"));
        REQUIRE(count(got, std::to_string(status)) == 2);
        REQUIRE_FALSE(has(got, "ignored"));
        REQUIRE_FALSE(has(got, "Content-Length"));
    }
}

TEST_CASE("an answer can come in pieces", "[http]") {
    const auto counting = [](http::exchange& x) -> task<> {
        (void)co_await x.begin(http::make_response(200));
        for (int i = 0; i < 3; ++i) {
            (void)co_await x.write("piece " + std::to_string(i));
            co_await sleep_for(10ms);
        }
        (void)co_await x.finish();
    };
    const auto got = answer_of(counting, get("/") + get("/"));
    REQUIRE(
        count(
            got,
            "Transfer-Encoding: chunked\r\n\r\n7\r\npiece 0\r\n7\r\npiece 1\r\n7\r\npiece 2\r\n0\r\n\r\n") ==
        2);
    // HTTP/1.0 knows no chunks: the end of the connection is the end.
    const auto old = answer_of(counting, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    REQUIRE(old == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\npiece 0piece 1piece 2");
    const auto large = [](http::exchange& x) -> task<> {
        (void)co_await x.begin(http::make_response(200));
        (void)co_await x.write(std::string(100'000, 'x'));
    };
    const auto all = answer_of(large, get("/"));
    REQUIRE(all.ends_with("\r\n0\r\n\r\n"));
    REQUIRE(has(all, "\r\n186a0\r\n" + std::string(100'000, 'x') + "\r\n0\r\n"));
}

TEST_CASE("a handler that fails, or forgets to answer, is a 500; the next connection feels nothing",
          "[http]") {
    std::string told;
    http::server server([](http::exchange& x) -> task<> {
        if (x.path() == "/forgets") co_return;
        if (x.path() == "/begins") (void)co_await x.begin(http::make_response(200, "half"));
        if (x.path() == "/splits") x.headers().add("X", "a\r\nSet-Cookie: b");
        if (x.path() == "/splits") (void)co_await x.answer(200, "never");
        if (x.path() == "/twice") (void)co_await x.answer(200, "once");
        if (x.path() == "/twice") (void)co_await x.answer(200, "twice");
        throw std::runtime_error("the secret cause");
    });
    server.on_failure = [&](const http::request_head& h, const std::exception_ptr& e) {
        try {
            std::rethrow_exception(e);
        } catch (const std::exception& why) {
            told = std::string(h.path()) + ": " + why.what();
        }
    };
    sim::world w;
    test::current_world = &w;
    const auto failed = w.run(ask(server, get("/throws") + get("/next")));
    REQUIRE(failed.starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
    REQUIRE_FALSE(has(failed, "secret"));
    REQUIRE(count(failed, "HTTP/1.1") == 1);
    REQUIRE(told == "/throws: the secret cause");
    REQUIRE(has(w.run(ask(server, get("/forgets"))), "nothing answers this request"));
    const auto half = w.run(ask(server, get("/begins")));
    REQUIRE(has(half, "half"));
    REQUIRE_FALSE(has(half, "\r\n0\r\n"));
    const auto split = w.run(ask(server, get("/splits")));
    REQUIRE(split.starts_with("HTTP/1.1 500"));
    REQUIRE_FALSE(has(split, "Set-Cookie"));
    REQUIRE(told == "/splits: the header 'X' has a line break or a control character");
    const auto twice = w.run(ask(server, get("/twice")));
    REQUIRE(has(twice, "\r\n\r\nonce"));
    REQUIRE(told == "/twice: a request is answered once");
}

TEST_CASE("what can not be read is refused with words, and the connection ends", "[http]") {
    const auto bad = answer_of(hello, "GET / HTTP/1.1\r\nHost : h\r\n\r\n" + get("/next"));
    REQUIRE(bad.starts_with("HTTP/1.1 400 Bad Request\r\n"));
    REQUIRE(has(bad, "Connection: close\r\n"));
    REQUIRE(has(bad, "the name of a header"));
    REQUIRE(count(bad, "HTTP/1.1") == 1);
    REQUIRE(answer_of(hello, "GET / HTTP/2.0\r\n\r\n").starts_with("HTTP/1.1 505 "));
    REQUIRE(answer_of(hello, "GET / HT").starts_with("HTTP/1.1 400 "));
    REQUIRE(has(answer_of(echo, get("/", "Content-Length: 5\r\n", "POST") + "abc"),
                "the request ends in its body"));
    REQUIRE(answer_of(echo, get("/", "Transfer-Encoding: chunked\r\n", "POST") + "zz\r\n")
                .starts_with("HTTP/1.1 400 "));
    REQUIRE(answer_of(hello, "").empty());
}

namespace {

/// When, and how, a server ends a connection.
struct ending {
    std::string got;
    duration after{};
};

task<> note_end(task<> serving, duration& at) {
    co_await std::move(serving);
    at = test::world().elapsed();
}

task<> drip(net::stream& client, std::string bytes, duration each) {
    for (const char c : bytes) {
        auto sent = co_await say(client, std::string(1, c));
        if (!sent) co_return;
        co_await sleep_for(each);
    }
    co_await sleep_for(1h);
}

task<ending> drip_at(const http::server& server, std::string bytes, duration each) {
    test::simulated_pair p;
    ending e;
    auto serving = note_end(server.serve(std::move(p.server)), e.after);
    auto [done, either] =
        co_await join(std::move(serving), race(read_all(p.client), drip(p.client, std::move(bytes), each)));
    if (either.index() == 0) e.got = std::get<0>(either);
    co_return e;
}

ending dripped(http::handler h, const std::string& bytes, duration each, const http::server_options& o = {}) {
    sim::world w;
    test::current_world = &w;
    const http::server server(std::move(h), o);
    return w.run(drip_at(server, bytes, each));
}

}  // namespace

TEST_CASE("a client that is slow with its headers is told so, and left", "[http]") {
    http::server_options o;
    o.header_timeout = 1000ms;
    o.idle_timeout = 5000ms;
    const auto slow = dripped(hello, get("/", "X: " + std::string(1000, 'x') + "\r\n"), 20ms, o);
    REQUIRE(slow.got.starts_with("HTTP/1.1 408 Request Timeout\r\n"));
    REQUIRE(has(slow.got, "the headers took longer than 1s"));
    REQUIRE(slow.after >= 1s);
    REQUIRE(slow.after < 3s);
    const auto silent = dripped(hello, "", 1ms, o);
    REQUIRE(silent.got.empty());
    REQUIRE(silent.after == 1s);
    const auto in_time = dripped(hello, get("/"), 20ms, o);
    REQUIRE(has(in_time.got, "200 OK"));
    // Idle after its answer: no word, only the end.
    REQUIRE(in_time.after >= 5s);
    REQUIRE(in_time.after < 7s);
    REQUIRE(count(in_time.got, "HTTP/1.1") == 1);
}

TEST_CASE("a client that is slow with its body is told so, and one that is fast enough is not", "[http]") {
    http::server_options o;
    o.body_timeout = 1000ms;
    o.least_body_rate = byte_size(100);
    const auto slow = dripped(echo, post("/", std::string(1000, 'b')), 50ms, o);
    REQUIRE(slow.got.starts_with("HTTP/1.1 408 Request Timeout\r\n"));
    REQUIRE(has(slow.got, "the body comes too slowly"));
    const auto fast = dripped(echo, post("/", std::string(1000, 'b')), 5ms, o);
    REQUIRE(has(fast.got, "200 OK"));
}

CO_TEST("a client that stops reading is waited for, and then left", "[http]") {
    http::server_options o;
    o.write_timeout = 2000ms;
    result<> last;
    const http::server server(
        [&last](http::exchange& x) -> task<> {
            return [](http::exchange& y, result<>& l) -> task<> {
                (void)co_await y.begin(http::make_response(200));
                const std::string piece(10'000, 'x');
                for (int i = 0; i < 1000 && l; ++i) l = co_await y.write(piece);
            }(x, last);
        },
        o);
    test::simulated_pair p;
    auto [served, asked] = co_await join(server.serve(std::move(p.server)), say(p.client, get("/")));
    REQUIRE_FALSE(last.ok());
    REQUIRE(last.error().message() == "the client client took nothing for 2s: Connection timed out");
}

CO_TEST("a client that has vanished without a word is given up", "[http]") {
    const http::server server(hello);
    test::simulated_pair p;
    auto vanish = [](test::simulated_pair& q) -> task<> {
        (void)co_await say(q.client, "GET / HT");
        co_await sleep_for(100ms);
        q.link.lose_peer();
    };
    co_await join(server.serve(std::move(p.server)), vanish(p));
}

CO_TEST("an idle connection ends when the server stops, and one at work after its answer", "[http]") {
    const http::server server([](http::exchange& x) -> task<> {
        co_await sleep_for(2s);
        (void)co_await x.answer(200, "done");
    });
    event stopping;
    auto stop = [](event& e) -> task<> {
        co_await sleep_for(1s);
        e.set();
    };
    test::simulated_pair idle, busy;
    duration idle_end{}, busy_end{};
    auto first = note_end(server.serve(std::move(idle.server), &stopping), idle_end);
    auto second = note_end(server.serve(std::move(busy.server), &stopping), busy_end);
    auto asking = [](net::stream& client) -> task<std::string> {
        (void)co_await say(client, get("/1") + get("/2"));
        co_return co_await read_all(client);
    };
    auto [a, b, got, c] =
        co_await join(std::move(first), std::move(second), asking(busy.client), stop(stopping));
    REQUIRE(idle_end == 1s);
    REQUIRE(busy_end > 2s);
    REQUIRE(count(got, "done") == 1);
}

CO_TEST("a handler learns that its client has hung up", "[http]") {
    bool learned = false;
    const http::server server([&learned](http::exchange& x) -> task<> {
        return [](http::exchange& y, bool& l) -> task<> {
            auto either = co_await race(sleep_for(1h), y.hung_up());
            l = either.index() == 1;
        }(x, learned);
    });
    test::simulated_pair p;
    auto leave = [](net::stream& client) -> task<> {
        (void)co_await say(client, get("/"));
        co_await sleep_for(1s);
        client.close();
    };
    co_await join(server.serve(std::move(p.server)), leave(p.client));
    REQUIRE(learned);
    REQUIRE(test::world().elapsed() < 1min);
}

CO_TEST("a connection can become something else, with what was read already", "[http]") {
    std::string heard;
    const http::server server([&heard](http::exchange& x) -> task<> {
        return [](http::exchange& y, std::string& h) -> task<> {
            http::response r;
            r.status = 101;
            r.headers.add("Upgrade", "echo");
            r.headers.add("Connection", "Upgrade");
            auto raw = co_await y.upgrade(std::move(r));
            if (!raw) co_return;
            h = raw->read_already;
            while (true) {
                auto more = co_await read_once(raw->stream);
                if (more.empty()) break;
                h += more;
            }
            (void)co_await test::say_and_finish(raw->stream, "bye");
            co_await sleep_for(1s);
        }(x, heard);
    });
    const auto got =
        co_await ask(server, get("/", "Connection: Upgrade\r\nUpgrade: echo\r\n") + "first words");
    REQUIRE(heard == "first words");
    REQUIRE(got == "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nbye");
}

TEST_CASE("each answer is told, for logs and metrics", "[http]") {
    std::vector<std::string> all;
    http::server server(hello);
    server.on_served = [&](const http::served& s) {
        all.push_back(s.head.method + " " + std::to_string(s.status) + " " + std::to_string(s.sent));
    };
    sim::world w;
    test::current_world = &w;
    w.run(ask(server, get("/abc") + "NO"));
    REQUIRE(all == std::vector<std::string>{"GET 200 10", " 400 45"});
}

TEST_CASE("ten thousand connections come and go, and nothing stays", "[http]") {
    sim::world w;
    test::current_world = &w;
    const http::server server(echo);
    const auto before = live_coroutines;
    w.run([](const http::server& s) -> task<> {
        for (int round = 0; round < 100; ++round)
            co_await with_scope([&](scope& all) -> task<> {
                for (int i = 0; i < 100; ++i) {
                    auto visit = [](const http::server& to, int how) -> task<> {
                        test::simulated_pair p;
                        auto client = [](net::stream& c, int manner) -> task<> {
                            if (manner == 0) co_return c.close();  // at once
                            (void)co_await say(c, post("/", "hello").substr(0, manner == 1 ? 20U : 1000U));
                            if (manner == 2) (void)co_await read_once(c);
                            c.close();  // in the middle, after an answer, or without waiting for it
                        };
                        co_await join(to.serve(std::move(p.server)), client(p.client, how));
                    };
                    all.spawn(visit(s, i % 4));
                }
                co_await all.join();
            });
    }(server));
    REQUIRE(live_coroutines == before);
}
