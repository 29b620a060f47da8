#include <pocketsphinx.h>
#include <sphinxbase/err.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <iostream>
#include <memory>
#include <rtai/ai/stt/pocketsphinx.hpp>
#include <rtai/ai/vad/energy.hpp>
#include <rtai/ai/vad/silero.hpp>
#include <string>
#include <utility>
#include <vector>

#include "ai/hearing.hpp"
#include "ai/noises.hpp"
#include "ai/voice.hpp"
#include "ai/words.hpp"
#include "support/co_test.hpp"

// Recordings of people: what comes out of detector and recogniser, beside what the engine makes of the same
// sound without us.

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

struct spoken {
    std::string file;
    std::string said;  // empty: not known
};

std::vector<spoken> all_sentences();
/// Those that are soon decoded.
std::vector<spoken> short_sentences() {
    const auto all = all_sentences();
    return {all[0], all[1], all[4], all[7]};
}

std::vector<spoken> all_sentences() {
    const std::string book = "librivox/sense_and_sensibility_01_austen_64kb-";
    return {
        {"goforward.raw", "go forward ten meters"},
        {"something.raw", "go somewhere and do something"},
        {"numbers.raw", ""},
        {book + "0870.wav",
         "and mister john dashwood had then leisure to consider how much there might be prudently in his "
         "power "
         "to do for them"},
        {book + "0880.wav", "he was not an ill disposed young man"},
        {book + "0890.wav", "unless to be rather cold hearted and rather selfish is to be ill disposed"},
        {book + "0920.wav",
         "had he married a more a amiable woman he might have been made still more respectable than he was"},
        {book + "0930.wav", "he might even have been made amiable himself"},
    };
}

std::vector<spoken> cards() {
    return {
        {"cards/001.wav", "ten of clubs"},
        {"cards/002.wav", "four queen of clubs"},
        {"cards/003.wav", "seven of clubs"},
        {"cards/004.wav", "five five"},
        {"cards/005.wav", "eight of spades four of clubs seven of hearts"},
    };
}

bool can_run() {
    const auto there = available<stt::pocketsphinx>({});
    if (!there) WARN("skipped: " << there.error().message());
    if (there && all_recordings().empty())
        WARN("skipped: there are no recordings; Debian has them in pocketsphinx-testdata");
    return there && !all_recordings().empty();
}

std::vector<std::int16_t> samples_of(const std::string& file) {
    for (auto& r : all_recordings())
        if (r.name == file) return std::move(r.samples);
    FAIL("there is no recording " << file);
    return {};
}

std::filesystem::path silero_path() {
    if (std::getenv("RTAI_MODELS") != nullptr) return vad::silero_model::usual_path();
    return std::filesystem::path(RTAI_TREE) / "build/models/silero_vad.onnx";
}

bool has_silero() {
    const bool there = std::filesystem::exists(silero_path());
    if (!there) WARN("skipped: there is no " << silero_path().string() << "; ./dev models fetches it");
    return there;
}

vad::silero silero() {
    vad::silero::options o;
    o.model = silero_path();
    return vad::silero(o);
}

/// The engine without us: one that is new, and hears these stretches of one speaker's sound.
words engine_words(const std::vector<std::vector<std::int16_t>>& stretches, const std::string& grammar) {
    err_set_logfp(nullptr);
    const std::string english = "/usr/share/pocketsphinx/model/en-us/";
    const std::string model = english + "en-us", dictionary = english + "cmudict-en-us.dict";
    const std::string language = english + "en-us.lm.bin";
    cmd_ln_t* config =
        cmd_ln_init(nullptr, ps_args(), TRUE, "-hmm", model.c_str(), "-dict", dictionary.c_str(),
                    grammar.empty() ? "-lm" : "-jsgf", grammar.empty() ? language.c_str() : grammar.c_str(),
                    "-remove_silence", "no", nullptr);
    ps_decoder_t* engine = ps_init(config);
    words all;
    for (const auto& samples : stretches) {
        ps_start_stream(engine);
        ps_start_utt(engine);
        for (std::size_t i = 0; i < samples.size(); i += 1600)
            ps_process_raw(engine, samples.data() + i, std::min<std::size_t>(1600, samples.size() - i), FALSE,
                           FALSE);
        ps_end_utt(engine);
        const char* said = ps_get_hyp(engine, nullptr);
        all.emplace_back(said != nullptr ? said : "");
    }
    ps_free(engine);
    cmd_ln_free_r(config);
    return all;
}

