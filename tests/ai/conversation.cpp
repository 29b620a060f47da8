#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <rtai/ai/llm/answer.hpp>
#include <rtai/ai/sentences.hpp>
#include <rtai/ai/turn/turn_taking.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/sim.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/graph/edge.hpp>
#include <rtai/graph/elements/pacer.hpp>
#include <rtai/graph/generated.hpp>
#include <string>
#include <utility>
#include <vector>

#include "ai/fake_model.hpp"
#include "ai/speaking.hpp"
#include "support/co_test.hpp"

// A whole conversation in virtual time: turn taking, answers, sentences, speech and pacer are the real
// ones; the person, the model and the voice are played.

using namespace rtai;
using namespace std::chrono_literals;

namespace {

/// The person's side: what a recogniser and a detector of speech would tell.
struct fake_person {
    output<moment> speech;
    output<text> words;
    RTAI_DESCRIBE(fake_person, speech, words)

    task<> run() {
        auto& random = test::world().random();
        for (int i = 0; i < 6; ++i) {
            co_await sleep_for(std::chrono::milliseconds(random.below(4000)));
            co_await tell(what::speech_start);
            switch (random.below(5)) {
                case 0:  // a cough
                    co_await sleep_for(std::chrono::milliseconds(20 + random.below(90)));
                    co_await end("");
                    break;
                case 1:  // listening aloud
                    co_await sleep_for(std::chrono::milliseconds(200 + random.below(300)));
                    co_await end("uh-huh");
                    break;
                case 2:  // a noise
                    co_await sleep_for(std::chrono::milliseconds(200 + random.below(3000)));
                    co_await end("");
                    break;
                default:
                    co_await sleep_for(std::chrono::milliseconds(100 + random.below(400)));
                    co_await say("tell me", false);
                    co_await sleep_for(std::chrono::milliseconds(100 + random.below(1500)));
                    co_await end("tell me " + std::to_string(i));
            }
        }
        // The last turn, too, takes its time.
        co_await sleep_for(4s);
    }

    task<> end(std::string last) {
        co_await tell(what::speech_end);
        co_await sleep_for(std::chrono::milliseconds(test::world().random().below(150)));
        co_await say(std::move(last), true);
    }
    task<> tell(what w) {
        moment m(w);
        m.stamp.at = now();
        (void)co_await speech.send(std::move(m));
    }
    task<> say(std::string w, bool last) {
        if (last && !w.empty()) said += w + "\n";
        text t(std::move(w), last);
        (void)co_await words.send(std::move(t));
    }

    std::string said;
};

/// A model that tells a story of some sentences, in pieces, with pauses.
struct story_model {
    task<result<llm::reply>> ask(llm::request r, sender<std::string> out) {
        asked = std::move(r.messages);
        auto& random = test::world().random();
        co_await sleep_for(std::chrono::milliseconds(random.below(600)));
        const auto sentences = 1 + random.below(4);
        for (std::uint64_t i = 0; i < sentences; ++i) {
            const int number = ++told;
            std::vector<std::string> pieces{"This is ", "sentence ", "number ", std::to_string(number), ". "};
            for (auto& piece : pieces) {
                co_await sleep_for(std::chrono::milliseconds(random.below(60)));
                if (!co_await out.send(std::move(piece))) co_return llm::reply();
            }
        }
        co_return llm::reply();
    }
    std::vector<llm::message> asked;
    int told = 0;
};

struct fake_llm {
    input<text> in;
    output<text> out;
    output<moment> events;
    RTAI_DESCRIBE(fake_llm, in, out, events)

    task<> run() { co_await answers.run(in, out, events); }

    story_model model;
    llm::answerer<story_model> answers{model, llm::answer_options()};
};

/// What the person hears: every frame with when it came.
struct fake_ear {
    input<audio> in;
    RTAI_DESCRIBE(fake_ear, in)

