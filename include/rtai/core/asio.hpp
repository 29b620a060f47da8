#pragma once

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/io.hpp>
#include <rtai/core/run.hpp>
#include <type_traits>
#include <utility>

// For programs that have Asio coroutines of their own.
namespace rtai {

/// An `asio::awaitable`, awaited in a task. It runs on this shard.
template <class T>
[[nodiscard]] auto from_asio(asio::awaitable<T> work) {
    return asio::co_spawn(io_context(), std::move(work), io);
}

namespace detail {

/// A driver without a loop of its own: whoever runs the context runs the shard.
class guest_driver final : public asio_context_driver {
public:
    explicit guest_driver(asio::io_context& host) : host_(host), timer_(host) {}

    asio::io_context& context() noexcept override { return host_; }
    void poll() override {}
    void wait(time_point) override {}
    void wake() noexcept override {
        asio::post(host_, [me = std::weak_ptr(myself_)] { pump(me); });
    }
    void turn_wanted() noexcept override {
        if (!std::exchange(pumping_, true)) wake();
    }
    void serve(shard& s) noexcept { shard_ = &s; }

private:
    /// What Asio still has in its queue may come after the shard is gone.
    static void pump(const std::weak_ptr<guest_driver*>& driver) {
        if (const auto alive = driver.lock()) (*alive)->pump();
    }

    void pump() {
        pumping_ = true;
        shard_->turn();
        pumping_ = false;
        if (!shard_->idle()) return turn_wanted();
        const time_point next = shard_->next_deadline();
        if (next >= armed_for_) return;
        armed_for_ = next;
        timer_.expires_at(next);
        timer_.async_wait([this, me = std::weak_ptr(myself_)](asio::error_code error) {
            if (error || me.expired()) return;
            armed_for_ = never;
            pump();
        });
    }

    const std::shared_ptr<guest_driver*> myself_ = std::make_shared<guest_driver*>(this);
    asio::io_context& host_;
    asio::steady_timer timer_;
    shard* shard_ = nullptr;
    time_point armed_for_ = never;
    bool pumping_ = false;
};

template <class T, class Handler>
class guest_root final : fiber_owner {
public:
    guest_root(shard& home, Handler handler) : shard_(home), handler_(std::move(handler)) {}

    static void launch(shard& home, task<T> work, Handler handler) {
        auto* self = new guest_root(home, std::move(handler));
        auto slot = asio::get_associated_cancellation_slot(self->handler_);
        if (slot.is_connected())
            slot.assign([self](asio::cancellation_type) {
                if (std::exchange(self->cancelled_, true)) return;
                self->under_way_ = true;
                self->shard_.post([self] { self->take_cancel(); });
            });
        const shard::entered inside(home);
        self->fiber_.start(std::move(work));
        home.driver().turn_wanted();
    }

private:
    void child_ended(fiber&) noexcept override {
        auto slot = asio::get_associated_cancellation_slot(handler_);
        if (slot.is_connected()) slot.clear();
        std::exception_ptr error = fiber_.error();
        if (!error && !fiber_.finished())
            error = std::make_exception_ptr(
                std::system_error(std::make_error_code(std::errc::operation_canceled)));
        auto executor = asio::get_associated_executor(
            handler_, static_cast<asio_context_driver&>(shard_.driver()).context().get_executor());
        asio::post(executor, [handler = std::move(handler_), error, outcome = outcome_of(error)]() mutable {
            if constexpr (std::is_void_v<T>) std::move(handler)(error);
            else std::move(handler)(error, std::move(outcome));
        });
        if (under_way_) ended_ = true;
        else delete this;
    }

    void take_cancel() noexcept {
        under_way_ = false;
        if (ended_) delete this;
        else fiber_.cancel();
    }

    auto outcome_of(const std::exception_ptr& error) {
        if constexpr (std::is_void_v<T>) return 0;
        else return error ? T() : fiber_.take();
    }

    shard& shard_;
    Handler handler_;
    child<T> fiber_{*this};
    bool cancelled_ = false;
    bool under_way_ = false;
    bool ended_ = false;
};

/// How Asio is told of a task's end.
template <class T>
struct asio_signature {
    using type = void(std::exception_ptr, T);
};
template <>
struct asio_signature<void> {
    using type = void(std::exception_ptr);
};

}  // namespace detail

/// A shard inside an `asio::io_context` that somebody else runs, on one thread. It must outlive what
/// runs on it.
class guest_shard {
public:
    explicit guest_shard(asio::io_context& host) : shard_(make(host)) {
        static_cast<detail::guest_driver&>(shard_.driver()).serve(shard_);
    }
    operator shard&() noexcept { return shard_; }  // NOLINT(google-explicit-constructor)

private:
    static std::unique_ptr<driver> make(asio::io_context& host) {
        return std::make_unique<detail::guest_driver>(host);
    }
    shard shard_;
};

/// A task on `home`, awaited in an `asio::awaitable` on the same context. Cancelling the one cancels the
/// other. `T` must have a default value, which Asio wants beside an exception.
template <class T>
asio::awaitable<T> to_asio(shard& home, task<T> work) {
    return asio::async_initiate<const asio::use_awaitable_t<>&, typename detail::asio_signature<T>::type>(
        [&home](auto handler, task<T> w) {
            detail::guest_root<T, decltype(handler)>::launch(home, std::move(w), std::move(handler));
        },
        asio::use_awaitable, std::move(work));
}

}  // namespace rtai
