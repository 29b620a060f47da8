#pragma once

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstddef>
#include <rtai/core/clock.hpp>
#include <rtai/core/shard.hpp>
#include <rtai/core/version.hpp>
#include <rtai/data/json.hpp>
#include <rtai/gateway/detail/figures.hpp>
#include <rtai/gateway/front.hpp>
#include <rtai/observe/dependencies.hpp>
#include <string>
#include <utility>

// What probes and operators are told of a gateway.

namespace rtai::gateway {

namespace detail {

/// Where a dependency is and what is wrong there is nobody's business but the operators'.
inline json::object dependency_json(const observe::dependencies::state& s, time_point at, bool in_full) {
    json::object one{{"name", s.of.name}};
    one["ok"] = s.ok ? json::value(*s.ok) : json::value(nullptr);
    if (!in_full) return one;
    one[s.of.what == observe::need::kind::file ? "file" : "address"] = s.of.place;
    if (s.ok.value_or(true)) return one;
    one["error"] = s.failure;
    one["seconds_ago"] = seconds(std::max(duration::zero(), at - s.failed_at));
    return one;
}

}  // namespace detail

/// Of a gateway that lives, whatever it can do just now.
inline json::object health_json(front& f, bool in_full) {
    const auto at = now();
    json::array needs;
    bool well = true;
    for (const auto& d : f.depends_on().look(at)) {
        well = well && d.ok.value_or(true);
        needs.push_back(detail::dependency_json(d, at, in_full));
    }
    json::object connections{{"http", f.connections.load()},
                             {"websocket", f.sessions().over("websocket")},
                             {"grpc", f.sessions().over("grpc")},
                             {"grpc_web", f.sessions().over("grpc-web")}};
    return {{"status", f.draining() ? "draining"
                       : well       ? "ok"
                                    : "degraded"},
            {"service", f.name()},
            {"version", version},
            {"uptime", f.uptime()},
            {"sessions", f.sessions().size()},
            {"sessions_max", f.options().session.max},
            {"draining", f.draining()},
            {"connections", std::move(connections)},
            {"depends_on", std::move(needs)}};
}

/// Why a balancer should send nobody here; empty: it may.
inline std::string not_ready(front& f) {
    if (f.draining()) return "the server is about to stop";
    if (f.sessions().size() >= f.options().session.max) return "all sessions are taken";
    return {};
}

inline json::object sessions_json(front& f) {
    json::array all;
    const auto at = now();
    for (const auto& s : f.sessions().all())
        all.push_back(json::object{{"id", s->id},
                                   {"client", s->client},
                                   {"transport", s->transport},
                                   {"pipeline", s->pipeline},
                                   {"since", detail::seconds(at - s->since)},
                                   {"state", name_of(s->state.load())},
                                   {"turns", s->turns.load()},
                                   {"bytes_in", s->bytes_in.load()},
                                   {"bytes_out", s->bytes_out.load()}});
    json::object totals{{"sessions", f.sessions().begun()},
                        {"turns", f.sessions().turns()},
                        {"refused", f.sessions().refused()}};
    return {{"service", f.name()},      {"version", version},         {"uptime", f.uptime()},
            {"draining", f.draining()}, {"sessions", std::move(all)}, {"totals", std::move(totals)}};
}

}  // namespace rtai::gateway
