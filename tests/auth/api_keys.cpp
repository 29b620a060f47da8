#include <catch2/catch.hpp>
#include <rtai/auth/api_keys.hpp>

using namespace rtai;
using namespace rtai::auth;

TEST_CASE("a key is known by the whole of it", "[auth]") {
    const api_keys keys({secret("0123456789abcdef"), secret("the other key, 16")});
    REQUIRE(keys.find("0123456789abcdef") == 0U);
    REQUIRE(keys.find("the other key, 16") == 1U);
    for (const auto* wrong : {"", "0123456789abcde", "0123456789abcdeF", "0123456789abcdef0"})
        REQUIRE_FALSE(keys.find(wrong));
    REQUIRE(api_keys().empty());
    REQUIRE_FALSE(api_keys().find(""));
}

TEST_CASE("a key that can be guessed is refused, and not shown", "[auth]") {
    try {
        const api_keys keys({secret("0123456789abcdef"), secret("hunter2")});
        FAIL("taken");
    } catch (const std::invalid_argument& e) {
        REQUIRE(std::string(e.what()).find("api_keys[1] has 7 characters") == 0);
        REQUIRE(std::string(e.what()).find("hunter2") == std::string::npos);
    }
    REQUIRE_THROWS(api_keys({secret()}));
}
