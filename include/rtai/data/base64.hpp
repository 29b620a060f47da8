#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rtai {

/// What a letter of base64 stands for; more than 63 for what is none.
constexpr unsigned base64_value(char c) noexcept {
    if (c >= 'A' && c <= 'Z') return static_cast<unsigned>(c - 'A');
    if (c >= 'a' && c <= 'z') return static_cast<unsigned>(c - 'a') + 26;
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0') + 52;
    return c == '+' ? 62U : c == '/' ? 63U : 64U;
}

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

/// The bytes of such a text; nothing when it is not exactly one, padding included.
inline std::optional<std::vector<std::byte>> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::vector<std::byte> bytes;
    bytes.reserve(text.size() / 4 * 3);
    for (std::size_t i = 0; i < text.size(); i += 4) {
        const bool last = i + 4 == text.size();
        const std::size_t pads = !last || text[i + 3] != '=' ? 0 : text[i + 2] == '=' ? 2 : 1;
        unsigned three = 0;
        for (std::size_t k = 0; k < 4; ++k) {
            const unsigned v = k < 4 - pads ? base64_value(text[i + k]) : 0;
            if (v > 63) return std::nullopt;
            three = three << 6U | v;
        }
        // What the last letter has beyond the last byte must be nothing, or two texts would mean the same.
        if ((pads == 1 && (three & 0xFFU) != 0) || (pads == 2 && (three & 0xFFFFU) != 0)) return std::nullopt;
        for (std::size_t k = 0; k < 3 - pads; ++k)
            bytes.push_back(static_cast<std::byte>(three >> (16 - 8 * k) & 0xFFU));
    }
    return bytes;
}

}  // namespace rtai
