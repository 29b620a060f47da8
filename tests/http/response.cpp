#include <chrono>
#include <rtai/http/response.hpp>
#include <stdexcept>
#include <string>

#include "support/co_test.hpp"

using namespace rtai;

TEST_CASE("the head of an answer is written as HTTP has it", "[http]") {
    http::header_list h;
    h.add("A", "1");
    h.add("B", "");
    REQUIRE(http::head_text(404, h) == "HTTP/1.1 404 Not Found\r\nA: 1\r\nB: \r\n\r\n");
    REQUIRE(http::head_text(299, {}) == "HTTP/1.1 299 Status\r\n\r\n");
    REQUIRE(http::chunk_head(255) == "ff\r\n");
    REQUIRE(http::http_date(std::chrono::system_clock::from_time_t(784111777)) ==
            "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST_CASE("what comes from outside can not become a header of an answer", "[http]") {
    for (const std::string& value : {std::string("a\r\nB: c"), std::string("a\n"), std::string("a\r"),
                                     std::string("a\0b", 3), std::string("\x1b")}) {
        http::header_list h;
        h.add("A", value);
        REQUIRE_THROWS_WITH(http::head_text(200, h),
                            "the header 'A' has a line break or a control character");
    }
    for (const char* name : {"", "A B", "A:", "A\r\n", "\xC3\xA4"}) {
        http::header_list h;
        h.add(name, "x");
        REQUIRE_THROWS_AS(http::head_text(200, h), std::invalid_argument);
    }
    REQUIRE_THROWS_WITH(http::head_text(0, {}), "an answer has the status 0; it is one from 100 to 599");
    REQUIRE_THROWS_AS(http::head_text(600, {}), std::invalid_argument);
}
