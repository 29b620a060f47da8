// How long large specs take. The limits are far above what an idle machine needs: they find what grows with
// the square of a spec, not what is slow.

#include <chrono>
#include <string>

#include "emit.hpp"
#include "spec_text.hpp"

using namespace rtai;
using namespace rtai::codegen;
using tool::checked;
using tool::talk;

namespace {

/// Lines of ten elements each, as many as are wanted.
std::string large(int elements) {
    std::string made = "    elements:\n", flow = "    flow:\n";
    for (int i = 0; i < elements; i += 10) {
        const auto n = std::to_string(i);
        made += "      said" + n + ": { use: text_source, lines: [hello], every: 10ms }\n      tone" + n +
                ": { use: tone, level: 0.5 }\n      screen" + n + ": console_sink\n      file" + n +
                ": { use: wav_sink, path: a" + n + ".wav }\n";
        const char* kinds[] = {"pass", "counter", "{ use: delay, by: 5ms }", "tee", "valve", "merge"};
        for (int k = 0; k < 6; ++k) made += "      p" + n + "_" + std::to_string(k) + ": " + kinds[k] + "\n";
        flow += "      - said" + n + " -> p" + n + "_0 -> p" + n + "_1 -> p" + n + "_2 -> screen" + n + "\n";
        flow += "      - tone" + n + " -> p" + n + "_3 -> p" + n + "_4 -> p" + n + "_5 -> file" + n + "\n";
    }
    return talk(made + flow);
}

/// Every element waits for the one behind it, and the last line of the flow tells the type of all.
std::string backwards(int elements, const std::string& kind) {
    std::string made = "    in: { chat: text }\n    elements:\n      screen: console_sink\n",
                flow = "    flow:\n";
    for (int i = 0; i < elements; ++i) made += "      p" + std::to_string(i) + ": " + kind + "\n";
    flow += "      - p" + std::to_string(elements - 1) + " -> screen\n";
    for (int i = elements - 1; i > 0; --i)
        flow += "      - p" + std::to_string(i - 1) + " -> p" + std::to_string(i) + "\n";
    return talk(made + flow + "      - chat -> p0\n");
}

/// Everybody is connected to everybody.
std::string dense(int side) {
    std::string made = "    elements:\n", from, to, flow;
    for (int i = 0; i < side; ++i) {
        const auto n = std::to_string(i);
        made += "      t" + n + ": tone\n      m" + n + ": merge\n      f" + n +
                ": { use: wav_sink, path: a.wav }\n";
        from += (i == 0 ? "t" : ", t") + n;
        to += (i == 0 ? "m" : ", m") + n;
        flow += "      - m" + n + " -> f" + n + "\n";
    }
    return talk(made + "    flow:\n      - \"[" + from + "] -> [" + to + "]\"\n" + flow);
}

double seconds_of(const std::string& text) {
    checked::catalogue();
    const auto start = std::chrono::steady_clock::now();
    checked it(text);
    INFO(test::printed(it.found));
    CHECK(it.found.ok());
    CHECK(!emit(it.s, it.p, it.found).empty());
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

constexpr double most_seconds = 5;

}  // namespace

TEST_CASE("a spec of 500 elements is no work") {
    checked::catalogue();
    const auto text = large(500);
    CHECK(seconds_of(text) < most_seconds);
}

TEST_CASE("a spec of 5000 elements takes ten times as long as one of 500, not a hundred times") {
    seconds_of(large(50));
    const auto small = seconds_of(large(500)), large_one = seconds_of(large(5000));
    CHECK(large_one < 40 * small);
}

TEST_CASE("types are found in time, whatever the order of the lines") {
    CHECK(seconds_of(backwards(2000, "pass")) < most_seconds);
    CHECK(seconds_of(backwards(2000, "counter")) < most_seconds);
}

TEST_CASE("formats are chosen in time, however dense the graph") {
    CHECK(seconds_of(dense(60)) < most_seconds);
}
