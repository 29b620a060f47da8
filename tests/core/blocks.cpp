#include <cstddef>
#include <cstring>
#include <rtai/core/detail/blocks.hpp>
#include <thread>
#include <utility>
#include <vector>

#include "core/allocations.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using detail::allocate_block;
using detail::free_block_of;

TEST_CASE("blocks of every size can be used to their last byte", "[blocks]") {
    for (std::size_t size : {1U, 63U, 64U, 65U, 640U, 4031U, 4032U, 4033U, 100'000U}) {
        void* first = allocate_block(size);
        void* second = allocate_block(size);
        std::memset(first, 1, size);
        std::memset(second, 2, size);
        REQUIRE(static_cast<unsigned char*>(first)[size - 1] == 1);
        free_block_of(first, size);
        free_block_of(second, size);
    }
}

#if RTAI_RECYCLE_BLOCKS
TEST_CASE("a freed block serves the next of its size", "[blocks]") {
    void* first = allocate_block(100);
    free_block_of(first, 100);
    void* second = allocate_block(128);
    REQUIRE(second == first);
    free_block_of(second, 128);
}

#if RTAI_COUNTS_ALLOCATIONS
TEST_CASE("a thread keeps no more of one size than a mebibyte", "[blocks]") {
    std::size_t kept = 0;
    std::thread other([&] {
        constexpr std::size_t size = 1024;
        std::vector<void*> blocks;
        for (int i = 0; i < 3000; ++i) blocks.push_back(allocate_block(size));
        for (void* b : std::exchange(blocks, {})) free_block_of(b, size);
        blocks.reserve(3000);
        const std::size_t before = test::allocations;
        for (int i = 0; i < 3000; ++i) blocks.push_back(allocate_block(size));
        kept = 3000 - (test::allocations - before);
        for (void* b : blocks) free_block_of(b, size);
    });
    other.join();
    REQUIRE(kept == 1024);
}
#endif
#endif

TEST_CASE("a block may be freed on another thread than it came from", "[blocks]") {
    std::vector<void*> blocks(100);
    for (void*& b : blocks) b = allocate_block(200);
    std::thread other([&] {
        for (void* b : blocks) free_block_of(b, 200);
        for (void*& b : blocks) b = allocate_block(200);
    });
    other.join();
    for (void* b : blocks) free_block_of(b, 200);
    SUCCEED();
}
