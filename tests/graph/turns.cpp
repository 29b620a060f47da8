#include <chrono>
#include <rtai/core/join.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/graph/elements/turns.hpp>
#include <string>
#include <utility>
#include <vector>

#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

/// One turn: asked after a second, answered half a second later, with two seconds of sound, of which so
/// much is played.
task<> one_turn(turn& t, std::string asked, std::string answer, duration played) {
    t.voiced();
    const epoch of = t.upcoming();
    t.note(what::speech_start, of);
    co_await sleep_for(1s);
    t.note(what::speech_end, of);
    co_await sleep_for(100ms);
    t.note(what::heard, of);
    co_await sleep_for(400ms);
    t.note(what::end_of_turn, of, std::move(asked));
    (void)t.begin();
    t.note(what::thinking, of);
    co_await sleep_for(100ms);
    t.note(what::playout_start, of);
    auto& speech = t.log().record(of).speech;
    speech.begin(std::move(answer));
    speech.add(2s);
    speech.end();
    speech.close();
    t.finish(of);
    co_await sleep_for(played);
    speech.played(played);
    if (played < 2s) {
        t.interrupt();
        co_return;
    }
    t.note(what::playout_end, of);
}

}  // namespace

CO_TEST("a turn is told of when it is over: who said what, and where the time went", "[turns]") {
    turn t;
    turns::options o;
    o.as = turn_report::json;
    turns told(o);
    for_each_port(told, [&](std::string_view, auto& p) {
        if constexpr (requires { p.belong_to(t); }) p.belong_to(t);
    });
    feed<moment> end(told.in);
    drain<moment> moments(told.out);
    drain<text> reports(told.reports);
    drain<text> said(told.said);
    auto talk = [&]() -> task<> {
        co_await one_turn(t, "what time is it", "It is noon.", 2s);
        co_await sleep_for(1ms);
        const auto json = reports.take();
        REQUIRE(json.size() == 1);
        REQUIRE(
            json[0].words ==
            R"({"turn": 1, "asked": "what time is it", "heard": "It is noon.", "interrupted": false, )"
            R"("transcription_ms": 100.0, "endpointing_ms": 400.0, "thinking_ms": 0.0, "sentence_ms": 0.0, )"
            R"("synthesis_ms": 0.0, "playout_ms": 100.0, "total_ms": 600.0})");
        REQUIRE(words_of(said.take()) == words{"person: what time is it", "machine: It is noon."});
        co_await one_turn(t, "and \"now\"", "It is one o'clock.", 1s);
        end.end();
    };
    co_await join(told.run(), talk());
    REQUIRE(words_of(said.take()) == words{"person: and \"now\"", "machine: It is one (interrupted)"});
    REQUIRE(reports.take().at(0).words.find(
                R"("asked": "and \"now\"", "heard": "It is one", "interrupted": true)") != std::string::npos);
    const auto all = moments.take();
    REQUIRE(all.size() == 14);
    REQUIRE(all.back().what == what::interruption);
}

TEST_CASE("a waterfall shows each stage where it was, and their sum", "[turns]") {
    turn_record r(3);
    REQUIRE(waterfall_of(r) == "turn 3, from the end of speech to the first sound: none was heard");
    const auto at = [&](duration t, what w) {
        moment m(w);
        m.stamp.at = time_point() + t;
        r.moments.push_back(m);
    };
    at(0ms, what::speech_end);
    at(0ms, what::heard);
    at(500ms, what::end_of_turn);
    at(900ms, what::first_token);
    at(1s, what::playout_start);
    REQUIRE(waterfall_of(r) ==
            "turn 3, from the end of speech to the first sound:\n"
            "  transcription        0.0 ms  |                                        |\n"
            "  endpointing        500.0 ms  |####################                    |\n"
            "  thinking           400.0 ms  |                    ################    |\n"
            "  sentence             0.0 ms  |                                        |\n"
            "  synthesis            0.0 ms  |                                        |\n"
            "  playout            100.0 ms  |                                    ####|\n"
            "  total             1000.0 ms");
}
