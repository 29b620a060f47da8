#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <rtai/core/detail/blocks.hpp>
#include <span>
#include <stdexcept>
#include <utility>

namespace rtai {

/// Bytes that are handed on instead of copied. Copying a buffer shares its bytes; the last owner gives
/// the memory back to a pool of its thread. One pointer wide.
class buffer {
public:
    static constexpr std::size_t max_size = std::size_t{1} << 30;

    buffer() noexcept = default;

    /// Room for `size` bytes, not initialised.
    explicit buffer(std::size_t size) {
        if (size > max_size) throw std::length_error("a buffer holds at most 1 GiB");
        memory_ = ::new (detail::allocate_block(sizeof(header) + size)) header{{1}, size, size};
    }

    buffer(const buffer& other) noexcept : memory_(other.memory_) {
        if (memory_ != nullptr) memory_->owners.fetch_add(1, std::memory_order_relaxed);
    }
    buffer(buffer&& other) noexcept : memory_(std::exchange(other.memory_, nullptr)) {}
    buffer& operator=(const buffer& other) noexcept {
        buffer(other).swap(*this);
        return *this;
    }
    buffer& operator=(buffer&& other) noexcept {
        buffer(std::move(other)).swap(*this);
        return *this;
    }
    ~buffer() {
        if (memory_ != nullptr) drop(*memory_);
    }

    void swap(buffer& other) noexcept { std::swap(memory_, other.memory_); }

    explicit operator bool() const noexcept { return memory_ != nullptr; }
    std::size_t size() const noexcept { return memory_ ? memory_->size : 0; }
    std::size_t capacity() const noexcept { return memory_ ? memory_->capacity : 0; }
    std::byte* data() noexcept { return memory_ ? bytes(*memory_) : nullptr; }
    const std::byte* data() const noexcept { return memory_ ? bytes(*memory_) : nullptr; }
    std::span<std::byte> span() noexcept { return {data(), size()}; }
    std::span<const std::byte> span() const noexcept { return {data(), size()}; }

    /// Fewer bytes, in the same memory, or as many again as it was made with.
    void resize(std::size_t size) {
        if (size > capacity()) throw std::length_error("a buffer does not grow: make a larger one");
        if (memory_ != nullptr) memory_->size = size;
    }

    /// Whether nobody else reads these bytes, so that they may be written.
    bool unique() const noexcept {
        return memory_ != nullptr && memory_->owners.load(std::memory_order_acquire) == 1;
    }

private:
    struct alignas(16) header {
        std::atomic<std::uint32_t> owners;
        std::size_t size;
        std::size_t capacity;
    };

    static std::byte* bytes(header& h) noexcept { return reinterpret_cast<std::byte*>(&h + 1); }

    static void drop(header& h) noexcept {
        // A buffer may cross to another shard, so the count is atomic; but a sole owner, the usual
        // case, needs no read-modify-write to know that it is the last.
        if (h.owners.load(std::memory_order_acquire) != 1 &&
            h.owners.fetch_sub(1, std::memory_order_acq_rel) != 1)
            return;
        detail::free_block_of(&h, sizeof(header) + h.capacity);
    }

    header* memory_ = nullptr;
};

}  // namespace rtai
