#pragma once

#include <algorithm>
#include <rtai/core/task.hpp>
#include <rtai/data/schema.hpp>
#include <rtai/gateway/converse.hpp>
#include <rtai/gateway/session.hpp>
#include <rtai/gateway/watcher.hpp>
#include <rtai/observe/dependencies.hpp>
#include <rtai/service/gateway.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtai::gateway {

/// Serves what the options name until the program is asked to end: in edge.hpp, which is long to compile, or
/// compiled already in the library rtai::edge.
task<> serve(service::host& h, std::string name, service::gateway::options with, run_session run,
             std::vector<observe::need> needs);

namespace detail {

/// What the elements' options say of what they need, by the names of the elements. What one needs `otherwise`
/// counts when its first choice needs nothing.
template <class T>
void collect_needs(const T& options, std::string_view name, observe::needs& into) {
    if constexpr (requires { options.depends_on(into); }) {
        const auto is_known = [&](const observe::need& n) { return n.name == name; };
        if (std::any_of(into.all.begin(), into.all.end(), is_known)) return;
        into.name = name;
        options.depends_on(into);
    } else if constexpr (object_like<T>) {
        visit_members<T>(
            [&](std::string_view member, auto pointer) { collect_needs(options.*pointer, member, into); });
    }
}

}  // namespace detail

}  // namespace rtai::gateway

#ifndef RTAI_EDGE_IS_COMPILED
#include <rtai/gateway/edge.hpp>
#endif

template <class Pipeline, class Wire>
rtai::task<> rtai::service::gateway::serve(host& h, std::string_view name, options with,
                                           typename Pipeline::options pipeline, Wire wire) {
    rtai::observe::needs needs;
    rtai::gateway::detail::collect_needs(pipeline, {}, needs);
    rtai::gateway::conversation_limits limits;
    limits.idle = with.session.idle;
    limits.text = with.session.text.bytes;
    auto run = [limits, pipeline = std::move(pipeline), wire](rtai::gateway::connection& c,
                                                              rtai::gateway::session& s,
                                                              rtai::gateway::watcher& w, event& stopping) {
        return rtai::gateway::converse<Pipeline>(c, s, w, stopping, limits, pipeline, wire);
    };
    return rtai::gateway::serve(h, std::string(name), std::move(with), std::move(run), std::move(needs.all));
}
