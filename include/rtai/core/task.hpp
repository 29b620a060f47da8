#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <rtai/core/detail/fiber.hpp>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace rtai {

template <class T = void>
class task;

namespace detail {

template <class T>
struct task_promise;

struct final_await {
    bool await_ready() const noexcept { return false; }

    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
        promise_base& promise = self.promise();
#ifdef RTAI_NO_SYMMETRIC_TRANSFER
        if (promise.starting) {
            promise.finished = true;
            return std::noop_coroutine();
        }
#endif
        if (promise.continuation) return promise.continuation;
        promise.home->root_finished();
        return std::noop_coroutine();
    }

    void await_resume() const noexcept {}
};

struct task_promise_common : promise_base {
    std::suspend_always initial_suspend() const noexcept { return {}; }
    final_await final_suspend() const noexcept { return {}; }
};

template <class T>
struct task_promise : task_promise_common {
    task_promise() noexcept = default;
    task_promise(const task_promise&) = delete;
    task_promise& operator=(const task_promise&) = delete;
    ~task_promise() = default;

    task<T> get_return_object() noexcept;

    template <class U = T>
        requires std::is_constructible_v<T, U&&>
    void return_value(U&& value) {
        result.emplace(std::forward<U>(value));
    }

    T take() {
        if (error) std::rethrow_exception(std::move(error));
        return std::move(*result);
    }

    std::optional<T> result;
};

template <class T>
struct task_promise<T&> : task_promise_common {
    task<T&> get_return_object() noexcept;
    void return_value(T& value) noexcept { result = std::addressof(value); }

    T& take() {
        if (error) std::rethrow_exception(std::move(error));
        return *result;
    }

    T* result = nullptr;
};

template <>
struct task_promise<void> : task_promise_common {
    inline task<void> get_return_object() noexcept;
    void return_void() const noexcept {}

    void take() {
        if (error) std::rethrow_exception(std::move(error));
    }
};

}  // namespace detail

/// Work that is described now and done when it is awaited, once. It owns everything it started:
/// dropping it cancels that, however deep, and unwinds it. Await it with `co_await`, with others by
/// `join` and `race`, or in the background of a `scope`.
template <class T>
class [[nodiscard("a task does nothing until it is awaited: co_await it, or give it to a scope")]] task {
public:
    using promise_type = detail::task_promise<T>;
    using value_type = T;

    task() noexcept = default;
    task(task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    task& operator=(task&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~task() {
        if (handle_) handle_.destroy();
    }

    /// False once it was moved from or handed over.
    explicit operator bool() const noexcept { return static_cast<bool>(handle_); }

    class await {
    public:
        explicit await(task&& awaited) noexcept : handle_(awaited.release()) {}
        await(const await&) = delete;
        await& operator=(const await&) = delete;
        ~await() {
            if (handle_) handle_.destroy();
        }

        bool await_ready() const noexcept { return false; }

#ifdef RTAI_NO_SYMMETRIC_TRANSFER
        template <class Promise>
        bool await_suspend(std::coroutine_handle<Promise> parent) const noexcept {
            detail::promise_base& child = handle_.promise();
            child.continuation = parent;
            child.home = &detail::home_of(parent);
            child.starting = true;
            handle_.resume();
            child.starting = false;
            return !child.finished;
        }
#else
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> parent) const noexcept {
            detail::promise_base& child = handle_.promise();
            child.continuation = parent;
            child.home = &detail::home_of(parent);
            return handle_;
        }
#endif

        T await_resume() const { return handle_.promise().take(); }

    private:
        std::coroutine_handle<promise_type> handle_;
    };

    await operator co_await() && {
        expect_something();
        return await(std::move(*this));
    }

    /// Throws if there is nothing to do.
    void expect_something() const {
        if (!handle_)
            throw std::logic_error("a task can be awaited once: this one already was, or it is empty");
    }

    /// Gives the coroutine away, with the duty to destroy it.
    std::coroutine_handle<promise_type> release() noexcept { return std::exchange(handle_, nullptr); }

private:
    friend promise_type;
    explicit task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

    std::coroutine_handle<promise_type> handle_{};
};

namespace detail {

template <class T>
task<T> task_promise<T>::get_return_object() noexcept {
    return task<T>(std::coroutine_handle<task_promise>::from_promise(*this));
}

template <class T>
task<T&> task_promise<T&>::get_return_object() noexcept {
    return task<T&>(std::coroutine_handle<task_promise>::from_promise(*this));
}

task<void> task_promise<void>::get_return_object() noexcept {
    return task<void>(std::coroutine_handle<task_promise>::from_promise(*this));
}

/// Where a fiber's result waits for the one who asked for it.
template <class T>
struct outcome_of {
    std::optional<T> value;
    void collect(task_promise<T>& from) { value = std::move(from.result); }
    T take() { return std::move(*value); }
};

template <class T>
struct outcome_of<T&> {
    T* value = nullptr;
    void collect(task_promise<T&>& from) noexcept { value = from.result; }
    T& take() noexcept { return *value; }
};

template <>
struct outcome_of<void> {
    void collect(task_promise<void>&) noexcept {}
    void take() const noexcept {}
};

/// A fiber whose root is a `task<T>`. Its frames go as soon as it has finished, so that what they held
/// (a sender, say) is released before anyone has taken the result.
template <class T, class Base = fiber>
class child final : public Base {
public:
    using Base::Base;

    void start(task<T> work) {
        work.expect_something();
        handle_ = work.release();
        Base::start(handle_, handle_.promise());
    }

    /// After `finished`: the result, or the exception.
    T take() {
        if (this->error()) std::rethrow_exception(this->error());
        return outcome_.take();
    }

private:
    void collect() noexcept override { outcome_.collect(handle_.promise()); }

    std::coroutine_handle<task_promise<T>> handle_{};
    outcome_of<T> outcome_;
};

}  // namespace detail
}  // namespace rtai
