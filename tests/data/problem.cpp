#include <catch2/catch.hpp>
#include <memory>
#include <rtai/data/problem.hpp>
#include <string>

#include "data/told.hpp"

using rtai::place;
using rtai::problem;
using rtai::problems;
using rtai::source;

namespace {

std::shared_ptr<const source> holding(std::string text) {
    return std::make_shared<source>("a.yaml", std::move(text));
}

std::string shown(std::string text, std::size_t column, std::size_t length = 1) {
    return to_text(problem(place(holding(std::move(text)), 1, column, length), "wrong"));
}

}  // namespace

TEST_CASE("a problem reads as a compiler writes it", "[problem]") {
    const auto s = holding("a: 1\n  stt -> speaker\n");
    REQUIRE(to_text(problem(place(s, 2, 10, 7), "'stt' sends text",
                            "put a tts between\nfor instance tts.flite")) ==
            "a.yaml:2:10: error: 'stt' sends text\n"
            "    2 |   stt -> speaker\n"
            "      |          ^~~~~~~\n"
            "      help: put a tts between\n"
            "            for instance tts.flite\n");
}

TEST_CASE("a problem without a line is only words", "[problem]") {
    REQUIRE(to_text(problem(place(), "no file", "name one")) == "error: no file\n  help: name one\n");
    REQUIRE(to_text(problem(place(holding(""), 0, 0), "too long")) == "a.yaml: error: too long\n");
    REQUIRE(to_text(problem(place(), "old", "", rtai::severity::warning)) == "warning: old\n");
}

TEST_CASE("colour marks the parts of a problem and changes no words", "[problem]") {
    const problem p(place(holding("abc"), 1, 2, 2), "wrong", "right");
    auto colored = to_text(p, true);
    REQUIRE(colored.find("\x1b[1;31merror: \x1b[0m") != std::string::npos);
    REQUIRE(colored.find("\x1b[1;32m^~\x1b[0m") != std::string::npos);
    for (std::size_t at = 0; (at = colored.find("\x1b[")) != std::string::npos;)
        colored.erase(at, colored.find('m', at) - at + 1);
    REQUIRE(colored == to_text(p));
    REQUIRE(to_text(p).find('\x1b') == std::string::npos);
    REQUIRE(to_text(problem(place(), "old", "", rtai::severity::warning), true).find("\x1b[1;35mwarning: ") ==
            0);
}

TEST_CASE("the caret counts characters, not bytes", "[problem]") {
    REQUIRE(shown("g\xC3\xBC\xC3\xA4: \xE2\x82\xAC x", 7, 1) ==
            "a.yaml:1:7: error: wrong\n"
            "    1 | g\xC3\xBC\xC3\xA4: \xE2\x82\xAC x\n"
            "      |       ^\n");
}

TEST_CASE("a tab is shown as one space, so that the caret stands below its place", "[problem]") {
    REQUIRE(shown("\ta: b", 2) == "a.yaml:1:2: error: wrong\n    1 |  a: b\n      |  ^\n");
}

TEST_CASE("nothing of a source can steer the terminal", "[problem]") {
    REQUIRE(shown("a\x1b[31m\x07\x7F\r", 3).find("    1 | a?[31m??\n") != std::string::npos);
    REQUIRE(shown("a\xC2\x9B"
                  "31m \xE2\x80\xAE \xFF\xC3",
                  1)
                .find("    1 | a?31m ? ??\n") != std::string::npos);
    const auto text = to_text(
        problem(place(std::make_shared<source>("\x1b]0;x", "a"), 1, 1), "no '\x1b[2Jx\ny'", "a\x1b\nb"));
    REQUIRE(text == "?]0;x:1:1: error: no '?[2Jx y'\n    1 | a\n      | ^\n      help: a?\n            b\n");
}

TEST_CASE("a caret never runs past its line", "[problem]") {
    REQUIRE(shown("abc", 2, 100) == "a.yaml:1:2: error: wrong\n    1 | abc\n      |  ^~\n");
    REQUIRE(shown("abc", 4) == "a.yaml:1:4: error: wrong\n    1 | abc\n      |    ^\n");
    REQUIRE(shown("abc", 9) == "a.yaml:1:9: error: wrong\n    1 | abc\n");
    REQUIRE(shown("abc", 0, 0) == "a.yaml:1:0: error: wrong\n    1 | abc\n      | ^\n");
    REQUIRE(to_text(problem(place(holding("abc"), 7, 1), "wrong")) ==
            "a.yaml:7:1: error: wrong\n    7 | \n      | ^\n");
}

