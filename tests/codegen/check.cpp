#include <string>

#include "spec_text.hpp"

using namespace rtai;
using namespace rtai::codegen;
using tool::checked;
using tool::lines;
using tool::talk;
using tool::wires;

namespace {

lines told_of(const std::string& text) { return test::told(checked(text).found); }

}  // namespace

TEST_CASE("the type of a generic element follows from what it is connected to") {
    const checked it(
        talk("    in: { chat: text }\n"
             "    elements: { a: pass, b: tee, c: merge, screen: console_sink }\n"
             "    flow: [chat -> a -> b -> c -> screen]\n"));
    CHECK(wires(it.pipeline()) ==
          lines{"chat -> a.in text", "a.out -> b.in text", "b.out -> c.in text", "c.out -> screen.in text"});
    for (const auto& e : it.pipeline().elements)
        if (e->first.what->is_generic) CHECK(e->stream == "rtai::text");
}

TEST_CASE("the type of a generic element is found backwards, too") {
    const checked it(
        talk("    in: { chat: text }\n    out: { all: \"my::click\", again: \"my::click\" }\n"
             "    elements: { a: pass, b: pass, screen: console_sink, clicks: merge }\n"
             "    flow:\n      - a -> b -> all\n      - clicks -> a\n      - clicks -> again\n      - b -> "
             "clicks\n      - chat -> screen\n"));
    // What nobody gives is still a cycle, but every wire has its type.
    CHECK(wires(it.pipeline()) == lines{"a.out -> b.in my::click", "b.out -> all my::click",
                                        "clicks.out -> a.in my::click", "clicks.out -> again my::click",
                                        "b.out -> clicks.in my::click", "chat -> screen.in text"});
}

TEST_CASE("types go through long chains of generic elements in any order of the lines") {
    constexpr int count = 200;
    std::string elements = "    elements:\n      screen: console_sink\n", backwards;
    for (int i = 0; i < count; ++i) {
        elements += "      p" + std::to_string(i) + ": pass\n";
        if (i > 0)
            backwards.insert(0, "      - p" + std::to_string(i - 1) + " -> p" + std::to_string(i) + "\n");
    }
    const checked it(talk("    in: { chat: text }\n" + elements + "    flow:\n      - p" +
                          std::to_string(count - 1) + " -> screen\n" + backwards + "      - chat -> p0\n"));
    CHECK(test::told(it.found).empty());
    for (const auto& w : it.pipeline().wires) CHECK(w.type == "rtai::text");
}

TEST_CASE("the one port that fits is taken, whatever its name") {
    const checked it(
        talk("    in: { orders: control, chat: text }\n"
             "    elements: { valve: valve, count: counter, screen: console_sink, other: console_sink }\n"
             "    flow:\n      - orders -> valve\n      - chat -> valve.in\n      - valve -> count -> "
             "screen\n      - count.counts -> other\n"));
    CHECK(wires(it.pipeline()) == lines{"orders -> valve.control control", "chat -> valve.in text",
                                        "valve.out -> count.in text", "count.out -> screen.in text",
                                        "count.counts -> other.in text"});
}

TEST_CASE("of several ports that fit, those with the usual names are taken") {
    // Both outputs of a counter of texts are texts.
    const checked it(
        talk("    in: { chat: text }\n    elements: { count: counter, screen: console_sink }\n    flow: "
             "[chat -> count -> screen]\n"));
    CHECK(wires(it.pipeline()) == lines{"chat -> count.in text", "count.out -> screen.in text"});
}

TEST_CASE("the port whose type fits is taken before the one with the usual name") {
    const checked it(
        talk("    in: { mic: audio }\n    elements: { count: counter, screen: console_sink, file: { use: "
             "wav_sink, path: a.wav } }\n"
             "    flow: [mic -> count -> screen, count -> file]\n"));
    CHECK(wires(it.pipeline()) ==
          lines{"mic -> count.in audio", "count.counts -> screen.in text", "count.out -> file.in audio"});
}

TEST_CASE("a pipeline is an element with its own ports") {
    const checked it(
        "rtai: 1\nname: a\npipelines:\n"
        "  polite: { in: { said: text }, out: { heard: text }, elements: { p: pass }, flow: [said -> p -> "
        "heard] }\n"
        "  talk: { in: { chat: text }, elements: { one: polite, two: polite, screen: console_sink }, flow: "
        "[chat -> one -> two -> screen] }\n");
    CHECK(wires(it.pipeline()) ==
          lines{"chat -> one.said text", "one.heard -> two.said text", "two.heard -> screen.in text"});
    CHECK(test::told(it.found).empty());
}

TEST_CASE("pipelines are checked after those that they use, whatever their order in the file") {
    const checked it(
        "rtai: 1\nname: a\npipelines:\n"
        "  talk: { in: { chat: text }, elements: { one: polite, screen: console_sink }, flow: [chat -> one "
        "-> screen] }\n"
        "  polite: { in: { said: text }, out: { heard: text }, elements: { p: nothing }, flow: [said -> p -> "
        "heard] }\n");
    CHECK(test::told(it.found).size() == 1);
}

TEST_CASE("options of a pipeline are those of its elements") {
    CHECK(told_of("rtai: 1\nname: a\npipelines:\n"
                  "  slow: { in: { a: text }, out: { b: text }, elements: { wait: { use: delay, by: 1s, "
                  "when: true } }, flow: [a -> wait -> b] }\n"
                  "  talk: { in: { chat: text }, elements: { one: { use: slow, wait: { by: 2s }, when: false "
                  "}, screen: console_sink }, flow: [chat -> one -> screen] }\n")
              .size() == 1);  // 'when' is of the element itself, and a pipeline can not be left out
}

TEST_CASE("one mistake is one error, however much hangs on it") {
    CHECK(told_of(talk("    in: { chat: txt }\n    out: { reply: text }\n    elements: { a: pass, b: tee, c: "
                       "counter }\n"
                       "    flow: [chat -> a -> b -> c -> reply]\n"))
              .size() == 1);
    CHECK(told_of(talk("    elements: { said: text_sorce, a: pass, b: tee, screen: console_sink }\n    flow: "
                       "[said -> a -> b -> screen]\n"))
              .size() == 1);
    CHECK(told_of(talk("    elements: { said: text_source, screen: console_sink }\n    flow: [said -> sceen, "
                       "said -> sceen, said -> sceen]\n"))
              .size() == 1);
}

TEST_CASE("a spec of thousands of mistakes is told of quickly") {
    std::string elements = "    elements:\n", flow = "    flow:\n";
    for (int i = 0; i < 3000; ++i) {
        elements += "      a" + std::to_string(i) + ": nothing" + std::to_string(i) + "\n";
        flow += "      - b" + std::to_string(i) + " -> c" + std::to_string(i) + "\n";
    }
    CHECK(told_of(talk(elements + flow)).size() >= 6000);
}

TEST_CASE("pipelines that stand in one another too deep are refused") {
    std::string text =
        "rtai: 1\nname: a\npipelines:\n  p0: { in: { i: text }, out: { o: text }, elements: { e: pass }, "
        "flow: [i -> e -> o] }\n";
    for (int i = 1; i < 40; ++i)
        text += "  p" + std::to_string(i) + ": { in: { i: text }, out: { o: text }, elements: { e: p" +
                std::to_string(i - 1) + " }, flow: [i -> e -> o] }\n";
    CHECK(told_of(text) == lines{"36:3 pipelines stand in one another more than 32 deep (connect services "
                                 "instead, or write it as an element of your own)"});
}
