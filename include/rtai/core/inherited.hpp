#pragma once

#include <coroutine>
#include <rtai/core/detail/group.hpp>
#include <rtai/core/task.hpp>
#include <utility>

namespace rtai {
namespace detail {

/// A value that a fiber can find, and the way to those further out.
struct inheritance {
    const void* kind;
    void* value;
    const inheritance* outer;
};

template <class T>
inline constexpr char inherited_kind{};

/// Asks its own fiber, and does not wait.
template <class T>
class inherited_await {
public:
    bool await_ready() const noexcept { return false; }

    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
        const auto* i = home_of(self).inherited();
        while (i != nullptr && i->kind != &inherited_kind<T>) i = i->outer;
        if (i != nullptr) found_ = static_cast<T*>(i->value);
        return false;
    }

    T* await_resume() const noexcept { return found_; }

private:
    T* found_ = nullptr;
};

template <class T, class R>
class inheriting_await final : public group {
public:
    inheriting_await(T& value, task<R> work)
        : given_{&inherited_kind<T>, &value, nullptr}, work_(std::move(work)), fiber_(*this) {}

    bool await_ready() const {
        work_.expect_something();
        return false;
    }

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> parent) {
        given_.outer = home_of(parent).inherited();
        stand_in(parent);
        start(fiber_, std::move(work_));
        fiber_.inherit(&given_);
    }

    R await_resume() { return fiber_.take(); }

private:
    void react(fiber&) noexcept override {}
    void cancel_all() noexcept override { fiber_.cancel(); }

    inheritance given_;
    task<R> work_;
    child<R> fiber_;
};

}  // namespace detail

/// What `with_inherited` gave to this task, or to one that started it; null without. For what concerns a
/// whole tree of tasks and is not to be handed through all of them, such as the trace they are part of:
///
///     const auto* user = co_await inherited<user_name>();
template <class T>
[[nodiscard]] detail::inherited_await<T> inherited() noexcept {
    return {};
}

/// Runs `work`; it and everything that it starts finds `value`, the innermost of its type.
///
///     co_await with_inherited(name, answer(question));
template <class T, class R>
[[nodiscard]] detail::inheriting_await<T, R> with_inherited(T& value, task<R> work) {
    return {value, std::move(work)};
}

}  // namespace rtai