struct errors {
    std::size_t wrong = 0, of = 0;
    void count(const std::string& said, const std::string& heard) {
        wrong += word_errors(split(said), split(heard));
        of += split(said).size();
    }
    double rate() const { return static_cast<double>(wrong) / static_cast<double>(of); }
};

std::string joined(const words& all) {
    std::string one;
    for (const auto& w : all)
        if (!w.empty()) one += (one.empty() ? "" : " ") + w;
    return one;
}

/// Ours beside the engine on the same stretches, and beside the engine on whole files.
template <class MakeDetector>
void compare(const std::string& name, const std::vector<spoken>& corpus, const stt::pocketsphinx::options& o,
             MakeDetector make_detector, bool whole_files) {
    errors ours, engine, whole;
    for (const auto& [file, said] : corpus) {
        CAPTURE(file);
        const auto samples = samples_of(file);
        auto same_ears = make_detector();
        const auto stretches = stretches_of(same_ears, samples);
        auto direct =
            std::async(std::launch::async, [&] { return engine_words(stretches, o.grammar.string()); });
        auto from_file = std::async(std::launch::async, [&] {
            return whole_files ? engine_words({samples}, o.grammar.string()) : words();
        });
        auto detector = make_detector();
        stt::pocketsphinx recogniser(o);
        const auto heard = transcribe(detector, recogniser, samples);
        const auto expected = direct.get();
        REQUIRE(heard.failures.empty());
        REQUIRE(words_of(heard.finals()) == expected);
        if (said.empty()) continue;
        ours.count(said, heard.all());
        engine.count(said, joined(expected));
        if (whole_files) whole.count(said, joined(from_file.get()));
    }
    std::cout << name << ": " << ours.wrong << " of " << ours.of << " words wrong ("
              << static_cast<int>(100 * ours.rate() + 0.5) << " %), the engine on the same stretches "
              << engine.wrong;
    if (whole_files) std::cout << ", on whole files " << whole.wrong;
    std::cout << '\n';
    REQUIRE(ours.wrong == engine.wrong);
}

stt::pocketsphinx::options with_cards() {
    stt::pocketsphinx::options o;
    o.grammar = recordings() / "cards/cards.gram";
    return o;
}

