#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <rtai/data/check.hpp>
#include <string>
#include <utility>
#include <vector>

#include "data/told.hpp"

using test::lines;

namespace {

enum class level { low, middle, high };
BOOST_DESCRIBE_ENUM(level, low, middle, high)

struct inner {
    std::string url;
    rtai::secret key;
    int retries = 0;
    RTAI_DESCRIBE(inner, url, key, retries)
    static void notes(rtai::notes<inner>& about) { about(&inner::url, "where it is", rtai::required); }
};

struct options {
    bool on = false;
    std::uint8_t count = 0;
    std::int64_t large = 0;
    double threshold = 0.5;
    std::string words;
    rtai::secret key;
    std::filesystem::path file;
    std::chrono::milliseconds wait{};
    std::chrono::seconds idle{};
    rtai::byte_size room;
    rtai::hertz rate;
    level how = level::low;
    rtai::pipeline_name pipeline;
    rtai::service_name service;
    rtai::store_name store;
    rtai::listen_port port;
    std::vector<int> list;
    std::map<std::string, int> map;
    std::vector<rtai::secret> keys;
    std::map<std::string, rtai::secret> secrets;
    std::optional<inner> in;
    rtai::value any;
    RTAI_DESCRIBE(options, on, count, large, threshold, words, key, file, wait, idle, room, rate, how,
                  pipeline, service, store, port, list, map, keys, secrets, in, any)
    static void notes(rtai::notes<options>& about) {
        about(&options::threshold, "counts as speech", rtai::range(0, 1));
        about(&options::wait, "for an answer", rtai::range(10, 2000));
        about(&options::list, "small ones", rtai::range(0, 9));
    }
};

void check(const std::string& text, rtai::problems& found, bool resolved = false) {
    static const auto s = rtai::schema_of<options>();
    rtai::checker c(found);
    if (resolved) c.allow_plain_secrets();
    c.check(s, test::read(text), "vad");
}

lines mistakes(const std::string& text, bool resolved = false) {
    rtai::problems found;
    check(text, found, resolved);
    return test::told(found);
}

}  // namespace

TEST_CASE("right values of every kind pass", "[check]") {
    REQUIRE(mistakes("").empty());
    REQUIRE(mistakes("{}").empty());
    REQUIRE(
        mistakes(
            "on: true\ncount: 255\nlarge: -9223372036854775808\nthreshold: 1\nwords: 12\nkey: ${KEY}\nfile: "
            "/x\n"
            "wait: 1.5s\nidle: 5min\nroom: 64KiB\nrate: 44.1kHz\nhow: high\npipeline: talk\nservice: "
            "gateway\n"
            "store: memory\nport: 0\nlist: [1, 2]\nmap: {a: 1}\nkeys: [\"${A}\"]\nsecrets: {a: \"${A:-}\"}\n"
            "in: {url: x}\nany: [1, {a: 2}]\n")
            .empty());
    REQUIRE(mistakes("list:\nmap:\nkeys: []\nsecrets: {}\nany:\n").empty());
}

