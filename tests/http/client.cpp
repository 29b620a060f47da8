#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <rtai/core/join.hpp>
#include <rtai/core/sim.hpp>
#include <rtai/http/client.hpp>
#include <string>

#include "http/fake_server.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

fake_answer hello(const fake_request&) { return whole(200, "hello", "text/plain", "X-Mood: good\r\n"); }

bool is_hello(const result<http::response>& r) { return r.ok() && r->status == 200 && r->body == "hello"; }

std::string words(const result<http::response>& r) { return r.ok() ? "no error" : r.error().text; }

}  // namespace

TEST_CASE("a request is answered, and the next one uses the same connection", "[http]") {
    with_server(hello, [](fake_server& s) -> task<> {
        for (int i = 0; i < 3; ++i) {
            http::request r(s.url("/a?b=1"));
            r.headers.set("X-Asked", "yes");
            const auto got = co_await http::fetch(std::move(r));
            REQUIRE(is_hello(got));
            REQUIRE(got->headers.find("x-mood") == "good");
        }
        REQUIRE(s.connections == 1);
        REQUIRE(s.requests[0].has("GET /a?b=1 HTTP/1.1\r\n"));
        REQUIRE(s.requests[0].has("X-Asked: yes\r\n"));
    });
}

TEST_CASE("a body is posted as it is, and an error is an answer", "[http]") {
    with_server([](const fake_request& r) { return whole(422, r.body); },
                [](fake_server& s) -> task<> {
                    http::request r(s.url());
                    r.body = std::string(3'000'000, 'x') + std::string("\0end", 4);
                    const auto sent = r.body;
                    const auto got = co_await http::fetch(std::move(r));
                    REQUIRE(got.ok());
                    REQUIRE(got->status == 422);
                    REQUIRE_FALSE(got->ok());
                    REQUIRE(got->body == sent);
                    REQUIRE(s.requests[0].has("POST / "));
                });
}

TEST_CASE("a form carries a file and fields", "[http]") {
    with_server(hello, [](fake_server& s) -> task<> {
        http::request r(s.url());
        r.form.emplace_back("model", "whisper-1");
        r.form.emplace_back("file", std::string("RIFF\0\r\n", 7), "speech.wav", "audio/wav");
        const auto got = co_await http::fetch(std::move(r));
        REQUIRE(is_hello(got));
        REQUIRE(s.requests[0].has("POST / "));
        REQUIRE(s.requests[0].has("multipart/form-data; boundary="));
        const auto& body = s.requests[0].body;
        REQUIRE(body.find("name=\"model\"\r\n\r\nwhisper-1\r\n") != std::string::npos);
        REQUIRE(body.find("name=\"file\"; filename=\"speech.wav\"\r\nContent-Type: audio/wav\r\n\r\n" +
                          std::string("RIFF\0\r\n", 7)) != std::string::npos);
    });
}

TEST_CASE("what comes piece by piece is read piece by piece", "[http]") {
    with_server(
        [](const fake_request&) {
            return fake_answer()
                .send(chunked_head() + chunk("one "))
                .pause(20ms)
                .send(chunk("two "))
                .pause(20ms)
                .send(chunk("three") + last_chunk);
        },
        [](fake_server& s) -> task<> {
            auto got = co_await http::open(http::request(s.url()));
            REQUIRE(got.ok());
            REQUIRE(got->status() == 200);
            int pieces = 0;
            std::string all;
            while (auto bytes = co_await got->read()) {
                ++pieces;
                all += *bytes;
            }
            REQUIRE(got->end().ok());
            REQUIRE(all == "one two three");
            REQUIRE(pieces > 1);
        });
}

TEST_CASE("nobody there, a name that is none, and other protocols give clear words", "[http]") {
    with_server(hello, [](fake_server& s) -> task<> {
        asio::ip::tcp::acceptor closed(io_context(), {asio::ip::address_v4::loopback(), 0});
        const auto port = std::to_string(closed.local_endpoint().port());
        closed.close();
        const auto refused =
            co_await http::fetch(http::request("http://127.0.0.1:" + port + "/v1?key=secret"));
        REQUIRE_FALSE(refused.ok());
        REQUIRE(refused.error().code == std::errc::connection_refused);
        REQUIRE(words(refused).find("GET http://127.0.0.1:" + port + "/v1: ") == 0);
        REQUIRE(words(refused).find("secret") == std::string::npos);
        const auto file = co_await http::fetch(http::request("file:///etc/passwd"));
        REQUIRE_FALSE(file.ok());
        REQUIRE(file.error().code == std::errc::invalid_argument);
        const auto nonsense = co_await http::fetch(http::request("http://"));
        REQUIRE_FALSE(nonsense.ok());
        http::request split(s.url());
        split.headers.set("X", "a\r\nY: b");
        const auto injected = co_await http::fetch(std::move(split));
        REQUIRE_FALSE(injected.ok());
        REQUIRE(injected.error().code == std::errc::invalid_argument);
        const auto next = co_await http::fetch(http::request(s.url()));
        REQUIRE(is_hello(next));
        REQUIRE(s.requests.size() == 1);
    });
}

