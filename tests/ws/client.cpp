#include <rtai/ws/client.hpp>

#include <chrono>
#include <cstddef>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/sim_link.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/http/listen.hpp>
#include <rtai/http/server.hpp>
#include <rtai/net/sim.hpp>
#include <rtai/net/tcp.hpp>
#include <rtai/ws/accept.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/certificates.hpp"
#include "support/co_test.hpp"
#include "ws/pair.hpp"

using namespace rtai;
using namespace std::chrono_literals;

namespace {

ws::handshake_options speaks_two() {
    ws::handshake_options o;
    o.protocols = {"two"};
    o.origins = {"https://example.com"};
    return o;
}

task<> handle(http::exchange& x) {
    if (x.path() != "/echo") {
        (void)co_await x.refuse(404, "there is only /echo");
        co_return;
    }
    auto socket = co_await ws::accept(x, speaks_two());
    if (socket) co_await socket->run(test::echo);
}

/// An HTTP server at the end of a simulated link.
struct site {
    site() : link(test::world(), this_shard(), this_shard()), pages(handle) {}
    task<> serve() { return pages.serve(net::simulated(link.end_a())); }
    net::stream connected() { return net::simulated(link.end_b()); }

    sim::stream_link link;
    http::server pages;
};

struct question {
    std::string asked;
    std::string answered;

    task<> operator()(ws::stream& s) {
        const bool sent = co_await s.send(ws::message::text(asked));
        if (!sent) co_return;
        auto m = co_await s.receive();
        if (m) answered = m->text();
    }
};

task<std::string> ask_over(net::stream under, std::string url, ws::connect_options o) {
    auto socket = co_await ws::connect_over(std::move(under), std::move(url), std::move(o));
    if (!socket) co_return socket.error().message();
    question q{"hello", {}};
    co_await socket->run([&](ws::stream& s) { return q(s); });
    co_return socket->protocol() + ":" + q.answered;
}

/// Reads a request, and answers what it was told.
task<> answer_with(net::stream s, std::string answer) {
    std::vector<std::byte> room(4096);
    (void)co_await s.read_some(room);
    if (answer.empty()) co_return;
    (void)co_await s.write(std::as_bytes(std::span(answer)));
    (void)co_await s.read_some(room);
}

task<std::string> ask(std::string url) {
    auto socket = co_await ws::connect(std::move(url));
    if (!socket) co_return socket.error().message();
    question q{"hello", {}};
    co_await socket->run([&](ws::stream& s) { return q(s); });
    co_return q.answered;
}

}  // namespace

CO_TEST("a client gets a WebSocket from a server of HTTP", "[ws]") {
    site here;
    ws::connect_options o;
    o.protocols = {"one", "two"};
    auto [nothing, told] = co_await join(here.serve(), ask_over(here.connected(), "ws://here/echo", o));
    REQUIRE(told == "two:hello");
}

CO_TEST("a client is told why it gets none", "[ws]") {
    site here;
    auto [nothing, told] =
        co_await join(here.serve(), ask_over(here.connected(), "ws://here/other?key=hidden", {}));
    REQUIRE_THAT(told, Catch::Contains("ws://here/other: the server answered 404"));
    REQUIRE_THAT(told, !Catch::Contains("hidden"));
    site there;
    ws::connect_options evil;
    evil.headers.add("Origin", "https://evil.com");
    auto [nothing2, told2] =
        co_await join(there.serve(), ask_over(there.connected(), "ws://there/echo", evil));
    REQUIRE_THAT(told2, Catch::Contains("403"));
}

CO_TEST("a client does not wait for ever for the handshake", "[ws]") {
    sim::stream_link link(test::world(), this_shard(), this_shard());
    auto silent = link.end_a();
    auto told = co_await ask_over(net::simulated(link.end_b()), "ws://silent/", {});
    REQUIRE_THAT(told, Catch::Contains("ws://silent/: no WebSocket within 10s"));
    REQUIRE(test::world().elapsed() == 10s);
}

