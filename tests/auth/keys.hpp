#pragma once

#include <chrono>
#include <openssl/pem.h>
#include <rtai/auth/detail/base64url.hpp>
#include <rtai/auth/key.hpp>
#include <rtai/data/json.hpp>
#include <string>

// Keys of the tests, made when they are first asked for.

namespace rtai::test {

struct key_pair {
    auth::key both;
    std::string pem;
    std::string public_pem;
    std::string jwk;  ///< without the braces, so that a test can say more
};

inline std::string pem_of(EVP_PKEY* k, bool is_private) {
    const auth::detail::owned<BIO> out(BIO_new(BIO_s_mem()));
    if (is_private) PEM_write_bio_PrivateKey(out.get(), k, nullptr, nullptr, 0, nullptr, nullptr);
    else PEM_write_bio_PUBKEY(out.get(), k);
    char* text = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &text);
    return std::string(text, static_cast<std::size_t>(size));
}

inline std::string number_in(EVP_PKEY* k, const char* name, int bytes = 0) {
    BIGNUM* n = nullptr;
    EVP_PKEY_get_bn_param(k, name, &n);
    const auth::detail::owned<BIGNUM> number(n);
    if (bytes == 0) bytes = BN_num_bytes(n);
    std::string text(static_cast<std::size_t>(bytes), '\0');
    BN_bn2binpad(n, auth::detail::bytes_of(text), bytes);
    return auth::detail::to_base64url(text);
}

inline key_pair make_rsa(std::size_t bits = 2048, std::string id = {}) {
    auto* k = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits);
    const auto pem = pem_of(k, true), public_pem = pem_of(k, false);
    const auto jwk = R"("kty":"RSA","n":")" + number_in(k, "n") + R"(","e":")" + number_in(k, "e") + '"';
    EVP_PKEY_free(k);
    auto made = auth::key::of_pem(auth::signature::RS256, pem, std::move(id));
    return {made ? std::move(*made) : *auth::key::of_secret(secret(std::string(32, '-'))), pem, public_pem,
            jwk};
}

inline key_pair make_point(std::string id = {}, const char* curve = "P-256") {
    auto* k = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve);
    const auto pem = pem_of(k, true), public_pem = pem_of(k, false);
    const auto jwk = R"("kty":"EC","crv":"P-256","x":")" + number_in(k, "qx", 32) + R"(","y":")" +
                     number_in(k, "qy", 32) + '"';
    EVP_PKEY_free(k);
    auto made = auth::key::of_pem(auth::signature::ES256, pem, std::move(id));
    return {made ? std::move(*made) : *auth::key::of_secret(secret(std::string(32, '-'))), pem, public_pem,
            jwk};
}

inline const key_pair& rsa_pair() {
    static const auto pair = make_rsa();
    return pair;
}
inline const key_pair& point_pair() {
    static const auto pair = make_point();
    return pair;
}

inline const std::string shared_text = "0123456789abcdef0123456789abcdef";
inline auth::key shared_key(std::string id = {}) {
    return *auth::key::of_secret(secret(shared_text), std::move(id));
}

/// The time of all these tests.
inline constexpr std::chrono::sys_seconds noon{std::chrono::seconds(1'800'000'000)};

inline json::object good_claims() {
    return {{"sub", "alice"},
            {"iss", "https://issuer.example"},
            {"aud", "rtai"},
            {"iat", 1'800'000'000},
            {"exp", 1'800'000'600}};
}

}  // namespace rtai::test
