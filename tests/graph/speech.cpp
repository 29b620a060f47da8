#include <chrono>
#include <rtai/graph/speech.hpp>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;

TEST_CASE("what was played was heard, to the last whole word", "[speech]") {
    speech s;
    REQUIRE_FALSE(s.over());
    s.begin("One two three four.");
    s.add(1s);
    s.add(900ms);
    s.end();
    s.begin("And five.");
    s.add(900ms);
    s.end();
    REQUIRE(s.said() == "One two three four. And five.");
    REQUIRE(s.length() == 2800ms);
    REQUIRE(s.heard().empty());
    s.played(350ms);  // in the middle of "two"
    REQUIRE(s.heard() == "One");
    s.played(1s);
    REQUIRE(s.heard() == "One two");
    s.played(1900ms);
    REQUIRE(s.heard() == "One two three four.");
    REQUIRE_FALSE(s.over());
    s.played(2350ms);
    REQUIRE(s.heard() == "One two three four. And");
    s.played(2800ms);
    REQUIRE(s.heard() == s.said());
    REQUIRE_FALSE(s.over());
    s.close();
    REQUIRE(s.over());
}

TEST_CASE("what a resampler keeps to itself does not leave an answer open, and its last word was heard",
          "[speech]") {
    speech s;
    s.begin("Good morning");
    s.add(1s);
    s.end();
    s.played(980ms);
    s.finish();
    REQUIRE_FALSE(s.over());
    s.played(980ms);
    s.close();
    REQUIRE_FALSE(s.over());
    REQUIRE(s.over(500ms));
    s.finish();
    REQUIRE(s.over());
    REQUIRE(s.heard() == "Good morning");
    s.begin("And more");
    REQUIRE_FALSE(s.over());
}

TEST_CASE("of sound that is still being made the length is guessed", "[speech]") {
    speech s;
    s.begin("a sentence of about forty letters in all");
    s.add(200ms);
    s.played(200ms);
    REQUIRE(s.heard() == "a");
    REQUIRE_FALSE(s.over());
    s.add(2400ms);
    s.played(1300ms);
    REQUIRE(s.heard() == "a sentence of about");
}

TEST_CASE("a text without spaces is heard to the last whole character", "[speech]") {
    speech s;
    s.begin("\u4f60\u597d\u4e16\u754c");
    s.add(1s);
    s.end();
    s.played(600ms);
    REQUIRE(s.heard() == "\u4f60\u597d");
    s.begin("\u518d\u89c1");
    s.add(1s);
    s.end();
    s.played(2s);
    REQUIRE(s.heard() == "\u4f60\u597d\u4e16\u754c\u518d\u89c1");
}

TEST_CASE("one long word that was cut was not heard", "[speech]") {
    speech s;
    s.begin("Internationalisation");
    s.add(1s);
    s.end();
    s.played(900ms);
    REQUIRE(s.heard().empty());
}
