#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <rtai/ai/tts/speaker.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/timer.hpp>
#include <string>
#include <vector>

#include "ai/speaking.hpp"
#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

task<> take_slowly(receiver<audio> from, std::vector<audio>& into) {
    while (auto piece = co_await from.receive()) {
        const duration sounds = piece->time();
        into.push_back(std::move(*piece));
        co_await sleep_for(sounds);
    }
}

/// As an edge of a graph does.
void flush_with(turn& t, const channel<audio>& c) {
    t.guard(
        [&t, r = c.receiver()] { return r.flush([&](const audio& a) { return t.stale(a.stamp.epoch); }); });
}

}  // namespace

CO_TEST("sentences are said in order, and sent in pieces of 20 to 100 ms", "[tts]") {
    for (const std::size_t frames : {100U, 320U, 1600U, 16'000U}) {
        fake_speaker s;
        s.piece_frames = frames;
        feed<text> said(s.in);
        drain<audio> heard(s.out, 512);
        said.say(line("one two three four", 1));
        said.say(line("", 1));
        said.say(line(" \n", 1));
        said.say(line("five", 1));
        said.end();
        co_await s.run();
        const auto all = heard.take();
        REQUIRE(s.asked == words{"one two three four", "five"});
        const auto samples = samples_of(all);
        REQUIRE(samples.size() == 5 * frames);
        for (std::size_t i = 0; i < samples.size(); ++i)
            REQUIRE(samples[i] == static_cast<std::int16_t>(static_cast<std::uint16_t>(i)));
        REQUIRE(in_sequence(all));
        for (const auto& p : all) {
            REQUIRE(p.stamp.epoch == 1);
            REQUIRE(p.time() <= 100ms);
            if (frames >= 320) REQUIRE(p.time() >= 20ms);
        }
    }
}

CO_TEST("what was said is written down, with how long it sounds", "[tts]") {
    fake_speaker s;
    turn t;
    s.out.belong_to(t);
    t.begin();
    feed<text> said(s.in);
    drain<audio> heard(s.out);
    said.say(line("one two", 1));
    said.say(line("three", 1));
    said.end();
    co_await s.run();
    REQUIRE(length_of(heard.take()) == 300ms);
    auto& speech = t.log().record(1).speech;
    REQUIRE(speech.length() == 300ms);
    REQUIRE(speech.said() == "one two three");
    speech.played(200ms);
    REQUIRE(t.heard(1) == "one two");
    speech.played(300ms);
    REQUIRE(t.heard(1) == "one two three");
    REQUIRE(speech.over());
    std::size_t noted = 0;
    for (const auto& m : t.log().find(1)->moments) noted += m.what == what::first_audio ? 1 : 0;
    REQUIRE(noted == 1);
}

CO_TEST("the next sentence is made while one is being sent", "[tts]") {
    for (const bool ahead : {true, false}) {
        fake_speaker s;
        s.read_ahead = ahead;
        channel<audio> sent(1);
        std::vector<audio> heard;
        feed<text> said(s.in);
        s.out.connect(sent.sender());
        for (const auto* w : {"one two three four five", "six seven eight nine ten", "eleven"})
            said.say(line(w, 1));
        said.end();
        const time_point start = now();
        co_await join(play(s), take_slowly(sent.receiver(), heard));
        REQUIRE(length_of(heard) == 1100ms);
        REQUIRE(s.asked_at.size() == 3);
        if (ahead) {
            REQUIRE(s.asked_at[1] - start == 50ms);
            REQUIRE(s.asked_at[2] - start >= 300ms);
            REQUIRE(now() - start == 1110ms);
        } else {
            REQUIRE(s.asked_at[1] - start >= 300ms);
        }
    }
}

CO_TEST("an interruption ends what is being said, and the next answer is spoken", "[tts]") {
    fake_speaker s;
    turn t;
    channel<audio> sent(1);
    channel<text> said(8);
    std::vector<audio> heard;
    s.in.connect(said.receiver());
    s.out.connect(sent.sender());
    s.out.belong_to(t);
    flush_with(t, sent);
    t.begin();
    std::string long_one;
    for (int i = 0; i < 100; ++i) long_one += "word ";
    int under_way = -1;
    auto conversation = [&](sender<text> to) -> task<> {
        text first = line(long_one, 1), second = line("and more", 1);
        (void)co_await to.send(std::move(first));
        (void)co_await to.send(std::move(second));
        co_await sleep_for(250ms);
        t.interrupt();
        co_await sleep_for(1ms);
        under_way = s.under_way;
        text late = line("too late", 1), next = line("better", t.begin());
        (void)co_await to.send(std::move(late));
        (void)co_await to.send(std::move(next));
    };
    co_await join(play(s), conversation(said.sender()), take_slowly(sent.receiver(), heard));
    REQUIRE(under_way == 0);
    REQUIRE(s.asked.size() == 2);
    REQUIRE(s.asked[1] == "better");
    REQUIRE(s.finished == 1);
    duration old{}, fresh{};
    for (const auto& p : heard) (p.stamp.epoch == 1 ? old : fresh) += p.time();
    REQUIRE(old <= 400ms);
    REQUIRE(fresh == 100ms);
    // What was cut off was not heard to its end.
    t.log().record(1).speech.played(300ms);
    REQUIRE(t.heard(1)->size() < long_one.size() / 2);
    REQUIRE(t.log().record(2).speech.said() == "better");
}

CO_TEST("what belongs to no turn is not interrupted", "[tts]") {
    fake_speaker s;
    turn t;
    s.out.belong_to(t);
    feed<text> said(s.in);
    drain<audio> heard(s.out);
    said.say(line("one two three"));
    said.end();
    auto interrupt = [&]() -> task<> {
        co_await sleep_for(15ms);
        t.interrupt();
    };
    co_await join(play(s), interrupt());
    REQUIRE(length_of(heard.take()) == 300ms);
}

CO_TEST("a failure is told, and the next sentence is said", "[tts]") {
    fake_speaker s;
    turn t;
    s.out.belong_to(t);
    feed<text> said(s.in);
    drain<audio> heard(s.out);
    drain<moment> events(s.events);
    said.say(line("never", 1));
    said.say(line("some fail words", 1));
    said.say(line("fine", 1));
    said.end();
    co_await s.run();
    REQUIRE(length_of(heard.take()) == 200ms);
    const auto told = events.take();
    REQUIRE(told.size() == 2);
    REQUIRE(told[0].what == what::failure);
    REQUIRE(told[0].of == 1);
    REQUIRE(told[0].detail.find("tts.fake: fake: ") == 0);
    REQUIRE(t.log().record(1).speech.said() == "some fail words fine");
    t.log().record(1).speech.played(200ms);
    REQUIRE(in_sequence(told));
}

CO_TEST("when nobody listens any more it ends, though texts wait", "[tts]") {
    for (const bool ahead : {true, false}) {
        fake_speaker s;
        s.read_ahead = ahead;
        feed<text> said(s.in);
        drain<audio> heard(s.out, 1);
        for (int i = 0; i < 5; ++i) said.say(line("one two three four", 1));
        said.end();
        auto leave = [&]() -> task<> {
            co_await sleep_for(15ms);
            heard.leave();
        };
        co_await join(play(s), leave());
        REQUIRE(s.asked.size() <= 3);
        REQUIRE(s.under_way == 0);
    }
}

CO_TEST("without a wire behind it, it speaks to itself", "[tts]") {
    fake_speaker s;
    feed<text> said(s.in);
    said.say(line("one two", 1));
    said.end();
    co_await s.run();
    REQUIRE(s.finished == 1);
}
