#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace rtai::observe::detail {

/// A number that several threads count up has a place for each of so many threads, and one for all others.
inline constexpr unsigned own_stripes = 16;
inline constexpr unsigned all_stripes = own_stripes + 1;
inline constexpr unsigned no_stripe = ~0U;

inline constinit thread_local unsigned this_stripe = no_stripe;

/// Which place is this thread's. It is its own as long as the thread lives.
class stripe_lease {
public:
    stripe_lease() noexcept {
        auto free = free_.load(std::memory_order_relaxed);
        while (free != 0)
            if (free_.compare_exchange_weak(free, free & (free - 1), std::memory_order_acquire,
                                            std::memory_order_relaxed)) {
                this_stripe = static_cast<unsigned>(std::countr_zero(free));
                return;
            }
        this_stripe = own_stripes;
    }
    stripe_lease(const stripe_lease&) = delete;
    stripe_lease& operator=(const stripe_lease&) = delete;
    ~stripe_lease() {
        if (this_stripe < own_stripes) free_.fetch_or(1U << this_stripe, std::memory_order_release);
        this_stripe = own_stripes;
    }

private:
    static inline std::atomic<std::uint32_t> free_{(1U << own_stripes) - 1};
};

inline unsigned take_stripe() noexcept {
    static thread_local const stripe_lease lease;
    return this_stripe;
}

inline unsigned stripe() noexcept {
    if (this_stripe == no_stripe) [[unlikely]]
        return take_stripe();
    return this_stripe;
}

/// Nobody else writes an own place, so nothing is locked there.
inline void add(std::atomic<std::uint64_t>& to, std::uint64_t n, unsigned stripe) noexcept {
    if (stripe < own_stripes) [[likely]]
        to.store(to.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    else to.fetch_add(n, std::memory_order_relaxed);
}
inline void add(std::atomic<double>& to, double n, unsigned stripe) noexcept {
    if (stripe < own_stripes) [[likely]]
        to.store(to.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    else to.fetch_add(n, std::memory_order_relaxed);
}

}  // namespace rtai::observe::detail
