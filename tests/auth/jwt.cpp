#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <rtai/auth/jwks.hpp>
#include <rtai/auth/jwt.hpp>
#include <unistd.h>

#include "auth/keys.hpp"

using namespace rtai;
using namespace rtai::auth;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

jwt_rules rules_for(signature algorithm) {
    jwt_rules r;
    r.algorithm = algorithm;
    r.audience = "rtai";
    r.issuer = "https://issuer.example";
    return r;
}

const std::vector<key>& all_keys() {
    static const std::vector<key> keys{shared_key(), rsa_pair().both, point_pair().both};
    return keys;
}

result<claims> check(const std::string& token, signature algorithm = signature::HS256,
                     calendar_time now = noon) {
    return verify_jwt(token, rules_for(algorithm), all_keys(), now);
}

/// A good signature of whatever text.
std::string signed_raw(std::string_view header, std::string_view payload, const key& with = shared_key()) {
    const auto text = auth::detail::to_base64url(header) + "." + auth::detail::to_base64url(payload);
    return text + "." + auth::detail::to_base64url(*with.sign(text));
}

std::string with_claims(const json::object& all) { return *sign_jwt(all, shared_key()); }

std::string with_claim(std::string_view name, json::value v) {
    auto all = good_claims();
    all[name] = std::move(v);
    return with_claims(all);
}

std::string without(std::string_view name) {
    auto all = good_claims();
    all.erase(name);
    return with_claims(all);
}

const std::string plain_header = R"({"alg":"HS256","typ":"JWT"})";

}  // namespace

