#include <chrono>
#include <rtai/graph/turn_log.hpp>
#include <string>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;

namespace {

moment at(duration t, what w, epoch of = 1, std::string detail = {}) {
    moment m(w, std::move(detail));
    m.of = of;
    m.stamp.at = time_point() + t;
    return m;
}

}  // namespace

TEST_CASE("the parts of a turn's latency sum to the whole", "[turn log]") {
    turn_log log;
    log.note(at(1s, what::speech_start));
    log.note(at(2000ms, what::speech_end));
    log.note(at(2040ms, what::heard, 1, "what time is it"));
    log.note(at(2500ms, what::end_of_turn, 1, "what time is it"));
    log.note(at(2501ms, what::thinking));
    log.note(at(2800ms, what::first_token));
    log.note(at(2900ms, what::first_sentence));
    log.note(at(2960ms, what::first_audio));
    log.note(at(2962ms, what::playout_start));
    log.note(at(4s, what::playout_end));
    const auto* r = log.find(1);
    REQUIRE(r != nullptr);
    REQUIRE(r->asked == "what time is it");
    const auto l = r->latency();
    REQUIRE(l);
    REQUIRE(l->transcription == 40ms);
    REQUIRE(l->endpointing == 460ms);
    REQUIRE(l->thinking == 300ms);
    REQUIRE(l->sentence == 100ms);
    REQUIRE(l->synthesis == 60ms);
    REQUIRE(l->playout == 2ms);
    REQUIRE(l->total() == 962ms);
}

TEST_CASE("what was not told, or out of order, takes no time, and the sum stays", "[turn log]") {
    turn_log log;
    log.note(at(2000ms, what::speech_end));
    log.note(at(2700ms, what::heard));
    log.note(at(2500ms, what::end_of_turn));
    log.note(at(3100ms, what::first_audio));
    log.note(at(3000ms, what::playout_start));
    const auto l = log.find(1)->latency();
    REQUIRE(l);
    REQUIRE(l->endpointing == 0ms);
    REQUIRE(l->playout == 0ms);
    REQUIRE(l->total() == 1s);
}

TEST_CASE("a cough before somebody writes is no speech to count from", "[turn log]") {
    turn_log log;
    log.note(at(1s, what::speech_start));
    log.note(at(1100ms, what::speech_end));
    log.note(at(60s, what::end_of_turn, 1, "written"));
    log.note(at(61s, what::playout_start));
    REQUIRE_FALSE(log.find(1)->latency());
}

TEST_CASE("a turn of which nothing was heard has no latency", "[turn log]") {
    turn_log log;
    log.note(at(2000ms, what::speech_end));
    REQUIRE_FALSE(log.find(1)->latency());
    log.note(at(3s, what::playout_start, 2));
    REQUIRE_FALSE(log.find(2)->latency());
    REQUIRE(log.find(3) == nullptr);
}

TEST_CASE("a log keeps the last turns, and of each as much as there is room for", "[turn log]") {
    turn_log log;
    for (epoch e = 1; e <= turn_log::kept + 5; ++e) log.note(at(1s, what::speech_start, e));
    REQUIRE(log.records().size() == turn_log::kept);
    REQUIRE(log.records().front().of == 6);
    for (std::size_t i = 0; i < turn_log::most_moments + 7; ++i) log.note(at(1s, what::tool, 30));
    REQUIRE(log.find(30)->moments.size() == turn_log::most_moments);
    REQUIRE(log.find(30)->lost == 8);
}

TEST_CASE("whoever listens to a log hears everything until he stops, even while it is told", "[turn log]") {
    turn_log log;
    int first = 0, second = 0;
    log.listen(&first, [&](const moment&) {
        ++first;
        log.stop_listening(&first);
    });
    log.listen(&second, [&](const moment&) { ++second; });
    log.note(at(1s, what::speech_start));
    log.note(at(2s, what::speech_end));
    REQUIRE(first == 1);
    REQUIRE(second == 2);
    log.stop_listening(&second);
    log.note(at(3s, what::heard));
    REQUIRE(second == 2);
}
