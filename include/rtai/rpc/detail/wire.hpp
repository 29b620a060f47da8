#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Protobuf's wire format, as far as the small services of every gRPC server need it: health and reflection.
// Code generated from their protos would clash with that of a program which has its own.

namespace rtai::rpc::detail {

struct wire_field {
    std::uint32_t number = 0;
    std::uint64_t value = 0;  ///< of a number
    std::string_view bytes;   ///< of a string or a message
};

/// Takes a message apart, field by field.
class wire_reader {
public:
    explicit wire_reader(std::string_view message) noexcept : left_(message) {}

    /// Nothing at the end, and where the message is broken: `good` tells.
    std::optional<wire_field> next() noexcept {
        if (left_.empty() || !good_) return std::nullopt;
        wire_field field;
        const std::uint64_t key = varint();
        field.number = static_cast<std::uint32_t>(key >> 3U);
        switch (key & 7U) {
            case 0:
                field.value = varint();
                break;
            case 1:
                take(8);
                break;
            case 2:
                field.bytes = take(varint());
                break;
            case 5:
                take(4);
                break;
            default:
                good_ = false;
        }
        if (field.number == 0) good_ = false;
        if (!good_) return std::nullopt;
        return field;
    }

    bool good() const noexcept { return good_; }

private:
    std::uint64_t varint() noexcept {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (left_.empty()) break;
            const auto byte = static_cast<unsigned char>(left_.front());
            left_.remove_prefix(1);
            value |= std::uint64_t{byte & 0x7FU} << shift;
            if (byte < 0x80U) return value;
        }
        good_ = false;
        return 0;
    }

    std::string_view take(std::uint64_t size) noexcept {
        if (size > left_.size()) {
            good_ = false;
            return {};
        }
        const auto taken = left_.substr(0, static_cast<std::size_t>(size));
        left_.remove_prefix(taken.size());
        return taken;
    }

    std::string_view left_;
    bool good_ = true;
};

/// Puts a message together.
class wire_writer {
public:
    void number(std::uint32_t field, std::uint64_t value) {
        varint(std::uint64_t{field} << 3U);
        varint(value);
    }
    void bytes(std::uint32_t field, std::string_view content) {
        varint(std::uint64_t{field} << 3U | 2U);
        varint(content.size());
        message_ += content;
    }
    const std::string& message() const noexcept { return message_; }

private:
    void varint(std::uint64_t value) {
        for (; value >= 0x80U; value >>= 7U) message_ += static_cast<char>((value & 0x7FU) | 0x80U);
        message_ += static_cast<char>(value);
    }

    std::string message_;
};

inline std::string text_of(const grpc::ByteBuffer& buffer) {
    grpc::Slice all;
    if (!buffer.DumpToSingleSlice(&all).ok()) return {};
    return {reinterpret_cast<const char*>(all.begin()), all.size()};
}

inline grpc::ByteBuffer buffer_of(const std::string& message) {
    const grpc::Slice slice(message);
    return {&slice, 1};
}

}  // namespace rtai::rpc::detail
