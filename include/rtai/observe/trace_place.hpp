#pragma once

#include <rtai/core/inherited.hpp>
#include <rtai/core/task.hpp>
#include <rtai/data/stamp.hpp>
#include <rtai/observe/trace.hpp>
#include <rtai/observe/trace_context.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace rtai::observe {

/// The turns of a conversation as places in its trace.
class traced_turns {
public:
    virtual trace_context turn(epoch of) = 0;

protected:
    ~traced_turns() = default;
};

/// What a task and all that it starts are part of: given with `with_inherited`, by a gateway to each session,
/// or by hand.
class trace_place {
public:
    /// The state is for peers, and is kept elsewhere.
    explicit trace_place(tracer& t, const trace_context& c, std::string_view state = {},
                         traced_turns* turns = nullptr) noexcept
        : tracer_(&t), context_(c), state_(state), turns_(turns) {}

    const trace_context& context() const noexcept { return context_; }
    std::string_view state() const noexcept { return state_; }

    span begin(std::string_view name, span_kind kind = span_kind::internal) const {
        return tracer_->begin(name, context_, kind);
    }

    bool has_turns() const noexcept { return turns_ != nullptr; }
    trace_place in_turn(epoch of) const { return trace_place(*tracer_, turns_->turn(of), state_, turns_); }

private:
    tracer* tracer_;
    trace_context context_;
    std::string_view state_;
    traced_turns* turns_;
};

/// A request to a peer, and what tells the peer of it. Dropping it ends it.
struct traced_call {
    traced_call() = default;
    observe::span span;
    std::string_view state;

    /// Calls `add(name, value)` for each header that the request is to have: none without a trace.
    template <class Add>
    void tell(Add&& add) const {
        if (!span.context()) return;
        add("traceparent", to_traceparent(span.context()));
        if (!state.empty()) add("tracestate", std::string(state));
    }
};

namespace detail {

class begin_span_await : public rtai::detail::inherited_await<trace_place> {
public:
    begin_span_await(std::string_view name, span_kind kind) noexcept : name_(name), kind_(kind) {}
    span await_resume() const {
        const auto* here = inherited_await::await_resume();
        return here != nullptr ? here->begin(name_, kind_) : span();
    }

private:
    std::string_view name_;
    span_kind kind_;
};

class begin_call_await : public rtai::detail::inherited_await<trace_place> {
public:
    explicit begin_call_await(std::string_view name) noexcept : name_(name) {}
    traced_call await_resume() const {
        traced_call c;
        if (const auto* here = inherited_await::await_resume()) {
            c.span = here->begin(name_, span_kind::client);
            c.state = here->state();
        }
        return c;
    }

private:
    std::string_view name_;
};

}  // namespace detail

/// A span in the trace that this task is part of; if it is in none, a span that costs nothing:
///
///     auto looking = co_await observe::begin_span("look up");
[[nodiscard]] inline detail::begin_span_await begin_span(std::string_view name,
                                                         span_kind kind = span_kind::internal) noexcept {
    return {name, kind};
}

/// The same for a request to a peer. For HTTP and gRPC it is done: see traced_http.hpp and rpc/client.hpp.
///
///     auto call = co_await observe::begin_call("ask the oracle");
///     call.tell([&](const char* name, std::string value) { headers.set(name, std::move(value)); });
[[nodiscard]] inline detail::begin_call_await begin_call(std::string_view name) noexcept {
    return detail::begin_call_await(name);
}

/// Runs `work` as a part of a turn of the conversation; of none, it is part of the session.
template <class T>
task<T> within_turn(epoch of, task<T> work) {
    const auto* here = co_await inherited<trace_place>();
    if (here == nullptr || !here->has_turns() || of == 0) co_return co_await std::move(work);
    auto turn = here->in_turn(of);
    co_return co_await with_inherited(turn, std::move(work));
}

}  // namespace rtai::observe
