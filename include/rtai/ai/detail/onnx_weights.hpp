#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <rtai/core/result.hpp>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

// Reads the constant tensors of floats out of an ONNX file, and nothing else: an ONNX file is a protobuf
// message, in which a graph holds nodes, a node attributes, and an attribute a tensor or, in an If, a graph.

namespace rtai::detail {

/// A tensor in the file, which it points into.
struct onnx_tensor {
    std::string_view name;
    std::uint32_t graph = 0;  ///< which graph it is in: the branches of an If are graphs of their own
    std::size_t rank = 0;
    std::array<std::size_t, 4> dims{};
    std::span<const std::byte> raw;  ///< floats, little-endian, not aligned

    std::size_t count() const noexcept { return raw.size() / sizeof(float); }
    void copy_to(std::span<float> to) const noexcept {
        std::memcpy(to.data(), raw.data(), std::min(to.size_bytes(), raw.size()));
    }
};

/// Goes through the fields of a protobuf message. A field that does not fit into the message ends it.
class protobuf_reader {
public:
    explicit protobuf_reader(std::span<const std::byte> m) noexcept : rest_(m) {}

    /// To the next field; false at the end, and where the message is broken.
    bool next() noexcept {
        if (rest_.empty() || broken_) return false;
        const auto key = varint();
        if (!key || *key >> 3 == 0 || *key >> 3 > 0x1FFFFFFF) return fail();
        field = static_cast<std::uint32_t>(*key >> 3);
        type = static_cast<std::uint32_t>(*key & 7);
        number = 0;
        bytes = {};
        switch (type) {
            case 0: {
                const auto value = varint();
                if (!value) return fail();
                number = *value;
                return true;
            }
            case 1:
                return take(8);
            case 2: {
                const auto length = varint();
                return length && *length <= rest_.size() ? take(static_cast<std::size_t>(*length)) : fail();
            }
            case 5:
                return take(4);
            default:
                return fail();
        }
    }

    bool broken() const noexcept { return broken_; }
    std::optional<std::uint64_t> varint() noexcept {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
            const auto byte = std::to_integer<std::uint64_t>(rest_.front());
            rest_ = rest_.subspan(1);
            value |= (byte & 0x7F) << shift;
            if (byte < 0x80) return value;
        }
        return std::nullopt;
    }
    bool empty() const noexcept { return rest_.empty(); }

    std::uint32_t field = 0;
    std::uint32_t type = 0;
    std::uint64_t number = 0;          ///< of a field of type 0
    std::span<const std::byte> bytes;  ///< of any other

private:
    bool fail() noexcept {
        broken_ = true;
        return false;
    }
    bool take(std::size_t size) noexcept {
        if (size > rest_.size()) return fail();
        bytes = rest_.first(size);
        rest_ = rest_.subspan(size);
        return true;
    }

    std::span<const std::byte> rest_;
    bool broken_ = false;
};

class onnx_reader {
public:
    static result<std::vector<onnx_tensor>> read(std::span<const std::byte> file) {
        onnx_reader r;
        protobuf_reader model(file);
        bool any = false;
        while (model.next())
            if (model.field == 7 && model.type == 2) {
                any = true;
                if (!r.graph(model.bytes, 0)) return r.bad();
            }
        if (model.broken() || !any) return r.bad();
        return std::move(r.found_);
    }

private:
    // More than any network of use here has, and too little to do harm.
    static constexpr int deepest = 16;
    static constexpr std::size_t most_tensors = 4096;

    static error bad() { return {std::errc::bad_message, "this is no ONNX file, or not all of one"}; }

    bool graph(std::span<const std::byte> message, int depth) {
        if (depth > deepest) return false;
        const std::uint32_t number = graphs_++;
        protobuf_reader in(message);
        while (in.next()) {
            if (in.type != 2) continue;
            if (in.field == 1 && !node(in.bytes, number, depth)) return false;
            if (in.field == 5 && !tensor(in.bytes, number)) return false;
        }
        return !in.broken();
    }

    bool node(std::span<const std::byte> message, std::uint32_t number, int depth) {
        protobuf_reader in(message);
        while (in.next())
            if (in.field == 5 && in.type == 2 && !attribute(in.bytes, number, depth)) return false;
        return !in.broken();
    }

    bool attribute(std::span<const std::byte> message, std::uint32_t number, int depth) {
        protobuf_reader in(message);
        while (in.next()) {
            if (in.type != 2) continue;
            if (in.field == 5 && !tensor(in.bytes, number)) return false;
            if (in.field == 6 && !graph(in.bytes, depth + 1)) return false;
        }
        return !in.broken();
    }

    /// Keeps it if it has a name and consists of floats in one piece.
    bool tensor(std::span<const std::byte> message, std::uint32_t number) {
        constexpr std::uint64_t floats = 1;
        onnx_tensor t;
        t.graph = number;
        std::uint64_t type = 0;
        bool fits = true;
        protobuf_reader in(message);
        while (in.next()) {
            if (in.field == 1 && in.type == 0) fits = dimension(t, in.number) && fits;
            if (in.field == 1 && in.type == 2) {
                protobuf_reader packed(in.bytes);
                while (!packed.empty()) {
                    const auto size = packed.varint();
                    if (!size) return false;
                    fits = dimension(t, *size) && fits;
                }
            }
            if (in.field == 2 && in.type == 0) type = in.number;
            if (in.field == 8 && in.type == 2)
                t.name = {reinterpret_cast<const char*>(in.bytes.data()), in.bytes.size()};
            if (in.field == 9 && in.type == 2) t.raw = in.bytes;
        }
        if (in.broken()) return false;
        if (type != floats || t.name.empty() || !fits || t.raw.empty()) return true;
        std::size_t count = 1;
        for (std::size_t i = 0; i < t.rank; ++i)
            if (__builtin_mul_overflow(count, t.dims[i], &count)) return false;
        if (count > t.raw.size() || count * sizeof(float) != t.raw.size()) return false;
        if (found_.size() == most_tensors) return false;
        found_.push_back(t);
        return true;
    }

    static bool dimension(onnx_tensor& t, std::uint64_t size) {
        if (t.rank == t.dims.size()) return false;
        t.dims[t.rank++] = static_cast<std::size_t>(size);
        return true;
    }

    std::vector<onnx_tensor> found_;
    std::uint32_t graphs_ = 0;
};

}  // namespace rtai::detail
