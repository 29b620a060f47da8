#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <rtai/ai/vad/energy.hpp>
#include <span>
#include <string>
#include <vector>

#include "ai/hearing.hpp"
#include "ai/voice.hpp"
#include "core/allocations.hpp"
#include "graph/flow.hpp"
#include "support/co_test.hpp"
#include "support/sound.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

const std::vector<what> once{what::speech_start, what::speech_end};

/// How loud the voice is over this noise, in decibels.
double over_noise(double level) {
    const auto said = voice(16'000, 2 * 16'000);
    double sum = 0;
    for (const double s : said) sum += s * s;
    return 10 * std::log10(sum / static_cast<double>(said.size()) / (level * level / 3));
}

/// The level of noise over which the voice is so many decibels loud.
double noise_at(double decibels) { return std::pow(10, (over_noise(1) - decibels) / 20); }

hearing hear(const std::vector<std::int16_t>& samples, std::uint32_t rate = 16'000) {
    vad::energy v;
    return hear_all(v, samples, rate);
}

}  // namespace

TEST_CASE("a voice is heard over noise, from its start to its end", "[energy]") {
    for (const double decibels : {10.0, 15.0, 20.0, 40.0}) {
        CAPTURE(decibels);
        const auto samples = between_noise(16'000, 3s, 2s, noise_at(decibels));
        const auto heard = hear(samples);
        REQUIRE(heard.passed == samples.size());
        REQUIRE(kinds_of(heard.moments) == once);
        REQUIRE(near_to(heard.at(0), 3s, 150ms));
        REQUIRE(near_to(heard.at(1), 5s, 150ms));
        REQUIRE(heard.said[0] - heard.at(0) <= 60ms + 30ms);
        REQUIRE(heard.said[1] - heard.at(1) <= 500ms + 30ms);
    }
}

TEST_CASE("a voice little louder than the noise is heard, if in pieces", "[energy]") {
    const auto heard = hear(between_noise(16'000, 3s, 2s, noise_at(5)));
    REQUIRE(heard.moments.size() >= 2);
    REQUIRE(heard.moments.size() % 2 == 0);
    REQUIRE(near_to(heard.at(0), 3s, 150ms));
    REQUIRE(near_to(heard.at(heard.moments.size() - 1), 4600ms, 550ms));
}

TEST_CASE("any rate will do", "[energy]") {
    for (const std::uint32_t rate : {8'000U, 11'025U, 22'050U, 44'100U, 48'000U}) {
        CAPTURE(rate);
        const auto heard = hear(between_noise(rate, 2s, 1s, 0.002), rate);
        REQUIRE(kinds_of(heard.moments) == once);
        REQUIRE(near_to(heard.at(0), 2s, 150ms));
        REQUIRE(near_to(heard.at(1), 3s, 150ms));
    }
}

TEST_CASE("silence and steady noise of any level are not speech", "[energy]") {
    REQUIRE(hear(std::vector<std::int16_t>(10 * 16'000)).moments.empty());
    for (const double level : {0.0001, 0.01, 0.1, 0.9, 5.0}) {
        CAPTURE(level);
        REQUIRE(hear(between_noise(16'000, 10s, 0s, level)).moments.empty());
    }
}

TEST_CASE("an offset changes nothing", "[energy]") {
    for (const double offset : {-0.9, -0.3, 0.1, 0.5}) {
        CAPTURE(offset);
        REQUIRE(hear(std::vector<std::int16_t>(5 * 16'000, static_cast<std::int16_t>(offset * 32767)))
                    .moments.empty());
        const auto heard = hear(between_noise(16'000, 2s, 2s, 0.002, offset));
        REQUIRE(kinds_of(heard.moments) == once);
        REQUIRE(near_to(heard.at(0), 2s, 150ms));
        REQUIRE(near_to(heard.at(1), 4s, 150ms));
    }
}

TEST_CASE("the hum of the mains is no speech", "[energy]") {
    auto hum = between_noise(16'000, 3s, 2s, 0.002);
    for (std::size_t i = 0; i < hum.size(); ++i) {
        const double at = 2 * std::numbers::pi * 50 * static_cast<double>(i) / 16'000;
        hum[i] = static_cast<std::int16_t>(hum[i] + 2000 * std::sin(at) + 100 * std::sin(3 * at));
    }
    const auto heard = hear(hum);
    REQUIRE(kinds_of(heard.moments) == once);
    REQUIRE(near_to(heard.at(0), 3s, 150ms));
    REQUIRE(near_to(heard.at(1), 5s, 150ms));
}

TEST_CASE("a voice that clips is still a voice", "[energy]") {
    const auto heard = hear(between_noise(16'000, 2s, 2s, 0.02, 0, 30));
    REQUIRE(kinds_of(heard.moments) == once);
    REQUIRE(near_to(heard.at(0), 2s, 150ms));
    REQUIRE(near_to(heard.at(1), 4s, 150ms));
}

TEST_CASE("a click is not speech", "[energy]") {
    auto samples = between_noise(16'000, 5s, 0s, 0.002);
    for (std::size_t second = 1; second < 9; ++second)
        for (std::size_t i = 0; i < 16 * second; ++i)  // from 1 to 8 ms
            samples[second * 16'000 + i] = i % 2 == 0 ? 32767 : -32768;
    REQUIRE(hear(samples).moments.empty());
}

TEST_CASE("noise that becomes louder is taken for speech only until it is known", "[energy]") {
    auto samples = between_noise(16'000, 2s, 0s, 0.002);
    const auto louder = between_noise(16'000, 4s, 2s, 0.02);
    samples.insert(samples.end(), louder.begin(), louder.end());
    const auto heard = hear(samples);
    REQUIRE(kinds_of(heard.moments) ==
            std::vector{what::speech_start, what::speech_end, what::speech_start, what::speech_end});
    REQUIRE(near_to(heard.at(0), 4s, 50ms));
    REQUIRE(heard.at(1) - heard.at(0) <= 2300ms);
    REQUIRE(near_to(heard.at(2), 8s, 150ms));
    REQUIRE(near_to(heard.at(3), 10s, 150ms));
}

TEST_CASE("after a microphone was muted, its noise is no speech for long", "[energy]") {
    auto samples = between_noise(16'000, 2s, 0s, 0.01);
    std::fill_n(samples.begin() + 16'000, 2 * 16'000, std::int16_t{0});
    REQUIRE(hear(samples).moments.empty());
}

TEST_CASE("a voice at the very start of a call is heard, if late", "[energy]") {
    const auto heard = hear(between_noise(16'000, 0s, 3s, 0.002));
    REQUIRE(kinds_of(heard.moments) == once);
    REQUIRE(heard.at(0) < 700ms);
}

TEST_CASE("frames of any length give the same moments", "[energy]") {
    const auto samples = between_noise(16'000, 2s, 1s, 0.002);
    const auto usual = hear(samples);
    for (const duration frame : {duration(1ms), duration(7ms), duration(60ms), duration(1s), duration(10s)}) {
        vad::energy v;
        const auto heard = hear_all(v, samples, 16'000, frame);
        REQUIRE(kinds_of(heard.moments) == once);
        REQUIRE(heard.at(0) == usual.at(0));
        REQUIRE(heard.at(1) == usual.at(1));
        REQUIRE(heard.passed == samples.size());
    }
}

CO_TEST("frames of nothing are passed on and change nothing", "[energy]") {
    vad::energy v;
    feed<audio> in(v.in);
    drain<audio> out(v.out);
    drain<moment> speech(v.speech);
    for (int i = 0; i < 3; ++i) in.say(audio(audio_format(16'000), 0));
    in.end();
    co_await play(v);
    const auto passed = out.take();
    REQUIRE(passed.size() == 3);
    REQUIRE(in_sequence(passed));
    REQUIRE(speech.take().empty());
    REQUIRE(speech.ended());
}

CO_TEST("the start of speech comes before the sound in which it was found", "[energy]") {
    vad::energy::options o;
    o.start_after = 10ms;
    vad::energy v(o);
    feed<audio> in(v.in);
    channel<audio> passed(1);
    drain<moment> speech(v.speech);
    v.out.connect(passed.sender());
    const auto hum = sine(audio_format(16'000), 300, 640);
    audio hush(audio_format(16'000), 640);
    for (std::size_t i = 0; i < 640; ++i) hush.s16()[i] = static_cast<std::int16_t>(hum.s16()[i] / 200);
    in.say(hush);
    std::size_t frames = 0, known_at = 0;
    auto listen = [&](receiver<audio> from) -> task<> {
        while (auto piece = co_await from.receive()) {
            if (++frames == 1) in.say(hum);
            if (frames == 1) in.end();
            if (known_at == 0 && !speech.take().empty()) known_at = frames;
        }
    };
    auto heard = listen(passed.receiver());
    co_await join(play(v), std::move(heard));
    REQUIRE(frames == 2);
    REQUIRE(known_at == 2);
}

CO_TEST("when sound stops to come in mid-speech, speech ends all the same", "[energy]") {
    auto samples = between_noise(16'000, 300ms, 1s, 0.002);
    samples.resize(16 * 1000);
    vad::energy v;
    channel<audio> to(4);
    drain<moment> speech(v.speech);
    v.in.connect(to.receiver());
    std::vector<moment> got;
    duration held{};
    auto talk = [&](sender<audio> mouth) -> task<> {
        auto copy = mouth;
        co_await speak(std::move(copy), samples, 16'000, 50ms);
        co_await sleep_for(3s);
        got = speech.take();
        held = got.empty() ? duration{} : now() - got.back().stamp.at;
    };
    auto talking = talk(to.sender());
    co_await join(play(v), std::move(talking));
    REQUIRE(kinds_of(got) == once);
    REQUIRE(held >= 3s);
    REQUIRE(speech.take().empty());
}

CO_TEST("sound that is missing for long is silence", "[energy]") {
    const auto samples = between_noise(16'000, 300ms, 600ms, 0.002);
    vad::energy v;
    feed<audio> in(v.in);
    drain<moment> speech(v.speech);
    const time_point start = now();
    in.say(piece_of(std::span(samples).first(12'000), 16'000, start));
    in.say(piece_of(std::span(samples).last(160), 16'000, start + 5s));
    in.end();
    co_await play(v);
    const auto got = speech.take();
    REQUIRE(kinds_of(got) == once);
    REQUIRE(near_to(got[1].stamp.at - start, 750ms, 20ms));
}

CO_TEST("the stream's end is the end of speech, and moments are numbered", "[energy]") {
    const auto samples = between_noise(16'000, 300ms, 600ms, 0.002);
    vad::energy v;
    feed<audio> in(v.in);
    drain<moment> speech(v.speech);
    const time_point start = now();
    in.say(piece_of(std::span(samples).first(12'000), 16'000, start));
    in.end();
    co_await play(v);
    const auto got = speech.take();
    REQUIRE(kinds_of(got) == once);
    REQUIRE(in_sequence(got));
    REQUIRE(got[1].stamp.at - start <= 750ms);
    REQUIRE(speech.ended());
}

CO_TEST("it goes on while somebody wants the sound or the moments, and no longer", "[energy]") {
    vad::energy v;
    channel<audio> to(1);
    drain<audio> out(v.out, 64);
    drain<moment> speech(v.speech);
    v.in.connect(to.receiver());
    int sent = 0;
    auto talk = [&](sender<audio> mouth) -> task<> {
        for (; sent < 100; ++sent) {
            if (sent == 10) out.leave();
            if (sent == 20) speech.leave();
            if (!co_await mouth.send(audio(audio_format(16'000), 320))) co_return;
            co_await sleep_for(20ms);
        }
    };
    auto talking = talk(to.sender());
    co_await join(play(v), std::move(talking));
    // Nobody notices that the moments are not wanted before there is one.
    REQUIRE(sent >= 20);
}

TEST_CASE("a frame allocates nothing, in silence and in speech", "[energy]") {
    const auto half = between_noise(16'000, 2s, 2s, 0.002);
    auto samples = half;
    samples.insert(samples.end(), half.begin(), half.end());
    sim::world world(1);
    std::vector<std::size_t> at;
    std::vector<what> said;
    at.reserve(1000);
    said.reserve(10);
    vad::energy v;
    channel<audio> to(4), from(4);
    channel<moment> edges(4);
    v.in.connect(to.receiver());
    v.out.connect(from.sender());
    v.speech.connect(edges.sender());
    auto take = [&](receiver<audio> in, receiver<moment> speech) -> task<> {
        while (auto piece = co_await in.receive()) {
            at.push_back(test::allocations);
            while (auto m = speech.try_receive()) said.push_back(m->what);
        }
    };
    auto work = [&]() -> task<> {
        auto taking = take(from.receiver(), edges.receiver());
        co_await join(play(v), speak(to.sender(), samples, 16'000, 20ms), std::move(taking));
    };
    world.run(work());
    REQUIRE(said.size() == 4);
    REQUIRE(at.size() == 600);
    // The first time fills the pools.
    REQUIRE(at[590] == at[300]);
}

TEST_CASE("people are heard in recordings, from about the first word to the last", "[energy]") {
    const auto all = all_recordings();
    if (all.empty()) WARN("skipped: there are no recordings; Debian has them in pocketsphinx-testdata");
    for (const auto& r : all) {
        CAPTURE(r.name);
        const auto heard = hear(r.samples);
        const duration length = audio_format(16'000).time_of(r.samples.size());
        REQUIRE(heard.moments.size() % 2 == 0);
        REQUIRE(heard.spoken() > length * 3 / 10);
    }
}
