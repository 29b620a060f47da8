#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <rtai/core/detail/awaitable.hpp>
#include <rtai/core/detail/group.hpp>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace rtai {
namespace detail {

/// Awaits that need no coroutine of their own to take part in a race.
template <class A>
concept light = std::derived_from<std::remove_cvref_t<A>, waiter> &&
                requires(std::remove_cvref_t<A>& a, std::coroutine_handle<> h, observer* o) {
                    a.arm(h, o);
                    a.disarm();
                };

/// One who takes part in a race, as an await of the library.
template <class A>
class light_runner {
public:
    static constexpr bool is_fiber = false;
    using result = await_result<A>;

    light_runner(A&& await, fiber_owner&) noexcept : await_(await) {}

    bool ready() { return await_.await_ready(); }
    void arm(std::coroutine_handle<> h, observer* o) { await_.arm(h, o); }
    void disarm() noexcept { await_.disarm(); }
    bool won() const noexcept { return await_.going(); }
    bool pending() const noexcept { return await_.pending(); }
    bool confirm() noexcept {
        if constexpr (requires { await_.confirm(); }) return await_.confirm();
        return true;
    }
    bool is(const void* what) const noexcept { return static_cast<const waiter*>(&await_) == what; }
    result take() { return await_.await_resume(); }

private:
    std::remove_reference_t<A>& await_;
};

/// One who takes part in a race, as a task.
template <class A>
class fiber_runner {
public:
    static constexpr bool is_fiber = true;
    using result = await_result<A>;

    fiber_runner(A&& work, fiber_owner& owner) : work_(to_task(std::forward<A>(work))), fiber_(owner) {}

    bool ready() const noexcept { return false; }
    void disarm() noexcept { fiber_.cancel(); }
    bool won() const noexcept { return fiber_.finished(); }
    bool pending() const noexcept { return true; }
    bool confirm() const noexcept { return true; }
    bool is(const void* what) const noexcept { return static_cast<const fiber*>(&fiber_) == what; }
    result take() { return fiber_.take(); }

    task<result>& work() noexcept { return work_; }
    child<result>& started() noexcept { return fiber_; }

private:
    task<result> work_;
    child<result> fiber_;
};

template <class A>
using runner_for = std::conditional_t<light<A>, light_runner<A>, fiber_runner<A>>;

template <class... Runners>
class race_await final : public group, public observer {
    static constexpr std::size_t nobody = ~std::size_t{0};

public:
    using result = std::variant<regular<typename Runners::result>...>;

    template <class... As>
    explicit race_await(std::in_place_t, As&&... runners)
        : runners_(std::tuple<As&&, fiber_owner&>(std::forward<As>(runners), *this)...) {}

    bool await_ready() {
        winner_ = find([](auto& r) { return r.ready(); });
        return winner_ != nobody;
    }

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> parent) {
        // Those who may throw first.
        each([&](auto& r) {
            if constexpr (!std::remove_reference_t<decltype(r)>::is_fiber)
                r.arm(parent, any_fibers ? this : nullptr);
        });
        if constexpr (any_fibers) stand_in(parent);
        each([&](auto& r) {
            if constexpr (std::remove_reference_t<decltype(r)>::is_fiber)
                this->start(r.started(), std::move(r.work()));
        });
    }

    result await_resume() {
        if (winner_ == nobody) winner_ = find([](auto& r) { return r.won(); });
        each_index([&](auto index, auto& r) {
            if constexpr (!any_fibers)
                if (index != winner_) r.disarm();
        });
        return take(std::index_sequence_for<Runners...>());
    }

private:
    static constexpr bool any_fibers = (Runners::is_fiber || ...);

    template <class Runner>
    struct place : Runner {
        template <class A>
        explicit place(std::tuple<A, fiber_owner&> from)
            : Runner(std::forward<A>(std::get<0>(from)), std::get<1>(from)) {}
    };

    template <class F>
    void each_index(F&& f) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (f(std::integral_constant<std::size_t, I>(), std::get<I>(runners_)), ...);
        }(std::index_sequence_for<Runners...>());
    }

    template <class F>
    void each(F&& f) {
        each_index([&](auto, auto& r) { f(r); });
    }

    /// The first for whom `f` says yes; those behind are not asked.
    template <class F>
    std::size_t find(F&& f) {
        std::size_t found = nobody;
        each_index([&](auto index, auto& r) {
            if (found == nobody && f(r)) found = index;
        });
        return found;
    }

    void settle(std::size_t winner) noexcept {
        winner_ = winner;
        each_index([&](auto index, auto& r) {
            if (index != winner) r.disarm();
        });
    }

    void fired(waiter& w) noexcept override {
        reacting([&] {
            if (winner_ == nobody) settle(find([&](auto& r) { return r.is(&w); }));
        });
    }

    /// While the others were winding down, what the winner was promised may have been flushed.
    /// Then it waits again, with the others that need no coroutine.
    bool may_go_on() noexcept override {
        bool confirmed = true;
        each_index([&](auto index, auto& r) {
            if (index == winner_) confirmed = r.confirm();
        });
        if (confirmed) return true;
        const std::size_t disappointed = std::exchange(winner_, nobody);
        winner_ = find([](auto& r) { return !r.pending() && r.ready(); });
        if (winner_ != nobody) {
            settle(winner_);
            return true;
        }
        each_index([&](auto index, auto& r) {
            if constexpr (!std::remove_reference_t<decltype(r)>::is_fiber)
                if (index != disappointed) r.arm(parent(), this);
        });
        return false;
    }

    void react(fiber& ended) noexcept override {
        if (winner_ == nobody && !closing()) settle(find([&](auto& r) { return r.is(&ended); }));
    }

    void cancel_all() noexcept override {
        each([](auto& r) { r.disarm(); });
    }

    template <std::size_t... I>
    result take(std::index_sequence<I...>) {
        using taker = result (*)(race_await&);
        static constexpr taker takers[] = {[](race_await& self) -> result {
            auto& runner = std::get<I>(self.runners_);
            using value = typename std::remove_reference_t<decltype(runner)>::result;
            if constexpr (std::is_void_v<value>) {
                runner.take();
                return result(std::in_place_index<I>);
            } else {
                return result(std::in_place_index<I>, runner.take());
            }
        }...};
        return takers[winner_](*this);
    }

    std::tuple<place<Runners>...> runners_;
    std::size_t winner_ = nobody;
};

}  // namespace detail

/// Waits for the first of several and gives up the others: the result is a variant whose index tells
/// who it was. Of channel ends, timers and events that are ready at once, the first in order wins; tasks
/// begin when none is. What is given up has not happened: a value stays in its channel or with its
/// sender. What the winner throws comes out of here.
template <class... As>
[[nodiscard]] auto race(As&&... work RTAI_REFERRED_TO) {
    static_assert(sizeof...(As) > 1, "a race takes two or more");
    static_assert(
        (!(std::is_lvalue_reference_v<As> && detail::is_task<std::remove_cvref_t<As>>::value) && ...),
        "a task is moved into a race");
    return detail::race_await<detail::runner_for<As>...>(std::in_place, std::forward<As>(work)...);
}

}  // namespace rtai
