#include <filesystem>
#include <string>

#include "spec_text.hpp"
#include "tool.hpp"

using namespace rtai;
using namespace rtai::codegen;
using tool::lines;
using tool::talk;

namespace {

/// "9:9+4 said" for the beginning of each wire, "9:17+6 screen" for its end.
lines places(const spec& s) {
    lines all;
    const auto put = [&](const word& w) {
        all.push_back(std::to_string(w.at.line) + ":" + std::to_string(w.at.column) + "+" +
                      std::to_string(w.at.length) + " " + w.text);
    };
    for (const auto& p : s.pipelines)
        for (const auto& w : p->wires)
            for (const auto* end : {&w.from, &w.to}) {
                put(end->name);
                if (!end->port.empty()) put(end->port);
            }
    return all;
}

lines places_of_line(const std::string& line) {
    problems found;
    const auto s = read_spec_text("a.yaml", talk("    flow:\n      " + line + "\n"), found);
    INFO(test::printed(found));
    CHECK(found.ok());
    return places(s);
}

lines told_of(const std::string& text) {
    problems found;
    read_spec_text("a.yaml", text, found);
    return test::told(found);
}

}  // namespace

TEST_CASE("a line of a flow is wires, each end with its place") {
    CHECK(places_of_line("- mic -> vad -> stt") ==
          lines{"6:9+3 mic", "6:16+3 vad", "6:16+3 vad", "6:23+3 stt"});
    CHECK(places_of_line("- a.left->b.right") == lines{"6:9+1 a", "6:11+4 left", "6:17+1 b", "6:19+5 right"});
}

TEST_CASE("several names in brackets are several wires") {
    CHECK(places_of_line("- a -> [b, c.in] -> d") == lines{"6:9+1 a", "6:15+1 b", "6:9+1 a", "6:18+1 c",
                                                           "6:20+2 in", "6:15+1 b", "6:27+1 d", "6:18+1 c",
                                                           "6:20+2 in", "6:27+1 d"});
}

TEST_CASE("a quoted line of a flow counts its columns behind the quote") {
    CHECK(places_of_line("- \"[a, b] -> c\"") == lines{"6:11+1 a", "6:20+1 c", "6:14+1 b", "6:20+1 c"});
    CHECK(places_of_line("- 'a -> b'") == lines{"6:10+1 a", "6:15+1 b"});
    CHECK(places_of_line("- { line: a -> b, capacity: 3 }") == lines{"6:17+1 a", "6:22+1 b"});
}

TEST_CASE("a line of a flow may go on below, and is then cited as a whole") {
    const auto found = places_of_line("- a ->\n        b");
    CHECK(found.size() == 2);
    CHECK(found.front().starts_with("6:9+"));
}

TEST_CASE("the settings of a line are those of each of its wires") {
    problems found;
    const auto s = read_spec_text(
        "a.yaml", talk("    flow: [{ line: a -> b -> c, capacity: 8, policy: drop_oldest }]\n"), found);
    REQUIRE(s.pipelines.front()->wires.size() == 2);
    for (const auto& w : s.pipelines.front()->wires) {
        CHECK(w.capacity->text == "8");
        CHECK(w.policy->text == "drop_oldest");
    }
}

TEST_CASE("an element is a name, or a map with its options") {
    problems found;
    const auto s = read_spec_text(
        "a.yaml",
        talk("    elements:\n      a: tee\n      b: { use: tone, level: 0.5, when: true, otherwise: pass }\n"
             "    flow: [a -> b]\n"),
        found);
    CHECK(found.ok());
    const auto& all = s.pipelines.front()->elements;
    REQUIRE(all.size() == 2);
    CHECK(all[0]->first.name.text == "tee");
    CHECK(all[1]->first.options.members.size() == 1);
    CHECK(all[1]->when->text == "true");
    CHECK(all[1]->otherwise->name.text == "pass");
}

TEST_CASE("a file that is too large is not read to its end") {
    const auto told = told_of("rtai: 1\nname: a\nabout: " + std::string(std::size_t{5} << 20, 'a') + "\n");
    REQUIRE(told.size() == 1);
    CHECK(told.front() == "the file has 5242904 bytes; the most is 4194304 (split it into several)");
}

TEST_CASE("a device is no spec to import") {
    const auto told = told_of("rtai: 1\nname: a\nimport: [/dev/zero]\n");
    CHECK(
        told ==
        lines{"3:10 there is no file '/dev/zero' (imports are looked for beside the spec that names them)"});
}

TEST_CASE("a line of very many wires is refused once") {
    std::string many = "a";
    for (int i = 0; i < 200; ++i) many += ", a";
    const auto told = told_of(talk("    flow:\n      - \"[" + many + "] -> [" + many + "]\"\n      - \"[" +
                                   many + "] -> [" + many + "]\"\n"));
    CHECK(told == lines{"6:9 the pipeline has more than 10000 wires (split it into several)"});
}

TEST_CASE("imports are found beside the file that names them, each once") {
    const tool::workplace here;
    std::filesystem::create_directories("parts/more");
    here.file("a.yaml", "rtai: 1\nname: a\nimport: [parts/b.yaml, parts/more/c.yaml]\n");
    here.file("parts/b.yaml", "rtai: 1\nname: b\nimport: more/c.yaml\n" +
                                  std::string("pipelines: { p: { flow: [x -> y] } }\n"));
    here.file("parts/more/c.yaml", "rtai: 1\nname: c\npipelines: { q: { flow: [x -> y] } }\n");
    problems found;
    const auto s = read_spec("a.yaml", found);
    INFO(test::printed(found));
    CHECK(found.ok());
    CHECK(s.name.text == "a");
    CHECK(s.files == lines{"a.yaml", "parts/b.yaml", "parts/more/c.yaml"});
    CHECK(s.find_pipeline("p") != nullptr);
    CHECK(s.find_pipeline("q") != nullptr);
}

TEST_CASE("a spec that is not there is told of by its name") {
    problems found;
    const auto s = read_spec("no/such.yaml", found);
    CHECK(s.file == nullptr);
    CHECK(test::printed(found) ==
          "no/such.yaml: error: there is no such file\n  help: 'rtai new NAME' makes one to begin with\n");
    problems directory;
    read_spec("/tmp", directory);
    CHECK(test::told(directory).front().starts_with("this is a directory, not a spec"));
}
