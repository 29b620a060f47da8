#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "party.hpp"
#include "questions.hpp"
#include "trips.hpp"

namespace bench {
namespace {

using namespace std::chrono_literals;

struct way {
    const char* name;
    const char* label;
    enum role role;
    carrier over;
    const char* server;
};

constexpr std::array<way, 4> ways{{
    {"websocket", "rtai's gateway, WebSocket", role::ours, carrier::websocket, "gateway usual"},
    {"grpc", "rtai's gateway, gRPC", role::ours, carrier::grpc, "gateway usual"},
    {"bare_grpc", "gRPC's C++ interface, an echo", role::peer, carrier::bare_grpc, "grpc"},
    {"tcp", "TCP, an echo with epoll", role::bound, carrier::tcp, "tcp"},
}};

void ask(sheet& s, std::size_t sessions) {
    const int rounds = std::min(s.asked().rounds, 3);
    const auto how_long = s.asked().quick ? 1000ms : 1400ms;
    std::vector<gathered> p50, p99, cpu, back;
    const std::string of = "." + std::to_string(sessions) + "_sessions.";
    for (const auto& w : ways) {
        p50.push_back({"sound_round_trip_us.p50" + of + w.name, w.label, w.role, {}});
        p99.push_back({"sound_round_trip_us.p99" + of + w.name, w.label, w.role, {}});
        cpu.push_back({"sound_cpu_us_per_session_s" + of + w.name, w.label, w.role, {}});
        back.push_back({"sound_came_back" + of + w.name, w.label, w.role, {}});
    }
    for (int round = 0; round < rounds; ++round)
        for (std::size_t i = 0; i < ways.size(); ++i) {
            const auto server = server_process::own(ways[i].server);
            const auto p = hold_party(ways[i].over, server, sessions, how_long);
            p50[i].samples.push_back(share_of(p->trips, 0.5));
            p99[i].samples.push_back(share_of(p->trips, 0.99));
            cpu[i].samples.push_back(p->cpu_of_session);
            back[i].samples.push_back(p->came_back * 100);
        }
    const std::string who = sessions == 1 ? "one session" : std::to_string(sessions) + " sessions";
    s.show("A frame of 20 ms to the server and back, " + who + ": half of them take less", "microseconds",
           std::move(p50));
    s.show("The same: 99 % of them take less", "microseconds", std::move(p99));
    s.show("CPU time of the server for each session, " + who, "microseconds a second", std::move(cpu));
    s.show("Frames that came back in time, " + who, "% of those due, more is better", std::move(back));
}

}  // namespace

/// Sound through a gateway whose pipeline sends it back at once, at the pace of a conversation.
void sound(sheet& s) {
    for (const std::size_t sessions : {1U, 100U, 500U}) {
        if (s.asked().quick && sessions == 500) break;
        ask(s, sessions);
    }
    // What the service that this one follows is said to take is 50 to 100 ms.
    s.at_most("a frame over a WebSocket and back, 100 sessions, 99 %",
              s["sound_round_trip_us.p99.100_sessions.websocket"], 10'000, " us");
    s.at_most("a frame over gRPC and back, 100 sessions, 99 %",
              s["sound_round_trip_us.p99.100_sessions.grpc"], 10'000, " us");
}

}  // namespace bench
