#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <rtai/auth/guard.hpp>
#include <unistd.h>

#include "auth/keys.hpp"

using namespace rtai;
using namespace rtai::auth;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

const time_point start{1h};
const std::string api_key = "a key of 16 characters";

auth_options with_jwt(bool with_keys = false) {
    auth_options o;
    o.jwt.emplace();
    o.jwt->key = secret(shared_text);
    o.jwt->audience = "rtai";
    if (with_keys) o.api_keys.emplace_back(api_key);
    return o;
}

auth_options with_keys() {
    auth_options o;
    o.api_keys.emplace_back(api_key);
    return o;
}

guard guard_of(const auth_options& o) {
    return guard(o, {}, [] { return noon; });
}

std::string token_of(std::string_view subject = "alice") {
    auto all = good_claims();
    all["sub"] = subject;
    return *sign_jwt(all, shared_key());
}

struct shown {
    std::string authorization, api_key, query;
};

/// Who it is, or "401: words".
std::string ask(const guard& g, const shown& s, std::string_view address = "10.0.0.7:4321") {
    credentials c;
    c.authorization = s.authorization;
    c.api_key = s.api_key;
    c.query = s.query;
    c.address = address;
    const auto who = g.check(c, start);
    return who.ok() ? who->client : std::to_string(who.why().status) + ": " + who.why().words;
}

bool refused(const std::string& answer, const char* status) { return answer.starts_with(status); }

}  // namespace

TEST_CASE("without configuration everyone may, by address", "[guard]") {
    const auto g = guard_of({});
    REQUIRE(g.open());
    REQUIRE(ask(g, {}) == "address:10.0.0.7");
    REQUIRE(ask(g, {"Bearer nonsense", "nonsense", "token=nonsense"}) == "address:10.0.0.7");
}

TEST_CASE("an address is the same client on all ports, and on all of an IPv6 network", "[guard]") {
    using auth::detail::client_address;
    for (const auto* a :
         {"10.0.0.7", "10.0.0.7:80", "ipv4:10.0.0.7:80", "::ffff:10.0.0.7", "[::ffff:10.0.0.7]:80"})
        REQUIRE(client_address(a) == "10.0.0.7");
    for (const auto* a : {"2001:db8::1", "[2001:db8::1]:80", "ipv6:[2001:db8::2]:80",
                          "ipv6:%5B2001:db8::3%5D:80", "2001:db8:0:0:ffff::9"})
        REQUIRE(client_address(a) == "2001:db8::/64");
    REQUIRE(client_address("[fe80::1%eth0]:80") == "fe80::/64");
    for (const auto* odd : {"", ":", "[", "]", "[]", "unix:/tmp/x", "hello"}) client_address(odd);
}

TEST_CASE("a token is taken from the header or the query", "[guard]") {
    const auto g = guard_of(with_jwt());
    const auto token = token_of();
    REQUIRE(ask(g, {"Bearer " + token, {}, {}}) == "user:alice");
    REQUIRE(ask(g, {"bearer   " + token + " ", {}, {}}) == "user:alice");
    REQUIRE(ask(g, {{}, {}, "token=" + token}) == "user:alice");
    REQUIRE(ask(g, {{}, {}, "?a=b&access_token=" + token + "&c"}) == "user:alice");
    REQUIRE(ask(g, {{}, {}, "access_token=%65" + token.substr(1)}) == "user:alice");
    REQUIRE(ask(g, {"Basic YTpi", {}, "token=" + token}) == "user:alice");
}

TEST_CASE("what is wrong is refused, with what to show instead", "[guard]") {
    const auto g = guard_of(with_jwt(true));
    const auto token = token_of();
    REQUIRE(ask(g, {}) == "401: a token ('Authorization: Bearer ...') or key ('X-API-Key: ...') is needed");
    REQUIRE(refused(ask(g, {"Basic YTpi", {}, {}}), "401: a token"));
    REQUIRE(ask(g, {"Bearer", {}, {}}) == "401: the token is no signed JWT");
    REQUIRE(ask(g, {"Bearer " + token + "x", {}, {}}) == "401: the token's signature is wrong");
    REQUIRE(ask(g, {{}, token, {}}) == "401: this key is not known");
    REQUIRE(refused(ask(g, {"Bearer " + token, {}, "token=" + token}), "400: more than one"));
    REQUIRE(refused(ask(g, {"Bearer " + token, api_key, {}}), "400: more than one"));
    REQUIRE(refused(ask(g, {{}, {}, "token=" + token + "&token=x"}), "400: more than one"));
    REQUIRE(refused(ask(g, {{}, {}, "tokens=" + token + "&Token=" + token}), "401: a token"));

    credentials none;
    const auto no = g.check(none, start);
    REQUIRE(no.why().challenge == "Bearer realm=\"rtai\"");
    credentials bad;
    bad.authorization = "Bearer nonsense";
    const auto wrong = g.check(bad, start);
    REQUIRE(wrong.why().challenge == "Bearer realm=\"rtai\", error=\"invalid_token\"");
}

