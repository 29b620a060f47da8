#include <catch2/catch.hpp>
#include <deque>
#include <rtai/core/timeout.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/observe/otlp.hpp>
#include <string>
#include <vector>

#include "http/fake_server.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::observe;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

tracer::settings on() {
    tracer::settings s;
    s.on = true;
    s.clock = [] { return span_record::calendar_time(std::chrono::seconds(1'800'000'000)); };
    return s;
}

/// Answers in turn; 0 is no answer.
struct fake_collector {
    task<result<http::response>> operator()(http::request r) {
        requests.push_back(std::move(r));
        co_await sleep_for(10ms);
        http::response answer;
        answer.status = statuses.empty() ? 200 : statuses.front();
        if (!statuses.empty()) statuses.pop_front();
        answer.body = body;
        if (answer.status == 0)
            co_return error(std::errc::connection_refused, "http://collector:4318/v1/traces");
        co_return answer;
    }
    std::deque<unsigned> statuses;
    std::string body = "{}";
    std::vector<http::request> requests;
};

std::size_t spans_in(const http::request& r) {
    return parse_json(r.body)->at_pointer("/resourceSpans/0/scopeSpans/0/spans").as_array().size();
}

otlp_exporter::poster to(fake_collector& c) {
    return [&c](http::request r) { return c(std::move(r)); };
}

otlp_settings settings_of(std::vector<std::string>* told = nullptr) {
    otlp_settings s("http://collector:4318/", "gateway");
    s.batch = 4;
    if (told != nullptr) s.tell = [told](const std::string& words) { told->push_back(words); };
    return s;
}

}  // namespace

TEST_CASE("spans are written as OTLP has them in JSON", "[otlp]") {
    span_record root, part;
    root.context = *parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    root.name = "turn";
    root.start = span_record::calendar_time(1'800'000'000'000'000'001ns);
    root.end = span_record::calendar_time(1'800'000'000'250'000'002ns);
    part = root;
    part.parent = root.context.span;
    part.context.span.value = 1;
    part.kind = span_kind::client;
    part.failed = true;
    part.failure = "no \xC3 answer";
    part.attributes = {{"a", std::string("b")}, {"n", std::int64_t{7}}, {"x", 0.5}, {"y", true}};
    part.attributes_left_out = 2;
    const std::vector<span_record> all{root, part};
    const auto expected = parse_json(R"({"resourceSpans":[{
      "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"gateway"}}]},
      "scopeSpans":[{"scope":{"name":"rtai"},"spans":[
        {"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"turn","kind":1,
         "startTimeUnixNano":"1800000000000000001","endTimeUnixNano":"1800000000250000002",
         "attributes":[],"flags":1},
        {"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"0000000000000001",
         "parentSpanId":"00f067aa0ba902b7","name":"turn","kind":3,
         "startTimeUnixNano":"1800000000000000001","endTimeUnixNano":"1800000000250000002",
         "attributes":[{"key":"a","value":{"stringValue":"b"}},{"key":"n","value":{"intValue":"7"}},
                       {"key":"x","value":{"doubleValue":0.5}},{"key":"y","value":{"boolValue":true}}],
         "droppedAttributesCount":2,"flags":1,"status":{"code":2,"message":"no � answer"}}]}]}]})");
    REQUIRE(*parse_json(to_otlp(all, "gateway")) == *expected);
}

CO_TEST("spans are sent in batches, and what is asked for is told", "[otlp]") {
    tracer t(on());
    fake_collector collector;
    otlp_exporter exporter(t, settings_of(), to(collector));
    for (int i = 0; i < 10; ++i) t.begin("a").end();
    co_await exporter.flush();
    REQUIRE(collector.requests.size() == 3);
    REQUIRE(spans_in(collector.requests[0]) == 4);
    REQUIRE(spans_in(collector.requests[2]) == 2);
    REQUIRE(collector.requests[0].url == "http://collector:4318/v1/traces");
    REQUIRE(collector.requests[0].headers.find("content-type") == "application/json");
    REQUIRE(exporter.sent() == 10);
    REQUIRE(exporter.lost() == 0);
    co_await exporter.flush();
    REQUIRE(collector.requests.size() == 3);
}

