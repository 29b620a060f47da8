#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <rtai/ai/stt/pocketsphinx.hpp>
#include <rtai/ai/vad/energy.hpp>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/run.hpp>
#include <rtai/core/timer.hpp>
#include <string>
#include <utility>
#include <vector>

#include "ai/hearing.hpp"
#include "ai/words.hpp"
#include "graph/flow.hpp"
#include "support/co_test.hpp"
#include "support/sound.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using stt::pocketsphinx;

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
// The engine forgets a few bytes when it refuses a grammar, and once for keywords.
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" const char* __lsan_default_suppressions() { return "leak:libsphinxbase"; }
#endif

namespace {

bool can_run() {
    const auto there = available<pocketsphinx>({});
    if (!there) WARN("skipped: " << there.error().message());
    const bool recorded = std::filesystem::exists(recordings() / "goforward.raw");
    if (there && !recorded)
        WARN("skipped: there are no recordings; Debian has them in pocketsphinx-testdata");
    return there && recorded;
}

std::vector<std::int16_t> goforward() { return raw_file(recordings() / "goforward.raw"); }

transcript hear(const pocketsphinx::options& o, std::vector<std::int16_t> samples) {
    vad::energy detector;
    pocketsphinx recogniser(o);
    return transcribe(detector, recogniser, std::move(samples));
}

pocketsphinx::options with_grammar() {
    pocketsphinx::options o;
    o.grammar = recordings() / "goforward.gram";
    return o;
}

/// The words of one utterance, heard by one who shares the decoders.
task<result<text>> words_of_one(pocketsphinx::decoding& d, std::vector<std::int16_t> samples) {
    stt::backlog room(1'000'000);
    stt::utterance u(room, {});
    u.put(samples);
    u.end(now());
    auto said = co_await d.recognise(u);
    co_return said;
}

void in_simulation(task<> work) {
    sim::world world(1);
    world.run(std::move(work));
}

}  // namespace

TEST_CASE("fillers are no words, and variants of how a word is spoken are the word", "[pocketsphinx]") {
    const auto plain = [](const char* w) { return stt::sphinx_decoder::plain(w); };
    REQUIRE(plain("or(2)") == "or");
    REQUIRE(plain("meters") == "meters");
    REQUIRE(plain("o'clock") == "o'clock");
    for (const auto* none : {"<s>", "</s>", "<sil>", "[NOISE]", "[SPEECH]", "++COUGH++", ""})
        REQUIRE(plain(none).empty());
    REQUIRE(plain(nullptr).empty());
    REQUIRE(plain("(") == "(");
    REQUIRE(plain(")") == ")");
}

TEST_CASE("words come with their times and how certain they are, and guesses before", "[pocketsphinx]") {
    if (!can_run()) return;
    const auto heard = hear({}, goforward());
    REQUIRE(heard.failures.empty());
    const auto finals = heard.finals();
    REQUIRE(words_of(finals) == words{"go forward ten meters"});
    REQUIRE(heard.guesses() > 1);
    const auto& t = finals[0];
    REQUIRE(t.confidence > 0.5F);
    REQUIRE(t.confidence <= 1);
    REQUIRE(t.timing.size() == 4);
    words spoken;
    duration before{};
    for (const auto& w : t.timing) {
        spoken.push_back(w.word);
        REQUIRE(w.from >= before);
        REQUIRE(w.to > w.from);
        REQUIRE(w.confidence >= 0);
        REQUIRE(w.confidence <= 1);
        before = w.to - 10ms;
    }
    REQUIRE(spoken == words{"go", "forward", "ten", "meters"});
    // The file begins half a second before speech, which ends at 2.1 s.
    REQUIRE(t.timing.front().from <= 100ms);
    REQUIRE(t.timing.back().to > 1400ms);
    REQUIRE(t.timing.back().to < 1900ms);
}

TEST_CASE("with a grammar only what it allows is heard", "[pocketsphinx]") {
    if (!can_run()) return;
    const auto heard = hear(with_grammar(), goforward());
    REQUIRE(heard.all() == "go forward ten meters");
}

