#include "core/allocations.hpp"

#include <cstdlib>
#include <new>

#if RTAI_COUNTS_ALLOCATIONS

void* operator new(std::size_t bytes) {
    ++rtai::test::allocations;
    if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

#endif
