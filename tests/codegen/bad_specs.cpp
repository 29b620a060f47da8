// Each spec in bad/ is told of as its .txt says: place, message, line, caret and help. Those in good/ are
// fine.
//
// RTAI_REFRESH=1 in the environment writes the .txt files anew (./dev golden does that, too): read the
// difference before you commit it, as somebody who meets the message for the first time.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "check.hpp"
#include "emit.hpp"
#include "plan.hpp"
#include "read.hpp"
#include "tool.hpp"

namespace {

using namespace rtai;
namespace fs = std::filesystem;

const fs::path here = fs::path(RTAI_TREE) / "tests" / "codegen";

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
    return tool::capture([&] {
               problems found;
               auto spec =
                   codegen::read_spec_text(path.filename().string(), tool::read(path.string()), found);
               codegen::check(spec, catalogue, found);
               if (found.ok()) codegen::emit(spec, codegen::make_plans(spec, catalogue), found);
               return codegen::tell(found, {}) ? 0 : 1;
           })
        .err;
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
    CHECK(told == tool::read(expected.string()));
    CHECK(!told.empty());
}

bool needs_a_compiler(const fs::path& path) {
    return tool::read(path.string()).find("from: headers/") != std::string::npos;
}

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
    probe.cache =
        (fs::temp_directory_path() / ("rtai-bad-specs-" + std::to_string(std::rand()))).string();  // NOLINT
    codegen::known catalogue(probe);
    if (std::system("clang++-19 --version >/dev/null 2>&1") != 0) {  // NOLINT(concurrency-mt-unsafe)
        WARN("there is no clang++-19");
        return;
    }
    for (const auto& path : specs_in(here / "bad"))
        if (needs_a_compiler(path)) compare(path, catalogue);
}

TEST_CASE("nothing is said of good specs") {
    codegen::known catalogue;
    for (const auto& path : specs_in(here / "good")) {
        INFO(path.filename().string());
        const auto told = told_of(path, catalogue);
        CHECK(told.empty());
    }
}
