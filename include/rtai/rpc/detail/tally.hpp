#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace rtai::rpc::detail {

/// The calls of a server that live: counted on every shard, and waited for by the thread that ends it.
class tally {
public:
    using clock = std::chrono::steady_clock;

    void enter() noexcept { live_.fetch_add(1, std::memory_order_relaxed); }

    void leave() noexcept {
        if (live_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
        const std::lock_guard lock(mutex_);
        emptied_ = clock::now();
        changed_.notify_all();
    }

    std::size_t live() const noexcept { return live_.load(std::memory_order_relaxed); }

    /// Until no call lives, and none has for `quiet`. False: it is `until`, or somebody is in a hurry.
    bool wait_for_none(clock::time_point until, clock::duration quiet) {
        std::unique_lock lock(mutex_);
        while (!hurry_) {
            const auto at = clock::now();
            const bool none = live() == 0;
            if (none && at - emptied_ >= quiet) return true;
            if (at >= until) return none;
            const auto calm = emptied_ + quiet;
            changed_.wait_until(lock, none && calm < until ? calm : until);
        }
        return false;
    }

    /// Some time, unless somebody is in a hurry.
    void pause(clock::duration some) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, some, [this] { return hurry_; });
    }

    /// Whoever waits, waits no longer.
    void hurry() noexcept {
        const std::lock_guard lock(mutex_);
        hurry_ = true;
        changed_.notify_all();
    }

private:
    std::atomic<std::size_t> live_{0};
    std::mutex mutex_;
    std::condition_variable changed_;
    clock::time_point emptied_{};
    bool hurry_ = false;
};

}  // namespace rtai::rpc::detail
