#pragma once

#include <algorithm>
#include <optional>
#include <rtai/core/clock.hpp>
#include <rtai/data/stamp.hpp>
#include <rtai/observe/trace.hpp>
#include <rtai/observe/turn_times.hpp>
#include <string_view>

namespace rtai::observe {

/// A turn that is over, as a trace has it.
struct traced_turn {
    traced_turn(std::string_view s, epoch e, time_point from) : session(s), of(e), begun(from), ended(from) {}
    std::string_view session;
    epoch of;
    time_point begun;  ///< when somebody stopped speaking
    time_point ended;  ///< the last that happened in it
    turn_times times;
    bool interrupted = false;
};

/// A span for a turn, and one for each of its parts. `as` is where in the trace it was said to be while it
/// went on, if it was. Returns where it is.
inline trace_context trace_turn(tracer& to, const trace_context& parent, const traced_turn& t,
                                const trace_context& as = {}) {
    auto turn = to.begin("turn", parent, span_kind::internal, t.begun, as);
    auto at = t.begun;
    if (turn.kept()) {
        turn.set({"session_id", t.session});
        turn.set({"turn", t.of});
        if (t.interrupted) turn.set({"interrupted", true});
        for_each_member<turn_times>([&](std::string_view name, auto part) {
            if (!(t.times.*part)) return;
            auto stage = to.begin(name, turn.context(), span_kind::internal, at);
            at += *(t.times.*part);
            stage.end(at);
        });
    }
    turn.end(std::max(at, t.ended));
    return turn.context();
}

}  // namespace rtai::observe
