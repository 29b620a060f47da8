#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <rtai/ai/llm/demo.hpp>
#include <rtai/core/join.hpp>
#include <string>
#include <utility>
#include <vector>

#include "data/told.hpp"
#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using rtai::test::line;
using rtai::test::words;

namespace {

struct demo_city {
    std::string city;
    int days = 0;
    RTAI_DESCRIBE(demo_city, city, days)
    static void notes(rtai::notes<demo_city>& about) { about(&demo_city::city, "which", required); }
};
struct demo_sky {
    std::string sky;
    RTAI_DESCRIBE(demo_sky, sky)
};
task<result<demo_sky>> demo_forecast(demo_city c) {
    if (c.city == "Atlantis") co_return error(std::errc::no_such_file_or_directory, "no such city");
    co_await sleep_for(100ms);
    demo_sky s;
    s.sky = c.days == 2 ? "dark" : "blue";
    co_return s;
}

struct script_file {
    explicit script_file(const std::string& text) {
        static int number = 0;
        path = std::filesystem::temp_directory_path() /
               ("rtai-script-" + std::to_string(::getpid()) + "-" + std::to_string(++number) + ".yaml");
        std::ofstream(path) << text;
    }
    script_file(const script_file&) = delete;
    script_file& operator=(const script_file&) = delete;
    ~script_file() { std::filesystem::remove(path); }
    std::filesystem::path path;
};

constexpr const char* weather = R"(
rules:
  - when: [weather in * in * days, how is it in * in * days]
    call: { tool: demo_forecast, arguments: { city: "{1}", days: "{2}" } }
    answer: "In {1} it will be {result.sky}."
  - when: weather in *
    call: { tool: demo_forecast, arguments: { city: "{1}" } }
    answer: "In {1} it is {result.sky}."
  - { when: hello, answer: [Hello!, Hello again.] }
  - { when: what did i say, answer: "You said: {last}" }
otherwise: What?
)";

llm::demo::options quick(const std::filesystem::path& script) {
    llm::demo::options o;
    o.script = script;
    o.tools = {"demo_forecast"};
    return o;
}

/// Says lines, and what is answered to each, put together.
task<words> talk(llm::demo& d, words lines) {
    rtai::test::feed<text> in(d.in);
    rtai::test::drain<text> out(d.out, 1000);
    for (auto& l : lines) in.say(line(std::move(l)));
    words answers;
    auto listen = [&]() -> task<> {
        std::string said;
        while (auto t = co_await out.from().receive()) {
            said += t->words;
            if (t->final) answers.push_back(std::exchange(said, {}));
        }
    };
    in.end();
    co_await join(play(d), listen());
    co_return answers;
}

task<words> talk_in_turns(llm::demo& d, words lines) {
    rtai::test::feed<text> in(d.in);
    rtai::test::drain<text> out(d.out, 1000);
    words answers;
    auto speak = [&]() -> task<> {
        for (auto& l : lines) {
            in.say(line(std::move(l)));
            std::string said;
            while (auto t = co_await out.from().receive()) {
                said += t->words;
                if (t->final) break;
            }
            answers.push_back(std::move(said));
        }
        in.end();
    };
    co_await join(play(d), speak());
    co_return answers;
}

std::vector<std::string> wrong(const std::string& yaml) {
    problems found;
    const auto tree = ::test::read(yaml, found);
    (void)llm::script::from(tree, found);
    return ::test::told(found);
}

using strings = std::vector<std::string>;

std::optional<strings> found(const char* phrase, const std::string& said) {
    return rtai::detail::phrase(phrase).find(said, rtai::detail::words_in(said));
}

}  // namespace

RTAI_TOOL(demo_forecast, "Tells the weather.");

TEST_CASE("a phrase is found by whole words, whatever their case and marks", "[llm_demo]") {
    REQUIRE(found("weather", "How is the WEATHER?"));
    REQUIRE(!found("weather", "weathered"));
    REQUIRE(found("what's up", "Whats, up!"));
    REQUIRE(found("ÄRGER", "kein ärger"));
    REQUIRE(found("привет", "ПРИВЕТ!"));
    REQUIRE(found("天气", "今天天气怎么样？"));
    REQUIRE(!found("hello there", "hello, are you there"));
}

TEST_CASE("a star is a word or more, the last one all that are left", "[llm_demo]") {
    REQUIRE(found("weather in *", "The weather in New York, please?") == strings{"New York, please"});
    REQUIRE(found("from * to *", "from Paris or Rome to Oslo now") == strings{"Paris or Rome", "Oslo now"});
    REQUIRE(found("* is my name", "well Ann is my name") == strings{"well Ann"});
    REQUIRE(found("from * to", "from to to") == strings{"to"});
    REQUIRE(!found("weather in *", "weather in"));
    REQUIRE(found("*", "what 你 ever") == strings{"what 你 ever"});
    REQUIRE(!found("*", "?!"));
    REQUIRE(!found("a * b * c", std::string(5000, 'a')));
}

CO_TEST("without a script it echoes", "[llm_demo]") {
    llm::demo d;
    words lines{"hello"};
    const auto said = co_await talk(d, std::move(lines));
    REQUIRE(said == words{"You said: hello"});
}

