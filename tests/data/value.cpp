#include <catch2/catch.hpp>
#include <memory>
#include <rtai/data/config.hpp>
#include <rtai/data/value.hpp>
#include <string>

#include "data/told.hpp"

using rtai::value;

TEST_CASE("a map is asked by name", "[value]") {
    auto tree = test::read("a: 1\nb: {c: 2}");
    REQUIRE(tree.find("a")->text == "1");
    REQUIRE(tree.find("b")->find("c")->text == "2");
    REQUIRE(tree.find("x") == nullptr);
    REQUIRE(tree.find("a")->find("x") == nullptr);
    tree.find("a")->text = "3";
    REQUIRE(yaml_line(tree) == "{a: 3, b: {c: 2}}");
}

TEST_CASE("a name that is not there is made, also in what was no map", "[value]") {
    value tree;
    tree.at_key("a").at_key("b") = value("1");
    REQUIRE(yaml_line(tree) == "{a: {b: 1}}");
    tree.at_key("a").at_key("c");
    REQUIRE(yaml_line(tree) == "{a: {b: 1, c: null}}");
    tree.find("a")->find("b")->at_key("d") = value("2");
    REQUIRE(yaml_line(tree) == "{a: {b: {d: 2}, c: null}}");
    auto list = test::read("[1, 2]");
    list.at_key("x") = value("1");
    REQUIRE(yaml_line(list) == "{x: 1}");
}

TEST_CASE("maps merge member by member, everything else as a whole", "[value]") {
    auto base = test::read("{a: 1, b: {c: 2, d: [1, 2]}, e: x, f: {g: 1}, h: kept}");
    overlay(base, test::read("{b: {d: [3], n: 4}, e: {m: 1}, f: 5, h: , z: 9}"));
    REQUIRE(yaml_line(base) == "{a: 1, b: {c: 2, d: [3], n: 4}, e: {m: 1}, f: 5, h: kept, z: 9}");
    overlay(base, value());
    REQUIRE(base.is_map());
    overlay(base, value("text"));
    REQUIRE(base.text == "text");
    value nothing;
    overlay(nothing, test::read("{a: 1}"));
    REQUIRE(yaml_line(nothing) == "{a: 1}");
}

TEST_CASE("a value describes itself", "[value]") {
    REQUIRE(described_kind(value()) == "nothing");
    REQUIRE(described_kind(test::read("[1]")) == "a list");
    REQUIRE(described_kind(test::read("{a: 1}")) == "a map");
    REQUIRE(described_kind(value("high")) == "'high'");
    REQUIRE(described_kind(value(std::string(60, 'x'))) == "'" + std::string(60, 'x') + "'");
    REQUIRE(described_kind(value(std::string(61, 'x'))) == "'" + std::string(60, 'x') + "...'");
}

TEST_CASE("a long text is never cut inside of a character", "[value]") {
    std::string euros;
    for (int i = 0; i < 61; ++i) euros += "\xE2\x82\xAC";
    REQUIRE(described_kind(value(euros)) == "'" + euros.substr(0, 180) + "...'");
}

TEST_CASE("a part of a text has its own place where it can be told", "[value]") {
    const auto tree =
        test::read("a: \xC3\xA9 xyz\nb: \"\xC3\xA9 xyz\"\nc: \"\\u00e9 xyz\"\nd: |\n  xyz\ne: \"x\n  yz\"");
    const auto part = [&](const char* name) {
        const auto p = tree.find(name)->part(3, 2);
        return std::to_string(p.line) + ":" + std::to_string(p.column) + "+" + std::to_string(p.length);
    };
    REQUIRE(part("a") == "1:6+2");
    REQUIRE(part("b") == "2:7+2");
    REQUIRE(part("c") == "3:4+12");
    REQUIRE(part("d") == "4:4+1");
    REQUIRE(part("e") == "6:4+1");
}
