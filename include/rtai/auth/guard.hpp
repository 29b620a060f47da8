#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <rtai/auth/admission.hpp>
#include <rtai/auth/api_keys.hpp>
#include <rtai/auth/detail/address.hpp>
#include <rtai/auth/jwks.hpp>
#include <rtai/auth/jwt.hpp>
#include <rtai/auth/options.hpp>
#include <rtai/data/utf8.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtai::auth {

/// What a caller shows, of whatever protocol. What is not there is empty.
struct credentials {
    std::string_view authorization;  ///< the header "Authorization"
    std::string_view api_key;        ///< the header "X-API-Key"
    std::string_view query;          ///< what follows the '?' of the target, as it came
    std::string_view address;        ///< of the peer, with or without a port
};

namespace detail {

inline bool same_word(std::string_view a, std::string_view lower) noexcept {
    return a.size() == lower.size() && std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
               return (x >= 'A' && x <= 'Z' ? static_cast<char>(x + 32) : x) == y;
           });
}

/// What "Authorization: Bearer ..." shows; nothing for another scheme.
inline std::optional<std::string> bearer(std::string_view header) {
    const auto space = header.find(' ');
    if (!same_word(header.substr(0, space), "bearer")) return std::nullopt;
    if (space == std::string_view::npos) return std::string();
    header.remove_prefix(std::min(header.find_first_not_of(' ', space), header.size()));
    return std::string(header.substr(0, header.find_last_not_of(' ') + 1));
}

inline std::string percent_decoded(std::string_view text) {
    const auto figure = [](char c) {
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
    };
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && figure(text[i + 1]) >= 0 && figure(text[i + 2]) >= 0) {
            out += static_cast<char>(figure(text[i + 1]) * 16 + figure(text[i + 2]));
            i += 2;
        } else {
            out += text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

}  // namespace detail

/// The client that a peer is as long as nothing else is known of it: "address:10.0.0.7".
inline std::string client_of(std::string_view address) {
    return "address:" + detail::client_address(address);
}

/// Says who a caller is, or why it may not call: the one thing that HTTP, WebSocket and gRPC ask. A bearer
/// token, in the header or as `token` or `access_token` of the query, may be a JWT or an API key; X-API-Key
/// is the latter. Without any configuration everyone may, and is known by address.
class guard {
public:
    using clock = std::function<calendar_time()>;
    /// Why an identity may not call here; empty: it may.
    using permission = std::function<std::string(const identity&)>;

    /// Throws `std::invalid_argument` for keys that can not be used. `tell` hears later of a bad JWKS file.
    explicit guard(const auth_options& o, key_file::report tell = {}, clock calendar = system_calendar)
        : calendar_(std::move(calendar)), api_keys_(o.api_keys) {
        if (!o.jwt) return;
        rules_.emplace(*o.jwt);
        const bool shared = o.jwt->algorithm == signature::HS256;
        const bool has_key = !o.jwt->key.empty(), has_file = !o.jwt->keys.empty();
        if (has_key && !shared)
            throw std::invalid_argument("jwt.key is for HS256; " + std::string(name_of(o.jwt->algorithm)) +
                                        " takes the JWKS file of jwt.keys");
        if (has_key == has_file)
            throw std::invalid_argument(has_key ? "jwt has both key and keys: leave one out"
                                                : "jwt has no keys: set jwt.keys to a JWKS file" +
                                                      std::string(shared ? ", or jwt.key" : ""));
        if (has_file) {
            file_ = std::make_unique<key_file>(o.jwt->keys, o.jwt->algorithm, std::move(tell));
            return;
        }
        auto made = key::of_secret(o.jwt->key);
        if (!made) throw std::invalid_argument("jwt.key: " + made.error().text);
        key_.push_back(std::move(*made));
    }

    /// Asked about everyone who is known, for a program's own rules: what it says is told with a 403.
    void allow_if(permission p) { permission_ = std::move(p); }

    /// Whether callers must show anything.
    bool open() const noexcept { return !rules_ && api_keys_.empty(); }

    /// Whether somebody tries to be known at all.
    static bool shows(const credentials& c) {
        return !c.authorization.empty() || !c.api_key.empty() || !query_tokens(c.query).empty();
    }

