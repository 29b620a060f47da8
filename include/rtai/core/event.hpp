#pragma once

#include <coroutine>
#include <rtai/core/detail/list.hpp>
#include <rtai/core/detail/runnable.hpp>
#include <rtai/core/shard.hpp>

namespace rtai {

/// Something that has happened, or not yet: everybody who waits goes on when it is `set`, and nobody
/// waits until it is `reset`. For one shard.
class event {
public:
    event() noexcept = default;
    event(const event&) = delete;
    event& operator=(const event&) = delete;
    ~event() { RTAI_CHECK(waiting_.empty(), "an event is destroyed while a coroutine waits for it"); }

    bool is_set() const noexcept { return set_; }

    void set() noexcept {
        set_ = true;
        while (!waiting_.empty()) {
            detail::waiter& w = waiting_.pop_front();
            w.state = detail::waiter::phase::fired;
            home_->schedule(w);
        }
    }

    void reset() noexcept { set_ = false; }

    class await : public detail::waiter {
    public:
        explicit await(event& e) noexcept : event_(e) {}
        ~await() { disarm(); }

        bool await_ready() const noexcept { return event_.set_; }

        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> h) {
            arm(h);
        }

        void await_resume() noexcept { state = phase::idle; }

        void arm(std::coroutine_handle<> target, detail::observer* watcher = nullptr) {
            event_.home_ = &this_shard();
            set_target(target, watcher);
            act = &waiter::go_on_action;
            state = phase::waiting;
            event_.waiting_.push_back(*this);
        }

        void disarm() noexcept { leave(); }

    private:
        event& event_;
    };

    [[nodiscard]] await wait() noexcept { return await(*this); }

private:
    detail::list<detail::waiter> waiting_;
    shard* home_ = nullptr;
    bool set_ = false;
};

}  // namespace rtai
