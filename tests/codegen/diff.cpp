#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>

#include <catch2/catch.hpp>

#include "diff.hpp"
#include "emit.hpp"
#include "spec_text.hpp"
#include "tool.hpp"

using namespace rtai;
using namespace rtai::codegen;
using tool::contains;

namespace {

/// What `patch` makes of a text with a difference.
std::string patched(const std::string& before, const std::string& diff) {
    const tool::workplace here;
    here.file("text", before);
    here.file("difference", diff);
    if (std::system("patch -s text difference") != 0)
        return "it does not apply";  // NOLINT(concurrency-mt-unsafe)
    return tool::read("text");
}

bool has_patch() {
    return std::system("patch --version >/dev/null 2>&1") == 0;
}  // NOLINT(concurrency-mt-unsafe)

constexpr const char* small = R"(rtai: 1
name: small
pipelines:
  talk:
    elements:
      said: { use: file_source, path: "${HOME}/secret-plan.txt" }
      slow: { use: delay, by: 1234ms }
      screen: { use: console_sink, prefix: "a very special prefix: " }
    flow:
      - said -> slow -> screen
services:
  once: { kind: job, session: { pipeline: talk } }
)";

}  // namespace

TEST_CASE("a difference has three lines around what changed") {
    CHECK(unified_diff("a", "b", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n") ==
          "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
    CHECK(unified_diff("a", "b", "1\n", "1\n").empty());
}

TEST_CASE("a difference tells of a line without an end") {
    CHECK(unified_diff("a", "b", "1\n2", "1\n2\n") ==
          "--- a\n+++ b\n@@ -1,2 +1,2 @@\n 1\n-2\n\\ No newline at end of file\n+2\n");
}

TEST_CASE("patch makes the new text of the old one and the difference") {
    if (!has_patch()) {
        WARN("there is no patch");
        return;
    }
    std::mt19937 random(11);  // NOLINT: the same texts every time
    for (int round = 0; round < 60; ++round) {
        std::string before, after;
        for (int i = 0; i < 40; ++i) {
            const auto line = std::to_string(random() % 20) + "\n";
            const auto fate = random() % 10;
            if (fate != 0) before += line;
            if (fate != 1) after += fate == 2 ? "other\n" : line;
        }
        if (round % 10 == 1) before.clear();
        if (round % 10 == 2 && !after.empty()) after.pop_back();
        if (round % 10 == 3 && !before.empty()) before.pop_back();
        if (before == after) continue;
        REQUIRE(patched(before, unified_diff("text", "text", before, after)) == after);
    }
}

TEST_CASE("a file is written only if that changes it") {
    const tool::workplace here;
    bool changed = false;
    CHECK(write_if_changed("deep/down/a.txt", "one\n", &changed));
    CHECK(changed);
    const auto before = std::filesystem::last_write_time("deep/down/a.txt");
    CHECK(write_if_changed("deep/down/a.txt", "one\n", &changed));
    CHECK(!changed);
    CHECK(std::filesystem::last_write_time("deep/down/a.txt") == before);
    CHECK(write_if_changed("deep/down/a.txt", "two\n", &changed));
    CHECK(changed);
    CHECK(tool::read("deep/down/a.txt") == "two\n");
    CHECK(!std::filesystem::exists("deep/down/a.txt.new"));
}

TEST_CASE("a file that can not be written is told of") {
    const tool::workplace here;
    here.file("file", "");
    const auto made = tool::capture([] { return write_if_changed("file/below", "text") ? 0 : 1; });
    CHECK(made.code == 1);
    CHECK(made.err == "rtai: file/below can not be written\n");
}

TEST_CASE("what is generated can be checked against what is there") {
    const tool::workplace here;
    here.file("small.yaml", small);
    generate_options with, check;
    check.check = true;
    const auto run = [](const generate_options& o) {
        return tool::capture([&] { return generate_command("small.yaml", o, {}); });
    };

    const auto missing = run(check);
    CHECK(missing.code == bad_spec);
    CHECK(contains(missing.out, "--- /dev/null\n+++ generated/small.hpp\n"));
    CHECK(!std::filesystem::exists("generated"));

    CHECK(run(with).code == done);
    const auto same = run(check);
    CHECK(same.code == done);
    CHECK(same.out.empty());

    here.file("generated/small.hpp", tool::read("generated/small.hpp") + "// mine\n");
    const auto stale = run(check);
    CHECK(stale.code == bad_spec);
    CHECK(contains(stale.out, "\n-// mine\n"));
    CHECK(contains(stale.err, "stale"));
    CHECK(contains(tool::read("generated/small.hpp"), "// mine"));
}

TEST_CASE("generated code holds no path of this machine and no value of a variable") {
    const tool::workplace here;
    here.file("small.yaml", small);
    const auto path = (std::filesystem::current_path() / "small.yaml").string();
    ::setenv("HOME", "/home/of-this-test", 1);  // NOLINT(concurrency-mt-unsafe)
    const tool::checked it(small, path);
    problems found;
    for (const auto& f : emit(it.s, it.p, found)) {
        INFO(f.name);
        CHECK(!contains(f.text, std::filesystem::current_path().string()));
        CHECK(!contains(f.text, "/home/of-this-test"));
        CHECK(contains(f.text, "small.yaml"));
        if (f.name == "small.values.yaml") CHECK(contains(f.text, "${HOME}/secret-plan.txt"));
        // Values are read at start: the code has none of them.
        if (f.name != "small.values.yaml") CHECK(!contains(f.text, "special prefix"));
        if (f.name != "small.values.yaml") CHECK(!contains(f.text, "1234"));
    }
}
