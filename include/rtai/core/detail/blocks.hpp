#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define RTAI_RECYCLE_BLOCKS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RTAI_RECYCLE_BLOCKS 0
#endif
#endif
#ifndef RTAI_RECYCLE_BLOCKS
#define RTAI_RECYCLE_BLOCKS 1
#endif

/// Memory that is used again and again: coroutine frames and media buffers. Each thread keeps what it
/// frees in lists by size; a block may be freed on another thread than the one it came from, and then
/// serves that one. Address sanitizer builds go straight to the heap, so that no mistake is hidden.
namespace rtai::detail {

inline constexpr std::size_t block_step = 64;
inline constexpr std::size_t block_sizes = 64;
inline constexpr std::align_val_t block_alignment{64};
inline constexpr std::size_t kept_bytes_per_size = std::size_t{1} << 20;

struct free_block {
    free_block* next;
};

struct free_list {
    free_block* first = nullptr;
    std::size_t count = 0;
};

struct block_cache {
    free_list sizes[block_sizes];
    bool open = false;
};

// Plain data, so that reaching it costs one instruction; `cache_owner` below gives it back at the end
// of the thread.
inline constinit thread_local block_cache cache{};

struct cache_owner {
    cache_owner() noexcept { cache.open = true; }
    cache_owner(const cache_owner&) = delete;
    cache_owner& operator=(const cache_owner&) = delete;
    ~cache_owner() {
        cache.open = false;
        for (auto& list : cache.sizes) {
            while (free_block* block = list.first) {
                list.first = block->next;
                ::operator delete(block, block_alignment);
            }
            list.count = 0;
        }
    }
};

[[gnu::noinline]] inline void* allocate_fresh(std::size_t bytes) {
    thread_local cache_owner owner;
    (void)owner;
    return ::operator new(bytes, block_alignment);
}

inline void* allocate_block(std::size_t bytes) {
    const std::size_t size = (bytes + block_step - 1) / block_step;
    if constexpr (RTAI_RECYCLE_BLOCKS) {
        if (size < block_sizes) {
            auto& list = cache.sizes[size];
            if (free_block* block = list.first) {
                list.first = block->next;
                --list.count;
                return block;
            }
            return allocate_fresh(size * block_step);
        }
    }
    return ::operator new(bytes, block_alignment);
}

inline void free_block_of(void* memory, std::size_t bytes) noexcept {
    const std::size_t size = (bytes + block_step - 1) / block_step;
    if constexpr (RTAI_RECYCLE_BLOCKS) {
        if (size < block_sizes && cache.open) {
            auto& list = cache.sizes[size];
            if (list.count * size * block_step < kept_bytes_per_size) {
                auto* block = static_cast<free_block*>(memory);
                block->next = list.first;
                list.first = block;
                ++list.count;
                return;
            }
        }
    }
    ::operator delete(memory, block_alignment);
}

}  // namespace rtai::detail
