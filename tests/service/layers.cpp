#include <rtai/service/layers.hpp>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace rtai;
using namespace rtai::service;

namespace {

struct inner {
    double threshold = 0.5;
    std::vector<std::string> words;
    secret key;
    RTAI_DESCRIBE(inner, threshold, words, key)
    static void notes(rtai::notes<inner>& about) { about(&inner::threshold, "how sure", range(0, 1)); }
};
struct outer {
    inner vad;
    std::chrono::milliseconds wait{10};
    RTAI_DESCRIBE(outer, vad, wait)
};
struct all {
    outer talk;
    RTAI_DESCRIBE(all, talk)
};

/// A directory that goes away with the test.
class files {
public:
    files() {
        std::string name = (std::filesystem::temp_directory_path() / "rtai_layers_XXXXXX").string();
        dir_ = ::mkdtemp(name.data());
    }
    files(const files&) = delete;
    files& operator=(const files&) = delete;
    ~files() { std::filesystem::remove_all(dir_); }

    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(dir_ / name) << text;
        return (dir_ / name).string();
    }

private:
    std::filesystem::path dir_;
};

struct outcome {
    all settings;
    std::string told;
    std::string printed;
};

outcome read_all(
    const layers& from, const variable_source& lookup = [](const std::string&) { return std::nullopt; }) {
    problems found;
    const auto s = schema_of<all>();
    const auto tree = read_layers(from, s, found, lookup);
    outcome o;
    o.settings = read<all>(tree, "app", found);
    for (const auto& p : found.sorted())
        o.told += p.at.text() + ": " + p.message + (p.help.empty() ? "" : " (" + p.help + ")") + "\n";
    o.printed = print_values(s, tree);
    return o;
}

}  // namespace

TEST_CASE("each layer of values is over the one before") {
    const files dir;
    layers from;
    from.values_file = dir.write("app.values.yaml", "talk: {vad: {threshold: 0.1}, wait: 1ms}\n");
    CHECK(read_all(from).settings.talk.vad.threshold == 0.1);

    from.config_files = {dir.write("a.yaml", "talk: {vad: {threshold: 0.2}}\n"),
                         dir.write("b.yaml", "talk: {vad: {threshold: 0.3}}\n")};
    CHECK(read_all(from).settings.talk.vad.threshold == 0.3);

    from.settings = {"talk.vad.threshold=0.4"};
    CHECK(read_all(from).settings.talk.vad.threshold == 0.4);

    const char* const environment[] = {"PATH=/bin", "RTAI__TALK__VAD__THRESHOLD=0.5", nullptr};
    from.environment = environment;
    const auto o = read_all(from);
    CHECK(o.told.empty());
    CHECK(o.settings.talk.vad.threshold == 0.5);
    CHECK(o.settings.talk.wait == std::chrono::milliseconds(1));
}

TEST_CASE("a setting can be a list or a map") {
    const files dir;
    layers from;
    from.values_file = dir.write("v.yaml", "{}\n");
    from.settings = {"talk.vad.words=[one, two]", "talk.vad={threshold: 0.7}"};
    const auto o = read_all(from);
    CHECK(o.told.empty());
    CHECK(o.settings.talk.vad.threshold == 0.7);
}

TEST_CASE("variables of the spec are resolved at start, and what is not set is told") {
    const files dir;
    layers from;
    from.values_file = dir.write("v.yaml", "talk: {vad: {threshold: '${T:-0.25}', key: '${KEY}'}}\n");
    CHECK(read_all(from, [](const std::string& n) {
              return n == "KEY" ? std::optional<std::string>("k") : std::nullopt;
          }).settings.talk.vad.threshold == 0.25);
    CHECK(read_all(from).told.find("the environment variable KEY is not set") != std::string::npos);
}

TEST_CASE("a wrong setting is told by its name, with the nearest one") {
    const files dir;
    layers from;
    from.values_file = dir.write("v.yaml", "{}\n");
    from.settings = {"talk.vda.threshold=1", "talk.vad.threshold=2", "talk.wait", "talk.wait.more=1"};
    const char* const environment[] = {"RTAI__TALK__WAIT=soon", nullptr};
    from.environment = environment;
    const auto told = read_all(from).told;
    CHECK(told.find("--set talk.vda.threshold: there is no 'vda' in 'talk' (did you mean 'vad'?)") !=
          std::string::npos);
    CHECK(told.find("'threshold' is 2, out of its range (it may be from 0 to 1)") != std::string::npos);
    CHECK(told.find("--set talk.wait: a setting is written path=value") != std::string::npos);
    CHECK(told.find("there is no 'more' in 'talk.wait'") != std::string::npos);
    CHECK(told.find("environment variable RTAI__TALK__WAIT: 'wait' takes a duration") != std::string::npos);
}

TEST_CASE("values that are missing are told with where they should be") {
    layers from;
    from.values_file = "/nowhere/app.values.yaml";
    const auto told = read_all(from).told;
    CHECK(told.find("/nowhere/app.values.yaml: the file can not be read") != std::string::npos);
    CHECK(told.find("--values says where it is") != std::string::npos);
}

TEST_CASE("what is printed hides secrets") {
    const files dir;
    layers from;
    from.values_file = dir.write("v.yaml", "talk: {vad: {key: '${KEY}'}}\n");
    const auto o = read_all(from, [](const std::string&) { return std::optional<std::string>("sesame"); });
    CHECK(o.settings.talk.vad.key.reveal() == "sesame");
    CHECK(o.printed.find("sesame") == std::string::npos);
    CHECK(o.printed.find("threshold: 0.5") != std::string::npos);
}
