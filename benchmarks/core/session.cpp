#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/channel.hpp>
#include <asio/io_context.hpp>
#include <asio/use_awaitable.hpp>
#include <list>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/channel.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timer.hpp>
#include <thread>
#include <utility>

#include "../support/allocations.hpp"
#include "hop.hpp"
#include "questions.hpp"

namespace bench {
namespace {

// A call's graph: 12 elements in a row, with a channel of 16 messages before each.
constexpr int session_elements = 12;
constexpr std::size_t room = 16;

using rtai::task;

task<> element(rtai::receiver<frame> in, rtai::sender<frame> out) {
    while (auto f = co_await in.receive())
        if (out && !co_await out.send(std::move(*f))) co_return;
}

void spawn_graph(rtai::scope& s, rtai::receiver<frame> in) {
    for (int i = 1; i < session_elements; ++i) {
        rtai::channel<frame> edge(room);
        s.spawn(element(std::exchange(in, edge.receiver()), edge.sender()));
    }
    s.spawn(element(std::move(in), {}));
}

/// One frame goes through, the call ends, and so does everything else.
task<> call() {
    co_await rtai::with_scope([](rtai::scope& s) -> task<> {
        rtai::channel<frame> microphone(room);
        rtai::sender<frame> in = microphone.sender();
        spawn_graph(s, microphone.receiver());
        frame f(0);
        (void)co_await in.send(std::move(f));
        in.reset();
        co_await s.join();
    });
}

task<> calls(int count) {
    for (int i = 0; i < count; ++i) co_await call();
}

double rtai_spawn() {
    constexpr int count = 5'000;
    return seconds([] { rtai::run(calls(count)); }) / count * 1e6;
}

using asio_channel = asio::experimental::channel<void(asio::error_code, frame)>;

// Closing an Asio channel drops what is in it, so here the last element, when it has its frame, ends the
// call.
asio::awaitable<void> asio_element(std::list<asio_channel>& edges, std::list<asio_channel>::iterator in) {
    constexpr auto token = asio::experimental::as_tuple(asio::use_awaitable);
    const auto out = std::next(in);
    for (;;) {
        auto [error, f] = co_await in->async_receive(token);
        if (error) break;
        if (out == edges.end()) edges.front().close();
        else co_await out->async_send(asio::error_code(), std::move(f), asio::use_awaitable);
    }
    if (out != edges.end()) out->close();
}

void asio_call(asio::io_context& context) {
    std::list<asio_channel> edges;
    for (int i = 0; i < session_elements; ++i) edges.emplace_back(context, room);
    for (auto edge = edges.begin(); edge != edges.end(); ++edge)
        asio::co_spawn(context, asio_element(edges, edge), asio::detached);
    edges.front().try_send(asio::error_code(), frame(0));
    context.run();
    context.restart();
}

double asio_spawn() {
    constexpr int count = 1'000;
    asio::io_context context(1);
    return seconds([&] {
               for (int i = 0; i < count; ++i) asio_call(context);
           }) /
           count * 1e6;
}

task<> hold_calls(int count, double& bytes) {
    co_await rtai::with_scope([&](rtai::scope& s) -> task<> {
        std::list<rtai::channel<frame>> microphones;
        const allocation_count heap;
        for (int i = 0; i < count; ++i) spawn_graph(s, microphones.emplace_back(room).receiver());
        co_await rtai::yield();
        bytes = static_cast<double>(heap.bytes()) / count;
        s.cancel();
        co_await s.join();
    });
}

/// What waiting calls keep allocated, on a thread that has no recycled memory yet.
double rtai_bytes() {
    double bytes = 0;
    std::thread([&] { rtai::run(hold_calls(100, bytes)); }).join();
    return bytes;
}

}  // namespace

/// What does a call cost before anything is said?
void session(sheet& s) {
    s.measure("Start and end the graph of a call: 12 coroutines, 12 channels", "microseconds",
              {{"session_spawn_us", "rtai scope", role::ours, {rtai_spawn}},
               {"session_spawn_us_asio", "Asio co_spawn and channels", role::peer, {asio_spawn}}});
    s.measure("Memory of that graph while it waits", "bytes",
              {{"session_bytes", "rtai", role::ours, {rtai_bytes}}});
}

}  // namespace bench
