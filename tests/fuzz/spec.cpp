// Bytes as a spec: read, check, plan and emit, as `rtai generate` does.

#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "check.hpp"
#include "emit.hpp"
#include "plan.hpp"
#include "read.hpp"

namespace {

using namespace rtai::codegen;

/// Imports and headers are looked for beside a spec, and beside this one there are none.
const std::string& empty_directory() {
    struct directory {
        directory() : path((std::filesystem::temp_directory_path() / "rtai-fuzz-XXXXXX").string()) {
            if (::mkdtemp(path.data()) == nullptr) std::abort();
        }
        directory(const directory&) = delete;
        directory& operator=(const directory&) = delete;
        ~directory() {
            std::error_code ignored;
            std::filesystem::remove_all(path, ignored);
        }
        std::string path;
    };
    static const directory made;
    return made.path;
}

/// No compiler, so that no header is ever read.
known& catalogue() {
    static known all = [] {
        probe_options none;
        none.compiler = empty_directory() + "/no-compiler";
        none.cache = empty_directory() + "/cache";
        return known(none);
    }();
    return all;
}

void require(bool held) {
    if (!held) std::abort();
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    rtai::problems found;
    auto s = read_spec_text(empty_directory() + "/fuzz.yaml", bytes, found);
    check(s, catalogue(), found);
    const auto told = found.sorted();
    for (std::size_t i = 0; i < told.size() && i < 20; ++i) require(!rtai::to_text(told[i]).empty());
    if (!found.ok()) return 0;

    const auto p = make_plans(s, catalogue());
    require(p.all.size() == s.pipelines.size());
    const auto files = emit(s, p, found);
    // The same again is the same: nothing depends on addresses.
    rtai::problems again;
    auto twin = read_spec_text(empty_directory() + "/fuzz.yaml", bytes, again);
    known fresh(probe_options{empty_directory() + "/no-compiler", {}, {}, empty_directory() + "/cache"});
    check(twin, fresh, again);
    const auto same = emit(twin, make_plans(twin, fresh), again);
    require(files.size() == same.size());
    for (std::size_t i = 0; i < files.size(); ++i) require(files[i].text == same[i].text);
    return 0;
}
