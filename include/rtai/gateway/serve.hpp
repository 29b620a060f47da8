#pragma once

#include <rtai/core/task.hpp>
#include <rtai/gateway/converse.hpp>
#include <rtai/gateway/session.hpp>
#include <rtai/gateway/watcher.hpp>
#include <rtai/service/gateway.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace rtai::gateway {

/// Serves what the options name until the program is asked to end: in edge.hpp, which is long to compile, or
/// compiled already in the library rtai::edge.
task<> serve(service::host& h, std::string name, service::gateway::options with, run_session run);

}  // namespace rtai::gateway

#ifndef RTAI_EDGE_IS_COMPILED
#include <rtai/gateway/edge.hpp>
#endif

template <class Pipeline, class Wire>
rtai::task<> rtai::service::gateway::serve(host& h, std::string_view name, options with,
                                           typename Pipeline::options pipeline, Wire wire) {
    rtai::gateway::conversation_limits limits;
    limits.idle = with.session.idle;
    limits.text = with.session.text.bytes;
    auto run = [limits, pipeline = std::move(pipeline), wire](rtai::gateway::connection& c,
                                                              rtai::gateway::session& s,
                                                              rtai::gateway::watcher& w, event& stopping) {
        return rtai::gateway::converse<Pipeline>(c, s, w, stopping, limits, pipeline, wire);
    };
    return rtai::gateway::serve(h, std::string(name), std::move(with), std::move(run));
}