    /// What is wrong with the JWKS file; empty: nothing, or there is none.
    std::string key_trouble(time_point now) const { return file_ ? file_->trouble(now) : std::string(); }

    /// `now` is the shard's time, for how often the key file is looked at.
    admission<identity> check(const credentials& shown, time_point now) const {
        auto who = identify(shown, now);
        if (!who || !permission_) return who;
        auto why = permission_(*who);
        if (why.empty()) return who;
        return refusal(403, std::move(why), challenge("insufficient_scope"));
    }

private:
    static calendar_time system_calendar() {
        return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    }

    admission<identity> identify(const credentials& shown, time_point now) const {
        identity who;
        if (open()) {
            who.client = client_of(shown.address);
            return who;
        }
        std::vector<std::string> tokens = query_tokens(shown.query);
        if (auto token = detail::bearer(shown.authorization)) tokens.push_back(std::move(*token));
        const auto several = tokens.size() + (shown.api_key.empty() ? 0 : 1);
        if (several > 1)
            return refusal(400, "more than one token or key was shown: show one",
                           challenge("invalid_request"));
        if (several == 0) return refusal(401, "a " + wanted() + " is needed", challenge({}));
        const bool is_key = tokens.empty();
        const auto token = is_key ? std::string(shown.api_key) : std::move(tokens.front());
        if (const auto found = api_keys_.find(token)) {
            who.by = identity::proof::api_key;
            who.client = "key:" + std::to_string(*found);
            return who;
        }
        if (is_key || !rules_) return refusal(401, "this key is not known", challenge("invalid_token"));
        return of_token(token, shown, now);
    }

    admission<identity> of_token(std::string_view token, const credentials& shown, time_point now) const {
        const auto held = file_ ? file_->current(now) : nullptr;
        auto read = verify_jwt(token, *rules_, held ? std::span(*held) : std::span(key_), calendar_());
        if (!read) return refusal(401, read.error().message(), challenge("invalid_token"));
        identity who;
        who.by = identity::proof::token;
        who.client = read->subject.empty() ? client_of(shown.address) : "user:" + short_name(read->subject);
        who.claims = std::move(*read);
        return who;
    }

    /// A subject may be of any length and have anything in it; what is cut away still makes a difference.
    static std::string short_name(const std::string& subject) {
        constexpr std::size_t most = 64;
        auto name = rtai::detail::printable(subject);
        if (name == subject && name.size() <= most && name.find('#') == std::string::npos) return name;
        static constexpr char figures[] = "0123456789abcdef";
        name = std::string(rtai::detail::first_characters(name.substr(0, most), most)) + "#";
        for (const char c : detail::sha256(subject).substr(0, 8)) {
            name += figures[static_cast<unsigned char>(c) >> 4U];
            name += figures[static_cast<unsigned char>(c) & 15U];
        }
        return name;
    }

    static std::vector<std::string> query_tokens(std::string_view query) {
        std::vector<std::string> found;
        if (query.starts_with('?')) query.remove_prefix(1);
        while (!query.empty()) {
            const auto field = query.substr(0, query.find('&'));
            query.remove_prefix(std::min(field.size() + 1, query.size()));
            const auto name = field.substr(0, field.find('='));
            if (name != "token" && name != "access_token") continue;
            found.push_back(detail::percent_decoded(field.substr(std::min(name.size() + 1, field.size()))));
        }
        return found;
    }

    std::string wanted() const {
        if (!rules_) return "key ('X-API-Key: ...')";
        return api_keys_.empty() ? "token ('Authorization: Bearer ...')"
                                 : "token ('Authorization: Bearer ...') or key ('X-API-Key: ...')";
    }

    static std::string challenge(std::string_view fault) {
        std::string text = "Bearer realm=\"rtai\"";
        if (!fault.empty()) ((text += ", error=\"") += fault) += '"';
        return text;
    }

    clock calendar_;
    permission permission_;
    api_keys api_keys_;
    std::optional<jwt_rules> rules_;
    std::vector<key> key_;
    std::unique_ptr<key_file> file_;
};

}  // namespace rtai::auth
