#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <rtai/core/buffer.hpp>
#include <rtai/ws/detail/mask.hpp>
#include <rtai/ws/detail/utf8_reader.hpp>
#include <rtai/ws/message.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The frames of RFC 6455 as bytes, without any input or output. There are no extensions.

namespace rtai::ws {

/// Which end this is: a server takes masked frames and sends bare ones, a client the other way round.
enum class side : std::uint8_t { server, client };

enum class opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Why a connection ends: what a close frame says, or what the far end did wrong.
struct farewell {
    farewell() = default;
    farewell(std::uint16_t c, std::string r) : code(c), reason(std::move(r)) {}
    std::uint16_t code = close_code::none;
    std::string reason;
};

/// What has just been read.
enum class received : std::uint8_t {
    nothing,    ///< all bytes are used up
    message,    ///< in `take`
    ping,       ///< its bytes are in `control`
    pong,       ///< as well
    close,      ///< in `end`; nothing is read after it
    violation,  ///< the far end broke the rules: `end` is what to close with; nothing is read after it
};

/// Makes messages of the bytes that come, in whatever pieces.
class reader {
public:
    reader(side at, std::size_t most_frame, std::size_t most_message) noexcept
        : most_frame_(most_frame), most_message_(std::min(most_message, buffer::max_size)), side_(at) {}

    /// Uses up bytes until there is something to tell.
    received read(std::span<const std::byte>& bytes) {
        for (;;) {
            if (ended_) {
                bytes = {};
                return received::nothing;
            }
            if (!in_payload_) {
                while (have_ < need_) {
                    if (bytes.empty()) return received::nothing;
                    head_[have_++] = bytes.front();
                    bytes = bytes.subspan(1);
                    if (have_ == 2 && !begin()) return received::violation;
                }
                if (!begin_payload()) return received::violation;
            }
            const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
            if (!take_in(bytes.first(count))) return received::violation;
            bytes = bytes.subspan(count);
            if (left_ > 0) return received::nothing;
            in_payload_ = false;
            have_ = 0;
            need_ = 2;
            if (const auto what = end_frame(); what != received::nothing) return what;
        }
    }

    /// The message that was received.
    message take() {
        body_.resize(used_);
        used_ = 0;
        return message(kind_, std::exchange(body_, buffer()));
    }
    std::span<const std::byte> control() const noexcept { return {control_.data(), control_size_}; }
    const farewell& end() const noexcept { return end_; }

    /// Whether something has begun that is not complete.
    bool in_message() const noexcept { return !ended_ && (open_ || in_payload_ || have_ > 0); }

    /// The memory that is held for a message on its way.
    std::size_t room() const noexcept { return body_.capacity(); }

    /// Reads nothing any more.
    void stop() noexcept {
        ended_ = true;
        body_ = buffer();
        used_ = 0;
    }

private:
    static constexpr std::size_t first_room = 64 * 1024;
    static constexpr unsigned most_empty_fragments = 64;

    bool begin() {
        const auto first = std::to_integer<unsigned>(head_[0]);
        const auto second = std::to_integer<unsigned>(head_[1]);
        last_ = (first & 0x80U) != 0;
        op_ = static_cast<opcode>(first & 0x0FU);
        const bool masked = (second & 0x80U) != 0;
        const unsigned length = second & 0x7FU;
        if ((first & 0x70U) != 0) return wrong("a reserved bit is set, but no extension was agreed on");
        if ((first & 0x0FU) > 10 || ((first & 0x0FU) > 2 && (first & 0x0FU) < 8))
            return wrong("unknown opcode " + std::to_string(first & 0x0FU));
        if (masked != (side_ == side::server))
            return wrong(masked ? "a server must not mask its frames" : "a client must mask its frames");
        if (is_control()) {
            if (!last_) return wrong("a control frame in fragments");
            if (length > 125) return wrong("a control frame of more than 125 bytes");
        } else if (open_ != (op_ == opcode::continuation)) {
            return wrong(open_ ? "a new message within another" : "a continuation of no message");
        }
        need_ = 2U + (length == 126 ? 2U : length == 127 ? 8U : 0U) + (masked ? 4U : 0U);
        return true;
    }

