#include <catch2/catch.hpp>
#include <rtai/data/config.hpp>
#include <rtai/data/yaml.hpp>
#include <string>
#include <utility>
#include <vector>

#include "data/told.hpp"

using test::lines;

namespace {

std::string line_of(std::string text) { return yaml_line(test::read(std::move(text))); }

lines mistakes(std::string text, const rtai::yaml_limits& limits = {}) {
    rtai::problems found;
    test::read(std::move(text), found, limits);
    return test::told(found);
}

}  // namespace

TEST_CASE("YAML in blocks and in brackets reads the same", "[yaml]") {
    REQUIRE(line_of("a:\n  b: 1\n  c:\n    - x\n    - {y: 2}\n") == "{a: {b: 1, c: [x, {y: 2}]}}");
    REQUIRE(line_of("a: {b: 1, c: [x, {y: 2}]}") == "{a: {b: 1, c: [x, {y: 2}]}}");
    REQUIRE(line_of("- - 1\n  - 2\n- 3") == "[[1, 2], 3]");
    REQUIRE(line_of("a:\n- 1\n- 2\n") == "{a: [1, 2]}");
}

TEST_CASE("JSON is YAML, also with tabs", "[yaml]") {
    REQUIRE(line_of("{\n\t\"a\": [1, true, null],\n\t\"b\": {}\n}") == "{a: [1, true, null], b: {}}");
}

TEST_CASE("texts are plain, quoted, folded or as they stand", "[yaml]") {
    const auto tree = test::read(
        "plain: some words # a comment\nsingle: 'it''s'\ndouble: \"a\\tb\\u00e9\"\nblock: |\n  one\n  "
        "\ttwo\nfolded: >-\n"
        "  one\n  two\nlong: one\n  two\n");
    REQUIRE(tree.find("plain")->text == "some words");
    REQUIRE_FALSE(tree.find("plain")->quoted);
    REQUIRE(tree.find("single")->text == "it's");
    REQUIRE(tree.find("double")->text == "a\tb\xC3\xA9");
    REQUIRE(tree.find("double")->quoted);
    REQUIRE(tree.find("block")->text == "one\n\ttwo\n");
    REQUIRE(tree.find("folded")->text == "one two");
    REQUIRE(tree.find("long")->text == "one two");
}

TEST_CASE("nothing is nothing, but not in quotes", "[yaml]") {
    const auto tree = test::read("a:\nb: ~\nc: null\nd: \"\"\ne: 'null'\nf: Null\n");
    for (const auto* name : {"a", "b", "c"}) REQUIRE(tree.find(name)->is_nothing());
    for (const auto* name : {"d", "e", "f"}) REQUIRE(tree.find(name)->is_scalar());
    REQUIRE(test::read("").is_nothing());
    REQUIRE(test::read("# only words\n").is_nothing());
    REQUIRE(test::read("---\n...\n").is_nothing());
}

TEST_CASE("each value knows its place", "[yaml]") {
    const auto tree = test::read("a: 1\nlist:\n  - one\n  - \"two\"\ng\xC3\xBC: \xC3\xBC\nnone:\n");
    const auto at = [](const rtai::place& p) { return p.text() + "+" + std::to_string(p.length); };
    REQUIRE(at(tree.at) == "a.yaml:1:1+1");
    REQUIRE(at(tree.find("a")->at) == "a.yaml:1:4+1");
    REQUIRE(at(tree.members[1].name_at) == "a.yaml:2:1+4");
    REQUIRE(at(tree.members[1].held.items[1].at) == "a.yaml:4:5+5");
    REQUIRE(at(tree.members[2].held.at) == "a.yaml:5:5+1");
    REQUIRE(at(tree.find("none")->at) == "a.yaml:6:6+1");
}

