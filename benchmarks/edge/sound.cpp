#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../support/measures.hpp"
#include "party.hpp"
#include "questions.hpp"

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
    {"bare_grpc", "gRPC's C++ interface, an echo", role::peer, carrier::bare_grpc, "grpc bare"},
    {"tcp", "TCP, an echo with epoll", role::bound, carrier::tcp, "tcp"},
}};

struct row {
    const char* key;
    std::string title;
    const char* unit;
    double (*of)(party_figures&);
};

/// What there is to say of a party.
std::vector<row> rows(const std::string& who) {
    return {
        {"sound_round_trip_us.p50", "A frame of 20 ms to the server and back, " + who + ": half take less",
         "microseconds", [](party_figures& f) { return share_of(f.trips, 0.5); }},
        {"sound_round_trip_us.p99", "The same: 99 % take less", "microseconds",
         [](party_figures& f) { return share_of(f.trips, 0.99); }},
        {"sound_own_us.p50", "Of it in the server, from frame read to answer written: half take less",
         "microseconds", [](party_figures& f) { return f.own_p50; }},
        {"sound_own_us.p99", "The same: 99 % take less", "microseconds",
         [](party_figures& f) { return f.own_p99; }},
        {"sound_cpu_us_per_session_s", "CPU time of the server for each session, " + who,
         "microseconds a second", [](party_figures& f) { return f.cpu_of_session; }},
        {"sound_server_processors", "Processors at work for the server, " + who, "of all there are",
         [](party_figures& f) { return f.server_processors; }},
        {"sound_client_processors", "Processors at work for its clients", "of all there are",
         [](party_figures& f) { return f.client_processors; }},
        {"sound_idle_processors", "Processors at work for nobody", "of all there are",
         [](party_figures& f) { return f.idle_processors; }},
        {"sound_late_us.p99", "How late clients were to send a frame, 99 % less", "microseconds",
         [](party_figures& f) { return f.late; }},
        {"sound_came_back", "Frames that came back in time, " + who, "% of those due, more is better",
         [](party_figures& f) { return f.came_back * 100; }},
    };
}

/// Who is the limit: server and clients are on one machine.
void say_who_was_busy(const sheet& s, const std::string& of, const std::string& who) {
    const double all = std::thread::hardware_concurrency();
    std::string words = who + ": server and clients share the " + short_number(all) +
                        " processors, of whose time in % (server, clients, idle; the rest is others')";
    for (const auto& w : ways) {
        const auto share = [&](const char* key) { return s[key + of + w.name].value_or(0) / all * 100; };
        const double server = share("sound_server_processors"), clients = share("sound_client_processors"),
                     idle = share("sound_idle_processors");
        words += "\n  " + std::string(w.label) + ": " + short_number(server) + ", " + short_number(clients) +
                 ", " + short_number(idle);
        if (idle > 10) continue;
        const double others = 100 - server - clients - idle;
        words += others > std::max(server, clients) ? ": too much else was going on"
                 : clients > server                 ? ": the clients are the limit"
                                                    : ": the server is the limit";
    }
    s.note(words);
}

void ask(sheet& s, std::size_t sessions) {
    const int rounds = std::min(s.asked().rounds, 3);
    const auto how_long = s.asked().quick ? 1000ms : sessions == 1 ? 4000ms : 1400ms;
    const std::string of = "." + std::to_string(sessions) + "_sessions.";
    const std::string who = sessions == 1 ? "one session" : std::to_string(sessions) + " sessions";
    const auto wanted = rows(who);
    std::vector<std::vector<gathered>> all(wanted.size());
    for (std::size_t r = 0; r < wanted.size(); ++r)
        for (const auto& w : ways) all[r].push_back({wanted[r].key + of + w.name, w.label, w.role, {}});
    for (int round = 0; round < rounds; ++round)
        for (std::size_t i = 0; i < ways.size(); ++i) {
            const auto server = server_process::own(ways[i].server);
            auto f = hold_party(ways[i].over, server, sessions, how_long);
            for (std::size_t r = 0; r < wanted.size(); ++r) all[r][i].samples.push_back(wanted[r].of(f));
        }
    for (std::size_t r = 0; r < wanted.size(); ++r)
        s.show(wanted[r].title, wanted[r].unit, std::move(all[r]));
    say_who_was_busy(s, of, who);
}

}  // namespace

/// Sound through a gateway whose pipeline sends it back at once, at the pace of a conversation.
void sound(sheet& s) {
    for (const std::size_t sessions : {1U, 100U, 500U}) ask(s, sessions);
    // What the service that this one follows is said to take is 50 to 100 ms.
    for (const std::string sessions : {"100", "500"})
        for (const std::string over : {"websocket", "grpc"})
            s.at_most("a frame over " + over + " and back, " + sessions + " sessions, 99 %",
                      s["sound_round_trip_us.p99." + sessions + "_sessions." + over], 10'000, " us");
    const auto own = s["sound_own_us.p99.500_sessions.grpc"];
    s.at_most("a frame over grpc in the server alone, 500 sessions, 99 %", own, 10'000, " us");
}

}  // namespace bench
