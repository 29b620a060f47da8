#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <rtai/core/detail/blocks.hpp>
#include <rtai/core/detail/list.hpp>
#include <rtai/core/detail/runnable.hpp>
#include <rtai/core/shard.hpp>
#include <stdexcept>
#include <utility>

namespace rtai {

/// What a full channel does with one more value.
enum class overflow : std::uint8_t {
    block,        ///< the sender waits for room
    drop_oldest,  ///< the oldest value in the channel gives way
    drop_newest,  ///< the new value is dropped
};

/// What has happened in a channel so far.
struct channel_stats {
    std::size_t capacity = 0;
    std::size_t depth = 0;       ///< values in it now
    std::size_t high_water = 0;  ///< the most there ever were
    std::uint64_t sent = 0;      ///< accepted into it
    std::uint64_t received = 0;  ///< taken out by receivers
    std::uint64_t dropped = 0;   ///< lost to overflow
    std::uint64_t flushed = 0;   ///< taken out by `flush`
    std::size_t senders_waiting = 0;
    std::size_t receivers_waiting = 0;
};

}  // namespace rtai

namespace rtai::detail {

/// The ring and the two queues of waiters behind a channel's handles; lives as long as the last of them.
///
/// A woken waiter has been promised its turn, not given a value: values move in `await_resume`. Until
/// it has taken its turn, others of its side queue up behind it (`send_limit_`, `receive_floor_`), which
/// makes the order first come, first served; if it is given up instead, its turn passes on.
template <class T>
class channel_core {
public:
    static channel_core* make(std::size_t capacity, overflow policy) {
        if (capacity == 0 || capacity > max_capacity)
            throw std::invalid_argument("a channel's capacity must be from 1 to 16777216");
        return new channel_core(capacity, policy);
    }

    channel_core(const channel_core&) = delete;
    channel_core& operator=(const channel_core&) = delete;

    // Sending.

    /// The fast path goes up to the highest level so far, so that it need not watch for a new one.
    bool can_send_now() const noexcept { return tail_ - head_ < send_limit_; }

    /// Where the fast path ends: whether there is room all the same.
    [[gnu::noinline]] bool can_send_higher() noexcept {
        if (tail_ - head_ >= capacity_ || woken_senders_ > 0 || ended_for_senders()) return false;
        raise_high_water();
        send_limit_ = high_water_;
        return true;
    }

    /// Into the ring, which has room, and up to a level that was reached before.
    void push(T&& value) {
        check_home();
        std::construct_at(slot(tail_), std::move(value));
        ++tail_;
        if (!receivers_.empty()) wake_receiver();
    }

    enum class outcome : std::uint8_t { sent, dropped, full, ended };

    /// By policy, into a ring that may be full; never waits.
    outcome offer(T&& value) {
        if (ended_for_senders()) return outcome::ended;
        if (tail_ - head_ < capacity_) {
            raise_high_water();
            push(std::move(value));
            return outcome::sent;
        }
        if (policy_ == overflow::block) return outcome::full;
        ++dropped_;
        if (policy_ == overflow::drop_newest) return outcome::dropped;
        std::destroy_at(slot(head_));
        ++head_;
        ++overwritten_;
        push(std::move(value));
        return outcome::sent;
    }

    bool blocks() const noexcept { return policy_ == overflow::block; }
    bool others_first() const noexcept { return woken_senders_ > 0; }

    bool ended_for_senders() const noexcept { return closed_ || receivers_gone_; }

    // Receiving.

    bool can_receive_now() const noexcept { return tail_ - head_ > receive_floor_; }
    bool drained() const noexcept { return head_ == tail_ && (closed_ || senders_gone_); }
    bool empty() const noexcept { return head_ == tail_; }

    std::optional<T> pop() {
        check_home();
        T* front = slot(head_);
        std::optional<T> value(std::move(*front));
        std::destroy_at(front);
        ++head_;
        if (!senders_.empty()) wake_sender();
        return value;
    }

    // Waiting.

    /// A sender that found no room waits for it; where something will be dropped instead, it only lets
    /// the others run once before that.
    void wait_to_send(waiter& w) {
        settle_home();
        w.state = waiter::phase::waiting;
        senders_.push_back(w);
        if (!blocks()) wake_sender();
    }