CO_TEST("a client refuses answers that are none", "[ws]") {
    for (const auto& answer :
         {std::string(), std::string("SSH-2.0-OpenSSH_9.2\r\n\r\n"),
          "HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x'),
          std::string("HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")}) {
        sim::stream_link link(test::world(), this_shard(), this_shard());
        auto [nothing, told] = co_await join(answer_with(net::simulated(link.end_a()), answer),
                                             ask_over(net::simulated(link.end_b()), "ws://odd/", {}));
        REQUIRE_THAT(told, Catch::StartsWith("ws://odd/: "));
    }
}

CO_TEST("an address that is none is refused before anything is sent", "[ws]") {
    auto socket = co_await ws::connect("http://here/");
    REQUIRE(socket.error().code == std::errc::invalid_argument);
    ws::connect_options o;
    o.headers.add("X", "a\r\nY: b");
    sim::stream_link link(test::world(), this_shard(), this_shard());
    auto other = co_await ws::connect_over(net::simulated(link.end_b()), "ws://here/", o);
    REQUIRE_THAT(other.error().message(), Catch::Contains("the header 'X' can not be sent"));
}

TEST_CASE("a client and a server talk over real sockets", "[ws]") {
    auto talk = []() -> task<std::string> {
        http::server pages(handle);
        auto made = net::listen(net::listen_options());
        http::listener door(std::move(*made), pages);
        event stopping;
        auto visit = [&]() -> task<std::string> {
            std::string all;
            for (int i = 0; i < 3; ++i)
                all += co_await ask("ws://127.0.0.1:" + std::to_string(door.port()) + "/echo");
            stopping.set();
            co_return all;
        };
        auto [nothing, told] = co_await join(door.run(stopping), visit());
        co_return told;
    };
    REQUIRE(run(talk()) == "hellohellohello");
}

TEST_CASE("a client and a server talk over TLS, if the client trusts the server", "[ws]") {
    const auto authority = test::authority();
    const auto signed_one = test::signed_by(authority, "websocket");
    auto talk = [&](bool trusting) -> task<std::string> {
        http::server pages(handle);
        auto made = net::listen(net::listen_options());
        auto tls = net::tls_server::make(net::tls_server_options(signed_one.certificate, signed_one.key));
        http::listener door(std::move(*made), pages, *tls);
        event stopping;
        auto visit = [&]() -> task<std::string> {
            net::tls_client_options whom;
            whom.authority = authority.certificate;
            auto trust = net::tls_client::make(whom);
            ws::connect_options o;
            if (trusting) o.tls = *trust;
            auto socket = co_await ws::connect("wss://127.0.0.1:" + std::to_string(door.port()) + "/echo", o);
            stopping.set();
            if (!socket) co_return socket.error().message();
            question q{"hello", {}};
            co_await socket->run([&](ws::stream& s) { return q(s); });
            co_return q.answered + (socket->end().clean ? ", and goodbye" : "");
        };
        auto [nothing, told] = co_await join(door.run(stopping), visit());
        co_return told;
    };
    REQUIRE(run(talk(true)) == "hello, and goodbye");
    REQUIRE_THAT(run(talk(false)), Catch::Contains("certificate"));
}

TEST_CASE("nobody there is an error that says where", "[ws]") {
    auto nobody = []() -> task<std::string> {
        std::uint16_t port = 0;
        {
            auto made = net::listen(net::listen_options());
            port = made->port();
        }
        auto told = co_await ask("ws://127.0.0.1:" + std::to_string(port) + "/x?key=hidden");
        co_return told;
    };
    const auto told = run(nobody());
    REQUIRE_THAT(told, Catch::Contains("/x: connect to 127.0.0.1:"));
    REQUIRE_THAT(told, !Catch::Contains("hidden"));
}
