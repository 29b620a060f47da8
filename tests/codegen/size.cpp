// Large specs: what grows with the cube of a spec, or worse, does not end within the time that a test has.

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

void check_and_emit(const std::string& text) {
    checked it(text);
    INFO(test::printed(it.found));
    CHECK(it.found.ok());
    CHECK(!emit(it.s, it.p, it.found).empty());
}

}  // namespace

TEST_CASE("a spec of 5000 elements is checked, and code comes of it") { check_and_emit(large(5000)); }

TEST_CASE("types are found whatever the order of the lines") {
    check_and_emit(backwards(2000, "pass"));
    check_and_emit(backwards(2000, "counter"));
}

TEST_CASE("formats are chosen however dense the graph") { check_and_emit(dense(60)); }
