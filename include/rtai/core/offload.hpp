#pragma once

#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <rtai/core/detail/awaitable.hpp>
#include <rtai/core/detail/fiber.hpp>
#include <rtai/core/detail/inbox.hpp>
#include <rtai/core/detail/list.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/shard.hpp>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace rtai {

/// Tells a function on a worker that nobody waits for its result any more.
class stop_flag {
public:
    bool requested() const noexcept { return requested_.load(std::memory_order_relaxed); }
    void request() noexcept { requested_.store(true, std::memory_order_relaxed); }

private:
    std::atomic<bool> requested_{false};
};

namespace detail {

/// A function on its way to a worker, in a queue or being run.
struct job : list_hook {
    virtual void run() noexcept = 0;
    bool queued = false;

protected:
    ~job() = default;
};

}  // namespace detail

/// A few threads for what would hold up a shard: blocking calls and heavy computation. Its queue is
/// bounded; `offload` says so when it is full.
class worker_pool {
public:
    struct options {
        options() = default;
        unsigned threads = 2;
        std::size_t queue = 256;  ///< jobs that wait for a thread
    };

    worker_pool() : worker_pool(options()) {}
    explicit worker_pool(options o) : limit_(o.queue) {
        if (o.threads == 0) throw std::invalid_argument("a worker pool needs at least one thread");
        threads_.reserve(o.threads);
        try {
            for (unsigned i = 0; i < o.threads; ++i) threads_.emplace_back([this] { work(); });
        } catch (...) {
            stop();
            throw;
        }
    }
    worker_pool(const worker_pool&) = delete;
    worker_pool& operator=(const worker_pool&) = delete;

    /// Those who wait for a job must have gone: a pool outlives what uses it.
    ~worker_pool() { stop(); }

    std::size_t queued() const {
        const std::lock_guard lock(mutex_);
        return count_;
    }

    // For `offload`.

    bool submit(detail::job& j) {
        {
            const std::lock_guard lock(mutex_);
            if (count_ + busy_ >= limit_ + threads_.size()) return false;
            ++count_;
            j.queued = true;
            jobs_.push_back(j);
        }
        changed_.notify_one();
        return true;
    }

    /// True if it had not begun, and now never will.
    bool withdraw(detail::job& j) noexcept {
        const std::lock_guard lock(mutex_);
        if (!j.queued) return false;
        j.unlink();
        j.queued = false;
        --count_;
        return true;
    }

private:
    void stop() noexcept {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        changed_.notify_all();
        for (auto& t : threads_) t.join();
    }

    void work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
            if (jobs_.empty()) return;
            detail::job& j = jobs_.pop_front();
            j.queued = false;
            --count_;
            ++busy_;
            lock.unlock();
            j.run();
            lock.lock();
            --busy_;
        }
    }

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    detail::list<detail::job> jobs_;
    std::size_t count_ = 0;
    std::size_t busy_ = 0;
    const std::size_t limit_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

namespace detail {

template <class F>
decltype(auto) call_job(F& function, const stop_flag& stop) {
    if constexpr (std::is_invocable_v<F&, const stop_flag&>) return function(stop);
    else return function();
}

template <class F>
class offload_await final : public guard, job, letter, runnable {
    using value = decltype(call_job(std::declval<F&>(), std::declval<const stop_flag&>()));

public:
    offload_await(worker_pool& pool, F&& function)
        : letter(&come_back), pool_(pool), function_(std::move(function)) {}
    offload_await(const offload_await&) = delete;
    offload_await& operator=(const offload_await&) = delete;
    ~offload_await() { unschedule(); }

    bool await_ready() const noexcept { return false; }

    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        coroutine_ = h;
        fiber_ = &home_of(h);
        shard_ = &this_shard();
        fiber_->enter(*this);
        if (shard_->driver().simulated()) {
            // One thread, so that it is repeatable; but still not at once.
            runnable::act = [](runnable& self) noexcept {
                auto& me = static_cast<offload_await&>(self);
                me.scheduled_ = false;
                me.compute();
                me.go_on();
            };
            scheduled_ = true;
            shard_->schedule(*this);
            return true;
        }
        if (pool_.submit(*this)) return true;
        fiber_->leave();
        overloaded_ = true;
        return false;
    }

    result<value> await_resume() {
        if (overloaded_)
            return error(std::errc::resource_unavailable_try_again, "the worker pool's queue is full");
        if (thrown_) std::rethrow_exception(thrown_);
        if constexpr (std::is_void_v<value>) return {};
        else return std::move(*outcome_);
    }

private:
    void run() noexcept override {
        compute();
        shard_->deliver(*this);
    }

    void compute() noexcept {
        try {
            if constexpr (std::is_void_v<value>) call_job(function_, stop_);
            else outcome_.emplace(call_job(function_, stop_));
        } catch (...) {
            thrown_ = std::current_exception();
        }
    }

    static void come_back(letter& self) noexcept { static_cast<offload_await&>(self).go_on(); }

    bool unschedule() noexcept {
        if (!std::exchange(scheduled_, false)) return false;
        runnable::unlink();
        return true;
    }

    void go_on() noexcept {
        if (fiber_->cancelling()) return fiber_->wound_down();
        fiber_->leave();
        coroutine_.resume();
    }

    /// What has not begun never will; what runs is asked to stop, and waited for: it may use what the
    /// coroutine holds.
    bool wind_down() noexcept override {
        if (unschedule()) return true;
        if (pool_.withdraw(*this)) return true;
        stop_.request();
        return false;
    }

    worker_pool& pool_;
    F function_;
    std::coroutine_handle<> coroutine_{};
    fiber* fiber_ = nullptr;
    shard* shard_ = nullptr;
    std::optional<regular<value>> outcome_;
    std::exception_ptr thrown_{};
    stop_flag stop_;
    bool overloaded_ = false;
    bool scheduled_ = false;
};

}  // namespace detail

/// Runs `function()` or `function(const stop_flag&)` on a worker; its result, or what it throws, comes
/// back on this shard. The error `resource_unavailable_try_again` says that the pool's queue was full.
///
///     auto words = co_await offload(pool, [&] { return recognise(samples); });
template <class F>
[[nodiscard]] auto offload(worker_pool& pool, F function) {
    return detail::offload_await<F>(pool, std::move(function));
}

}  // namespace rtai
