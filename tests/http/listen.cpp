#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/background.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/offload.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/http/event_stream.hpp>
#include <rtai/http/listen.hpp>
#include <rtai/http/router.hpp>
#include <rtai/http/static_files.hpp>
#include <rtai/net/connect.hpp>
#include <string>
#include <utility>
#include <vector>

#include "http/serving.hpp"
#include "net/certificates.hpp"
#include "net/streams.hpp"
#include "support/co_test.hpp"

// Real sockets, with curl as the client.

using namespace rtai;
using namespace std::chrono_literals;

namespace {

task<> hello(http::exchange& x) { (void)co_await x.answer(200, "hello"); }
task<> echo(http::exchange& x) {
    auto body = co_await x.body();
    if (body) (void)co_await x.answer(200, *body);
    else (void)co_await x.refuse_body();
}
task<> count(http::exchange& x) {
    http::event_stream out(x);
    (void)co_await out.open();
    for (int i = 0; i < 3; ++i) {
        http::server_event e;
        e.data = std::to_string(i);
        (void)co_await out.send(std::move(e));
        co_await sleep_for(1ms);
    }
}
task<> who(http::exchange& x) {
    const bool secure = x.secure();
    (void)co_await x.answer(200, secure ? "over TLS" : "in the open");
}

http::router routes() {
    http::router r;
    r.on("GET", "/", hello).on("POST", "/echo", echo).on("PUT", "/echo", echo).on("GET", "/events", count);
    r.on("GET", "/who", who);
    return r;
}

/// Runs a program while this shard goes on.
task<std::string> output_of(std::string command) {
    auto call = [&command] {
        std::string all;
        FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
        char room[4096];
        for (std::size_t n = 0; (n = std::fread(room, 1, sizeof room, pipe)) > 0;) all.append(room, n);
        ::pclose(pipe);
        return all;
    };
    auto got = co_await offload(background(), std::ref(call));
    co_return got ? std::move(*got) : "(too busy)";
}

task<std::string> curl(std::string arguments) {
    return output_of("curl -s --max-time 20 --noproxy '*' " + arguments);
}

using test_body = task<> (*)(http::listener&, std::string url);

task<> beside(http::listener& l, std::string url, test_body body) {
    event stopping;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(l.run(stopping));
        co_await body(l, url);
        stopping.set();
        co_await s.join();
    });
}

void with_server(test_body body, std::shared_ptr<net::tls_server> tls = nullptr,
                 const http::server_options& o = {}) {
    run([](test_body b, std::shared_ptr<net::tls_server> t, const http::server_options& options) -> task<> {
        const http::server server(routes(), options);
        const std::string scheme = t ? "https" : "http";
        http::listener l(std::move(net::listen({"127.0.0.1", 0})).value(), server, std::move(t));
        co_await beside(l, scheme + "://127.0.0.1:" + std::to_string(l.port()), b);
    }(body, std::move(tls), o));
}

const test::certificate_files& root() {
    static const auto made = test::authority();
    return made;
}

}  // namespace

