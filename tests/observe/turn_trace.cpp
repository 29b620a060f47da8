#include <catch2/catch.hpp>
#include <map>
#include <rtai/core/timer.hpp>
#include <rtai/observe/turn_trace.hpp>
#include <string>

#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::observe;
using namespace std::chrono_literals;

CO_TEST("a turn is a span, and each of its parts one, end to end", "[trace]") {
    static constexpr span_record::calendar_time noon{std::chrono::seconds(1'800'000'000)};
    tracer::settings s;
    s.on = true;
    s.clock = [] { return noon; };
    tracer t(s);
    const auto begun = now();
    co_await sleep_for(1s);
    turn_times times;
    times.transcription = 100ms;
    times.thinking = 300ms;
    times.playout = 50ms;
    const trace_context nobody;
    traced_turn over("7f3a", 3, begun);
    over.times = times;
    const auto where = trace_turn(t, nobody, over);
    std::map<std::string, span_record> spans;
    for (auto& r : t.take(10)) spans[r.name] = r;
    REQUIRE(spans.size() == 4);
    const auto is = [&](const char* name, duration from, duration to) {
        return spans[name].start == noon - 1s + from && spans[name].end == noon - 1s + to;
    };
    REQUIRE(is("turn", 0ms, 450ms));
    REQUIRE(is("transcription", 0ms, 100ms));
    REQUIRE(is("thinking", 100ms, 400ms));
    REQUIRE(is("playout", 400ms, 450ms));
    REQUIRE(spans["thinking"].parent == spans["turn"].context.span);
    REQUIRE(spans["turn"].context == where);
    REQUIRE(std::get<std::string>(spans["turn"].attributes.at(0).second) == "7f3a");
    tracer off;
    REQUIRE_FALSE(trace_turn(off, nobody, over));
    REQUIRE_FALSE(turn_times().total());
}

CO_TEST("a turn goes on to the last that happened in it, and is where it was said to be", "[trace]") {
    tracer::settings s;
    s.on = true;
    tracer t(s);
    auto session = t.begin("session");
    const auto place = t.reserve(session.context());
    REQUIRE(place.trace == session.context().trace);
    REQUIRE_FALSE(place.span == session.context().span);
    traced_turn over("7f3a", 3, now());
    over.ended = over.begun + 2s;
    over.times.thinking = 300ms;
    over.interrupted = true;
    co_await sleep_for(3s);
    REQUIRE(trace_turn(t, session.context(), over, place) == place);
    const auto spans = t.take(10);
    REQUIRE(spans.size() == 2);
    REQUIRE(spans[0].parent == place.span);
    REQUIRE(spans[1].context == place);
    REQUIRE(spans[1].parent == session.context().span);
    REQUIRE(spans[1].end - spans[1].start == 2s);
    REQUIRE(spans[1].attributes.size() == 3);
}
