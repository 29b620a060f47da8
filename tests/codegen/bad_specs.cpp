// Each spec in bad/ is told of as its .txt says: place, message, line, caret and help. Those in good/ are fine.
//
// RTAI_REFRESH=1 in the environment writes the .txt files anew (./dev golden does that, too): read the
// difference before you commit it, as somebody who meets the message for the first time.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "../../codegen/check.hpp"
#include "../../codegen/commands.hpp"
#include "../../codegen/emit.hpp"
#include "../../codegen/plan.hpp"
#include "../../codegen/read.hpp"

namespace {

using namespace rtai;
namespace fs = std::filesystem;

const fs::path here = fs::path(RTAI_TREE) / "tests" / "codegen";

std::string read_all(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<fs::path> specs_in(const fs::path& directory) {
    std::vector<fs::path> all;
    for (const auto& e : fs::directory_iterator(directory))
        if (e.path().extension() == ".yaml") all.push_back(e.path());
    std::sort(all.begin(), all.end());
    return all;
}

/// What `rtai generate` prints of a spec, started in its directory.
std::string told_of(const fs::path& path, codegen::known& catalogue) {
    struct visit {
        explicit visit(const fs::path& to) : back(fs::current_path()) { fs::current_path(to); }
        visit(const visit&) = delete;
        visit& operator=(const visit&) = delete;
        ~visit() { fs::current_path(back); }
        fs::path back;
    } in(path.parent_path());
    struct capture {
        capture() : before(std::cerr.rdbuf(text.rdbuf())) {}
        capture(const capture&) = delete;
        capture& operator=(const capture&) = delete;
        ~capture() { std::cerr.rdbuf(before); }
        std::ostringstream text;
        std::streambuf* before;
    } printed;

    problems found;
    auto spec = codegen::read_spec_text(path.filename().string(), read_all(path), found);
    codegen::check(spec, catalogue, found);
    if (found.ok()) codegen::emit(spec, codegen::make_plans(spec, catalogue), found);
    codegen::tell(found, {});
    return printed.text.str();
}

bool refreshes() {
    const char* wanted = std::getenv("RTAI_REFRESH");  // NOLINT(concurrency-mt-unsafe)
    return wanted != nullptr && std::string(wanted) == "1";
}

void compare(const fs::path& path, codegen::known& catalogue) {
    const auto told = told_of(path, catalogue);
    const auto expected = fs::path(path).replace_extension(".txt");
    INFO(path.filename().string());
    if (refreshes()) std::ofstream(expected, std::ios::binary) << told;
    CHECK(told == read_all(expected));
    CHECK(!told.empty());
}

bool needs_a_compiler(const fs::path& path) { return read_all(path).find("from: headers/") != std::string::npos; }

}  // namespace

TEST_CASE("each bad spec is told of as its text beside it says") {
    codegen::known catalogue;
    std::size_t count = 0;
    for (const auto& path : specs_in(here / "bad"))
        if (!needs_a_compiler(path)) {
            compare(path, catalogue);
            ++count;
        }
    CHECK(count >= 75);
}

TEST_CASE("each bad spec with a header of its own is told of as its text beside it says", "[long]") {
    // The texts cite what this compiler says.
    codegen::probe_options probe;
    probe.compiler = "clang++-19";
    probe.cache = (fs::temp_directory_path() / ("rtai-bad-specs-" + std::to_string(std::rand()))).string();  // NOLINT
    codegen::known catalogue(probe);
    if (std::system("clang++-19 --version >/dev/null 2>&1") != 0) {  // NOLINT(concurrency-mt-unsafe)
        WARN("there is no clang++-19");
        return;
    }
    for (const auto& path : specs_in(here / "bad"))
        if (needs_a_compiler(path)) compare(path, catalogue);
    fs::remove_all(probe.cache);
}

TEST_CASE("nothing is said of good specs") {
    codegen::known catalogue;
    for (const auto& path : specs_in(here / "good")) {
        INFO(path.filename().string());
        const auto told = told_of(path, catalogue);
        const bool is_gateway = read_all(path).find("kind: gateway") != std::string::npos;
        if (is_gateway) CHECK(told.find("1 error\n") != std::string::npos);  // it can not be built yet, and no more
        else CHECK(told.empty());
    }
}