TEST_CASE("curl is served over TCP", "[http]") {
    with_server([](http::listener&, std::string url) -> task<> {
        auto got = co_await curl(url + "/ " + url + "/ -w ' %{http_code} %{num_connects};'");
        REQUIRE(got == "hello 200 1;hello 200 0;");
        got = co_await curl(url + "/echo -d good -d morning");
        REQUIRE(got == "good&morning");
        const auto file = test::temporary("body.bin");
        test::write_file(file, std::string(300'000, 'b'));
        // In chunks, and only when it is welcome.
        got = co_await curl(url + "/echo -T - -H 'Expect: 100-continue' < " + file.string());
        REQUIRE(got == std::string(300'000, 'b'));
        got = co_await curl(url + "/events -N");
        REQUIRE(got == "data: 0\n\ndata: 1\n\ndata: 2\n\n");
        got = co_await curl(url + "/ -I");
        REQUIRE(got.find("Content-Length: 5\r\n") != std::string::npos);
        got = co_await curl(url + "/nothing -o /dev/null -w '%{http_code}'");
        REQUIRE(got == "404");
        got = co_await curl(url + "/ -0 -w ' %{http_version}'");
        REQUIRE(got == "hello 1.1");
        test::write_file(file, std::string(2'000'000, 'b'));
        got = co_await curl(url + "/echo --data-binary @" + file.string() + " -H Expect: -w '%{http_code}'");
        REQUIRE(got == "Content Too Large: the body is larger than 1MiB\n413");
    });
}

TEST_CASE("curl is served over TLS, and over mutual TLS", "[http][tls]") {
    const auto files = test::signed_by(root(), "server");
    net::tls_server_options o(files.certificate, files.key);
    with_server(
        [](http::listener&, std::string url) -> task<> {
            const auto trusted = " --cacert " + root().certificate.string();
            auto got = co_await curl(url + "/who" + trusted + " -w ' %{http_code} %{ssl_verify_result}'");
            REQUIRE(got == "over TLS 200 0");
            got = co_await curl(url + "/who -o /dev/null -w '%{exitcode}'");
            REQUIRE(got == "60");  // not trusted
            const auto file = test::temporary("body.bin");
            test::write_file(file, std::string(300'000, 'b'));
            got = co_await curl(url + "/echo" + trusted + " --data-binary @" + file.string());
            REQUIRE(got == std::string(300'000, 'b'));
            got = co_await curl(url + "/events -N" + trusted);
            REQUIRE(got == "data: 0\n\ndata: 1\n\ndata: 2\n\n");
        },
        std::move(net::tls_server::make(o)).value());
    o.client_authority = root().certificate;
    with_server(
        [](http::listener&, std::string url) -> task<> {
            const auto trusted = " --cacert " + root().certificate.string();
            const auto guest = test::signed_by(root(), "guest");
            auto got = co_await curl(url + "/who" + trusted + " --cert " + guest.certificate.string() +
                                     " --key " + guest.key.string());
            REQUIRE(got == "over TLS");
            got = co_await curl(url + "/who" + trusted + " -o /dev/null -w '%{http_code}'");
            REQUIRE(got == "000");
        },
        std::move(net::tls_server::make(o)).value());
}

TEST_CASE("connections above the limit wait until there is room", "[http]") {
    http::server_options o;
    o.connections = 2;
    with_server(
        [](http::listener& l, std::string) -> task<> {
            std::vector<net::stream> clients;
            for (int i = 0; i < 3; ++i) {
                auto made = co_await net::connect("127.0.0.1", l.port());
                clients.push_back(std::move(made).value());
                (void)co_await test::say(clients.back(), test::get("/"));
            }
            auto first = co_await test::read_once(clients[0]);
            auto second = co_await test::read_once(clients[1]);
            REQUIRE(first.ends_with("hello"));
            REQUIRE(second.ends_with("hello"));
            REQUIRE(l.connections() == 2);
            clients[0].close();
            auto third = co_await test::read_once(clients[2]);
            REQUIRE(third.ends_with("hello"));
        },
        nullptr, o);
}

TEST_CASE("connections come and go, and no descriptor and no coroutine stays", "[http]") {
    const auto descriptors = [] {
        std::size_t n = 0;
        for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++n;
        return n;
    };
    with_server(
        [](http::listener&, std::string) -> task<> { co_return; });  // what the first use of all opens
    const auto before = descriptors();
    const auto coroutines = live_coroutines;
    with_server([](http::listener& l, std::string) -> task<> {
        for (int i = 0; i < 2000; ++i) {
            auto made = co_await net::connect("127.0.0.1", l.port());
            REQUIRE(made.ok());
            const std::string words = i % 3 == 1 ? "GET" : test::get("/");
            if (i % 3 > 0) (void)co_await test::say(*made, words);
            if (i % 6 == 5) (void)co_await test::read_once(*made);
        }
    });
    REQUIRE(descriptors() == before);
    REQUIRE(live_coroutines == coroutines);
}
