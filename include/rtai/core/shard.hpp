#pragma once

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
#include <utility>

namespace rtai {

/// One thread's worth of coroutines: a queue of those that can go on, the timers they wait for, and the
/// driver that brings the outside world. Everything that belongs to a conversation lives on one shard,
/// so nothing there is locked. Only `post` may be called from another thread.
class shard {
public:
    explicit shard(std::unique_ptr<rtai::driver> d) : driver_(std::move(d)) {}
    shard(const shard&) = delete;
    shard& operator=(const shard&) = delete;
    ~shard() { inbox_.deliver(); }

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
        while (!done) {
            if (turn() == 0 && !done && idle()) driver_->wait(timers_.next());
            else driver_->poll();
        }
    }

    /// Takes in letters and due timers, then runs what is ready, for a bounded time. Returns how much
    /// it ran.
    std::size_t turn() {
        const entered inside(*this);
        inbox_.deliver();
        fire_timers();
        std::size_t count = 0;
        if (!ready_.empty()) {
            const time_point until = now() + longest_turn;
            do {
                for (unsigned i = 0; i < steps_between_clock_reads && !ready_.empty(); ++i, ++count) run_one();
            } while (!ready_.empty() && now() < until);
        }
        return count;
    }

    /// Runs one ready thing, if there is one.
    bool step() {
        const entered inside(*this);
        inbox_.deliver();
        if (ready_.empty()) return false;
        run_one();
        return true;
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
        if (inbox_.push(item)) driver_->wake();
    }

    void shuffle_by(detail::random* source) noexcept { ready_.shuffle_by(source); }

    void check_thread() const noexcept {
        RTAI_CHECK(current_ == this || current_ == nullptr,
                   "used from another shard's thread: send it through a cross_channel or post it to its shard");
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
    static constexpr duration longest_turn = std::chrono::microseconds(100);

    void run_one() noexcept {
        detail::runnable& item = ready_.pop();
        ++steps_;
        item.act(item);
    }

    static constinit inline thread_local shard* current_ = nullptr;

    std::unique_ptr<rtai::driver> driver_;
    detail::ready_queue ready_;
    detail::timer_heap timers_;
    detail::inbox inbox_;
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
