#include <catch2/catch.hpp>
#include <optional>
#include <rtai/core/timer.hpp>
#include <rtai/observe/trace.hpp>
#include <string>

#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::observe;
using namespace std::chrono_literals;

namespace {

const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr span_record::calendar_time noon{std::chrono::seconds(1'800'000'000)};

tracer::settings on() {
    tracer::settings s;
    s.on = true;
    s.clock = [] { return noon; };
    return s;
}

}  // namespace

TEST_CASE("a traceparent is read and written as the W3C has it", "[trace]") {
    const auto c = parse_traceparent(good);
    REQUIRE(c);
    REQUIRE(to_text(c->trace) == "4bf92f3577b34da6a3ce929d0e0e4736");
    REQUIRE(to_text(c->span) == "00f067aa0ba902b7");
    REQUIRE(c->sampled);
    REQUIRE(to_traceparent(*c) == good);
    const auto with_flags = [](const char* flags) { return parse_traceparent(good.substr(0, 53) + flags); };
    REQUIRE_FALSE(with_flags("00")->sampled);
    REQUIRE_FALSE(with_flags("02")->sampled);
    REQUIRE(with_flags("ff")->sampled);
    REQUIRE(parse_traceparent("01" + good.substr(2) + "-more"));
    REQUIRE(parse_traceparent("fe" + good.substr(2)));
}

TEST_CASE("what is no traceparent begins a new trace", "[trace]") {
    const auto with = [](std::size_t at, std::string_view what) {
        return std::string(good).replace(at, what.size(), what);
    };
    const std::string wrong[] = {"",
                                 good.substr(1),
                                 good.substr(0, 54),
                                 " " + good,
                                 good + " ",
                                 good + "-",
                                 good + "-more",
                                 "01" + good.substr(2) + "more",
                                 with(0, "ff"),
                                 with(0, "0x"),
                                 with(2, "_"),
                                 with(35, " "),
                                 with(52, "0"),
                                 with(3, "4BF9"),
                                 with(3, "4bg9"),
                                 with(3, std::string(32, '0')),
                                 with(36, std::string(16, '0')),
                                 with(53, "1-"),
                                 with(40, std::string_view("\0", 1)),
                                 std::string(1'000'000, '0')};
    for (const auto& text : wrong) {
        INFO(text.substr(0, 80));
        REQUIRE_FALSE(parse_traceparent(text));
    }
}

CO_TEST("a span has its time, its place in the trace and what was said of it", "[trace]") {
    tracer t(on());
    co_await sleep_for(1s);
    auto turn = t.begin("turn");
    turn.set({"session", "7"});
    turn.set({"words", 12U});
    turn.set({"share", 0.5});
    turn.set({"barge_in", true});
    auto stage = t.begin("thinking", turn.context(), span_kind::client);
    co_await sleep_for(200ms);
    stage.fail("no answer");
    stage.end();
    stage.end();
    co_await sleep_for(50ms);
    turn = span();
    const auto kept = t.take(10);
    REQUIRE(kept.size() == 2);
    REQUIRE(kept[0].name == "thinking");
    REQUIRE(kept[0].kind == span_kind::client);
    REQUIRE(kept[0].parent == kept[1].context.span);
    REQUIRE(kept[0].context.trace == kept[1].context.trace);
    REQUIRE(kept[0].end == noon);
    REQUIRE(kept[0].start == noon - 200ms);
    REQUIRE(kept[0].failed);
    REQUIRE(kept[0].failure == "no answer");
    REQUIRE(kept[1].name == "turn");
    REQUIRE_FALSE(kept[1].parent);
    REQUIRE_FALSE(kept[1].failed);
    REQUIRE(kept[1].start == noon - 250ms);
    REQUIRE(kept[1].attributes.size() == 4);
    REQUIRE(std::get<std::string>(kept[1].attributes[0].second) == "7");
    REQUIRE(std::get<std::int64_t>(kept[1].attributes[1].second) == 12);
    REQUIRE(t.waiting() == 0);
}

CO_TEST("spans of what is over are made from its times", "[trace]") {
    tracer t(on());
    const auto begun = now();
    co_await sleep_for(3s);
    t.begin("transcription", {}, span_kind::internal, begun + 1s).end(begun + 2s);
    t.begin("backwards", {}, span_kind::internal, begun + 2s).end(begun + 1s);
    const auto kept = t.take(10);
    REQUIRE(kept.size() == 2);
    REQUIRE(kept[0].start == noon - 2s);
    REQUIRE(kept[0].end == noon - 1s);
    REQUIRE(kept[1].start == kept[1].end);
}

CO_TEST("a span that is cancelled ends then", "[trace]") {
    tracer t(on());
    {
        const auto s = t.begin("work");
        co_await sleep_for(100ms);
    }
    co_await sleep_for(1s);
    REQUIRE(t.take(1).at(0).start == noon - 100ms);
}

CO_TEST("a tracer that is off keeps nothing, and passes on what a peer said", "[trace]") {
    co_await sleep_for(1ms);
    tracer t;
    auto s = t.begin("turn");
    REQUIRE_FALSE(s.kept());
    REQUIRE_FALSE(s.context());
    const auto peer = *parse_traceparent(good);
    REQUIRE(t.begin("turn", peer).context() == peer);
    s.set({"a", 1});
    s.fail("b");
    s.end();
    REQUIRE(t.waiting() == 0);
}

CO_TEST("the share decides on traces that begin here, and the peer on its own", "[trace]") {
    co_await sleep_for(1ms);
    auto o = on();
    o.share = 0.25;
    o.most_waiting = 100'000;
    tracer t(o);
    int kept = 0;
    for (int i = 0; i < 4000; ++i) {
        auto root = t.begin("a");
        auto part = t.begin("b", root.context());
        REQUIRE(root.context());
        REQUIRE(root.kept() == part.kept());
        REQUIRE(root.context().sampled == root.kept());
        kept += root.kept() ? 1 : 0;
    }
    REQUIRE(kept > 800);
    REQUIRE(kept < 1200);
    auto peer = *parse_traceparent(good);
    REQUIRE(t.begin("a", peer).kept());
    peer.sampled = false;
    REQUIRE_FALSE(t.begin("a", peer).kept());
    o.share = 0;
    tracer none(o);
    REQUIRE_FALSE(none.begin("a").kept());
    o.share = 1;
    tracer all(o);
    REQUIRE(all.begin("a").kept());
}

CO_TEST("what waits is bounded, and so is what is said of a span", "[trace]") {
    co_await sleep_for(1ms);
    auto o = on();
    o.most_waiting = 3;
    tracer t(o);
    for (int i = 0; i < 5; ++i) {
        auto s = t.begin(std::string(5000, 'n'));
        for (int k = 0; k < 40; ++k) s.set({"a", std::string(5000, 'v')});
        s.fail(std::string(5000, 'f'));
    }
    REQUIRE(t.waiting() == 3);
    REQUIRE(t.dropped() == 2);
    const auto kept = t.take(2);
    REQUIRE(kept.size() == 2);
    REQUIRE(kept[0].name.size() == 1024);
    REQUIRE(kept[0].failure.size() == 1024);
    REQUIRE(kept[0].attributes.size() == 32);
    REQUIRE(kept[0].attributes_left_out == 8);
    REQUIRE(std::get<std::string>(kept[0].attributes[0].second).size() == 1024);
}

TEST_CASE("what other systems have to say is handed on as it came, and what is none is not", "[trace]") {
    REQUIRE(parse_tracestate("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE") ==
            "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE");
    REQUIRE(parse_tracestate(" a=1 ,\t, b=2,") == "a=1,b=2");
    REQUIRE(parse_tracestate("a=1,b").empty());
    REQUIRE(parse_tracestate("=1").empty());
    REQUIRE(parse_tracestate("a=\n").empty());
    REQUIRE(parse_tracestate("a=\xC3\xA9").empty());
    std::string many;
    for (int i = 0; i < 32; ++i) many += (i != 0 ? ",k" : "k") + std::to_string(i) + "=v";
    REQUIRE(parse_tracestate(many) == many);
    REQUIRE(parse_tracestate(many + ",one=more").empty());
    const std::string long_one = "a=" + std::string(509, 'x');
    REQUIRE(parse_tracestate(long_one + "y") == long_one + "y");
    REQUIRE(parse_tracestate(long_one + "yz").empty());
    REQUIRE(parse_tracestate("b=2," + long_one + ",c=3") == "b=2");
}

TEST_CASE("a caller is in a trace if it says so once and rightly", "[trace]") {
    const std::string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const auto says = [](std::optional<std::string> p, std::optional<std::string> s) {
        return caller_of([&](std::string_view name) { return name == "traceparent" ? p : s; });
    };
    REQUIRE(says(parent, "a=1").context == *parse_traceparent(parent));
    REQUIRE(says(parent, "a=1").state == "a=1");
    REQUIRE(says(parent, std::nullopt).state.empty());
    REQUIRE_FALSE(says(std::nullopt, "a=1").context);
    REQUIRE_FALSE(says(parent + "," + parent, "a=1").context);
    REQUIRE(says("nonsense", "a=1").state.empty());
}
