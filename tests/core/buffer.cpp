#include <cstddef>
#include <cstdint>
#include <cstring>
#include <rtai/core/buffer.hpp>
#include <rtai/core/run.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/allocations.hpp"
#include "support/co_test.hpp"

using namespace rtai;

namespace {

buffer holding(const std::string& text) {
    buffer b(text.size());
    std::memcpy(b.data(), text.data(), text.size());
    return b;
}

std::string text_in(const buffer& b) { return {reinterpret_cast<const char*>(b.data()), b.size()}; }

}  // namespace

TEST_CASE("an empty buffer has no bytes", "[buffer]") {
    buffer b;
    REQUIRE_FALSE(b);
    REQUIRE(b.size() == 0);
    REQUIRE(b.capacity() == 0);
    REQUIRE(b.data() == nullptr);
    REQUIRE(b.span().empty());
    REQUIRE_FALSE(b.unique());
    REQUIRE_NOTHROW(b.resize(0));
    REQUIRE_THROWS_AS(b.resize(1), std::length_error);
}

TEST_CASE("a buffer of no bytes is still a buffer", "[buffer]") {
    const buffer b(0);
    REQUIRE(b);
    REQUIRE(b.size() == 0);
    REQUIRE(b.unique());
}

TEST_CASE("copies of a buffer share its bytes", "[buffer]") {
    buffer first = holding("hello");
    REQUIRE(first.unique());
    {
        buffer second = first;
        REQUIRE_FALSE(first.unique());
        REQUIRE(second.data() == first.data());
        REQUIRE(text_in(second) == "hello");
        second = holding("other");
        REQUIRE(first.unique());
        second = first;
        const buffer& same = second;
        second = same;
        REQUIRE(text_in(second) == "hello");
    }
    REQUIRE(first.unique());
}

TEST_CASE("a buffer that was moved from is empty", "[buffer]") {
    buffer first = holding("hello");
    const auto* bytes = first.data();
    buffer second = std::move(first);
    REQUIRE_FALSE(first);  // NOLINT(bugprone-use-after-move)
    REQUIRE(second.data() == bytes);
    REQUIRE(second.unique());
    first = std::move(second);
    REQUIRE(text_in(first) == "hello");
}

TEST_CASE("a buffer shrinks, and grows again up to what it was made with", "[buffer]") {
    buffer b = holding("hello");
    b.resize(2);
    REQUIRE(text_in(b) == "he");
    REQUIRE(b.capacity() == 5);
    b.resize(5);
    REQUIRE(text_in(b) == "hello");
    REQUIRE_THROWS_AS(b.resize(6), std::length_error);
}

TEST_CASE("a buffer beyond the limit is refused", "[buffer]") {
    REQUIRE_THROWS_AS(buffer(buffer::max_size + 1), std::length_error);
    REQUIRE_THROWS_AS(buffer(SIZE_MAX), std::length_error);
}

TEST_CASE("the bytes of a buffer are aligned for samples of any kind", "[buffer]") {
    for (std::size_t size : {1U, 63U, 640U, 5000U})
        REQUIRE(reinterpret_cast<std::uintptr_t>(buffer(size).data()) % 16 == 0);
}

#if RTAI_RECYCLE_BLOCKS
TEST_CASE("the memory of a buffer is used again", "[buffer]") {
    {
        const buffer warm(640);
    }
    const std::size_t before = test::allocations;
    for (int i = 0; i < 100; ++i) {
        buffer b(640);
        const buffer shared = b;
        b.resize(320);
    }
    REQUIRE(test::allocations == before);
}
#endif

TEST_CASE("a buffer is let go of on any thread", "[buffer]") {
    for (int round = 0; round < 50; ++round) {
        const buffer shared = holding("hello");
        std::vector<std::thread> threads;
        std::vector<int> wrong(3);
        for (std::size_t t = 0; t < 3; ++t)
            threads.emplace_back([copy = shared, &w = wrong[t]]() mutable {
                for (int i = 0; i < 100; ++i) {
                    const buffer another = copy;
                    if (text_in(another) != "hello") ++w;
                }
                copy = buffer();
            });
        for (auto& t : threads) t.join();
        REQUIRE(wrong == std::vector<int>(3));
        REQUIRE(shared.unique());
    }
}
