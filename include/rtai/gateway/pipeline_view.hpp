#pragma once

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <rtai/core/clock.hpp>
#include <rtai/data/json.hpp>
#include <rtai/gateway/detail/figures.hpp>
#include <rtai/gateway/session.hpp>
#include <rtai/gateway/watcher.hpp>
#include <rtai/graph/generated.hpp>
#include <rtai/service/conversation.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// What operators see of a session: its pipeline's elements, wires and turns.

namespace rtai::gateway {

/// A pipeline as those see it who need not know which one it is.
struct pipeline_view {
    using edge_visit = std::function<void(const edge_ends&, std::string_view type, const channel_stats&)>;

    rtai::turn* turn = nullptr;  ///< if it has one
    std::function<void(const edge_visit&)> edges;
};

template <class Pipeline>
pipeline_view view_of(Pipeline& p) {
    pipeline_view v;
    if constexpr (requires { p.turn.log(); }) v.turn = &p.turn;
    if constexpr (requires { p.each_edge([](const edge_ends&, const auto&) {}); })
        v.edges = [&p](const pipeline_view::edge_visit& visit) {
            p.each_edge([&](const edge_ends& ends, const auto& edge) {
                using T = typename std::remove_cvref_t<decltype(edge)>::value_type;
                visit(ends, type_name<T>(), edge.stats());
            });
        };
    return v;
}

/// Tells a watcher what has changed in a pipeline's wires since the last look.
class edge_watch {
public:
    /// Of a pipeline that has ended nothing waits any more.
    void look(const pipeline_view& view, const session& s, watcher& tell, bool alive) {
        if (!view.edges) return;
        std::size_t i = 0;
        view.edges([&](const edge_ends& e, std::string_view, const channel_stats& stats) {
            if (i == seen_.size()) seen_.push_back({e.name});
            auto& before = seen_[i++];
            const auto depth = alive ? stats.depth : 0;
            const auto deeper = static_cast<std::int64_t>(depth) - static_cast<std::int64_t>(before.depth);
            if (deeper != 0 || stats.dropped != before.dropped)
                tell.edge(s, e.name, deeper, stats.dropped - before.dropped);
            before.depth = depth;
            before.dropped = stats.dropped;
        });
    }

private:
    struct seen {
        std::string name;
        std::uint64_t dropped = 0;
        std::size_t depth = 0;
    };
    std::vector<seen> seen_;
};

namespace detail {

inline json::object edge_json(const edge_ends& e, const std::string& from, std::string_view type,
                              const channel_stats& s) {
    json::object edge;
    edge["name"] = e.name;
    edge["from"] = from;
    edge["to"] = e.to;
    edge["type"] = type.substr(type.rfind(':') + 1);
    edge["depth"] = s.depth;
    edge["capacity"] = s.capacity;
    edge["high"] = s.high_water;
    edge["sent"] = s.sent;
    edge["dropped"] = s.dropped;
    edge["flushed"] = s.flushed;
    return edge;
}

inline json::object turn_json(const turn_record& r, time_point since) {
    json::object turn;
    turn["turn"] = r.of;
    turn["asked"] = r.asked;
    turn["said"] = r.speech.empty() ? std::string() : r.speech.heard();
    turn["interrupted"] = r.interrupted;
    if (const auto l = r.latency()) turn["latency"] = latency_json(*l);
    json::array moments;
    for (const auto& m : r.moments) {
        json::object one;
        one["event"] = name_of(m.what);
        one["at"] = seconds(m.stamp.at - since);
        one["detail"] = m.detail;
        moments.push_back(std::move(one));
    }
    turn["moments"] = std::move(moments);
    return turn;
}

}  // namespace detail

/// All about a session, for its shard only.
inline json::object about_session(const session& s, const service::conversation& ends,
                                  const pipeline_view& view) {
    json::object all;
    all["id"] = s.id;
    if (const auto trace = s.trace_id(); !trace.empty()) all["trace"] = trace;
    if (ends.audio_in) {
        const auto in = ends.audio_in.stats();
        all["sound_in"] = {{"depth", in.depth}, {"sent", in.sent}, {"dropped", in.dropped}};
    }
    json::array edges;
    std::vector<std::string> elements;
    const auto meet = [&](const std::string& name) {
        if (std::find(elements.begin(), elements.end(), name) == elements.end()) elements.push_back(name);
    };
    if (view.edges)
        view.edges([&](const edge_ends& e, std::string_view type, const channel_stats& stats) {
            for (const auto& from : e.from) {
                meet(from);
                meet(e.to);
                edges.push_back(detail::edge_json(e, from, type, stats));
            }
        });
    json::array names;
    for (const auto& e : elements) names.push_back(json::object{{"name", e}});
    all["elements"] = std::move(names);
    all["edges"] = std::move(edges);
    json::array turns;
    if (view.turn != nullptr)
        for (const auto& r : view.turn->log().records()) turns.push_back(detail::turn_json(r, s.since));
    all["turns"] = std::move(turns);
    return all;
}

}  // namespace rtai::gateway
