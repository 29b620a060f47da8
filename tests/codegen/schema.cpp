#include <catch2/catch.hpp>

#include "emit.hpp"
#include "json_schema.hpp"
#include "tool.hpp"

using namespace rtai::codegen;

namespace {

const rtai::value& the_schema() {
    static const auto tree = tool::parsed(tool::capture([] { return schema_command(""); }).out);
    return tree;
}

bool accepts(const std::string& spec) { return tool::json_schema(the_schema()).accepts(tool::parsed(spec)); }

std::string good() { return fill("new/lines/spec.yaml", {{"name", "hello"}}); }

/// The spec with one thing changed.
std::string with(const std::string& what, const std::string& other) {
    auto text = good();
    const auto at = text.find(what);
    if (at == std::string::npos) throw std::logic_error("the spec has no " + what);
    return text.replace(at, what.size(), other);
}

}  // namespace

TEST_CASE("the schema accepts the specs that rtai new makes") {
    for (const auto& name : template_names())
        REQUIRE(accepts(fill("new/" + name + "/spec.yaml", {{"name", "hello"}})));
}

TEST_CASE("the schema accepts what the language allows") {
    const auto [what, other] = GENERATE(table<std::string, std::string>({
        {"every: 200ms", "every: ${EVERY:-200ms}"},
        {"every: 200ms", "every: 0"},
        {"every: 200ms", "every: 0.5s"},
        {"rtai: 1", "rtai: 1\nstores: { a: { kind: redis, password: \"${SECRET}\" } }"},
        {"rtai: 1", "rtai: 1\nimport: [other.yaml]"},
        {"rtai: 1", "rtai: 1\nprocesses: { a: { run: [once], reach: { door: \"host:1\" } } }"},
        {"ending: \"${ENDING:-!!!}\"", "ending: 5"},
        {"console: console_sink", "console: { use: console_sink, when: true, otherwise: tee }"},
        {"console: console_sink", "console: { use: map, function: my::f, from: louder.hpp }"},
        {"from: louder.hpp }", "from: louder.hpp, whatever: [1, 2] }"},
        {"said: text", "said: { type: audio, rate: 16kHz, channels: 1, encoding: s16 }"},
        {"said: text", "said: my::thing"},
        {"- said -> loud -> answer", "- { line: said -> loud, capacity: 8, policy: drop_oldest }"},
    }));
    INFO(other);
    REQUIRE(accepts(with(what, other)));
}

TEST_CASE("the schema refuses the usual mistakes") {
    const auto [what, other] = GENERATE(table<std::string, std::string>({
        {"every: 200ms", "evry: 200ms"},
        {"every: 200ms", "every: 200"},
        {"every: 200ms", "every: 200 sec"},
        {"rtai: 1", "rtai: 2"},
        {"services:", "service:"},
        {"kind: job", "kind: jobs"},
        {"- said -> loud -> answer", "- said"},
        {"- said -> loud -> answer", "- { line: said -> loud, policy: drop_first }"},
        {"- said -> loud -> answer", "- { line: said -> loud, capacity: 0 }"},
        {"said: text", "said: txt"},
        {"said: text", "said: { type: audio, rate: 16kHz, channels: 3 }"},
        {"reply:", "my-reply:"},
        {"use: my::louder, ", ""},
        {"console: console_sink", "console: { use: console_sink, guesses: yess }"},
        {"console: console_sink", "console: { use: rtai::console_sink, prefixx: a }"},
        {"console: console_sink", "console: { use: map }"},
        {"listen: {", "listn: {"},
        {"port: \"${PORT:-7000}\"", "port: 70000"},
        {"session: { pipeline: greeting }", "session: {}"},
        {"rtai: 1", "rtai: 1\nstores: { a: { kind: redis, password: plain } }"},
        {"rtai: 1", "rtai: 1\nobserve: { logs: { level: loud } }"},
    }));
    INFO(other);
    REQUIRE_FALSE(accepts(with(what, other)));
}

TEST_CASE("the schema can be written to a file") {
    const tool::workplace here;
    REQUIRE(schema_command("rtai.schema.json") == done);
    REQUIRE(tool::parsed(tool::read("rtai.schema.json")).find("$schema")->text ==
            "http://json-schema.org/draft-07/schema#");
}
