#include <catch2/catch.hpp>
#include <rtai/http/sse.hpp>
#include <string>
#include <vector>

using namespace rtai;
using http::server_event;
using http::sse_parser;

namespace {

/// Every event as "type|data|id", read in pieces of a size.
std::vector<std::string> events_of(std::string_view stream, std::size_t piece = 1'000'000) {
    sse_parser p;
    std::vector<std::string> all;
    const auto take = [&](const server_event& e) { all.push_back(e.type + "|" + e.data + "|" + e.id); };
    for (std::size_t at = 0; at < stream.size(); at += piece)
        REQUIRE(p.feed(stream.substr(at, piece), take).ok());
    return all;
}

using list = std::vector<std::string>;

}  // namespace

TEST_CASE("events are the same however the stream is cut", "[sse]") {
    const std::string stream =
        "\xEF\xBB\xBF: hello\r\ndata: one\r\n\r\nevent: add\rdata:two\rdata: lines\r\rid: 7\n"
        "data\n\n: keep alive\n\ndata:  \xC3\xA9\n\nretry: 250\nnonsense: 1\n\ndata: not ended\n";
    const list expected{"|one|", "add|two\nlines|", "||7", "| \xC3\xA9|7"};
    for (std::size_t piece = 1; piece < stream.size() + 1; ++piece)
        REQUIRE(events_of(stream, piece) == expected);
}

TEST_CASE("an event without data is none, and forgets its type", "[sse]") {
    REQUIRE(events_of("event: ping\n\ndata: x\n\n") == list{"|x|"});
}

TEST_CASE("the server's retry is heard when it is a number", "[sse]") {
    sse_parser p;
    const auto ignore = [](const server_event&) {};
    REQUIRE(p.feed("retry: soon\n", ignore).ok());
    REQUIRE_FALSE(p.retry());
    REQUIRE(p.feed("retry: 250\n", ignore).ok());
    REQUIRE(p.retry() == std::chrono::milliseconds(250));
}

TEST_CASE("the last event counts also without its empty line, when the stream is finished", "[sse]") {
    sse_parser p;
    list all;
    const auto take = [&](const server_event& e) { all.push_back(e.data); };
    REQUIRE(p.feed("data: a\n\ndata: b", take).ok());
    REQUIRE(p.finish(take).ok());
    REQUIRE(all == list{"a", "b"});
}

TEST_CASE("a line of 10 MB is refused, and nothing is read after it", "[sse]") {
    sse_parser p;
    int taken = 0;
    const auto take = [&](const server_event&) { ++taken; };
    REQUIRE(p.feed("data: ", take).ok());
    const std::string piece(64 * 1024, 'x');
    result<> fed;
    std::size_t accepted = 0;
    while (accepted < 10'000'000 && (fed = p.feed(piece, take)).ok()) accepted += piece.size();
    REQUIRE_FALSE(fed.ok());
    REQUIRE(fed.error().code == std::errc::message_size);
    REQUIRE(fed.error().text == "an event of the stream is longer than 1048576 bytes");
    REQUIRE(accepted < 1'100'000);
    REQUIRE_FALSE(p.feed("data: x\n\n", take).ok());
    REQUIRE(p.finish(take).ok());
    REQUIRE(taken == 0);
}

TEST_CASE("many lines of data are one event's, and bounded too", "[sse]") {
    sse_parser p(100);
    const auto take = [](const server_event&) {};
    result<> fed;
    int lines = 0;
    while (lines < 100 && (fed = p.feed("data: 123456789\n", take)).ok()) ++lines;
    REQUIRE(lines == 10);
    REQUIRE_FALSE(fed.ok());
}