TEST_CASE("with keywords only they are heard, from a list or a file", "[pocketsphinx]") {
    if (!can_run()) return;
    pocketsphinx::options o;
    o.keywords = {"forward /1e-10/", "never mind"};
    REQUIRE_THAT(hear(o, goforward()).all(),
                 Contains("forward") && !Contains("never") && !Contains("meters"));
    o.keywords.clear();
    o.keywords_file = temporary("keywords.txt");
    write_file(o.keywords_file, "meters /1e-10/\n");
    REQUIRE_THAT(hear(o, goforward()).all(), Contains("meters") && !Contains("forward"));
}

TEST_CASE("what is not there is told with where it comes from", "[pocketsphinx]") {
    pocketsphinx::options o;
    o.grammar = "/nowhere/a.gram";
    REQUIRE_THAT(available<pocketsphinx>(o).error().message(), Contains("/nowhere/a.gram"));
    o = {};
    o.model = "/nowhere/de";
    REQUIRE_THAT(available<pocketsphinx>(o).error().message(), Contains("'dictionary'"));
    o.dictionary = "/nowhere/de.dict";
    o.language_model = "/nowhere/de.lm";
    REQUIRE_THAT(available<pocketsphinx>(o).error().message(), Contains("/nowhere/de/mdef"));
}

TEST_CASE("a grammar, keywords and a language model exclude each other", "[pocketsphinx]") {
    auto o = with_grammar();
    o.keywords = {"go"};
    REQUIRE_THAT(available<pocketsphinx>(o).error().message(), Contains("one of"));
    o = {};
    o.keywords = {"go\nforward"};
    REQUIRE_THAT(available<pocketsphinx>(o).error().message(), Contains("one line"));
}

TEST_CASE("what the engine can not use ends the element with the engine's words", "[pocketsphinx]") {
    if (!can_run()) return;
    const auto failure = [](pocketsphinx::options o) {
        std::string said;
        pocketsphinx e(std::move(o));
        auto work = [&]() -> task<> { said = co_await failure_of(e); };
        in_simulation(work());
        return said;
    };
    pocketsphinx::options o;
    o.grammar = temporary("bad.gram");
    write_file(o.grammar, "#JSGF V1.0;\ngrammar bad;\npublic <x> = go ( forward ;\n");
    REQUIRE_THAT(failure(o), Contains("pocketsphinx can not start") && Contains("("));
    o = {};
    o.keywords = {"xyzzyplugh"};
    REQUIRE_THAT(failure(o), Contains("xyzzyplugh"));
    o = {};
    o.model = temporary("model");
    std::filesystem::create_directories(o.model);
    write_file(o.model / "mdef", "nonsense");
    o.dictionary = recordings() / "turtle.dic";
    o.language_model = recordings() / "turtle.lm.bin";
    REQUIRE_THAT(failure(o), Contains("not of an acoustic model"));
}

TEST_CASE("a voice is what its own conversation has heard, whoever used the decoder between",
          "[pocketsphinx]") {
    if (!can_run()) return;
    auto o = with_grammar();
    o.decoders = 1;
    o.beam = 1.1e-48;  // a pool of its own
    const auto setup = pocketsphinx::setup_of(o);
    REQUIRE(setup);
    const auto pool = stt::sphinx_pool::of(*setup, 1);
    auto work = [&]() -> task<> {
        pocketsphinx::decoding alone(pool, o);
        std::vector<text> expected;
        for (int i = 0; i < 3; ++i) {
            auto said = co_await words_of_one(alone, goforward());
            expected.push_back(*said);
        }
        pocketsphinx::decoding one(pool, o), other(pool, o);
        auto loud = goforward();
        for (auto& s : loud) s = static_cast<std::int16_t>(std::clamp(s * 8, -32768, 32767));
        for (int i = 0; i < 3; ++i) {
            auto said = co_await words_of_one(one, goforward());
            const auto& e = expected[static_cast<std::size_t>(i)];
            REQUIRE(said->words == e.words);
            REQUIRE(said->confidence == e.confidence);
            auto shouted = co_await words_of_one(other, loud);
            REQUIRE(shouted);
        }
    };
    in_simulation(work());
    REQUIRE(pool->loaded() == 1);
}

