#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace rtai {

/// As RFC 4648 says, with padding.
inline std::string to_base64(std::span<const std::byte> bytes) {
    static constexpr char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto at = [&](std::size_t k) {
            return i + k < bytes.size() ? std::to_integer<unsigned>(bytes[i + k]) : 0U;
        };
        const unsigned three = at(0) << 16U | at(1) << 8U | at(2);
        text += letters[three >> 18U];
        text += letters[three >> 12U & 63U];
        text += i + 1 < bytes.size() ? letters[three >> 6U & 63U] : '=';
        text += i + 2 < bytes.size() ? letters[three & 63U] : '=';
    }
    return text;
}

}  // namespace rtai
