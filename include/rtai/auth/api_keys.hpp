#pragma once

#include <cstddef>
#include <optional>
#include <rtai/auth/key.hpp>
#include <rtai/data/secret.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace rtai::auth {

/// Keys that are known by their hash only. How long a look takes tells nothing of any of them.
class api_keys {
public:
    api_keys() = default;
    explicit api_keys(const std::vector<secret>& all) {
        for (const auto& one : all) {
            if (one.reveal().size() < least_bytes)
                throw std::invalid_argument("api_keys[" + std::to_string(hashes_.size()) + "] has " +
                                            std::to_string(one.reveal().size()) +
                                            " characters, and needs at least 16; 'openssl rand -hex 16' "
                                            "makes one");
            hashes_.push_back(detail::sha256(one.reveal()));
        }
    }

    static constexpr std::size_t least_bytes = 16;

    bool empty() const noexcept { return hashes_.empty(); }

    /// Which one it is, counted from 0.
    std::optional<std::size_t> find(std::string_view shown) const {
        const auto hash = detail::sha256(shown);
        std::optional<std::size_t> found;
        for (std::size_t i = 0; i < hashes_.size(); ++i)
            if (detail::same_bytes(hashes_[i], hash)) found = i;
        return found;
    }

private:
    std::vector<std::string> hashes_;
};

}  // namespace rtai::auth
