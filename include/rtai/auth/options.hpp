#pragma once

#include <boost/describe/enum.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <rtai/data/describe.hpp>
#include <rtai/data/schema.hpp>
#include <rtai/data/secret.hpp>
#include <rtai/data/units.hpp>
#include <string>
#include <vector>

// Who may connect, and how much of it, as a spec says it.

namespace rtai::auth {

enum class signature { HS256, RS256, ES256 };  // NOLINT(readability-identifier-naming): the field's own names
BOOST_DESCRIBE_ENUM(signature, HS256, RS256, ES256)

struct jwt_options {
    signature algorithm = signature::HS256;
    secret key;
    std::filesystem::path keys;
    std::string audience;
    std::string issuer;
    std::chrono::milliseconds leeway{30'000};
    byte_size largest{8 << 10};
    std::uint32_t claims = 64;
    RTAI_DESCRIBE(jwt_options, algorithm, key, keys, audience, issuer, leeway, largest, claims)
    static void notes(rtai::notes<jwt_options>& about) {
        about(&jwt_options::key, "of HS256");
        about(&jwt_options::keys, "JWKS file of RS256 and ES256, read again when it changes");
        about(&jwt_options::audience, "whom a token must be for; empty: anybody");
        about(&jwt_options::issuer, "who must have made it; empty: anybody");
        about(&jwt_options::leeway, "how far the clocks of who made a token and of this machine may differ",
              range(0, 3'600'000));
        about(&jwt_options::largest, "the largest token", range(256, 64 << 10));
        about(&jwt_options::claims, "the most claims of a token", range(1, 1000));
    }
};

struct auth_options {
    std::optional<jwt_options> jwt;
    std::vector<secret> api_keys;
    RTAI_DESCRIBE(auth_options, jwt, api_keys)
};

struct limit_options {
    std::uint32_t sessions_per_client = 10;
    hertz requests{20};
    hertz failed_logins{20};
    RTAI_DESCRIBE(limit_options, sessions_per_client, requests, failed_logins)
    static void notes(rtai::notes<limit_options>& about) {
        about(&limit_options::sessions_per_client, "by key, token or address", range(1, 1'000'000));
        about(&limit_options::requests, "of one client; 0Hz: any number");
        about(&limit_options::failed_logins,
              "from one address; then nobody there may log in for a while; 0Hz: any number");
    }
};

}  // namespace rtai::auth
