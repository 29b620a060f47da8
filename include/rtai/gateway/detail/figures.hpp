#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <rtai/core/clock.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/json.hpp>
#include <rtai/graph/turn_log.hpp>
#include <string_view>

// Times as clients and operators are told them.

namespace rtai::gateway::detail {

inline double seconds(duration d) noexcept { return std::chrono::duration<double>(d).count(); }

inline json::object latency_json(const turn_latency& l) {
    json::object all;
    for_each_member<turn_latency>(
        [&](std::string_view name, auto member) { all[name] = seconds(l.*member); });
    all["total"] = seconds(l.total());
    return all;
}

}  // namespace rtai::gateway::detail
