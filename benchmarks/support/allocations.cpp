#include "allocations.hpp"

#include <malloc.h>

#include <cerrno>
#include <cstddef>

namespace {

constinit thread_local bool counting = false;
constinit thread_local std::int64_t call_count = 0;
constinit thread_local std::int64_t byte_count = 0;

void* counted(void* memory) noexcept {
    if (counting) {
        ++call_count;
        byte_count += static_cast<std::int64_t>(malloc_usable_size(memory));
    }
    return memory;
}

void uncounted(void* memory) noexcept {
    if (counting) byte_count -= static_cast<std::int64_t>(malloc_usable_size(memory));
}

}  // namespace

// glibc lets a program define these and still reach the real ones.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t size) { return counted(__libc_malloc(size)); }
void* calloc(std::size_t count, std::size_t size) { return counted(__libc_calloc(count, size)); }
void* realloc(void* memory, std::size_t size) {
    uncounted(memory);
    return counted(__libc_realloc(memory, size));
}
void* memalign(std::size_t alignment, std::size_t size) { return counted(__libc_memalign(alignment, size)); }
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
    *memory = counted(__libc_memalign(alignment, size));
    return *memory == nullptr ? ENOMEM : 0;
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
    return counted(__libc_memalign(alignment, size));
}
void free(void* memory) {
    uncounted(memory);
    __libc_free(memory);
}
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

namespace bench {

allocation_count::allocation_count() noexcept {
    call_count = byte_count = 0;
    counting = true;
}
allocation_count::~allocation_count() { counting = false; }

std::int64_t allocation_count::calls() const noexcept { return call_count; }
std::int64_t allocation_count::bytes() const noexcept { return byte_count; }

}  // namespace bench
