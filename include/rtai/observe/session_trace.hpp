#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <rtai/core/clock.hpp>
#include <rtai/core/shard.hpp>
#include <rtai/core/task.hpp>
#include <rtai/data/stamp.hpp>
#include <rtai/observe/trace.hpp>
#include <rtai/observe/trace_context.hpp>
#include <rtai/observe/trace_place.hpp>
#include <rtai/observe/turn_trace.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace rtai::observe {

/// A session in a trace: a span from its beginning to its end, a part of its client's if that has one, and
/// the turns as parts of it. For its shard.
class session_trace final : public traced_turns {
public:
    /// Null where nobody traces: then there is nothing to do. With a caller's trace and no tracer it only
    /// hands the caller's place on.
    static std::unique_ptr<session_trace> begin(tracer* to, trace_caller from, std::string_view session) {
        const bool kept = to != nullptr && to->on();
        if (!kept && !from.context) return nullptr;
        static tracer nobody;
        return std::make_unique<session_trace>(kept ? *to : nobody, std::move(from), session);
    }

    session_trace(tracer& to, trace_caller from, std::string_view session)
        : tracer_(to),
          session_(session),
          state_(std::move(from.state)),
          span_(to.begin("session", from.context, span_kind::server)),
          id_(span_.context().sampled ? to_text(span_.context().trace) : std::string()) {
        span_.set({"session_id", session_});
    }
    session_trace(const session_trace&) = delete;
    session_trace& operator=(const session_trace&) = delete;
    ~session_trace() { end(); }

    /// What the trace is called, to find it by; empty if nobody keeps it.
    const std::string& id() const noexcept { return id_; }
    const trace_context& context() const noexcept { return span_.context(); }
    trace_place place() noexcept { return trace_place(tracer_, context(), state_, this); }

    void set(const field& f) { span_.set(f); }

    /// Where a turn is, that goes on or will come.
    trace_context turn(epoch of) override { return known(of).context; }

    void turn_over(traced_turn t) {
        auto& k = known(t.of);
        if (std::exchange(k.told, true)) return;
        t.session = session_;
        (void)trace_turn(tracer_, context(), t, k.context);
    }

    /// Once. What turns are not over by now were cut off.
    void end(std::string_view failure = {}) {
        if (std::exchange(ended_, true)) return;
        for (auto& k : turns_) tell_cut_off(k);
        if (!failure.empty()) span_.fail(failure);
        span_.end();
    }

private:
    static constexpr std::size_t most_turns = 32;

    struct known_turn {
        known_turn(epoch e, const trace_context& c, time_point t) : of(e), context(c), since(t) {}
        epoch of;
        trace_context context;
        time_point since;
        bool told = false;
    };

    known_turn& known(epoch of) {
        const auto found =
            std::find_if(turns_.begin(), turns_.end(), [of](const auto& k) { return k.of == of; });
        if (found != turns_.end()) return *found;
        if (turns_.size() == most_turns) {
            tell_cut_off(turns_.front());
            turns_.pop_front();
        }
        return turns_.emplace_back(of, tracer_.reserve(context()), now());
    }

    void tell_cut_off(known_turn& k) {
        if (std::exchange(k.told, true)) return;
        auto turn = tracer_.begin("turn", context(), span_kind::internal, k.since, k.context);
        turn.set({"session_id", session_});
        turn.set({"turn", k.of});
        turn.set({"cut_off", true});
    }

    tracer& tracer_;
    std::string session_;
    std::string state_;
    span span_;
    std::string id_;
    std::deque<known_turn> turns_;
    bool ended_ = false;
};

/// Runs what a session does as a part of its trace, if it has one.
template <class T>
task<T> within_session(session_trace* s, task<T> work) {
    if (s == nullptr) return work;
    return [](session_trace& of, task<T> inside) -> task<T> {
        auto place = of.place();
        co_return co_await with_inherited(place, std::move(inside));
    }(*s, std::move(work));
}

}  // namespace rtai::observe
