#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <rtai/data/json.hpp>
#include <string>
#include <vector>

using namespace rtai;
using namespace std::chrono_literals;

namespace {

enum class size { small, large };
BOOST_DESCRIBE_ENUM(size, small, large)

struct tool {
    std::string name;
    std::optional<int> times;
    RTAI_DESCRIBE(tool, name, times)
};

struct meal {
    std::string dish = "soup";
    std::uint8_t plates = 1;
    double salt = 0.5;
    bool hot = true;
    size portion = size::small;
    std::chrono::milliseconds wait{250};
    std::vector<tool> tools;
    std::map<std::string, int> prices;
    secret key;
    RTAI_DESCRIBE(meal, dish, plates, salt, hot, portion, wait, tools, prices, key)

    static void notes(rtai::notes<meal>& about) {
        about(&meal::dish, "what to cook", required);
        about(&meal::plates, "how many", range(1, 12));
        about(&meal::wait, "how long one waits", range(0, 1000));
    }
};

std::string wrong(std::string_view text, unknown_members u = unknown_members::allowed) {
    const auto read = read_json<meal>(text, u);
    REQUIRE_FALSE(read.ok());
    return read.error().text;
}

}  // namespace

TEST_CASE("a described type is read from JSON, and what is missing keeps its default", "[json]") {
    const auto o = read_json<meal>(R"({"dish": "pie", "plates": 3, "portion": "large", "wait": "1s",
        "tools": [{"name": "fork", "times": 2}, {"name": "knife", "times": null}], "prices": {"pie": 4},
        "key": "k", "something": ["else"]})");
    REQUIRE(o.ok());
    REQUIRE(o->dish == "pie");
    REQUIRE(o->plates == 3);
    REQUIRE(o->salt == 0.5);
    REQUIRE(o->hot);
    REQUIRE(o->portion == size::large);
    REQUIRE(o->wait == 1s);
    REQUIRE(o->tools.size() == 2);
    REQUIRE(o->tools[0].times == 2);
    REQUIRE_FALSE(o->tools[1].times);
    REQUIRE(o->prices.at("pie") == 4);
    REQUIRE(o->key.reveal() == "k");
}

TEST_CASE("what is written is read as the same, but for the secret, which is not shown", "[json]") {
    meal o;
    o.dish = "pie \"\xC3\xA9\"";
    o.wait = 120ms;
    o.tools.resize(2);
    o.tools[1].times = 7;
    o.prices["a"] = -1;
    o.key = secret("hidden");
    const auto text = json::serialize(to_json(o));
    REQUIRE(text.find("hidden") == std::string::npos);
    const auto again = read_json<meal>(text);
    REQUIRE(again.ok());
    REQUIRE(again->dish == o.dish);
    REQUIRE(again->wait == o.wait);
    REQUIRE(again->tools[1].times == 7);
    REQUIRE_FALSE(again->tools[0].times);
    REQUIRE(json::serialize(to_json(*again)) == text);
}

TEST_CASE("what does not fit is told with where it is", "[json]") {
    REQUIRE(wrong(R"({"dish": "a", "tools": [{}, {}, {"name": 3}]})") ==
            "tools[2].name: a text is wanted, not a number");
    REQUIRE(wrong(R"({"dish": "a", "prices": {"pie": "x"}})") ==
            "prices.pie: a whole number is wanted, not a text");
    REQUIRE(wrong(R"({"dish": "a", "plates": 13})") == "plates: it is 13, but may be from 1 to 12");
    REQUIRE(wrong(R"({"dish": "a", "plates": 1.5})") == "plates: a whole number is wanted");
    REQUIRE(wrong(R"({"dish": "a", "plates": true})") ==
            "plates: a whole number is wanted, not true or false");
    REQUIRE(wrong(R"({"dish": "a", "hot": "yes"})") == "hot: true or false is wanted, not a text");
    REQUIRE(wrong(R"({"dish": null})") == "dish: a text is wanted, not null");
    REQUIRE(wrong(R"({"plates": 2})") == "'dish' is missing");
    REQUIRE(wrong(R"([1])") == "an object is wanted, not a list");
    REQUIRE(wrong(R"({"dish": "a", "portion": "larg"})").find("did you mean 'large'?") != std::string::npos);
    REQUIRE(wrong(R"({"dish": "a", "wait": "2s"})").find("'wait' is 2s, out of its range") == 0);
    REQUIRE(wrong(R"({"dish": "a", "dihs": 1})", unknown_members::refused) ==
            "dihs: there is no such member");
}

TEST_CASE("a number that no integer holds is refused", "[json]") {
    REQUIRE(from_json<std::uint64_t>(json::value(18446744073709551615ULL)).ok());
    REQUIRE_FALSE(from_json<std::uint64_t>(json::value(18446744073709551616.0)).ok());
    REQUIRE_FALSE(from_json<std::int64_t>(json::value(9223372036854775808.0)).ok());
    REQUIRE_FALSE(from_json<std::int64_t>(json::value(18446744073709551615ULL)).ok());
    REQUIRE_FALSE(from_json<std::uint64_t>(json::value(-1)).ok());
    REQUIRE(*from_json<int>(json::value(3.0)) == 3);
}

TEST_CASE("a text that is no JSON is told with line and column", "[json]") {
    const auto told = [](std::string_view text) {
        const auto v = parse_json(text);
        return v.ok() ? std::string("fine") : v.error().text;
    };
    REQUIRE(told(" {\"a\": [1, 2.5e3, null]} \n") == "fine");
    REQUIRE(told("{\"a\": 1,\n \"b\": nope}").find("no JSON at line 2, column ") == 0);
    REQUIRE(told("{} {}") == "no JSON at line 1, column 4: more follows after its end");
    REQUIRE(told("{\"a\"") == "no JSON at line 1, column 5: it ends too early");
    REQUIRE(told("") == "no JSON at line 1, column 1: it ends too early");
    REQUIRE(told("[1,]").find("no JSON at line 1") == 0);
    REQUIRE(told("// a\n1").find("no JSON at line 1") == 0);
    REQUIRE(told("\"\xFF\"").find("no JSON at line 1") == 0);
    REQUIRE(told(std::string(64, '[') + std::string(64, ']')) == "fine");
    REQUIRE(told(std::string(100'000, '[')).find("no JSON at line 1, column ") == 0);
}

TEST_CASE("a described type has a JSON schema", "[json]") {
    const auto s = json_schema_of<meal>();
    REQUIRE(s.at("type") == "object");
    REQUIRE(s.at("required") == json::array({"dish"}));
    const auto& p = s.at("properties").as_object();
    REQUIRE(p.at("dish") == json::value({{"type", "string"}, {"description", "what to cook"}}));
    REQUIRE(p.at("plates") ==
            json::value({{"type", "integer"}, {"description", "how many"}, {"minimum", 1}, {"maximum", 12}}));
    REQUIRE(p.at("portion") == json::value({{"type", "string"}, {"enum", {"small", "large"}}}));
    REQUIRE(p.at("salt") == json::value({{"type", "number"}}));
    REQUIRE(p.at("wait").at("description") ==
            "how long one waits; a duration such as 250ms, 2s or 5min, from 0s to 1s");
    REQUIRE(p.at("tools").at("items").at("properties").at("name").at("type") == "string");
    REQUIRE(p.at("prices").at("additionalProperties").at("type") == "integer");
}