TEST_CASE("a good token is taken, and says what it says", "[jwt]") {
    const std::pair<signature, key> pairs[] = {{signature::HS256, shared_key()},
                                               {signature::RS256, rsa_pair().both},
                                               {signature::ES256, point_pair().both}};
    for (const auto& [algorithm, k] : pairs) {
        const auto read = check(*sign_jwt(good_claims(), k), algorithm);
        INFO((read.ok() ? "" : read.error().message()));
        REQUIRE(read.ok());
        REQUIRE(read->subject == "alice");
        REQUIRE(read->issuer == "https://issuer.example");
        REQUIRE(read->audience == std::vector<std::string>{"rtai"});
        REQUIRE(read->expires == noon + 600s);
        REQUIRE(read->all.at("iat") == 1'800'000'000);
    }
}

TEST_CASE("a bad token is refused by what is wrong with it", "[jwt]") {
    const auto payload = json::serialize(good_claims());
    const auto good = with_claims(good_claims());
    const auto first = good.find('.'), last = good.rfind('.');
    const auto part = [](std::string_view text) { return auth::detail::to_base64url(text); };
    auto bent = good;
    bent[last + 5] = bent[last + 5] == 'A' ? 'B' : 'A';
    auto other_last = good;  // the last letter has two bits that say nothing
    other_last.back() = static_cast<char>(other_last.back() + 1);
    auto many = good_claims();
    for (int i = 0; i < 60; ++i) many["c" + std::to_string(i)] = i;
    const auto header = [&](std::string_view more) {
        return signed_raw(R"({"alg":"HS256",)" + std::string(more) + "}", payload);
    };
    const auto alg = [&](std::string_view name) {
        return signed_raw(R"({"alg":")" + std::string(name) + R"("})", payload);
    };
    const auto rs_public_as_secret = [&] {
        const key k = *key::of_secret(secret(rsa_pair().public_pem));
        return signed_raw(plain_header, payload, k);
    }();

    const struct {
        const char* name;
        std::string token;
        token_fault wrong;
        signature algorithm = signature::HS256;
    } table[] = {
        {"empty", "", token_fault::malformed},
        {"one part", "abc", token_fault::malformed},
        {"two parts", good.substr(0, last), token_fault::malformed},
        {"four parts", good + ".AAAA", token_fault::malformed},
        {"encrypted", good + ".AAAA.AAAA", token_fault::malformed},
        {"no signature", good.substr(0, last + 1), token_fault::malformed},
        {"no header", good.substr(first), token_fault::malformed},
        {"truncated", good.substr(0, good.size() - 2), token_fault::malformed},
        {"truncated to whole bytes", good.substr(0, good.size() - 3), token_fault::forged},
        {"huge", good + std::string(100'000, 'A'), token_fault::too_large},
        {"padded", good + "=", token_fault::malformed},
        {"a space", " " + good, token_fault::malformed},
        {"a line end", good + "\n", token_fault::malformed},
        {"base64 of the other kind", part("{}") + "+." + part("{}") + ".AAAA", token_fault::malformed},
        {"bits that say nothing", other_last, token_fault::malformed},
        {"a NUL", std::string(good).replace(2, 1, 1, '\0'), token_fault::malformed},
        {"no JSON", signed_raw("hello", payload), token_fault::malformed},
        {"a list", signed_raw("[]", payload), token_fault::malformed},
        {"bad UTF-8", signed_raw("{\"alg\":\"HS256\",\"x\":\"\xC3\"}", payload), token_fault::malformed},
        {"deep", signed_raw(std::string(2000, '['), payload), token_fault::malformed},
        {"claims that are no object", signed_raw(plain_header, "7"), token_fault::malformed},
        {"claims that are cut", signed_raw(plain_header, payload.substr(0, 20)), token_fault::malformed},
        {"forged", bent, token_fault::forged},
        {"claims changed",
         good.substr(0, first + 1) + part(R"({"sub":"root","exp":1900000000})") + good.substr(last),
         token_fault::forged},
        {"another's key", *sign_jwt(good_claims(), *key::of_secret(secret(std::string(32, 'z')))),
         token_fault::forged},
        {"none", signed_raw(R"({"alg":"none"})", payload), token_fault::wrong_algorithm},
        {"none unsigned", part(R"({"alg":"none"})") + "." + part(payload) + ".", token_fault::malformed},
        {"None", alg("None"), token_fault::wrong_algorithm},
        {"NONE", alg("NONE"), token_fault::wrong_algorithm},
        {"hs256", alg("hs256"), token_fault::wrong_algorithm},
        {"HS384", alg("HS384"), token_fault::wrong_algorithm},
        {"no alg", signed_raw(R"({"typ":"JWT"})", payload), token_fault::wrong_algorithm},
        {"alg a number", signed_raw(R"({"alg":256})", payload), token_fault::wrong_algorithm},
        {"HS where RS is", rs_public_as_secret, token_fault::wrong_algorithm, signature::RS256},
        {"HS said to be RS", signed_raw(R"({"alg":"RS256"})", payload), token_fault::forged,
         signature::RS256},
        {"RS where HS is", *sign_jwt(good_claims(), rsa_pair().both), token_fault::wrong_algorithm},
        {"ES where RS is", *sign_jwt(good_claims(), point_pair().both), token_fault::wrong_algorithm,
         signature::RS256},
        {"crit", header(R"("crit":["exp"])"), token_fault::unknown_demand},
        {"crit that is empty", header(R"("crit":[])"), token_fault::unknown_demand},
        {"crit that is null", header(R"("crit":null)"), token_fault::unknown_demand},
        {"another type", header(R"("typ":"logout+jwt")"), token_fault::unknown_demand},
        {"type a number", header(R"("typ":1)"), token_fault::bad_claim},
        {"kid a number", header(R"("kid":1)"), token_fault::bad_claim},
        {"header twice", header(R"("alg":"HS256")"), token_fault::says_twice},
        {"claims twice", signed_raw(plain_header, R"({"exp":1,"sub":"a","exp":1900000000})"),
         token_fault::says_twice},
        {"claims twice, with an escape",
         signed_raw(plain_header, R"({"exp":1900000000,"sub":"a:","s\u0075b":"b"})"),
         token_fault::says_twice},
        {"claims twice inside", signed_raw(plain_header, R"({"exp":1900000000,"a":[{"b":1,"b":2}]})"),
         token_fault::says_twice},
        {"too many claims", with_claims(many), token_fault::too_large},
        {"no exp", without("exp"), token_fault::no_expiry},
        {"exp a text", with_claim("exp", "1900000000"), token_fault::bad_claim},
        {"exp null", with_claim("exp", nullptr), token_fault::bad_claim},
        {"exp beyond all", with_claim("exp", 1e300), token_fault::bad_claim},
        {"exp below all", with_claim("exp", -1e300), token_fault::bad_claim},
        {"expired", with_claim("exp", 1'799'999'970), token_fault::expired},
        {"expired by a fraction", with_claim("exp", 1'799'999'969.9), token_fault::expired},
        {"too early", with_claim("nbf", 1'800'000'031), token_fault::not_yet_valid},
        {"nbf a text", with_claim("nbf", "now"), token_fault::bad_claim},
        {"of the future", with_claim("iat", 1'800'000'031), token_fault::from_the_future},
        {"iat a list", with_claim("iat", json::array()), token_fault::bad_claim},
        {"wrong issuer", with_claim("iss", "https://issuer.example.evil"), token_fault::wrong_issuer},
        {"no issuer", without("iss"), token_fault::wrong_issuer},
        {"issuer a list", with_claim("iss", json::array{"https://issuer.example"}), token_fault::bad_claim},
        {"wrong audience", with_claim("aud", "other"), token_fault::wrong_audience},
        {"no audience", without("aud"), token_fault::wrong_audience},
        {"no audience in a list", with_claim("aud", json::array()), token_fault::wrong_audience},
        {"audience a part", with_claim("aud", "rtai2"), token_fault::wrong_audience},
        {"audience of numbers", with_claim("aud", json::array{"rtai", 7}), token_fault::bad_claim},
        {"audience an object", with_claim("aud", json::object()), token_fault::bad_claim},
        {"subject a number", with_claim("sub", 7), token_fault::bad_claim},
    };
    for (const auto& row : table) {
        const auto read = check(row.token, row.algorithm);
        INFO(row.name << ": " << (read.ok() ? "taken" : read.error().message()));
        REQUIRE_FALSE(read.ok());
        REQUIRE(read.error().code == row.wrong);
        for (const auto* secret : {"alice", "root", "eyJ"})
            REQUIRE(read.error().message().find(secret) == std::string::npos);
    }
}

TEST_CASE("each letter of a token matters", "[jwt]") {
    const auto good = with_claims(good_claims());
    REQUIRE(check(good).ok());
    for (std::size_t i = 0; i < good.size(); ++i)
        for (const char c : {'A', 'b', '_', '.', '=', '\0'}) {
            if (good[i] == c) continue;
            auto bent = good;
            bent[i] = c;
            REQUIRE_FALSE(check(bent).ok());
        }
}

TEST_CASE("times are taken up to the leeway, and limits up to the limit", "[jwt]") {
    REQUIRE(check(with_claim("exp", 1'799'999'971)).ok());
    REQUIRE(check(with_claim("nbf", 1'800'000'030)).ok());
    REQUIRE(check(with_claim("iat", 1'800'000'030)).ok());
    REQUIRE(check(with_claim("exp", 1'800'000'000.5)).ok());
    auto rules = rules_for(signature::HS256);
    rules.leeway = 0s;
    const auto with_leeway_0 = [&](const std::string& token) {
        return verify_jwt(token, rules, all_keys(), noon);
    };
    REQUIRE_FALSE(with_leeway_0(with_claim("exp", 1'800'000'000)).ok());
    REQUIRE(with_leeway_0(with_claim("exp", 1'800'000'001)).ok());
    const auto good = with_claims(good_claims());
    rules.most_bytes = good.size();
    rules.most_claims = good_claims().size();
    REQUIRE(with_leeway_0(good).ok());
    rules.most_bytes = good.size() - 1;
    REQUIRE(with_leeway_0(good).error().code == token_fault::too_large);
    rules.most_bytes = good.size();
    --rules.most_claims;
    REQUIRE(with_leeway_0(good).error().code == token_fault::too_large);
}

TEST_CASE("issuer and audience matter only when they are configured", "[jwt]") {
    const jwt_rules any;
    for (const auto* name : {"aud", "iss", "sub", "iat"})
        REQUIRE(verify_jwt(without(name), any, all_keys(), noon).ok());
    REQUIRE(check(with_claim("aud", json::array{"other", "rtai"})).ok());
    for (const auto* type : {"jwt", "at+jwt", "application/at+JWT"})
        REQUIRE(check(signed_raw(R"({"alg":"HS256","typ":")" + std::string(type) + "\"}",
                                 json::serialize(good_claims())))
                    .ok());
}

TEST_CASE("a token that names its key is verified by that key only", "[jwt]") {
    const key other = *key::of_secret(secret(std::string(32, 'o')), "b");
    const std::vector<key> keys{shared_key("a"), other};
    const auto rules = rules_for(signature::HS256);
    const auto read = verify_jwt(*sign_jwt(good_claims(), other), rules, keys, noon);
    REQUIRE(read.ok());
    REQUIRE(read->key_id == "b");
    const auto of_b_signed_by_a = *sign_jwt(good_claims(), shared_key("b"));
    REQUIRE(verify_jwt(of_b_signed_by_a, rules, keys, noon).error().code == token_fault::forged);
    REQUIRE(verify_jwt(*sign_jwt(good_claims(), shared_key("c")), rules, keys, noon).error().code ==
            token_fault::unknown_key);
    REQUIRE(verify_jwt(*sign_jwt(good_claims(), shared_key()), rules, keys, noon).ok());
    REQUIRE(verify_jwt(*sign_jwt(good_claims(), shared_key()), rules, {}, noon).error().code ==
            token_fault::unknown_key);
}

TEST_CASE("the tokens of RFC 7515, appendix A, are good ones", "[jwt]") {
    const auto keys = read_jwks(R"({"keys":[
        {"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"},
        {"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"},
        {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})");
    INFO((keys.ok() ? "" : keys.error().message()));
    REQUIRE(keys.ok());
    REQUIRE(keys->size() == 3);
    const std::string payload =
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
    const std::pair<signature, std::string> tokens[] = {
        {signature::HS256, "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" + payload +
                               "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
        {signature::RS256,
         "eyJhbGciOiJSUzI1NiJ9" + payload +
             "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5juj"
             "Gbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
             "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7"
             "K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
             "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6"
             "LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
        {signature::ES256,
         "eyJhbGciOiJFUzI1NiJ9" + payload +
             "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"}};
    for (const auto& [algorithm, token] : tokens) {
        jwt_rules rules;
        rules.algorithm = algorithm;
        const auto read = verify_jwt(token, rules, *keys, calendar_time(1'300'819'000s));
        INFO(name_of(algorithm) << " " << (read.ok() ? "" : read.error().message()));
        REQUIRE(read.ok());
        REQUIRE(read->issuer == "joe");
        REQUIRE(read->all.at("http://example.com/is_root") == true);
        REQUIRE(verify_jwt(token, rules, *keys, noon).error().code == token_fault::expired);
    }
}

TEST_CASE("tokens go to PyJWT and come from it", "[jwt]") {
    const auto python = [](const std::string& arguments) {
        return std::system(("/usr/bin/python3 " + arguments).c_str());
    };
    if (python("-c 'import jwt, cryptography' 2>/dev/null") != 0) {
        WARN("skipped: /usr/bin/python3 has no PyJWT (Debian: python3-jwt, python3-cryptography)");
        return;
    }
    const auto room = std::filesystem::temp_directory_path() / ("rtai_pyjwt_" + std::to_string(::getpid()));
    std::filesystem::create_directories(room);
    const auto at = [&](const char* name) { return (room / name).string(); };
    const auto put = [&](const char* name, std::string_view text) { std::ofstream(room / name) << text; };
    const auto take = [&](const char* name) {
        std::ifstream file(room / name);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    const struct {
        const char* algorithm;
        key ours;
        std::string signs, verifies;
        signature which;
    } rows[] = {{"HS256", shared_key(), shared_text, shared_text, signature::HS256},
                {"RS256", rsa_pair().both, rsa_pair().pem, rsa_pair().public_pem, signature::RS256},
                {"ES256", point_pair().both, point_pair().pem, point_pair().public_pem, signature::ES256}};
    for (const auto& row : rows) {
        put("signs", row.signs);
        put("verifies", row.verifies);
        put("ours", *sign_jwt(good_claims(), row.ours));
        put("peer.py", R"(import jwt, sys
room, algorithm = sys.argv[1:]
read = lambda name: open(f"{room}/{name}").read()
said = jwt.decode(read("ours"), read("verifies"), algorithms=[algorithm], audience="rtai",
                  options={"verify_exp": False, "verify_iat": False})
assert said["sub"] == "alice", said
theirs = jwt.encode({**said, "sub": "bob"}, read("signs"), algorithm=algorithm, headers={"kid": "theirs"})
open(f"{room}/theirs", "w").write(theirs)
)");
        INFO(row.algorithm);
        REQUIRE(python("'" + at("peer.py") + "' '" + room.string() + "' " + row.algorithm) == 0);
        const auto read = check(take("theirs"), row.which);
        INFO((read.ok() ? "" : read.error().message()));
        REQUIRE(read.ok());
        REQUIRE(read->subject == "bob");
        REQUIRE(read->key_id == "theirs");
    }
    std::filesystem::remove_all(room);
}

TEST_CASE("a token's limits are those of the options", "[jwt]") {
    jwt_options o;
    const jwt_rules usual(o);
    REQUIRE(usual.leeway == jwt_rules().leeway);
    REQUIRE(usual.most_bytes == jwt_rules().most_bytes);
    REQUIRE(usual.most_claims == jwt_rules().most_claims);
    o.leeway = 1500ms;
    o.largest = byte_size(100);
    o.claims = 3;
    const jwt_rules mine(o);
    REQUIRE(mine.leeway == 1500ms);
    REQUIRE(mine.most_bytes == 100);
    REQUIRE(mine.most_claims == 3);
}
