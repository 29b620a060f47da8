#include <chrono>
#include <optional>
#include <rtai/core/timer.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/graph/elements/map.hpp>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

text with_mark(text t) {
    t.words += "!";
    return t;
}

moment as_moment(const text& t) { return moment(what::heard, t.words); }

task<text> slowly(text t) {
    co_await sleep_for(10ms);
    co_return text("after " + t.words);
}

std::optional<text> only_short(text&& t) {
    if (t.words.size() > 3) return std::nullopt;
    return std::move(t);
}

task<std::optional<text>> slowly_only_short(const text& t) {
    co_await sleep_for(1ms);
    if (t.words.size() > 3) co_return std::nullopt;
    co_return t;
}

text stamped_anew(const text& t) {
    text made(t.words);
    made.stamp.sequence = 100;
    made.stamp.epoch = 9;
    return made;
}

text broken(const text&) { throw std::runtime_error("no words"); }

template <auto Function>
task<std::vector<typename map<Function>::made_type>> mapped(words said) {
    using made = typename map<Function>::made_type;
    map<Function> m;
    feed<text> in(m.in);
    drain<made> out(m.out);
    for (auto& s : said) in.say(line(std::move(s), 3));
    in.end();
    co_await play(m);
    co_return out.take();
}

words some() { return {"one", "three", "two"}; }

}  // namespace

static_assert(std::is_same_v<map<slowly_only_short>::made_type, text>);
static_assert(std::is_same_v<map<as_moment>::taken_type, text>);
static_assert(decltype(map<with_mark>::out)::follows_input);
static_assert(!decltype(map<as_moment>::out)::follows_input);

CO_TEST("a map passes on what its function makes of each value", "[map]") {
    const auto got = co_await mapped<with_mark>(some());
    REQUIRE(words_of(got) == words{"one!", "three!", "two!"});
    REQUIRE(in_sequence(got));
    REQUIRE(got[0].stamp.epoch == 3);
}

CO_TEST("what the function makes anew carries the stamp of what it was made from", "[map]") {
    const auto got = co_await mapped<as_moment>(some());
    REQUIRE(got.size() == 3);
    REQUIRE(got[1].detail == "three");
    REQUIRE(got[1].stamp.sequence == 1);
    REQUIRE(got[1].stamp.epoch == 3);
}

CO_TEST("a stamp that the function gives stays", "[map]") {
    const auto got = co_await mapped<stamped_anew>(some());
    REQUIRE(got[0].stamp.sequence == 100);
    REQUIRE(got[0].stamp.epoch == 9);
}

CO_TEST("the function may wait", "[map]") {
    const time_point start = now();
    const auto got = co_await mapped<slowly>(some());
    REQUIRE(words_of(got) == words{"after one", "after three", "after two"});
    REQUIRE(got[2].stamp.sequence == 2);
    REQUIRE(now() - start == 30ms);
}

CO_TEST("the function may leave values out", "[map]") {
    const auto got = co_await mapped<only_short>(some());
    REQUIRE(words_of(got) == words{"one", "two"});
    REQUIRE(got[1].stamp.sequence == 2);
}

CO_TEST("the function may wait and leave values out", "[map]") {
    const auto got = co_await mapped<slowly_only_short>(some());
    REQUIRE(words_of(got) == words{"one", "two"});
}

CO_TEST("a lambda that captures nothing can be a map", "[map]") {
    constexpr auto length = [](const text& t) { return static_cast<int>(t.words.size()); };
    const auto got = co_await mapped<length>(some());
    REQUIRE(got == std::vector<int>{3, 5, 3});
}

CO_TEST("a failure of the function is a failure of the map", "[map]") {
    map<broken> m;
    feed<text> in(m.in);
    in.say(line("x"));
    const auto said = co_await failure_of(m);
    REQUIRE(said == "no words");
}
