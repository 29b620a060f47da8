#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <rtai/auth/detail/base64url.hpp>
#include <rtai/auth/detail/strict_json.hpp>
#include <rtai/auth/key.hpp>
#include <rtai/auth/options.hpp>
#include <rtai/core/result.hpp>
#include <rtai/data/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// JSON Web Tokens as RFC 7515 and 7519 have them, signed and compact, and as strict as RFC 8725 advises.

namespace rtai::auth {

/// Why a token is refused. The words are for a person, and have nothing of the token in them.
enum class token_fault : std::uint8_t {
    malformed = 1,
    too_large,
    says_twice,
    wrong_algorithm,
    unknown_demand,
    unknown_key,
    forged,
    bad_claim,
    no_expiry,
    expired,
    not_yet_valid,
    from_the_future,
    wrong_issuer,
    wrong_audience,
};

inline const std::error_category& token_faults() noexcept {
    class category final : public std::error_category {
    public:
        const char* name() const noexcept override { return "token"; }
        std::string message(int value) const override {
            switch (static_cast<token_fault>(value)) {
                case token_fault::malformed:
                    return "the token is no signed JWT";
                case token_fault::too_large:
                    return "the token is larger than is taken here";
                case token_fault::says_twice:
                    return "the token says something twice";
                case token_fault::wrong_algorithm:
                    return "the token is signed by another algorithm than is taken here";
                case token_fault::unknown_demand:
                    return "the token demands what is not known here ('crit' or 'typ')";
                case token_fault::unknown_key:
                    return "the token is signed by a key that is not known here";
                case token_fault::forged:
                    return "the token's signature is wrong";
                case token_fault::bad_claim:
                    return "a claim of the token is of the wrong kind";
                case token_fault::no_expiry:
                    return "the token does not say when it expires ('exp')";
                case token_fault::expired:
                    return "the token has expired";
                case token_fault::not_yet_valid:
                    return "the token is not valid yet ('nbf')";
                case token_fault::from_the_future:
                    return "the token was made in the future ('iat'): a clock is wrong";
                case token_fault::wrong_issuer:
                    return "the token is of another issuer ('iss')";
                case token_fault::wrong_audience:
                    return "the token is for another audience ('aud')";
            }
            return "the token is refused";
        }
    };
    static const category all;
    return all;
}
inline std::error_code make_error_code(token_fault f) noexcept {
    return {static_cast<int>(f), token_faults()};
}

/// What time it is by the calendar, for what tokens say. Virtual time has none, so it is always given.
using calendar_time = std::chrono::sys_seconds;

/// What a token that is taken says.
struct claims {
    std::string subject;  ///< empty: it names none
    std::string issuer;
    std::vector<std::string> audience;
    calendar_time expires{};
    std::string key_id;
    json::object all;
};

/// What a token must be.
struct jwt_rules {
    jwt_rules() = default;
    explicit jwt_rules(const jwt_options& o)
        : algorithm(o.algorithm),
          audience(o.audience),
          issuer(o.issuer),
          leeway(o.leeway),
          most_bytes(o.largest.bytes),
          most_claims(o.claims) {}

