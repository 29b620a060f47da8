#include <cstddef>
#include <rtai/data/base64.hpp>
#include <rtai/http/grpc_web.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/co_test.hpp"

using namespace rtai;
namespace gw = http::grpc_web;

namespace {

std::string base64(std::string_view bytes) {
    return to_base64(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

struct outcome {
    std::vector<std::string> frames;
    std::string wrong;
};

outcome read(std::string_view body, gw::encoding e, std::size_t piece, std::size_t most = 100) {
    gw::reader r(e, most);
    outcome o;
    const auto take = [&](gw::frame&& f) {
        o.frames.push_back((f.trailers ? "trailers:" : f.compressed ? "compressed:" : "message:") + f.bytes);
    };
    result<> fine;
    for (; fine && !body.empty(); body.remove_prefix(std::min(piece, body.size())))
        fine = r.feed(body.substr(0, piece), take);
    if (fine) fine = r.finish();
    if (!fine) o.wrong = fine.error().text;
    return o;
}

}  // namespace

TEST_CASE("frames of gRPC-Web are read as they were written, binary and as text, in any pieces", "[http]") {
    const auto body = gw::frame_text("hello", false) + gw::frame_text("", false) + gw::trailers_text(0, "");
    REQUIRE(gw::frame_text("ab", false) == std::string("\0\0\0\0\2ab", 7));
    // Each frame may be padded on its own.
    const auto text = base64(gw::frame_text("hello", false)) + base64(gw::frame_text("", false)) +
                      base64(gw::trailers_text(0, ""));
    for (const std::size_t piece : {1U, 2U, 3U, 5U, 1000U}) {
        for (const auto& got :
             {read(body, gw::encoding::binary, piece), read(text, gw::encoding::text, piece),
              read(base64(body), gw::encoding::text, piece)}) {
            REQUIRE(got.wrong.empty());
            REQUIRE(got.frames ==
                    std::vector<std::string>{"message:hello", "message:", "trailers:grpc-status: 0\r\n"});
        }
    }
}

TEST_CASE("what is no gRPC-Web is refused", "[http]") {
    const auto wrong = [](std::string_view body, gw::encoding e = gw::encoding::binary) {
        const auto whole = read(body, e, 1000);
        const auto bytewise = read(body, e, 1);
        REQUIRE(whole.wrong == bytewise.wrong);
        REQUIRE(whole.frames == bytewise.frames);
        return whole.wrong;
    };
    REQUIRE(wrong(gw::frame_text(std::string(99, 'x'), false)).empty());
    REQUIRE(wrong(gw::frame_text(std::string(100, 'x'), false)).empty());
    REQUIRE(wrong(gw::frame_text(std::string(101, 'x'), false)) ==
            "gRPC-Web: a message has 101 bytes, and may have 100");
    REQUIRE(wrong(std::string_view("\x00\xff\xff\xff\xff", 5)) ==
            "gRPC-Web: a message has 4294967295 bytes, and may have 100");
    REQUIRE(wrong(std::string_view("\x02\0\0\0\0", 5)) == "gRPC-Web: a frame has unknown flags");
    REQUIRE(wrong(std::string_view("\0\0\0\0\5abc", 8)) ==
            "gRPC-Web: the body ends in the middle of a message");
    REQUIRE(wrong(std::string_view("\0\0", 2)) == "gRPC-Web: the body ends in the middle of a message");
    REQUIRE(wrong("AAAAAA", gw::encoding::text) == "gRPC-Web: the body ends in the middle of a message");
    for (const char* bad : {"AAAA*", "AA=A", "A===", "=AAA", "AAAA\n"})
        REQUIRE(wrong(bad, gw::encoding::text) == "gRPC-Web-text: the body is no base64");
}

TEST_CASE("the status of a call goes in the trailers, and can not bring other headers in", "[http]") {
    http::header_list more;
    more.add("x-trace", "1");
    more.add("x-evil", "a\r\nb: c");
    const auto text = gw::trailers_text(3, "no\r\ngrpc-status: 0 \xC3\xA4 100%", more);
    const auto read_again = gw::read_trailers(std::string_view(text).substr(5));
    REQUIRE(read_again.ok());
    REQUIRE(read_again->size() == 3);
    REQUIRE(read_again->find("grpc-status") == "3");
    const auto message = http::decode_percent(*read_again->find("Grpc-Message"));
    REQUIRE(message == "no\r\ngrpc-status: 0 \xC3\xA4 100%");
    REQUIRE_FALSE(gw::read_trailers("no colon\r\n").ok());
    REQUIRE_FALSE(gw::read_trailers("a b: c\r\n").ok());
}

TEST_CASE("a content type tells gRPC-Web from others", "[http]") {
    REQUIRE(gw::encoding_of("application/grpc-web") == gw::encoding::binary);
    REQUIRE(gw::encoding_of("Application/grpc-web+proto; charset=x") == gw::encoding::binary);
    REQUIRE(gw::encoding_of("application/grpc-web-text+proto") == gw::encoding::text);
    for (const char* other :
         {"application/grpc", "application/grpc-web+json", "application/grpc-webx", "text/plain", ""})
        REQUIRE_FALSE(gw::encoding_of(other));
}
