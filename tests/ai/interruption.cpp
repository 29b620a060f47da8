#include <chrono>
#include <cstddef>
#include <cstdint>
#include <rtai/ai/stt/pocketsphinx.hpp>
#include <rtai/ai/turn/turn_taking.hpp>
#include <rtai/ai/vad/energy.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/graph/edge.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/elements/tee.hpp>
#include <rtai/graph/generated.hpp>
#include <string>
#include <utility>
#include <vector>

#include "ai/hearing.hpp"
#include "ai/noises.hpp"
#include "ai/voice.hpp"
#include "graph/flow.hpp"
#include "support/co_test.hpp"

// The machine is in the middle of an answer, and a microphone hears a recording of a person, or a noise.

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

/// A microphone, as fast as time goes by.
struct fake_microphone {
    explicit fake_microphone(std::vector<std::int16_t> s) : samples(std::move(s)) {}
    output<audio, rates<16'000>, channels<1>, encodings<encoding::s16>, can_wait> out;
    RTAI_DESCRIBE(fake_microphone, out)

    task<> run() {
        const time_point start = now();
        for (std::size_t i = 0; i + 320 <= samples.size(); i += 320) {
            co_await sleep_until(start + audio_format(16'000).time_of(i + 320));
            audio piece(audio_format(16'000), 320);
            std::copy_n(samples.begin() + static_cast<std::ptrdiff_t>(i), 320, piece.s16().begin());
            piece.stamp.at = start + audio_format(16'000).time_of(i);
            if (!co_await out.send(std::move(piece))) co_return;
        }
    }
    std::vector<std::int16_t> samples;
};

struct ears {
    explicit ears(std::vector<std::int16_t> samples) : microphone(std::move(samples)) {}

    turn talk;
    fake_microphone microphone;
    vad::energy detector;
    stt::pocketsphinx recogniser{stt::pocketsphinx::options()};
    turn_taking taking;
    rtai::tee<moment> split;
    edge<audio, block> heard, passed;
    edge<moment> speech, to_stt, to_taking;
    edge<text> words;

    task<> run() {
        heard.from(microphone.out);
        heard.into(detector.in);
        passed.from(detector.out);
        passed.into(recogniser.in);
        speech.from(detector.speech);
        speech.into(split.in);
        to_stt.from(split.out);
        to_stt.into(recogniser.speech);
        to_taking.from(split.out);
        to_taking.into(taking.speech);
        words.from(recogniser.out);
        words.into(taking.in);
        belong_to(talk, microphone, detector, recogniser, taking, split, heard, passed, speech, to_stt,
                  to_taking, words);
        co_await join(play(microphone), play(detector), play(recogniser), play(split), play(taking));
    }
};

struct outcome {
    bool interrupted = false;
    duration after{};  // since the person began to speak
    std::vector<std::string> said;
    int held = 0, let_go = 0;
};

/// What the machine's answer comes to when this is heard.
outcome hear(std::vector<std::int16_t> samples) {
    outcome o;
    in_world in(1);
    ears e(std::move(samples));
    drain<control> orders(e.taking.orders);
    drain<text> said(e.taking.out);
    auto all = [&]() -> task<> {
        const epoch answer = e.talk.begin();
        co_await e.run();
        const auto* r = e.talk.log().find(answer);
        o.interrupted = r != nullptr && r->interrupted;
        const auto* next = e.talk.log().find(answer + 1);
        if (o.interrupted && next != nullptr)
            o.after = *r->first(what::interruption) - *next->first(what::speech_start);
    };
    in.w.run(all());
    for (const auto& order : orders.take()) (order.order == order::pause ? o.held : o.let_go) += 1;
    o.said = words_of(said.take());
    return o;
}

bool can_run() {
    const auto there = available<stt::pocketsphinx>({});
    if (!there) WARN("skipped: " << there.error().message());
    if (there && all_recordings().empty())
        WARN("skipped: there are no recordings; Debian has them in pocketsphinx-testdata");
    return there && !all_recordings().empty();
}

std::vector<std::int16_t> quiet_with(const std::vector<double>& sound) {
    auto room = hush(16'000 * 6);
    add(room, sound, 16'000 * 2);
    return as_s16(room);
}

}  // namespace

TEST_CASE("somebody who speaks over the machine interrupts it", "[corpus]") {
    if (!can_run()) return;
    for (auto& r : all_recordings()) {
        if (r.name != "goforward.raw" && r.name != "something.raw") continue;
        CAPTURE(r.name);
        const auto o = hear(r.samples);
        REQUIRE(o.interrupted);
        REQUIRE(o.after < 1500ms);
        REQUIRE(o.said.size() == 1);
        REQUIRE(o.said[0].starts_with("go "));
    }
}

TEST_CASE("a cough, a click and a fan do not interrupt the machine, and it is not left waiting", "[corpus]") {
    if (!can_run()) return;
    for (const auto& noise : {cough(), click(), fan(16'000 * 3)}) {
        const auto o = hear(quiet_with(noise));
        REQUIRE_FALSE(o.interrupted);
        REQUIRE(o.said.empty());
        REQUIRE(o.let_go >= o.held);
    }
}
