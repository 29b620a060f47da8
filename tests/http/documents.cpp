// The pieces of code in docs/http.md, at work.

#include <cctype>
#include <cstdio>
#include <memory>
#include <rtai/core.hpp>
#include <rtai/core/sim.hpp>
#include <rtai/core/sim_link.hpp>
#include <rtai/http/cors.hpp>
#include <rtai/http/event_stream.hpp>
#include <rtai/http/listen.hpp>
#include <rtai/http/router.hpp>
#include <rtai/http/static_files.hpp>
#include <rtai/net/connect.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include "http/serving.hpp"
#include "net/certificates.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;

namespace {

// [handler]
task<> greet(http::exchange& x) {
    const auto name = x.head().query_value("name");
    (void)co_await x.answer(200, "good morning, " + name.value_or("whoever you are"));
}
// [/handler]

// [body]
task<> shout(http::exchange& x) {
    auto text = co_await x.body(10'000);
    if (!text) {
        (void)co_await x.refuse_body();  // too large, too slow, or not HTTP: it says which
        co_return;
    }
    for (char& c : *text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    (void)co_await x.answer(200, *text);
}
// [/body]

// [pieces]
task<> size(http::exchange& x) {
    std::size_t all = 0;
    for (;;) {
        auto piece = co_await x.read();  // the client waits for a slow reader
        if (!piece) co_return;
        if (piece->empty()) break;
        all += piece->size();
    }
    (void)co_await x.answer(200, std::to_string(all));
}
// [/pieces]

// [events]
task<> ticks(http::exchange& x) {
    http::event_stream out(x);
    auto sent = co_await out.open();
    for (int i = 0; sent && i < 3; ++i) {
        co_await sleep_for(1s);
        http::server_event e;
        e.data = std::to_string(i);
        sent = co_await out.send(std::move(e));  // fails when the client has gone, or takes nothing
    }
}
// [/events]

// [upgrade]
task<> parrot(http::exchange& x) {
    http::response r;
    r.status = 101;
    r.headers.add("Connection", "Upgrade");
    r.headers.add("Upgrade", "parrot");
    auto raw = co_await x.upgrade(std::move(r));
    if (!raw) co_return;
    std::string heard = raw->read_already;  // it may have spoken at once
    (void)co_await raw->stream.write(std::as_bytes(std::span(heard)));
    (void)co_await raw->stream.finish();
}
// [/upgrade]

// [routes]
http::router routes() {
    http::static_files page;
    page.add("/index.html", "<!doctype html><title>hello</title>");
    http::router r;
    r.on("GET", "/", page);
    r.on("GET", "/greet", greet);
    r.on("POST", "/shout", shout);
    r.on("POST", "/size", size);
    r.on("GET", "/ticks", ticks);
    r.on("GET", "/parrot", parrot);
    return r;
}
// [/routes]

// [serve]
task<> serve(event& stopping) {
    http::cors_options pages;
    pages.origins = {"https://example.com"};
    http::server_options limits;
    limits.idle_timeout = 30s;
    const http::server server(http::cors(pages, routes()), limits);
    auto door = net::listen({"127.0.0.1", 0});
    if (!door) throw std::runtime_error(door.error().message());
    http::listener listener(std::move(*door), server);
    std::printf("http://127.0.0.1:%d/\n", listener.port());
    co_await listener.run(stopping);  // returns when stopping is set and all are answered
}
// [/serve]

// [tls]
result<std::shared_ptr<net::tls_server>> secrets(const std::string& certificate, const std::string& key) {
    net::tls_server_options o(certificate, key);
    return net::tls_server::make(std::move(o));
}
// [/tls]

// [client]
task<std::string> ask_by_hand(std::uint16_t port) {
    auto server = co_await net::connect("127.0.0.1", port, 2s);
    if (!server) co_return server.error().message();
    const std::string question = "GET /greet HTTP/1.0\r\n\r\n";
    (void)co_await server->write(std::as_bytes(std::span(question)));
    co_return co_await test::read_all(*server);
}
// [/client]

// [simulated]
task<std::string> greeting(sim::world& world) {
    sim::stream_link link(world, world.first(), world.first());
    const http::server server(greet);
    auto client = net::simulated(link.end_a());
    auto [served, got] = co_await join(server.serve(net::simulated(link.end_b())),
                                       test::send_and_read(client, "GET / HTTP/1.1\r\nHost: here\r\n\r\n"));
    co_return got;
}
// [/simulated]

}  // namespace

TEST_CASE("the pieces of docs/http.md do what it says", "[http]") {
    const auto r = routes();
    REQUIRE(test::answer_of(r, test::get("/greet?name=you")).ends_with("good morning, you"));
    REQUIRE(test::answer_of(r, test::post("/shout", "hey")).ends_with("\r\n\r\nHEY"));
    REQUIRE(test::answer_of(r, test::post("/shout", std::string(10'001, 'x'))).starts_with("HTTP/1.1 413"));
    REQUIRE(test::answer_of(r, test::post("/size", "four")).ends_with("\r\n\r\n4"));
    REQUIRE(test::answer_of(r, test::get("/")).ends_with("<title>hello</title>"));
    REQUIRE(test::answer_of(r, test::get("/ticks")).find("data: 2\n\n") != std::string::npos);
    REQUIRE(test::answer_of(r, test::get("/parrot") + "hello").find("\r\n\r\nhello") != std::string::npos);
    sim::world world;
    REQUIRE(world.run(greeting(world)).ends_with("good morning, whoever you are"));
    REQUIRE_FALSE(secrets("/no/such.pem", "/no/such.key").ok());
    run([]() -> task<> {
        event stopping;
        co_await with_scope([&](scope& s) -> task<> {
            s.spawn(serve(stopping));
            co_await sleep_for(1ms);
            stopping.set();
            co_await s.join();
        });
        auto door = std::move(net::listen({"127.0.0.1", 0})).value();
        const std::uint16_t free = door.port();
        door.close();
        const auto refused = co_await ask_by_hand(free);
        REQUIRE(refused.find("Connection refused") != std::string::npos);
    }());
}