TEST_CASE("each wrong value has its words, its place and a way out", "[check]") {
    const std::string units = "the units are h, min, s, ms, us, ns";
    const std::string time = "'wait' takes a duration such as 250ms, 2s or 5min, not ";
    const std::vector<std::pair<std::string, std::string>> all = {
        {"on: maybe", "1:5 'on' takes true or false, not 'maybe'"},
        {"on: yes", "1:5 'on' takes true or false, not 'yes' (write true)"},
        {"on: OFF", "1:5 'on' takes true or false, not 'OFF' (write false)"},
        {"on: True", "1:5 'on' takes true or false, not 'True' (write true)"},
        {"count: many", "1:8 'count' takes a whole number, not 'many'"},
        {"count: 1.5", "1:8 'count' takes a whole number, not '1.5'"},
        {"count: 1e2", "1:8 'count' takes a whole number, not '1e2'"},
        {"count: +-1", "1:8 'count' takes a whole number, not '+-1'"},
        {"count: 256", "1:8 'count' is 256, out of its range (it may be from 0 to 255)"},
        {"count: -1", "1:8 'count' is -1, out of its range (it may be from 0 to 255)"},
        {"count: 99999999999999999999",
         "1:8 'count' is 99999999999999999999, out of its range (it may be from 0 to 255)"},
        {"threshold: high", "1:12 'threshold' takes a number, not 'high'"},
        {"threshold: 50%",
         "1:12 'threshold' takes a number, not '50%' (a percentage is written as a fraction: 0.5 for 50%)"},
        {"threshold: 1.5", "1:12 'threshold' is 1.5, out of its range (it may be from 0 to 1)"},
        {"threshold: .inf", "1:12 'threshold' takes a number, not '.inf'"},
        {"words:", "1:7 'words' has no value (it takes a text)"},
        {"words: [a]", "1:8 'words' takes a text, not a list"},
        {"words: {a: 1}", "1:8 'words' takes a text, not a map"},
        {"file: [a]", "1:7 'file' takes a path, not a list"},
        {"wait: 500", "1:7 " + time + "'500' (add a unit: 500ms or 500s)"},
        {"wait: 5m", "1:7 " + time + "'5m' (" + units + ")"},
        {"wait: 5 sec", "1:7 " + time + "'5 sec' (" + units + ")"},
        {"wait: 5MS", "1:7 " + time + "'5MS' (did you mean 'ms' for 'MS'?)"},
        {"wait: soon", "1:7 " + time + "'soon'"},
        {"wait: 99999999999h", "1:7 " + time + "'99999999999h' (this is more than there can be)"},
        {"wait: 5s", "1:7 'wait' is 5s, out of its range (it may be from 10ms to 2s)"},
        {"wait:", "1:6 'wait' has no value (it takes a duration such as 250ms, 2s or 5min)"},
        {"idle: -1s", "1:7 'idle' is -1s, out of its range (it may be at least 0s)"},
        {"idle: 1500ms", "1:7 'idle' is 1500ms, but it counts in steps of 1s"},
        {"room: 3mb",
         "1:7 'room' takes a size such as 512, 64KiB or 10MB, not '3mb' (did you mean 'MB' for 'mb'?)"},
        {"room: large", "1:7 'room' takes a size such as 512, 64KiB or 10MB, not 'large'"},
        {"rate: 16khz",
         "1:7 'rate' takes a rate such as 50Hz or 16kHz, not '16khz' (did you mean 'kHz' for 'khz'?)"},
        {"rate: 16k",
         "1:7 'rate' takes a rate such as 50Hz or 16kHz, not '16k' (the units are MHz, kHz, Hz)"},
        {"how: hihg", "1:6 'how' takes one of low, middle, high, not 'hihg' (did you mean 'high'?)"},
        {"how: loudest", "1:6 'how' takes one of low, middle, high, not 'loudest'"},
        {"how: High", "1:6 'how' takes one of low, middle, high, not 'High' (did you mean 'high'?)"},
        {"pipeline: []", "1:11 'pipeline' takes the name of a pipeline, not a list"},
        {"service: []", "1:10 'service' takes the name of a service, not a list"},
        {"store: []", "1:8 'store' takes the name of a store, not a list"},
        {"port: http", "1:7 'port' takes a port number, not 'http'"},
        {"port: 70000", "1:7 'port' is 70000, out of its range (it may be from 0 to 65535)"},
        {"list: 4", "1:7 'list' takes a list, not '4' (write [4])"},
        {"list: 'a, b'", "1:7 'list' takes a list, not 'a, b' (write [first, second])"},
        {"list: {a: 1}", "1:7 'list' takes a list, not a map (write [first, second])"},
        {"list: [1, x]", "1:11 'list' takes a whole number, not 'x'"},
        {"list: [1, 10]", "1:11 'list' is 10, out of its range (it may be from 0 to 9)"},
        {"list: [1, ]\nmap: [1]", "2:6 'map' takes a map, not a list (write {name: value})"},
        {"map: {a: x}", "1:10 'a' takes a whole number, not 'x'"},
        {"in: x", "1:5 'in' takes a map, not one text (it has: url, key, retries)"},
        {"in: {}", "1:5 'in' needs 'url' (where it is; it takes a text)"},
        {"in:", "1:4 'in' needs 'url' (where it is; it takes a text)"},
        {"in: {url: x, retires: 1}", "1:14 'retires' is no option of 'in' (did you mean 'retries'?)"},
        {"in: {url: x, colour: 1}", "1:14 'colour' is no option of 'in' (it has: url, key, retries)"},
        {"[]",
         "1:1 'vad' takes a map, not a list (it has: on, count, large, threshold, words, key, file, wait, "
         "idle, room, rate, "
         "how, pipeline, service, store, port, list, map, keys, secrets, in, any)"},
    };
    for (const auto& [text, said] : all) {
        INFO(text);
        REQUIRE(mistakes(text) == lines{said});
    }
}