TEST_CASE("places are right after line ends of every kind and a byte order mark", "[yaml]") {
    REQUIRE(mistakes("\xEF\xBB\xBF"
                     "a: 1\nb: 2\na: 3\n") == lines{"3:1 'a' is here twice (the first is on line 1)"});
    for (const std::string end : {"\n", "\r\n", "\r", "\xC2\x85", "\xE2\x80\xA8"}) {
        rtai::problems found;
        test::read("a: 1" + end + "b: 2" + end + "a: 3" + end, found);
        REQUIRE(test::printed(found) ==
                "a.yaml:3:1: error: 'a' is here twice\n    3 | a: 3\n      | ^\n      help: the first is on "
                "line 1\n");
    }
}

TEST_CASE("an alias repeats what its anchor held", "[yaml]") {
    REQUIRE(line_of("a: &x {p: 1}\nb: *x\nc: [*x, &y 2, *y]\nd: &x 3\ne: *x") ==
            "{a: {p: 1}, b: {p: 1}, c: [{p: 1}, 2, 2], d: 3, e: 3}");
    REQUIRE(line_of("&k a: 1\nb: *k") == "{a: 1, b: a}");
}

TEST_CASE("a merge key takes in what is not said already", "[yaml]") {
    REQUIRE(line_of("x: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}") == "{x: {p: 1, q: 2}, b: {q: 3, p: 1}}");
    REQUIRE(line_of("x: &x {p: 1}\ny: &y {p: 2, q: 2}\nb: {<<: [*x, *y]}") ==
            "{x: {p: 1}, y: {p: 2, q: 2}, b: {p: 1, q: 2}}");
    REQUIRE(line_of("b: {<<: {p: 1}, <<: {q: 2}}") == "{b: {p: 1, q: 2}}");
    REQUIRE(line_of("{\"<<\": 1}") == "{\"<<\": 1}");
    REQUIRE(mistakes("b: {<<: 3}") == lines{"1:9 '<<' takes a map or a list of maps, not '3'"});
    REQUIRE(mistakes("b: {<<: [{a: 1}, []]}") ==
            lines{"1:18 '<<' takes a map or a list of maps, not a list"});
}

TEST_CASE("a tag of YAML's own changes at most what is a text", "[yaml]") {
    const auto tree = test::read("a: !!str 12\nb: !!int 12\nc: ! 12\nd: !!map {}\n");
    REQUIRE(tree.find("a")->quoted);
    REQUIRE_FALSE(tree.find("b")->quoted);
    REQUIRE(tree.find("c")->quoted);
    REQUIRE(tree.find("d")->is_map());
    REQUIRE(mistakes("a: !include x\nb: !y [1]\n") ==
            lines{"1:4 the tag '!include' means nothing here (put quotes around a text that begins with '!')",
                  "2:4 the tag '!y' means nothing here (put quotes around a text that begins with '!')"});
}

