#include <catch2/catch.hpp>
#include <rtai/auth/detail/base64url.hpp>

#include "auth/keys.hpp"

using namespace rtai;
using namespace rtai::auth;
using namespace rtai::test;

TEST_CASE("bytes have one text in base64url, and no other is read", "[auth]") {
    using auth::detail::from_base64url;
    using auth::detail::to_base64url;
    for (const auto* text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"})
        REQUIRE(from_base64url(to_base64url(text)) == text);
    REQUIRE(to_base64url("\xFF\xFE\xFD") == "__79");
    REQUIRE(to_base64url("f") == "Zg");
    for (const auto* wrong : {"Zg==", "Zh", "Zm9", "Z", "Zm9v=", "Zm 9v", "Zm9v\n", "//79", "++79", "Zm9vY"})
        REQUIRE_FALSE(from_base64url(wrong));
    REQUIRE_FALSE(from_base64url(std::string_view("Zm9\0", 4)));
}

TEST_CASE("what a key signs it verifies, and nothing else does", "[auth]") {
    for (const auto& k : {shared_key(), rsa_pair().both, point_pair().both}) {
        REQUIRE(k.signs());
        auto made = k.sign("a text");
        REQUIRE(made.ok());
        REQUIRE(k.verify("a text", *made));
        REQUIRE_FALSE(k.verify("a test", *made));
        REQUIRE_FALSE(k.verify("a text", ""));
        REQUIRE_FALSE(k.verify("a text", made->substr(1)));
        REQUIRE_FALSE(k.verify("a text", *made + '\0'));
        for (std::size_t i = 0; i < made->size(); ++i) {
            auto bent = *made;
            bent[i] = static_cast<char>(bent[i] ^ 1);
            REQUIRE_FALSE(k.verify("a text", bent));
        }
        REQUIRE(ERR_peek_error() == 0);
    }
}

TEST_CASE("a signature of zeros verifies nothing", "[auth]") {
    REQUIRE_FALSE(point_pair().both.verify("a text", std::string(64, '\0')));
    REQUIRE_FALSE(rsa_pair().both.verify("a text", std::string(256, '\0')));
    REQUIRE_FALSE(shared_key().verify("a text", std::string(32, '\0')));
}

TEST_CASE("a public key verifies and does not sign", "[auth]") {
    const auto open = key::of_pem(signature::RS256, rsa_pair().public_pem);
    REQUIRE(open.ok());
    REQUIRE_FALSE(open->signs());
    REQUIRE_FALSE(open->sign("a text").ok());
    REQUIRE(open->verify("a text", *rsa_pair().both.sign("a text")));
}

TEST_CASE("a key that is weak or of another kind is refused, and told why", "[auth]") {
    const auto why = [](const result<key>& k) { return k.ok() ? std::string("taken") : k.error().text; };
    REQUIRE(why(key::of_secret(secret(std::string(31, 'x')))).find("has 31 bytes") != std::string::npos);
    REQUIRE(key::of_secret(secret(std::string(32, 'x'))).ok());
    REQUIRE(why(key::of_secret(secret())).find("needs at least 32") != std::string::npos);
    const auto weak = make_rsa(1024);
    REQUIRE(why(key::of_pem(signature::RS256, weak.pem)).find("1024 bits") != std::string::npos);
    REQUIRE(why(key::of_pem(signature::RS256, point_pair().pem)) == "RS256 needs an RSA key");
    REQUIRE(why(key::of_pem(signature::ES256, rsa_pair().pem)) == "ES256 needs a key on the curve P-256");
    REQUIRE(why(key::of_pem(signature::ES256, make_point({}, "P-384").pem)) ==
            "ES256 needs a key on the curve P-256");
    // The old trick: the public key of RS256 as the secret of HS256.
    REQUIRE_FALSE(key::of_pem(signature::HS256, rsa_pair().public_pem).ok());
    REQUIRE_FALSE(key::of_pem(signature::RS256, "nonsense").ok());
    REQUIRE_FALSE(key::of_point(std::string(32, '\1'), std::string(32, '\2')).ok());
    REQUIRE_FALSE(key::of_point(std::string(31, '\1'), std::string(32, '\2')).ok());
    const std::string n(256, '\xFF');
    REQUIRE(key::of_rsa(n, "\1\0\1").ok() == false);  // "\1": an exponent of one
    REQUIRE(key::of_rsa(n, std::string("\1\0\1", 3)).ok());
    REQUIRE_FALSE(key::of_rsa(n, std::string(9, '\xFF')).ok());
    REQUIRE_FALSE(key::of_rsa(n.substr(1), std::string("\1\0\1", 3)).ok());
    REQUIRE_FALSE(key::of_rsa(std::string(2000, '\xFF'), std::string("\1\0\1", 3)).ok());
    REQUIRE_FALSE(key::of_rsa("", "").ok());
    REQUIRE(ERR_peek_error() == 0);
}
