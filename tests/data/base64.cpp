#include <rtai/data/base64.hpp>
#include <span>
#include <string>
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

TEST_CASE("bytes are read from base 64, and from nothing else", "[base64]") {
    const auto of = [](std::string_view text) -> std::string {
        const auto bytes = rtai::from_base64(text);
        if (!bytes) return "refused";
        std::string words;
        for (const auto b : *bytes) words += static_cast<char>(b);
        return words;
    };
    REQUIRE(of("").empty());
    REQUIRE(of("Zg==") == "f");
    REQUIRE(of("Zm8=") == "fo");
    REQUIRE(of("Zm9vYmFy") == "foobar");
    REQUIRE(of("//79") == "\xFF\xFE\xFD");
    for (const auto* wrong :
         {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm9v\n", "Zm-v", " Zm9v", "Zm9=Zm9v"})
        REQUIRE(of(wrong) == "refused");
}
