#include <catch2/catch.hpp>
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

std::string set_of(std::initializer_list<std::string> keys) {
    std::string all;
    for (const auto& k : keys) all += (all.empty() ? "{" : ",{") + k + "}";
    return R"({"keys":[)" + all + "]}";
}

std::string why(const std::string& text) {
    const auto read = read_jwks(text);
    return read.ok() ? std::to_string(read->size()) + " keys" : read.error().text;
}

bool says(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

struct scratch_file {
    scratch_file()
        : path(std::filesystem::temp_directory_path() / ("rtai_jwks_" + std::to_string(::getpid()))) {}
    scratch_file(const scratch_file&) = delete;
    scratch_file& operator=(const scratch_file&) = delete;
    ~scratch_file() { std::filesystem::remove(path); }
    void put(const std::string& text) const { std::ofstream(path, std::ios::binary) << text; }
    std::filesystem::path path;
};

const time_point start{1h};

}  // namespace

TEST_CASE("a set has the keys that verify, and passes over others", "[jwks]") {
    const auto& rsa = rsa_pair().jwk;
    const auto shared = R"("kty":"oct","k":")" + auth::detail::to_base64url(shared_text) + '"';
    REQUIRE(why(set_of({rsa, point_pair().jwk, shared})) == "3 keys");
    REQUIRE(why(set_of({})) == "0 keys");
    REQUIRE(why(set_of({rsa + R"(,"use":"sig","alg":"RS256","kid":"1")"})) == "1 keys");
    REQUIRE(why(set_of({rsa + R"(,"key_ops":["verify"])"})) == "1 keys");
    for (const auto* more :
         {R"(,"use":"enc")", R"(,"alg":"RS512")", R"(,"alg":"HS256")", R"(,"key_ops":["sign"])"})
        REQUIRE(why(set_of({rsa + more})) == "0 keys");
    REQUIRE(why(set_of({R"("kty":"OKP","crv":"Ed25519","x":"AA")"})) == "0 keys");
    REQUIRE(why(set_of({R"("kty":"EC","crv":"P-384","x":"AA","y":"AA")"})) == "0 keys");
}

TEST_CASE("a bad set is refused, and told where and why", "[jwks]") {
    REQUIRE(says(why("hello"), "no JSON at line 1"));
    REQUIRE(says(why("[]"), "a list 'keys'"));
    REQUIRE(says(why(R"({"keys":{}})"), "a list 'keys'"));
    REQUIRE(says(why(R"({"keys":[],"keys":[]})"), "stands twice"));
    REQUIRE(why(R"({"keys":[7]})") == "keys[0]: it is no object");
    REQUIRE(why(R"({"keys":[{}]})") == "keys[0]: it has no 'kty'");
    REQUIRE(
        says(why(set_of({rsa_pair().jwk, R"("kty":"RSA","n":"AQAB")"})), "keys[1]: its numbers are missing"));
    REQUIRE(says(why(set_of({R"("kty":"RSA","e":"AQAB","n":"AQ==")"})), "not in base64url"));
    REQUIRE(says(why(set_of({make_rsa(1024).jwk})), "keys[0]: its RSA modulus has 1024 bits"));
    REQUIRE(says(why(set_of({R"("kty":"oct","k":"c2hvcnQ")"})), "has 5 bytes"));
    auto twisted = point_pair().jwk;
    const auto y = twisted.find(R"("y":")") + 5;
    twisted[y] = twisted[y] == 'A' ? 'B' : 'A';
    REQUIRE(says(why(set_of({twisted})), "keys[0]: "));
    std::string many = R"({"keys":[{"kty":"a"})";
    for (int i = 1; i < 100; ++i) many += R"(,{"kty":"a"})";
    REQUIRE(why(many + "]}") == "0 keys");
    REQUIRE(says(why(many + R"(,{"kty":"a"}]})"), "more than 100"));
}

TEST_CASE("keys rotate while the program runs, and a bad file leaves the old ones", "[jwks]") {
    const scratch_file file;
    const auto first = make_point("first"), second = make_point("second");
    const auto jwk = [](const key_pair& k, const char* id) { return k.jwk + R"(,"kid":")" + id + '"'; };
    file.put(set_of({jwk(first, "first")}));
    std::vector<std::string> told;
    key_file keys(file.path, signature::ES256, [&](const std::string& words) { told.push_back(words); });
    const auto ids = [&](time_point now) {
        std::string all;
        for (const auto& k : *keys.current(now)) all += k.id() + " ";
        return all;
    };
    REQUIRE(ids(start) == "first ");

    file.put(set_of({jwk(first, "first"), jwk(second, "second")}));
    REQUIRE(ids(start + 999ms) == "first ");  // it is looked at once in a second
    REQUIRE(ids(start + 1s) == "first second ");

    file.put(set_of({jwk(second, "second")}).substr(0, 40));  // half written
    REQUIRE(ids(start + 2s) == "first second ");
    REQUIRE(ids(start + 3s) == "first second ");
    REQUIRE(told.size() == 1);
    REQUIRE(says(told[0], file.path.string()));
    REQUIRE(says(told[0], "the keys read before stay in use"));

    file.put(set_of({jwk(second, "second")}));
    REQUIRE(ids(start + 4s) == "second ");
    REQUIRE(told.size() == 2);
    REQUIRE(says(told[1], "good again"));

    std::filesystem::remove(file.path);
    REQUIRE(ids(start + 5s) == "second ");
    REQUIRE(told.size() == 3);

    file.put(set_of({rsa_pair().jwk}));  // good, but with nothing for ES256
    REQUIRE(ids(start + 6s) == "second ");
    REQUIRE(says(told.back(), "has no key for ES256"));

    file.put(std::string(key_file::most_bytes + 1, ' '));
    REQUIRE(ids(start + 7s) == "second ");
    REQUIRE(says(told.back(), "more than 1 MiB"));
}

TEST_CASE("a file that is bad from the beginning is an error of configuration", "[jwks]") {
    const scratch_file file;
    REQUIRE_THROWS_WITH(key_file("/nowhere/keys.json", signature::RS256),
                        Catch::Contains("/nowhere/keys.json: can not be read"));
    file.put("{}");
    REQUIRE_THROWS_WITH(key_file(file.path, signature::RS256), Catch::Contains("a list 'keys'"));
}
