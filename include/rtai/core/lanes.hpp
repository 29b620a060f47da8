#pragma once

#include <coroutine>
#include <cstddef>
#include <optional>
#include <rtai/core/channel.hpp>
#include <rtai/core/detail/fiber.hpp>
#include <rtai/core/detail/runnable.hpp>
#include <tuple>
#include <utility>
#include <variant>

namespace rtai {
namespace detail {

/// One lane of an await on several. The lane itself must be reachable by value, so it is built in place.
template <class T>
struct lane {
    explicit lane(const receiver<T>& r) : in(r), wait(r.receive()) {}

    bool has_value() noexcept {
        if (!wait.fired()) return wait.would_receive();
        wait.recall();
        return wait.confirm() && !in.ended();
    }

    const receiver<T>& in;
    receive_await<T> wait;
};

template <class... Ts>
class lanes_await final : public observer {
    static constexpr std::size_t nobody = ~std::size_t{0};

public:
    using value_type = std::variant<Ts...>;

    explicit lanes_await(const std::tuple<receiver<Ts>...>& in)
        : lanes_(std::apply([](const auto&... r) { return std::tuple<const receiver<Ts>&...>(r...); }, in)) {}

    bool await_ready() noexcept { return first_with_value() != nobody || all_ended(); }

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) {
        coroutine_ = h;
        each([&](auto, auto& l) {
            if (!l.in.ended()) l.wait.arm(h, this);
        });
    }

    /// Nothing: all lanes have ended.
    std::optional<value_type> await_resume() {
        const std::size_t chosen = first_with_value();
        std::optional<value_type> value;
        each([&](auto index, auto& l) {
            if (index == chosen) value.emplace(std::in_place_index<index>, std::move(*l.wait.await_resume()));
            else l.wait.disarm();
        });
        return value;
    }

private:
    void fired(waiter&) noexcept override {
        // A lane that merely ended is no reason to go on, unless it was the last.
        each([&](auto, auto& l) {
            if (l.in.ended()) l.wait.disarm();
        });
        if (first_with_value() != nobody || all_ended()) coroutine_.resume();
    }

    template <class F>
    void each(F&& f) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (f(std::integral_constant<std::size_t, I>(), std::get<I>(lanes_)), ...);
        }(std::index_sequence_for<Ts...>());
    }

    std::size_t first_with_value() noexcept {
        std::size_t first = nobody;
        each([&](auto index, auto& l) {
            if (first == nobody && l.has_value()) first = index;
        });
        return first;
    }

    bool all_ended() noexcept {
        bool all = true;
        each([&](auto, auto& l) { all = all && l.in.ended(); });
        return all;
    }

    std::tuple<lane<Ts>...> lanes_;
    std::coroutine_handle<> coroutine_{};
};

}  // namespace detail

/// Several streams read as one, the first lane before the second, and so on: a control lane that never
/// waits behind audio. A lane that has ended is passed over; the whole ends when all have.
///
///     lanes in(control, audio);
///     while (auto next = co_await in.receive()) std::visit(..., *next);
template <class... Ts>
class lanes {
public:
    using value_type = std::variant<Ts...>;

    explicit lanes(receiver<Ts>... in) : in_(std::move(in)...) {}

    [[nodiscard]] detail::lanes_await<Ts...> receive() const { return detail::lanes_await<Ts...>(in_); }

private:
    std::tuple<receiver<Ts>...> in_;
};

}  // namespace rtai