    signature algorithm = signature::HS256;
    std::string audience;                      ///< empty: any
    std::string issuer;                        ///< empty: any
    std::chrono::milliseconds leeway{30'000};  ///< for clocks that differ
    std::size_t most_bytes = 8192;
    std::size_t most_claims = 64;
};

namespace detail {

struct token_parts {
    std::string_view signed_text, header, payload, signature;
};

inline std::optional<token_parts> split(std::string_view token) noexcept {
    const auto first = token.find('.');
    if (first == std::string_view::npos) return std::nullopt;
    const auto second = token.find('.', first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
        return std::nullopt;
    token_parts p;
    p.signed_text = token.substr(0, second);
    p.header = token.substr(0, first);
    p.payload = token.substr(first + 1, second - first - 1);
    p.signature = token.substr(second + 1);
    if (p.header.empty() || p.payload.empty() || p.signature.empty()) return std::nullopt;
    return p;
}

inline result<json::object> read_part(std::string_view part) {
    const auto text = from_base64url(part);
    if (!text) return error(make_error_code(token_fault::malformed));
    auto read = parse_json(*text, 16);
    if (!read || !read->is_object()) return error(make_error_code(token_fault::malformed));
    if (says_twice(*text, *read)) return error(make_error_code(token_fault::says_twice));
    return std::move(read->as_object());
}

inline error bad_claim(std::string_view name) {
    return {make_error_code(token_fault::bad_claim), "'" + std::string(name) + "'"};
}

/// The text under a name, empty if there is none. Nothing: it is no text.
inline std::optional<std::string> text_claim(const json::object& all, std::string_view name) {
    const auto* found = all.if_contains(name);
    if (found == nullptr) return std::string();
    const auto* text = found->if_string();
    return text == nullptr ? std::nullopt : std::optional(std::string(*text));
}

/// Seconds since 1970, fractions too.
inline result<std::optional<double>> time_claim(const json::object& all, std::string_view name) {
    const auto* found = all.if_contains(name);
    if (found == nullptr) return std::optional<double>();
    if (!found->is_number()) return bad_claim(name);
    const auto value = found->to_number<double>();
    if (!std::isfinite(value) || std::abs(value) > 1e11) return bad_claim(name);
    return std::optional(value);
}

inline result<> check_header(const json::object& header, const jwt_rules& rules, std::string& key_id) {
    const auto algorithm = text_claim(header, "alg");
    if (!algorithm || *algorithm != name_of(rules.algorithm))
        return error(make_error_code(token_fault::wrong_algorithm));
    if (header.contains("crit")) return error(make_error_code(token_fault::unknown_demand));
    auto type = text_claim(header, "typ");
    if (!type) return bad_claim("typ");
    for (char& c : *type) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (type->starts_with("application/")) type->erase(0, 12);
    if (!type->empty() && *type != "jwt" && *type != "at+jwt")
        return error(make_error_code(token_fault::unknown_demand));
    auto id = text_claim(header, "kid");
    if (!id) return bad_claim("kid");
    key_id = std::move(*id);
    return {};
}

inline result<std::vector<std::string>> audience_of(const json::object& all) {
    std::vector<std::string> audience;
    const auto* found = all.if_contains("aud");
    if (found == nullptr) return audience;
    if (const auto* one = found->if_string()) {
        audience.emplace_back(*one);
    } else if (const auto* several = found->if_array()) {
        for (const auto& each : *several) {
            if (!each.is_string()) return bad_claim("aud");
            audience.emplace_back(each.as_string());
        }
    } else {
        return bad_claim("aud");
    }
    return audience;
}

inline result<> check_times(const claims& c, const jwt_rules& rules, calendar_time now,
                            std::optional<double> expiry) {
    const auto at = static_cast<double>(now.time_since_epoch().count());
    const auto leeway = std::chrono::duration<double>(rules.leeway).count();
    const auto begins = time_claim(c.all, "nbf");
    if (!begins) return begins.error();
    const auto made = time_claim(c.all, "iat");
    if (!made) return made.error();
    if (!expiry) return error(make_error_code(token_fault::no_expiry));
    if (at >= *expiry + leeway) return error(make_error_code(token_fault::expired));
    if (*begins && at < **begins - leeway) return error(make_error_code(token_fault::not_yet_valid));
    if (*made && at < **made - leeway) return error(make_error_code(token_fault::from_the_future));
    return {};
}

inline result<claims> check_claims(json::object all, const jwt_rules& rules, calendar_time now) {
    if (all.size() > rules.most_claims) return error(make_error_code(token_fault::too_large));
    claims c;
    c.all = std::move(all);
    auto subject = text_claim(c.all, "sub"), issuer = text_claim(c.all, "iss");
    if (!subject) return bad_claim("sub");
    if (!issuer) return bad_claim("iss");
    c.subject = std::move(*subject);
    c.issuer = std::move(*issuer);
    auto audience = audience_of(c.all);
    if (!audience) return audience.error();
    c.audience = std::move(*audience);
    const auto expiry = time_claim(c.all, "exp");
    if (!expiry) return expiry.error();
    if (auto good = check_times(c, rules, now, *expiry); !good) return good.error();
    c.expires = calendar_time(std::chrono::seconds(static_cast<std::int64_t>(**expiry)));
    if (!rules.issuer.empty() && c.issuer != rules.issuer)
        return error(make_error_code(token_fault::wrong_issuer));
    if (!rules.audience.empty() &&
        std::find(c.audience.begin(), c.audience.end(), rules.audience) == c.audience.end())
        return error(make_error_code(token_fault::wrong_audience));
    return c;
}

}  // namespace detail

/// What the token says, if one of the keys has signed it and it keeps the rules. The algorithm is that of
/// the rules; what the token says of it only has to be the same. Claims are looked at when the signature is
/// known to be good, so that a forger learns nothing.
inline result<claims> verify_jwt(std::string_view token, const jwt_rules& rules, std::span<const key> keys,
                                 calendar_time now) {
    if (token.size() > rules.most_bytes) return error(make_error_code(token_fault::too_large));
    const auto parts = detail::split(token);
    if (!parts) return error(make_error_code(token_fault::malformed));
    const auto header = detail::read_part(parts->header);
    if (!header) return header.error();
    std::string key_id;
    if (auto good = detail::check_header(*header, rules, key_id); !good) return good.error();
    const auto signed_with = detail::from_base64url(parts->signature);
    if (!signed_with) return error(make_error_code(token_fault::malformed));

    bool known = false, good = false;
    for (const auto& k : keys) {
        if (k.algorithm() != rules.algorithm) continue;
        // A key without an id may be the one of any.
        if (!key_id.empty() && !k.id().empty() && k.id() != key_id) continue;
        known = true;
        good = k.verify(parts->signed_text, *signed_with);
        if (good) break;
    }
    if (!known) return error(make_error_code(token_fault::unknown_key));
    if (!good) return error(make_error_code(token_fault::forged));

    auto payload = detail::read_part(parts->payload);
    if (!payload) return payload.error();
    auto read = detail::check_claims(std::move(*payload), rules, now);
    if (read) read->key_id = std::move(key_id);
    return read;
}

/// A token, for tests and tools.
inline result<std::string> sign_jwt(const json::object& claims, const key& with) {
    json::object header{{"alg", name_of(with.algorithm())}, {"typ", "JWT"}};
    if (!with.id().empty()) header["kid"] = with.id();
    const auto text =
        detail::to_base64url(json::serialize(header)) + "." + detail::to_base64url(json::serialize(claims));
    const auto made = with.sign(text);
    if (!made) return made.error();
    return text + "." + detail::to_base64url(*made);
}

}  // namespace rtai::auth

template <>
struct std::is_error_code_enum<rtai::auth::token_fault> : std::true_type {};