    bool begin_payload() {
        const auto short_length = std::to_integer<unsigned>(head_[1]) & 0x7FU;
        const std::size_t extra = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
        left_ = extra == 0 ? short_length : 0;
        for (std::size_t i = 0; i < extra; ++i)
            left_ = left_ << 8U | std::to_integer<std::uint64_t>(head_[2 + i]);
        if (extra == 8 && left_ >> 63U != 0) return wrong("a length of more than 63 bits");
        if ((extra == 2 && left_ < 126) || (extra == 8 && left_ < 65536))
            return wrong("a length in more bytes than it needs");
        std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(2 + extra), 4, key_.begin());
        offset_ = 0;
        in_payload_ = true;
        if (is_control()) {
            control_size_ = 0;
            return true;
        }
        if (left_ > most_frame_)
            return too_big("a frame of " + std::to_string(left_) + " bytes", most_frame_);
        if (op_ != opcode::continuation) {
            kind_ = op_ == opcode::text ? kind::text : kind::binary;
            open_ = true;
            used_ = 0;
            empty_fragments_ = 0;
            utf8_.restart();
        }
        if (left_ > most_message_ - used_)
            return too_big("a message of " + std::to_string(used_ + left_) + " bytes or more", most_message_);
        if (left_ == 0 && !last_ && ++empty_fragments_ > most_empty_fragments)
            return fail(farewell(close_code::policy, "a message in too many empty fragments"));
        return true;
    }

    bool take_in(std::span<const std::byte> bytes) {
        if (bytes.empty()) return true;
        std::byte* to = nullptr;
        if (is_control()) {
            to = control_.data() + control_size_;
            control_size_ += bytes.size();
        } else {
            make_room(bytes.size());
            to = body_.data() + used_;
            used_ += bytes.size();
        }
        if (side_ == side::server) detail::copy_masked(to, bytes.data(), bytes.size(), key_, offset_);
        else std::memcpy(to, bytes.data(), bytes.size());
        offset_ += bytes.size();
        left_ -= bytes.size();
        if (!is_control() && kind_ == kind::text && !utf8_.feed({to, bytes.size()})) return bad_text();
        return true;
    }

    /// For what is known to come, but no more than a little is believed before it is there.
    void make_room(std::size_t more) {
        if (used_ + more <= body_.capacity() && body_) return;
        const auto expected = used_ + static_cast<std::size_t>(left_);
        const auto believed = std::max(first_room, 2 * body_.capacity());
        buffer larger(std::max(used_ + more, std::min(expected, believed)));
        if (used_ > 0) std::memcpy(larger.data(), body_.data(), used_);
        body_ = std::move(larger);
    }

    received end_frame() {
        switch (op_) {
            case opcode::ping:
                return received::ping;
            case opcode::pong:
                return received::pong;
            case opcode::close:
                return end_close() ? received::close : received::violation;
            default:
                break;
        }
        if (!last_) return received::nothing;
        open_ = false;
        if (kind_ == kind::text && !utf8_.complete()) return bad_text(), received::violation;
        return received::message;
    }

    bool end_close() {
        const auto said = control();
        if (said.size() == 1) return wrong("a close with half a code");
        if (said.size() >= 2) {
            const unsigned code =
                std::to_integer<unsigned>(said[0]) << 8U | std::to_integer<unsigned>(said[1]);
            const auto reason = said.subspan(2);
            if (!close_code::may_be_sent(static_cast<std::uint16_t>(code)))
                return wrong("a close with the code " + std::to_string(code));
            if (!detail::is_utf8(reason)) return bad_text();
            end_.code = static_cast<std::uint16_t>(code);
            end_.reason.assign(reinterpret_cast<const char*>(reason.data()), reason.size());
        }
        stop();
        return true;
    }

