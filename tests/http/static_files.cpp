#include <filesystem>
#include <rtai/http/router.hpp>
#include <rtai/http/static_files.hpp>
#include <string>

#include "http/serving.hpp"
#include "support/co_test.hpp"
#include "support/sound.hpp"

using namespace rtai;
using test::answer_of;
using test::get;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string tag_in(const std::string& answer) {
    const auto at = answer.find("ETag: ") + 6;
    return answer.substr(at, answer.find("\r\n", at) - at);
}

std::filesystem::path make_site() {
    const auto site = test::temporary("site");
    std::filesystem::create_directories(site / "sub");
    test::write_file(site / "index.html", "<p>index");
    test::write_file(site / "page.js", "js");
    test::write_file(site / "with space.txt", "space");
    test::write_file(site / "sub" / "index.html", "<p>sub");
    test::write_file(site / ".hidden", "hidden");
    test::write_file(site / "large.bin", std::string(700'000, 'x'));
    test::write_file(test::temporary("outside.txt"), "outside");
    std::error_code ignored;
    std::filesystem::create_symlink(test::temporary("outside.txt"), site / "link.txt", ignored);
    std::filesystem::create_symlink(site / "page.js", site / "inner.js", ignored);
    return site;
}

}  // namespace

TEST_CASE("files in memory are served with type and tag, and not twice to whom has them", "[http]") {
    http::static_files files;
    files.add("/index.html", "<p>hello").add("/app.js", "let x").add("/data", "?", "application/x-data");
    const auto page = answer_of(files, get("/"));
    REQUIRE(page.ends_with("\r\n\r\n<p>hello"));
    REQUIRE(has(page, "Content-Type: text/html; charset=utf-8\r\n"));
    REQUIRE(has(page, "X-Content-Type-Options: nosniff\r\n"));
    REQUIRE(has(answer_of(files, get("/data")), "Content-Type: application/x-data\r\n"));
    const auto tag = tag_in(page);
    for (const std::string& shown : {tag, "\"x\", " + tag, "W/" + tag, std::string("*")}) {
        const auto same = answer_of(files, get("/", "If-None-Match: " + shown + "\r\n"));
        REQUIRE(same.starts_with("HTTP/1.1 304 "));
        REQUIRE(has(same, "ETag: " + tag));
        REQUIRE_FALSE(has(same, "hello"));
    }
    REQUIRE(answer_of(files, get("/app.js", "If-None-Match: " + tag + "\r\n")).starts_with("HTTP/1.1 200 "));
    REQUIRE(answer_of(files, get("/nothing")).starts_with("HTTP/1.1 404 "));
    REQUIRE(answer_of(files, get("/../index.html")).starts_with("HTTP/1.1 404 "));
    const auto posted = answer_of(files, test::post("/", "x"));
    REQUIRE(posted.starts_with("HTTP/1.1 405 "));
    REQUIRE(has(posted, "Allow: GET, HEAD\r\n"));
}

TEST_CASE("a directory is served, and nothing outside of it", "[http]") {
    http::router routes;
    routes.on("GET", "/files/{path...}", http::directory_files(make_site()));
    const auto ask = [&](const char* path, const std::string& more = "") {
        return answer_of(routes, get(path, more));
    };
    REQUIRE(ask("/files/").ends_with("<p>index"));
    REQUIRE(ask("/files/sub/").ends_with("<p>sub"));
    REQUIRE(ask("/files/page.js").ends_with("\r\n\r\njs"));
    REQUIRE(ask("/files/with%20space.txt").ends_with("space"));
    REQUIRE(ask("/files/inner.js").ends_with("\r\n\r\njs"));
    const auto large = ask("/files/large.bin");
    REQUIRE(has(large, "Transfer-Encoding: chunked"));
    REQUIRE(std::ranges::count(large, 'x') >= 700'000);
    REQUIRE(large.ends_with("\r\n0\r\n\r\n"));
    const auto tag = tag_in(ask("/files/page.js"));
    REQUIRE(ask("/files/page.js", "If-None-Match: " + tag + "\r\n").starts_with("HTTP/1.1 304 "));
    for (const char* path :
         {"/files/none", "/files/.hidden", "/files/link.txt", "/files/page.js/x", "/files/page.js/"})
        REQUIRE(ask(path).starts_with("HTTP/1.1 404 "));
    for (const char* path :
         {"/files/../outside.txt", "/files/%2e%2e/outside.txt", "/files/sub/../../outside.txt",
          "/files/..%2foutside.txt", "/files/a%5c..%5cb", "/files/%2e", "/files/x%0a"})
        REQUIRE(ask(path).starts_with("HTTP/1.1 400 "));
    REQUIRE_THROWS(http::directory_files("/no/such/directory"));
}