TEST_CASE("each mistake in YAML has its words and its place", "[yaml]") {
    const std::string same_column =
        "is the line indented as those around it? Members of one map begin in the same column";
    const std::string member = "members of one map begin in the same column; a text may need quotes";
    const std::string tab = "a tab where YAML wants spaces (indent with spaces)";
    const std::string name =
        "there is no ':' after this name (write name: value; a text over several lines needs quotes or '|')";
    const std::string no_character =
        "no value can begin with this character (is a value missing before it, or the bracket that it "
        "closes?)";
    const std::string above =
        "this does not belong to what stands above (a file holds one map; put quotes around a text that "
        "begins with "
        "'%', '[' or '{')";
    const std::vector<std::pair<std::string, std::string>> all = {
        {"a: \"open\nb: 2\n", "1:4 these quotes are not closed"},
        {"x: 1\na: 'open\n", "2:4 these quotes are not closed"},
        {"a: \"open\n---\n", "1:4 these quotes are not closed"},
        {"a: [1, 2\nb: 3\n", "1:4 this '[' is not closed (a ',' or the ']' is missing on line 2 or before)"},
        {"a: {x: 1\nb: 3\n", "1:4 this '{' is not closed (a ',' or the '}' is missing on line 2 or before)"},
        {"a: [1, 2",
         "1:4 this '[' is not closed (a ',' or the ']' is missing at the end of the file or before)"},
        {"a: {x: 1 y: 2}\n", "1:11 a ',' or the closing '}' is missing before this"},
        {"a: [\"x\" \"y\"]\n", "1:9 a ',' or the closing ']' is missing before this"},
        {"a: 1\n\tb: 2\n", "2:1 " + tab},
        {"a:\n  b: 1\n  \tc: 2\n", "3:3 " + tab},
        {"a: x: y\n", "1:5 a second ':' on the line (put quotes around a text that holds ': ')"},
        {"a: 1\n  b: 2\n", "2:4 no value can begin at this ':' (" + same_column + ")"},
        {"  a: 1\n b: 2\n", "2:2 " + above},
        {"[a]\nb: 1\n", "2:1 " + above},
        {"a: 1\nkey value\nb: 2\n", "2:1 " + name},
        {"- a\nb\n", "2:1 " + name},
        {"a: \"x\" y\n",
         "1:8 this fits neither as a member of the map above nor as its end (" + member + ")"},
        {"- a\n- b\nc: 1\n",
         "3:1 this fits neither as an item of the list above nor as its end (the items of one list begin "
         "with '-' in the "
         "same column)"},
        {"a: - b\n", "1:4 no list can begin here (begin it on a line of its own)"},
        {"a: @x\n", "1:4 no text can begin with this character (put quotes around it)"},
        {"a: `x`\n", "1:4 no text can begin with this character (put quotes around it)"},
        {"a: %x\n", "1:4 no text can begin with this character (put quotes around it)"},
        {"%x\n", "1:3 no line can begin with '%' (put quotes around the text)"},
        {"a: ]\n", "1:4 " + no_character},
        {"a: [,]\n", "1:5 " + no_character},
        {"a: *\n", "1:5 a name of letters and digits must follow '&' or '*' (put quotes around the text)"},
        {"a: *b\n", "1:4 there is no '&b' above (quote the text if it begins with '*')"},
        {"x: &base 1\na: *bsae\n", "2:4 there is no '&bsae' above (did you mean '*base'?)"},
        {"a: &a [*a]\n", "1:8 '*a' stands inside of '&a', so it would never end (write out what is meant)"},
        {"a: &a {b: {c: *a}}\n",
         "1:15 '*a' stands inside of '&a', so it would never end (write out what is meant)"},
        {"a: \"\\q\"\n",
         "1:5 there is no such escape in double quotes (a backslash is \\\\; in single quotes it is only "
         "itself)"},
        {"a: \"\\xZZ\"\n", "1:7 this escape wants hexadecimal figures (\\x has two, \\u four, \\U eight)"},
        {"a: \"\\uD800\"\n", "1:7 there is no such character"},
        {"a: {b:[c]}\n", "1:6 this ':' is followed by a bracket or a comma (put quotes around the text)"},
        {"a: |x\n  y\n", "1:5 after '|' or '>' the text begins on the next line"},
        {"a: 1\n---\nb: 2\n",
         "2:1 a second document begins here (a file holds one document: take out the '---')"},
        {"? [a]\n: 1\n",
         "1:3 a key must be a plain name (quote it if it holds '[', '{', '*' or '&' at its beginning)"},
        {"{[a]: 1}\n",
         "1:2 a key must be a plain name (quote it if it holds '[', '{', '*' or '&' at its beginning)"},
        {"a: &x b\n*x : 1\n",
         "2:1 a key must be a plain name (quote it if it holds '[', '{', '*' or '&' at its beginning)"},
        {": 1\n", "1:1 a name is missing before this ':'"},
        {"?\n: 1\n", "1:2 a name is missing before this ':'"},
        {"{: 1}\n", "1:2 a name is missing before this ':'"},
        {"a: !x!y 1\n", "1:4 this tag means nothing here (put quotes around a text that begins with '!')"},
    };
    for (const auto& [text, said] : all) {
        INFO(text);
        CHECK(mistakes(text) == lines{said});
    }
}

