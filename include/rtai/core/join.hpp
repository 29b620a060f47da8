#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <rtai/core/detail/awaitable.hpp>
#include <rtai/core/detail/group.hpp>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace rtai {
namespace detail {

/// What `join` of a fixed and of a variable number have in common: the first failure cancels the rest.
class join_base : public group {
protected:
    void react(fiber& ended) noexcept final {
        if (failure_ || closing() || !ended.error()) return;
        failure_ = ended.error();
        cancel_all();
    }

    void rethrow_failure() const {
        if (failure_) std::rethrow_exception(failure_);
    }

    ~join_base() = default;

private:
    std::exception_ptr failure_{};
};

template <class... Ts>
class join_await final : public join_base {
public:
    explicit join_await(task<Ts>... work) : work_(std::move(work)...), children_(owner_of<Ts>()...) {}

    bool await_ready() const noexcept { return sizeof...(Ts) == 0; }

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> parent) {
        stand_in(parent);
        each([this](auto& c, auto& w) { this->start(c.fiber, std::move(w)); });
    }

    auto await_resume() {
        rethrow_failure();
        if constexpr ((std::is_void_v<Ts> && ...)) return;
        else return results(std::index_sequence_for<Ts...>());
    }

private:
    template <class T>
    struct owned {
        explicit owned(fiber_owner& owner) noexcept : fiber(owner) {}
        child<T> fiber;
    };

    template <class>
    fiber_owner& owner_of() noexcept {
        return *this;
    }

    template <class F>
    void each(F&& f) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (f(std::get<I>(children_), std::get<I>(work_)), ...);
        }(std::index_sequence_for<Ts...>());
    }

    void cancel_all() noexcept override {
        each([](auto& c, auto&) { c.fiber.cancel(); });
    }

    template <class T>
    static regular<T> take(child<T>& c) {
        if constexpr (std::is_void_v<T>) return c.take(), std::monostate{};
        else return c.take();
    }

    template <std::size_t... I>
    std::tuple<regular<Ts>...> results(std::index_sequence<I...>) {
        return std::tuple<regular<Ts>...>(take(std::get<I>(children_).fiber)...);
    }

    std::tuple<task<Ts>...> work_;
    std::tuple<owned<Ts>...> children_;
};

template <class T>
class join_all_await final : public join_base {
public:
    explicit join_all_await(std::vector<task<T>> work) : work_(std::move(work)) {
        for (const auto& w : work_) w.expect_something();
    }

    bool await_ready() const noexcept { return work_.empty(); }

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> parent) {
        children_.reserve(work_.size());
        for (std::size_t i = 0; i < work_.size(); ++i) children_.push_back(std::make_unique<child<T>>(*this));
        stand_in(parent);
        for (std::size_t i = 0; i < work_.size(); ++i) start(*children_[i], std::move(work_[i]));
    }

    auto await_resume() {
        rethrow_failure();
        if constexpr (!std::is_void_v<T>) {
            std::vector<T> results;
            results.reserve(children_.size());
            for (auto& c : children_) results.push_back(c->take());
            return results;
        }
    }

private:
    void cancel_all() noexcept override {
        for (auto& c : children_) c->cancel();
    }

    std::vector<task<T>> work_;
    std::vector<std::unique_ptr<child<T>>> children_;
};

}  // namespace detail

/// Runs all at once and waits for all. The first failure cancels the others and comes out of here. The
/// results come as a tuple, with `std::monostate` for `void`, or as nothing if all are `void`.
template <class... Ts>
[[nodiscard]] auto join(task<Ts>... work) {
    return detail::join_await<Ts...>(detail::to_task(std::move(work))...);
}

/// The same for any awaitables, which have to stay where they are until then.
template <class... As>
    requires(!(detail::is_task<std::remove_cvref_t<As>>::value && ...))
[[nodiscard]] auto join(As&&... work RTAI_REFERRED_TO) {
    return detail::join_await<detail::await_result<As>...>(detail::to_task(std::forward<As>(work))...);
}

/// The same for a number of tasks known only at run time; results in the same order.
template <class T>
[[nodiscard]] auto join(std::vector<task<T>> work) {
    return detail::join_all_await<T>(std::move(work));
}

}  // namespace rtai
