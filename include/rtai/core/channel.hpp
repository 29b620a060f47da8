#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <optional>
#include <rtai/core/detail/channel_core.hpp>
#include <rtai/core/detail/fiber.hpp>
#include <type_traits>
#include <utility>

namespace rtai {

// What happens when a channel is full: a part of its type.
struct block {
    static constexpr overflow policy = overflow::block;
};
struct drop_oldest {
    static constexpr overflow policy = overflow::drop_oldest;
};
struct drop_newest {
    static constexpr overflow policy = overflow::drop_newest;
};
/// Keeps one value, the newest.
struct latest {
    static constexpr overflow policy = overflow::drop_oldest;
};

/// What became of a value given to `try_send`.
enum class offered : std::uint8_t {
    sent,
    dropped,  ///< by policy
    full,     ///< not taken: the caller still has it
    ended,    ///< not taken: nobody will receive any more
};

namespace detail {

/// `co_await out.send(value)`. The value stays where it is until it moves into the channel.
template <class T>
class send_await : public waiter {
public:
    send_await(channel_core<T>& core, T& value) noexcept : core_(&core), value_(&value) {}
    ~send_await() { disarm(); }

    bool await_ready() {
        if (core_->can_send_now() || core_->can_send_higher()) [[likely]] {
            core_->push(std::move(*value_));
            return true;
        }
        if (!core_->ended_for_senders()) return false;
        state = phase::over;
        return true;
    }

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) {
        arm(h);
    }

    /// False: the channel has ended, nobody will receive this, and the caller still has it.
    [[nodiscard("false means that nobody receives any more: stop")]] bool await_resume() {
        if (state == phase::idle) [[likely]]
            return true;
        if (state == phase::over) return false;
        return core_->take_send_turn(*this, std::move(*value_));
    }

    void arm(std::coroutine_handle<> target, observer* watcher = nullptr) {
        set_target(target, watcher);
        act = &waiter::go_on_action;
        core_->wait_to_send(*this);
    }

    void disarm() noexcept {
        if (pending()) core_->give_up_send(*this);
    }

protected:
    /// Without a channel, for a derived await that then does not ask for it.
    send_await(channel_core<T>* core, T& value) noexcept : core_(core), value_(&value) {}
    bool has_channel() const noexcept { return core_ != nullptr; }

private:
    channel_core<T>* core_;
    T* value_;
};

/// The same with a copy of the value.
template <class T>
struct held_value {
    T held;
};

template <class T>
class send_copy_await : held_value<T>, public send_await<T> {
public:
    send_copy_await(channel_core<T>& core, const T& value)
        : held_value<T>{value}, send_await<T>(core, held_value<T>::held) {}
};

/// `co_await out.until_ended()`.
template <class T>
class ended_await : public waiter {
public:
    explicit ended_await(channel_core<T>& core) noexcept : core_(core) {}
    ~ended_await() { disarm(); }

    bool await_ready() const noexcept { return core_.ended_for_senders(); }

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) {
        arm(h);
    }

    void await_resume() noexcept { state = phase::idle; }

    void arm(std::coroutine_handle<> target, observer* watcher = nullptr) {
        set_target(target, watcher);
        act = &waiter::go_on_action;
        core_.watch_end(*this);
    }

    void disarm() noexcept { leave(); }

private:
    channel_core<T>& core_;
};

/// `co_await in.receive()`.
template <class T>
class receive_await : public waiter {
public:
    explicit receive_await(channel_core<T>& core) noexcept : core_(core) {}
    ~receive_await() { disarm(); }

    bool await_ready() noexcept {
        if (core_.can_receive_now()) [[likely]]
            return true;
        if (!core_.drained()) return false;
        state = phase::over;
        return true;
    }

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) {
        arm(h);
    }

    /// Nothing: the stream has ended.
    std::optional<T> await_resume() {
        if (state == phase::idle) [[likely]]
            return core_.pop();
        if (state == phase::over) return std::nullopt;
        return core_.take_receive_turn(*this);
    }

    void arm(std::coroutine_handle<> target, observer* watcher = nullptr) {
        set_target(target, watcher);
        act = [](runnable& self) noexcept {
            auto& me = static_cast<receive_await&>(self);
            if (me.confirm()) me.go_on();
        };
        core_.wait_to_receive(*this);
    }

    void disarm() noexcept {
        if (pending()) core_.give_up_receive(*this);
    }

    bool would_receive() const noexcept { return core_.can_receive_now(); }

    /// Whether what it was woken for is still there; if not, it waits again.
    bool confirm() noexcept { return core_.confirm_receive(*this); }

private:
    channel_core<T>& core_;
};

/// Owns a share of a channel's core, as one of its ends.
template <class T, class Side>
class channel_end {
public:
    using value_type = T;

