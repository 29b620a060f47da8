#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <rtai/core/clock.hpp>
#include <rtai/core/detail/check.hpp>
#include <rtai/core/detail/inbox.hpp>
#include <rtai/core/detail/ready_queue.hpp>
#include <rtai/core/detail/timer_heap.hpp>
#include <rtai/core/driver.hpp>
#include <stdexcept>
#include <thread>
#include <utility>

namespace rtai {

namespace detail {

inline void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/// Something that lives on a shard until it is done, and at the latest ends with it.
struct resident : list_hook {
    virtual ~resident() = default;
};

}  // namespace detail

/// One thread's worth of coroutines: a queue of those that can go on, the timers they wait for, and the
/// driver that brings the outside world. Everything that belongs to a conversation lives on one shard,
/// so nothing there is locked. Only `post` may be called from another thread.
class shard {
public:
    explicit shard(std::unique_ptr<rtai::driver> d) : driver_(std::move(d)) {}
    shard(const shard&) = delete;
    shard& operator=(const shard&) = delete;
    ~shard() {
        const entered inside(*this);
        inbox_.deliver();
        evict();
        // Who delivered the last letter may still be about to wake this shard.
        while (delivering_.load(std::memory_order_acquire) > 0) detail::pause();
    }

    time_point now() const noexcept { return driver_->now(); }
    rtai::driver& driver() noexcept { return *driver_; }

    /// Runs `f` on this shard, in order with other posts. From any thread.
    template <class F>
    void post(F f) {
        deliver(*new detail::posted_function<F>(std::move(f)));
    }

    /// Runs the loop until `done`.
    void run_until(const bool& done) {
        const entered inside(*this);
        asleep_ = false;
        while (!done) {
            turn();
            if (done) break;
            if (idle()) rest(timers_.next());
            else driver_->poll();
        }
        asleep_ = true;
    }

    /// Goes on until what the library itself has under way here is done, or `limit` is over: values
    /// between shards arrive even when the work that sent them is finished.
    void settle(duration limit) {
        const entered inside(*this);
        const time_point until = later(now(), limit);
        while (!residents_.empty() && now() < until) {
            turn();
            if (residents_.empty()) break;
            if (idle()) rest(std::min(until, timers_.next()));
            else driver_->poll();
        }
    }

    /// Ends what the library still has under way here; the far sides learn of it. Before the first of
    /// several shards that know each other is destroyed.
    void evict() noexcept {
        const entered inside(*this);
        while (!residents_.empty()) delete &residents_.pop_front();
    }

    /// Takes in letters and due timers, then runs what is ready, for a bounded time. Returns how much
    /// it ran.
    std::size_t turn() {
        const entered inside(*this);
        if (inbox_.deliver()) last_letter_ = now();
        fire_timers();
        std::size_t count = 0;
        if (ready_.empty()) return count;
        const time_point until = now() + longest_turn;
        do {
            for (unsigned i = 0; i < steps_between_clock_reads; ++i, ++count)
                if (!run_one()) return count;
        } while (now() < until);
        return count;
    }

    /// Takes in letters and runs one ready thing. False if there was neither.
    bool step() {
        const entered inside(*this);
        const bool delivered = inbox_.deliver();
        return run_one() || delivered;
    }

    void fire_timers() {
        if (timers_.empty()) return;
        const time_point at = now();
        while (timers_.next() <= at) {
            detail::timer_entry& due = timers_.pop();
            due.fired = true;
            ready_.push(*due.item);
        }
    }

    /// Where another shard has just written, the next letter is likely near: the loop looks out for it so
    /// long before it sleeps, which saves both sides the system's wake-up. Zero turns that off.
    void watch_inbox_for(duration how_long) noexcept { watch_for_ = how_long; }

    bool idle() const noexcept { return ready_.empty() && inbox_.empty(); }
    time_point next_deadline() const noexcept { return timers_.next(); }
    std::size_t waiting_timers() const noexcept { return timers_.size(); }