    void wait_to_receive(waiter& w) {
        settle_home();
        w.state = waiter::phase::waiting;
        receivers_.push_back(w);
    }

    /// A woken sender goes on: now its value moves. False: the channel has ended.
    [[gnu::noinline]] bool take_send_turn(waiter& w, T&& value) {
        w.state = waiter::phase::idle;
        end_send_turn();
        const outcome result = offer(std::move(value));
        pass_on_room();
        return result != outcome::ended;
    }

    [[gnu::noinline]] void give_up_send(waiter& w) noexcept {
        const bool had_turn = w.fired();
        w.leave();
        if (!had_turn) return;
        end_send_turn();
        pass_on_room();
    }

    /// A woken receiver goes on, to take its value or learn of the end.
    [[gnu::noinline]] std::optional<T> take_receive_turn(waiter& w) {
        w.state = waiter::phase::idle;
        end_receive_turn();
        if (empty()) return std::nullopt;
        auto value = pop();
        if (!receivers_.empty()) [[unlikely]]
            pass_on_values();
        return value;
    }

    [[gnu::noinline]] void give_up_receive(waiter& w) noexcept {
        const bool had_turn = w.fired();
        w.leave();
        if (!had_turn) return;
        end_receive_turn();
        pass_on_values();
    }

    /// At loop level: a woken receiver is about to go on. False: what it was promised was flushed
    /// meanwhile, and it waits again, at the front.
    bool confirm_receive(waiter& w) noexcept {
        if (!empty() || drained()) return true;
        end_receive_turn();
        w.state = waiter::phase::waiting;
        receivers_.push_front(w);
        return false;
    }

    // Ends.

    void add_sender() {
        if (senders_gone_)
            throw std::logic_error("the channel has ended: its last sender is gone, make a new channel");
        ++sender_handles_;
    }
    void copy_sender() noexcept { ++sender_handles_; }
    void drop_sender() noexcept {
        if (--sender_handles_ == 0) {
            senders_gone_ = true;
            wake_all_if_drained();
        }
    }

    void add_receiver() {
        if (receivers_gone_)
            throw std::logic_error("the channel has ended: its last receiver is gone, make a new channel");
        ++receiver_handles_;
    }
    void copy_receiver() noexcept { ++receiver_handles_; }
    void drop_receiver() noexcept {
        if (--receiver_handles_ == 0) end_receiving();
    }

    /// The channel object is gone: a side that never had anyone never will.
    void drop_maker() noexcept {
        if (sender_handles_ == 0 && !std::exchange(senders_gone_, true)) wake_all_if_drained();
        if (receiver_handles_ == 0) end_receiving();
    }

    /// Is told when nobody receives any more.
    void watch_end(waiter& w) {
        settle_home();
        w.state = waiter::phase::waiting;
        watchers_.push_back(w);
    }

    void close() noexcept {
        closed_ = true;
        send_limit_ = 0;
        wake_all_senders();
        wake_all_if_drained();
    }

    bool closed() const noexcept { return closed_; }

    void retain() noexcept { ++references_; }
    void release() noexcept {
        if (--references_ == 0) delete this;
    }

    // The rest.

    template <class Predicate>
    std::size_t flush(Predicate&& unwanted) noexcept {
        // From the back, so that what stays is moved up and the front moves on.
        std::uint64_t kept = tail_;
        for (std::uint64_t i = tail_; i != head_;) {
            T* value = slot(--i);
            if (!unwanted(std::as_const(*value))) {
                if (--kept == i) continue;
                std::construct_at(slot(kept), std::move(*value));
            }
            std::destroy_at(value);
        }
        const std::uint64_t count = kept - head_;
        head_ = kept;
        flushed_ += count;
        pass_on_room();
        wake_all_if_drained();
        return static_cast<std::size_t>(count);
    }

