#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <rtai/ai/vad/energy.hpp>
#include <rtai/ai/vad/silero.hpp>
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
using Catch::Matchers::Contains;
using vad::silero_model;

namespace {

/// Where the model is, if it is here.
std::filesystem::path model_path() {
    if (std::getenv("RTAI_MODELS") != nullptr) return silero_model::usual_path();
    return std::filesystem::path(RTAI_TREE) / "build/models/silero_vad.onnx";
}

/// Null, and a word about it, when there is none.
std::shared_ptr<const silero_model> model() {
    if (!std::filesystem::exists(model_path())) {
        WARN("skipped: there is no " << model_path().string() << "; ./dev models fetches it");
        return nullptr;
    }
    auto loaded = silero_model::load(model_path());
    REQUIRE(loaded);
    return *loaded;
}

vad::silero::options with_model() {
    vad::silero::options o;
    o.model = model_path();
    return o;
}

/// How far the worst answer is from that of the reference, of all sounds of this name.
double worst_difference(const silero_model& m, const std::string& only) {
    std::ifstream reference(std::string(RTAI_TREE) + "/tests/ai/silero_reference.txt");
    REQUIRE(reference);
    double worst = 0;
    std::size_t compared = 0;
    std::string name;
    std::uint32_t rate = 0;
    std::size_t every = 0, count = 0;
    while (reference >> name >> rate >> every >> count) {
        std::vector<double> expected(count);
        for (auto& e : expected) reference >> e;
        if (name != only) continue;
        std::vector<std::int16_t> samples;
        if (name.ends_with(".raw")) {
            samples = raw_file(recordings() / name);
            if (rate == 8'000) samples = every_other(samples);
        } else {
            samples = signal(rate);
        }
        const auto state =
            std::make_unique<vad::silero_state>(std::shared_ptr<const silero_model>(&m, [](auto*) {}));
        const std::size_t window = state->begin(rate);
        std::size_t number = 0;
        while (number < count * every)
            for (std::size_t i = 0; i + window <= samples.size(); i += window, ++number) {
                const double said =
                    static_cast<double>(state->probability(std::span(samples).subspan(i, window)));
                if (number % every != 0 || number / every >= count) continue;
                worst = std::max(worst, std::abs(said - expected[number / every]));
                ++compared;
            }
    }
    REQUIRE(compared > 170);
    return worst;
}

}  // namespace

TEST_CASE("the probabilities are those of onnxruntime on silence, noise, voice, a tone and clipped noise",
          "[silero]") {
    const auto m = model();
    if (!m) return;
    const double worst = worst_difference(*m, "signal");
    std::cout << "silero: at most " << worst << " from onnxruntime\n";
    REQUIRE(worst < 1e-4);
}

TEST_CASE("the probabilities are those of onnxruntime after ten minutes, too", "[silero][long]") {
    const auto m = model();
    if (!m) return;
    const double worst = worst_difference(*m, "fifty_signals");
    std::cout << "silero: at most " << worst << " from onnxruntime in ten minutes\n";
    REQUIRE(worst < 1e-3);
}

TEST_CASE("the probabilities are those of onnxruntime on a person's speech", "[silero]") {
    const auto m = model();
    if (!m) return;
    if (!std::filesystem::exists(recordings() / "goforward.raw")) {
        WARN("skipped: there are no recordings; Debian has them in pocketsphinx-testdata");
        return;
    }
    const double worst = worst_difference(*m, "goforward.raw");
    std::cout << "silero: at most " << worst << " from onnxruntime on goforward.raw\n";
    REQUIRE(worst < 1e-4);
}

TEST_CASE("a conversation's own part of the model is small, and a window allocates nothing", "[silero]") {
    REQUIRE(sizeof(vad::silero_state) < 8 * 1024);
    const auto m = model();
    if (!m) return;
    vad::silero_state state(m);
    const std::size_t window = state.begin(16'000);
    REQUIRE(window == 512);
    const auto samples = signal(16'000);
    const std::size_t before = test::allocations;
    float most = 0;
    for (std::size_t i = 0; i + window <= samples.size(); i += window)
        most = std::max(most, state.probability(std::span(samples).subspan(i, window)));
    REQUIRE(test::allocations == before);
    REQUIRE(most > 0.9F);
    REQUIRE(state.begin(8'000) == 256);
}

TEST_CASE("a model is loaded once", "[silero]") {
    if (!model()) return;
    REQUIRE(*silero_model::load(model_path()) == *silero_model::load(model_path()));
}

TEST_CASE("a conversation does not change what another hears", "[silero]") {
    const auto m = model();
    if (!m) return;
    const auto samples = signal(16'000);
    vad::silero_state alone(m), one(m), other(m);
    for (auto* s : {&alone, &one, &other}) s->begin(16'000);
    for (std::size_t i = 0; i + 512 <= samples.size(); i += 512) {
        const auto window = std::span(samples).subspan(i, 512);
        const float expected = alone.probability(window);
        (void)other.probability(std::span(samples).subspan(samples.size() - 512 - i, 512));
        REQUIRE(one.probability(window) == expected);
    }
}

TEST_CASE("without its file the model is not available, and it says how to get it", "[silero]") {
    vad::silero::options o;
    o.model = temporary("no_model.onnx");
    const auto there = available<vad::silero>(o);
    REQUIRE_FALSE(there);
    REQUIRE_THAT(there.error().message(), Contains("no_model.onnx") && Contains("./dev models"));
    o.model = temporary("");
    REQUIRE_FALSE(available<vad::silero>(o));
}

TEST_CASE("files that are not the model are refused", "[silero]") {
    const auto path = temporary("wrong.onnx");
    const auto refused = [&](const std::string& bytes) {
        write_file(path, bytes);
        const auto loaded = silero_model::load(path);
        REQUIRE_FALSE(loaded);
        REQUIRE_THAT(loaded.error().message(),
                     Contains("not the model Silero VAD v5") && Contains("wrong.onnx"));
    };
    refused("");
    refused("this is text");
    refused(std::string(100'000, '\xA5'));
    refused(std::string("\x08\x08\x3A\x00", 4));  // an ONNX file, with a graph of nothing
    if (!model()) return;
    const std::string real = file_text(model_path());
    REQUIRE(real.size() > 2'000'000);
    for (const double part : {0.999999, 0.9, 0.5, 0.1, 0.001})
        refused(real.substr(0, static_cast<std::size_t>(part * static_cast<double>(real.size()))));
    SECTION("one whose tensors have other names") {
        std::string other = real;
        for (std::size_t at = 0; (at = other.find("decoder.rnn.weight_ih", at)) != std::string::npos;)
            other[at] = 'D';
        refused(other);
    }
    SECTION("one with a weight that is no number") {
        std::string damaged = real;
        const auto at = real.size() / 2;
        std::fill_n(damaged.begin() + static_cast<std::ptrdiff_t>(at), 64, '\xFF');
        refused(damaged);
    }
}

TEST_CASE("silero hears where a voice starts and ends in the noise around it, and passes the sound on",
          "[silero]") {
    if (!model()) return;
    for (const std::uint32_t rate : {16'000U, 8'000U}) {
        const auto samples = between_noise(rate, 2s, 2s, 0.01);
        vad::silero v(with_model());
        const auto heard = hear_all(v, samples, rate);
        REQUIRE(heard.passed == samples.size());
        REQUIRE(kinds_of(heard.moments) == std::vector{what::speech_start, what::speech_end});
        REQUIRE(near_to(heard.at(0), 2s, 150ms));
        REQUIRE(near_to(heard.at(1), 4s, 400ms));
        // And it says so in time.
        REQUIRE(heard.said[0] - heard.at(0) <= 60ms + 64ms);
        REQUIRE(heard.said[1] - heard.at(1) <= 500ms + 64ms);
    }
}

TEST_CASE("silero takes neither silence nor noise for speech", "[silero]") {
    if (!model()) return;
    vad::silero v(with_model());
    auto samples = signal(16'000);
    samples.resize(4 * 16'000);
    REQUIRE(hear_all(v, samples, 16'000).moments.empty());
}

TEST_CASE("silero refuses what it was not made for", "[silero]") {
    if (!model()) return;
    vad::silero v(with_model());
    REQUIRE_THROWS_WITH(hear_all(v, std::vector<std::int16_t>(4800), 48'000), Contains("8 or 16 kHz"));
}

CO_TEST("without its model silero fails, and says what to do", "[silero]") {
    vad::silero::options o;
    o.model = "/nowhere/silero_vad.onnx";
    vad::silero v(o);
    const auto said = co_await failure_of(v);
    REQUIRE_THAT(said, Contains("/nowhere/silero_vad.onnx") && Contains("./dev models"));
}

TEST_CASE("silero hears a person in recordings, from about the first word to the last", "[silero]") {
    if (!model()) return;
    for (const auto& r : all_recordings()) {
        CAPTURE(r.name);
        vad::silero v(with_model());
        const auto heard = hear_all(v, r.samples, 16'000);
        REQUIRE(heard.spoken() > audio_format(16'000).time_of(r.samples.size()) * 3 / 10);
        REQUIRE(heard.moments.size() % 2 == 0);
        // And so does the simpler detector: these recordings are clean.
        vad::energy e;
        const auto other = hear_all(e, r.samples, 16'000);
        REQUIRE(near_to(heard.at(0), other.at(0), 250ms));
        REQUIRE(near_to(heard.at(heard.moments.size() - 1), other.at(other.moments.size() - 1), 250ms));
    }
}

TEST_CASE("a window of sound costs this much", "[silero][.time]") {
    const auto m = model();
    if (!m) return;
    for (const std::uint32_t rate : {16'000U, 8'000U}) {
        vad::silero_state state(m);
        const std::size_t window = state.begin(rate);
        const auto samples = signal(rate);
        double best = 1e9;
        float sum = 0;
        for (int round = 0; round < 20; ++round) {
            const auto start = std::chrono::steady_clock::now();
            std::size_t count = 0;
            for (std::size_t i = 0; i + window <= samples.size(); i += window, ++count)
                sum += state.probability(std::span(samples).subspan(i, window));
            const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
            best = std::min(best, took.count() / static_cast<double>(count));
        }
        std::cout << "silero: " << best << " us a window at " << rate << " Hz; " << sizeof(vad::silero_state)
                  << " bytes a conversation, " << m->bytes() << " bytes of weights\n";
        REQUIRE(sum > 0);
    }
}
