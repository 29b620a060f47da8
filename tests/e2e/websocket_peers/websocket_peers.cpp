// Our ends of WebSockets, to be tried against others, by run.py:
//
//     websocket_peers serve                  an echo server; says its port
//     websocket_peers check URL              tries an echo server
//     websocket_peers bench URL [bytes]      times one: round trips, messages a second
//     websocket_peers hold URL count         holds so many quiet connections, until its input ends

#include <algorithm>
#include <asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <rtai/core.hpp>
#include <rtai/http/listen.hpp>
#include <rtai/http/server.hpp>
#include <rtai/net/tcp.hpp>
#include <rtai/ws.hpp>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace rtai;
using namespace std::chrono_literals;

namespace {

task<> echo(ws::stream& s) {
    while (auto m = co_await s.receive()) {
        const bool sent = co_await s.send(std::move(*m));
        if (!sent) co_return;
    }
}

/// Says how the connection ended to whoever asks for "/last".
std::string last_end;

task<> handle(http::exchange& x) {
    const std::string path(x.path());
    if (path == "/last") {
        (void)co_await x.answer(200, last_end);
        co_return;
    }
    ws::handshake_options who;
    who.protocols = {"echo"};
    ws::options limits;
    limits.most_frame = limits.most_message = byte_size(16 * 1024 * 1024);
    if (path == "/small") limits.most_frame = limits.most_message = byte_size(1000);
    if (path == "/lively") limits.ping_every = limits.pong_within = 300ms;
    auto socket = co_await ws::accept(x, std::move(who), limits);
    if (!socket) co_return;
    co_await socket->run(echo);
    last_end = std::to_string(socket->end().code) + (socket->end().clean ? " clean" : " not clean");
}

task<> serve() {
    http::server pages(handle);
    auto opened = net::listen(net::listen_options());
    http::listener door(std::move(opened).value(), pages);
    std::printf("port %u\n", static_cast<unsigned>(door.port()));
    std::fflush(stdout);
    event never_stops;
    co_await door.run(never_stops);
}

task<ws::stream> reach(std::string url) {
    ws::connect_options o;
    o.protocols = {"echo"};
    o.limits.most_frame = o.limits.most_message = byte_size(16 * 1024 * 1024);
    auto socket = co_await ws::connect(std::move(url), std::move(o));
    if (!socket) throw std::runtime_error(socket.error().message());
    co_return std::move(*socket);
}

ws::message make(bool text, std::size_t size, std::size_t number) {
    buffer b(size);
    for (std::size_t i = 0; i < size; ++i)
        b.data()[i] =
            text ? static_cast<std::byte>('a' + (i + number) % 26) : static_cast<std::byte>(i * 7 + number);
    return ws::message(text ? ws::kind::text : ws::kind::binary, std::move(b));
}

task<> try_sizes(ws::stream& s) {
    std::size_t number = 0;
    for (const std::size_t size :
         {0U, 1U, 125U, 126U, 1920U, 65535U, 65536U, 65537U, 1'000'000U, 5'000'000U}) {
        for (const bool text : {true, false}) {
            const auto asked = make(text, size, ++number);
            const bool sent = co_await s.send(asked);
            if (!sent) throw std::runtime_error("not sent: " + s.end().reason);
            auto told = co_await s.receive();
            if (!told) throw std::runtime_error("the echo ended: " + s.end().reason);
            if (told->is_text() != text || told->text() != asked.text())
                throw std::runtime_error("a message of " + std::to_string(size) +
                                         " bytes came back as another");
        }
    }
    s.close(4321, "done");
    while (auto m = co_await s.receive()) {
    }
}

task<> check(std::string url) {
    auto socket = co_await reach(url);
    if (socket.protocol() != "echo") throw std::runtime_error("no subprotocol was agreed on");
    co_await socket.run(try_sizes);
    if (!socket.end().clean) throw std::runtime_error("no clean end: " + socket.end().reason);
    std::printf("all sizes came back from %s\n", url.c_str());
}

struct bench {
    std::size_t size;
    std::vector<double> round_trips;  // us
    double rate = 0;

    task<> operator()(ws::stream& s) {
        constexpr std::size_t trips = 20'000, warm_up = 2'000, messages = 200'000, in_flight = 64;
        const auto m = make(false, size, 1);
        for (std::size_t i = 0; i < warm_up + trips; ++i) {
            const auto begun = std::chrono::steady_clock::now();
            (void)co_await s.send(m);
            auto back = co_await s.receive();
            if (!back) throw std::runtime_error("the echo ended: " + s.end().reason);
            if (i >= warm_up)
                round_trips.push_back(
                    std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begun)
                        .count());
        }
        const auto begun = std::chrono::steady_clock::now();
        for (std::size_t i = 0; i < messages + in_flight; ++i) {
            if (i < messages) (void)co_await s.send(m);
            if (i < in_flight) continue;
            auto back = co_await s.receive();
            if (!back) throw std::runtime_error("the echo ended: " + s.end().reason);
        }
        rate = messages / std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    }
};

task<> time_it(std::string url, std::size_t size) {
    auto socket = co_await reach(std::move(url));
    bench b{size, {}, 0};
    co_await socket.run([&](ws::stream& s) { return b(s); });
    std::sort(b.round_trips.begin(), b.round_trips.end());
    const auto at = [&](double q) {
        return b.round_trips[static_cast<std::size_t>(q * static_cast<double>(b.round_trips.size() - 1))];
    };
    std::printf("{\"bytes\": %zu, \"p50_us\": %.1f, \"p99_us\": %.1f, \"messages_per_s\": %.0f}\n", size,
                at(0.5), at(0.99), b.rate);
}

task<> wait(ws::stream& s) {
    while (auto m = co_await s.receive()) {
    }
}

task<> hold_one(std::string url, std::size_t& open) {
    auto socket = co_await reach(std::move(url));
    ++open;
    co_await socket.run(wait);
}

task<> hold(std::string url, std::size_t count) {
    co_await with_scope([&](scope& s) -> task<> {
        std::size_t open = 0;
        for (std::size_t i = 0; i < count; ++i) {
            s.spawn(hold_one(url, open));
            while (i > open + 100) co_await sleep_for(1ms);
        }
        while (open < count) co_await sleep_for(1ms);
        std::printf("open %zu\n", open);
        std::fflush(stdout);
        asio::posix::stream_descriptor input(io_context(), ::dup(0));
        char byte = 0;
        (void)co_await input.async_read_some(asio::buffer(&byte, 1), io);
        s.cancel();
    });
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    const auto word = [&](std::size_t i) { return i < words.size() ? words[i] : std::string(); };
    try {
        if (word(0) == "serve") run(serve());
        else if (word(0) == "check" && words.size() == 2) run(check(word(1)));
        else if (word(0) == "bench" && words.size() >= 2)
            run(time_it(word(1), words.size() > 2 ? std::stoul(word(2)) : 640));
        else if (word(0) == "hold" && words.size() == 3) run(hold(word(1), std::stoul(word(2))));
        else {
            std::fprintf(stderr, "websocket_peers serve | check URL | bench URL [bytes] | hold URL count\n");
            return 2;
        }
    } catch (const std::exception& e) {
        std::fprintf(stderr, "websocket_peers: %s\n", e.what());
        return 1;
    }
}
