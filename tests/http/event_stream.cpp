#include <rtai/core/timer.hpp>
#include <rtai/http/event_stream.hpp>
#include <rtai/http/sse.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "http/serving.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;

namespace {

http::server_event event_with(std::string data, std::string type = {}, std::string id = {}) {
    http::server_event e;
    e.data = std::move(data);
    e.type = std::move(type);
    e.id = std::move(id);
    return e;
}

}  // namespace

TEST_CASE("what an event stream writes is what a reader of events reads", "[http]") {
    std::string all;
    for (const char* data : {"one", "two\nlines", "a\r\nb\rc", "", " led by a space", ":colon", "\n"})
        all += http::event_text(event_with(data, "said", "7"));
    std::vector<std::string> got;
    http::sse_parser parser;
    REQUIRE(parser
                .feed(all,
                      [&](const http::server_event& e) { got.push_back(e.type + "|" + e.id + "|" + e.data); })
                .ok());
    REQUIRE(got == std::vector<std::string>{"said|7|one", "said|7|two\nlines", "said|7|a\nb\nc", "said|7|",
                                            "said|7| led by a space", "said|7|:colon", "said|7|\n"});
}

TEST_CASE("the name of an event can not bring another event in", "[http]") {
    REQUIRE_THROWS_WITH(http::event_text(event_with("x", "a\ndata: evil")),
                        "the type of an event has a line break");
    REQUIRE_THROWS_AS(http::event_text(event_with("x", "", "1\r2")), std::invalid_argument);
}

TEST_CASE("events go out as they happen", "[http]") {
    const auto h = [](http::exchange& x) -> task<> {
        http::event_stream out(x);
        (void)co_await out.open();
        (void)co_await out.retry_after(1500ms);
        (void)co_await out.keep_alive();
        auto e = event_with("hello");
        (void)co_await out.send(std::move(e));
    };
    const auto got = test::answer_of(h, test::get("/"));
    REQUIRE(got.find("Content-Type: text/event-stream\r\nCache-Control: no-cache\r\n") != std::string::npos);
    REQUIRE(got.ends_with("\r\n\r\nd\r\nretry: 1500\n\n\r\n3\r\n:\n\n\r\nd\r\ndata: hello\n\n\r\n0\r\n\r\n"));
}
