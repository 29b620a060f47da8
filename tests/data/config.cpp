#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <rtai/data/config.hpp>
#include <rtai/data/yaml.hpp>
#include <string>
#include <vector>

#include "data/told.hpp"

using namespace std::chrono_literals;
using rtai::value;
using rtai::yaml_scalar;

namespace {

enum class level { low, middle, high };
BOOST_DESCRIBE_ENUM(level, low, middle, high)

struct inner {
    std::string url = "http://here";
    rtai::secret key;
    std::vector<int> list = {1, 2};
    RTAI_DESCRIBE(inner, url, key, list)
};

struct options {
    bool on = false;
    std::uint8_t count = 7;
    std::uint64_t large = 0;
    float small = 0.25F;
    double threshold = 0.5;
    std::string words = "none";
    rtai::secret key;
    std::filesystem::path file;
    std::chrono::milliseconds wait{100};
    std::chrono::duration<double> exact{};
    std::optional<std::chrono::seconds> idle;
    rtai::byte_size room;
    rtai::hertz rate;
    level how = level::low;
    rtai::pipeline_name pipeline;
    rtai::listen_port port;
    std::vector<bool> flags;
    std::map<std::string, std::vector<double>> map;
    std::vector<inner> many;
    std::map<std::string, rtai::secret> secrets;
    inner in;
    value any;
    RTAI_DESCRIBE(options, on, count, large, small, threshold, words, key, file, wait, exact, idle, room,
                  rate, how, pipeline, port, flags, map, many, secrets, in, any)
};

struct generated {
    inner first;
    int second = 2;
    static constexpr bool lists_members = true;
    template <class V>
    static void members(V& visit) {
        visit("first", &generated::first);
        visit("second", &generated::second);
    }
};

template <class T = options>
T made_of(const std::string& text) {
    rtai::problems found;
    auto made = rtai::read<T>(test::read(text), "talk", found);
    REQUIRE(test::printed(found) == "");
    return made;
}

bool same(const value& a, const value& b) {
    if (a.type != b.type || a.text != b.text || a.items.size() != b.items.size() ||
        a.members.size() != b.members.size())
        return false;
    for (std::size_t i = 0; i < a.items.size(); ++i)
        if (!same(a.items[i], b.items[i])) return false;
    for (std::size_t i = 0; i < a.members.size(); ++i)
        if (a.members[i].name != b.members[i].name || !same(a.members[i].held, b.members[i].held))
            return false;
    return true;
}

void round_trip(const std::string& text) {
    INFO(text);
    REQUIRE(test::read(yaml_scalar(text)).text == text);
    REQUIRE(test::read("key: " + yaml_scalar(text)).find("key")->text == text);
    value both(value::kind::map);
    both.at_key(text).items = {value(text), value(text)};
    both.at_key(text).type = value::kind::list;
    const auto again = test::read(yaml_line(both));
    REQUIRE(same(again, both));
}

}  // namespace

TEST_CASE("values of every kind are read into their types", "[config]") {
    const auto o = made_of(
        "on: true\ncount: 255\nlarge: 9223372036854775807\nsmall: 0.5\nthreshold: 1e-3\nwords: \"12\"\nkey: "
        "sk-123\n"
        "file: /tmp/x\nwait: 1.5s\nexact: 1.5ms\nidle: 5min\nroom: 64KiB\nrate: 16kHz\nhow: high\npipeline: "
        "talk\nport: 8080\n"
        "flags: [true, false]\nmap: {a: [1, 2.5], b: []}\nmany: [{url: x}, {list: []}]\nsecrets: {a: s}\n"
        "in: {url: y}\nany: {z: [1]}\n");
    REQUIRE(o.on);
    REQUIRE(o.count == 255);
    REQUIRE(o.large == 9223372036854775807U);
    REQUIRE(o.small == 0.5F);
    REQUIRE(o.threshold == 0.001);
    REQUIRE(o.words == "12");
    REQUIRE(o.key.reveal() == "sk-123");
    REQUIRE(o.file == "/tmp/x");
    REQUIRE(o.wait == 1500ms);
    REQUIRE(o.exact.count() == 0.0015);
    REQUIRE(o.idle == 300s);
    REQUIRE(o.room.bytes == 65536);
    REQUIRE(o.rate.value == 16000);
    REQUIRE(o.how == level::high);
    REQUIRE(o.pipeline.name == "talk");
    REQUIRE(o.port.number == 8080);
    REQUIRE(o.flags == std::vector{true, false});
    REQUIRE(o.map == std::map<std::string, std::vector<double>>{{"a", {1, 2.5}}, {"b", {}}});
    REQUIRE(o.many.size() == 2);
    REQUIRE(o.many[0].url == "x");
    REQUIRE(o.many[0].list == std::vector{1, 2});
    REQUIRE(o.many[1].list.empty());
    REQUIRE(o.secrets.at("a").reveal() == "s");
    REQUIRE(o.in.url == "y");
    REQUIRE(yaml_line(o.any) == "{z: [1]}");
}

