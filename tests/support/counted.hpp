#pragma once

#include <cstdint>
#include <utility>

namespace rtai::test {

/// A value that knows how many of its kind are alive, and whether it was moved from.
class counted {
public:
    explicit counted(int v) noexcept : value(v) { ++alive; }
    counted(const counted& other) noexcept : value(other.value) { ++alive; }
    counted(counted&& other) noexcept : value(std::exchange(other.value, moved_from)) { ++alive; }
    counted& operator=(const counted&) noexcept = default;
    counted& operator=(counted&& other) noexcept {
        value = std::exchange(other.value, moved_from);
        return *this;
    }
    ~counted() { --alive; }

    static constexpr int moved_from = -1;
    static inline thread_local std::int64_t alive = 0;

    int value;
};

}  // namespace rtai::test
