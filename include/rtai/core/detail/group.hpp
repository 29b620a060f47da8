#pragma once

#include <coroutine>
#include <cstddef>
#include <rtai/core/task.hpp>

namespace rtai::detail {

/// A coroutine that waits for several fibers it started: what `join`, `race`, `with` and `scope` have in
/// common. It goes on when the last of them has ended, whatever the reason.
class group : public guard, public fiber_owner {
protected:
    group() = default;
    group(const group&) = delete;
    group& operator=(const group&) = delete;
    ~group() = default;

    template <class Promise>
    void stand_in(std::coroutine_handle<Promise> parent) noexcept {
        parent_ = parent;
        home_ = &home_of(parent);
        home_->enter(*this);
    }

    template <class T, class Base>
    void start(child<T, Base>& c, task<T> work) {
        c.start(std::move(work));
        if (home_ != nullptr) c.inherit(home_->inherited());
        ++live_;
    }

    /// A child ended; `live` of them are left. May start or cancel others.
    virtual void react(fiber& child) noexcept = 0;
    virtual void cancel_all() noexcept = 0;

    /// Asked when no child is left, before the coroutine goes on.
    virtual bool may_go_on() noexcept { return true; }

    std::size_t live() const noexcept { return live_; }
    bool closing() const noexcept { return closing_; }

    /// Runs `action`, which may end children, and only then looks whether all is done: that destroys
    /// this object.
    template <class F>
    void reacting(F&& action) noexcept {
        ++reacting_;
        action();
        --reacting_;
        if (reacting_ > 0 || live_ > 0 || home_ == nullptr) return;
        if (!closing_ && !may_go_on()) return;
        fiber& home = *std::exchange(home_, nullptr);
        if (closing_) {
            home.wound_down();
        } else {
            home.leave();
            parent_.resume();
        }
    }

    bool wind_down() noexcept final {
        closing_ = true;
        ++reacting_;
        cancel_all();
        --reacting_;
        return live_ == 0;
    }

    std::coroutine_handle<> parent() const noexcept { return parent_; }

private:
    void child_ended(fiber& child) noexcept final {
        --live_;
        reacting([&] { react(child); });
    }

    std::coroutine_handle<> parent_{};
    fiber* home_ = nullptr;
    std::size_t live_ = 0;
    unsigned reacting_ = 0;
    bool closing_ = false;
};

}  // namespace rtai::detail
