#include <rtai/data/base64.hpp>
#include <span>
#include <string_view>

#include "support/co_test.hpp"

TEST_CASE("bytes are written in base 64 as the standard's examples are", "[base64]") {
    const auto of = [](std::string_view text) { return rtai::to_base64(std::as_bytes(std::span(text))); };
    REQUIRE(of("").empty());
    REQUIRE(of("f") == "Zg==");
    REQUIRE(of("fo") == "Zm8=");
    REQUIRE(of("foo") == "Zm9v");
    REQUIRE(of("foobar") == "Zm9vYmFy");
    REQUIRE(of("\xFF\xFE\xFD") == "//79");
}
