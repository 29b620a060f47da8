#include <algorithm>
#include <catch2/catch.hpp>

#include "tool.hpp"

using namespace rtai::codegen;
using tool::contains;

namespace {

constexpr const char* server = R"(rtai: 1
name: server
pipelines:
  inner:
    in: { said: text }
    out: { answer: text }
    elements: { slow: { use: throttle, rate: 10Hz } }
    flow: [ said -> slow -> answer ]
  talk:
    in: { question: text }
    out: { answer: text }
    elements:
      part: inner
      late: { use: delay, by: "${LATE:-20ms}" }
      note: { use: file_sink, path: note.txt, when: "${NOTE:-false}" }
    flow:
      - question -> late -> part -> answer
      - { line: late -> note, capacity: 8, policy: drop_oldest }
  sound:
    in: { mic: { type: audio, rate: 48kHz } }
    elements:
      hold: valve
      beep: tone
      file: { use: wav_sink, path: mic.wav }
      other: { use: wav_sink, path: beep.wav }
    flow: [ mic -> hold -> file, beep -> other ]
services:
  door: { kind: lines, listen: { port: 7001 }, session: { pipeline: talk } }
  front:
    kind: gateway
    listen: { http: {} }
    session: { pipeline: talk }
    auth: { jwt: { key: "${KEY}" }, api_keys: ["${A}", "${B}"] }
)";

tool::outcome explain(const std::string& node) {
    const tool::workplace here;
    here.file("server.yaml", server);
    return tool::capture([&] { return explain_command("server.yaml", node, {}); });
}

}  // namespace

TEST_CASE("explain says what an element is, its options, its ports and how to set it") {
    const auto made = explain("late");
    REQUIRE(made.code == done);
    REQUIRE(made.err.empty());
    REQUIRE(made.out.starts_with("talk.late  (server.yaml:14)\n  delay: "));
    REQUIRE(contains(made.out, "C++: rtai::delay<rtai::text>, in <rtai/graph/elements/delay.hpp>"));
    REQUIRE(contains(made.out, "by    \"${LATE:-20ms}\"  server.yaml:14  duration"));
    REQUIRE(contains(made.out, "most  1000             default         whole number"));
    REQUIRE(contains(made.out, "--set talk.late.by=...  or  RTAI__TALK__LATE__BY=..."));
    REQUIRE(contains(made.out, "from the pipeline's own 'question', handed over: text"));
}

TEST_CASE("explain says where the values of a pipeline inside another are") {
    const auto made = explain("slow");
    REQUIRE(contains(made.out, "--set talk.part.slow.rate=...  or  RTAI__TALK__PART__SLOW__RATE=..."));
}

TEST_CASE("explain says how an element is left out") {
    const auto made = explain("talk.note");
    REQUIRE(contains(made.out, "when ${NOTE:-false} (server.yaml:15): if not, it is left out"));
    REQUIRE(contains(made.out, "RTAI__TALK__WHEN__NOTE"));
    REQUIRE(contains(made.out, "8 values, as written; when full, the oldest is dropped, as written"));
}

TEST_CASE("explain says why a queue waits or drops") {
    REQUIRE(contains(explain("other").out, "when full, the sender waits, for its maker can wait"));
    REQUIRE(contains(explain("file").out, "when full, the oldest is dropped, as usual for audio"));
}

TEST_CASE("explain knows queues by their names") {
    const auto made = explain("beep_to_other");
    REQUIRE(made.code == done);
    REQUIRE(contains(made.out, "a queue from beep.out to other.in"));
    REQUIRE(contains(made.out, "audio 16kHz mono s16"));
}

TEST_CASE("explain knows pipelines, ports and services") {
    REQUIRE(contains(explain("talk").out, "run by service door (server.yaml:28)"));
    REQUIRE(contains(explain("mic").out, "comes into pipeline sound: audio 48kHz mono s16"));
    const auto door = explain("door");
    REQUIRE(contains(door.out, "listen.port       7001"));
    REQUIRE(contains(door.out, "RTAI__DOOR__LISTEN__PORT"));
}

TEST_CASE("explain shows a secret as the variable that holds it, or not at all") {
    const auto made = explain("front");
    REQUIRE(contains(made.out, "${KEY}"));
    const auto line = made.out.substr(std::min(made.out.find("auth.api_keys"), made.out.size()));
    REQUIRE(contains(line.substr(0, line.find('\n')), " ***"));
    REQUIRE_FALSE(contains(made.out, "${A}"));
}

TEST_CASE("explain asks which, if several have the name") {
    const auto made = explain("answer");
    REQUIRE(made.code == bad_spec);
    REQUIRE(made.err ==
            "rtai: there are several called 'answer'\n  say which: inner.answer or talk.answer\n");
    REQUIRE(explain("talk.answer").code == done);
}

TEST_CASE("explain names the nearest of what is not there") {
    const auto made = explain("lte");
    REQUIRE(made.code == bad_spec);
    REQUIRE(made.out.empty());
    REQUIRE(made.err == "rtai: server.yaml has no 'lte'\n  did you mean 'late'?\n");
}
