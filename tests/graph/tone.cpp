#include <chrono>
#include <rtai/core/join.hpp>
#include <rtai/graph/elements/tone.hpp>
#include <utility>
#include <vector>

#include "graph/flow.hpp"
#include "support/co_test.hpp"
#include "support/sound.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

tone::options a_tone(duration length, bool paced) {
    tone::options o;
    o.frequency = hertz(1000);
    o.level = 0.25;
    o.length = length;
    o.paced = paced;
    return o;
}

}  // namespace

CO_TEST("a tone has the planned format, its pitch, its level and its length", "[tone]") {
    for (const audio_format format : {audio_format(48'000, 2, encoding::f32), audio_format(22'050)}) {
        tone t(a_tone(210ms, false));
        drain<audio> out(t.out, 64, format);
        co_await play(t);
        const auto got = out.take();
        std::vector<float> heard;
        for (const auto& piece : got) {
            REQUIRE(piece.format == format);
            append(heard, channel_of(piece, format.channels - 1U));
        }
        REQUIRE(got.size() == 11);
        REQUIRE(got.front().time() == 20ms);
        REQUIRE(in_sequence(got));
        REQUIRE(heard.size() == format.frames_in(210ms));
        REQUIRE(level_at(heard, format.rate, 1000) == Approx(0.25).epsilon(0.01));
        REQUIRE(pitch_of(heard, format.rate) == Approx(1000).epsilon(0.01));
        REQUIRE(out.ended());
    }
}

CO_TEST("a paced tone comes as fast as time goes by, also when it was held up", "[tone]") {
    tone t(a_tone(100ms, true));
    drain<audio> out(t.out, 1);
    std::vector<duration> when;
    auto listen = [&]() -> task<> {
        const time_point start = now();
        while (auto piece = co_await out.from().receive()) {
            when.push_back(piece->stamp.at - start);
            if (when.size() == 1) co_await sleep_for(50ms);
        }
    };
    co_await join(play(t), listen());
    REQUIRE(when == std::vector<duration>{0ms, 20ms, 40ms, 60ms, 80ms});
}

CO_TEST("an endless tone ends when nobody receives", "[tone]") {
    tone t(a_tone(0ms, true));
    drain<audio> out(t.out, 2);
    auto listen = [&]() -> task<> {
        for (int i = 0; i < 5; ++i) (void)co_await out.from().receive();
        out.leave();
    };
    co_await join(play(t), listen());
    REQUIRE_FALSE(t.out);
}

CO_TEST("a tone that is not wired makes nothing", "[tone]") {
    tone t(a_tone(0ms, false));
    co_await play(t);
    REQUIRE_FALSE(t.out);
}
