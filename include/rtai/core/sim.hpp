#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <rtai/core/clock.hpp>
#include <rtai/core/detail/check.hpp>
#include <rtai/core/detail/random.hpp>
#include <rtai/core/driver.hpp>
#include <rtai/core/run.hpp>
#include <rtai/core/shard.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// The same coroutines in simulated time: one thread runs any number of shards, the clock jumps to the
/// next timer, and a seed decides in which order what is ready goes on. The same seed gives the same run.
namespace rtai::sim {

/// Thrown when work waits for something that can not happen any more.
class stuck : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class world {
public:
    explicit world(std::uint64_t seed = 1) : seed_(seed), random_(seed) { add_shard(); }
    world(const world&) = delete;
    world& operator=(const world&) = delete;
    ~world() {
        for (const auto& s : shards_) s->evict();
        while (!shards_.empty()) shards_.pop_back();
    }

    shard& first() noexcept { return *shards_.front(); }

    shard& add_shard() {
        shards_.push_back(std::make_unique<shard>(std::make_unique<simulated_driver>(*this)));
        shards_.back()->shuffle_by(&random_);
        return *shards_.back();
    }

    std::uint64_t seed() const noexcept { return seed_; }
    time_point now() const noexcept { return now_; }
    duration elapsed() const noexcept { return now_.time_since_epoch(); }

    /// For everything in the simulation that is left to chance.
    detail::random& random() noexcept { return random_; }

    /// Runs all shards until `work`, on the first one, is done.
    template <class T>
    T run(task<T> work) {
        detail::root<T> root(first());
        root.start(std::move(work));
        while (!root.ended()) {
            if (!step()) throw stuck(what_is_stuck());
        }
        settle();
        return root.take();
    }

    /// One coroutine of one shard goes on, or else time does. False: nothing can happen any more.
    bool step() {
        if (shard* busy = pick_busy()) return busy->step();
        return advance();
    }

    /// How many steps were made, in all shards.
    std::uint64_t steps() const noexcept {
        std::uint64_t sum = 0;
        for (const auto& s : shards_) sum += s->steps();
        return sum;
    }

private:
    class simulated_driver final : public driver {
    public:
        explicit simulated_driver(world& w) noexcept : world_(w) {}
        time_point now() const noexcept override { return world_.now_; }
        void poll() override {}
        void wait(time_point) override { throw std::logic_error("a simulated shard is run by its world"); }
        void wake() noexcept override {}
        bool simulated() const noexcept override { return true; }

    private:
        world& world_;
    };

    shard* pick_busy() {
        std::size_t busy = 0;
        for (const auto& s : shards_)
            if (!s->idle()) ++busy;
        if (busy == 0) return nullptr;
        std::size_t chosen = busy == 1 ? 0 : static_cast<std::size_t>(random_.below(busy));
        for (const auto& s : shards_)
            if (!s->idle() && chosen-- == 0) return s.get();
        return nullptr;
    }

    bool advance() {
        time_point next = never;
        for (const auto& s : shards_) next = std::min(next, s->next_deadline());
        if (next == never) return false;
        now_ = std::max(now_, next);
        for (const auto& s : shards_) {
            const shard::entered inside(*s);
            s->fire_timers();
        }
        return true;
    }

    void settle() {
        const time_point until = now_ + settle_limit;
        while (has_residents() && now_ <= until && step()) {
        }
    }

    bool has_residents() const noexcept {
        for (const auto& s : shards_)
            if (s->has_residents()) return true;
        return false;
    }

    std::string what_is_stuck() const {
        return "nothing can happen any more: all coroutines (" + std::to_string(live_coroutines) +
               ") wait for each other at " + std::to_string(elapsed() / std::chrono::milliseconds(1)) +
               " ms, seed " + std::to_string(seed_);
    }

    std::uint64_t seed_;
    detail::random random_;
    time_point now_{};
    std::vector<std::unique_ptr<shard>> shards_;
};

/// Runs `work` in a world of its own.
template <class T>
T run(task<T> work, std::uint64_t seed = 1) {
    world w(seed);
    return w.run(std::move(work));
}

/// Calls `trial(seed)` for the seeds 1 to `count`, or for the one in the environment's RTAI_SEED only.
/// What fails says with which seed, and how to see it again.
template <class F>
void for_seeds(std::uint64_t count, F&& trial) {
    std::uint64_t first = 1;
    if (const char* only = std::getenv("RTAI_SEED")) first = count = std::strtoull(only, nullptr, 10);
    for (std::uint64_t seed = first; seed <= count; ++seed) {
        detail::simulated_seed = seed;
        try {
            trial(seed);
        } catch (...) {
            std::fprintf(stderr, "rtai: failed with seed %llu: set RTAI_SEED=%llu to see it again\n",
                         static_cast<unsigned long long>(seed), static_cast<unsigned long long>(seed));
            throw;
        }
    }
    detail::simulated_seed = 0;
}

}  // namespace rtai::sim
