#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "questions.hpp"

namespace bench {
namespace {

namespace fs = std::filesystem;

constexpr int size = 500;

/// 500 elements: 100 lanes of a tone that is delayed, tapped and measured, and written.
std::string large_spec() {
    std::string elements, flow;
    for (int i = 0; i < size / 5; ++i) {
        const auto n = std::to_string(i);
        elements += "      tone" + n + ": { use: tone, frequency: 440Hz, length: 1s }\n";
        elements += "      late" + n + ": { use: delay, by: 20ms }\n";
        elements += "      count" + n + ": { use: counter, every: 10 }\n";
        elements += "      file" + n + ": { use: wav_sink, path: \"${DIR:-.}/" + n + ".wav\" }\n";
        elements += "      screen" + n + ": { use: console_sink, prefix: \"lane " + n + ": \" }\n";
        flow += "      - tone" + n + " -> late" + n + " -> count" + n + " -> file" + n + "\n";
        flow += "      - { line: count" + n + ".counts -> screen" + n + ", capacity: 8 }\n";
    }
    return "rtai: 1\nname: large\npipelines:\n  all:\n    elements:\n" + elements + "    flow:\n" + flow +
           "services:\n  once: { kind: job, session: { pipeline: all } }\n";
}

double milliseconds_of(const std::string& command) {
    return seconds([&] {
               if (std::system((command + " >/dev/null 2>&1").c_str()) !=
                   0)  // NOLINT: a benchmark's own words
                   throw std::runtime_error("failed: " + command);
           }) *
           1e3;
}

}  // namespace

/// How long does the tool take for a spec of 500 elements, from its start to its end?
void tool(sheet& s) {
    const auto dir = fs::temp_directory_path() / "rtai_bench_tool";
    fs::create_directories(dir);
    std::ofstream(dir / "large.yaml") << large_spec();
    const std::string tool = RTAI_TOOL, spec = (dir / "large.yaml").string();
    s.measure("A spec of 500 elements", "milliseconds",
              {{"check_500_ms", "rtai check", role::ours, {[&] {
                    return milliseconds_of(tool + " check " + spec);
                }}},
               {"generate_500_ms", "rtai generate", role::ours, {[&] {
                    fs::remove_all(dir / "out");
                    return milliseconds_of(tool + " generate " + spec + " --out " + (dir / "out").string());
                }}},
               {"nothing_ms", "a program that does nothing", role::bound, {[] {
                    return milliseconds_of("true");
                }}}});
    s.at_most("checking 500 elements", s["check_500_ms"], 50, " ms");
    fs::remove_all(dir);
}

}  // namespace bench