TEST_CASE("a number too large for any integer is out of range", "[check]") {
    REQUIRE(mistakes("large: 9223372036854775807").empty());
    REQUIRE(mistakes("large: 9223372036854775808").size() == 1);
    REQUIRE(mistakes("large: 9223372036854775808")[0].find("out of its range") != std::string::npos);
}

TEST_CASE("an object without options says so", "[check]") {
    rtai::problems found;
    rtai::checker(found).check(rtai::schema(rtai::schema::kind::object), test::read("a: 1"), "llm.demo");
    REQUIRE(test::told(found) == lines{"1:1 'a' is no option of 'llm.demo' (it has no options)"});
}

TEST_CASE("all mistakes are told at once, in their order", "[check]") {
    REQUIRE(mistakes("how: best\nxyzzy: 1\non: yes\nin: {retries: x}\nlist: [a, 1, b]") ==
            lines{"1:6 'how' takes one of low, middle, high, not 'best'",
                  "2:1 'xyzzy' is no option of 'vad' (it has: on, count, large, threshold, words, key, file, "
                  "wait, idle, "
                  "room, rate, how, pipeline, service, store, port, list, map, keys, secrets, in, any)",
                  "3:5 'on' takes true or false, not 'yes' (write true)",
                  "4:5 'in' needs 'url' (where it is; it takes a text)",
                  "4:15 'retries' takes a whole number, not 'x'", "5:8 'list' takes a whole number, not 'a'",
                  "5:14 'list' takes a whole number, not 'b'"});
}

TEST_CASE("a text with variables is checked for what they default to", "[check]") {
    REQUIRE(mistakes("count: ${N}").empty());
    REQUIRE(mistakes("count: ${N:-5}").empty());
    REQUIRE(mistakes("count: ${N:-}").empty());
    REQUIRE(mistakes("count: ${N:-x}") == lines{"1:8 'count' takes a whole number, not 'x'"});
    REQUIRE(mistakes("count: ${N:-2}${M:-56}") ==
            lines{"1:8 'count' is 256, out of its range (it may be from 0 to 255)"});
    REQUIRE(mistakes("count: ${N:-2}${M}").empty());
    REQUIRE(mistakes("wait: ${N:-5}") ==
            lines{"1:7 'wait' takes a duration such as 250ms, 2s or 5min, not '5' (add a unit: 5ms or 5s)"});
}

TEST_CASE("a dollar that begins no variable does not keep a value from being checked", "[check]") {
    REQUIRE(mistakes("count: 5$") == lines{"1:8 'count' takes a whole number, not '5$'"});
    REQUIRE(mistakes("count: $$5") == lines{"1:8 'count' takes a whole number, not '$5'"});
    REQUIRE(mistakes("count: $N") == lines{"1:8 'count' takes a whole number, not '$N'"});
}

