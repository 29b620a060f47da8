#pragma once

#include <coroutine>
#include <rtai/core/clock.hpp>
#include <rtai/core/detail/runnable.hpp>
#include <rtai/core/detail/timer_heap.hpp>
#include <rtai/core/shard.hpp>

namespace rtai {
namespace detail {

class sleep_await : public waiter {
public:
    explicit sleep_await(time_point when) noexcept { entry_.when = when; }
    ~sleep_await() { disarm(); }

    bool await_ready() const { return entry_.when <= now(); }

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) {
        arm(h);
    }

    void await_resume() noexcept { state = phase::idle; }

    void arm(std::coroutine_handle<> target, observer* watcher = nullptr) {
        set_target(target, watcher);
        act = &waiter::go_on_action;
        entry_.item = this;
        entry_.fired = false;
        this_shard().add_timer(entry_);
        state = phase::waiting;
    }

    void disarm() noexcept {
        if (!pending()) return;
        if (!entry_.fired) this_shard().remove_timer(entry_);
        else if (!going()) unlink();
        state = phase::idle;
    }

private:
    timer_entry entry_;
};

class yield_await : public waiter {
public:
    ~yield_await() { disarm(); }

    bool await_ready() const noexcept { return false; }

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) {
        arm(h);
    }

    void await_resume() noexcept { state = phase::idle; }

    void arm(std::coroutine_handle<> target, observer* watcher = nullptr) {
        set_target(target, watcher);
        act = &waiter::go_on_action;
        this_shard().schedule(*this);
        state = phase::fired;
    }

    void disarm() noexcept { leave(); }
};

}  // namespace detail

/// Waits until a time on the shard's clock.
[[nodiscard]] inline detail::sleep_await sleep_until(time_point when) noexcept {
    return detail::sleep_await(when);
}

[[nodiscard]] inline detail::sleep_await sleep_for(duration how_long) {
    return detail::sleep_await(later(now(), how_long));
}

/// Lets everything else that is ready go first.
[[nodiscard]] inline detail::yield_await yield() noexcept { return {}; }

}  // namespace rtai
