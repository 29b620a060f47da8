#include <catch2/catch.hpp>
#include <memory>
#include <rtai/core/result.hpp>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

using namespace rtai;

namespace {

result<int> halve(int n) {
    if (n % 2 != 0) return error(std::errc::invalid_argument, "halve " + std::to_string(n));
    return n / 2;
}

result<> check(bool fine) {
    if (!fine) return error(std::errc::io_error);
    return {};
}

}  // namespace

TEST_CASE("a result holds a value or an error", "[result]") {
    const auto four = halve(8);
    REQUIRE(four.ok());
    REQUIRE(four);
    REQUIRE(*four == 4);
    REQUIRE(four.value() == 4);

    const auto none = halve(7);
    REQUIRE_FALSE(none.ok());
    REQUIRE_FALSE(none);
    REQUIRE(none.error().code == std::errc::invalid_argument);
    REQUIRE(none.error().text == "halve 7");
}

TEST_CASE("a result without a value is fine, or an error", "[result]") {
    REQUIRE(check(true).ok());
    REQUIRE_FALSE(check(false).ok());
    REQUIRE_NOTHROW(check(true).value());
    REQUIRE_THROWS_AS(check(false).value(), bad_result);
}

TEST_CASE("an error says what it was about, and what happened", "[result]") {
    REQUIRE(error(std::errc::connection_refused).message() == "Connection refused");
    REQUIRE(error(std::errc::connection_refused, "connect to 10.0.0.1:443").message() ==
            "connect to 10.0.0.1:443: Connection refused");
}

TEST_CASE("the value of a result that is an error is an exception with all that is known", "[result]") {
    const auto none = halve(7);
    try {
        (void)none.value();
        FAIL("no exception");
    } catch (const std::system_error& e) {
        REQUIRE(e.code() == std::errc::invalid_argument);
        REQUIRE_THAT(e.what(), Catch::Contains("halve 7"));
    }
    REQUIRE_THROWS_AS(*none, bad_result);
}

TEST_CASE("a result stands in for another value", "[result]") {
    REQUIRE(halve(8).value_or(1) == 4);
    REQUIRE(halve(7).value_or(1) == 1);
}

TEST_CASE("a result of what can only be moved is moved from", "[result]") {
    result<std::unique_ptr<int>> r = std::make_unique<int>(7);
    REQUIRE(**r == 7);
    REQUIRE(r->get() != nullptr);
    const std::unique_ptr<int> taken = *std::move(r);
    REQUIRE(*taken == 7);
}

TEST_CASE("a result takes what its value can be made from, and may be changed", "[result]") {
    result<std::string> r = "hello";
    REQUIRE(r->size() == 5);
    r->append("!");
    REQUIRE(*r == "hello!");
    r = error(std::errc::timed_out);
    REQUIRE(r.error().code == std::errc::timed_out);
}
