#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <rtai/auth/detail/base64url.hpp>
#include <rtai/auth/detail/strict_json.hpp>
#include <rtai/auth/key.hpp>
#include <rtai/core/clock.hpp>
#include <rtai/core/result.hpp>
#include <rtai/data/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <utility>
#include <vector>

namespace rtai::auth {
namespace detail {

inline constexpr std::size_t most_keys = 100;

inline bool is_for_verifying(const json::value& k) {
    const auto use = text_of(k, "use");
    if (!use.empty() && use != "sig") return false;
    const auto* operations = find(k, "key_ops");
    const auto* list = operations != nullptr ? operations->if_array() : nullptr;
    if (list == nullptr) return true;
    return std::any_of(list->begin(), list->end(),
                       [](const json::value& o) { return o.is_string() && o.as_string() == "verify"; });
}

/// Nothing: it is of a kind that is not used here.
inline result<std::optional<key>> read_key(const json::value& k) {
    if (!k.is_object()) return error(std::errc::invalid_argument, "it is no object");
    const auto kind = text_of(k, "kty"), algorithm = text_of(k, "alg");
    if (kind.empty()) return error(std::errc::invalid_argument, "it has no 'kty'");
    const auto is = [&](std::string_view type, std::string_view only) {
        return kind == type && (algorithm.empty() || algorithm == only) && is_for_verifying(k);
    };
    bool complete = true;
    const auto bytes = [&](std::string_view name) {
        auto read = from_base64url(text_of(k, name));
        complete = complete && read && !read->empty();
        return read.value_or("");
    };
    std::string id(text_of(k, "kid"));
    result<key> made = error(std::errc::invalid_argument, "");
    if (is("RSA", "RS256")) {
        const auto n = bytes("n"), e = bytes("e");
        if (complete) made = key::of_rsa(n, e, std::move(id));
    } else if (is("EC", "ES256") && text_of(k, "crv") == "P-256") {
        const auto x = bytes("x"), y = bytes("y");
        if (complete) made = key::of_point(x, y, std::move(id));
    } else if (is("oct", "HS256")) {
        const secret shared(bytes("k"));
        if (complete) made = key::of_secret(shared, std::move(id));
    } else {
        return std::optional<key>();
    }
    if (!complete) return error(std::errc::invalid_argument, "its numbers are missing, or not in base64url");
    if (!made) return made.error();
    return std::optional(std::move(*made));
}

}  // namespace detail

/// The keys of a JSON Web Key Set (RFC 7517) that verify HS256, RS256 or ES256; others are passed over. A
/// key that is one of these, and weak or broken, makes the whole set a bad one.
inline result<std::vector<key>> read_jwks(std::string_view text) {
    const auto wrong = [](std::string why) { return error(std::errc::invalid_argument, std::move(why)); };
    const auto read = parse_json(text, 16);
    if (!read) return read.error();
    const auto* found = find(*read, "keys");
    const auto* list = found != nullptr ? found->if_array() : nullptr;
    if (list == nullptr) return wrong("a JWKS is an object with a list 'keys'");
    if (detail::says_twice(text, *read)) return wrong("a name stands twice in one of its objects");
    if (list->size() > detail::most_keys) return wrong("it has more than 100 keys");
    std::vector<key> keys;
    for (std::size_t i = 0; i < list->size(); ++i) {
        auto one = detail::read_key((*list)[i]);
        if (!one) return wrong("keys[" + std::to_string(i) + "]: " + one.error().text);
        if (*one) keys.push_back(std::move(**one));
    }
    return keys;
}

/// The keys of a JWKS file, which may change while the program runs: put the new key in beside the old one,
/// sign with the new one, take the old one out when its last token has expired. For all shards at once.
class key_file {
public:
    using report = std::function<void(const std::string&)>;
    using keys = std::shared_ptr<const std::vector<key>>;
    static constexpr duration look_every = std::chrono::seconds(1);
    static constexpr std::size_t most_bytes = std::size_t{1} << 20U;

    /// The file must be good now. What is wrong with it later is told to `tell`, once, and the old keys
    /// stay.
    key_file(std::filesystem::path path, signature algorithm, report tell = {})
        : path_(std::move(path)), algorithm_(algorithm), tell_(std::move(tell)) {
        seen_ = stamp();
        if (auto wrong = load(); !wrong.empty()) throw std::invalid_argument(wrong);
    }

    /// As of not more than a second ago.
    keys current(time_point now) {
        std::string news;
        const auto held = look(now, news);
        if (!news.empty() && tell_) tell_(news);
        return held;
    }

    /// What is wrong with the file, as of not more than a second ago; empty: nothing.
    std::string trouble(time_point now) {
        (void)current(now);
        const std::lock_guard lock(mutex_);
        return trouble_;
    }

private:
    struct mark {
        bool operator==(const mark&) const = default;
        std::int64_t seconds = 0, nanoseconds = 0, size = -1;
        std::uint64_t file = 0;
    };

    keys look(time_point now, std::string& news) {
        const std::lock_guard lock(mutex_);
        if (now < next_look_) return keys_;
        next_look_ = later(now, look_every);
        const auto is = stamp();
        if (is == seen_ && settled_) return keys_;
        // A file that changed just now may change again without a later time.
        settled_ = is == seen_;
        seen_ = is;
        auto wrong = load();
        if (!wrong.empty()) {
            settled_ = false;
            wrong += "; the keys read before stay in use";
        }
        if (wrong != trouble_) news = wrong.empty() ? path_.string() + ": the keys are good again" : wrong;
        trouble_ = wrong;
        return keys_;
    }

    mark stamp() const {
        struct stat s{};
        mark m;
        if (::stat(path_.c_str(), &s) != 0) return m;
        m.seconds = s.st_mtim.tv_sec;
        m.nanoseconds = s.st_mtim.tv_nsec;
        m.size = s.st_size;
        m.file = s.st_ino;
        return m;
    }

    /// What is wrong; empty: the keys are the new ones.
    std::string load() {
        std::ifstream file(path_, std::ios::binary);
        if (!file) return path_.string() + ": can not be read; it must be a JWKS file";
        std::string text(most_bytes + 1, '\0');
        file.read(text.data(), static_cast<std::streamsize>(text.size()));
        text.resize(static_cast<std::size_t>(file.gcount()));
        if (text.size() > most_bytes) return path_.string() + ": has more than 1 MiB; it must be a JWKS file";
        auto read = read_jwks(text);
        if (!read) return path_.string() + ": " + read.error().text;
        std::erase_if(*read, [&](const key& k) { return k.algorithm() != algorithm_; });
        if (read->empty())
            return path_.string() + ": has no key for " + std::string(name_of(algorithm_)) +
                   " that may verify";
        keys_ = std::make_shared<const std::vector<key>>(std::move(*read));
        return {};
    }

    const std::filesystem::path path_;
    const signature algorithm_;
    const report tell_;
    std::mutex mutex_;
    keys keys_;
    mark seen_;
    bool settled_ = false;
    time_point next_look_ = time_point::min();
    std::string trouble_;
};

}  // namespace rtai::auth