    task<> run() {
        while (auto piece = co_await in.receive()) {
            if (piece->stamp.epoch == 0) ++fades;
            else if (turn->stale(piece->stamp.epoch)) ++stale;
            else last = now();
            samples += piece->frames();
        }
    }
    rtai::turn* turn = nullptr;
    int stale = 0;
    int fades = 0;
    std::uint64_t samples = 0;
    time_point last{};
};

struct conversation {
    rtai::turn turn;
    fake_person person;
    turn_taking taking;
    fake_llm llm;
    sentences cut{sentences::options()};
    test::fake_speaker voice;
    pacer pace;
    fake_ear ear;
    edge<moment> speech, played;
    edge<text> words, said, answer, lines;
    edge<control> orders;
    edge<audio, block> sound, heard;
    std::vector<std::string> log;

    task<> run() {
        speech.from(person.speech);
        speech.into(taking.speech);
        words.from(person.words);
        words.into(taking.in);
        said.from(taking.out);
        said.into(llm.in);
        orders.from(taking.orders);
        orders.into(pace.control);
        answer.from(llm.out);
        answer.into(cut.in);
        lines.from(cut.out);
        lines.into(voice.in);
        sound.from(voice.out);
        sound.into(pace.in);
        heard.from(pace.out);
        heard.into(ear.in);
        ear.turn = &turn;
        belong_to(turn, person, taking, llm, cut, voice, pace, ear, speech, words, said, orders, answer,
                  lines, sound, heard);
        turn.log().listen(this, [this](const moment& m) {
            log.push_back(std::to_string(m.stamp.at.time_since_epoch().count()) + " " +
                          std::string(name_of(m.what)) + " " + std::to_string(m.of) + " " + m.detail);
        });
        co_await join(play(person), play(taking), play(llm), play(cut), play(voice), play(pace), play(ear));
        turn.log().stop_listening(this);
    }
};

struct outcome {
    std::vector<std::string> log;
    int interruptions = 0;
    int turns = 0;
    int cut_answers = 0;
};

outcome converse(std::uint64_t seed) {
    INFO("seed " << seed);
    const test::balance before;
    outcome o;
    {
        test::in_world in(seed);
        conversation c;
        in.w.run(c.run());

        // Never audio of a turn that was over, and no more than a fade for each.
        REQUIRE(c.ear.stale == 0);
        for (const auto& r : c.turn.log().records()) o.interruptions += r.interrupted ? 1 : 0;
        REQUIRE(c.ear.fades <= o.interruptions);

        // What is remembered of the machine is what was played, and of the person every word that was meant.
        std::uint64_t played = 0;
        std::string heard, told;
        for (const auto& r : c.turn.log().records()) {
            played += test::fake_speaker::native.frames_in(r.speech.played() + 1us);
            if (!r.speech.heard().empty()) heard += r.speech.heard() + "\n";
            if (!r.asked.empty()) ++o.turns;
            if (r.interrupted && !r.speech.heard().empty() && r.speech.heard() != r.speech.said())
                ++o.cut_answers;
        }
        REQUIRE(played == c.ear.samples);
        for (const auto& m : c.llm.answers.memory().messages())
            if (m.role == llm::role::assistant)
                told += m.words.substr(0, m.words.find_last_not_of(' ') + 1) + "\n";
        REQUIRE(told == heard);
        REQUIRE(c.llm.model.told >= 0);

        // Every turn was answered or interrupted, and its latency sums up.
        for (const auto& r : c.turn.log().records()) {
            if (r.asked.empty()) continue;
            REQUIRE((r.interrupted || r.first(what::playout_start)));
            if (const auto l = r.latency()) {
                REQUIRE(*r.first(what::playout_start) - *r.spoken_until() == l->total());
                REQUIRE(l->total() >= 500ms);
            }
        }
        o.log = std::move(c.log);
    }
    before.check();
    return o;
}

}  // namespace

TEST_CASE("in a conversation with interruptions nothing stale is heard, and what was heard is remembered",
          "[conversation]") {
    int interruptions = 0, turns = 0, cut = 0;
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
        const auto o = converse(seed);
        interruptions += o.interruptions;
        turns += o.turns;
        cut += o.cut_answers;
    }
    // The person and the story were such that it all happened.
    REQUIRE(turns > 1000);
    REQUIRE(interruptions > 300);
    REQUIRE(cut > 100);
}

TEST_CASE("the same seed gives the same conversation", "[conversation]") {
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) REQUIRE(converse(seed).log == converse(seed).log);
    REQUIRE(converse(1).log != converse(2).log);
}
