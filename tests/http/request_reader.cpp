#include <cstddef>
#include <rtai/http/request_reader.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/co_test.hpp"

using namespace rtai;
using found = http::request_reader::found;

namespace {

/// What a reader makes of bytes that come in pieces: every request, and what was wrong in the end.
struct outcome {
    std::vector<std::string> requests;
    unsigned status = 0;
    std::string why;
    bool operator==(const outcome&) const = default;
};

std::string shown(const http::request_head& h) {
    std::string text = h.method + " " + h.target + " 1." + std::to_string(h.minor);
    for (const auto& [name, value] : h.headers) text += "|" + name + "=" + value;
    if (h.content_length) text += "|length " + std::to_string(*h.content_length);
    if (h.chunked) text += "|chunked";
    if (!h.keep_alive) text += "|close";
    if (h.expects_continue) text += "|continue";
    return text;
}

outcome read(std::string_view bytes, std::size_t piece, const http::request_limits& limits = {}) {
    http::request_reader reader(limits);
    outcome o;
    std::string body;
    while (true) {
        auto part = bytes.substr(0, piece);
        bytes.remove_prefix(part.size());
        while (true) {
            const auto f = reader.feed(part);
            if (f == found::more) break;
            if (f == found::refused) {
                o.status = reader.why().status;
                o.why = reader.why().why;
                return o;
            }
            if (f == found::body) body += reader.piece();
            if (f == found::end) {
                o.requests.push_back(shown(reader.head()) + (body.empty() ? "" : "|" + body));
                body.clear();
                reader.next();
            }
        }
        if (bytes.empty()) return o;
    }
}

/// The same, however it is cut.
outcome read(std::string_view bytes, const http::request_limits& limits = {}) {
    const auto whole = read(bytes, bytes.size() + 1, limits);
    for (const std::size_t piece : {1U, 2U, 3U, 7U}) REQUIRE(read(bytes, piece, limits) == whole);
    return whole;
}

std::string only(std::string_view bytes) {
    const auto o = read(bytes);
    if (o.status != 0) return std::to_string(o.status) + " " + o.why;
    return o.requests.size() == 1 ? o.requests[0] : std::to_string(o.requests.size()) + " requests";
}

}  // namespace

TEST_CASE("a request is read whatever pieces it comes in", "[http]") {
    REQUIRE(only("GET /say?text=hello HTTP/1.1\r\nHost: here\r\nAccept:  */* \t\r\n\r\n") ==
            "GET /say?text=hello 1.1|Host=here|Accept=*/*");
    REQUIRE(only("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello") ==
            "POST /a 1.1|Host=h|Content-Length=5|length 5|hello");
    REQUIRE(only("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
                 "3\r\nabc\r\nA;name=\"value\"\r\n0123456789\r\n0\r\nDigest: x\r\n\r\n") ==
            "POST /a 1.1|Host=h|Transfer-Encoding=Chunked|chunked|abc0123456789");
    REQUIRE(only("GET / HTTP/1.0\r\n\r\n") == "GET / 1.0|close");
    REQUIRE(only("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n") == "GET / 1.0|Connection=Keep-Alive");
    REQUIRE(only("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, close\r\n\r\n") ==
            "GET / 1.1|Host=h|Connection=x, close|close");
    REQUIRE(only("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: 100-Continue\r\n\r\nx") ==
            "POST / 1.1|Host=h|Content-Length=1|Expect=100-Continue|length 1|continue|x");
    REQUIRE(only("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n") == "OPTIONS * 1.1|Host=h");
    REQUIRE(only("GET http://h:80/x HTTP/1.1\r\nHost: h:80\r\n\r\n") == "GET /x 1.1|Host=h:80");
    REQUIRE(only("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n") == "GET / 1.1|Host=h");
    REQUIRE(only("GET / HTTP/1.1\r\nHost: [::1]:8080\r\nX: \xC3\xA4\r\nEmpty:\r\n\r\n") ==
            "GET / 1.1|Host=[::1]:8080|X=\xC3\xA4|Empty=");
}

