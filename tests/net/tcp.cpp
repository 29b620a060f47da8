#include <chrono>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/net/connect.hpp>
#include <rtai/net/tcp.hpp>
#include <string>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "net/streams.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using test::read_all;
using test::read_once;
using test::say;

namespace {

net::acceptor listening() { return std::move(net::listen({"127.0.0.1", 0})).value(); }

task<net::stream> taken(net::acceptor& from) {
    auto got = co_await from.accept();
    co_return std::move(got).value().open();
}

struct pair {
    net::stream server, client;
};

task<pair> connected() {
    auto door = listening();
    auto [server, client] = co_await join(taken(door), net::connect("127.0.0.1", door.port()));
    pair both;
    both.server = std::move(server);
    both.client = std::move(client).value();
    co_return both;
}

}  // namespace

TEST_CASE("bytes go both ways over TCP, until each side has finished", "[net]") {
    run([]() -> task<> {
        auto p = co_await connected();
        REQUIRE(p.client.peer().starts_with("127.0.0.1:"));
        REQUIRE_FALSE(p.client.secure());
        auto said = co_await say(p.client, "good");
        auto heard = co_await read_once(p.server);
        REQUIRE(said.ok());
        REQUIRE(heard == "good");
        said = co_await test::say_and_finish(p.server, "morning");
        heard = co_await read_all(p.client);
        REQUIRE(said.ok());
        REQUIRE(heard == "morning");
        // Half closed: this way is still open.
        said = co_await say(p.client, "bye");
        p.client.close();
        heard = co_await read_all(p.server);
        REQUIRE(said.ok());
        REQUIRE(heard == "bye");
        // The end stays the end, however often one asks.
        heard = co_await read_all(p.server);
        REQUIRE(heard.empty());
    }());
}

TEST_CASE("more than the system's buffers hold waits for its reader", "[net]") {
    run([]() -> task<> {
        auto p = co_await connected();
        const std::string much(20'000'000, 'x');
        auto stuck = co_await with_timeout(50ms, p.client.write(test::bytes_of(much)));
        REQUIRE(stuck.error().code == std::errc::timed_out);
    }());
    run([]() -> task<> {
        auto p = co_await connected();
        std::string much(20'000'000, 'x');
        much.back() = 'y';
        auto [sent, got] = co_await join(test::say_and_finish(p.client, much), read_all(p.server));
        REQUIRE(sent.ok());
        REQUIRE(got == much);
    }());
}

TEST_CASE("a far end that is gone is an error with its address, and no signal", "[net]") {
    run([]() -> task<> {
        auto p = co_await connected();
        auto said = co_await say(p.server, "unread");
        REQUIRE(said.ok());
        co_await sleep_for(5ms);
        p.client.close();  // with bytes unread: a reset
        result<> last;
        for (int i = 0; i < 100 && last; ++i) {
            last = co_await say(p.server, "more");
            co_await sleep_for(1ms);
        }
        REQUIRE_FALSE(last.ok());
        REQUIRE(last.error().message().starts_with("write to 127.0.0.1:"));
        const bool gone =
            last.error().code == std::errc::connection_reset || last.error().code == std::errc::broken_pipe;
        REQUIRE(gone);
    }());
}

TEST_CASE("where one can not listen, the error names the place and the way out", "[net]") {
    run([]() -> task<> {
        auto door = listening();
        const auto twice = net::listen({"127.0.0.1", door.port()});
        REQUIRE(twice.error().code == std::errc::address_in_use);
        REQUIRE(twice.error().message() ==
                "listen on 127.0.0.1:" + std::to_string(door.port()) +
                    " (another program listens there: stop it, or choose another port; 0 takes a free one): "
                    "Address already in use");
        const auto no_address = net::listen({"everywhere", 80});
        REQUIRE(no_address.error().code == std::errc::invalid_argument);
        REQUIRE(no_address.error().text.starts_with("listen on 'everywhere': that is no IP address"));
        const auto foreign = net::listen({"203.0.113.7", 0});
        REQUIRE(foreign.error().code == std::errc::address_not_available);
        REQUIRE(foreign.error().text.find("this machine has no such address") != std::string::npos);
        co_return;
    }());
}

