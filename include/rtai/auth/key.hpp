#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <optional>
#include <rtai/auth/options.hpp>
#include <rtai/core/result.hpp>
#include <string>
#include <string_view>
#include <utility>

// A key that signs or verifies, on OpenSSL. Link with crypto.

namespace rtai::auth {
namespace detail {

struct openssl_delete {
    void operator()(BIO* p) const noexcept { BIO_free_all(p); }
    void operator()(BIGNUM* p) const noexcept { BN_free(p); }
    void operator()(ECDSA_SIG* p) const noexcept { ECDSA_SIG_free(p); }
    void operator()(EVP_MD_CTX* p) const noexcept { EVP_MD_CTX_free(p); }
    void operator()(EVP_PKEY_CTX* p) const noexcept { EVP_PKEY_CTX_free(p); }
    void operator()(OSSL_PARAM* p) const noexcept { OSSL_PARAM_free(p); }
    void operator()(OSSL_PARAM_BLD* p) const noexcept { OSSL_PARAM_BLD_free(p); }
};
template <class T>
using owned = std::unique_ptr<T, openssl_delete>;

/// OpenSSL tells errors by a queue of the thread, where TLS would find them later and take them for its own.
struct no_errors_left {
    no_errors_left() = default;
    no_errors_left(const no_errors_left&) = delete;
    no_errors_left& operator=(const no_errors_left&) = delete;
    ~no_errors_left() { ERR_clear_error(); }
};

inline const unsigned char* bytes_of(std::string_view s) noexcept {
    return reinterpret_cast<const unsigned char*>(s.data());
}
inline unsigned char* bytes_of(std::string& s) noexcept { return reinterpret_cast<unsigned char*>(s.data()); }

inline owned<BIGNUM> number_of(std::string_view bytes) {
    return owned<BIGNUM>(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

inline std::string sha256(std::string_view text) {
    std::string hash(32, '\0');
    EVP_Digest(text.data(), text.size(), bytes_of(hash), nullptr, EVP_sha256(), nullptr);
    return hash;
}

inline bool same_bytes(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace detail

/// One key of one algorithm: it is used for no other, whatever a token says.
class key {
public:
    static constexpr std::size_t least_shared_bytes = 32;  // RFC 7518 3.2
    static constexpr int least_rsa_bits = 2048, most_rsa_bits = 8192;

    /// For HS256.
    static result<key> of_secret(const secret& s, std::string id = {}) {
        if (s.reveal().size() < least_shared_bytes)
            return unfit("a key of HS256 has " + std::to_string(s.reveal().size()) +
                         " bytes, and needs at least 32; 'openssl rand -hex 32' makes one");
        key made(signature::HS256, std::move(id));
        made.shared_ = s;
        return made;
    }

    /// A public key, or a private one that signs, as PEM.
    static result<key> of_pem(signature algorithm, std::string_view pem, std::string id = {}) {
        const detail::no_errors_left tidy;
        if (algorithm == signature::HS256) return unfit("HS256 takes a secret, and no PEM file");
        // Without this OpenSSL would ask for a password on the terminal.
        const auto no_password = [](char*, int, int, void*) { return -1; };
        const auto open = [&] {
            return detail::owned<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
        };
        auto* found = PEM_read_bio_PrivateKey(open().get(), nullptr, no_password, nullptr);
        const bool is_private = found != nullptr;
        if (!is_private) found = PEM_read_bio_PUBKEY(open().get(), nullptr, no_password, nullptr);
        if (found == nullptr) return unfit("this is no PEM text of a key without a password");
        auto made = holding(algorithm, found, std::move(id));
        if (made) made->signs_ = is_private;
        return made;
    }

    /// The public key of RS256 from its numbers, big end first.
    static result<key> of_rsa(std::string_view modulus, std::string_view exponent, std::string id = {}) {
        const detail::no_errors_left tidy;
        if (exponent.size() > 8 || modulus.size() > most_rsa_bits / 8 + 1)
            return unfit("its RSA numbers are larger than 8192 bits, or the exponent than 64");
        const auto n = detail::number_of(modulus), e = detail::number_of(exponent);
        const detail::owned<OSSL_PARAM_BLD> parts(OSSL_PARAM_BLD_new());
        OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
        OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
        // Such an exponent would let anyone sign.
        if (!BN_is_odd(n.get()) || !BN_is_odd(e.get()) || BN_is_one(e.get()))
            return unfit("its RSA numbers are those of no key");
        return made_of("RSA", parts.get(), signature::RS256, std::move(id));
    }

    /// The public key of ES256 from its point on the curve P-256.
    static result<key> of_point(std::string_view x, std::string_view y, std::string id = {}) {
        const detail::no_errors_left tidy;
        if (x.size() != 32 || y.size() != 32) return unfit("x and y of P-256 have 32 bytes each");
        const auto point = "\x04" + std::string(x) + std::string(y);
        const detail::owned<OSSL_PARAM_BLD> parts(OSSL_PARAM_BLD_new());
        OSSL_PARAM_BLD_push_utf8_string(parts.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
        OSSL_PARAM_BLD_push_octet_string(parts.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
        return made_of("EC", parts.get(), signature::ES256, std::move(id));
    }

    signature algorithm() const noexcept { return algorithm_; }
    const std::string& id() const noexcept { return id_; }
    bool signs() const noexcept { return algorithm_ == signature::HS256 || signs_; }

    bool verify(std::string_view message, std::string_view signed_with) const {
        const detail::no_errors_left tidy;
        if (algorithm_ == signature::HS256) return detail::same_bytes(hmac(message), signed_with);
        std::string sequence;
        if (algorithm_ == signature::ES256) {
            auto der = to_sequence(signed_with);
            if (!der) return false;
            sequence = std::move(*der);
            signed_with = sequence;
        }
        const detail::owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
        return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, pair_.get()) == 1 &&
               EVP_DigestVerify(context.get(), detail::bytes_of(signed_with), signed_with.size(),
                                detail::bytes_of(message), message.size()) == 1;
    }

    result<std::string> sign(std::string_view message) const {
        const detail::no_errors_left tidy;
        if (algorithm_ == signature::HS256) return hmac(message);
        if (!signs_) return error(std::errc::operation_not_permitted, "a public key signs nothing");
        const detail::owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
        std::size_t size = 0;
        std::string made;
        const bool begun =
            EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, pair_.get()) == 1 &&
            EVP_DigestSign(context.get(), nullptr, &size, detail::bytes_of(message), message.size()) == 1;
        made.resize(size);
        if (!begun || EVP_DigestSign(context.get(), detail::bytes_of(made), &size, detail::bytes_of(message),
                                     message.size()) != 1)
            return error(std::errc::io_error, "OpenSSL did not sign");
        made.resize(size);
        if (algorithm_ == signature::ES256) return to_pair(made);
        return made;
    }

private:
    key(signature a, std::string id) : algorithm_(a), id_(std::move(id)) {}

    static error unfit(std::string why) { return {std::errc::invalid_argument, std::move(why)}; }

    static result<key> made_of(const char* kind, OSSL_PARAM_BLD* parts, signature algorithm, std::string id) {
        const detail::owned<OSSL_PARAM> all(OSSL_PARAM_BLD_to_param(parts));
        const detail::owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
        EVP_PKEY* made = nullptr;
        if (all == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
            EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, all.get()) != 1)
            return unfit(std::string("its numbers are those of no ") + kind + " key");
        return holding(algorithm, made, std::move(id));
    }

    /// Takes the key, and looks whether it is one of that algorithm.
    static result<key> holding(signature algorithm, EVP_PKEY* taken, std::string id) {
        key made(algorithm, std::move(id));
        made.pair_ = std::shared_ptr<EVP_PKEY>(taken, EVP_PKEY_free);
        if (algorithm == signature::RS256) {
            if (EVP_PKEY_is_a(taken, "RSA") != 1) return unfit("RS256 needs an RSA key");
            const int bits = EVP_PKEY_get_bits(taken);
            if (bits < least_rsa_bits || bits > most_rsa_bits)
                return unfit("its RSA modulus has " + std::to_string(bits) + " bits; 2048 to 8192 are taken");
            return made;
        }
        char group[32] = "";
        if (EVP_PKEY_is_a(taken, "EC") != 1 ||
            EVP_PKEY_get_group_name(taken, group, sizeof group, nullptr) != 1 ||
            std::string_view(group) != "prime256v1")
            return unfit("ES256 needs a key on the curve P-256");
        const detail::owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, taken, nullptr));
        if (EVP_PKEY_public_check(context.get()) != 1) return unfit("its point is not on the curve P-256");
        return made;
    }

    std::string hmac(std::string_view message) const {
        std::string made(32, '\0');
        const auto& secret = shared_.reveal();
        HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), detail::bytes_of(message),
             message.size(), detail::bytes_of(made), nullptr);
        return made;
    }

