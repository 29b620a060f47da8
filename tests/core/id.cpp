#include <catch2/catch.hpp>
#include <rtai/core/id.hpp>
#include <type_traits>
#include <unordered_set>

using namespace rtai;

namespace {
using session_id = id<struct session_tag>;
using turn_id = id<struct turn_tag>;
}  // namespace

TEST_CASE("numbers of different kinds can not be mistaken for each other", "[id]") {
    STATIC_REQUIRE_FALSE(std::is_convertible_v<session_id, turn_id>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<session_id, turn_id>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<int, session_id>);
}

TEST_CASE("an id source counts from one, and none is zero", "[id]") {
    id_source<session_id> source;
    const session_id first = source.next();
    const session_id second = source.next();
    REQUIRE(first.value == 1);
    REQUIRE(second.value == 2);
    REQUIRE(first);
    REQUIRE_FALSE(session_id());
    REQUIRE(first < second);
    REQUIRE(first == session_id(1));
}

TEST_CASE("ids are keys", "[id]") {
    std::unordered_set<session_id> seen{session_id(1), session_id(2), session_id(1)};
    REQUIRE(seen.size() == 2);
    REQUIRE(seen.count(session_id(2)) == 1);
}
