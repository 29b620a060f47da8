#include <chrono>
#include <rtai/core/channel.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/graph/barge_in.hpp>
#include <rtai/graph/element.hpp>
#include <utility>
#include <vector>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;

namespace {

struct said {
    said(duration a, what w) : after(a), what(w) {}
    duration after;
    rtai::what what;
};

task<> speak(sender<moment> out, std::vector<said> all) {
    for (const auto& s : all) {
        co_await sleep_for(s.after);
        moment m(s.what);
        if (!co_await out.send(std::move(m))) co_return;
    }
}

/// How often the turn was interrupted by these moments.
task<epoch> interruptions(std::vector<said> all) {
    turn t;
    barge_in::options o;
    o.after = 100ms;
    barge_in b(o, t);
    channel<moment> between(4);
    b.in.connect(between.receiver());
    co_await join(speak(between.sender(), std::move(all)), play(b));
    co_return t.epoch() - 1;
}

std::vector<said> speech_of(duration length) {
    return {said(10ms, what::speech_start), said(length, what::speech_end)};
}

}  // namespace

CO_TEST("speech that goes on for long enough interrupts, a cough does not") {
    auto long_enough = co_await interruptions(speech_of(150ms));
    auto cough = co_await interruptions(speech_of(50ms));
    REQUIRE(long_enough == 1);
    REQUIRE(cough == 0);
}

CO_TEST("other moments do not put an interruption off") {
    std::vector<said> all = {said(0ms, what::speech_start)};
    for (int i = 0; i < 5; ++i) all.emplace_back(60ms, what::heard);
    all.emplace_back(10ms, what::speech_start);
    all.emplace_back(10ms, what::speech_end);
    auto count = co_await interruptions(std::move(all));
    REQUIRE(count == 1);
}

CO_TEST("each speech interrupts once") {
    auto all = speech_of(500ms);
    for (auto& more : speech_of(500ms)) all.push_back(more);
    auto count = co_await interruptions(std::move(all));
    REQUIRE(count == 2);
}