TEST_CASE("what is not said keeps its default", "[config]") {
    const auto o = made_of("in:\n  key: k\n");
    REQUIRE(o.count == 7);
    REQUIRE(o.words == "none");
    REQUIRE_FALSE(o.idle);
    REQUIRE(o.in.url == "http://here");
    REQUIRE(o.in.key.reveal() == "k");
    REQUIRE(o.in.list == std::vector{1, 2});
    REQUIRE(made_of("").wait == 100ms);
}

TEST_CASE("a type that lists its members itself is read like any other", "[config]") {
    const auto g = made_of<generated>("first: {url: x}\nsecond: 5");
    REQUIRE(g.first.url == "x");
    REQUIRE(g.second == 5);
}

TEST_CASE("what is wrong is told, and nothing of it is read", "[config]") {
    rtai::problems found;
    const auto o = rtai::read<options>(test::read("on: true\ncount: 300\nxyz: 1"), "talk", found);
    REQUIRE_FALSE(found.ok());
    REQUIRE(found.size() == 2);
    REQUIRE(test::told(found)[0] == "2:8 'count' is 300, out of its range (it may be from 0 to 255)");
    REQUIRE_FALSE(o.on);
}

TEST_CASE("a value that came from a variable is what it is, with all its dollars", "[config]") {
    rtai::problems found;
    auto tree = test::read("key: ${KEY}\nwords: ${KEY}\n");
    resolve_variables(tree, [](const std::string&) { return std::optional<std::string>("a$$b${c"); }, found);
    const auto o = rtai::read<options>(tree, "talk", found);
    REQUIRE(test::printed(found) == "");
    REQUIRE(o.key.reveal() == "a$$b${c");
    REQUIRE(o.words == "a$$b${c");
    auto wrong = test::read("count: ${N}");
    resolve_variables(wrong, [](const std::string&) { return std::optional<std::string>("5$"); }, found);
    rtai::read<options>(wrong, "talk", found);
    REQUIRE(test::told(found) == test::lines{"1:8 'count' takes a whole number, not '5$'"});
}

TEST_CASE("values are printed over their defaults", "[config]") {
    const auto s = rtai::schema_of<inner>();
    REQUIRE(print_values(s, value()) == "url: http://here\nkey: \"\"\nlist: []\n");
    REQUIRE(print_values(s, test::read("{url: 'a: b', list: [5]}"), 2) ==
            "  url: \"a: b\"\n  key: \"\"\n  list: [5]\n");
    REQUIRE(print_values(rtai::schema_of<generated>(), test::read("second: 3")) ==
            "first:\n  url: http://here\n  key: \"\"\n  list: []\nsecond: 3\n");
}

TEST_CASE("what is printed can be read again", "[config]") {
    const auto s = rtai::schema_of<options>();
    for (const auto* text :
         {"", "words: 'null'\nidle: 5s\nmany: [{url: \"#x\"}]\nflags: [true]\nany: {a: \"12\"}\n"}) {
        const auto printed = print_values(s, test::read(text));
        const auto o = made_of(printed);
        REQUIRE(o.wait == 100ms);
        REQUIRE(o.small == 0.25F);
        REQUIRE(print_values(s, test::read(printed)) == printed);
    }
}

TEST_CASE("no secret is printed, wherever it stands", "[config]") {
    const auto printed = print_values(rtai::schema_of<options>(),
                                      test::read("key: hunter2\nsecrets: {a: hunter2, b: hunter2}\nmany: "
                                                 "[{url: x, key: hunter2, keey: hunter2}, {key: \"\"}]\n"
                                                 "in: {key: hunter2}\n"));
    REQUIRE(printed.find("hunter2") == std::string::npos);
    REQUIRE(printed.find("key: \"********\"\n") != std::string::npos);
    REQUIRE(printed.find("secrets: {a: \"********\", b: \"********\"}\n") != std::string::npos);
    REQUIRE(printed.find("many: [{url: x, key: \"********\"}, {key: \"\"}]\n") != std::string::npos);
    REQUIRE(printed.find("  key: \"********\"\n") != std::string::npos);
    const auto unfit = print_values(rtai::schema_of<options>(),
                                    test::read("key: [hunter2]\nsecrets: hunter2\nmany: {a: hunter2}\n"));
    REQUIRE(unfit.find("hunter2") == std::string::npos);
}

