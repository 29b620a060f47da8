#include <catch2/catch.hpp>
#include <rtai/ws/handshake.hpp>
#include <string>
#include <utility>
#include <vector>

using namespace rtai;

namespace {

http::header_list good_request() {
    http::header_list h;
    h.add("Host", "server.example.com");
    h.add("Upgrade", "websocket");
    h.add("Connection", "Upgrade");
    h.add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    h.add("Sec-WebSocket-Version", "13");
    return h;
}

http::header_list with(std::string name, std::string value) {
    auto h = good_request();
    h.set(std::move(name), std::move(value));
    return h;
}

ws::answer_head good_answer() {
    ws::answer_head a;
    a.status = 101;
    a.headers.add("Upgrade", "websocket");
    a.headers.add("Connection", "Upgrade");
    a.headers.add("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    return a;
}

const std::string key = "dGhlIHNhbXBsZSBub25jZQ==";

}  // namespace

TEST_CASE("the example of RFC 6455 gets the answer that stands there", "[ws]") {
    const auto answer = ws::answer_upgrade("GET", good_request());
    REQUIRE(answer.ok());
    REQUIRE(answer.headers.find("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    REQUIRE(answer.headers.find("Upgrade") == "websocket");
    REQUIRE(answer.headers.find("Connection") == "Upgrade");
    REQUIRE_FALSE(answer.headers.find("Sec-WebSocket-Protocol"));
    REQUIRE_FALSE(answer.headers.find("Sec-WebSocket-Extensions"));
}

TEST_CASE("names and words of the handshake are not case sensitive, and stand in lists", "[ws]") {
    REQUIRE(ws::answer_upgrade("GET", with("Upgrade", "WebSocket")).ok());
    REQUIRE(ws::answer_upgrade("GET", with("Upgrade", "h2c, websocket")).ok());
    REQUIRE(ws::answer_upgrade("GET", with("connection", "keep-alive, upgrade")).ok());
    REQUIRE(ws::answer_upgrade("GET", with("Sec-WebSocket-Extensions", "permessage-deflate")).ok());
}

TEST_CASE("what is no handshake is refused with a status and words", "[ws]") {
    const auto refused = [](const http::header_list& h, const char* method = "GET") {
        const auto answer = ws::answer_upgrade(method, h);
        REQUIRE((answer.ok() || !answer.text.empty()));
        return answer.status;
    };
    REQUIRE(refused(good_request(), "POST") == 405);
    REQUIRE(refused(with("Upgrade", "h2c")) == 426);
    REQUIRE(refused(with("Upgrade", "websockets")) == 426);
    REQUIRE(refused(http::header_list()) == 426);
    REQUIRE(refused(with("Connection", "close")) == 400);
    REQUIRE(refused(with("Sec-WebSocket-Version", "8")) == 426);
    REQUIRE(refused(with("Sec-WebSocket-Version", "13, 8")) == 426);
    for (const char* bad :
         {"", "short", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25jZ===",
          "dGhlIHNhbXBsZSBub25jZ!==", "dGhlIHNhbXBsZSBub25jZSEh"})
        REQUIRE(refused(with("Sec-WebSocket-Key", bad)) == 400);
    auto twice = good_request();
    twice.add("Sec-WebSocket-Key", key);
    REQUIRE(refused(twice) == 400);
    REQUIRE(refused(with("Content-Length", "5")) == 400);
    REQUIRE(refused(with("Transfer-Encoding", "chunked")) == 400);
    REQUIRE(refused(with("Content-Length", "0")) == 101);
    REQUIRE(
        ws::answer_upgrade("GET", with("Sec-WebSocket-Version", "8")).headers.find("Sec-WebSocket-Version") ==
        "13");
}

TEST_CASE("a client gets the first of its subprotocols that is spoken here", "[ws]") {
    ws::handshake_options o;
    o.protocols = {"rtai.v1", "realtime"};
    const auto agreed = [&](std::string asked) {
        const auto answer = ws::answer_upgrade("GET", with("Sec-WebSocket-Protocol", std::move(asked)), o);
        REQUIRE(answer.ok());
        REQUIRE(answer.headers.find("Sec-WebSocket-Protocol").value_or("") == answer.protocol);
        return answer.protocol;
    };
    REQUIRE(agreed("realtime, openai-insecure-api-key.abc") == "realtime");
    REQUIRE(agreed("x, rtai.v1,realtime") == "rtai.v1");
    REQUIRE(agreed("x").empty());
    REQUIRE(agreed("RTAI.V1").empty());
}

TEST_CASE("pages of other origins stay out, when origins are named", "[ws]") {
    ws::handshake_options o;
    o.origins = {"https://example.com", "self"};
    const auto status = [&](const http::header_list& h) { return ws::answer_upgrade("GET", h, o).status; };
    REQUIRE(status(with("Origin", "https://example.com")) == 101);
    REQUIRE(status(with("Origin", "https://EXAMPLE.com")) == 101);
    REQUIRE(status(with("Origin", "https://server.example.com")) == 101);
    REQUIRE(status(with("Origin", "https://evil.com")) == 403);
    REQUIRE(status(with("Origin", "https://example.com.evil.com")) == 403);
    REQUIRE(status(with("Origin", "null")) == 403);
    REQUIRE(status(good_request()) == 101);
    REQUIRE(ws::answer_upgrade("GET", with("Origin", "https://evil.com")).ok());
}

TEST_CASE("an address of a WebSocket has its parts", "[ws]") {
    const auto parts = [](const char* url) {
        const auto p = ws::parse_url(url).value();
        return std::string(p.secure ? "wss " : "ws ") + p.host + " " + std::to_string(p.port) + " " +
               p.target + " " + p.authority();
    };
    REQUIRE(parts("ws://a") == "ws a 80 / a");
    REQUIRE(parts("wss://a/b?c=d") == "wss a 443 /b?c=d a");
    REQUIRE(parts("ws://a:8080?x#y") == "ws a 8080 /?x a:8080");
    REQUIRE(parts("ws://[::1]:9/x") == "ws ::1 9 /x [::1]:9");
    REQUIRE(parts("wss://[::1]") == "wss ::1 443 / [::1]");
    for (const char* bad :
         {"", "http://a", "ws://", "ws://:80", "ws:///x", "ws://a:0", "ws://a:65536", "ws://a:x",
          "ws://a:", "ws://a b", "ws://a\r\n", "ws://me:pw@a", "ws://[::1", "ws://[::1]9", "ws://[a]",
          "ws://[::[1]", "ws://a]", "ws://[[2]", "ws://\xC3\xA9"})
        REQUIRE_FALSE(ws::parse_url(bad).ok());
    REQUIRE_THAT(ws::parse_url("ws://me:hidden@a?key=hidden").error().message(), !Catch::Contains("hidden"));
}

TEST_CASE("a client's request is what a server accepts", "[ws]") {
    http::header_list more;
    more.add("Authorization", "Bearer x");
    const auto text = ws::upgrade_request(*ws::parse_url("ws://a:81/b"), key, {"one", "two"}, more).value();
    REQUIRE(text ==
            "GET /b HTTP/1.1\r\nHost: a:81\r\nUpgrade: websocket\r\nConnection: "
            "Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: one, "
            "two\r\nAuthorization: Bearer "
            "x\r\n\r\n");
}

TEST_CASE("a header or a subprotocol that would be another header is not sent", "[ws]") {
    const auto to = *ws::parse_url("ws://a");
    const auto header = [&](std::string name, std::string value) {
        http::header_list h;
        h.add(std::move(name), std::move(value));
        return ws::upgrade_request(to, key, {}, h).ok();
    };
    REQUIRE(header("X", "fine"));
    REQUIRE_FALSE(header("X", "a\r\nY: b"));
    REQUIRE_FALSE(header("X", "a\nb"));
    REQUIRE_FALSE(header("X Y", "a"));
    REQUIRE_FALSE(header("", "a"));
    REQUIRE_FALSE(ws::upgrade_request(to, key, {"a, b"}, {}).ok());
    REQUIRE_FALSE(ws::upgrade_request(to, key, {"a\r\n"}, {}).ok());
}

TEST_CASE("an answer is read strictly", "[ws]") {
    const auto head =
        ws::parse_answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade:  websocket \r\nX:").value();
    REQUIRE(head.status == 101);
    REQUIRE(head.reason == "Switching Protocols");
    REQUIRE(head.headers.find("upgrade") == "websocket");
    REQUIRE(ws::parse_answer("HTTP/1.1 404")->status == 404);
    for (const char* bad :
         {"", "HTTP/2 101 x", "HTTP/1.1 101x", "HTTP/1.1 1 1", "HTTP/1.1 099 x", "HTTP/1.1 -01 x",
          "HTTP/1.1  101", "HTTP/1.1 101 x\nUpgrade: y", "HTTP/1.1 101 x\r\n folded: y",
          "HTTP/1.1 101 x\r\nno colon", "HTTP/1.1 101 x\r\nA : b", "HTTP/1.1 101 x\r\n: b"})
        REQUIRE_FALSE(ws::parse_answer(bad).ok());
}

TEST_CASE("a client believes a server that proves it understood", "[ws]") {
    REQUIRE(ws::check_answer(good_answer(), key, {}).value().empty());
    auto chosen = good_answer();
    chosen.headers.add("Sec-WebSocket-Protocol", "two");
    REQUIRE(ws::check_answer(chosen, key, {"one", "two"}).value() == "two");
}

TEST_CASE("a client does not believe others", "[ws]") {
    const auto refused = [](const ws::answer_head& a) { return !ws::check_answer(a, key, {"one"}).ok(); };
    const auto but = [](std::string name, std::string value) {
        auto a = good_answer();
        a.headers.set(std::move(name), std::move(value));
        return a;
    };
    for (const unsigned status : {200U, 301U, 400U, 401U, 404U, 426U, 503U}) {
        auto a = good_answer();
        a.status = status;
        REQUIRE(refused(a));
        REQUIRE_THAT(ws::check_answer(a, key, {}).error().message(), Catch::Contains(std::to_string(status)));
    }
    REQUIRE(refused(but("Upgrade", "h2c")));
    REQUIRE(refused(but("Connection", "close")));
    REQUIRE(refused(but("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOx=")));
    REQUIRE(refused(but("Sec-WebSocket-Accept", "")));
    REQUIRE(refused(but("Sec-WebSocket-Extensions", "permessage-deflate")));
    REQUIRE(refused(but("Sec-WebSocket-Protocol", "two")));
    REQUIRE(refused(but("Sec-WebSocket-Protocol", "one, two")));
}
