#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <rtai/core/clock.hpp>
#include <rtai/observe/detail/stripe.hpp>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

namespace rtai::observe {

/// Only grows. Each thread counts in a place of its own; the sum is made when somebody asks.
class counter {
public:
    void add(std::uint64_t n = 1) noexcept {
        const auto mine = detail::stripe();
        detail::add(places_[mine].count, n, mine);
    }

    std::uint64_t value() const noexcept {
        std::uint64_t sum = 0;
        for (const auto& p : places_) sum += p.count.load(std::memory_order_relaxed);
        return sum;
    }

private:
    struct alignas(64) place {
        std::atomic<std::uint64_t> count{0};
    };
    std::array<place, detail::all_stripes> places_;
};

/// What is now.
class gauge {
public:
    void set(double v) noexcept { value_.store(v, std::memory_order_relaxed); }
    void add(double n) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
    double value() const noexcept { return value_.load(std::memory_order_relaxed); }

    /// Counts for one as long as it exists.
    class share {
    public:
        explicit share(gauge& of) noexcept : of_(&of) { of.add(1); }
        share(share&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
        share& operator=(share&& other) noexcept {
            std::swap(of_, other.of_);
            return *this;
        }
        ~share() {
            if (of_ != nullptr) of_->add(-1);
        }

    private:
        gauge* of_;
    };
    [[nodiscard]] share one() noexcept { return share(*this); }

private:
    std::atomic<double> value_{0};
};

/// The unit that a histogram's name ends with.
enum class metric_unit : std::uint8_t { seconds, milliseconds };

/// How often something was how large.
class histogram {
public:
    /// The upper ends of its buckets, rising.
    explicit histogram(std::vector<double> bounds, metric_unit unit = metric_unit::seconds)
        : bounds_(std::move(bounds)),
          units_a_second_(unit == metric_unit::seconds ? 1 : 1000),
          counts_((bounds_.size() + 1 + in_line - 1) / in_line * detail::all_stripes) {
        if (bounds_.empty() ||
            std::adjacent_find(bounds_.begin(), bounds_.end(), std::greater_equal<>()) != bounds_.end())
            throw std::invalid_argument("the bounds of a histogram must rise");
    }

    /// In the unit of its name. What is no number is left out.
    void observe(double v) noexcept {
        if (v != v) return;
        const auto mine = detail::stripe();
        std::size_t bucket = 0;
        while (bucket < bounds_.size() && bounds_[bucket] < v) ++bucket;
        detail::add(count(mine, bucket), 1, mine);
        detail::add(sums_[mine].sum, v, mine);
    }
    void observe(duration d) noexcept { observe(std::chrono::duration<double>(d).count() * units_a_second_); }

    std::span<const double> bounds() const noexcept { return bounds_; }

    /// How many there are in each bucket alone; the last is for what is above all bounds.
    std::vector<std::uint64_t> counts() const {
        std::vector<std::uint64_t> all(bounds_.size() + 1);
        for (unsigned s = 0; s < detail::all_stripes; ++s)
            for (std::size_t b = 0; b < all.size(); ++b)
                all[b] += const_cast<histogram*>(this)->count(s, b).load(std::memory_order_relaxed);
        return all;
    }
    double sum() const noexcept {
        double all = 0;
        for (const auto& s : sums_) all += s.sum.load(std::memory_order_relaxed);
        return all;
    }

private:
    static constexpr std::size_t in_line = 8;
    struct alignas(64) line {
        std::array<std::atomic<std::uint64_t>, in_line> counts{};
    };
    struct alignas(64) place {
        std::atomic<double> sum{0};
    };

    std::atomic<std::uint64_t>& count(unsigned stripe, std::size_t bucket) noexcept {
        const auto lines = counts_.size() / detail::all_stripes;
        return counts_[stripe * lines + bucket / in_line].counts[bucket % in_line];
    }

    std::vector<double> bounds_;
    double units_a_second_;
    std::vector<line> counts_;
    std::array<place, detail::all_stripes> sums_;
};

}  // namespace rtai::observe
