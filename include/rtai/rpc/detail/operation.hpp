#pragma once

#include <coroutine>
#include <cstddef>
#include <rtai/core/shard.hpp>
#include <rtai/core/waiter.hpp>
#include <stdexcept>
#include <utility>

// What stands behind the tags of a completion queue. An operation that gRPC works on can not be taken back,
// so it lives in an object that counts it, and a coroutine that waits for it may leave at any time.

namespace rtai::rpc::detail {

/// A tag. `act` runs on the queue's shard, at loop level.
struct operation {
    using action = void (*)(operation&, bool ok) noexcept;

    explicit operation(action a) noexcept : act(a) {}
    operation(const operation&) = delete;
    operation& operator=(const operation&) = delete;

    void* tag() noexcept { return this; }

    action act;
};

/// Lives as long as somebody holds it, or gRPC works for it. For one shard.
class shared {
public:
    shared() = default;
    shared(const shared&) = delete;
    shared& operator=(const shared&) = delete;
    virtual ~shared() = default;

    void retain() noexcept { ++holders_; }
    void release() noexcept {
        if (--holders_ == 0) delete this;
    }

private:
    std::size_t holders_ = 0;
};

/// Holds a `shared`.
template <class T>
class hold {
public:
    hold() = default;
    explicit hold(T* held) noexcept : held_(held) { held_->retain(); }
    hold(hold&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
    hold& operator=(hold&& other) noexcept {
        std::swap(held_, other.held_);
        return *this;
    }
    ~hold() {
        if (held_ != nullptr) held_->release();
    }

    T* operator->() const noexcept { return held_; }
    T& operator*() const noexcept { return *held_; }
    explicit operator bool() const noexcept { return held_ != nullptr; }

private:
    T* held_ = nullptr;
};

class step_await;

/// One kind of operation of a call, of which one is under way at a time, and the coroutine that waits for
/// its end, if one does.
class step : public operation {
public:
    explicit step(shared& owner) noexcept : operation(&ended), owner_(&owner) {}

    /// The tag for an operation that begins now.
    void* begin() noexcept {
        RTAI_CHECK(!busy_, "a call has one read and one write under way at a time");
        busy_ = true;
        owner_->retain();
        return tag();
    }

    bool busy() const noexcept { return busy_; }
    /// How the last one ended.
    bool ok() const noexcept { return ok_; }

    /// Goes on when nothing is under way.
    [[nodiscard]] step_await wait() noexcept;

private:
    friend class step_await;

    static void ended(operation& self, bool ok) noexcept {
        auto& me = static_cast<step&>(self);
        me.busy_ = false;
        me.ok_ = ok;
        if (auto* w = std::exchange(me.waiting_, nullptr)) {
            w->state = rtai::waiter::phase::fired;
            this_shard().schedule(*w);
        }
        me.owner_->release();
    }

    shared* owner_;
    rtai::waiter* waiting_ = nullptr;
    bool busy_ = false;
    bool ok_ = true;
};

class step_await : public rtai::waiter {
public:
    explicit step_await(step& s) noexcept : step_(&s) {}
    ~step_await() { disarm(); }

    bool await_ready() const noexcept { return !step_->busy(); }

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) {
        arm(h);
    }

    void await_resume() noexcept { state = phase::idle; }

    void arm(std::coroutine_handle<> target, rtai::observer* watcher = nullptr) {
        if (step_->waiting_ != nullptr)
            throw std::logic_error(
                "a call is read by one coroutine and written by one: let others send through a channel, and "
                "the writer `write_from` it");
        set_target(target, watcher);
        act = &waiter::go_on_action;
        step_->waiting_ = this;
        state = phase::waiting;
    }

    void disarm() noexcept {
        if (state == phase::waiting) step_->waiting_ = nullptr;
        else if (state == phase::fired) unlink();
        state = phase::idle;
    }

private:
    step* step_;
};

inline step_await step::wait() noexcept { return step_await(*this); }

}  // namespace rtai::rpc::detail
