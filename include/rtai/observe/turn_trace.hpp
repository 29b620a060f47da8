#pragma once

#include <optional>
#include <rtai/core/clock.hpp>
#include <rtai/observe/trace.hpp>
#include <rtai/observe/turn_times.hpp>
#include <string_view>

namespace rtai::observe {

/// A span for a turn that is over, and one for each of its parts. `begun` is when somebody stopped speaking.
/// Returns where in the trace the turn is.
inline trace_context trace_turn(tracer& to, const trace_context& parent, std::string_view session,
                                time_point begun, const turn_times& times) {
    const auto total = times.total().value_or(duration::zero());
    auto turn = to.begin("turn", parent, span_kind::internal, begun);
    if (turn.kept()) {
        turn.set({"session_id", session});
        auto at = begun;
        for_each_member<turn_times>([&](std::string_view name, auto part) {
            if (!(times.*part)) return;
            auto stage = to.begin(name, turn.context(), span_kind::internal, at);
            at += *(times.*part);
            stage.end(at);
        });
    }
    turn.end(begun + total);
    return turn.context();
}

}  // namespace rtai::observe