TEST_CASE("what is not UTF-8 is told with its place", "[yaml]") {
    const std::string said = "this is not text in UTF-8 (save the file as UTF-8)";
    REQUIRE(mistakes("a: 1\nb: \xC3\xA9\xFF\n") == lines{"2:5 " + said});
    REQUIRE(mistakes("\xEF\xBB\xBF"
                     "a: \xC3\n") == lines{"1:4 " + said});
    REQUIRE(mistakes("a: \xED\xA0\x80\n") == lines{"1:4 " + said});
    REQUIRE(mistakes(std::string("\xFF\xFE"
                                 "a\0:\0",
                                 6)) == lines{"1:1 " + said});
    REQUIRE(mistakes("a: \xC3") == lines{"1:4 " + said});
}

TEST_CASE("a control character is told with its place", "[yaml]") {
    REQUIRE(
        mistakes("a: x\x07\n") ==
        lines{
            "1:5 the control character U+0007 can not stand here (in double quotes, \\u0007 stands for it)"});
    REQUIRE(
        mistakes(std::string("a: 1\n\0", 6)) ==
        lines{
            "2:1 the control character U+0000 can not stand here (in double quotes, \\u0000 stands for it)"});
    REQUIRE(test::read("\"\\0\\x07\"").text == std::string("\0\x07", 2));
}

TEST_CASE("a name that is twice in a map is told with both lines, and the first holds", "[yaml]") {
    rtai::problems found;
    const auto tree = test::read("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 4\n", found);
    REQUIRE(test::told(found) == lines{"5:3 'c' is here twice (the first is on line 3)",
                                       "6:1 'a' is here twice (the first is on line 1)"});
    REQUIRE(yaml_line(tree) == "{a: 1, b: {c: 1, d: 2}}");
}

TEST_CASE("a document does not grow beyond its limits through aliases", "[yaml]") {
    std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 10; ++i) {
        const auto below = "*a" + std::to_string(i - 1);
        laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int j = 0; j < 8; ++j) laughs += below + ", ";
        laughs += below + "]\n";
    }
    const auto said = mistakes(laughs);
    REQUIRE(said.size() == 1);
    REQUIRE(said[0].find("with its aliases the document has more than 200000 values") != std::string::npos);

    std::string texts = "x: &a " + std::string(2'000'000, 'y') + "\nz: [*a, *a, *a, *a, *a, *a]\n";
    REQUIRE(mistakes(texts) ==
            lines{"2:17 with its aliases the document has more than 8388608 bytes of text"});
}

TEST_CASE("anchors around one another cost what they copy", "[yaml]") {
    std::string text;
    for (int i = 0; i < 50; ++i) text += "&a" + std::to_string(i) + " [";
    for (int i = 0; i < 10'000; ++i) text += "1,";
    text += std::string(50, ']');
    const auto said = mistakes(text);
    REQUIRE(said.size() == 1);
    REQUIRE(said[0].find("more than 200000 values") != std::string::npos);
}

TEST_CASE("a document nests only so deep, also through aliases", "[yaml]") {
    REQUIRE(mistakes(std::string(65, '[') + std::string(65, ']')).empty());
    REQUIRE(mistakes(std::string(66, '[') + std::string(66, ']')) ==
            lines{"1:66 this is nested deeper than 64 levels"});
    REQUIRE(mistakes(std::string(100'000, '[')).size() == 1);
    REQUIRE(mistakes("a: &a " + std::string(40, '[') + std::string(40, ']') + "\nb: " + std::string(40, '[') +
                     "*a" + std::string(40, ']')) == lines{"2:44 this is nested deeper than 64 levels"});
}

TEST_CASE("a document is only so large", "[yaml]") {
    rtai::yaml_limits limits;
    limits.bytes = 10;
    limits.values = 5;
    REQUIRE(mistakes("a: 1234567", limits).empty());
    REQUIRE(mistakes("a: 12345678", limits) ==
            lines{"the file has 11 bytes; the most is 10 (split it into several)"});
    REQUIRE(mistakes("[1,2,3,4]", limits).empty());
    REQUIRE(mistakes("[1,2,3,45]", limits).empty());
    limits.values = 4;
    REQUIRE(mistakes("[1,2,3,4]", limits) ==
            lines{"1:8 with its aliases the document has more than 4 values"});
}