/// A recording up to the last that is loud enough to be heard, 30 dB below the loudest, and then one and a
/// half seconds of hush.
std::vector<std::int16_t> cut_short(std::vector<std::int16_t> samples, duration& end) {
    double loudest = 0;
    std::vector<double> levels;
    for (std::size_t i = 0; i + 160 <= samples.size(); i += 160) {
        double sum = 0;
        for (std::size_t k = i; k < i + 160; ++k) sum += static_cast<double>(samples[k]) * samples[k];
        levels.push_back(sum);
        loudest = std::max(loudest, sum);
    }
    std::size_t last = levels.size();
    while (last > 1 && levels[last - 1] < loudest / 1000) --last;
    samples.resize(last * 160);
    end = audio_format(16'000).time_of(samples.size());
    const auto quiet = as_s16(hush(24'000));
    samples.insert(samples.end(), quiet.begin(), quiet.end());
    return samples;
}

template <class MakeDetector>
void ends_in_time(const std::string& name, duration allowed, MakeDetector make_detector) {
    duration worst = duration::min(), sum{};
    int count = 0;
    for (auto& r : all_recordings()) {
        CAPTURE(r.name);
        duration end{};
        const auto samples = cut_short(std::move(r.samples), end);
        auto detector = make_detector();
        const auto heard = hear_all(detector, samples, 16'000);
        REQUIRE(!heard.moments.empty());
        REQUIRE(heard.moments.back().what == what::speech_end);
        const duration late = heard.said.back() - end - 500ms;
        worst = std::max(worst, late);
        sum += late;
        ++count;
        CHECK(std::chrono::duration_cast<std::chrono::milliseconds>(late) <= allowed);
    }
    const auto in_ms = [](duration t) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(t).count();
    };
    std::cout << name << ": the end of speech is told 500 ms and at most " << in_ms(worst) << " ms after it ("
              << in_ms(sum / count) << " on average)\n";
}

struct disturbance {
    std::string name;
    std::vector<std::int16_t> samples;
};

std::vector<disturbance> disturbances() {
    std::vector<disturbance> all;
    const auto with = [&](const std::string& name, const std::vector<double>& sound) {
        auto room = hush(4 * 16'000, 0.002);
        add(room, sound, 2 * 16'000);
        all.push_back({name, as_s16(room)});
    };
    with("nothing", {});
    with("a click", click());
    with("a cough", cough());
    auto steps = hush(4 * 16'000, 0.002);
    for (std::size_t at = 8'000; at < 60'000; at += 8'000) add(steps, click(), at);
    all.push_back({"clicks", as_s16(steps)});
    all.push_back({"a fan", as_s16(fan(4 * 16'000))});
    return all;
}

}  // namespace

TEST_CASE("the words of recordings are those that the engine finds in the same sound", "[corpus]") {
    if (!can_run()) return;
    compare("vad.energy and stt.pocketsphinx", short_sentences(), {}, [] { return vad::energy(); }, false);
}

TEST_CASE("the words of long recordings, too, are those that the engine finds in the same sound",
          "[corpus][long]") {
    if (!can_run()) return;
    compare("vad.energy and stt.pocketsphinx, all", all_sentences(), {}, [] { return vad::energy(); }, true);
}

TEST_CASE("the words of a grammar are those that the engine finds in the same sound", "[corpus]") {
    if (!can_run()) return;
    compare(
        "vad.energy and stt.pocketsphinx with a grammar", cards(), with_cards(), [] { return vad::energy(); },
        true);
}

TEST_CASE("with silero the words of a grammar are those that the engine finds in the same sound",
          "[corpus]") {
    if (!can_run() || !has_silero()) return;
    compare(
        "vad.silero and stt.pocketsphinx with a grammar", cards(), with_cards(), [] { return silero(); },
        false);
}

TEST_CASE("with silero the words of recordings are those that the engine finds in the same sound",
          "[corpus][long]") {
    if (!can_run() || !has_silero()) return;
    compare("vad.silero and stt.pocketsphinx, all", all_sentences(), {}, [] { return silero(); }, true);
}

TEST_CASE("the end of speech is told within the silence that is asked for, and 50 ms", "[corpus]") {
    if (all_recordings().empty()) {
        WARN("skipped: there are no recordings; Debian has them in pocketsphinx-testdata");
        return;
    }
    ends_in_time("vad.energy", 50ms, [] { return vad::energy(); });
    if (has_silero()) ends_in_time("vad.silero", 50ms, [] { return silero(); });
}

TEST_CASE("a cough, a click and a fan make no words", "[corpus]") {
    if (!can_run()) return;
    for (const auto& [name, samples] : disturbances()) {
        CAPTURE(name);
        vad::energy detector;
        stt::pocketsphinx recogniser;
        const auto heard = transcribe(detector, recogniser, samples);
        std::cout << name << ", vad.energy: " << heard.finals().size() << " utterances, '" << heard.all()
                  << "'";
        for (const auto& t : heard.finals()) std::cout << ' ' << t.confidence;
        std::cout << '\n';
        CHECK(heard.all().empty());
    }
}

TEST_CASE("silero takes a cough, a click and a fan for no speech", "[corpus]") {
    if (!has_silero()) return;
    for (const auto& [name, samples] : disturbances()) {
        CAPTURE(name);
        auto detector = silero();
        REQUIRE(hear_all(detector, samples, 16'000).moments.empty());
    }
}