    channel_end() noexcept = default;
    channel_end(const channel_end& other) noexcept : core_(other.core_) {
        if (core_ != nullptr) {
            core_->retain();
            Side::copied(*core_);
        }
    }
    channel_end(channel_end&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
    channel_end& operator=(channel_end other) noexcept {
        std::swap(core_, other.core_);
        return *this;
    }
    ~channel_end() { reset(); }

    /// Lets go of the channel; the last one to do so ends the stream on this side.
    void reset() noexcept {
        if (auto* core = std::exchange(core_, nullptr)) {
            Side::dropped(*core);
            core->release();
        }
    }

    explicit operator bool() const noexcept { return core_ != nullptr; }

    channel_stats stats() const noexcept { return core_->stats(); }

protected:
    channel_core<T>& core() const noexcept {
        RTAI_CHECK(core_ != nullptr,
                   "a sender or receiver is used that belongs to no channel, or was moved from");
        return *core_;
    }

    explicit channel_end(channel_core<T>& core) : core_(&core) {
        Side::added(core);
        core.retain();
    }

    channel_core<T>* core_ = nullptr;
};

template <class T>
struct sender_side {
    static void added(channel_core<T>& core) { core.add_sender(); }
    static void copied(channel_core<T>& core) noexcept { core.copy_sender(); }
    static void dropped(channel_core<T>& core) noexcept { core.drop_sender(); }
};

template <class T>
struct receiver_side {
    static void added(channel_core<T>& core) { core.add_receiver(); }
    static void copied(channel_core<T>& core) noexcept { core.copy_receiver(); }
    static void dropped(channel_core<T>& core) noexcept { core.drop_receiver(); }
};

}  // namespace detail

template <class T, class Policy>
class channel;

/// The end of a channel that values go into. A copy is another sender; when the last one is gone, the
/// stream ends after what is buffered.
template <class T>
class sender : public detail::channel_end<T, detail::sender_side<T>> {
public:
    sender() noexcept = default;

    /// `if (!co_await out.send(std::move(x))) co_return;`
    [[nodiscard]] detail::send_await<T> send(T&& value) const noexcept {
        return detail::send_await<T>(this->core(), value);
    }
    [[nodiscard]] detail::send_copy_await<T> send(const T& value) const {
        return detail::send_copy_await<T>(this->core(), value);
    }

    /// Without waiting. The caller keeps the value unless it was sent.
    offered try_send(T&& value) const {
        using outcome = typename detail::channel_core<T>::outcome;
        if (this->core_->others_first() && this->core_->blocks())
            return ended() ? offered::ended : offered::full;
        switch (this->core_->offer(std::move(value))) {
            case outcome::sent:
                return offered::sent;
            case outcome::dropped:
                return offered::dropped;
            case outcome::full:
                return offered::full;
            default:
                return offered::ended;
        }
    }
    offered try_send(const T& value) const { return try_send(T(value)); }

    /// Nobody will receive any more.
    bool ended() const noexcept { return this->core_->ended_for_senders(); }

    /// Waits for that.
    [[nodiscard]] detail::ended_await<T> until_ended() const noexcept {
        return detail::ended_await<T>(this->core());
    }

private:
    template <class, class>
    friend class channel;
    using detail::channel_end<T, detail::sender_side<T>>::channel_end;
};

/// The end of a channel that values come out of. Several receivers share the values, each in its turn.
template <class T>
class receiver : public detail::channel_end<T, detail::receiver_side<T>> {
public:
    receiver() noexcept = default;

    /// `while (auto x = co_await in.receive()) ...` ends with the stream.
    [[nodiscard]] detail::receive_await<T> receive() const noexcept {
        return detail::receive_await<T>(this->core());
    }

    /// Nothing: there is nothing now (`ended` tells whether there ever will be).
    std::optional<T> try_receive() const {
        if (!this->core_->can_receive_now()) return std::nullopt;
        return this->core_->pop();
    }

    /// The last sender is gone and everything was received.
    bool ended() const noexcept { return this->core_->drained(); }

    /// Destroys the buffered values for which `unwanted` says true, and says how many those were.
    template <class Predicate>
    std::size_t flush(Predicate&& unwanted) const noexcept {
        return this->core_->flush(std::forward<Predicate>(unwanted));
    }

private:
    template <class, class>
    friend class channel;
    using detail::channel_end<T, detail::receiver_side<T>>::channel_end;
};

/// A bounded stream of values between coroutines of one shard. It allocates once, here. Hand its ends to
/// those who use them; they keep what they need alive.
template <class T, class Policy = block>
class channel {
    static_assert(std::is_nothrow_move_constructible_v<T>,
                  "what goes through a channel must move without throwing");

public:
    using value_type = T;
    static constexpr overflow policy = Policy::policy;

    explicit channel(std::size_t capacity)
        requires(!std::same_as<Policy, latest>)
        : core_(detail::channel_core<T>::make(capacity, policy)) {
        core_->retain();
    }
    channel()
        requires std::same_as<Policy, latest>
        : core_(detail::channel_core<T>::make(1, policy)) {
        core_->retain();
    }
    channel(channel&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
    channel& operator=(channel&& other) noexcept {
        std::swap(core_, other.core_);
        return *this;
    }
    ~channel() {
        if (core_ == nullptr) return;
        core_->drop_maker();
        core_->release();
    }

    rtai::sender<T> sender() const { return rtai::sender<T>(*core_); }
    rtai::receiver<T> receiver() const { return rtai::receiver<T>(*core_); }

    /// No more sends; what is buffered can still be received.
    void close() const noexcept { core_->close(); }

    template <class Predicate>
    std::size_t flush(Predicate&& unwanted) const noexcept {
        return core_->flush(std::forward<Predicate>(unwanted));
    }

    channel_stats stats() const noexcept { return core_->stats(); }

private:
    detail::channel_core<T>* core_;
};

}  // namespace rtai
