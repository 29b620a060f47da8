#include <catch2/catch.hpp>
#include <chrono>
#include <rtai/http/retry.hpp>

using namespace rtai;
using namespace rtai::http;
using namespace std::chrono_literals;

namespace {

std::optional<duration> wait_of(std::initializer_list<std::pair<const char*, const char*>> headers) {
    header_list all;
    for (const auto& [name, value] : headers) all.add(name, value);
    return asked_wait(all);
}

}  // namespace

TEST_CASE("the wait before the next try doubles, within its limits, and is the same for the same seed",
          "[retry]") {
    retry_options o;
    o.retries = 4;
    o.first = 100ms;
    o.most = 500ms;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        backoff a(o, seed), b(o, seed);
        for (const auto whole : {100ms, 200ms, 400ms, 500ms}) {
            const auto wait = a.next();
            REQUIRE(wait);
            REQUIRE(*wait >= whole / 2);
            REQUIRE(*wait <= whole);
            REQUIRE(b.next() == wait);
        }
        REQUIRE_FALSE(a.next());
    }
}

TEST_CASE("what the server asks for is the least", "[retry]") {
    backoff b(retry_options(), 1);
    REQUIRE(b.next(7s) == 7s);
    REQUIRE(*b.next(1ms) >= 250ms);
}

TEST_CASE("the server asks in seconds, with a date, or by its limits", "[retry]") {
    REQUIRE(wait_of({{"Retry-After", "2"}}) == 2s);
    REQUIRE(wait_of({{"retry-after", "0.5"}}) == 500ms);
    REQUIRE(wait_of({{"Retry-After-Ms", "120"}, {"Retry-After", "1"}}) == 120ms);
    REQUIRE(wait_of({{"Retry-After", "Wed, 21 Oct 2015 07:28:10 GMT"},
                     {"Date", "Wed, 21 Oct 2015 07:28:00 GMT"}}) == 10s);
    REQUIRE(wait_of({{"Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT"}}) == 0s);
    REQUIRE(wait_of({{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", "6m0s"}}) ==
            longest_wait);
    REQUIRE(longest_wait == 60s);
    REQUIRE(wait_of({{"Retry-After", "86400"}}) == longest_wait);
    REQUIRE(wait_of({{"Retry-After", "Wed, 21 Oct 2015 09:28:00 GMT"},
                     {"Date", "Wed, 21 Oct 2015 07:28:00 GMT"}}) == longest_wait);
    REQUIRE_FALSE(wait_of({{"x-ratelimit-remaining-requests", "9"}, {"x-ratelimit-reset-requests", "6m0s"}}));
    REQUIRE_FALSE(wait_of({}));
    for (const auto* nonsense : {"", "soon", "-1", "1e300", "nan", "99999999999999999999"})
        REQUIRE_FALSE(wait_of({{"Retry-After", nonsense}}));
}

TEST_CASE("short durations are read as OpenAI writes them", "[retry]") {
    REQUIRE(parse_short_duration("1.5s") == 1500ms);
    REQUIRE(parse_short_duration("120ms") == 120ms);
    REQUIRE(parse_short_duration("1h2m3s") == 1h + 2min + 3s);
    for (const auto* nonsense : {"", "1", "s", "1x", "-1s", "1s2", "1e400s", "inf", "nan"})
        REQUIRE_FALSE(parse_short_duration(nonsense));
}