TEST_CASE("a variable that is not written well is told where it stands", "[check]") {
    const std::string help = " (write ${NAME} or ${NAME:-default}; a dollar sign is $$)";
    REQUIRE(mistakes("words: \"a ${B\"") == lines{"1:11 '${' without its '}'" + help});
    REQUIRE(mistakes("words: a ${1B} c") ==
            lines{"1:10 a variable's name has letters, digits and '_', no digit first" + help});
}

TEST_CASE("in a program a dollar is only a dollar", "[check]") {
    REQUIRE(mistakes("key: \"pa${ss$\"\nwords: \"${\"", true).empty());
    REQUIRE(mistakes("count: \"${N:-5}\"", true) == lines{"1:8 'count' takes a whole number, not '${N:-5}'"});
}

TEST_CASE("a secret comes from the environment", "[check]") {
    const std::string said = "is a secret written in plain (take it from the environment: ${NAME})";
    REQUIRE(mistakes("key: sk-123") == lines{"1:6 'key' " + said});
    REQUIRE(mistakes("key: sk$$123") == lines{"1:6 'key' " + said});
    REQUIRE(mistakes("keys: [sk-123]") == lines{"1:8 'keys' " + said});
    REQUIRE(mistakes("key: ${KEY:-sk-123}") ==
            lines{"1:6 'key' is a secret, and its default is written in plain (leave the default out)"});
    REQUIRE(mistakes("key: \"\"").empty());
    REQUIRE(mistakes("key: Bearer ${KEY}").empty());
    REQUIRE(mistakes("key:") == lines{"1:5 'key' has no value (it takes a secret such as ${NAME})"});
    REQUIRE(mistakes("key: sk-123", true).empty());
}

TEST_CASE("no message shows a secret's text, whatever is wrong with it", "[check]") {
    for (const bool resolved : {false, true})
        for (const auto* text : {
                 "key: hunter2",
                 "{key: hunter2, xyzzy: 1}",
                 "{xyzzy: 1, key: \"hunter2\"}",
                 "key: [hunter2]",
                 "key: {hunter2: hunter2}\ncount: x",
                 "key: ${KEY:-hunter2}",
                 "key: ${hunter2!}",
                 "key: \"${hunter2\"",
                 "key: \"hunter2 ${\"",
                 "keys: hunter2",
                 "keys: {a: hunter2}",
                 "keys: [a, hunter2]",
                 "secrets: hunter2",
                 "secrets: [hunter2]",
                 "{secrets: {a: hunter2}, count: x}",
                 "in: hunter2",
                 "in: [hunter2]",
                 "{in: {key: hunter2}, on: 5}",
                 "{keey: hunter2}",
                 "{kes: [hunter2, x]}",
                 "x: &k hunter2\nkey: *k",
                 "{key: \"hunter2\n  and more hunter2\", on: 5}",
                 "key: |\n  hunter2\n",
             }) {
            INFO(text);
            rtai::problems found;
            check(text, found, resolved);
            auto printed = test::printed(found);
            // A name in a map is no secret's text.
            if (const auto name = printed.find("{hunter2:"); name != std::string::npos)
                printed.erase(name, 9);
            REQUIRE(printed.find("hunter2") == std::string::npos);
        }
}

TEST_CASE("what is shown of a wrong value is short and can not steer the terminal", "[check]") {
    rtai::problems found;
    check("count: \"" + std::string(1000, '9') + "\"\nwords: {\"a\\e[2J\\nb\": 1}\n\"\\e[31mx\": 1", found);
    for (const auto& p : found.sorted()) REQUIRE(p.message.size() < 200);
    REQUIRE(test::printed(found).find('\x1b') == std::string::npos);
}