TEST_CASE("a text has quotes in YAML only where it must", "[config]") {
    for (const auto* text : {"a", "a b", "12", "-5", "true", "a:b", "a#b", "http://x/y?z=1", "G\xC3\xBC",
                             "$x", "/a/b", "a-b", "a'b"})
        REQUIRE(yaml_scalar(text) == text);
    REQUIRE(yaml_scalar("") == "\"\"");
    REQUIRE(yaml_scalar("null") == "\"null\"");
    REQUIRE(yaml_scalar("a: b") == "\"a: b\"");
    REQUIRE(yaml_scalar("a\"b\\") == "\"a\\\"b\\\\\"");
    REQUIRE(yaml_scalar("a\n\t\x01") == "\"a\\n\\t\\x01\"");
    REQUIRE(yaml_scalar("\xC2\x85\xE2\x80\xA8") == "\"\\x85\\u2028\"");
    REQUIRE(yaml_scalar("a\xFF"
                        "b") == "\"a\\ufffdb\"");
    value number("12");
    number.quoted = true;
    REQUIRE(yaml_line(number) == "\"12\"");
}

TEST_CASE("a nasty text is the same after YAML", "[config]") {
    for (const auto* text : {"",
                             " ",
                             " a",
                             "a ",
                             "-",
                             "- a",
                             "--- a",
                             "---",
                             "...",
                             "... a",
                             "?",
                             "? a",
                             ":",
                             ": a",
                             "a:",
                             "a: b",
                             "a:\tb",
                             "a #b",
                             "#a",
                             "a#",
                             "[",
                             "a[b",
                             "a]b",
                             "{",
                             "a{b",
                             "a,b",
                             "a:[b",
                             "a:{b",
                             "a:,b",
                             "a:?b",
                             "&a",
                             "*a",
                             "!a",
                             "|",
                             ">",
                             "'",
                             "\"",
                             "a\"b",
                             "it's",
                             "%a",
                             "@a",
                             "`a",
                             "~",
                             "null",
                             "true",
                             "<<",
                             "=",
                             "1",
                             "-1",
                             "-1a",
                             "- 1",
                             "\\",
                             "a\\nb",
                             "a\nb",
                             "\n",
                             "a\r\nb",
                             "\t",
                             "a\tb",
                             "\x7F",
                             "\x1b[0m",
                             "\xC2\x80",
                             "\xC2\x85",
                             "\xC2\xA0",
                             "\xE2\x80\xA8",
                             "\xEF\xBB\xBF",
                             "\xEF\xBF\xBE",
                             "\xEF\xBF\xBF",
                             "\xF0\x9F\x98\x80",
                             "\xF4\x8F\xBF\xBF",
                             "${A:-b}",
                             "$$"})
        round_trip(text);
    round_trip(std::string("a\0b", 3));
    round_trip(std::string(3000, 'k'));
    round_trip(std::string(900, '\x01'));
}

TEST_CASE("any text is the same after YAML", "[config][property]") {
    static constexpr std::string_view pieces[] = {"a",
                                                  "B",
                                                  "0",
                                                  "-",
                                                  "?",
                                                  ":",
                                                  ": ",
                                                  ",",
                                                  "[",
                                                  "]",
                                                  "{",
                                                  "}",
                                                  "#",
                                                  " #",
                                                  " ",
                                                  "  ",
                                                  "\n",
                                                  "\t",
                                                  "\r",
                                                  "&",
                                                  "*",
                                                  "!",
                                                  "|",
                                                  ">",
                                                  "'",
                                                  "\"",
                                                  "%",
                                                  "@",
                                                  "`",
                                                  "\\",
                                                  "~",
                                                  "<<",
                                                  "...",
                                                  "$",
                                                  "${",
                                                  "=",
                                                  ".",
                                                  "\x01",
                                                  "\x7F",
                                                  "e",
                                                  "\xC3\xA9",
                                                  "\xC2\x85",
                                                  "\xE2\x80\xA9",
                                                  "\xF0\x9F\x98\x80"};
    std::mt19937 random(7);
    for (int round = 0; round < 3000; ++round) {
        std::string text;
        for (auto n = random() % 8; n > 0; --n) text += pieces[random() % std::size(pieces)];
        round_trip(text);
    }
}

TEST_CASE("any tree is the same after one line of YAML", "[config][property]") {
    std::mt19937 random(8);
    const auto grow = [&](auto& self, int depth) -> value {
        const auto pick = random() % (depth > 4 ? 2 : 4);
        if (pick == 0) return value();
        if (pick == 1) return value(std::string(random() % 4, static_cast<char>(' ' + random() % 95)));
        value v(pick == 2 ? value::kind::list : value::kind::map);
        for (auto n = random() % 4; n > 0; --n)
            if (pick == 2) v.items.push_back(self(self, depth + 1));
            else v.at_key(std::to_string(n) + static_cast<char>(' ' + random() % 95)) = self(self, depth + 1);
        return v;
    };
    for (int round = 0; round < 500; ++round) {
        const auto tree = grow(grow, 0);
        const auto line = yaml_line(tree);
        INFO(line);
        auto again = test::read(line);
        REQUIRE(yaml_line(again) == line);
    }
}
