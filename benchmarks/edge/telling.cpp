#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/race.hpp>
#include <rtai/gateway/telemetry.hpp>
#include <rtai/http/listen.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../support/measures.hpp"
#include "party.hpp"
#include "questions.hpp"

namespace bench {
namespace {

using namespace rtai;
using namespace std::chrono_literals;

/// Takes what traces it is sent, and counts the messages.
class collector {
public:
    collector() : thread_([this] { rtai::run(serve()); }) { port_ = up_.get_future().get(); }
    collector(const collector&) = delete;
    collector& operator=(const collector&) = delete;
    ~collector() {
        home_->post([this] { stopping_->set(); });
        thread_.join();
    }

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1/traces"; }
    std::size_t messages() const noexcept { return messages_; }

private:
    task<> serve() {
        event stopping;
        stopping_ = &stopping;
        home_ = shard::current();
        http::server takes([this](http::exchange& x) { return take(x); });
        auto listening = net::listen(net::listen_options());
        http::listener door(std::move(listening).value(), takes);
        up_.set_value(door.port());
        co_await race(door.run(stopping), stopping.wait());
    }
    task<> take(http::exchange& x) {
        auto body = co_await x.body();
        messages_ += body.ok() ? 1 : 0;
        auto answered = co_await x.answer(200, "{}");
        (void)answered;
    }

    std::promise<std::uint16_t> up_;
    event* stopping_ = nullptr;
    shard* home_ = nullptr;
    std::atomic<std::size_t> messages_ = 0;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

struct setting {
    std::string name;
    std::string label;
    enum role role;
    std::string server;
    bool watched;
};

/// What is counted of a frame that comes and goes, in nanoseconds of this thread's CPU time.
double count_frame(gateway::watcher& w) {
    constexpr int frames = 200'000;
    const gateway::session one("id", "client", "websocket", "mirror", time_point());
    const double begun = cpu_microseconds();
    for (int i = 0; i < frames; ++i) {
        w.received(one, frame_bytes);
        w.sent(one, frame_bytes, std::chrono::microseconds(i % 30'000));
    }
    return (cpu_microseconds() - begun) * 1e3 / frames;
}

}  // namespace

/// What logs, metrics and traces cost.
void telling(sheet& s) {
    const collector traces;
    const std::vector<setting> ways{
        {"told", "every event logged, all turns traced, scraped", role::ours, "gateway told " + traces.url(),
         true},
        {"usual", "as it is: metrics, and a line for each session", role::ours, "gateway usual", false},
        {"untold", "nothing logged, counted or traced", role::bound, "gateway untold", false}};
    const auto how_long = s.asked().quick ? 1200ms : 1800ms;
    std::vector<gathered> cpu, p50, p99;
    for (const auto& w : ways) {
        cpu.push_back({"telling_cpu_us_per_frame." + w.name, w.label, w.role, {}});
        p50.push_back({"telling_round_trip_us.p50." + w.name, w.label, w.role, {}});
        p99.push_back({"telling_round_trip_us.p99." + w.name, w.label, w.role, {}});
    }
    for (int round = 0; round < s.asked().rounds; ++round)
        for (std::size_t i = 0; i < ways.size(); ++i) {
            const auto server = server_process::own(ways[i].server);
            auto p = hold_party(carrier::websocket, server, 100, how_long,
                                ways[i].watched ? server.url("http", "/metrics") : std::string());
            cpu[i].samples.push_back(p.cpu_of_frame);
            p50[i].samples.push_back(share_of(p.trips, 0.5));
            p99[i].samples.push_back(share_of(p.trips, 0.99));
        }
    s.show("CPU time of the gateway for a frame and its return, 100 sessions over WebSocket", "microseconds",
           std::move(cpu));
    s.show("The frame's way there and back: half of them take less", "microseconds", std::move(p50));
    s.show("The same: 99 % of them take less", "microseconds", std::move(p99));
    gateway::telemetry counts("bench", observe::observe_options());
    s.measure("Metrics of a frame and its return, alone", "nanoseconds of CPU time",
              {{"telling_metrics_ns_per_frame", "bytes, and how late it left", role::ours, {[&counts] {
                    return count_frame(counts);
                }}}});
    const auto all = s["telling_cpu_us_per_frame.told"], usual = s["telling_cpu_us_per_frame.usual"],
               none = s["telling_cpu_us_per_frame.untold"];
    if (!all || !usual || !none) return;
    s.at_least("requests that the collector of traces was sent", static_cast<double>(traces.messages()), 1,
               "");
    s.at_most("metrics of a frame, of what its way costs without",
              *s["telling_metrics_ns_per_frame"] / *none / 10, 5, " %");
    s.at_most("CPU of a frame, logs and metrics as they are against none", *usual / *none, 1.1, " times");
    s.at_most("CPU of a frame, all told against none", *all / *none, 1.25, " times");
}

}  // namespace bench