TEST_CASE("each timeout has its own words, and closes the connection", "[http]") {
    with_server(
        [](const fake_request& r) {
            if (r.has("/never ")) return fake_answer().stall();
            if (r.has("/middle ")) return fake_answer().send(chunked_head() + chunk("some")).stall();
            return hello(r);
        },
        [](fake_server& s) -> task<> {
            http::request first(s.url("/never"));
            first.first_byte_timeout = 50ms;
            const auto never_came = co_await http::fetch(std::move(first));
            REQUIRE_FALSE(never_came.ok());
            REQUIRE(never_came.error().code == std::errc::timed_out);
            REQUIRE(words(never_came).ends_with("/never: no answer within 50ms"));
            http::request idle(s.url("/middle"));
            idle.idle_timeout = 50ms;
            const auto stopped = co_await http::fetch(std::move(idle));
            REQUIRE_FALSE(stopped.ok());
            REQUIRE(words(stopped).ends_with("/middle: nothing came for 50ms"));
            http::request total(s.url("/middle"));
            total.total_timeout = 250ms;
            const auto slow = co_await http::fetch(std::move(total));
            REQUIRE_FALSE(slow.ok());
            REQUIRE(words(slow).ends_with("/middle: its answer took longer than 250ms"));
            const auto next = co_await http::fetch(http::request(s.url()));
            REQUIRE(is_hello(next));
            REQUIRE(s.hung_up == 3);
        });
}

TEST_CASE("a request that is given up closes its connection at once", "[http]") {
    with_server(
        [](const fake_request&) { return fake_answer().send(chunked_head() + chunk("some")).stall(); },
        [](fake_server& s) -> task<> {
            for (int i = 0; i < 2; ++i) {
                s.hang_up.reset();
                // Once while its headers are awaited or its body is, and once by dropping the stream.
                if (i == 0) {
                    const auto gave_up = co_await with_timeout(30ms, http::fetch(http::request(s.url())));
                    REQUIRE_FALSE(gave_up.ok());
                } else {
                    auto stream = co_await http::open(http::request(s.url()));
                    REQUIRE(stream.ok());
                }
                co_await s.hang_up.wait();
            }
            REQUIRE(s.hung_up == 2);
            REQUIRE(s.connections == 2);
        });
}

TEST_CASE("an answer that is cut is not taken for a whole one", "[http]") {
    with_server(
        [](const fake_request& r) {
            if (r.has("/length "))
                return fake_answer().send(head_of(200, "a/b", "Content-Length: 9\r\n\r\n") + "some").cut();
            if (r.has("/chunks ")) return fake_answer().send(chunked_head() + chunk("some")).cut();
            if (r.has("/nothing ")) return fake_answer().cut();
            if (r.has("/garbage ")) return fake_answer().send("220 mail ready\r\n").cut();
            return hello(r);
        },
        [](fake_server& s) -> task<> {
            for (const auto* path : {"/length", "/chunks", "/nothing", "/garbage"}) {
                const auto got = co_await http::fetch(http::request(s.url(path)));
                INFO(path);
                REQUIRE_FALSE(got.ok());
                const auto next = co_await http::fetch(http::request(s.url()));
                REQUIRE(is_hello(next));
            }
        });
}

