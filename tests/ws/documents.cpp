// The pieces of code in docs/websocket.md, at work.

#include <cstddef>
#include <cstdint>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/sim_link.hpp>
#include <rtai/http/server.hpp>
#include <rtai/net/sim.hpp>
#include <rtai/ws.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "support/co_test.hpp"

using namespace rtai;

namespace {

// [server]
task<> echo(ws::stream& s) {
    while (auto m = co_await s.receive()) {  // nothing: the connection has ended
        const bool sent = co_await s.send(std::move(*m));
        if (!sent) co_return;  // false: nobody reads any more
    }
}

task<> handle(http::exchange& x) {
    auto socket = co_await ws::accept(x);  // 101, or a refusal that says why
    if (socket) co_await socket->run(echo);
}
// [/server]

task<result<ws::stream>> connect_in_simulation(net::stream under) {
    return ws::connect_over(std::move(under), "ws://simulated/");
}

// [client]
task<std::string> ask(std::string url, std::string question) {
    ws::connect_options how;
    how.headers.add("Authorization", "Bearer ...");
    auto socket = co_await ws::connect(std::move(url), std::move(how));
    if (!socket) co_return socket.error().message();
    std::string answer;
    co_await socket->run([&](ws::stream& s) -> task<> {
        const bool sent = co_await s.send(ws::message::text(question));
        if (!sent) co_return;
        auto m = co_await s.receive();
        if (m) answer = m->text();
    });
    if (!socket->end().clean) co_return socket->end().reason;  // "no sign of life for 10s after a ping"
    co_return answer;
}
// [/client]

// [voice]
task<> listen(ws::stream& s, sender<buffer> microphone) {
    while (auto m = co_await s.receive()) {
        if (m->is_text()) continue;
        const bool taken = co_await microphone.send(std::move(m->payload));
        if (!taken) co_return;
    }
}

task<> speak(ws::stream& s, receiver<buffer> voice) {
    while (auto sound = co_await voice.receive()) {
        const bool sent = co_await s.send(ws::message::binary(std::move(*sound)));
        if (!sent) co_return;
    }
}

task<> talk(ws::stream& s, sender<buffer> microphone, receiver<buffer> voice) {
    co_await race(listen(s, std::move(microphone)), speak(s, std::move(voice)));
}
// [/voice]

// [options]
ws::options for_voice() {
    ws::options o;
    o.most_message = o.most_frame = byte_size(64 * 1024);
    o.when_full = ws::full_queue::drop_oldest;  // sound that is late is worth nothing; text is never dropped
    o.queue = 50;                               // a second, in frames of 20 ms
    return o;
}
// [/options]

// [interrupt]
std::size_t be_quiet(ws::stream& s) {
    return s.flush([](const ws::message& m) { return !m.is_text(); });
}
// [/interrupt]

// [codec]
std::string first_message(ws::reader& from, std::span<const std::byte> bytes) {
    for (;;) {
        switch (from.read(bytes)) {
            case ws::received::nothing:
                return "(more is needed)";
            case ws::received::message:
                return std::string(from.take().text());
            case ws::received::violation:
                return "(close with " + std::to_string(from.end().code) + ": " + from.end().reason + ")";
            default:
                break;
        }
    }
}
// [/codec]

}  // namespace

CO_TEST("documents: a server and a client", "[documents]") {
    sim::stream_link link(test::world(), this_shard(), this_shard());
    const http::server pages(handle);
    auto visit = [&]() -> task<std::uint16_t> {
        auto socket = co_await connect_in_simulation(net::simulated(link.end_b()));
        co_await socket->run([](ws::stream& s) -> task<> {
            (void)co_await s.send(ws::message::text("hello"));
            (void)co_await s.receive();
        });
        co_return socket->end().code;
    };
    auto [nothing, code] = co_await join(pages.serve(net::simulated(link.end_a())), visit());
    REQUIRE(code == 1000);
    auto told = co_await ask("nowhere", "hello");
    REQUIRE_THAT(told, Catch::Contains("must begin with ws:// or wss://"));
}

CO_TEST("documents: a conversation", "[documents]") {
    sim::stream_link link(test::world(), this_shard(), this_shard());
    ws::stream server(net::simulated(link.end_a()), ws::side::server, for_voice());
    ws::stream client(net::simulated(link.end_b()), ws::side::client);
    channel<buffer> microphone(8), voice(8);
    std::size_t flushed = 0;
    auto serve = [&]() -> task<> {
        co_await server.run([&](ws::stream& s) { return talk(s, microphone.sender(), voice.receiver()); });
    };
    auto answer = [](receiver<buffer> in, sender<buffer> out) -> task<> {
        while (auto sound = co_await in.receive()) {
            const bool sent = co_await out.send(std::move(*sound));
            if (!sent) co_return;
        }
    };
    auto person = [&](ws::stream& s) -> task<> {
        (void)co_await s.send(ws::message::binary(buffer(640)));
        auto heard = co_await s.receive();
        flushed = be_quiet(s);
        if (heard) s.close();
    };
    auto visit_it = [&]() -> task<> { co_await client.run(person); };
    co_await race(join(serve(), visit_it()), answer(microphone.receiver(), voice.sender()));
    REQUIRE(flushed == 0);
    REQUIRE(server.stats().bytes_received == 640);
}

TEST_CASE("documents: the codec alone", "[documents]") {
    std::vector<std::byte> wire;
    const std::string hello = "hello";
    ws::append_frame(wire, ws::opcode::text, true, std::as_bytes(std::span(hello)));
    ws::reader client(ws::side::client, 1000, 1000);
    REQUIRE(first_message(client, std::span<const std::byte>(wire).first(3)) == "(more is needed)");
    REQUIRE(first_message(client, std::span<const std::byte>(wire).subspan(3)) == "hello");
    ws::reader server(ws::side::server, 1000, 1000);
    REQUIRE(first_message(server, wire) == "(close with 1002: a client must mask its frames)");
}