    /// How often something was resumed or run: a measure of work, and the steps of a simulation.
    std::uint64_t steps() const noexcept { return steps_; }

    /// The shard whose loop runs on this thread, or null.
    static shard* current() noexcept { return current_; }

    // For the library's own awaits; on this shard's thread only.

    void schedule(detail::runnable& item) noexcept {
        check_thread();
        ready_.push(item);
        if (!running_) driver_->turn_wanted();
    }

    void schedule_urgent(detail::runnable& item) noexcept {
        check_thread();
        ready_.push_urgent(item);
        if (!running_) driver_->turn_wanted();
    }

    void add_timer(detail::timer_entry& entry) {
        check_thread();
        timers_.insert(entry);
    }

    void remove_timer(detail::timer_entry& entry) noexcept {
        check_thread();
        timers_.remove(entry);
    }

    void deliver(detail::letter& item) noexcept {
        delivering_.fetch_add(1, std::memory_order_relaxed);
        if (inbox_.push(item) && asleep_.load()) driver_->wake();
        delivering_.fetch_sub(1, std::memory_order_release);
    }

    void admit(detail::resident& newcomer) noexcept { residents_.push_back(newcomer); }
    bool has_residents() const noexcept { return !residents_.empty(); }

    void shuffle_by(detail::random* source) noexcept { ready_.shuffle_by(source); }

    void check_thread() const noexcept {
        RTAI_CHECK(current_ == this || (current_ == nullptr && !running_),
                   "used from another thread than its shard's: go through a cross_channel, or shard::post");
    }

    /// Makes a shard the current one for a scope.
    class entered {
    public:
        explicit entered(shard& s) noexcept
            : outer_(std::exchange(current_, &s)), was_running_(std::exchange(s.running_, true)) {}
        entered(const entered&) = delete;
        entered& operator=(const entered&) = delete;
        ~entered() {
            current_->running_ = was_running_;
            current_ = outer_;
        }

    private:
        shard* outer_;
        bool was_running_;
    };

private:
    static constexpr unsigned steps_between_clock_reads = 64;
    static constexpr int looks_before_yield = 40;
    static constexpr int most_looks = 10'000;
    static constexpr duration default_watch = std::chrono::microseconds(20);
    static constexpr duration longest_turn = std::chrono::microseconds(100);

    void rest(time_point until) {
        if (watch_for_ > duration::zero()) {
            const time_point watch_until = std::min(until, last_letter_ + watch_for_);
            // On a busy machine the writer may need this core: look a little, then let others run.
            for (int i = 0; i < most_looks && inbox_.empty() && now() < watch_until; ++i) {
                if (i < looks_before_yield) detail::pause();
                else std::this_thread::yield();
            }
        }
        // Set before the last look at the inbox, and read after a letter was put there: one of the two
        // sees the other.
        asleep_ = true;
        if (idle()) driver_->wait(until);
        asleep_ = false;
    }

    bool run_one() noexcept {
        detail::runnable* item = ready_.pop();
        if (item == nullptr) return false;
        ++steps_;
        item->act(*item);
        return true;
    }

    static constinit inline thread_local shard* current_ = nullptr;

    std::unique_ptr<rtai::driver> driver_;
    detail::ready_queue ready_;
    detail::timer_heap timers_;
    detail::inbox inbox_;
    detail::list<detail::resident> residents_;
    std::atomic<bool> asleep_{true};
    std::atomic<int> delivering_{0};
    duration watch_for_ = std::thread::hardware_concurrency() > 1 ? default_watch : duration::zero();
    time_point last_letter_{};
    std::uint64_t steps_ = 0;
    bool running_ = false;
};

/// The shard this coroutine runs on.
inline shard& this_shard() {
    shard* here = shard::current();
    if (here == nullptr)
        throw std::logic_error("no shard runs on this thread: start with rtai::run(...) or a runtime");
    return *here;
}

inline time_point now() { return this_shard().now(); }

}  // namespace rtai
