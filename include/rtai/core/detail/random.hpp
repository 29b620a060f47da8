#pragma once

#include <cstdint>

namespace rtai::detail {

/// SplitMix64: small, fast, and the same on every machine for the same seed.
class random {
public:
    explicit constexpr random(std::uint64_t seed) noexcept : state_(seed) {}

    constexpr std::uint64_t next() noexcept {
        std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
        z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
        return z ^ (z >> 31U);
    }

    /// In [0, bound); 0 for a bound of 0.
    constexpr std::uint64_t below(std::uint64_t bound) noexcept { return bound == 0 ? 0 : next() % bound; }

    /// In [0, 1).
    constexpr double unit() noexcept { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

    constexpr bool chance(double probability) noexcept { return unit() < probability; }

private:
    std::uint64_t state_;
};

}  // namespace rtai::detail
