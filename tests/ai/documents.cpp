// The pieces of code in docs/voice.md, at work.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <rtai/ai/llm/answer.hpp>
#include <rtai/ai/llm/demo.hpp>
#include <rtai/ai/llm/script.hpp>
#include <rtai/ai/sentences.hpp>
#include <rtai/ai/stt/transcriber.hpp>
#include <rtai/ai/tools/tool.hpp>
#include <rtai/ai/tts/speaker.hpp>
#include <rtai/ai/turn/turn_taking.hpp>
#include <rtai/ai/vad/energy.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/sim.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/graph/edge.hpp>
#include <rtai/graph/elements/pacer.hpp>
#include <rtai/graph/elements/tee.hpp>
#include <rtai/graph/generated.hpp>
#include <rtai/graph/waterfall.hpp>
#include <string>
#include <utility>
#include <vector>

#include "ai/hearing.hpp"
#include "ai/speaking.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;

// [tools]
namespace shop {

struct item {
    std::string name;
    int pieces = 1;
    RTAI_DESCRIBE(item, name, pieces)

    static void notes(rtai::notes<item>& about) {
        about(&item::name, "what is wanted, as in 'tea'", required);
        about(&item::pieces, "how many", range(1, 20));
    }
};

task<result<std::string>> buy(item i) {
    if (i.name == "moon") co_return error(std::errc::no_such_file_or_directory, "there is only one");
    co_await sleep_for(200ms);  // or a request to the shop
    co_return std::to_string(i.pieces) + " of " + i.name + ", on the way";
}

}  // namespace shop

RTAI_TOOL(shop::buy, "Buys something in the shop.", {.timeout = 30s, .survives_interruption = true});
// [/tools]