CO_TEST("it speaks in pieces with pauses, none of which cuts a character", "[llm_demo]") {
    llm::demo::options o;
    o.piece = 3;
    o.think = 200ms;
    llm::demo d(o);
    rtai::test::feed<text> in(d.in);
    rtai::test::drain<text> out(d.out);
    rtai::test::drain<moment> events(d.events);
    in.say(line("你好吗"));
    in.end();
    std::vector<rtai::test::arrival<text>> came;
    co_await join(play(d), rtai::test::note_arrivals(out.from(), came));
    words pieces;
    for (const auto& a : came) pieces.push_back(a.value.words);
    const auto told = events.take();
    REQUIRE(pieces == words{"You", " sa", "id:", " 你好", "吗", ""});
    REQUIRE(came.front().when == 200ms);
    REQUIRE(came[4].when == 320ms);
    REQUIRE(told.size() == 3);
    REQUIRE(told[0].what == what::thinking);
    REQUIRE(told[1].what == what::first_token);
    REQUIRE(told[2].what == what::usage);
}

CO_TEST("a script answers by its first rule that fits, in turns, and calls tools", "[llm_demo]") {
    const script_file file(weather);
    llm::demo d(quick(file.path));
    words lines{"Hello.",
                "Hello?",
                "How is the weather in Paris?",
                "and the weather in Oslo in 2 days",
                "What did I say?",
                "weather in Atlantis",
                "bye"};
    const auto said = co_await talk_in_turns(d, std::move(lines));
    REQUIRE(said == words{"Hello!", "Hello again.", "In Paris it is blue.", "In Oslo it will be dark.",
                          "You said: and the weather in Oslo in 2 days",
                          "In Atlantis it is no such city: No such file or directory.", "What?"});
}

CO_TEST("a script that may not call answers without", "[llm_demo]") {
    const script_file file(weather);
    auto o = quick(file.path);
    o.max_rounds = 0;
    llm::demo d(o);
    words lines{"weather in Oslo"};
    const auto said = co_await talk(d, std::move(lines));
    REQUIRE(said == words{"In Oslo it is ."});
}

TEST_CASE("whether a script can be used is known before", "[llm_demo]") {
    llm::demo::options o;
    REQUIRE(available<llm::demo>(o).ok());
    o.script = "/nowhere/script.yaml";
    REQUIRE(available<llm::demo>(o).error().text.find("can not read '/nowhere/script.yaml'") == 0);

    const script_file bad("rules:\n  - whn: hello\n    answer: Hello!\n");
    o.script = bad.path;
    const auto why = available<llm::demo>(o).error().text;
    REQUIRE(why.find(bad.path.string() + ":2:5: error: 'whn' is no option of 'rules'") != std::string::npos);
    REQUIRE(why.find("help: did you mean 'when'?") != std::string::npos);

    const script_file good(weather);
    o.script = good.path;
    REQUIRE(available<llm::demo>(o).error().text ==
            "the script '" + good.path.string() +
                "' calls 'demo_forecast', which this element may not: add it to 'tools'");
    o.tools = {"demo_forecast"};
    REQUIRE(available<llm::demo>(o).ok());
    o.tools = {"demo_forecast", "umbrella"};
    REQUIRE(available<llm::demo>(o).error().text.find("there is no tool 'umbrella'") == 0);
}

CO_TEST("a script that can not be used ends the element with what is wrong", "[llm_demo]") {
    const script_file bad("rules: {}\n");
    llm::demo d(quick(bad.path));
    rtai::test::feed<text> in(d.in);
    const auto why = co_await rtai::test::failure_of(d);
    REQUIRE(why.find(":1:8: error: 'rules' takes a list, not a map") != std::string::npos);
}

TEST_CASE("what is wrong with a script is told where it stands", "[llm_demo]") {
    REQUIRE(wrong("otherwise: Hm.\n").empty());
    REQUIRE(wrong("rules:\n  - {when: [], answer: x}\n") ==
            words{"2:12 'when' takes a text or a list of them, not an empty list"});
    REQUIRE(wrong("rules:\n  - {when: '?!', answer: x}\n") ==
            words{"2:12 'when' has no words in '?!' (write the words to listen for; '*' stands for any)"});
    REQUIRE(wrong("rules:\n  - {when: a, answer: [x, [y]]}\n") ==
            words{"2:27 'answer' takes a text, not a list"});
    REQUIRE(wrong("rules:\n  - {when: a *, answer: '{2}'}\n") ==
            words{"2:25 there is nothing to put in the place of '{2}' (there are {said}, {last}, {1} for the "
                  "first '*' of 'when')"});
    REQUIRE(wrong("rules:\n  - {when: a, answer: '{result}'}\n").size() == 1);
    REQUIRE(wrong("otherwise: 'it is {so}'\n") ==
            words{"1:12 there is nothing to put in the place of '{so}' (there are {said}, {last})"});
    REQUIRE(wrong("rules:\n  - {when: a, answer: b, call: {arguments: {}}}\n") ==
            words{"2:32 'call' needs 'tool' (the tool's name; it takes a text)"});
    REQUIRE(wrong("rules:\n  - {when: a, answer: b, call: {tool: t, arguments: 5}}\n") ==
            words{"2:53 'arguments' takes a map, not '5' (write {name: value})"});
}
