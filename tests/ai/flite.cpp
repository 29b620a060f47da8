#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <rtai/ai/tts/flite.hpp>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/sim.hpp>
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

double loudness_of(const std::vector<std::int16_t>& samples) {
    double sum = 0;
    for (const auto s : samples) sum += static_cast<double>(s) * s;
    return std::sqrt(sum / static_cast<double>(std::max<std::size_t>(samples.size(), 1)));
}

/// In a world of its own.
std::vector<audio> said_by(tts::flite& f, const words& lines, std::vector<moment>* failures = nullptr) {
    std::vector<audio> all;
    sim::world world(1);
    auto work = [&]() -> task<> {
        feed<text> said(f.in);
        drain<audio> heard(f.out, 4096);
        drain<moment> events(f.events);
        for (const auto& l : lines) said.say(line(l, 1));
        said.end();
        co_await f.run();
        all = heard.take();
        if (failures != nullptr) *failures = events.take();
    };
    world.run(work());
    return all;
}

std::vector<audio> said_with(tts::flite::options o, const std::string& words) {
    tts::flite f(o);
    return said_by(f, {words});
}

}  // namespace

TEST_CASE("flite speaks with each of its voices", "[flite]") {
    for (const auto voice : {flite_voice::slt, flite_voice::kal16, flite_voice::awb, flite_voice::rms}) {
        CAPTURE(name_of(voice));
        tts::flite::options o;
        o.voice = voice;
        const auto all = said_with(o, "Good morning, how are you?");
        REQUIRE(length_of(all) > 800ms);
        REQUIRE(length_of(all) < 4s);
        REQUIRE(loudness_of(samples_of(all)) > 300);
        REQUIRE(all.front().format == audio_format(16'000));
        for (const auto& p : all) REQUIRE(p.time() <= 100ms);
    }
}

TEST_CASE("flite speaks faster, higher and louder when told so", "[flite]") {
    const std::string words = "Good morning, how are you?";
    const auto usual = said_with({}, words);
    tts::flite::options o;
    o.speed = 2;
    REQUIRE(length_of(said_with(o, words)) < length_of(usual) * 2 / 3);
    o.speed = 1;
    o.volume = 0.5;
    const double quiet = loudness_of(samples_of(said_with(o, words)));
    REQUIRE(quiet < loudness_of(samples_of(usual)) * 0.6);
    o.volume = 10;
    REQUIRE(loudness_of(samples_of(said_with(o, words))) > quiet * 4);
    o.volume = 1;
    o.pitch = 1.5;
    REQUIRE(samples_of(said_with(o, words)) != samples_of(usual));
}

TEST_CASE("flite says what looks like English, and tells what it can not say", "[flite]") {
    std::vector<moment> failures;
    tts::flite f;
    const auto all = said_by(
        f, {"…", "你好。", "It’s a “café” – fine…", std::string("a\0b\x01\xFF", 5), "!!! ,,, ''' ((("},
        &failures);
    REQUIRE(length_of(all) > 1s);
    REQUIRE(failures.size() == 1);
    REQUIRE(failures[0].detail.find("tts.flite: there is no English in '你好。'") == 0);
}

TEST_CASE("flite survives odd texts", "[flite]") {
    tts::flite f;
    for (const auto* odd :
         {"1234567890123456789012345678901234567890", "$1,000.50 %d %s %n <speak> &amp; \\ ` ~ @ #",
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "-1e400", "a", ".a.", "1/0",
          "MCMXCIX", "12:61", "http://a.b/c?d=e&f=g"}) {
        CAPTURE(odd);
        (void)said_by(f, {odd});
    }
}

TEST_CASE("flite's sound comes while it is being made", "[flite]") {
    std::string words;
    for (int i = 0; i < 8; ++i) words += "This is a long sentence about a ship on the sea, ";
    duration first{}, whole{}, sound{};
    auto work = [&]() -> task<> {
        tts::flite f;
        channel<audio> pieces(512);
        const time_point start = now();
        auto listen = [&](receiver<audio> from) -> task<> {
            while (auto piece = co_await from.receive()) {
                if (first == duration()) first = now() - start;
                sound += piece->time();
            }
        };
        auto say = [&](sender<audio> to) -> task<> { (void)co_await f.say(words, std::move(to)); };
        co_await join(say(pieces.sender()), listen(pieces.receiver()));
        whole = now() - start;
    };
    run(work());
    WARN("flite: first sound after " << std::chrono::duration_cast<std::chrono::milliseconds>(first).count()
                                     << " ms, all "
                                     << std::chrono::duration_cast<std::chrono::milliseconds>(sound).count()
                                     << " ms of it after "
                                     << std::chrono::duration_cast<std::chrono::milliseconds>(whole).count()
                                     << " ms");
    REQUIRE(sound > 10s);
    REQUIRE(first < whole);
}

TEST_CASE("flite stops in mid-sentence, and speaks again", "[flite]") {
    std::string words;
    for (int i = 0; i < 200; ++i) words += "This is a long sentence about a ship on the sea, ";
    for (const auto voice : {flite_voice::slt, flite_voice::kal16}) {
        duration late{}, again{};
        auto work = [&]() -> task<> {
            tts::flite::options o;
            o.voice = voice;
            tts::flite f(o);
            channel<audio> pieces(4096), more(4096);
            auto listener = pieces.receiver();
            auto first = [](receiver<audio>& from) -> task<> { (void)co_await from.receive(); };
            (void)co_await race(f.say(words, pieces.sender()), first(listener));
            const time_point stopped = now();
            (void)co_await f.say("Short.", more.sender());
            late = now() - stopped;
            auto rest = more.receiver();
            while (auto piece = rest.try_receive()) again += piece->time();
        };
        run(work());
        REQUIRE(again > 200ms);
        WARN("after an interruption 'Short.' was said in "
             << std::chrono::duration_cast<std::chrono::milliseconds>(late).count() << " ms");
    }
}

TEST_CASE("many of flite's voices speak at once", "[flite]") {
    std::vector<duration> sounds(8);
    auto work = [&]() -> task<> {
        auto one = [&](std::size_t i) -> task<> {
            tts::flite::options o;
            o.voice = i % 4 == 3 ? flite_voice::kal16 : flite_voice::slt;
            tts::flite f(o);
            for (int n = 0; n < 3; ++n) {
                channel<audio> pieces(512);
                auto listener = pieces.receiver();
                (void)co_await f.say("The number 12 of Dr. Smith, and so on, in 1984!", pieces.sender());
                while (auto piece = listener.try_receive()) sounds[i] += piece->time();
            }
        };
        std::vector<task<>> all;
        for (std::size_t i = 0; i < sounds.size(); ++i) all.push_back(one(i));
        co_await join(std::move(all));
    };
    run(work());
    for (std::size_t i = 0; i < sounds.size(); ++i) {
        REQUIRE(sounds[i] > 2s);
        REQUIRE(sounds[i] == sounds[i % 4 == 3 ? 3 : 0]);
    }
}

TEST_CASE("with flite an interruption is heard at once", "[flite]") {
    sim::world world(1);
    std::size_t stale = 0, fresh = 0;
    auto work = [&]() -> task<> {
        tts::flite f;
        turn t;
        f.out.belong_to(t);
        t.begin();
        channel<text> said(4);
        channel<audio> sent(2);
        f.in.connect(said.receiver());
        f.out.connect(sent.sender());
        t.guard([&t, r = sent.receiver()] {
            return r.flush([&](const audio& a) { return t.stale(a.stamp.epoch); });
        });
        auto talk = [&](sender<text> to) -> task<> {
            text one = line("This is the old answer.", 1);
            (void)co_await to.send(std::move(one));
            co_await sleep_for(100ms);
            t.interrupt();
            text two = line("And this is new.", t.begin());
            (void)co_await to.send(std::move(two));
        };
        auto listen = [&](receiver<audio> from) -> task<> {
            while (auto piece = co_await from.receive()) {
                ++(piece->stamp.epoch == 1 ? stale : fresh);
                co_await sleep_for(piece->time());
            }
        };
        co_await join(play(f), talk(said.sender()), listen(sent.receiver()));
    };
    world.run(work());
    REQUIRE(stale <= 3);
    REQUIRE(fresh > 5);
}
