#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace rtai::ws::detail {

/// Whether bytes that come in pieces are UTF-8: says no at the first byte that can not be right.
class utf8_reader {
public:
    bool feed(std::span<const std::byte> bytes) noexcept {
        const std::byte* at = bytes.data();
        const std::byte* const end = at + bytes.size();
        while (at != end) {
            if (left_ == 0) {
                at = after_ascii(at, end);
                if (at == end) break;
                if (!lead(std::to_integer<unsigned>(*at++))) return false;
            } else if (!follow(std::to_integer<unsigned>(*at++))) {
                return false;
            }
        }
        return true;
    }

    /// Not within a character.
    bool complete() const noexcept { return left_ == 0; }
    void restart() noexcept { *this = utf8_reader(); }

private:
    static const std::byte* after_ascii(const std::byte* at, const std::byte* end) noexcept {
        for (; end - at >= 8; at += 8) {
            std::uint64_t eight = 0;
            std::memcpy(&eight, at, 8);
            if ((eight & 0x8080808080808080U) != 0) break;
        }
        while (at != end && std::to_integer<unsigned>(*at) < 0x80) ++at;
        return at;
    }

    /// The second byte tells what is too long, a surrogate, or beyond the last character.
    bool lead(unsigned byte) noexcept {
        least_ = 0x80;
        most_ = 0xBF;
        if (byte < 0xC2 || byte > 0xF4) return false;
        left_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
        if (byte == 0xE0) least_ = 0xA0;
        if (byte == 0xED) most_ = 0x9F;
        if (byte == 0xF0) least_ = 0x90;
        if (byte == 0xF4) most_ = 0x8F;
        return true;
    }

    bool follow(unsigned byte) noexcept {
        if (byte < least_ || byte > most_) return false;
        least_ = 0x80;
        most_ = 0xBF;
        --left_;
        return true;
    }

    std::uint8_t left_ = 0;
    std::uint8_t least_ = 0x80;
    std::uint8_t most_ = 0xBF;
};

inline bool is_utf8(std::span<const std::byte> bytes) noexcept {
    utf8_reader r;
    return r.feed(bytes) && r.complete();
}

}  // namespace rtai::ws::detail
