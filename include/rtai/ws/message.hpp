#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <rtai/core/buffer.hpp>
#include <span>
#include <string_view>
#include <utility>

namespace rtai::ws {

enum class kind : std::uint8_t { text, binary };

/// What one end tells the other. Copying it shares its bytes.
class message {
public:
    message() noexcept = default;
    message(ws::kind k, buffer bytes) noexcept : payload(std::move(bytes)), what(k) {}
    message(ws::kind k, std::span<const std::byte> bytes) : payload(bytes.size()), what(k) {
        if (!bytes.empty()) std::memcpy(payload.data(), bytes.data(), bytes.size());
    }

    static message text(std::string_view words) {
        return message(kind::text, std::as_bytes(std::span(words.data(), words.size())));
    }
    static message binary(buffer bytes) noexcept { return message(kind::binary, std::move(bytes)); }
    static message binary(std::span<const std::byte> bytes) { return message(kind::binary, bytes); }

    bool is_text() const noexcept { return what == kind::text; }
    std::size_t size() const noexcept { return payload.size(); }
    std::span<const std::byte> bytes() const noexcept { return payload.span(); }
    std::string_view text() const noexcept {
        return {reinterpret_cast<const char*>(payload.data()), payload.size()};
    }

    buffer payload;
    ws::kind what = kind::binary;
};

/// Why a connection ends, as RFC 6455 counts it.
namespace close_code {
inline constexpr std::uint16_t normal = 1000;
inline constexpr std::uint16_t going_away = 1001;
inline constexpr std::uint16_t protocol_error = 1002;
inline constexpr std::uint16_t unsupported = 1003;
inline constexpr std::uint16_t none = 1005;      ///< never sent: the close said nothing
inline constexpr std::uint16_t abnormal = 1006;  ///< never sent: there was no close
inline constexpr std::uint16_t bad_text = 1007;
inline constexpr std::uint16_t policy = 1008;
inline constexpr std::uint16_t too_big = 1009;
inline constexpr std::uint16_t internal_error = 1011;
inline constexpr std::uint16_t try_again_later = 1013;

/// Whether a close frame may carry it.
constexpr bool may_be_sent(std::uint16_t code) noexcept {
    if (code >= 3000) return code < 5000;
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}
}  // namespace close_code

/// The bytes of a reason that fit into a close frame.
inline constexpr std::size_t longest_reason = 123;

}  // namespace rtai::ws