CO_TEST("a collector that is away for a moment gets the same again", "[otlp]") {
    tracer t(on());
    fake_collector collector;
    collector.statuses = {503, 0, 200};
    std::vector<std::string> told;
    otlp_exporter exporter(t, settings_of(&told), to(collector));
    t.begin("a").end();
    co_await exporter.flush();
    REQUIRE(collector.requests.size() == 3);
    REQUIRE(collector.requests[0].body == collector.requests[2].body);
    REQUIRE(exporter.sent() == 1);
    REQUIRE(told.empty());
}

CO_TEST("a collector that stays away costs the spans, is told of once, and tried again", "[otlp]") {
    tracer t(on());
    fake_collector collector;
    collector.statuses = {0, 0, 0, 0, 0, 0, 400};
    std::vector<std::string> told;
    otlp_exporter exporter(t, settings_of(&told), to(collector));
    for (int i = 0; i < 4; ++i) {
        t.begin("a").end();
        co_await exporter.flush();
    }
    REQUIRE(collector.requests.size() == 8);
    REQUIRE(exporter.lost() == 3);
    REQUIRE(exporter.sent() == 1);
    REQUIRE(told.size() == 2);
    REQUIRE(told[0] == "traces are lost: http://collector:4318/v1/traces: Connection refused");
    REQUIRE(told[1] == "traces are sent again");
}

CO_TEST("a collector may take a part only", "[otlp]") {
    tracer t(on());
    fake_collector collector;
    collector.body = R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"no"}})";
    otlp_exporter exporter(t, settings_of(), to(collector));
    for (int i = 0; i < 3; ++i) t.begin("a").end();
    co_await exporter.flush();
    REQUIRE(exporter.sent() == 1);
    REQUIRE(exporter.lost() == 2);
    collector.body = R"({"partialSuccess":{"rejectedSpans":999}})";
    t.begin("a").end();
    co_await exporter.flush();
    REQUIRE(exporter.lost() == 3);
    collector.body = "nonsense";
    t.begin("a").end();
    co_await exporter.flush();
    REQUIRE(exporter.sent() == 2);
}

CO_TEST("what waits is sent each second, until that is cancelled", "[otlp]") {
    tracer t(on());
    fake_collector collector;
    otlp_exporter exporter(t, settings_of(), to(collector));
    t.begin("a").end();
    const auto early = co_await with_timeout(900ms, exporter.run());
    REQUIRE_FALSE(early.ok());
    REQUIRE(collector.requests.empty());
    const auto late = co_await with_timeout(1100ms, exporter.run());
    REQUIRE_FALSE(late.ok());
    REQUIRE(collector.requests.size() == 1);
    REQUIRE(exporter.sent() == 1);
}

TEST_CASE("a real collector gets spans over HTTP", "[otlp]") {
    with_server([](const fake_request&) { return whole(200, R"({"partialSuccess":{}})"); },
                [](fake_server& s) -> task<> {
                    tracer t(on());
                    otlp_settings o(s.url("/"), "gateway");
                    o.headers.add("X-Key", "hidden");
                    otlp_exporter exporter(t, std::move(o));
                    {
                        auto root = t.begin("turn");
                        auto part = t.begin("thinking", root.context());
                    }
                    co_await exporter.flush();
                    REQUIRE(exporter.sent() == 2);
                    REQUIRE(s.requests.size() == 1);
                    REQUIRE(s.requests[0].has("POST /v1/traces HTTP/1.1"));
                    REQUIRE(s.requests[0].has("X-Key: hidden"));
                    const auto body = parse_json(s.requests[0].body);
                    REQUIRE(body.ok());
                    REQUIRE(body->at_pointer("/resourceSpans/0/scopeSpans/0/spans/0/name") == "thinking");
                });
}

TEST_CASE("a collector that is not there is told without what is secret", "[otlp]") {
    std::vector<std::string> told;
    const auto body = [](std::vector<std::string>* words) -> task<> {
        tracer t(on());
        otlp_settings o("http://user:hidden@127.0.0.1:1", "gateway");
        o.retry.retries = 0;
        o.tell = [words](const std::string& text) { words->push_back(text); };
        otlp_exporter exporter(t, std::move(o));
        t.begin("a").end();
        co_await exporter.flush();
        REQUIRE(exporter.lost() == 1);
    };
    ::setenv("no_proxy", "127.0.0.1", 1);
    run(body(&told));
    REQUIRE(told.size() == 1);
    REQUIRE(told[0].find("127.0.0.1:1") != std::string::npos);
    REQUIRE(told[0].find("hidden") == std::string::npos);
}
