#include "grpc_stream.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "questions.hpp"

namespace bench {
namespace {

struct server_kind {
    const char* name;
    std::string label;
    enum role role;
};

std::optional<double> ratio(std::optional<double> a, std::optional<double> b) {
    if (!a || !b || *b <= 0) return std::nullopt;
    return *a / *b;
}

}  // namespace

/// A stream of gRPC against gRPC's own asynchronous interface.
void grpc_stream(sheet& s) {
    const std::array<server_kind, 3> kinds{{{"rtai", "rtai", role::ours},
                                            {"fused", "rtai, with sockets on the same thread", role::ours},
                                            {"bare", "gRPC's asynchronous C++ interface", role::peer}}};
    const std::size_t trips = s.asked().quick ? 1500 : 3000, messages = s.asked().quick ? 6000 : 15'000;
    std::vector<gathered> p50, p99, rate, cpu_one, cpu_many;
    for (const auto& k : kinds) {
        const auto add = [&](std::vector<gathered>& to, const std::string& key) {
            to.push_back({key + "." + k.name, k.label, k.role, {}});
        };
        add(p50, "grpc_round_trip_us.p50");
        add(p99, "grpc_round_trip_us.p99");
        add(rate, "grpc_messages_per_s.100_streams");
        add(cpu_one, "grpc_cpu_us_per_message.1_stream");
        add(cpu_many, "grpc_cpu_us_per_message.100_streams");
    }
    for (int round = 0; round < s.asked().rounds; ++round)
        for (std::size_t i = 0; i < kinds.size(); ++i) {
            const grpc_server_process server(kinds[i].name);
            {
                echo_client one(server.where, 1);
                (void)one.run(server, trips / 5);
                const auto f = one.run(server, trips);
                p50[i].samples.push_back(f.p50);
                p99[i].samples.push_back(f.p99);
                cpu_one[i].samples.push_back(f.server_cpu);
            }
            echo_client many(server.where, 100);
            (void)many.run(server, messages / 5);
            const auto f = many.run(server, messages);
            rate[i].samples.push_back(f.rate);
            cpu_many[i].samples.push_back(f.server_cpu);
        }
    s.show("A message of 640 bytes on a stream of gRPC and back: half of them take less", "microseconds",
           std::move(p50));
    s.show("The same: 99 % of them take less", "microseconds", std::move(p99));
    s.show("Messages over 100 streams, one under way on each", "a second, more is better", std::move(rate));
    s.show("CPU time of the server for a message, one stream", "microseconds", std::move(cpu_one));
    s.show("CPU time of the server for a message, 100 streams", "microseconds", std::move(cpu_many));
    const auto against_bare = [&](const std::string& key) {
        return ratio(s[key + ".rtai"], s[key + ".bare"]);
    };
    s.at_most("gRPC round trip, median, against the bare interface", against_bare("grpc_round_trip_us.p50"),
              1.15, " times");
    s.at_most("gRPC round trip, 99 %, the same", against_bare("grpc_round_trip_us.p99"), 1.15, " times");
    s.at_least("gRPC messages a second, the same", against_bare("grpc_messages_per_s.100_streams"), 1 / 1.15,
               " times");
    s.at_most("CPU a message on one stream, the same", against_bare("grpc_cpu_us_per_message.1_stream"), 1.15,
              " times");
    s.at_most("CPU a message on 100 streams, the same", against_bare("grpc_cpu_us_per_message.100_streams"),
              1.15, " times");
}

}  // namespace bench
