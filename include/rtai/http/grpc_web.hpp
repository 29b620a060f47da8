#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <rtai/core/result.hpp>
#include <rtai/data/base64.hpp>
#include <rtai/http/syntax.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// gRPC-Web: the messages of gRPC in the bodies of plain HTTP, for browsers, as
// github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md has it.

namespace rtai::http::grpc_web {

enum class encoding { binary, text };

/// What a Content-Type such as "application/grpc-web-text+proto" asks for; nothing for another one.
inline std::optional<encoding> encoding_of(std::string_view content_type) noexcept {
    const auto type = trimmed(content_type.substr(0, content_type.find(';')));
    const auto base = type.substr(0, type.find('+'));
    const auto format = type.substr(base.size());
    if (!format.empty() && !same_name(format, "+proto")) return std::nullopt;
    if (same_name(base, "application/grpc-web")) return encoding::binary;
    if (same_name(base, "application/grpc-web-text")) return encoding::text;
    return std::nullopt;
}

inline std::string_view content_type_of(encoding e) noexcept {
    return e == encoding::binary ? "application/grpc-web+proto" : "application/grpc-web-text+proto";
}

/// A frame's five bytes and what follows them.
struct frame {
    frame() = default;

    bool trailers = false;  ///< headers that come last, the status among them, instead of a message
    bool compressed = false;
    std::string bytes;
};

inline std::string frame_text(std::string_view bytes, bool trailers) {
    if (bytes.size() > 0xFFFFFFFFU) throw std::length_error("a message of gRPC has at most 4 GiB");
    const auto size = static_cast<std::uint32_t>(bytes.size());
    std::string text;
    text.reserve(bytes.size() + 5);
    text += static_cast<char>(trailers ? 0x80 : 0x00);
    for (const unsigned shift : {24U, 16U, 8U, 0U}) text += static_cast<char>(size >> shift & 0xFFU);
    text += bytes;
    return text;
}

/// The message of a status, as a header may hold it: what is not printable ASCII, and '%', is encoded.
inline std::string encode_message(std::string_view text) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string plain;
    for (const char c : text) {
        const auto u = static_cast<unsigned char>(c);
        if (u >= 0x20 && u < 0x7F && c != '%') {
            plain += c;
        } else {
            plain += '%';
            plain += digits[u >> 4U];
            plain += digits[u & 15U];
        }
    }
    return plain;
}

/// The last frame of an answer.
inline std::string trailers_text(unsigned status, std::string_view message, const header_list& more = {}) {
    std::string lines = "grpc-status: " + std::to_string(status) + "\r\n";
    if (!message.empty()) lines += "grpc-message: " + encode_message(message) + "\r\n";
    for (const auto& [name, value] : more)
        if (is_token(name) && is_field_value(value)) lines += name + ": " + value + "\r\n";
    return frame_text(lines, true);
}

/// The headers in a frame of trailers.
inline result<header_list> read_trailers(std::string_view lines) {
    header_list all;
    while (!lines.empty()) {
        const auto end = lines.find("\r\n");
        const auto line = lines.substr(0, end);
        lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 2);
        const auto colon = line.find(':');
        const auto name = line.substr(0, colon);
        if (colon == std::string_view::npos || !is_token(name) || !is_field_value(line))
            return error(std::errc::bad_message, "the trailers of gRPC-Web have a line that is no header");
        all.add(std::string(name), std::string(trimmed(line.substr(colon + 1))));
    }
    return all;
}

/// Base64 that comes in pieces, each of which may end with '='; as gRPC-Web-text has it.
class text_decoder {
public:
    result<> feed(std::string_view text, std::string& into) {
        for (const char c : text) {
            const unsigned value = c == '=' ? 0 : base64_value(c);
            const bool good = !failed_ && value <= 63 && (c == '=' ? count_ >= 2 : padding_ == 0);
            if (!good) {
                failed_ = true;
                return error(std::errc::bad_message, "gRPC-Web-text: the body is no base64");
            }
            padding_ += c == '=' ? 1U : 0U;
            bits_ = bits_ << 6U | value;
            if (++count_ < 4) continue;
            for (unsigned i = 0; i < 3 - padding_; ++i)
                into += static_cast<char>(bits_ >> (16U - 8U * i) & 0xFFU);
            bits_ = count_ = padding_ = 0;
        }
        return {};
    }
    /// Whether nothing is left half.
    bool whole() const noexcept { return count_ == 0 && !failed_; }

private:
    std::uint32_t bits_ = 0;
    unsigned count_ = 0, padding_ = 0;
    bool failed_ = false;
};

/// Reads frames from a body, in whatever pieces it comes.
class reader {
public:
    static constexpr std::size_t default_limit = std::size_t{4} << 20;

    /// `most`: the bytes of a message.
    explicit reader(encoding e, std::size_t most = default_limit) noexcept : encoding_(e), most_(most) {}

    /// Calls `take(frame&&)` for each frame that is complete by now. After an error nothing is read any more.
    template <class F>
    result<> feed(std::string_view bytes, F&& take) {
        if (failure_) return *failure_;
        if (encoding_ == encoding::binary) return frames(bytes, take);
        // A little at a time, so that no more is held than a message.
        while (!bytes.empty()) {
            const auto part = bytes.substr(0, 4096);
            bytes.remove_prefix(part.size());
            std::string plain;
            auto decoded = decoder_.feed(part, plain);
            if (auto read = frames(plain, take); !read) return read;
            if (!decoded) return fail(decoded.error());
        }
        return {};
    }

    /// After the last byte: whether the body ends with a whole frame.
    result<> finish() {
        if (failure_) return *failure_;
        if (head_size_ > 0 || !decoder_.whole())
            return fail(error(std::errc::bad_message, "gRPC-Web: the body ends in the middle of a message"));
        return {};
    }

private:
    template <class F>
    result<> frames(std::string_view bytes, F& take) {
        while (!bytes.empty()) {
            if (head_size_ < head_.size()) {
                head_[head_size_++] = static_cast<unsigned char>(bytes.front());
                bytes.remove_prefix(1);
                if (head_size_ < head_.size()) continue;
                if (auto begun = begin(); !begun) return begun;
            } else {
                const auto part = bytes.substr(0, size_ - now_.bytes.size());
                now_.bytes += part;
                bytes.remove_prefix(part.size());
            }
            if (now_.bytes.size() < size_) continue;
            head_size_ = 0;
            take(std::exchange(now_, frame()));
        }
        return {};
    }

    result<> begin() {
        const unsigned flags = head_[0];
        if ((flags & 0x7EU) != 0)
            return fail(error(std::errc::bad_message, "gRPC-Web: a frame has unknown flags"));
        now_.trailers = (flags & 0x80U) != 0;
        now_.compressed = (flags & 0x01U) != 0;
        size_ = std::size_t{head_[1]} << 24U | std::size_t{head_[2]} << 16U | std::size_t{head_[3]} << 8U |
                head_[4];
        if (size_ > most_)
            return fail(error(std::errc::message_size, "gRPC-Web: a message has " + std::to_string(size_) +
                                                           " bytes, and may have " + std::to_string(most_)));
        return {};
    }

    result<> fail(rtai::error e) {
        failure_ = e;
        return e;
    }

    encoding encoding_;
    std::size_t most_;
    text_decoder decoder_;
    std::array<unsigned char, 5> head_{};
    std::size_t head_size_ = 0;
    std::size_t size_ = 0;
    frame now_;
    std::optional<rtai::error> failure_;
};

}  // namespace rtai::http::grpc_web