TEST_CASE("an acceptor that is dropped can be followed by another on its port at once", "[net]") {
    run([]() -> task<> {
        std::uint16_t port = 0;
        {
            auto door = listening();
            port = door.port();
            auto [server, client] = co_await join(taken(door), net::connect("127.0.0.1", port));
        }
        REQUIRE(net::listen({"127.0.0.1", port}).ok());
    }());
}

TEST_CASE("connecting fails with the place and the reason", "[net]") {
    run([]() -> task<> {
        std::uint16_t free = 0;
        {
            auto door = listening();
            free = door.port();
        }
        auto refused = co_await net::connect("127.0.0.1", free);
        REQUIRE(refused.error().code == std::errc::connection_refused);
        REQUIRE(refused.error().text == "connect to 127.0.0.1:" + std::to_string(free));
        auto nowhere = co_await net::connect("no-such-host.invalid", 80);
        REQUIRE_FALSE(nowhere.ok());
        REQUIRE(nowhere.error().text.find("no-such-host.invalid") != std::string::npos);
    }());
}

TEST_CASE("a name is looked up", "[net]") {
    run([]() -> task<> {
        auto door = listening();
        auto [server, client] = co_await join(taken(door), net::connect("localhost", door.port()));
        REQUIRE(client.ok());
    }());
}

TEST_CASE("connecting is given up at its deadline, and when it is cancelled", "[net]") {
    run([]() -> task<> {
        // The queue of a listener that nobody serves fills up, and then nothing answers.
        net::listen_options o;
        o.backlog = 0;
        auto door = std::move(net::listen(o)).value();
        std::vector<net::stream> waiting;
        result<net::stream> last = error(std::errc::operation_canceled);
        for (int i = 0; i < 10; ++i) {
            last = co_await net::connect("127.0.0.1", door.port(), 50ms);
            if (!last) break;
            waiting.push_back(std::move(*last));
        }
        REQUIRE(last.error().code == std::errc::timed_out);
        REQUIRE(last.error().text.find("no answer within 50 ms") != std::string::npos);
    }());
}

// The undefined behaviour sanitizer itself needs a descriptor to look at an object's type.
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if !__has_feature(address_sanitizer)
TEST_CASE("an acceptor without descriptors waits until there are some", "[net]") {
    run([]() -> task<> {
        auto door = listening();
        auto [server, client] = co_await join(taken(door), net::connect("127.0.0.1", door.port()));
        auto first = net::connect("127.0.0.1", door.port());
        auto second = co_await std::move(first);
        REQUIRE(second.ok());  // in the queue of the system
        rlimit before{};
        ::getrlimit(RLIMIT_NOFILE, &before);
        std::vector<int> all;
        rlimit few = before;
        few.rlim_cur = 64;
        ::setrlimit(RLIMIT_NOFILE, &few);
        for (int d = ::dup(0); d >= 0; d = ::dup(0)) all.push_back(d);
        auto none = co_await with_timeout(150ms, door.accept());
        const bool waited = !none && none.error().code == std::errc::timed_out;
        const auto pauses = door.pauses();
        for (const int d : all) ::close(d);
        ::setrlimit(RLIMIT_NOFILE, &before);
        auto now_there_is = co_await with_timeout(5s, door.accept());
        REQUIRE(waited);
        REQUIRE(pauses >= 1);
        REQUIRE(now_there_is.ok());
    }());
}
#endif

TEST_CASE("an acceptor that is closed says that nothing comes any more", "[net]") {
    run([]() -> task<> {
        auto door = listening();
        auto close_soon = [](net::acceptor& d) -> task<> {
            co_await sleep_for(5ms);
            d.close();
        };
        auto [none, closed] = co_await join(door.accept(), close_soon(door));
        REQUIRE_FALSE(none.ok());
    }());
}
