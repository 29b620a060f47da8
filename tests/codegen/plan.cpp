#include <string>

#include "spec_text.hpp"

using namespace rtai;
using namespace rtai::codegen;
using tool::checked;
using tool::lines;
using tool::parts;
using tool::queues;
using tool::talk;

TEST_CASE("a wire is a queue with the policy and the capacity of its type") {
    const checked it(
        talk("    elements: { said: text_source, screen: console_sink }\n    flow: [said -> screen]\n"));
    CHECK(queues(it.plan()) == lines{"said_to_screen: said.out -> screen.in text 64 block"});
}

TEST_CASE("a wire with settings is a queue with those") {
    const checked it(
        talk("    elements: { said: text_source, screen: console_sink }\n"
             "    flow: [{ line: said -> screen, capacity: 3, policy: drop_newest }]\n"));
    CHECK(queues(it.plan()) == lines{"said_to_screen: said.out -> screen.in text 3 drop_newest"});
    const checked latest(
        talk("    elements: { said: text_source, screen: console_sink }\n"
             "    flow: [{ line: said -> screen, policy: latest }]\n"));
    CHECK(queues(latest.plan()) == lines{"said_to_screen: said.out -> screen.in text 1 latest"});
}

TEST_CASE("several wires out of one output need a tee, which is put in") {
    const checked it(
        talk("    elements: { said: text_source, a: console_sink, b: console_sink }\n    flow: [said -> a, "
             "said -> b]\n"));
    CHECK(parts(it.plan()) == lines{"said rtai::text_source", "a rtai::console_sink", "b rtai::console_sink",
                                    "said_tee rtai::tee<rtai::text>"});
    CHECK(queues(it.plan()) == lines{"said_to_said_tee: said.out -> said_tee.in text 64 block",
                                     "said_tee_to_a: said_tee.out -> a.in text 64 block",
                                     "said_tee_to_b: said_tee.out -> b.in text 64 block"});
}

TEST_CASE("a tee that is written needs no other") {
    const checked it(
        talk("    elements: { said: text_source, both: tee, a: console_sink, b: console_sink }\n    flow: "
             "[\"said -> both -> [a, b]\"]\n"));
    CHECK(it.plan().parts.size() == 4);
}

TEST_CASE("several wires into one input are one queue") {
    const checked it(
        talk("    elements: { a: text_source, b: text_source, screen: console_sink }\n    flow: [a -> "
             "screen, b -> screen]\n"));
    CHECK(queues(it.plan()) == lines{"all_to_screen: a.out + b.out -> screen.in text 64 block"});
}

TEST_CASE("several wires into a merge are a queue each") {
    const checked it(
        talk("    elements: { a: text_source, b: text_source, all: merge, screen: console_sink }\n"
             "    flow:\n      - { line: a -> all, capacity: 2 }\n      - b -> all -> screen\n"));
    CHECK(queues(it.plan()) == lines{"a_to_all: a.out -> all.in text 2 block",
                                     "b_to_all: b.out -> all.in text 64 block",
                                     "all_to_screen: all.out -> screen.in text 64 block"});
}

TEST_CASE("a port of the pipeline is handed over to the port behind it") {
    const checked it(
        talk("    in: { chat: text }\n    out: { reply: text }\n    elements: { p: pass }\n    flow: [chat "
             "-> p -> reply]\n"));
    CHECK(it.plan().queues.empty());
    CHECK(it.plan().hand_overs.size() == 2);
    CHECK(it.plan().parts.size() == 1);
}

TEST_CASE("where a port of the pipeline can not be handed over, a pass is put in") {
    // Straight through,
    CHECK(parts(checked(talk("    in: { chat: text }\n    out: { reply: text }\n    flow: [chat -> reply]\n"))
                    .plan()) == lines{"chat_pass rtai::pass<rtai::text>"});
    // with settings,
    const checked set(
        talk("    in: { chat: text }\n    elements: { screen: console_sink }\n    flow: [{ line: chat -> "
             "screen, capacity: 2 }]\n"));
    CHECK(queues(set.plan()) == lines{"chat_pass_to_screen: chat_pass.out -> screen.in text 2 block"});
    // and two into one port.
    const checked two(
        talk("    in: { chat: text }\n    out: { reply: text }\n    elements: { said: text_source, p: pass "
             "}\n    flow: [chat -> p, said -> p, p -> reply]\n"));
    CHECK(queues(two.plan()) == lines{"all_to_p: chat_pass.out + said.out -> p.in text 64 block"});
    // Several out at one port are one pass.
    const checked out(
        talk("    out: { reply: text }\n    elements: { a: text_source, b: text_source }\n    flow: [a -> "
             "reply, b -> reply]\n"));
    CHECK(queues(out.plan()) == lines{"all_to_reply_pass: a.out + b.out -> reply_pass.in text 64 block"});
}

