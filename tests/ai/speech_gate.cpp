#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <rtai/ai/vad/speech_gate.hpp>
#include <vector>

using namespace rtai;
using namespace rtai::vad;
using namespace std::chrono_literals;

namespace {

constexpr auto window = 10ms;

speech_gate::options some(duration start_after, duration stop_after) {
    speech_gate::options o;
    o.on = 0.5;
    o.off = 0.3;
    o.start_after = start_after;
    o.stop_after = stop_after;
    return o;
}

/// An edge, and the end of the window in which it was found.
struct found {
    bool operator==(const found&) const = default;
    speech_edge edge;
    duration when;
};

std::vector<found> through(speech_gate& gate, const std::vector<double>& levels, duration from = 0ms) {
    std::vector<found> all;
    for (const double level : levels) {
        if (auto edge = gate.put(from, from + window, level)) all.push_back({*edge, from + window});
        from += window;
    }
    return all;
}

std::vector<double> runs(const std::vector<std::pair<int, double>>& parts) {
    std::vector<double> all;
    for (const auto& [count, level] : parts) all.insert(all.end(), static_cast<std::size_t>(count), level);
    return all;
}

constexpr auto start = speech_edge::kind::start;
constexpr auto stop = speech_edge::kind::end;

}  // namespace

TEST_CASE("speech starts when it was there for long enough, and began before", "[speech_gate]") {
    speech_gate gate(some(60ms, 100ms));
    REQUIRE(through(gate, runs({{5, 0.1}, {5, 0.9}})).empty());
    REQUIRE_FALSE(gate.speaking());
    REQUIRE(gate.in_doubt());
    REQUIRE(through(gate, {0.9}, 100ms) == std::vector<found>{{{start, 50ms}, 110ms}});
    REQUIRE(gate.speaking());
    REQUIRE_FALSE(gate.in_doubt());
}

TEST_CASE("speech ends when silence was there for long enough, and ended before", "[speech_gate]") {
    speech_gate gate(some(20ms, 100ms));
    const auto all = through(gate, runs({{4, 0.9}, {30, 0.1}}));
    REQUIRE(all == std::vector<found>{{{start, 0ms}, 20ms}, {{stop, 40ms}, 140ms}});
    REQUIRE_FALSE(gate.speaking());
}

TEST_CASE("a level that follows the sound late ends speech no later for it", "[speech_gate]") {
    auto with = some(20ms, 100ms);
    with.lag = 30ms;
    speech_gate gate(with);
    const auto all = through(gate, runs({{4, 0.9}, {30, 0.1}}));
    REQUIRE(all == std::vector<found>{{{start, 0ms}, 20ms}, {{stop, 10ms}, 110ms}});
}

TEST_CASE("a sound one window too short is no speech, and a pause one too short no end", "[speech_gate]") {
    speech_gate gate(some(60ms, 100ms));
    REQUIRE(through(gate, runs({{5, 0.9}, {1, 0.1}, {5, 0.9}, {1, 0.1}})).empty());
    REQUIRE(through(gate, runs({{6, 0.9}, {9, 0.1}, {1, 0.9}, {9, 0.1}, {1, 0.9}})).size() == 1);
    REQUIRE(gate.speaking());
}

TEST_CASE("flicker around one threshold neither starts nor ends speech", "[speech_gate]") {
    speech_gate gate(some(30ms, 30ms));
    std::vector<double> flicker;
    for (int i = 0; i < 100; ++i) flicker.push_back(i % 2 == 0 ? 0.51 : 0.29);
    REQUIRE(through(gate, flicker).empty());
    REQUIRE(through(gate, runs({{3, 0.6}})).size() == 1);
    REQUIRE(through(gate, flicker).empty());
    REQUIRE(gate.speaking());
}

TEST_CASE("what is between the thresholds lets go on what was going on", "[speech_gate]") {
    SECTION("a start") {
        speech_gate gate(some(40ms, 40ms));
        REQUIRE(through(gate, {0.6, 0.4, 0.4, 0.4}) == std::vector<found>{{{start, 0ms}, 40ms}});
    }
    SECTION("an end") {
        speech_gate gate(some(0ms, 40ms));
        REQUIRE(through(gate, {0.6, 0.2, 0.4, 0.4, 0.4}) ==
                std::vector<found>{{{start, 0ms}, 10ms}, {{stop, 10ms}, 50ms}});
    }
    SECTION("neither, if there was nothing") {
        speech_gate gate(some(10ms, 10ms));
        REQUIRE(through(gate, runs({{20, 0.4}})).empty());
        REQUIRE(through(gate, {0.6}).size() == 1);
        REQUIRE(through(gate, runs({{20, 0.4}})).empty());
        REQUIRE(gate.speaking());
    }
}

TEST_CASE("the threshold itself is speech, and the lower one is not yet silence", "[speech_gate]") {
    speech_gate gate(some(10ms, 10ms));
    REQUIRE(through(gate, {std::nextafter(0.5, 0.0)}).empty());
    REQUIRE(through(gate, {0.5}).size() == 1);
    REQUIRE(through(gate, {0.3}).empty());
    REQUIRE(through(gate, {std::nextafter(0.3, 0.0)}).size() == 1);
    REQUIRE_FALSE(gate.speaking());
}

TEST_CASE("without confirmation each window decides by itself", "[speech_gate]") {
    speech_gate gate(some(0ms, 0ms));
    REQUIRE(through(gate, {0.9, 0.1, 0.9}) ==
            std::vector<found>{{{start, 0ms}, 10ms}, {{stop, 10ms}, 20ms}, {{start, 20ms}, 30ms}});
}

TEST_CASE("the end of the stream ends speech where silence began, or where it stood", "[speech_gate]") {
    speech_gate gate(some(10ms, 100ms));
    REQUIRE_FALSE(gate.finish());
    REQUIRE(through(gate, {0.9, 0.9}).size() == 1);
    REQUIRE(gate.finish() == speech_edge(stop, 20ms));
    REQUIRE_FALSE(gate.finish());
    REQUIRE(through(gate, {0.9, 0.1, 0.1}).size() == 1);
    REQUIRE(gate.finish() == speech_edge(stop, 10ms));
    REQUIRE(through(gate, {0.1}).empty());
}

TEST_CASE("a start that was not confirmed is forgotten at the end of the stream", "[speech_gate]") {
    speech_gate gate(some(30ms, 30ms));
    REQUIRE(through(gate, {0.9, 0.9}).empty());
    REQUIRE_FALSE(gate.finish());
    REQUIRE(through(gate, {0.9, 0.9}, 20ms).empty());
}

TEST_CASE("a level that is no number is silence", "[speech_gate]") {
    speech_gate gate(some(0ms, 20ms));
    const double none = std::nan("");
    REQUIRE(through(gate, {none, none}).empty());
    REQUIRE(through(gate, {0.9, none, none}).size() == 2);
}
