#pragma once

#include <asio/async_result.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/error.hpp>
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
/// An operation that may fail gives a `result`, whose code compares with `std::errc` (or with
/// `asio::error::eof` and its like, which are Asio's own); several values come as a tuple. Cancelling the
/// task cancels the operation and waits until Asio has let go of it, so what it reads into may live in the
/// coroutine. Bytes that a cancelled read had already taken are gone: where that matters, let one
/// coroutine read into a channel, and give up on the channel.
struct io_token {};
inline constexpr io_token io{};

/// The same, but everything the operation says comes as a tuple, the error code first: for an operation
/// that may fail half-way, like `asio::async_read`, where the bytes it did move count.
struct io_raw_token {};
inline constexpr io_raw_token io_raw{};

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
        return std::apply(
            [](auto&, auto&... rest) { return completion<Args...>::make({std::move(rest)...}); }, args);
    }
};
/// Asio's system errors in the standard's category, so that they compare with `std::errc` like all others.
inline std::error_code in_standard_terms(std::error_code code) noexcept {
    return code.category() == asio::system_category() ? std::error_code(code.value(), std::system_category())
                                                      : code;
}

template <class... Args>
struct completion<std::error_code, Args...> {
    using value = typename completion<Args...>::type;
    using type = result<value>;
    static type make(std::tuple<std::error_code, Args...>&& args) {
        if (std::get<0>(args)) return error(in_standard_terms(std::get<0>(args)));
        return std::apply(
            [](auto&, auto&... rest) -> type {
                if constexpr (std::is_void_v<value>) return {};
                else return completion<Args...>::make({std::move(rest)...});
            },
            args);
    }
};

template <class... Args>
struct raw_completion {
    static std::tuple<Args...> make(std::tuple<Args...>&& args) { return std::move(args); }
};

template <class Token, class... Args>
using completion_for =
    std::conditional_t<std::is_same_v<Token, io_token>, completion<Args...>, raw_completion<Args...>>;

template <class Token, class Signature, class Initiation, class... InitArgs>
class io_await;

template <class Token, class... Args, class Initiation, class... InitArgs>
class io_await<Token, void(Args...), Initiation, InitArgs...> final : public runnable, public guard {
    using completes_as = completion_for<Token, std::decay_t<Args>...>;

public:
    explicit io_await(Initiation&& initiation, std::tuple<InitArgs...>&& args)
        : initiation_(std::move(initiation)), args_(std::move(args)) {}
    io_await(const io_await&) = delete;
    io_await& operator=(const io_await&) = delete;
    ~io_await() { unschedule(); }

    bool await_ready() const noexcept { return false; }

    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        coroutine_ = h;
        shard_ = &this_shard();
        context_ = &io_context();
        fiber_ = &home_of(h);
        std::apply([this](auto&... args) { std::move(initiation_)(handler(*this), std::move(args)...); },
                   args_);
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
        using executor_type = asio::io_context::executor_type;

        explicit handler(io_await& op) noexcept : op_(&op) {}
        cancellation_slot_type get_cancellation_slot() const noexcept { return op_->cancellation_.slot(); }
        /// Wherever the operation completes, its coroutine goes on here.
        executor_type get_executor() const noexcept { return op_->context_->get_executor(); }

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
            me.scheduled_ = false;
            if (me.fiber_->cancelling()) return me.fiber_->wound_down();
            me.fiber_->leave();
            me.coroutine_.resume();
        };
        scheduled_ = true;
        shard_->schedule(*this);
    }

    bool unschedule() noexcept {
        if (!std::exchange(scheduled_, false)) return false;
        unlink();
        return true;
    }

    bool wind_down() noexcept override {
        if (unschedule()) return true;
        cancellation_.emit(asio::cancellation_type::all);
        return false;
    }

    Initiation initiation_;
    std::tuple<InitArgs...> args_;
    std::coroutine_handle<> coroutine_{};
    shard* shard_ = nullptr;
    asio::io_context* context_ = nullptr;
    fiber* fiber_ = nullptr;
    asio::cancellation_signal cancellation_;
    std::optional<std::tuple<std::decay_t<Args>...>> completed_;
    bool suspended_ = false;
    bool scheduled_ = false;
};

}  // namespace detail
}  // namespace rtai

namespace rtai::detail {

template <class Token, class Signature>
class awaited_by_task {
public:
    template <class Initiation, class... InitArgs>
    static auto initiate(Initiation initiation, Token, InitArgs... args) {
        return io_await<Token, Signature, Initiation, InitArgs...>(
            std::move(initiation), std::tuple<InitArgs...>(std::move(args)...));
    }
};

}  // namespace rtai::detail

template <class... Args>
class asio::async_result<rtai::io_token, void(Args...)>
    : public rtai::detail::awaited_by_task<rtai::io_token, void(Args...)> {};

template <class... Args>
class asio::async_result<rtai::io_raw_token, void(Args...)>
    : public rtai::detail::awaited_by_task<rtai::io_raw_token, void(Args...)> {};
