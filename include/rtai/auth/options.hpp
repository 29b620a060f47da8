#pragma once

#include <boost/describe/enum.hpp>
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
    RTAI_DESCRIBE(jwt_options, algorithm, key, keys, audience, issuer)
    static void notes(rtai::notes<jwt_options>& about) {
        about(&jwt_options::key, "of HS256");
        about(&jwt_options::keys, "JWKS file of RS256 and ES256, read again when it changes");
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
    RTAI_DESCRIBE(limit_options, sessions_per_client, requests)
    static void notes(rtai::notes<limit_options>& about) {
        about(&limit_options::sessions_per_client, "by key, token or address", range(1, 1'000'000));
        about(&limit_options::requests, "of one client");
    }
};

}  // namespace rtai::auth