    // JWS has r and s of ECDSA side by side, OpenSSL in a DER sequence.

    static std::optional<std::string> to_sequence(std::string_view pair) {
        if (pair.size() != 64) return std::nullopt;
        const detail::owned<ECDSA_SIG> made(ECDSA_SIG_new());
        ECDSA_SIG_set0(made.get(), detail::number_of(pair.substr(0, 32)).release(),
                       detail::number_of(pair.substr(32)).release());
        unsigned char* end = nullptr;
        const int size = i2d_ECDSA_SIG(made.get(), &end);
        if (size <= 0) return std::nullopt;
        std::string der(reinterpret_cast<const char*>(end), static_cast<std::size_t>(size));
        OPENSSL_free(end);
        return der;
    }

    static result<std::string> to_pair(std::string_view der) {
        const auto* at = detail::bytes_of(der);
        const detail::owned<ECDSA_SIG> read(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
        std::string pair(64, '\0');
        if (read == nullptr || BN_bn2binpad(ECDSA_SIG_get0_r(read.get()), detail::bytes_of(pair), 32) != 32 ||
            BN_bn2binpad(ECDSA_SIG_get0_s(read.get()), detail::bytes_of(pair) + 32, 32) != 32)
            return error(std::errc::io_error, "OpenSSL did not sign");
        return pair;
    }

    signature algorithm_;
    std::string id_;
    secret shared_;
    std::shared_ptr<EVP_PKEY> pair_;
    bool signs_ = false;
};

}  // namespace rtai::auth
