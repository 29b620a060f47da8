#pragma once

#include <array>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <atomic>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <rtai/core/driver.hpp>
#include <rtai/core/run.hpp>
#include <rtai/core/shard.hpp>
#include <stdexcept>
#include <utility>

namespace rtai {

/// A driver that has an Asio context, for I/O objects to be made on.
class asio_context_driver : public driver {
public:
    virtual asio::io_context& context() noexcept = 0;
    time_point now() const noexcept override { return std::chrono::steady_clock::now(); }
};

namespace detail {

/// Memory for the one message that wakes a driver, so that waking never allocates.
struct message_slot {
    alignas(std::max_align_t) std::array<std::byte, 192> bytes;
    bool taken = false;
};

template <class T>
class one_slot_allocator {
public:
    using value_type = T;

    explicit one_slot_allocator(message_slot& s) noexcept : slot_(&s) {}
    template <class U>
    one_slot_allocator(const one_slot_allocator<U>& other) noexcept  // NOLINT(google-explicit-constructor)
        : slot_(other.slot_) {}

    T* allocate(std::size_t n) {
        if (sizeof(T) * n <= sizeof(message_slot::bytes) && !std::exchange(slot_->taken, true))
            return reinterpret_cast<T*>(slot_->bytes.data());
        return static_cast<T*>(::operator new(sizeof(T) * n));
    }
    void deallocate(T* memory, std::size_t) noexcept {
        if (reinterpret_cast<std::byte*>(memory) == slot_->bytes.data()) slot_->taken = false;
        else ::operator delete(memory);
    }

    bool operator==(const one_slot_allocator&) const noexcept = default;

private:
    template <class>
    friend class one_slot_allocator;

    message_slot* slot_;
};

}  // namespace detail

/// A shard's loop on an `asio::io_context` of its own.
class asio_driver final : public asio_context_driver {
public:
    asio_driver() : context_(1), alive_(context_.get_executor()) {}

    asio::io_context& context() noexcept override {
        has_io_ = true;
        return context_;
    }

    /// No more than a few: handlers that keep each other busy must not starve the shard.
    void poll() override {
        for (int i = 0; i < 64 && context_.poll_one() > 0; ++i) {
        }
    }

    void wait(time_point until) override {
        if (until == never) {
            context_.run_one();
        } else if (!has_io_) {
            // Without I/O objects Asio waits on a condition variable, which wakes faster than its reactor.
            context_.run_one_until(until);
        } else {
            arm(until);
            context_.run_one();
        }
    }

    void wake() noexcept override {
        if (!waking_.exchange(true)) asio::post(context_, waker(*this));
    }

private:
    /// The reactor itself counts in milliseconds; a timer of Asio's is exact.
    void arm(time_point until) {
        // One that goes off too early costs an empty turn; setting it anew costs a system call.
        if (until >= armed_for_) return;
        if (!timer_) timer_.emplace(context_);
        armed_for_ = until;
        timer_->expires_at(until);
        timer_->async_wait([this](asio::error_code error) {
            if (!error) armed_for_ = never;
        });
    }

    class waker {
    public:
        using allocator_type = detail::one_slot_allocator<std::byte>;

        explicit waker(asio_driver& driver) noexcept : driver_(&driver) {}
        allocator_type get_allocator() const noexcept { return allocator_type(driver_->waker_memory_); }
        void operator()() const noexcept { driver_->waking_.store(false); }

    private:
        asio_driver* driver_;
    };

    // Before the context: handlers that were never run are destroyed with it, and give their memory back.
    detail::message_slot waker_memory_;
    std::atomic<bool> waking_{false};
    asio::io_context context_;
    asio::executor_work_guard<asio::io_context::executor_type> alive_;
    std::optional<asio::steady_timer> timer_;
    time_point armed_for_ = never;
    bool has_io_ = false;
};

/// The Asio context under this shard, to make sockets, resolvers and the like on.
inline asio::io_context& io_context() {
    auto* driver = dynamic_cast<asio_context_driver*>(&this_shard().driver());
    if (driver == nullptr)
        throw std::logic_error(
            "this shard has no Asio context: in simulation, use the links of rtai/core/sim_link.hpp");
    return driver->context();
}

/// Runs `work` on this thread, with a shard of its own, until it is done: the shortest way from `main`
/// to coroutines.
template <class T>
T run(task<T> work) {
    shard here(std::make_unique<asio_driver>());
    return run(here, std::move(work));
}

}  // namespace rtai
