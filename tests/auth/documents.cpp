// The code of docs/security.md.

#include <catch2/catch.hpp>
#include <chrono>
#include <rtai/auth.hpp>
#include <rtai/core/timer.hpp>
#include <string>

#include "auth/keys.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;

namespace {

// [guard]
struct answer {
    unsigned status = 200;
    std::string words;
};

class door {
public:
    door(const auth::auth_options& who, const auth::limit_options& how_much)
        : guard_(who), limits_(how_much) {}

    answer enter(std::string_view authorization, std::string_view peer) {
        auth::credentials shown;
        shown.authorization = authorization;
        shown.address = peer;
        auto who = guard_.check(shown, now());
        if (!who) return {who.why().status, who.why().words};
        auto place = limits_.enter(who->client, now());  // of one session, as long as it is kept
        if (!place) return {place.why().status, place.why().words};
        return {200, "hello " + who->client};
    }

private:
    auth::guard guard_;
    auth::client_limits limits_;
};
// [/guard]

}  // namespace

CO_TEST("the guard of docs/security.md says who it is, or why not", "[documents]") {
    auth::auth_options who;
    who.jwt.emplace();
    who.jwt->key = secret(shared_text);
    who.jwt->audience = "voice";
    door d(who, auth::limit_options());
    // [sign]
    const auto key = *auth::key::of_secret(secret(shared_text));
    const auto expires = std::chrono::system_clock::now() + std::chrono::minutes(10);
    const json::object claims{
        {"sub", "alice"}, {"aud", "voice"}, {"exp", std::chrono::system_clock::to_time_t(expires)}};
    const auto token = *auth::sign_jwt(claims, key);
    // [/sign]
    const auto good = d.enter("Bearer " + token, "10.0.0.7:4321");
    REQUIRE(good.words == "hello user:alice");
    const auto bad = d.enter("Bearer nonsense", "10.0.0.7:4321");
    REQUIRE(bad.status == 401);
    REQUIRE(bad.words == "the token is no signed JWT");
    co_await yield();
}
