#include <array>
#include <catch2/catch.hpp>
#include <rtai/data/nearest.hpp>
#include <string>
#include <string_view>
#include <vector>

using rtai::edit_distance;
using rtai::nearest;

TEST_CASE("the distance counts letters added, taken away, changed and swapped", "[nearest]") {
    REQUIRE(edit_distance("", "") == 0);
    REQUIRE(edit_distance("abc", "") == 3);
    REQUIRE(edit_distance("", "abc") == 3);
    REQUIRE(edit_distance("threshold", "treshold") == 1);
    REQUIRE(edit_distance("voice", "voixe") == 1);
    REQUIRE(edit_distance("voice", "vioce") == 1);
    REQUIRE(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("the distance does not see upper and lower case", "[nearest]") {
    REQUIRE(edit_distance("Voice", "vOICE") == 0);
}

TEST_CASE("the nearest name is found", "[nearest]") {
    const std::vector<std::string> names = {"threshold", "stop_after", "start_after", "url"};
    REQUIRE(nearest("treshold", names) == "threshold");
    REQUIRE(nearest("Threshold", names) == "threshold");
    REQUIRE(nearest("stopafter", names) == "stop_after");
    REQUIRE(nearest("ulr", names) == "url");
}

TEST_CASE("of names equally near it is the first", "[nearest]") {
    REQUIRE(nearest("cat", std::vector<std::string>{"bat", "hat"}) == "bat");
}

TEST_CASE("a name that shares nothing with the word is not near", "[nearest]") {
    const std::array<std::string_view, 3> names = {"ab", "x", "voice"};
    REQUIRE(nearest("zz", names).empty());
    REQUIRE(nearest("q", names).empty());
    REQUIRE(nearest("temperature", names).empty());
    REQUIRE(nearest("", names).empty());
    REQUIRE(nearest("voice", std::vector<std::string>()).empty());
}

TEST_CASE("a very long word is near nothing", "[nearest]") {
    const std::string longest(64, 'a'), longer(65, 'a');
    REQUIRE(nearest(longest, std::vector{longest + "b"}) == longest + "b");
    REQUIRE(nearest(longer, std::vector{longer}).empty());
}