    channel_stats stats() const noexcept {
        channel_stats s;
        s.capacity = static_cast<std::size_t>(capacity_);
        s.depth = static_cast<std::size_t>(tail_ - head_);
        s.high_water = static_cast<std::size_t>(high_water_);
        s.sent = tail_;
        s.received = head_ - overwritten_ - flushed_ - abandoned_;
        s.dropped = dropped_;
        s.flushed = flushed_;
        s.senders_waiting = senders_.count() + woken_senders_;
        s.receivers_waiting = receivers_.count() + woken_receivers_;
        return s;
    }

private:
    static constexpr std::uint64_t nothing_goes = ~std::uint64_t{0};
    static constexpr std::size_t max_capacity = std::size_t{1} << 24;

    channel_core(std::size_t capacity, overflow policy)
        : capacity_(capacity),
          mask_(std::bit_ceil(capacity) - 1),
          slots_(std::allocator<T>().allocate(mask_ + 1)),
          policy_(policy) {}

    ~channel_core() {
        destroy_values();
        std::allocator<T>().deallocate(slots_, mask_ + 1);
    }

    T* slot(std::uint64_t i) noexcept { return slots_ + (i & mask_); }

    void destroy_values() noexcept {
        abandoned_ += tail_ - head_;
        for (; head_ != tail_; ++head_) std::destroy_at(slot(head_));
    }

    void wake(waiter& w) noexcept {
        w.state = waiter::phase::fired;
        home_->schedule(w);
    }

    [[gnu::noinline]] void wake_receiver() noexcept {
        ++woken_receivers_;
        receive_floor_ = nothing_goes;
        wake(receivers_.pop_front());
    }

    [[gnu::noinline]] void wake_sender() noexcept {
        ++woken_senders_;
        send_limit_ = 0;
        wake(senders_.pop_front());
    }

    void end_receive_turn() noexcept {
        if (--woken_receivers_ == 0) receive_floor_ = 0;
    }

    void raise_high_water() noexcept { high_water_ = std::max(high_water_, tail_ - head_ + 1); }

    void end_send_turn() noexcept {
        if (--woken_senders_ == 0 && !ended_for_senders()) send_limit_ = high_water_;
    }

    /// Who came while somebody else had a turn waits in line, though there may be enough for both.
    void pass_on_values() noexcept {
        while (tail_ - head_ > woken_receivers_ && !receivers_.empty()) wake_receiver();
        wake_all_if_drained();
    }

    void pass_on_room() noexcept {
        while (tail_ - head_ + woken_senders_ < capacity_ && !senders_.empty()) wake_sender();
    }

    void wake_all_if_drained() noexcept {
        if (!drained()) return;
        while (!receivers_.empty()) wake_receiver();
    }

    void wake_all_senders() noexcept {
        while (!senders_.empty()) wake_sender();
        while (!watchers_.empty()) wake(watchers_.pop_front());
    }

    void end_receiving() noexcept {
        if (std::exchange(receivers_gone_, true)) return;
        send_limit_ = 0;
        destroy_values();
        wake_all_senders();
    }

    void settle_home() {
        RTAI_CHECK(home_ == nullptr || home_ == shard::current(),
                   "a channel is used from two shards: use a cross_channel between them");
        if (home_ == nullptr) [[unlikely]]
            home_ = &this_shard();
    }

    void check_home() const noexcept {
        RTAI_CHECK(home_ == nullptr || shard::current() == nullptr || home_ == shard::current(),
                   "a channel is used from two shards: use a cross_channel between them");
    }

    std::uint64_t head_ = 0;
    std::uint64_t tail_ = 0;
    std::uint64_t capacity_;
    std::uint64_t send_limit_ = 0;
    std::uint64_t receive_floor_ = 0;
    std::uint64_t mask_;
    T* slots_;
    std::uint64_t high_water_ = 0;
    list<waiter> receivers_;
    list<waiter> senders_;
    list<waiter> watchers_;

    std::size_t woken_receivers_ = 0;
    std::size_t woken_senders_ = 0;
    std::uint64_t dropped_ = 0;
    std::uint64_t overwritten_ = 0;
    std::uint64_t flushed_ = 0;
    std::uint64_t abandoned_ = 0;
    std::size_t references_ = 0;
    std::size_t sender_handles_ = 0;
    std::size_t receiver_handles_ = 0;
    shard* home_ = nullptr;
    overflow policy_;
    bool closed_ = false;
    bool senders_gone_ = false;
    bool receivers_gone_ = false;
};

}  // namespace rtai::detail