TEST_CASE("an API key is taken as such, or as a bearer token", "[guard]") {
    for (const auto& o : {with_keys(), with_jwt(true)}) {
        const auto g = guard_of(o);
        REQUIRE(ask(g, {{}, api_key, {}}) == "key:0");
        REQUIRE(ask(g, {"Bearer " + api_key, {}, {}}) == "key:0");
        REQUIRE(ask(g, {{}, {}, "token=a+key%20of+16+characters"}) == "key:0");
        REQUIRE(ask(g, {{}, api_key + "x", {}}) == "401: this key is not known");
    }
    REQUIRE(ask(guard_of(with_keys()), {"Bearer " + token_of(), {}, {}}) == "401: this key is not known");
    REQUIRE(ask(guard_of(with_keys()), {}) == "401: a key ('X-API-Key: ...') is needed");
}

TEST_CASE("a client's name is short, printable and its own", "[guard]") {
    const auto g = guard_of(with_jwt());
    const auto name = [&](const std::string& subject) {
        return ask(g, {"Bearer " + token_of(subject), {}, {}});
    };
    REQUIRE(name("") == "address:10.0.0.7");
    REQUIRE(name(std::string(64, 'a')) == "user:" + std::string(64, 'a'));
    const auto longer = name(std::string(65, 'a')), longest = name(std::string(66, 'a'));
    REQUIRE(longer.size() < 90);
    REQUIRE(longer != longest);
    REQUIRE(name("a\nb").find('\n') == std::string::npos);
    REQUIRE(name("a\nb") != name("a b"));
    REQUIRE(name(name("a\nb").substr(5)) != name("a\nb"));
}

TEST_CASE("a program's own rules are told with a 403", "[guard]") {
    auto g = guard_of(with_jwt(true));
    g.allow_if([](const identity& who) -> std::string {
        if (who.by == identity::proof::api_key) return {};
        const auto* scope = who.claims.all.if_contains("scope");
        return scope != nullptr && *scope == "speak" ? "" : "the token lacks the scope 'speak'";
    });
    REQUIRE(ask(g, {"Bearer " + token_of(), {}, {}}) == "403: the token lacks the scope 'speak'");
    REQUIRE(ask(g, {{}, api_key, {}}) == "key:0");
    auto all = good_claims();
    all["scope"] = "speak";
    REQUIRE(ask(g, {"Bearer " + *sign_jwt(all, shared_key()), {}, {}}) == "user:alice");
}

TEST_CASE("a configuration that can not be is told", "[guard]") {
    auto o = with_jwt();
    o.jwt->algorithm = signature::RS256;
    REQUIRE_THROWS_WITH(guard(o), Catch::Contains("RS256 takes the JWKS file"));
    o.jwt->key = secret();
    REQUIRE_THROWS_WITH(guard(o), Catch::Contains("set jwt.keys to a JWKS file"));
    o.jwt->keys = "/nowhere";
    REQUIRE_THROWS_WITH(guard(o), Catch::Contains("/nowhere: can not be read"));
    o = with_jwt();
    o.jwt->keys = "/nowhere";
    REQUIRE_THROWS_WITH(guard(o), Catch::Contains("leave one out"));
    o = with_jwt();
    o.jwt->key = secret("hunter2");
    REQUIRE_THROWS_WITH(guard(o), Catch::Contains("jwt.key: ") && !Catch::Contains("hunter2"));
    o.jwt->key = secret();
    REQUIRE_THROWS_WITH(guard(o), Catch::Contains("or jwt.key"));
}

TEST_CASE("keys of a file that rotates are taken without a restart", "[guard]") {
    const auto path = std::filesystem::temp_directory_path() / ("rtai_guard_" + std::to_string(::getpid()));
    const auto put = [&](const key_pair& k) { std::ofstream(path) << R"({"keys":[{)" + k.jwk + "}]}"; };
    const auto second = make_rsa();
    put(rsa_pair());
    auth_options o;
    o.jwt.emplace();
    o.jwt->algorithm = signature::RS256;
    o.jwt->keys = path;
    const auto g = guard_of(o);
    const auto with = [&](const key_pair& k, time_point now) {
        const auto header = "Bearer " + *sign_jwt(good_claims(), k.both);
        credentials c;
        c.authorization = header;
        return g.check(c, now).ok();
    };
    REQUIRE(with(rsa_pair(), start));
    REQUIRE_FALSE(with(second, start));
    put(second);
    REQUIRE(with(second, start + 1s));
    REQUIRE_FALSE(with(rsa_pair(), start + 1s));
    std::filesystem::remove(path);
    REQUIRE(with(second, start + 2s));
}

TEST_CASE("whoever shows nothing does not try to be known", "[guard]") {
    credentials c;
    c.query = "name=token";
    REQUIRE_FALSE(guard::shows(c));
    c.query = "a=b&token=guess";
    REQUIRE(guard::shows(c));
    c.query = {};
    c.api_key = "guess";
    REQUIRE(guard::shows(c));
    c.api_key = {};
    c.authorization = "Bearer guess";
    REQUIRE(guard::shows(c));
}