namespace mine {

// [recogniser]
/// Knows two words, by their length.
struct two_words {
    task<result<text>> recognise(stt::utterance& sound) {
        std::size_t samples = 0;
        for (;;) {
            const auto part = co_await sound.next(1600);
            samples += part.size();
            if (part.size() < 1600) break;  // its end
            sound.guess(samples > 32'000 ? "good morning" : "hello");
        }
        co_return text(samples > 32'000 ? "good morning" : "hello");
    }
};
// [/recogniser]

struct listener {
    stt::sound_input in;
    input<moment> speech;
    output<text> out;
    output<moment> events;
    RTAI_DESCRIBE(listener, in, speech, out, events)

    task<> run() {
        two_words words;
        stt::transcriber<two_words> ear(in, speech, out, events, words, stt::limits());
        co_await ear.run();
    }
};

// [model]
/// Answers with what was said last.
struct parrot {
    task<result<llm::reply>> ask(llm::request asked, sender<std::string> pieces) {
        std::string words = "You said " + asked.messages.back().words + ".";
        co_await sleep_for(20ms);
        (void)co_await pieces.send(std::move(words));  // or piece by piece, as they come
        co_return llm::reply();
    }
};
// [/model]

struct thinker {
    input<text> in;
    output<text> out;
    output<moment> events;
    RTAI_DESCRIBE(thinker, in, out, events)

    task<> run() {
        parrot model;
        llm::answerer<parrot> answers(model, llm::answer_options());
        co_await answers.run(in, out, events);
    }
};

// [voice]
/// Whistles 60 ms for each letter.
struct whistler {
    input<text> in;
    output<audio, rates<16'000>, channels<1>, encodings<encoding::s16>, can_wait> out;
    output<moment> events;
    RTAI_DESCRIBE(whistler, in, out, events)

    task<> run() { co_await tts::speak(in, out, events, *this, "mine::whistler", true); }

    task<result<>> say(std::string words, sender<audio> sound) {
        for (std::size_t letter = 0; letter < words.size(); ++letter) {
            audio piece(audio_format(16'000), 960);
            for (auto& sample : piece.s16()) sample = letter % 2 == 0 ? 9000 : -9000;
            if (!co_await sound.send(std::move(piece))) break;  // nobody listens any more
        }
        co_return result<>();
    }
};
// [/voice]

// [by-hand]
/// A whole assistant in a shard of yours: sound in, sound out.
struct assistant {
    rtai::turn turn;
    vad::energy ear;
    rtai::tee<moment> noticed;
    listener words;
    turn_taking taking;
    thinker model;
    sentences cutter;
    whistler voice;
    pacer pace;
    edge<audio> sound;
    edge<moment> speech, to_words, to_taking;
    edge<text> heard, asked, answer, sentence;
    edge<audio, block> spoken;  // what is made here waits for room
    edge<control> orders;

    task<> run(receiver<audio> microphone, sender<audio> loudspeaker) {
        const audio_format format(16'000);
        const auto wire = [](auto& from, auto& edge, auto& to) {
            edge.from(from);
            edge.into(to);
        };
        ear.in.connect(std::move(microphone), format);
        wire(ear.out, sound, words.in);
        wire(ear.speech, speech, noticed.in);
        wire(noticed.out, to_words, words.speech);
        wire(noticed.out, to_taking, taking.speech);
        wire(words.out, heard, taking.in);
        wire(taking.out, asked, model.in);
        wire(taking.orders, orders, pace.control);
        wire(model.out, answer, cutter.in);
        wire(cutter.out, sentence, voice.in);
        wire(voice.out, spoken, pace.in);
        pace.out.connect(std::move(loudspeaker), format);
        belong_to(turn, ear, noticed, words, taking, model, cutter, voice, pace, sound, speech, to_words,
                  to_taking, heard, asked, answer, sentence, spoken, orders);
        co_await join(play(ear), play(noticed), play(words), play(taking), play(model), play(cutter),
                      play(voice), play(pace));
    }
};
// [/by-hand]

// [log]
/// The turns in which it took longer than this from the end of speech to the first sound.
std::vector<std::string> slower_than(duration limit, const rtai::turn& t) {
    std::vector<std::string> all;
    for (const auto& r : t.log().records())
        if (const auto l = r.latency(); l && l->total() > limit) all.push_back(waterfall_of(r));
    return all;
}
// [/log]

}  // namespace mine

RTAI_ELEMENT(mine::listener, "Knows two words.");
RTAI_ELEMENT(mine::thinker, "Says everything again.");
RTAI_ELEMENT(mine::whistler, "Whistles.");

namespace {

std::string told(const std::string& name, std::string arguments) {
    std::string words;
    sim::world world(1);
    const auto* t = llm::tools().find(name);
    REQUIRE(t != nullptr);
    auto work = [&]() -> task<> { words = co_await llm::call(*t, std::move(arguments)); };
    world.run(work());
    return words;
}

}  // namespace

TEST_CASE("the tool in docs/voice.md is called, and tells what is wrong", "[documents]") {
    const auto* t = llm::tools().find("buy");
    REQUIRE(t != nullptr);
    REQUIRE(t->options.survives_interruption);
    REQUIRE(t->options.timeout == 30s);
    REQUIRE(told("buy", R"({"name": "tea", "pieces": 3})") == "3 of tea, on the way");
    REQUIRE(told("buy", R"({"pieces": 3})") == R"({"error":"'name' is missing"})");
    REQUIRE(told("buy", R"({"name": "tea", "pieces": 30})") ==
            R"({"error":"pieces: it is 30, but may be from 1 to 20"})");
    REQUIRE(told("buy", R"({"name": "moon"})").find("there is only one") != std::string::npos);
}

TEST_CASE("the assistant by hand in docs/voice.md hears, answers and tells where the time went",
          "[documents]") {
    mine::assistant a;
    std::vector<audio> said;
    sim::world world(1);
    const auto samples = test::between_noise(16'000, 1s, 1s, 0.002);
    auto listen = [&](receiver<audio> from) -> task<> {
        while (auto piece = co_await from.receive()) said.push_back(std::move(*piece));
    };
    auto work = [&]() -> task<> {
        channel<audio> microphone(4);
        channel<audio> loudspeaker(4);
        co_await join(a.run(microphone.receiver(), loudspeaker.sender()),
                      test::speak(microphone.sender(), samples, 16'000, 20ms),
                      listen(loudspeaker.receiver()));
    };
    world.run(work());

    REQUIRE(a.turn.log().records().size() >= 1);
    const auto& r = a.turn.log().records().front();
    REQUIRE(r.asked == "hello");
    REQUIRE(r.speech.heard() == "You said hello.");
    REQUIRE(!r.interrupted);
    REQUIRE(test::length_of(said) == 60ms * 15);
    const auto latency = r.latency();
    REQUIRE(latency.has_value());
    // The turn ends `min_delay` after the voice did, not after that was certain.
    REQUIRE(latency->transcription + latency->endpointing == a.turn.options().min_delay);
    REQUIRE(latency->thinking == 20ms);
    REQUIRE(mine::slower_than(latency->total(), a.turn).empty());
    REQUIRE(mine::slower_than(latency->total() - 1ms, a.turn) == std::vector<std::string>{waterfall_of(r)});
}

TEST_CASE("the script in docs/voice.md can be used, and calls one tool", "[documents]") {
    const std::filesystem::path file = std::string(RTAI_TREE) + "/examples/voice_assistant/answers.yaml";
    auto script = llm::script::load(file);
    REQUIRE(script.ok());
    for (const auto& name : script->tools()) REQUIRE(name == "weather");
    auto first = script->respond("How is the weather in Oslo?", "", std::nullopt);
    REQUIRE(first.call.has_value());
    REQUIRE(first.call->name == "weather");
    REQUIRE(first.call->arguments.find("Oslo") != std::string::npos);
    const std::string report = R"({"sky": "blue", "degrees": 20})";
    const auto then = script->respond("How is the weather in Oslo?", "", report);
    REQUIRE(!then.call.has_value());
    REQUIRE(then.words.find("blue") != std::string::npos);
}
