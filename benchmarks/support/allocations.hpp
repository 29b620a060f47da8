#pragma once

#include <cstdint>

namespace bench {

/// What this thread asks of the heap while one of these exists, whoever asks: operator new, malloc or a
/// library.
class allocation_count {
public:
    allocation_count() noexcept;
    allocation_count(const allocation_count&) = delete;
    allocation_count& operator=(const allocation_count&) = delete;
    ~allocation_count();

    std::int64_t calls() const noexcept;
    /// Allocated and not freed.
    std::int64_t bytes() const noexcept;
};

}  // namespace bench
