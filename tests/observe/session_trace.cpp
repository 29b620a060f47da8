#include <algorithm>
#include <rtai/core/join.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/observe/session_trace.hpp>
#include <string>
#include <vector>

#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::observe;
using namespace std::chrono_literals;

namespace {

tracer::settings on(double share = 1) {
    tracer::settings s;
    s.on = true;
    s.share = share;
    return s;
}

trace_caller caller(const char* flags) {
    trace_caller c;
    c.context =
        *parse_traceparent(std::string("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-") + flags);
    c.state = "rojo=1";
    return c;
}

/// What a request to a peer says of its trace.
task<std::vector<std::string>> ask_peer() {
    co_await sleep_for(10ms);
    auto call = co_await begin_call("ask");
    std::vector<std::string> told;
    call.tell(
        [&](const std::string& name, const std::string& value) { told.push_back(name + ": " + value); });
    co_return told;
}

task<> work() {
    auto thinking = co_await begin_span("thinking");
    co_await sleep_for(20ms);
}

const span_record* find(const std::vector<span_record>& all, std::string_view name) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& s) { return s.name == name; });
    return found == all.end() ? nullptr : &*found;
}

}  // namespace

CO_TEST("a session is a part of its client's trace, its turns of it, and what they ask of them", "[trace]") {
    tracer t(on(0));  // the client has decided
    auto s = session_trace::begin(&t, caller("01"), "7f3a");
    REQUIRE(s);
    REQUIRE(s->id() == "4bf92f3577b34da6a3ce929d0e0e4736");
    auto asking = within_turn(1, ask_peer());
    auto told = co_await within_session(s.get(), std::move(asking));
    REQUIRE(told.size() == 2);
    REQUIRE(told[1] == "tracestate: rojo=1");
    traced_turn over({}, 1, now());
    over.times.thinking = 300ms;
    s->turn_over(over);
    s->turn_over(over);
    co_await within_session(s.get(), work());
    s->end();
    s->end();
    const auto spans = t.take(20);
    REQUIRE(spans.size() == 5);
    const auto &session = *find(spans, "session"), &turn = *find(spans, "turn"), &call = *find(spans, "ask"),
               &thinking = *find(spans, "thinking");
    for (const auto& one : spans) REQUIRE(to_text(one.context.trace) == s->id());
    REQUIRE(to_text(session.parent) == "00f067aa0ba902b7");
    REQUIRE(turn.parent == session.context.span);
    REQUIRE(call.parent == turn.context.span);
    REQUIRE(call.kind == span_kind::client);
    REQUIRE(told[0] == "traceparent: " + to_traceparent(call.context));
    REQUIRE(thinking.parent == turn.context.span);  // the stage was the first of that name
    REQUIRE(session.end - session.start == 30ms);
}

CO_TEST("a client that keeps no trace is not kept, and told on all the same", "[trace]") {
    tracer t(on());
    auto s = session_trace::begin(&t, caller("00"), "7f3a");
    REQUIRE(s->id().empty());
    auto told = co_await within_session(s.get(), ask_peer());
    REQUIRE(told.at(0).ends_with("-00"));
    s->end();
    REQUIRE(t.waiting() == 0);
}

CO_TEST("without a tracer a client's place is handed on as it is, and without both there is nothing",
        "[trace]") {
    auto s = session_trace::begin(nullptr, caller("01"), "7f3a");
    auto told = co_await within_session(s.get(), within_turn(1, ask_peer()));
    REQUIRE(told.at(0) == "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    tracer off;
    auto none = session_trace::begin(&off, trace_caller(), "7f3a");
    REQUIRE_FALSE(none);
    told = co_await within_session(none.get(), within_turn(1, ask_peer()));
    REQUIRE(told.empty());
    co_await work();
}

CO_TEST("what begins here is kept as the share says, and a session that fails says why", "[trace]") {
    tracer none(on(0)), all(on(1));
    auto unkept = session_trace::begin(&none, trace_caller(), "7f3a");
    unkept->end();
    REQUIRE(unkept->id().empty());
    REQUIRE(none.waiting() == 0);
    auto kept = session_trace::begin(&all, trace_caller(), "7f3a");
    kept->end("stt: it broke");
    const auto spans = all.take(9);
    REQUIRE(spans.size() == 1);
    REQUIRE(spans[0].failure == "stt: it broke");
    REQUIRE(to_text(spans[0].context.trace) == kept->id());
    REQUIRE_FALSE(spans[0].parent);
    co_return;
}

CO_TEST("turns that were not over when the session ended were cut off", "[trace]") {
    tracer t(on());
    {
        auto s = session_trace::begin(&t, trace_caller(), "7f3a");
        const auto first = s->turn(1);
        REQUIRE(s->turn(1) == first);
        for (epoch e = 2; e < 50; ++e) (void)s->turn(e);
        co_await sleep_for(1s);
    }
    const auto spans = t.take(100);
    REQUIRE(spans.size() == 50);
    REQUIRE(spans.back().name == "session");
    for (const auto& one : spans)
        if (one.name == "turn") REQUIRE(one.parent == spans.back().context.span);
}