TEST_CASE("of a very long line, what is around the place is shown", "[problem]") {
    const std::string line(1000, 'x');
    const auto begin = shown(line, 10);
    REQUIRE(begin.find("    1 | " + std::string(160, 'x') + "...\n") != std::string::npos);
    REQUIRE(begin.find("      | " + std::string(9, ' ') + "^\n") != std::string::npos);
    const auto middle = shown(std::string(500, 'x') + "HERE" + line, 501, 4);
    REQUIRE(middle.find("| ..." + std::string(59, 'x') + "HERE" + std::string(97, 'x') + "...\n") !=
            std::string::npos);
    REQUIRE(middle.find("| " + std::string(62, ' ') + "^~~~\n") != std::string::npos);
    const auto end = shown(line, 1000);
    REQUIRE(end.find("| ..." + std::string(60, 'x') + "\n") != std::string::npos);
    REQUIRE(end.find("| " + std::string(62, ' ') + "^\n") != std::string::npos);
    REQUIRE(shown(line, 5000).find('^') == std::string::npos);
    REQUIRE(shown(line, 1, 5000).find("^" + std::string(159, '~') + "\n") != std::string::npos);
}

TEST_CASE("lines end where YAML says so", "[problem]") {
    const source s("x",
                   "\xEF\xBB\xBF"
                   "a\r\nb\rc\xC2\x85"
                   "d\xE2\x80\xA8"
                   "\xE2\x82\xAC\nf");
    REQUIRE(s.line(1) == "a");
    REQUIRE(s.line(2) == "b");
    REQUIRE(s.line(3) == "c");
    REQUIRE(s.line(4) == "d");
    REQUIRE(s.line(5) == "\xE2\x82\xAC");
    REQUIRE(s.line(6) == "f");
    REQUIRE(s.line(7).empty());
    REQUIRE(s.line(0) == "a");
    REQUIRE(source("x", "").line(1).empty());
    REQUIRE(source("x", "\xC2").line(1) == "\xC2");
}

TEST_CASE("problems come by file, line and column, and among themselves as they were found", "[problem]") {
    problems found;
    const auto one = std::make_shared<const source>("z.yaml", "");
    const auto two = std::make_shared<const source>("a.yaml", "");
    found.error(place(one, 5, 1), "fifth");
    found.error(place(two, 1, 1), "other file");
    found.error(place(one, 2, 9), "second, ninth");
    found.warn(place(one, 2, 1), "b");
    found.error(place(one, 2, 1), "a");
    REQUIRE(test::told(found) ==
            test::lines{"2:1 b", "2:1 a", "2:9 second, ninth", "5:1 fifth", "1:1 other file"});
}

TEST_CASE("the same problem is told once", "[problem]") {
    problems found;
    const auto s = holding("x");
    for (int i = 0; i < 3; ++i) {
        found.error(place(s, 1, 1), "a");
        found.error(place(s, 1, 1), "b");
    }
    found.error(place(s, 1, 2), "a");
    REQUIRE(found.size() == 7);
    REQUIRE(test::told(found) == test::lines{"1:1 a", "1:1 b", "1:2 a"});
}

TEST_CASE("a warning forbids nothing", "[problem]") {
    problems found;
    REQUIRE((found.ok() && found.empty()));
    found.warn(place(), "old");
    REQUIRE((found.ok() && !found.empty()));
    found.error(place(), "wrong");
    REQUIRE_FALSE(found.ok());
}

TEST_CASE("what a source hides no message shows", "[problem]") {
    const auto s = holding(
        "key: s\xC3\xA9"
        "cret, on: 1\nnext: secret");
    s->hide(1, 6, 6);
    s->hide(2, 7, 0);
    REQUIRE(to_text(problem(place(s, 1, 14, 2), "wrong")) ==
            "a.yaml:1:14: error: wrong\n    1 | key: ******, on: 1\n      |              ^~\n");
    REQUIRE(to_text(problem(place(s, 2, 1), "wrong")).find("| next: ******\n") != std::string::npos);
}