TEST_CASE("a slow reader makes the server wait", "[http]") {
    constexpr std::size_t pieces = 400, size = 64 * 1024;
    with_server(
        [](const fake_request&) {
            auto a = fake_answer().send(
                head_of(200, "a/b", "Content-Length: " + std::to_string(pieces * size) + "\r\n\r\n"));
            for (std::size_t i = 0; i < pieces; ++i) a.add(std::string(size, 'x'));
            return a;
        },
        [](fake_server& s) -> task<> {
            http::request r(s.url());
            r.most_buffered = 100'000;
            auto got = co_await http::open(std::move(r));
            REQUIRE(got.ok());
            co_await sleep_for(100ms);
            // What the kernel holds for both sides is the rest.
            REQUIRE(s.sent < pieces * size / 2);
            std::size_t all = 0, largest = 0;
            while (auto bytes = co_await got->read()) {
                all += bytes->size();
                largest = std::max(largest, bytes->size());
            }
            REQUIRE(got->end().ok());
            REQUIRE(all == pieces * size);
            REQUIRE(largest < 100'000 + 20'000);
        });
}

TEST_CASE("headers and bodies without end are refused", "[http]") {
    with_server(
        [](const fake_request& r) {
            if (r.has("/head "))
                return fake_answer()
                    .send(head_of(200, "a/b", "X: " + std::string(80'000, 'x') + "\r\n"))
                    .stall();
            if (r.has("/many ")) {
                std::string many;
                for (int i = 0; i < 9000; ++i) many += "X-Some: thing\r\n";
                return fake_answer().send(head_of(200, "a/b", many)).stall();
            }
            return whole(200, std::string(5000, 'x'));
        },
        [](fake_server& s) -> task<> {
            const auto head = co_await http::fetch(http::request(s.url("/head")));
            REQUIRE_FALSE(head.ok());
            REQUIRE(head.error().code == std::errc::message_size);
            const auto many = co_await http::fetch(http::request(s.url("/many")));
            REQUIRE_FALSE(many.ok());
            REQUIRE(words(many).ends_with("/many: its headers are longer than 65536 bytes"));
            http::request r(s.url());
            r.most_body = 4999;
            const auto body = co_await http::fetch(std::move(r));
            REQUIRE_FALSE(body.ok());
            REQUIRE(words(body).ends_with("its answer is longer than 4999 bytes"));
        });
}

TEST_CASE("a redirection is followed only when that was asked for", "[http]") {
    with_server(
        [](const fake_request& r) {
            if (r.has("/old ")) return whole(302, "moved", "text/plain", "Location: /new\r\n");
            if (r.has("/bad ")) return whole(302, "", "text/plain", "Location: file:///etc/passwd\r\n");
            return hello(r);
        },
        [](fake_server& s) -> task<> {
            const auto stays = co_await http::fetch(http::request(s.url("/old")));
            REQUIRE(stays.ok());
            REQUIRE(stays->status == 302);
            http::request r(s.url("/old"));
            r.redirects = 2;
            const auto moves = co_await http::fetch(std::move(r));
            REQUIRE(is_hello(moves));
            http::request bad(s.url("/bad"));
            bad.redirects = 2;
            const auto file = co_await http::fetch(std::move(bad));
            REQUIRE_FALSE(file.ok());
        });
}

TEST_CASE("many requests go on side by side", "[http]") {
    with_server(
        [](const fake_request&) {
            return fake_answer().pause(30ms).send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        },
        [](fake_server& s) -> task<> {
            std::vector<task<result<http::response>>> all;
            for (int i = 0; i < 50; ++i) all.push_back(http::fetch(http::request(s.url())));
            const auto got = co_await join(std::move(all));
            for (const auto& r : got) REQUIRE(is_hello(r));
            REQUIRE(s.requests.size() == 50);
        });
}

TEST_CASE("a shard may end while a request is under way", "[http]") {
    shard here(std::make_unique<asio_driver>());
    {
        const shard::entered inside(here);
        detail::root<result<http::response>> root(here);
        root.start(http::fetch(http::request("http://127.0.0.1:9/")));
        for (int i = 0; i < 5; ++i) {
            here.turn();
            here.driver().poll();
        }
    }
}

CO_TEST("in simulated time a request fails with clear words", "[http]") {
    const auto got = co_await http::fetch(http::request("http://127.0.0.1:1/a"));
    REQUIRE_FALSE(got.ok());
    REQUIRE(got.error().text == "http://127.0.0.1:1/a: there is no network in simulated time");
}

TEST_CASE("what is shown of an address has no secrets in it", "[http]") {
    REQUIRE(http::shown_url("https://me:pass@host/path?key=1#x") == "https://host/path");
    REQUIRE(http::shown_url("http://host/a@b") == "http://host/a@b");
    REQUIRE(http::shown_url("nonsense") == "nonsense");
}
