#include <rtai/service/lines.hpp>

#include <asio/connect.hpp>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <rtai/core/run.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/graph/edge.hpp>
#include <rtai/service/job.hpp>
#include <string>
#include <utility>

using namespace rtai;
using namespace std::chrono_literals;
using asio::ip::tcp;

namespace {

/// Says everything back with a mark; "boom" throws.
struct echo {
    struct options {
        std::string mark = "!";
        RTAI_DESCRIBE(options, mark)
    };
    explicit echo(options o) : with(std::move(o)) {}

    input<text> in;
    output<text> out;
    RTAI_DESCRIBE(echo, in, out)

    task<> run() {
        while (auto said = co_await in.receive()) {
            if (said->words == "boom") throw std::runtime_error("boom");
            said->words += with.mark;
            if (!co_await out.send(std::move(*said))) break;
        }
        disconnect(*this);
    }

    options with;
};

std::uint16_t free_port() {
    asio::io_context context;
    tcp::acceptor probe(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    return probe.local_endpoint().port();
}

service::lines::options listening(std::uint16_t port) {
    service::lines::options o;
    o.listen.port.number = port;
    return o;
}

struct client {
    explicit client(std::uint16_t port) : socket(io_context()), to(asio::ip::address_v4::loopback(), port) {}

    task<> connect() {
        for (;;) {
            auto connected = co_await socket.async_connect(to, io);
            if (connected) co_return;
            socket = tcp::socket(io_context());
            co_await sleep_for(5ms);
        }
    }
    task<> say(std::string line) {
        auto written = co_await asio::async_write(socket, asio::buffer(line), io);
        (void)written;
    }
    /// All that comes until the server closes.
    task<std::string> hear() {
        std::string all;
        for (;;) {
            std::string piece(256, '\0');
            auto got = co_await socket.async_read_some(asio::buffer(piece), io);
            if (!got) co_return all;
            all += piece.substr(0, *got);
        }
    }
    task<std::string> exchange(std::string words) {
        co_await connect();
        co_await say(std::move(words));
        std::error_code ignored;
        socket.shutdown(tcp::socket::shutdown_send, ignored);
        co_return co_await hear();
    }

    tcp::socket socket;
    tcp::endpoint to;
};

/// Runs a server around what a test does with it.
template <class Body>
void with_server(const service::lines::options& with, Body body) {
    std::unique_ptr<service::host> h;
    rtai::run([](std::unique_ptr<service::host>& shared, const service::lines::options& o,
                 Body& test) -> task<> {
        co_await with_scope([&](scope& s) -> task<> {
            return [](scope& services, std::unique_ptr<service::host>& hosting,
                      const service::lines::options& options, Body& inner) -> task<> {
                hosting = std::make_unique<service::host>(services, 2, [](std::string_view) { return true; });
                const auto wired = [](service::lines::session& session, echo& pipeline) {
                    wire(session.said, pipeline.in);
                    wire(pipeline.out, session.reply);
                };
                hosting->start(
                    "test", service::lines::serve<echo>(*hosting, "test", options, echo::options(), wired));
                co_await inner(*hosting);
                hosting->stopping().set();
                co_await services.join();
            }(s, shared, o, test);
        });
    }(h, with, body));
    CHECK(h->finish(2s) == 0);
}

}  // namespace

TEST_CASE("each connection is a session, and each line a text") {
    const auto port = free_port();
    with_server(listening(port), [port](service::host&) -> task<> {
        client a(port), b(port);
        auto [heard_a, heard_b] = co_await join(a.exchange("hello\r\nyou\n"), b.exchange("without an end"));
        CHECK(heard_a == "hello!\nyou!\n");
        CHECK(heard_b == "without an end!\n");
    });
}

TEST_CASE("a session that fails ends alone") {
    const auto port = free_port();
    with_server(listening(port), [port](service::host&) -> task<> {
        client good(port), bad(port);
        co_await good.connect();
        auto nothing = co_await bad.exchange("boom\n");
        CHECK(nothing.empty());
        auto heard = co_await good.exchange("still here\n");
        CHECK(heard == "still here!\n");
    });
}

TEST_CASE("a line that is too long is told and ends its session") {
    const auto port = free_port();
    auto with = listening(port);
    with.session.line = 8;
    with_server(with, [port](service::host&) -> task<> {
        client fits(port), long_one(port);
        auto heard = co_await fits.exchange("12345678\n");
        CHECK(heard == "12345678!\n");
        auto told = co_await long_one.exchange("123456789\n");
        CHECK(told == "error: a line has more than 8 bytes\n");
    });
}

TEST_CASE("a session that is silent for too long ends") {
    const auto port = free_port();
    auto with = listening(port);
    with.session.idle = 30ms;
    with_server(with, [port](service::host&) -> task<> {
        client c(port);
        co_await c.connect();
        auto heard = co_await c.hear();
        CHECK(heard.empty());
    });
}

TEST_CASE("more sessions than allowed are refused with a word") {
    const auto port = free_port();
    auto with = listening(port);
    with.session.max = 1;
    with_server(with, [port](service::host&) -> task<> {
        client first(port), second(port);
        co_await first.connect();
        co_await first.say("taken\n");
        co_await sleep_for(20ms);
        auto refused = co_await second.exchange("x\n");
        CHECK(refused == "error: all sessions are taken, come again later\n");
    });
}

TEST_CASE("a port that is taken is an error that names it") {
    asio::io_context context;
    tcp::acceptor taken(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const auto port = taken.local_endpoint().port();
    try {
        with_server(listening(port), [](service::host&) -> task<> { co_await sleep_for(50ms); });
        FAIL("two servers listen on one port");
    } catch (const std::exception& e) {
        CHECK(std::string(e.what()).find("test: can not listen on 127.0.0.1 port " + std::to_string(port)) ==
              0);
    }
}
