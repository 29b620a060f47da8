#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace rtai::ws {

/// What a client's bytes are XORed with, four by four.
using mask_key = std::array<std::byte, 4>;

namespace detail {

/// The key as it stands `offset` bytes into the payload, twice.
inline std::uint64_t mask_word(const mask_key& key, std::size_t offset) noexcept {
    std::array<std::byte, 8> turned{};
    for (std::size_t i = 0; i < 8; ++i) turned[i] = key[(offset + i) & 3U];
    std::uint64_t word = 0;
    std::memcpy(&word, turned.data(), 8);
    return word;
}

/// Copies `count` bytes and masks them, or unmasks, which is the same. The two places are apart.
inline void copy_masked(std::byte* __restrict to, const std::byte* __restrict from, std::size_t count,
                        const mask_key& key, std::size_t offset = 0) noexcept {
    const std::uint64_t word = mask_word(key, offset);
    std::size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, from + i, 8);
        eight ^= word;
        std::memcpy(to + i, &eight, 8);
    }
    for (; i < count; ++i) to[i] = from[i] ^ key[(offset + i) & 3U];
}

}  // namespace detail
}  // namespace rtai::ws
