#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <rtai/core/channel.hpp>
#include <rtai/core/detail/inbox.hpp>
#include <rtai/core/detail/resident.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/shard.hpp>
#include <rtai/core/task.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

namespace rtai {
namespace detail {

/// Where two shards meet: one batch of values under a lock, and a notice in each direction.
template <class T>
class transit : public std::enable_shared_from_this<transit<T>> {
public:
    transit(shard& from, shard& to, std::size_t size)
        : size_(size), room_notice_(*this, from, news_), arrival_notice_(*this, to, arrival_) {
        values_.reserve(size);
    }

    // On the sending shard.

    /// Waits until there is room. False: nobody receives any more.
    task<bool> room() {
        for (;;) {
            news_.reset();
            {
                const std::lock_guard lock(mutex_);
                if (abandoned_) co_return false;
                if (values_.empty()) co_return true;
                wants_room_ = true;
            }
            co_await news_.wait();
        }
    }

    /// Into the room that there is: a first value, and all that can be had behind it.
    void load(T first, const receiver<T>& more) {
        const std::lock_guard lock(mutex_);
        if (abandoned_) return;
        values_.push_back(std::move(first));
        while (values_.size() < size_) {
            auto next = more.try_receive();
            if (!next) break;
            values_.push_back(std::move(*next));
        }
        arrival_notice_.send();
    }

    /// Something has changed on the other side.
    event& news() noexcept { return news_; }

    void end() {
        const std::lock_guard lock(mutex_);
        if (std::exchange(ended_, true) || abandoned_) return;
        arrival_notice_.send();
    }

    // On the receiving shard.

    /// Swaps what has come for `empty`. False: the stream has ended, at this end
    /// or the other.
    task<bool> unload(std::vector<T>& empty, const sender<T>& onward) {
        for (;;) {
            {
                const std::lock_guard lock(mutex_);
                if (!values_.empty()) {
                    values_.swap(empty);
                    if (std::exchange(wants_room_, false) && !ended_) room_notice_.send();
                    co_return true;
                }
                if (ended_) co_return false;
            }
            auto next = co_await race(arrival_.wait(), onward.until_ended());
            if (next.index() == 1) co_return false;
            arrival_.reset();
        }
    }

    void abandon() {
        const std::lock_guard lock(mutex_);
        if (std::exchange(abandoned_, true) || ended_) return;
        values_.clear();
        room_notice_.send();
    }

private:
    /// Sets an event on another shard. One at a time: a notice that is still on its way says enough.
    class notice : letter {
    public:
        notice(transit& t, shard& to, event& e) noexcept : letter(&arrive), transit_(t), to_(to), event_(e) {}

        /// With the lock held.
        void send() {
            if (under_way_) return;
            under_way_ = transit_.shared_from_this();
            to_.deliver(*this);
        }

    private:
        static void arrive(letter& self) noexcept {
            auto& me = static_cast<notice&>(self);
            std::shared_ptr<transit> keep;
            {
                const std::lock_guard lock(me.transit_.mutex_);
                keep = std::move(me.under_way_);
            }
            me.event_.set();
        }

        transit& transit_;
        shard& to_;
        event& event_;
        std::shared_ptr<transit> under_way_;
    };

    const std::size_t size_;
    event news_;
    event arrival_;
    notice room_notice_;
    notice arrival_notice_;

    std::mutex mutex_;
    std::vector<T> values_;
    bool ended_ = false;
    bool abandoned_ = false;
    bool wants_room_ = false;
};

/// However a side of a transit ends, the other learns of it.
template <class T, void (transit<T>::*Farewell)()>
class side_of_transit {
public:
    explicit side_of_transit(std::shared_ptr<transit<T>> t) noexcept : transit_(std::move(t)) {}
    side_of_transit(side_of_transit&&) noexcept = default;
    side_of_transit& operator=(side_of_transit&&) = delete;
    ~side_of_transit() {
        if (transit_ != nullptr) ((*transit_).*Farewell)();
    }

    transit<T>* operator->() const noexcept { return transit_.get(); }

private:
    std::shared_ptr<transit<T>> transit_;
};

template <class T>
using sending_side = side_of_transit<T, &transit<T>::end>;
template <class T>
using receiving_side = side_of_transit<T, &transit<T>::abandon>;

template <class T>
task<> depart(sending_side<T> to, receiver<T> from) {
    while (co_await to->room()) {
        auto next = co_await race(from.receive(), to->news().wait());
        if (next.index() == 1) continue;
        auto first = std::get<0>(std::move(next));
        if (!first) co_return;
        to->load(std::move(*first), from);
    }
}

template <class T>
task<> arrive(receiving_side<T> from, sender<T> to, std::size_t size) {
    std::vector<T> batch;
    batch.reserve(size);
    while (co_await from->unload(batch, to)) {
        for (T& value : batch)
            if (!co_await to.send(std::move(value))) co_return;
        batch.clear();
    }
}

}  // namespace detail

/// A bounded stream from one shard to another: the same ends as a `channel`, each used on its own shard.
/// Values cross in batches, with one wake-up for each; what was sent arrives before the end of stream.
/// At most `capacity` values are in it, a quarter of them in each of four stages (one each at least).
template <class T, class Policy = block>
class cross_channel {
public:
    cross_channel(shard& from, shard& to)
        requires std::is_same_v<Policy, latest>
        : cross_channel(from, to, 1) {}
    cross_channel(shard& from, shard& to, std::size_t capacity) : from_(from), to_(to) {
        const std::size_t stage = std::max<std::size_t>(1, capacity / 4);
        auto here = make_stage(stage);
        auto there = make_stage(stage);
        auto between = std::make_shared<detail::transit<T>>(from, to, stage);
        sender_ = here.sender();
        receiver_ = there.receiver();
        begin(from, [out = detail::sending_side<T>(between), in = here.receiver()]() mutable {
            return detail::depart<T>(std::move(out), std::move(in));
        });
        begin(to, [in = detail::receiving_side<T>(between), out = there.sender(), stage]() mutable {
            return detail::arrive<T>(std::move(in), std::move(out), stage);
        });
    }

    cross_channel(const cross_channel&) = delete;
    cross_channel& operator=(const cross_channel&) = delete;

    /// Ends that nobody took are dropped where they belong.
    ~cross_channel() {
        if (sender_) from_.post([end = std::move(sender_)] {});
        if (receiver_) to_.post([end = std::move(receiver_)] {});
    }

    /// For coroutines of the shard it comes from. Taken once; copy it there for more.
    rtai::sender<T> sender() { return take(sender_); }

    /// For coroutines of the shard it goes to.
    rtai::receiver<T> receiver() { return take(receiver_); }

private:
    static auto make_stage(std::size_t size) {
        if constexpr (std::is_same_v<Policy, latest>) return channel<T, latest>();
        else return channel<T, Policy>(size);
    }

    template <class End>
    static End take(End& end) {
        if (!end)
            throw std::logic_error("each end of a cross_channel is taken once: copy it on its own shard");
        return std::move(end);
    }

    template <class F>
    static void begin(shard& on, F make) {
        if (shard::current() == &on) detail::background::start(on, make());
        else on.post([&on, make = std::move(make)]() mutable { detail::background::start(on, make()); });
    }

    shard& from_;
    shard& to_;
    rtai::sender<T> sender_;
    rtai::receiver<T> receiver_;
};

}  // namespace rtai
