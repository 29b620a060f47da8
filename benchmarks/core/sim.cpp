#include <chrono>
#include <ctime>
#include <rtai/core/channel.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/sim.hpp>
#include <rtai/core/sim_link.hpp>
#include <rtai/core/timer.hpp>
#include <stdexcept>
#include <utility>

#include "hop.hpp"
#include "questions.hpp"

namespace bench {
namespace {

using namespace std::chrono_literals;
using rtai::buffer;
using rtai::task;
using rtai::sim::datagrams;

constexpr auto call_length = 10min;
constexpr auto frame_length = 20ms;
constexpr int frames = call_length / frame_length;

// The caller's side, and the server's: network in, four elements, network out.

task<> speak(datagrams& network) {
    rtai::time_point next = rtai::now();
    for (int i = 0; i < frames; ++i) {
        network.send(buffer(frame_bytes));
        next += frame_length;
        co_await rtai::sleep_until(next);
    }
}

task<> listen(datagrams& network, int& heard) {
    for (;;) {
        auto packet = co_await network.receive();
        if (!packet) co_return;
        ++heard;
    }
}

task<> from_network(datagrams& network, rtai::sender<buffer> out) {
    for (;;) {
        auto packet = co_await network.receive();
        if (!packet || !co_await out.send(std::move(*packet))) co_return;
    }
}

task<> element(rtai::receiver<buffer> in, rtai::sender<buffer> out) {
    while (auto f = co_await in.receive())
        if (!co_await out.send(std::move(*f))) co_return;
}

/// At its own pace, as a media gateway does: a frame each 20 ms, or silence when none has come.
task<> to_network(datagrams& network, rtai::receiver<buffer> in) {
    rtai::time_point next = rtai::now();
    for (;;) {
        auto f = in.try_receive();
        network.send(f ? std::move(*f) : buffer(frame_bytes));
        next += frame_length;
        co_await rtai::sleep_until(next);
    }
}

task<> serve(datagrams& network) {
    rtai::channel<buffer> a(capacity), b(capacity), c(capacity), d(capacity), e(capacity);
    co_await rtai::join(from_network(network, a.sender()), element(a.receiver(), b.sender()),
                        element(b.receiver(), c.sender()), element(c.receiver(), d.sender()),
                        element(d.receiver(), e.sender()), to_network(network, e.receiver()));
}

task<> call(datagrams& phone, datagrams& server, int& heard) {
    co_await rtai::with_scope([&](rtai::scope& s) -> task<> {
        s.spawn(serve(server));
        s.spawn(listen(phone, heard));
        co_await speak(phone);
        s.cancel();
    });
}

double speedup() {
    rtai::sim::world world;
    rtai::sim::conditions network;
    network.latency = 40ms;
    network.jitter = 15ms;
    network.loss = 0.01;
    rtai::sim::datagram_link link(world, world.first(), world.first(), network);
    datagrams phone = link.end_a(), server = link.end_b();
    int heard = 0;
    const std::clock_t begin = std::clock();
    world.run(call(phone, server, heard));
    const double cpu_seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    if (heard < frames * 0.97 || heard > frames) throw std::logic_error("the simulated call went wrong");
    return std::chrono::duration<double>(call_length).count() / cpu_seconds;
}

}  // namespace

/// How long does a call of ten minutes take when time is simulated? 50 frames a second both ways, over
/// a network that jitters and loses 1 %.
void sim(sheet& s) {
    s.measure("A simulated call of ten minutes", "simulated seconds for each second of CPU",
              {{"sim_speedup", "rtai sim", role::ours, {speedup}}});
    const auto times = s["sim_speedup"];
    s.at_most("CPU for a simulated call of ten minutes", times ? std::optional(600 / *times) : std::nullopt,
              1, " seconds");
}

}  // namespace bench
