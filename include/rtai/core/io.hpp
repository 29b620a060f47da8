#pragma once

#include <asio/async_result.hpp>
#include <asio/cancellation_signal.hpp>
#include <coroutine>
#include <exception>
#include <optional>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/detail/fiber.hpp>
#include <rtai/core/result.hpp>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

namespace rtai {

/// The completion token that makes any Asio operation awaitable in a task:
///
///     result<std::size_t> n = co_await socket.async_read_some(asio::buffer(bytes), io);
///
/// An operation that may fail gives a `result`; several values come as a tuple. Cancelling the task
/// cancels the operation and waits until Asio has let go of it, so what it reads into may live in the
/// coroutine. Bytes that a cancelled read had already taken are gone: where that matters, let one
/// coroutine read into a channel, and give up on the channel.
struct io_token {};
inline constexpr io_token io{};

namespace detail {

/// What `co_await` gives for a completion signature.
template <class... Args>
struct completion {
    using type = std::tuple<Args...>;
    static type make(std::tuple<Args...>&& args) { return std::move(args); }
};
template <>
struct completion<> {
    using type = void;
    static void make(std::tuple<>&&) noexcept {}
};
template <class T>
    requires(!std::is_same_v<T, std::error_code> && !std::is_same_v<T, std::exception_ptr>)
struct completion<T> {
    using type = T;
    static T make(std::tuple<T>&& args) { return std::get<0>(std::move(args)); }
};
template <class... Args>
struct completion<std::exception_ptr, Args...> {
    using type = typename completion<Args...>::type;
    static type make(std::tuple<std::exception_ptr, Args...>&& args) {
        if (std::get<0>(args)) std::rethrow_exception(std::get<0>(args));
        return std::apply([](auto&, auto&... rest) { return completion<Args...>::make({std::move(rest)...}); }, args);
    }
};
template <class... Args>
struct completion<std::error_code, Args...> {
    using value = typename completion<Args...>::type;
    using type = result<value>;
    static type make(std::tuple<std::error_code, Args...>&& args) {
        if (std::get<0>(args)) return error(std::get<0>(args));
        return std::apply(
            [](auto&, auto&... rest) -> type {
                if constexpr (std::is_void_v<value>)
                    return {};
                else
                    return completion<Args...>::make({std::move(rest)...});
            },
            args);
    }
};

template <class Signature, class Initiation, class... InitArgs>
class io_await;

template <class... Args, class Initiation, class... InitArgs>
class io_await<void(Args...), Initiation, InitArgs...> final : public runnable, public guard {
    using completes_as = completion<std::decay_t<Args>...>;

public:
    explicit io_await(Initiation&& initiation, std::tuple<InitArgs...>&& args)
        : initiation_(std::move(initiation)), args_(std::move(args)) {}
    ~io_await() = default;

    bool await_ready() const noexcept { return false; }

    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        coroutine_ = h;
        shard_ = &this_shard();
        fiber_ = &home_of(h);
        std::apply(
            [this](auto&... args) { std::move(initiation_)(handler(*this), std::move(args)...); }, args_);
        if (completed_) return false;
        suspended_ = true;
        fiber_->enter(*this);
        return true;
    }

    auto await_resume() { return completes_as::make(std::move(*completed_)); }

private:
    class handler {
    public:
        using cancellation_slot_type = asio::cancellation_slot;

        explicit handler(io_await& op) noexcept : op_(&op) {}
        cancellation_slot_type get_cancellation_slot() const noexcept { return op_->cancellation_.slot(); }

        template <class... As>
        void operator()(As&&... args) {
            op_->complete(std::forward<As>(args)...);
        }

    private:
        io_await* op_;
    };

    template <class... As>
    void complete(As&&... args) {
        completed_.emplace(std::forward<As>(args)...);
        if (!suspended_) return;
        act = [](runnable& self) noexcept {
            auto& me = static_cast<io_await&>(self);
            if (me.fiber_->cancelling()) return me.fiber_->wound_down();
            me.fiber_->leave();
            me.coroutine_.resume();
        };
        shard_->schedule(*this);
    }

    bool wind_down() noexcept override {
        if (completed_) {
            unlink();
            return true;
        }
        cancellation_.emit(asio::cancellation_type::all);
        return false;
    }

    Initiation initiation_;
    std::tuple<InitArgs...> args_;
    std::coroutine_handle<> coroutine_{};
    shard* shard_ = nullptr;
    fiber* fiber_ = nullptr;
    asio::cancellation_signal cancellation_;
    std::optional<std::tuple<std::decay_t<Args>...>> completed_;
    bool suspended_ = false;
};

}  // namespace detail
}  // namespace rtai

template <class... Args>
class asio::async_result<rtai::io_token, void(Args...)> {
public:
    template <class Initiation, class... InitArgs>
    static auto initiate(Initiation initiation, rtai::io_token, InitArgs... args) {
        return rtai::detail::io_await<void(Args...), Initiation, InitArgs...>(std::move(initiation),
                                                                            std::tuple<InitArgs...>(std::move(args)...));
    }
};
