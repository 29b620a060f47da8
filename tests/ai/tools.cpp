#include <chrono>
#include <rtai/ai/tools/tool.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;

namespace {

enum class sky { clear, cloudy };
BOOST_DESCRIBE_ENUM(sky, clear, cloudy)

struct place {
    std::string city;
    int days = 1;
    RTAI_DESCRIBE(place, city, days)

    static void notes(rtai::notes<place>& about) {
        about(&place::city, "the name of a city", required);
        about(&place::days, "how many days from now", range(0, 7));
    }
};
struct weather_report {
    weather_report() = default;
    weather_report(int d, ::sky s) : degrees(d), sky(s) {}
    int degrees = 0;
    ::sky sky = ::sky::clear;
    RTAI_DESCRIBE(weather_report, degrees, sky)
};

task<std::string> forecast(place p) {
    co_await sleep_for(1s);
    co_return "rain in " + p.city;
}
task<weather_report> report(place p) { co_return weather_report(p.days, sky::cloudy); }
task<result<weather_report>> reported(const place& p) {
    if (p.city == "Atlantis") co_return error(std::errc::no_such_file_or_directory, "no station there");
    co_return weather_report(3, sky::clear);
}
task<std::string> slow(place) {
    co_await sleep_for(1h);
    co_return "never told";
}
task<int> broken(place p) {
    if (!p.city.empty()) throw std::runtime_error("the station is on fire");
    co_return 1;
}
task<std::string> endless(place) { co_return std::string(9'999, 'x') + "你好"; }
task<> ring() { co_return; }

task<std::string> tell(std::string name, std::string arguments) {
    const auto* t = llm::tools().find(name);
    if (t == nullptr) co_return "there is no such tool";
    co_return co_await llm::call(*t, std::move(arguments));
}

}  // namespace

RTAI_TOOL(forecast, "Tells the weather of a city.");
RTAI_TOOL(report, "Reports.");
RTAI_TOOL(reported, "Reports, if it can.", {.name = "report_or_not"});
RTAI_TOOL(slow, "Takes long.", {.timeout = 5s, .survives_interruption = true});
RTAI_TOOL(broken, "Fails.");
RTAI_TOOL(endless, "Says much.", {.most_result = 10'000});
RTAI_TOOL(ring, "Rings.");

TEST_CASE("a coroutine becomes a tool with a schema of what it takes", "[tools]") {
    const auto* t = llm::tools().find("forecast");
    REQUIRE(t != nullptr);
    REQUIRE(t->card.about == "Tells the weather of a city.");
    REQUIRE(t->options.timeout == 10s);
    REQUIRE(!t->options.survives_interruption);
    const auto s = parse_json(t->card.parameters);
    REQUIRE(s.ok());
    const auto& o = s->as_object();
    REQUIRE(o.at("type") == "object");
    REQUIRE(o.at("required") == json::value(json::array{"city"}));
    REQUIRE(o.at("properties").at("city").at("description") == "the name of a city");
    REQUIRE(o.at("properties").at("days").at("maximum") == 7);
    REQUIRE(llm::tools().find("slow")->options.survives_interruption);
}

CO_TEST("a tool gives a text, or a struct as JSON, or nothing", "[tools]") {
    const auto words = co_await tell("forecast", R"({"city": "Oslo"})");
    const auto made = co_await tell("report", R"({"city": "Oslo", "days": 5})");
    const auto sure = co_await tell("report_or_not", R"({"city": "Oslo"})");
    const auto rang = co_await tell("ring", "");
    REQUIRE(words == "rain in Oslo");
    REQUIRE(made == R"({"degrees":5,"sky":"cloudy"})");
    REQUIRE(sure == R"({"degrees":3,"sky":"clear"})");
    REQUIRE(rang == "done");
}

CO_TEST("what is wrong with the arguments is told to the model", "[tools]") {
    const auto nothing = co_await tell("report", "");
    const auto no_json = co_await tell("report", "city: Oslo");
    const auto type = co_await tell("report", R"({"city": 7})");
    const auto far = co_await tell("report", R"({"city": "Oslo", "days": 70})");
    const auto unknown = co_await tell("report", R"({"city": "Oslo", "town": "Oslo"})");
    REQUIRE(nothing == R"({"error":"'city' is missing"})");
    REQUIRE(no_json.find("no JSON at line 1") != std::string::npos);
    REQUIRE(type == R"({"error":"city: a text is wanted, not a number"})");
    REQUIRE(far == R"({"error":"days: it is 70, but may be from 0 to 7"})");
    REQUIRE(unknown == R"({"error":"town: there is no such member"})");
}

CO_TEST("a tool that fails, throws or takes too long says so", "[tools]") {
    const auto failed = co_await tell("report_or_not", R"({"city": "Atlantis"})");
    const auto threw = co_await tell("broken", R"({"city": "Oslo"})");
    const auto began = now();
    const auto late = co_await tell("slow", R"({"city": "Oslo"})");
    const auto took = now() - began;
    REQUIRE(failed == R"({"error":"no station there: No such file or directory"})");
    REQUIRE(threw == R"({"error":"'broken' failed: the station is on fire"})");
    REQUIRE(late == R"({"error":"'slow' did not finish within 5s"})");
    REQUIRE(took == 5s);
}

CO_TEST("a long result is cut between characters", "[tools]") {
    const auto much = co_await tell("endless", R"({"city": "Oslo"})");
    REQUIRE(much == std::string(9'999, 'x') + "... (the first 9999 of 10005 bytes)");
}

TEST_CASE("tools are chosen by name, and a wrong name is told", "[tools]") {
    const auto some = llm::tools().chosen({"report", "forecast"});
    REQUIRE(some.ok());
    REQUIRE((*some)[1]->card.name == "forecast");
    const auto near = llm::tools().chosen({"forcast"});
    REQUIRE(near.error().text == "there is no tool 'forcast': did you mean 'forecast'?");
    const auto far = llm::tools().chosen({"umbrella"});
    REQUIRE(far.error().text ==
            "there is no tool 'umbrella': register it with RTAI_TOOL in a file of this program");
}

TEST_CASE("two tools of one name are told when one of them is wanted", "[tools]") {
    llm::tool_box box;
    REQUIRE(box.add(llm::make_tool<&forecast>("weather::forecast", "One.")));
    REQUIRE(!box.add(llm::make_tool<&report>("sea::forecast", "Another.")));
    REQUIRE(box.chosen({}).ok());
    REQUIRE(box.chosen({"forecast"}).error().text ==
            "two tools are named 'forecast', weather::forecast and sea::forecast: give one another name with "
            "{.name = \"...\"}");
}

TEST_CASE("a name that models do not take is told", "[tools]") {
    llm::tool_box box;
    box.add(llm::make_tool<&forecast>("forecast", "One.", {.name = "the weather"}));
    REQUIRE(box.chosen({"the weather"}).error().text.starts_with("models do not take 'the weather'"));
}
