#include <chrono>
#include <cstddef>
#include <rtai/core/asio_driver.hpp>
#include <rtai/ws.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../support/measures.hpp"
#include "peers.hpp"
#include "questions.hpp"

namespace bench {
namespace {

using namespace rtai;
using clock = std::chrono::steady_clock;

struct echo_figures {
    std::vector<double> trips;  // microseconds
    double rate = 0;
    double cpu = 0;  // the server's, microseconds a message
};

/// A client that is the same for every server.
class echo_client {
public:
    echo_client(const server_process& s, std::chrono::milliseconds t) : server_(s), time_(t) {}

    task<> run() {
        ws::connect_options o;
        o.protocols = {"echo"};
        auto socket = co_await ws::connect(server_.url("ws", "/echo"), std::move(o));
        if (!socket) throw std::runtime_error(socket.error().message());
        co_await socket->run([this](ws::stream& on) { return measure(on); });
    }

    echo_figures figures;

private:
    task<> measure(ws::stream& on) {
        (void)co_await back_and_forth(on, 1, time_ / 5);
        (void)co_await back_and_forth(on, 1, time_);
        figures.trips = std::exchange(trips_, {});
        (void)co_await back_and_forth(on, 64, time_ / 5);
        const double cpu = server_.cpu();
        const auto begun = clock::now();
        const auto count = static_cast<double>(co_await back_and_forth(on, 64, time_));
        figures.rate = count / std::chrono::duration<double>(clock::now() - begun).count();
        figures.cpu = (server_.cpu() - cpu) / count;
    }

    /// For so long, with so many messages under way. How many there were.
    task<std::size_t> back_and_forth(ws::stream& on, std::size_t under_way, clock::duration how_long) {
        trips_.clear();
        const auto end = clock::now() + how_long;
        const ws::message m = ws::message::binary(buffer(640));
        std::size_t sent = 0, back = 0;
        for (auto at = clock::now(); at < end || back < sent;) {
            while (at < end && sent < back + under_way) {
                ws::message one = m;
                (void)co_await on.send(std::move(one));
                ++sent;
            }
            auto answer = co_await on.receive();
            if (!answer) throw std::runtime_error("the echo ended: " + on.end().reason);
            ++back;
            const auto then = clock::now();
            if (under_way == 1)
                trips_.push_back(std::chrono::duration<double, std::micro>(then - at).count());
            at = then;
        }
        co_return back;
    }

    const server_process& server_;
    std::chrono::milliseconds time_;
    std::vector<double> trips_;
};

}  // namespace

/// An echo of WebSocket against those of others.
void websocket(sheet& s) {
    const auto& servers = websocket_servers();
    const std::chrono::milliseconds time(s.asked().quick ? 250 : 500);
    std::vector<gathered> p50, p99, rate, cpu;
    for (const auto& k : servers) {
        p50.push_back({"websocket_round_trip_us.p50." + k.key, k.label, k.role, {}});
        p99.push_back({"websocket_round_trip_us.p99." + k.key, k.label, k.role, {}});
        rate.push_back({"websocket_messages_per_s." + k.key, k.label, k.role, {}});
        cpu.push_back({"websocket_cpu_us_per_message." + k.key, k.label, k.role, {}});
    }
    for (int round = 0; round < s.asked().rounds; ++round)
        for (std::size_t i = 0; i < servers.size(); ++i) {
            if (!servers[i].start) continue;
            const auto server = servers[i].start();
            echo_client client(server, time);
            rtai::run(client.run());
            auto& f = client.figures;
            p50[i].samples.push_back(share_of(f.trips, 0.5));
            p99[i].samples.push_back(share_of(f.trips, 0.99));
            rate[i].samples.push_back(f.rate);
            cpu[i].samples.push_back(f.cpu);
        }
    s.show("A message of 640 bytes over a WebSocket and back: half of them take less", "microseconds",
           std::move(p50));
    s.show("The same: 99 % of them take less", "microseconds", std::move(p99));
    s.show("Messages over one WebSocket, 64 under way", "a second, more is better", std::move(rate));
    s.show("CPU time of the server for each of them", "microseconds", std::move(cpu));
}

}  // namespace bench
