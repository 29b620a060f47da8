#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <rtai/core/join.hpp>
#include <rtai/graph/elements/timeline.hpp>
#include <string>
#include <utility>
#include <vector>

#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

moment at(duration t, what w, std::string detail = {}) {
    moment m(w, std::move(detail));
    m.stamp.at = time_point() + t;
    return m;
}

std::size_t count(const std::string& in, const std::string& what) {
    std::size_t n = 0;
    for (auto i = in.find(what); i != std::string::npos; i = in.find(what, i + 1)) ++n;
    return n;
}

}  // namespace

TEST_CASE("a timeline shows who spoke when, and what was interrupted", "[timeline]") {
    const auto svg = timeline_picture({at(1s, what::speech_start), at(2s, what::speech_end),
                                       at(2500ms, what::end_of_turn, "is 1 < 2 & \x01?"),
                                       at(2700ms, what::first_audio), at(2700ms, what::playout_start),
                                       at(3s, what::speech_start), at(3200ms, what::interruption)});
    REQUIRE(svg.starts_with("<svg "));
    REQUIRE(svg.ends_with("</svg>\n"));
    REQUIRE(count(svg, "#2f7d6d\"/>") == 2);
    REQUIRE(count(svg, "#3a5fa8\"/>") == 1);
    REQUIRE(count(svg, ">interrupted<") == 1);
    REQUIRE(svg.find("is 1 &lt; 2 &amp; ?") != std::string::npos);
}

TEST_CASE("a timeline of nothing is a picture, too", "[timeline]") {
    REQUIRE(timeline_picture({}).find("1 s") != std::string::npos);
}

CO_TEST("a timeline is written when the moments end, and a place that is not there is told of",
        "[timeline]") {
    timeline::options o;
    o.path = std::filesystem::temp_directory_path() / "rtai_timeline.svg";
    o.most = 1;
    timeline drawn(o);
    feed<moment> moments(drawn.in);
    moments.say(at(1s, what::playout_start));
    moments.say(at(9s, what::failure));
    moments.end();
    co_await drawn.run();
    std::ifstream file(o.path);
    const std::string svg{std::istreambuf_iterator<char>(file), {}};
    REQUIRE(svg.ends_with("</svg>\n"));
    REQUIRE(svg.find(">failure<") == std::string::npos);
    std::filesystem::remove(o.path);

    o.path = "/nowhere/at/all.svg";
    timeline lost(o);
    feed<moment> none(lost.in);
    none.end();
    REQUIRE(co_await failure_of(lost) == "the timeline can not be written to '/nowhere/at/all.svg'");
}
