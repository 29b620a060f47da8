#include <rtai/http/router.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "http/serving.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using test::answer_of;
using test::get;
using test::post;

namespace {

/// Says which handler it is.
http::handler named(std::string name) {
    return [name = std::move(name)](http::exchange& x) -> task<> {
        return [](http::exchange& y, const std::string& n) -> task<> { (void)co_await y.answer(200, n); }(
                                                               x, name);
    };
}

std::string told(const std::string& answer) {
    const auto status = answer.substr(9, 3);
    const auto body = answer.substr(std::min(answer.find("\r\n\r\n") + 4, answer.size()));
    return status == "200" ? body : status;
}

task<> show(http::exchange& x) { (void)co_await x.answer(200, "session " + std::string(x.parameter("id"))); }
task<> file(http::exchange& x) { (void)co_await x.answer(200, "file " + std::string(x.parameter("path"))); }

http::router routes() {
    http::router r;
    r.on("GET", "/", named("root"));
    r.on("GET", "/files/{path...}", file);
    r.on("GET", "/sessions/{id}", show);
    r.on("GET", "/sessions/new", named("new"));
    r.on("POST", "/sessions", named("made"));
    r.on("DELETE", "/sessions/{id}", named("gone"));
    r.on("GET", "/sessions/{id}/turns", named("turns"));
    return r;
}

}  // namespace

TEST_CASE("a request goes to the handler of its method and path", "[http]") {
    const auto r = routes();
    REQUIRE(told(answer_of(r, get("/"))) == "root");
    REQUIRE(told(answer_of(r, get("/?x=/sessions"))) == "root");
    REQUIRE(told(answer_of(r, get("/sessions/7"))) == "session 7");
    REQUIRE(told(answer_of(r, get("/sessions/a%2Fb%20c"))) == "session a/b c");
    REQUIRE(told(answer_of(r, get("/sessions/new"))) == "new");
    REQUIRE(told(answer_of(r, get("/sessions/7/turns"))) == "turns");
    REQUIRE(told(answer_of(r, post("/sessions", ""))) == "made");
    REQUIRE(told(answer_of(r, get("/sessions/new", "", "DELETE"))) == "gone");
    REQUIRE(told(answer_of(r, get("/files/a/b.txt"))) == "file a/b.txt");
    REQUIRE(told(answer_of(r, get("/files/"))) == "file ");
    REQUIRE(told(answer_of(r, get("/files/%2e%2e/b"))) == "file %2e%2e/b");
    REQUIRE(answer_of(r, get("/sessions/7", "", "HEAD")).ends_with("Content-Length: 9\r\n\r\n"));
}

TEST_CASE("what has no route is not found, or not allowed, and OPTIONS says what is", "[http]") {
    const auto r = routes();
    for (const char* path :
         {"/nowhere", "/sessions/", "/sessions/7/", "/sessions//turns", "/Sessions", "//", "/files"})
        REQUIRE(told(answer_of(r, get(path))) == (std::string(path) == "/sessions" ? "405" : "404"));
    REQUIRE(told(answer_of(r, get("/%00"))) == "400");
    const auto wrong = answer_of(r, post("/sessions/7", ""));
    REQUIRE(told(wrong) == "405");
    REQUIRE(wrong.find("Allow: GET, HEAD, DELETE, OPTIONS\r\n") != std::string::npos);
    const auto options = answer_of(r, get("/sessions", "", "OPTIONS"));
    REQUIRE(told(options) == "204");
    REQUIRE(options.find("Allow: POST, OPTIONS\r\n") != std::string::npos);
    REQUIRE(told(answer_of(r, get("*", "", "OPTIONS"))) == "404");
}

TEST_CASE("a route that can not be is refused when it is made", "[http]") {
    http::router r;
    const auto add = [&](const char* pattern) { r.on("GET", pattern, named("x")); };
    REQUIRE_THROWS_WITH(add("files"), "the route 'files' does not begin with '/'");
    REQUIRE_THROWS_WITH(add("/{"), "the route '/{' has a '{' that is not closed, or no name in it");
    REQUIRE_THROWS_WITH(add("/{}"), "the route '/{}' has a '{' that is not closed, or no name in it");
    REQUIRE_THROWS_WITH(add("/a{b}"), "the route '/a{b}' has a part that is neither a word nor a '{name}'");
    REQUIRE_THROWS_WITH(add("/{a...}/b"), "the route '/{a...}/b' goes on after '...'");
    REQUIRE_THROWS_WITH(add("/{...}"), "the route '/{...}' has a parameter without a name");
    add("/a/{b}");
    REQUIRE_THROWS_WITH(add("/a/{c}"), "the routes '/a/{b}' and '/a/{c}' of GET are the same");
    REQUIRE_THROWS_AS(r.on("GET IT", "/", named("x")), std::invalid_argument);
}
