#include <array>
#include <functional>
#include <memory>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/run.hpp>
#include <rtai/gateway/converse.hpp>
#include <rtai/gateway/local_connection.hpp>
#include <rtai/gateway/telemetry.hpp>
#include <rtai/observe/otlp.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "../support/measures.hpp"
#include "mirror.hpp"
#include "questions.hpp"

namespace bench {
namespace {

using namespace rtai;

constexpr int frames_of_round = 2000;
constexpr int rounds = 300;

double cpu_time() { return cpu_microseconds() * 1e3; }

observe::observe_options options_of(bool traced) {
    observe::observe_options o;
    o.logs.level = observe::log_level::error;
    if (!traced) return o;
    o.traces.emplace();
    o.traces->otlp = "http://nobody";  // sent by nobody here: only what sessions do is measured
    return o;
}

/// A session within the program, whose client sends the next frame when the one before has come back.
class scene {
public:
    scene(std::string name, gateway::watcher& w)
        : watcher_(w), place_(list_.add(name, "local", "local", "mirror")) {}

    task<> run() {
        const auto why = co_await gateway::converse<mirror>(client_, *place_, watcher_, stopping_,
                                                            gateway::conversation_limits(), mirror::options(),
                                                            wire_mirror());
        (void)why;
    }
    void leave() { client_.leave(); }

    task<> frames(int count) {
        for (int i = 0; i < count; ++i) {
            audio a(audio_format(), 320);
            const bool taken = co_await client_.say(std::move(a));
            if (!taken) co_return;
            co_await until_sound();
        }
    }

private:
    task<> until_sound() {
        while (auto m = co_await client_.heard())
            if (std::holds_alternative<audio>(*m)) co_return;
    }

    gateway::watcher& watcher_;
    gateway::session_list list_{1};
    gateway::session_list::place place_;
    gateway::local_connection client_;
    event stopping_;
};

/// The same frames through each of the sessions, in turn and often, so that what else the machine does hits
/// all alike.
task<> alternate(std::array<scene*, 3> all, std::array<std::vector<double>, 3>& into,
                 gateway::telemetry& traced) {
    for (int round = -10; round < rounds; ++round)
        for (std::size_t k = 0; k < all.size(); ++k) {
            const std::size_t i = (k + static_cast<std::size_t>(round + 10)) % all.size();
            const double begun = cpu_time();
            co_await all[i]->frames(frames_of_round);
            const double used = cpu_time() - begun;
            (void)traced.spans().take(4096);
            if (round >= 0) into[i].push_back(used / frames_of_round);
        }
    for (auto* s : all) s->leave();
}

/// What each has cost, as multiples of what the first did in the same round.
std::vector<double> ratios(const std::vector<double>& of, const std::vector<double>& to) {
    std::vector<double> all;
    for (std::size_t i = 0; i < of.size(); ++i) all.push_back(of[i] / to[i]);
    return all;
}

/// Of one span, in nanoseconds.
double begin_and_end(observe::tracer& t, const observe::trace_context& parent) {
    constexpr int batches = 50, batch = 2000;
    double used = 0;
    for (int i = 0; i < batches; ++i) {
        const double begun = cpu_time();
        for (int k = 0; k < batch; ++k) t.begin("stage", parent).end();
        used += cpu_time() - begun;
        (void)t.take(batch);
    }
    return used / (batches * batch);
}

double on_a_shard(const std::function<double()>& measured) {
    return rtai::run([](const std::function<double()>& f) -> task<double> { co_return f(); }(measured));
}

}  // namespace

/// What metrics and traces cost a frame on its way through a session.
void hot_path(sheet& s) {
    std::array<std::vector<double>, 3> cost;
    {
        gateway::watcher nobody;
        gateway::telemetry counts("bench", options_of(false)), all("bench", options_of(true));
        rtai::run([](gateway::watcher& none, gateway::telemetry& counting, gateway::telemetry& tracing,
                     std::array<std::vector<double>, 3>& into) -> task<> {
            scene a("off", none), b("metrics", counting), c("traces", tracing);
            const std::array<scene*, 3> three{&a, &b, &c};
            co_await join(a.run(), b.run(), c.run(), alternate(three, into, tracing));
        }(nobody, counts, all, cost));
    }
    const auto metrics = ratios(cost[1], cost[0]), traces = ratios(cost[2], cost[0]);
    s.show(
        "A frame to a session and back, in one program, with a turn every 100 frames; 300 short rounds by "
        "turns",
        "nanoseconds of CPU time",
        {{"hot_path_ns.off", "nothing counted or traced", role::bound, cost[0]},
         {"hot_path_ns.metrics", "metrics", role::ours, cost[1]},
         {"hot_path_ns.traces", "metrics, and all turns traced", role::ours, cost[2]}});
    s.show("The same, by what it costs without in the same round", "times",
           {{"hot_path_ratio.metrics", "metrics", role::ours, metrics},
            {"hot_path_ratio.traces", "metrics, and all turns traced", role::ours, traces}});

    observe::tracer::settings on;
    on.on = true;
    observe::tracer off, kept(on);
    on.share = 0;
    observe::tracer unkept(on);
    const auto some = [](observe::tracer& t) {
        return [&t] { return on_a_shard([&t] { return begin_and_end(t, observe::trace_context()); }); };
    };
    s.measure("A span, begun and ended", "nanoseconds of CPU time",
              {{"span_ns.kept", "kept", role::ours, {some(kept)}},
               {"span_ns.unkept", "not in the share", role::ours, {some(unkept)}},
               {"span_ns.off", "tracer off", role::bound, {some(off)}}});
    s.measure("A span, written for a collector", "nanoseconds of CPU time",
              {{"span_ns.otlp", "512 in a request", role::ours, {[&kept] {
                    return on_a_shard([&kept] {
                        for (int i = 0; i < 512; ++i) kept.begin("stage").end();
                        const auto taken = kept.take(512);
                        const double begun = cpu_time();
                        for (int i = 0; i < 10; ++i) (void)observe::to_otlp(taken, "bench");
                        return (cpu_time() - begun) / (10 * 512);
                    });
                }}}});
    s.at_most("CPU of a frame in a session, metrics against none", s["hot_path_ratio.metrics"], 1.1,
              " times");
    s.at_most("CPU of a frame in a session, metrics and traces against none", s["hot_path_ratio.traces"],
              1.15, " times");
}

}  // namespace bench
