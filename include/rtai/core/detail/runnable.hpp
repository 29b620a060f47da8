#pragma once

#include <coroutine>
#include <rtai/core/detail/list.hpp>

namespace rtai::detail {

/// Something a shard's loop can run. `act` runs at loop level: no coroutine of this shard is on the
/// stack, so it may resume one or destroy any.
struct runnable : list_hook {
    using action = void (*)(runnable&) noexcept;
    action act;
};

struct waiter;

/// Told when one of several waiters that belong together may go on.
class observer {
public:
    virtual void fired(waiter&) noexcept = 0;

protected:
    ~observer() = default;
};

/// An await under way: a coroutine that goes on when this is run. The base of the awaitables that
/// `race` handles without a coroutine of their own.
///
/// `arm` (after `await_ready` said no) starts the wait. A value changes hands in `await_resume`, not
/// before: until then the wait can be given up with `disarm`, and nothing has happened.
struct waiter : runnable {
    enum class phase : unsigned char {
        idle,     ///< not begun, or its value was there at once
        over,     ///< what it would wait for can not come any more
        waiting,  ///< in the list of what it waits for
        fired,    ///< in the ready queue
        going,    ///< its coroutine, or who watches it, was told to go on
    };

    waiter() noexcept {}  // what is not set here is set by `arm`
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;

    union {
        std::coroutine_handle<> coroutine;  // in a union, so that it is not set to null first
    };
    observer* watched_by;
    phase state = phase::idle;

    bool pending() const noexcept { return state >= phase::waiting; }
    bool fired() const noexcept { return state >= phase::fired; }
    bool going() const noexcept { return state == phase::going; }

    void set_target(std::coroutine_handle<> target, observer* watcher) noexcept {
        coroutine = target;
        watched_by = watcher;
    }

    void go_on() noexcept {
        state = phase::going;
        if (watched_by != nullptr) watched_by->fired(*this);
        else coroutine.resume();
    }

    /// Takes it out of the ready queue, as if it had been told to go on.
    void recall() noexcept {
        if (state != phase::fired) return;
        unlink();
        state = phase::going;
    }

    /// Out of the list or queue it is in.
    void leave() noexcept {
        if (state == phase::waiting || state == phase::fired) unlink();
        state = phase::idle;
    }

    static void go_on_action(runnable& self) noexcept { static_cast<waiter&>(self).go_on(); }
};

}  // namespace rtai::detail
