// Only where RTAI_ESPEAK is on: eSpeak NG is under the GPL.
#ifdef RTAI_ESPEAK

#include <catch2/catch.hpp>
#include <chrono>
#include <rtai/ai/tts/espeak.hpp>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/sim.hpp>
#include <string>
#include <vector>

#include "ai/speaking.hpp"
#include "graph/flow.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

std::vector<audio> said_with(const tts::espeak::options& o, const words& lines,
                             std::vector<moment>* failures = nullptr) {
    std::vector<audio> all;
    sim::world world(1);
    auto work = [&]() -> task<> {
        tts::espeak e(o);
        feed<text> said(e.in);
        drain<audio> heard(e.out, 4096);
        drain<moment> events(e.events);
        for (const auto& l : lines) said.say(line(l, 1));
        said.end();
        co_await e.run();
        all = heard.take();
        if (failures != nullptr) *failures = events.take();
    };
    world.run(work());
    return all;
}

// Its noises begin anywhere, which changes lengths a little.
bool near_to(duration a, duration b) { return a - b < a / 10 && b - a < a / 10; }

}  // namespace

TEST_CASE("espeak speaks many languages", "[espeak]") {
    const std::vector<std::pair<std::string, std::string>> said = {{"en", "Good morning, how are you?"},
                                                                   {"de", "Guten Morgen, wie geht es Ihnen?"},
                                                                   {"cmn", "早上好，你好吗？"},
                                                                   {"fr", "Ça va très bien."}};
    for (const auto& [voice, line] : said) {
        CAPTURE(voice);
        tts::espeak::options o;
        o.voice = voice;
        REQUIRE(tts::espeak::available(o).ok());
        const auto all = said_with(o, {line});
        REQUIRE(length_of(all) > 500ms);
        REQUIRE(length_of(all) < 6s);
        REQUIRE(all.front().format == audio_format(22'050));
    }
}

TEST_CASE("espeak speaks faster when told so", "[espeak]") {
    tts::espeak::options o;
    const words one = {"Good morning, how are you?"};
    const auto usual = said_with(o, one);
    o.rate = 350;
    REQUIRE(length_of(said_with(o, one)) < length_of(usual) * 2 / 3);
    o.rate = 175;
    REQUIRE(near_to(length_of(said_with(o, one)), length_of(usual)));
    o.pitch = 90;
    REQUIRE(samples_of(said_with(o, one)) != samples_of(usual));
}

TEST_CASE("espeak tells that it has no such voice", "[espeak]") {
    tts::espeak::options o;
    o.voice = "klingon-9";
    const auto there = tts::espeak::available(o);
    REQUIRE(!there.ok());
    REQUIRE(there.error().text.find("tts.espeak: there is no voice 'klingon-9'") == 0);
    std::vector<moment> failures;
    REQUIRE(said_with(o, {"Hello."}, &failures).empty());
    REQUIRE(failures.size() == 1);
    o.voice = "en";
    REQUIRE(!said_with(o, {"Hello."}).empty());
}

TEST_CASE("espeak stops in mid-sentence, and speaks again", "[espeak]") {
    std::string words;
    for (int i = 0; i < 200; ++i) words += "This is a long sentence about a ship on the sea, ";
    duration again{}, first{}, sound{}, whole{};
    auto work = [&]() -> task<> {
        tts::espeak e;
        channel<audio> pieces(4096), more(4096), timed(4096);
        auto listener = pieces.receiver();
        auto wait = [](receiver<audio>& from) -> task<> { (void)co_await from.receive(); };
        const time_point start = now();
        (void)co_await race(e.say(words, pieces.sender()), wait(listener));
        first = now() - start;
        (void)co_await e.say("Short.", more.sender());
        auto rest = more.receiver();
        while (auto piece = rest.try_receive()) again += piece->time();
        const time_point second = now();
        (void)co_await e.say(words.substr(0, 980), timed.sender());
        whole = now() - second;
        auto all = timed.receiver();
        while (auto piece = all.try_receive()) sound += piece->time();
    };
    run(work());
    REQUIRE(again > 200ms);
    REQUIRE(again < 2s);
    WARN("espeak: first sound, and stopped, after "
         << std::chrono::duration_cast<std::chrono::microseconds>(first).count() << " us; "
         << std::chrono::duration_cast<std::chrono::milliseconds>(sound).count() << " ms of sound made in "
         << std::chrono::duration_cast<std::chrono::milliseconds>(whole).count() << " ms");
}

TEST_CASE("many speak with espeak at once, each with its own voice", "[espeak]") {
    std::vector<duration> sounds(8);
    auto work = [&]() -> task<> {
        auto one = [&](std::size_t i) -> task<> {
            tts::espeak::options o;
            o.voice = i % 2 == 0 ? "en" : "de";
            o.rate = i % 2 == 0 ? 175 : 300;
            tts::espeak e(o);
            channel<audio> pieces(512);
            auto listener = pieces.receiver();
            (void)co_await e.say("One two three.", pieces.sender());
            while (auto piece = listener.try_receive()) sounds[i] += piece->time();
        };
        std::vector<task<>> all;
        for (std::size_t i = 0; i < sounds.size(); ++i) all.push_back(one(i));
        co_await join(std::move(all));
    };
    run(work());
    for (std::size_t i = 0; i < sounds.size(); ++i) {
        REQUIRE(sounds[i] > 300ms);
        REQUIRE(near_to(sounds[i], sounds[i % 2]));
    }
    REQUIRE(sounds[1] < sounds[0]);
}

#endif