TEST_CASE("an input of the pipeline that goes to several places needs a tee") {
    const checked it(
        talk("    in: { chat: text }\n    elements: { a: console_sink, b: console_sink }\n    flow: [\"chat "
             "-> [a, b]\"]\n"));
    CHECK(parts(it.plan()) ==
          lines{"a rtai::console_sink", "b rtai::console_sink", "chat_tee rtai::tee<rtai::text>"});
}

TEST_CASE("queues whose names would be the same are told apart by their ports") {
    const checked it(
        talk("    in: { orders: control, chat: text }\n    elements: { count: counter, all: merge, screen: "
             "console_sink }\n"
             "    flow: [chat -> count.in, count.out -> all, count.counts -> all, all -> screen]\n    out: { "
             "}\n"));
    const checked fine(
        talk("    in: { chat: text }\n    elements: { count: counter, all: merge, screen: console_sink }\n"
             "    flow: [chat -> count.in, count.out -> all, count.counts -> all, all -> screen]\n"));
    CHECK(queues(fine.plan()) == lines{"count_out_to_all_in: count.out -> all.in text 64 block",
                                       "count_counts_to_all_in: count.counts -> all.in text 64 block",
                                       "all_to_screen: all.out -> screen.in text 64 block"});
}

TEST_CASE("a queue is not called what an element is called") {
    const checked it(
        talk("    elements: { a: text_source, a_to_b: console_sink, b: console_sink, a_tee: text_source }\n"
             "    flow: [a -> a_to_b, a -> b, a_tee -> b]\n"));
    std::set<std::string> names;
    for (const auto& p : it.plan().parts) CHECK(names.insert(p.name).second);
    for (const auto& q : it.plan().queues) CHECK(names.insert(q.name).second);
}

// --- Formats ---------------------------------------------------------------------------------------------

TEST_CASE("sound is planned at 16 kHz where nothing decides") {
    const checked it(talk(
        "    elements: { tone: tone, file: { use: wav_sink, path: a.wav } }\n    flow: [tone -> file]\n"));
    CHECK(to_text(*it.plan().queues.front().format) == "16kHz mono s16");
    CHECK(it.plan().conversions == 0);
}

TEST_CASE("what one end pins down the other follows") {
    const checked it(
        talk("    in: { line: { type: audio, rate: 8kHz } }\n    out: { ear: audio }\n    elements: { p: "
             "pass }\n    flow: [line -> p -> ear]\n"));
    CHECK(it.plan().conversions == 0);
    REQUIRE(it.plan().formats.size() == 2);
    for (const auto& [name, f] : it.plan().formats) CHECK(to_text(f) == "8kHz mono s16");
}

TEST_CASE("ends that differ need one conversion") {
    const checked it(
        talk("    in: { line: { type: audio, rate: 8kHz } }\n    out: { ear: { type: audio, rate: 48kHz, "
             "channels: 2 } }\n"
             "    elements: { p: pass, q: pass, r: pass }\n    flow: [line -> p -> q -> r -> ear]\n"));
    CHECK(it.plan().conversions == 1);
}

TEST_CASE("behind a tee, only the branch that wants something else converts") {
    const checked it(
        talk("    in: { line: { type: audio, rate: 8kHz } }\n    out: { a: { type: audio, rate: 8kHz }, b: { "
             "type: audio, rate: 8kHz }, c: { type: audio, rate: 48kHz } }\n"
             "    elements: { p: pass }\n    flow: [\"line -> p -> [a, b, c]\"]\n"));
    CHECK(it.plan().conversions == 1);
    // The other way round it is better to convert once, before the tee.
    const checked most(
        talk("    in: { line: { type: audio, rate: 8kHz } }\n    out: { a: { type: audio, rate: 48kHz }, b: "
             "{ type: audio, rate: 48kHz }, c: { type: audio, rate: 48kHz } }\n"
             "    elements: { p: pass }\n    flow: [\"line -> p -> [a, b, c]\"]\n"));
    CHECK(most.plan().conversions == 1);
}

