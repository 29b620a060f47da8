#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "questions.hpp"

namespace bench {
namespace {

namespace fs = std::filesystem;

void run(const std::string& command) {
    if (std::system((command + " >/dev/null 2>&1").c_str()) != 0)  // NOLINT: a benchmark's own words
        throw std::runtime_error("failed: " + command);
}

std::string text_of(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Puts one text in the place of another in a file that holds it.
void change(const fs::path& file, const std::string& from, const std::string& to) {
    auto text = text_of(file);
    const auto at = text.find(from);
    if (at == std::string::npos) throw std::runtime_error(file.string() + " does not hold '" + from + "'");
    text.replace(at, from.size(), to);
    std::ofstream(file) << text;
}

}  // namespace

/// How long does it take from a spec to its program, at first and after a change?
void compile(sheet& s) {
    const auto dir = fs::temp_directory_path() / "rtai_bench_compile";
    fs::remove_all(dir);
    fs::create_directories(dir);
    for (const char* file : {"server.yaml", "words.hpp"})
        fs::copy_file(fs::path(RTAI_LANGUAGE_DIR) / file, dir / file);
    const std::string spec = (dir / "server.yaml").string();
    const std::string build = std::string(RTAI_TOOL) + " build " + spec + " --compiler " + RTAI_COMPILER;
    const auto program = dir / ".rtai" / "server";
    run(build);  // the catalogue of words.hpp is known from now on

    // Compiling takes seconds: one round is enough, and the rest of this sheet has its own.
    bool option = false, wire = false;
    const auto from_nothing = [&] {
        fs::remove_all(dir / ".rtai");
        return seconds([&] { run(build); });
    };
    const auto after_option = [&] {
        const auto before = fs::last_write_time(program);
        option = !option;
        change(spec, option ? "max: 100" : "max: 200", option ? "max: 200" : "max: 100");
        const auto took = seconds([&] { run(build); });
        if (fs::last_write_time(program) != before)
            throw std::runtime_error("a changed option compiled the program anew");
        return took;
    };
    const auto after_wire = [&] {
        wire = !wire;
        change(spec,
               wire ? "- said -> echo -> reply" : "- { line: said -> echo -> reply, policy: drop_newest }",
               wire ? "- { line: said -> echo -> reply, policy: drop_newest }" : "- said -> echo -> reply");
        return seconds([&] { run(build); });
    };
    s.measure("From examples/language/server.yaml to its program (two services, clang -O2)", "seconds",
              {{"compile_s", "from nothing", role::ours, {from_nothing}},
               {"incremental_build_s.option",
                "after an option changed: nothing is compiled",
                role::ours,
                {after_option}},
               {"incremental_build_s.wire", "after a wire changed", role::ours, {after_wire}}});
    s.at_most("compiling the generated sources", s["compile_s"], 15, " s");
    fs::remove_all(dir);
}

}  // namespace bench