    bool is_control() const noexcept { return static_cast<unsigned>(op_) >= 8; }

    bool fail(farewell f) {
        end_ = std::move(f);
        stop();
        return false;
    }
    bool wrong(std::string what) { return fail(farewell(close_code::protocol_error, std::move(what))); }
    bool bad_text() { return fail(farewell(close_code::bad_text, "a text that is not UTF-8")); }
    bool too_big(std::string what, std::size_t limit) {
        return fail(
            farewell(close_code::too_big, std::move(what) + "; " + std::to_string(limit) + " are allowed"));
    }

    std::size_t most_frame_;
    std::size_t most_message_;
    buffer body_;
    std::size_t used_ = 0;
    std::uint64_t left_ = 0;  // of the frame
    std::size_t offset_ = 0;  // in the frame
    farewell end_;
    unsigned empty_fragments_ = 0;
    unsigned have_ = 0;
    unsigned need_ = 2;
    std::size_t control_size_ = 0;
    std::array<std::byte, 125> control_{};
    std::array<std::byte, 18> head_{};  // 14, and where the key would be if there were one
    mask_key key_{};
    opcode op_{};
    side side_;
    kind kind_ = kind::binary;
    detail::utf8_reader utf8_;
    bool last_ = false;
    bool open_ = false;  // a message has begun
    bool in_payload_ = false;
    bool ended_ = false;
};

/// Puts a frame behind what is in `out`; with a key, as a client has to.
inline void append_frame(std::vector<std::byte>& out, opcode op, bool last,
                         std::span<const std::byte> payload,
                         const std::optional<mask_key>& key = std::nullopt) {
    std::array<std::byte, 14> head{};
    const std::size_t length = payload.size();
    head[0] = static_cast<std::byte>((last ? 0x80U : 0U) | static_cast<unsigned>(op));
    const std::size_t extra = length < 126 ? 0 : length < 65536 ? 2 : 8;
    head[1] = static_cast<std::byte>((key ? 0x80U : 0U) | (extra == 0 ? length : extra == 2 ? 126U : 127U));
    for (std::size_t i = 0; i < extra; ++i)
        head[2 + i] =
            static_cast<std::byte>(static_cast<std::uint64_t>(length) >> (8 * (extra - 1 - i)) & 0xFFU);
    std::size_t size = 2 + extra;
    if (key) {
        std::copy(key->begin(), key->end(), head.begin() + static_cast<std::ptrdiff_t>(size));
        size += key->size();
    }
    out.insert(out.end(), head.begin(), head.begin() + static_cast<std::ptrdiff_t>(size));
    if (!key) {
        out.insert(out.end(), payload.begin(), payload.end());
        return;
    }
    const std::size_t before = out.size();
    out.resize(before + length);
    if (length > 0) detail::copy_masked(out.data() + before, payload.data(), length, *key);
}

/// The payload of a close frame: nothing for `close_code::none`. A reason is cut where it gets too long,
/// between two characters.
inline std::vector<std::byte> close_payload(std::uint16_t code, std::string_view reason) {
    std::vector<std::byte> out;
    if (!close_code::may_be_sent(code)) return out;
    if (reason.size() > longest_reason) {
        reason = reason.substr(0, longest_reason + 1);
        while ((static_cast<unsigned char>(reason.back()) & 0xC0U) == 0x80U) reason.remove_suffix(1);
        reason.remove_suffix(1);
    }
    out.push_back(static_cast<std::byte>(code >> 8U));
    out.push_back(static_cast<std::byte>(code & 0xFFU));
    const auto bytes = std::as_bytes(std::span(reason.data(), reason.size()));
    out.insert(out.end(), bytes.begin(), bytes.end());
    return out;
}

}  // namespace rtai::ws