TEST_CASE("requests that follow each other are told apart", "[http]") {
    const auto o = read(
        "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nGETGET /2 HTTP/1.1\r\nHost: h\r\n\r\n"
        "POST /3 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
        "\r\nGET /4 HTTP/1.1\r\nHost: h\r\n\r\n");
    REQUIRE(o.status == 0);
    REQUIRE(o.requests.size() == 4);
    REQUIRE(o.requests[0].ends_with("|GET"));
    REQUIRE(o.requests[3] == "GET /4 1.1|Host=h");
}

TEST_CASE("what two readers might understand differently is refused", "[http]") {
    struct form {
        std::string bytes;
        unsigned status;
        std::string why;
    };
    const std::string get = "GET / HTTP/1.1\r\nHost: h\r\n", post = "POST / HTTP/1.1\r\nHost: h\r\n";
    const std::vector<form> forms{
        // Two lengths of one body.
        {post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "there are both"},
        {post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n", 400, "there are both"},
        {post + "Content-Length: 4\r\nContent-Length: 4\r\n\r\n", 400, "more than one Content-Length"},
        {post + "Content-Length: 4\r\nContent-length: 5\r\n\r\n", 400, "more than one Content-Length"},
        {post + "Content-Length: 4, 4\r\n\r\n", 400, "Content-Length is no number"},
        {post + "Content-Length: +4\r\n\r\n", 400, "Content-Length is no number"},
        {post + "Content-Length: -4\r\n\r\n", 400, "Content-Length is no number"},
        {post + "Content-Length: 0x4\r\n\r\n", 400, "Content-Length is no number"},
        {post + "Content-Length: 4 4\r\n\r\n", 400, "Content-Length is no number"},
        {post + "Content-Length: 4a\r\n\r\n", 400, "Content-Length is no number"},
        {post + "Content-Length:\r\n\r\n", 400, "Content-Length is no number"},
        {post + "Content-Length: \xC2\xB2\r\n\r\n", 400, "Content-Length is no number"},
        {post + "Content-Length: 99999999999999999999999\r\n\r\n", 413, "the body is larger"},
        {post + "Content-Length: 18446744073709551616\r\n\r\n", 413, "the body is larger"},
        // Codings.
        {post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, "only chunked is known"},
        {post + "Transfer-Encoding: chunked, chunked\r\n\r\n", 501, "only chunked is known"},
        {post + "Transfer-Encoding: identity\r\n\r\n", 501, "only chunked is known"},
        {post + "Transfer-Encoding: xchunked\r\n\r\n", 501, "only chunked is known"},
        {post + "Transfer-Encoding: \"chunked\"\r\n\r\n", 501, "only chunked is known"},
        {post + "Transfer-Encoding:\r\n\r\n", 501, "only chunked is known"},
        {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", 400,
         "more than one Transfer"},
        {post + "Transfer-Encoding: \x0B"
                "chunked\r\n\r\n",
         400, "control character"},
        {post + "Transfer-Encoding : chunked\r\n\r\n", 400, "the name of a header"},
        {post + "Transfer\xC2\xAD-Encoding: chunked\r\n\r\n", 400, "the name of a header"},
        {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "HTTP/1.0 knows no"},
        // Lines.
        {get + "X: a\r\n b\r\n\r\n", 400, "a header goes on"},
        {get + "X: a\r\n\tb\r\n\r\n", 400, "a header goes on"},
        {"GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400, "a header goes on"},
        {"GET / HTTP/1.1\nHost: h\n\n", 400, "without a carriage return"},
        {get + "X: a\nContent-Length: 4\r\n\r\n", 400, "without a carriage return"},
        {get + "X: a\rContent-Length: 4\r\n\r\n", 400, "a carriage return stands alone"},
        {get + "X: a\r\r\n\r\n", 400, "a carriage return stands alone"},
        {get + std::string("X: a\0b\r\n\r\n", 10), 400, "control character"},
        {get + "X: a\x01\r\n\r\n", 400, "control character"},
        {get + "X: a\x7F\r\n\r\n", 400, "control character"},
        {get + "X : a\r\n\r\n", 400, "the name of a header"},
        {get + ": a\r\n\r\n", 400, "the name of a header"},
        {get + "X\r\n\r\n", 400, "a header has no colon"},
        {get + "X(: a\r\n\r\n", 400, "the name of a header"},
        {"\r\n\r\nGET / HTTP/1.1\r\n\r\n", 400, "the first line"},
        // The first line.
        {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400, "the first line"},
        {"GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400, "the first line"},
        {" GET / HTTP/1.1\r\nHost: h\r\n\r\n", 400, "the first line"},
        {"GET\t/\tHTTP/1.1\r\nHost: h\r\n\r\n", 400, "the first line"},
        {"GET /\r\n\r\n", 400, "the first line"},
        {"GET / http/1.1\r\nHost: h\r\n\r\n", 400, "the version"},
        {"GET / HTTP/1.10\r\nHost: h\r\n\r\n", 400, "the version"},
        {"GET / HTTP/+1.1\r\nHost: h\r\n\r\n", 400, "the version"},
        {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505, "HTTP/1.1 is spoken here"},
        {"GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505, "HTTP/1.1 is spoken here"},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTP/1.1 is spoken here"},
        {"G(T / HTTP/1.1\r\nHost: h\r\n\r\n", 400, "the method"},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZ / HTTP/1.1\r\nHost: h\r\n\r\n", 501, "the method is not known"},
        {"CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 501, "this is no proxy"},
        // The address.
        {"GET x HTTP/1.1\r\nHost: h\r\n\r\n", 400, "does not begin with '/'"},
        {"GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400, "does not begin with '/'"},
        {"GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400, "does not begin with '/'"},
        {"GET /\xC3\xA4 HTTP/1.1\r\nHost: h\r\n\r\n", 400, "must be encoded"},
        {"GET /a\\b HTTP/1.1\r\nHost: h\r\n\r\n", 400, "must be encoded"},
        {"GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", 400, "must be encoded"},
        {"GET /<script> HTTP/1.1\r\nHost: h\r\n\r\n", 400, "must be encoded"},
        {"GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400, "a '%' without"},
        {"GET /% HTTP/1.1\r\nHost: h\r\n\r\n", 400, "a '%' without"},
        {"GET /%1 HTTP/1.1\r\nHost: h\r\n\r\n", 400, "a '%' without"},
        {"GET http://other/ HTTP/1.1\r\nHost: h\r\n\r\n", 400, "name different hosts"},
        {"GET http://u@h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400, "no host that can be"},
        // The host.
        {"GET / HTTP/1.1\r\n\r\n", 400, "there is no Host"},
        {get + "Host: h\r\n\r\n", 400, "more than one Host"},
        {"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, "more than one Host"},
        {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, "the Host is none"},
        {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "the Host is none"},
        {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "the Host is none"},
        {"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400, "the Host is none"},
        {"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400, "the Host is none"},
        {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, "the Host is none"},
        // Chunks.
        {post + "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n", 400, "the size of a chunk"},
        {post + "Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n", 400, "the size of a chunk"},
        {post + "Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n", 400, "the size of a chunk"},
        {post + "Transfer-Encoding: chunked\r\n\r\n 3\r\nabc\r\n", 400, "the size of a chunk"},
        {post + "Transfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n", 400, "the size of a chunk"},
        {post + "Transfer-Encoding: chunked\r\n\r\n\r\nabc\r\n", 400, "the size of a chunk"},
        {post + "Transfer-Encoding: chunked\r\n\r\n;x\r\nabc\r\n", 400, "the size of a chunk"},
        {post + "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n", 400, "without a carriage return"},
        {post + "Transfer-Encoding: chunked\r\n\r\n3;\n\r\nabc\r\n", 400, "without a carriage return"},
        {post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", 400, "a chunk is longer"},
        {post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\n", 400, "without a carriage return"},
        {post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 413, "the body is larger"},
        {post + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", 413, "the body is larger"},
        {post + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(200, 'x') + "\r\n", 400,
         "too long a line"},
        {post + "Transfer-Encoding: chunked\r\n\r\n0\r\nA b: c\r\n\r\n", 400, "the name of a header"},
        // The rest.
        {post + "\r\n", 411, "a POST says how long"},
        {post + "Content-Length: 1\r\nExpect: tea\r\n\r\n", 417, "only 100-continue"},
        {"\x16\x03\x01\x02\x00\x01", 400, "control character"},
    };
    for (const auto& f : forms) {
        INFO(f.bytes);
        const auto o = read(f.bytes);
        REQUIRE(o.status == f.status);
        REQUIRE(o.why.find(f.why) != std::string::npos);
        REQUIRE(o.requests.empty());
    }
}

TEST_CASE("each limit of a request holds at it and not above", "[http]") {
    http::request_limits few;
    few.line = byte_size(20);
    few.headers = byte_size(30);
    few.header_count = 3;
    few.body = byte_size(5);
    const auto line = [](std::size_t size) {  // GET /xxx HTTP/1.1
        return "GET /" + std::string(size - 14, 'x') + " HTTP/1.1\r\n";
    };
    const auto status = [&](const std::string& bytes) { return read(bytes, few).status; };
    REQUIRE(status(line(19) + "Host: h\r\n\r\n") == 0);
    REQUIRE(status(line(20) + "Host: h\r\n\r\n") == 0);
    REQUIRE(status(line(21) + "Host: h\r\n\r\n") == 414);
    const auto headers = [](std::size_t size) {
        return "Host: h\r\nX:" + std::string(size - 9, 'x') + "\r\n\r\n";
    };
    REQUIRE(status(line(20) + headers(29)) == 0);
    REQUIRE(status(line(20) + headers(30)) == 0);
    REQUIRE(status(line(20) + headers(31)) == 431);
    REQUIRE(status(line(20) + "Host: h\r\nA:\r\n\r\n") == 0);
    REQUIRE(status(line(20) + "Host: h\r\nA:\r\nB:\r\n\r\n") == 0);
    REQUIRE(status(line(20) + "Host: h\r\nA:\r\nB:\r\nC:\r\n\r\n") == 431);
    const auto body = [&](std::size_t size) {
        http::request_limits small;
        small.body = byte_size(5);
        return read("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" +
                        std::string(size, 'x'),
                    small)
            .status;
    };
    REQUIRE(body(4) == 0);
    REQUIRE(body(5) == 0);
    REQUIRE(body(6) == 413);
    const auto chunks = [&](std::size_t first, std::size_t second) {
        http::request_limits small;
        small.body = byte_size(5);
        return read("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
                        std::to_string(first) + "\r\n" + std::string(first, 'x') + "\r\n" +
                        std::to_string(second) + "\r\n" + std::string(second, 'x') + "\r\n0\r\n\r\n",
                    small)
            .status;
    };
    REQUIRE(chunks(2, 2) == 0);
    REQUIRE(chunks(2, 3) == 0);
    REQUIRE(chunks(2, 4) == 413);
    // Trailers are headers, too.
    REQUIRE(status("PUT / HTTP/1.1\r\nHost: h\r\n\r\n") == 411);
    http::request_limits two;
    two.header_count = 3;
    REQUIRE(
        read("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA:\r\n\r\n", two).status ==
        0);
    REQUIRE(read("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA:\r\nB:\r\n\r\n", two)
                .status == 431);
}

TEST_CASE("an endless first line or header is refused before it ends", "[http]") {
    http::request_reader reader;
    const std::string much(100'000, 'x');
    std::string_view bytes = much;
    REQUIRE(reader.feed(bytes) == found::refused);
    REQUIRE(reader.why().status == 414);
    http::request_reader second;
    const std::string header = "GET / HTTP/1.1\r\nX: " + much;
    bytes = header;
    REQUIRE(second.feed(bytes) == found::refused);
    REQUIRE(second.why().status == 431);
    REQUIRE(second.feed(bytes) == found::refused);
}

TEST_CASE("an address is taken apart and decoded", "[http]") {
    http::request_head h;
    h.target = "/a%20b/c?name=J%C3%B6rg+B&empty&x=1&x=2&bad=%zz";
    REQUIRE(h.path() == "/a%20b/c");
    REQUIRE(h.query_value("name") == "J\xC3\xB6rg B");
    REQUIRE(h.query_value("empty") == "");
    REQUIRE(h.query_value("x") == "1");
    REQUIRE_FALSE(h.query_value("y"));
    REQUIRE_FALSE(h.query_value("bad"));
    REQUIRE_FALSE(http::decode_percent("a%00b"));
    REQUIRE_FALSE(http::decode_percent("%4"));
    REQUIRE(http::safe_segments("/a%20b//c/") == std::vector<std::string>{"a b", "", "c", ""});
    for (const char* out :
         {"..", "/a/../b", "%2e%2e/x", "a/%2E./b", ".", "a%2fb", "a%5cb", "a%0ab", "a%00", "..%2f.."})
        REQUIRE_FALSE(http::safe_segments(out));
}