TEST_CASE("a middle that is fixed by a pipeline inside is converted to and from") {
    const checked it(
        "rtai: 1\nname: a\npipelines:\n"
        "  inner: { in: { i: { type: audio, rate: 16kHz } }, out: { o: audio }, elements: { e: pass }, flow: "
        "[i -> e -> o] }\n"
        "  talk: { in: { line: { type: audio, rate: 8kHz } }, out: { ear: { type: audio, rate: 8kHz } }, "
        "elements: { m: inner }, flow: [line -> m -> ear] }\n"
        "  fine: { in: { line: { type: audio, rate: 16kHz } }, out: { ear: audio }, elements: { m: inner }, "
        "flow: [line -> m -> ear] }\n");
    CHECK(it.plan().conversions == 2);
    CHECK(it.plan("fine").conversions == 0);
}

TEST_CASE("a cycle of sound has one format") {
    const checked it(
        talk("    in: { line: { type: audio, rate: 24kHz } }\n    out: { ear: audio }\n    elements: { all: "
             "merge, wait: { use: delay, by: 1s } }\n"
             "    flow:\n      - line -> all -> wait -> ear\n      - { line: wait -> all, capacity: 4, "
             "policy: drop_oldest }\n"));
    CHECK(test::told(it.found).empty());
    CHECK(it.plan().conversions == 0);
    for (const auto& q : it.plan().queues) CHECK(to_text(*q.format) == "24kHz mono s16");
}

// --- What waits, and what is live ------------------------------------------------------------------------

TEST_CASE("sound that is made in the graph waits for room; sound from outside is live, and drops") {
    const checked made(
        talk("    elements: { tone: tone, p: pass, file: { use: wav_sink, path: a.wav } }\n    flow: [tone "
             "-> p -> file]\n"));
    for (const auto& q : made.plan().queues) CHECK(q.policy == "block");
    const checked live(
        talk("    in: { mic: audio }\n    elements: { p: pass, file: { use: wav_sink, path: a.wav } }\n    "
             "flow: [mic -> p -> file]\n"));
    for (const auto& q : live.plan().queues) CHECK(q.policy == "drop_oldest");
    const checked both(
        talk("    in: { mic: audio }\n    elements: { tone: tone, all: merge, file: { use: wav_sink, path: "
             "a.wav } }\n    flow: [mic -> all, tone -> all -> file]\n"));
    CHECK(queues(both.plan()).back().find("block") == std::string::npos);
    CHECK(queues(both.plan()).front().find("tone_to_all") == 0);
    CHECK(queues(both.plan()).front().find("block") != std::string::npos);
}

TEST_CASE("a policy that is written stays") {
    const checked it(
        talk("    elements: { tone: tone, file: { use: wav_sink, path: a.wav } }\n    flow: [{ line: tone -> "
             "file, policy: drop_newest }]\n"));
    CHECK(it.plan().queues.front().policy == "drop_newest");
}

TEST_CASE("whether sound waits goes through the pipelines inside") {
    const std::string inner =
        "  inner: { in: { i: audio }, out: { o: audio }, elements: { e: pass, f: pass }, flow: [i -> e -> f "
        "-> o] }\n";
    const checked made("rtai: 1\nname: a\npipelines:\n" + inner +
                       "  talk: { elements: { tone: tone, m: inner, file: { use: wav_sink, path: a.wav } }, "
                       "flow: [tone -> m -> file] }\n");
    for (const auto* name : {"talk", "inner"})
        for (const auto& q : made.plan(name).queues) CHECK(q.policy == "block");
    // One that is used for both drops.
    const checked both("rtai: 1\nname: a\npipelines:\n" + inner +
                       "  talk: { elements: { tone: tone, m: inner, file: { use: wav_sink, path: a.wav } }, "
                       "flow: [tone -> m -> file] }\n"
                       "  call: { in: { mic: audio }, elements: { m: inner, file: { use: wav_sink, path: "
                       "b.wav } }, flow: [mic -> m -> file] }\n");
    CHECK(both.plan("inner").queues.front().policy == "drop_oldest");
    CHECK(both.plan("call").queues.front().policy == "drop_oldest");
}
