#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <rtai/ai/stt/recogniser.hpp>
#include <rtai/ai/stt/transcriber.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/graph/turn.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ai/voice.hpp"
#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

/// Each sample says how many came before it, so that one sees what was heard.
constexpr std::int16_t sample_at(std::size_t n) { return static_cast<std::int16_t>(n); }

std::size_t samples_in(duration t) { return audio_format(16'000).frames_in(t); }

/// What of the sound somebody was given.
struct heard_part {
    bool operator==(const heard_part&) const = default;
    duration from, to;
};

/// Says how many samples it heard, as its words.
struct fake_recogniser {
    task<result<text>> recognise(stt::utterance& u) {
        const std::size_t number = utterances.size();
        utterances.emplace_back();
        for (;;) {
            const auto part = co_await u.next(1600);
            utterances[number].insert(utterances[number].end(), part.begin(), part.end());
            if (fails_after != 0 && utterances[number].size() >= fails_after)
                co_return error(std::errc::connection_reset, "the fake server");
            if (part.size() < 1600) break;
            if (slowness > duration()) co_await sleep_for(slowness);
            if (guesses) u.guess("word " + std::to_string(utterances[number].size() / 8000));
        }
        co_await sleep_for(thinks);
        text said(wordless ? "" : "utterance " + std::to_string(number));
        said.timing.emplace_back("utterance", 250ms, 400ms);
        said.timing.emplace_back("number", 500ms, 900ms);
        co_return said;
    }

    heard_part part(std::size_t n) const {
        const auto& samples = utterances.at(n);
        if (samples.empty()) return {};
        for (std::size_t i = 1; i < samples.size(); ++i)
            if (samples[i] != sample_at(static_cast<std::uint16_t>(samples[0]) + i)) return {-1s, -1s};
        const audio_format f(16'000);
        const std::size_t first = static_cast<std::uint16_t>(samples.front());
        return {f.time_of(first), f.time_of(first + samples.size())};
    }

    std::vector<std::vector<std::int16_t>> utterances;
    duration thinks{};
    duration slowness{};  // for 100 ms of sound
    std::size_t fails_after = 0;
    bool guesses = false;
    bool wordless = false;
};

/// An edge of speech, and when it is noticed.
struct scripted {
    what kind;
    duration at;
    duration noticed;
};

scripted starts(duration at, duration later = 60ms) { return {what::speech_start, at, at + later}; }
scripted ends(duration at, duration later = 500ms) { return {what::speech_end, at, at + later}; }

template <class... Edges>
std::vector<scripted> script(Edges... edges) {
    std::vector<scripted> all;
    (all.push_back(edges), ...);
    return all;
}

/// A recogniser between a detector of speech that follows a script, and what comes out.
struct scene {
    explicit scene(stt::limits l = {}) : limits(l) {}

    task<> play(duration length, std::vector<scripted> script) {
        channel<audio> sound(64);
        channel<moment> edges(8), told(8);
        channel<text> said(64);
        in.connect(sound.receiver(), audio_format(16'000));
        speech.connect(edges.receiver());
        out.connect(said.sender());
        events.connect(told.sender());
        if (pre_roll) {
            turn_options o;
            o.pre_roll = *pre_roll;
            turn.emplace(o);
            out.belong_to(*turn);
        }
        start = now();
        co_await join(speak(sound.sender(), edges.sender(), length, std::move(script)), hear(),
                      note_arrivals(said.receiver(), texts), note_arrivals(told.receiver(), failures));
    }

    task<> hear() {
        {
            stt::transcriber<fake_recogniser> ear(in, speech, out, events, recogniser, limits);
            co_await ear.run();
        }
        out.disconnect();
        events.disconnect();
    }

    task<> speak(sender<audio> sound, sender<moment> edges, duration length, std::vector<scripted> script) {
        const audio_format f(16'000);
        std::size_t next = 0;
        for (duration t{}; t < length; t += 20ms) {
            if (t >= silent_from && t < silent_until) continue;
            co_await sleep_until(start + t + 20ms);
            for (; next < script.size() && script[next].noticed <= t + 20ms; ++next) {
                moment m(script[next].kind);
                m.stamp.at = start + script[next].at;
                if (!co_await edges.send(std::move(m))) co_return;
            }
            audio piece(f, samples_in(20ms));
            for (std::size_t i = 0; i < piece.frames(); ++i) piece.s16()[i] = sample_at(samples_in(t) + i);
            piece.stamp.at = start + t;
            if (!co_await sound.send(std::move(piece))) co_return;
        }
        for (; next < script.size(); ++next) {
            moment m(script[next].kind);
            m.stamp.at = start + script[next].at;
            if (!co_await edges.send(std::move(m))) co_return;
        }
        if (lingers > duration()) co_await sleep_for(lingers);
    }

    std::vector<text> finals() const { return kind(true); }
    std::vector<text> guesses() const { return kind(false); }
    std::vector<text> kind(bool last) const {
        std::vector<text> some;
        for (const auto& a : texts)
            if (a.value.final == last) some.push_back(a.value);
        return some;
    }

    stt::limits limits;
    fake_recogniser recogniser;
    std::optional<std::chrono::milliseconds> pre_roll;
    duration silent_from{}, silent_until{};  // no sound comes at all
    duration lingers{};                      // after the last sound
    stt::sound_input in;
    input<moment> speech;
    output<text> out;
    output<moment> events;
    std::optional<rtai::turn> turn;
    time_point start{};
    std::vector<arrival<text>> texts;
    std::vector<arrival<moment>> failures;
};

}  // namespace

CO_TEST("an utterance begins the pre-roll before speech, and ends a little after it", "[stt]") {
    scene s;
    co_await s.play(3s, script(starts(1s), ends(1500ms, 40ms)));
    REQUIRE(s.recogniser.utterances.size() == 1);
    REQUIRE(s.recogniser.part(0) == heard_part{700ms, 1600ms});
    const auto finals = s.finals();
    REQUIRE(words_of(finals) == words{"utterance 0"});
    REQUIRE(finals[0].stamp.at == s.start + 1500ms);
    REQUIRE(finals[0].stamp.epoch == 0);
    REQUIRE(s.failures.empty());
}

CO_TEST("the pre-roll is the turn's, down to the sample", "[stt]") {
    scene s;
    s.pre_roll = 123ms;
    co_await s.play(3s, script(starts(1007ms, 413ms), ends(1500ms)));
    REQUIRE(s.recogniser.part(0) == heard_part{884ms, 1980ms});
}

CO_TEST("speech at the very beginning has as much before it as there is", "[stt]") {
    scene s;
    co_await s.play(1s, script(starts(40ms), ends(300ms)));
    REQUIRE(s.recogniser.part(0) == heard_part{0ms, 780ms});
}

CO_TEST("the times of words count from the beginning of speech", "[stt]") {
    scene s;
    co_await s.play(3s, script(starts(1s), ends(1500ms)));
    const auto finals = s.finals();
    REQUIRE(finals.size() == 1);
    const auto& timing = finals[0].timing;
    REQUIRE(timing.size() == 2);
    REQUIRE(timing[0].from == 0ms);  // it began in the pre-roll
    REQUIRE(timing[0].to == 100ms);
    REQUIRE(timing[1].from == 200ms);
    REQUIRE(timing[1].to == 600ms);
}

CO_TEST("each stretch of speech has one final text, even without words", "[stt]") {
    scene s;
    s.recogniser.wordless = true;
    co_await s.play(6s, script(starts(1s), ends(1500ms), starts(3s), ends(3200ms), starts(4s), ends(5s)));
    const auto finals = s.finals();
    REQUIRE(words_of(finals) == words{"", "", ""});
    REQUIRE(finals[0].confidence == 0);
    REQUIRE(finals[1].stamp.at == s.start + 3200ms);
    REQUIRE(finals[2].stamp.at == s.start + 5s);
    REQUIRE(s.guesses().empty());
}

CO_TEST("an utterance does not reach back into the one before", "[stt]") {
    scene s;
    co_await s.play(4s, script(starts(1s), ends(1500ms, 100ms), starts(1650ms), ends(2s, 100ms)));
    REQUIRE(s.recogniser.part(0) == heard_part{700ms, 1600ms});
    REQUIRE(s.recogniser.part(1) == heard_part{1600ms, 2100ms});
    REQUIRE(s.finals().size() == 2);
}

CO_TEST("speech that starts while the last is still recognised waits its turn", "[stt]") {
    scene s;
    s.recogniser.thinks = 1s;
    co_await s.play(5s, script(starts(1s), ends(1500ms, 100ms), starts(1800ms), ends(2s, 100ms)));
    REQUIRE(s.recogniser.part(1) == heard_part{1600ms, 2100ms});
    REQUIRE(words_of(s.finals()) == words{"utterance 0", "utterance 1"});
    REQUIRE(s.texts[0].when == 2600ms);
    REQUIRE(s.texts[1].when == 3600ms);
}

CO_TEST("guesses come on the way, only when they are new, and before the final text", "[stt]") {
    scene s;
    s.recogniser.guesses = true;
    co_await s.play(4s, script(starts(1s), ends(2500ms)));
    REQUIRE(words_of(s.guesses()) == words{"word 0", "word 1", "word 2", "word 3", "word 4"});
    REQUIRE(s.texts.size() == 6);
    REQUIRE(s.texts.back().value.final);
    REQUIRE(in_sequence(s.finals(), 5));
}

CO_TEST("the end of sound ends speech", "[stt]") {
    scene s;
    co_await s.play(2s, script(starts(1s)));
    REQUIRE(s.recogniser.part(0) == heard_part{700ms, 2s});
    const auto finals = s.finals();
    REQUIRE(finals.size() == 1);
    REQUIRE(finals[0].stamp.at == s.start + 2s);
}

CO_TEST("speech that is told of at the very end has its text, too", "[stt]") {
    scene s;
    co_await s.play(2s, script(starts(1900ms, 200ms), ends(1990ms, 200ms)));
    REQUIRE(s.recogniser.part(0) == heard_part{1600ms, 2s});
    REQUIRE(s.finals().size() == 1);
    REQUIRE(s.finals()[0].stamp.at == s.start + 1990ms);
}

CO_TEST("the end of speech needs no more sound when none comes", "[stt]") {
    scene s;
    s.lingers = 10s;
    co_await s.play(2s, script(starts(1s), ends(1980ms)));
    REQUIRE(s.texts.size() == 1);
    REQUIRE(s.texts[0].when <= 2300ms);
}

CO_TEST("nobody speaks, and nothing is sent", "[stt]") {
    scene s;
    co_await s.play(2s, script());
    REQUIRE(s.texts.empty());
    REQUIRE(s.recogniser.utterances.empty());
}

CO_TEST("what is told twice, or of nothing, changes nothing", "[stt]") {
    scene s;
    co_await s.play(4s, script(ends(500ms), starts(1s), starts(1200ms), ends(1500ms), ends(1700ms)));
    REQUIRE(s.finals().size() == 1);
    REQUIRE(s.recogniser.part(0) == heard_part{700ms, 1980ms});
}

CO_TEST("a recogniser that fails is told of at once, and the text comes at the end, empty", "[stt]") {
    scene s;
    s.recogniser.fails_after = samples_in(400ms);
    co_await s.play(6s, script(starts(1s), ends(2s, 100ms), starts(4s), ends(5s, 100ms)));
    const auto finals = s.finals();
    REQUIRE(words_of(finals) == words{"", ""});
    REQUIRE(finals[0].stamp.at == s.start + 2s);
    REQUIRE(s.texts[0].when == 2100ms);
    REQUIRE(s.failures.size() == 2);
    REQUIRE(s.failures[0].value.what == what::failure);
    REQUIRE_THAT(s.failures[0].value.detail, Contains("the fake server"));
    REQUIRE(s.failures[0].when < 1200ms);
}

CO_TEST("a recogniser that does not come to an end is given up", "[stt]") {
    stt::limits l;
    l.patience = 2s;
    scene s(l);
    s.recogniser.thinks = 1h;
    co_await s.play(5s, script(starts(1s), ends(2s, 100ms)));
    REQUIRE(words_of(s.finals()) == words{""});
    REQUIRE(s.texts[0].when == 4100ms);
    REQUIRE(s.failures.size() == 1);
    REQUIRE_THAT(s.failures[0].value.detail, Contains("2000 ms after the end of speech"));
}

CO_TEST("long speech is recognised in parts, and no sample is lost or heard twice", "[stt]") {
    stt::limits l;
    l.longest = 1s;
    scene s(l);
    co_await s.play(5s, script(starts(1s), ends(3s, 200ms)));
    REQUIRE(s.recogniser.part(0) == heard_part{700ms, 1700ms});
    REQUIRE(s.recogniser.part(1) == heard_part{1700ms, 2700ms});
    REQUIRE(s.recogniser.part(2) == heard_part{2700ms, 3180ms});
    const auto finals = s.finals();
    REQUIRE(finals.size() == 3);
    REQUIRE(finals[0].stamp.at == s.start + 1700ms);
    REQUIRE(finals[2].stamp.at == s.start + 3s);
}

CO_TEST("a recogniser that falls behind loses sound, and that is told once", "[stt]") {
    stt::limits l;
    l.backlog = 1s;
    l.patience = 60s;
    scene s(l);
    s.recogniser.slowness = 400ms;  // four times as long as it was spoken
    co_await s.play(8s, script(starts(1s), ends(5s, 100ms)));
    REQUIRE(s.finals().size() == 1);
    REQUIRE(words_of(s.finals()) == words{"utterance 0"});
    REQUIRE(s.failures.size() == 1);
    REQUIRE_THAT(s.failures[0].value.detail, Contains("1000 ms behind"));
    const auto part = s.recogniser.part(0);
    REQUIRE(part.from == 700ms);  // and it is whole up to where it ends
    REQUIRE(part.to < 5s);
}

CO_TEST("a file waits for a recogniser that is slow", "[stt]") {
    stt::limits l;
    l.backlog = 1s;
    l.patience = 60s;
    l.wait = true;
    scene s(l);
    s.recogniser.slowness = 400ms;
    co_await s.play(8s, script(starts(1s), ends(5s, 100ms)));
    REQUIRE(s.failures.empty());
    REQUIRE(s.recogniser.part(0) == heard_part{700ms, 5100ms});
}

CO_TEST("sound that is missing in speech is silence", "[stt]") {
    scene s;
    s.silent_from = 1400ms;
    s.silent_until = 1700ms;
    co_await s.play(4s, script(starts(1s), ends(2s, 100ms)));
    REQUIRE(s.recogniser.utterances.at(0).size() == samples_in(1400ms));
    REQUIRE(s.recogniser.utterances[0].back() == sample_at(samples_in(2100ms) - 1));
    REQUIRE(s.recogniser.utterances[0][samples_in(800ms)] == 0);
}

CO_TEST("when nobody wants the words any more, the element ends", "[stt]") {
    scene s;
    channel<audio> sound(64);
    channel<moment> edges(8);
    channel<text> said(8);
    s.in.connect(sound.receiver(), audio_format(16'000));
    s.speech.connect(edges.receiver());
    s.out.connect(said.sender());
    {
        auto gone = said.receiver();
    }
    s.start = now();
    auto speaking = s.speak(sound.sender(), edges.sender(), 10s, script(starts(1s), ends(2s)));
    co_await race(s.hear(), std::move(speaking));
    REQUIRE(now() - s.start < 3s);
}