TEST_CASE("an utterance that was given up leaves the decoder as good as before", "[pocketsphinx]") {
    if (!can_run()) return;
    auto o = with_grammar();
    o.beam = 1.2e-48;
    const auto pool = stt::sphinx_pool::of(*pocketsphinx::setup_of(o), 1);
    auto work = [&]() -> task<> {
        pocketsphinx::decoding one(pool, o), other(pool, o);
        {
            stt::backlog room(1'000'000);
            stt::utterance u(room, {});
            const auto samples = goforward();
            u.put(std::span(samples).first(16'000));  // and its end never comes
            auto gone = co_await race(one.recognise(u), sleep_for(1s));
            REQUIRE(gone.index() == 1);
        }
        auto said = co_await words_of_one(other, goforward());
        REQUIRE(said);
        REQUIRE(said->words == "go forward ten meters");
    };
    in_simulation(work());
    REQUIRE(pool->loaded() == 1);
}

TEST_CASE("who waits too long for a decoder is told so, and who waits a little gets one", "[pocketsphinx]") {
    if (!can_run()) return;
    auto o = with_grammar();
    o.beam = 1.3e-48;
    o.busy = 500ms;
    const auto pool = stt::sphinx_pool::of(*pocketsphinx::setup_of(o), 1);
    auto work = [&]() -> task<> {
        pocketsphinx::decoding one(pool, o), other(pool, o);
        stt::backlog room(1'000'000);
        stt::utterance u(room, {});
        u.put(goforward());
        auto late = [&]() -> task<result<text>> {
            co_await sleep_for(100ms);
            co_return co_await words_of_one(other, goforward());
        };
        auto ending = [&](duration after) -> task<> {
            co_await sleep_for(after);
            u.end(now());
        };
        auto [first, second, nothing] = co_await join(one.recognise(u), late(), ending(2s));
        REQUIRE(first);
        REQUIRE_FALSE(second);
        REQUIRE_THAT(second.error().message(), Contains("busy for 500 ms") && Contains("'decoders'"));

        stt::utterance next(room, {});
        next.put(goforward());
        auto ending_soon = [&]() -> task<> {
            co_await sleep_for(400ms);
            next.end(now());
        };
        auto [third, fourth, none] = co_await join(one.recognise(next), late(), ending_soon());
        REQUIRE(third);
        REQUIRE(fourth);
        REQUIRE(fourth->words == "go forward ten meters");
    };
    in_simulation(work());
}

TEST_CASE("several conversations are decoded at a time, off their shard", "[pocketsphinx]") {
    if (!can_run()) return;
    auto o = with_grammar();
    o.beam = 1.4e-48;
    const auto pool = stt::sphinx_pool::of(*pocketsphinx::setup_of(o), 2);
    auto work = [&]() -> task<std::vector<std::string>> {
        std::vector<std::string> said;
        auto one = [&]() -> task<> {
            pocketsphinx::decoding d(pool, o);
            auto heard = co_await words_of_one(d, goforward());
            said.push_back(heard ? heard->words : heard.error().message());
        };
        co_await join(one(), one(), one(), one());
        co_return said;
    };
    const auto said = run(work());
    REQUIRE(said == std::vector<std::string>(4, "go forward ten meters"));
    REQUIRE(pool->loaded() == 2);
}

TEST_CASE("a conversation that ends while it is decoded ends at once", "[pocketsphinx]") {
    if (!can_run()) return;
    auto o = with_grammar();
    o.beam = 1.4e-48;
    const auto pool = stt::sphinx_pool::of(*pocketsphinx::setup_of(o), 2);
    for (const auto after : {0ms, 1ms, 5ms, 20ms, 60ms}) {
        auto work = [&]() -> task<bool> {
            pocketsphinx::decoding d(pool, o);
            auto first = co_await race(words_of_one(d, goforward()), sleep_for(after));
            co_return first.index() == 1;
        };
        (void)run(work());
    }
    auto work = [&]() -> task<std::string> {
        pocketsphinx::decoding d(pool, o);
        auto heard = co_await words_of_one(d, goforward());
        co_return heard ? heard->words : heard.error().message();
    };
    REQUIRE(run(work()) == "go forward ten meters");
}
