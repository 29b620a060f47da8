#include <catch2/catch.hpp>
#include <random>
#include <rtai/data/utf8.hpp>
#include <string>

using namespace rtai::detail;

TEST_CASE("a character is as long as UTF-8 says", "[utf8]") {
    const auto is = [](std::string_view text, char32_t code) {
        const auto c = first_character(text);
        return c.good && c.code == code && c.bytes == text.size();
    };
    REQUIRE(is("a", U'a'));
    REQUIRE(is(std::string_view("\0", 1), 0));
    REQUIRE(is("\x7F", 0x7F));
    REQUIRE(is("\xC2\x80", 0x80));
    REQUIRE(is("\xDF\xBF", 0x7FF));
    REQUIRE(is("\xE0\xA0\x80", 0x800));
    REQUIRE(is("\xEF\xBF\xBF", 0xFFFF));
    REQUIRE(is("\xF0\x90\x80\x80", 0x10000));
    REQUIRE(is("\xF4\x8F\xBF\xBF", 0x10FFFF));
}

TEST_CASE("a byte that belongs to no character is a bad one of its own", "[utf8]") {
    for (const auto* text :
         {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2 ", "\xE0\x80\x80", "\xED\xA0\x80", "\xE2\x82",
          "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
        const auto c = first_character(text);
        REQUIRE_FALSE(c.good);
        REQUIRE(c.bytes == 1);
    }
}

TEST_CASE("characters are counted and cut whole", "[utf8]") {
    REQUIRE(count_characters("") == 0);
    REQUIRE(count_characters("a\xC3\xA9\xE2\x82\xAC\xFF") == 4);
    REQUIRE(first_characters("a\xC3\xA9\xE2\x82\xAC", 2) == "a\xC3\xA9");
    REQUIRE(first_characters("ab", 5) == "ab");
    REQUIRE(first_characters("ab", 0).empty());
}

TEST_CASE("only what does no harm goes to a terminal", "[utf8]") {
    REQUIRE(printable("a\xC3\xA9 \xF0\x9F\x98\x80") == "a\xC3\xA9 \xF0\x9F\x98\x80");
    REQUIRE(printable("\x1b[2J\a\x7F\xC2\x9B\xE2\x80\xAE\xE2\x81\xA6\xFF") == "?[2J??????");
    REQUIRE(printable("a\tb\nc") == "a b c");
    REQUIRE(printable("a\tb\nc", "\n") == "a b\nc");
}

TEST_CASE("any bytes become text for a terminal", "[utf8][property]") {
    std::mt19937 random(3);
    for (int round = 0; round < 2000; ++round) {
        std::string bytes(random() % 12, ' ');
        for (auto& c : bytes) c = static_cast<char>(random());
        const auto shown = printable(bytes);
        REQUIRE(count_characters(shown) == count_characters(bytes));
        for (std::string_view rest = shown; !rest.empty(); rest.remove_prefix(first_character(rest).bytes))
            REQUIRE((first_character(rest).good && is_printable(first_character(rest).code)));
    }
}
