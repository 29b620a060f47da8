#include <rtai/http/cors.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "http/serving.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using test::answer_of;
using test::get;

namespace {

task<> hello(http::exchange& x) { (void)co_await x.answer(200, "hello"); }

http::cors_options for_origins(std::vector<std::string> origins) {
    http::cors_options o;
    o.origins = std::move(origins);
    return o;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string preflight(std::string_view origin) {
    return get("/", "Origin: " + std::string(origin) + "\r\nAccess-Control-Request-Method: POST\r\n",
               "OPTIONS");
}

}  // namespace

TEST_CASE("pages of the origins that are named may ask, others may not", "[http]") {
    auto o = for_origins({"https://a.test", "http://localhost:3000"});
    o.credentials = true;
    o.exposed = {"X-Session"};
    const http::cors c(o, hello);
    const auto good = answer_of(c, get("/", "Origin: https://a.test\r\n"));
    REQUIRE(has(good, "Access-Control-Allow-Origin: https://a.test\r\n"));
    REQUIRE(has(good, "Access-Control-Allow-Credentials: true\r\n"));
    REQUIRE(has(good, "Access-Control-Expose-Headers: X-Session\r\n"));
    REQUIRE(has(good, "Vary: Origin\r\n"));
    for (const char* origin :
         {"https://b.test", "http://a.test", "https://a.test.evil.test", "https://a.test:444", "null"}) {
        const auto other = answer_of(c, get("/", "Origin: " + std::string(origin) + "\r\n"));
        REQUIRE_FALSE(has(other, "Access-Control"));
        REQUIRE(has(other, "Vary: Origin\r\n"));
        REQUIRE(answer_of(c, preflight(origin)).starts_with("HTTP/1.1 403 "));
    }
    REQUIRE_FALSE(has(answer_of(c, get("/")), "Access-Control"));
    const auto asked = answer_of(c, preflight("http://localhost:3000"));
    REQUIRE(asked.starts_with("HTTP/1.1 204 "));
    REQUIRE(has(asked, "Access-Control-Allow-Methods: GET, HEAD, POST\r\n"));
    REQUIRE(has(asked, "Access-Control-Allow-Headers: Content-Type, Authorization\r\n"));
    REQUIRE(has(asked, "Access-Control-Max-Age: 600\r\n"));
    // OPTIONS that is no question of a browser goes on.
    REQUIRE(has(answer_of(c, get("/", "", "OPTIONS")), "hello"));
}

TEST_CASE("all origins can be let in, but not with credentials", "[http]") {
    const http::cors c(for_origins({"*"}), hello);
    const auto any = answer_of(c, get("/", "Origin: https://any.test\r\n"));
    REQUIRE(has(any, "Access-Control-Allow-Origin: *\r\n"));
    REQUIRE_FALSE(has(any, "Vary"));
    auto o = for_origins({"*"});
    o.credentials = true;
    REQUIRE_THROWS_AS(http::cors(o, hello), std::invalid_argument);
    REQUIRE_THROWS_WITH(
        http::cors(for_origins({"https://a.test/"}), hello),
        "cors: 'https://a.test/' is no origin; one is like 'https://example.com', without a path");
    o = for_origins({"https://a.test"});
    o.headers = {"X\r\nEvil: 1"};
    REQUIRE_THROWS_AS(http::cors(o, hello), std::invalid_argument);
}
