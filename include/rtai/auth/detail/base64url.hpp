#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rtai::auth::detail {

inline constexpr std::string_view base64url_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// As RFC 7515 writes bytes: with - and _, and without padding.
inline std::string to_base64url(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() * 4 + 2) / 3);
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const char c : bytes) {
        bits = bits << 8U | static_cast<unsigned char>(c);
        for (held += 8; held >= 6; held -= 6) text += base64url_letters[bits >> (held - 6) & 63U];
    }
    if (held > 0) text += base64url_letters[bits << (6 - held) & 63U];
    return text;
}

/// Nothing for anything that `to_base64url` would not write: so each run of bytes has one text only.
inline std::optional<std::string> from_base64url(std::string_view text) {
    static constexpr auto values = [] {
        std::array<std::int8_t, 256> all{};
        all.fill(-1);
        for (std::size_t i = 0; i < 64; ++i)
            all[static_cast<unsigned char>(base64url_letters[i])] = static_cast<std::int8_t>(i);
        return all;
    }();
    if (text.size() % 4 == 1) return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const char c : text) {
        const auto value = values[static_cast<unsigned char>(c)];
        if (value < 0) return std::nullopt;
        bits = bits << 6U | static_cast<std::uint32_t>(value);
        held += 6;
        if (held < 8) continue;
        held -= 8;
        bytes += static_cast<char>(bits >> held & 255U);
    }
    if ((bits & ((1U << held) - 1)) != 0) return std::nullopt;
    return bytes;
}

}  // namespace rtai::auth::detail
