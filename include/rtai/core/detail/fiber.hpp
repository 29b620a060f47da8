#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <rtai/core/detail/blocks.hpp>
#include <rtai/core/detail/runnable.hpp>
#include <rtai/core/shard.hpp>
#include <type_traits>
#include <utility>

// g++ makes symmetric transfer a plain call unless it optimises sibling calls, which its instrumentation
// prevents and which it does not do at -O1. The CMake target asks for it and says so with
// RTAI_SYMMETRIC_TRANSFER. Elsewhere an await starts its task inside and asks afterwards whether it has
// already finished, so that the stack stays flat all the same.
#if defined(__GNUC__) && !defined(__clang__) && \
    (!defined(RTAI_SYMMETRIC_TRANSFER) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__))
#define RTAI_NO_SYMMETRIC_TRANSFER 1
#endif

namespace rtai {

/// Coroutine frames alive on this thread. A server whose calls come and go keeps this flat.
inline constinit thread_local std::int64_t live_coroutines = 0;

}  // namespace rtai

/// Lifetimes. A *fiber* is a chain of tasks, each awaiting the next, with one place where it stands. It
/// is cancelled by destroying its frames: destructors release what they hold and take their awaits out
/// of the lists they wait in. What can not end at once (an operation in the kernel, a scope with such
/// operations below it, an async teardown) is a *guard*: the fiber winds it down first, and destroys
/// its frames after that.
namespace rtai::detail {

class fiber;
struct inheritance;

/// Something a fiber stands in that may need time to end. A fiber has at most one: the await it is
/// suspended in.
class guard {
public:
    /// Asks for the end. True: there is nothing left to wait for. False: `fiber::wound_down` is called
    /// when that is so.
    virtual bool wind_down() noexcept = 0;

protected:
    guard() = default;
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;
    ~guard() = default;
};

/// The one who started fibers and waits for them.
class fiber_owner {
public:
    /// `child` came to its end: finished, failed or cancelled. Called at loop level.
    virtual void child_ended(fiber& child) noexcept = 0;

protected:
    ~fiber_owner() = default;
};

/// The part of a task's promise that does not depend on its type.
struct promise_base {
    std::coroutine_handle<> continuation{};
    fiber* home = nullptr;
    std::exception_ptr error{};
#ifdef RTAI_NO_SYMMETRIC_TRANSFER
    bool starting = false;
    bool finished = false;
#endif

    static void* operator new(std::size_t bytes) {
        ++live_coroutines;
        return allocate_block(bytes);
    }
    static void operator delete(void* memory, std::size_t bytes) noexcept {
        --live_coroutines;
        free_block_of(memory, bytes);
    }

    void unhandled_exception() noexcept { error = std::current_exception(); }
};

class fiber : public runnable {
public:
    explicit fiber(fiber_owner& owner) noexcept : runnable(), owner_(owner) {}
    fiber(const fiber&) = delete;
    fiber& operator=(const fiber&) = delete;
    virtual ~fiber() { abandon(); }

    /// Destroys it where it stands; nobody hears of it.
    void abandon() noexcept {
        if (std::exchange(queued_, false)) unlink();
        destroy_frames();
    }

    /// Takes over a coroutine that has not begun; it begins at the loop's next step.
    void start(std::coroutine_handle<> root, promise_base& promise) noexcept {
        root_ = root;
        promise_ = &promise;
        promise.home = this;
        state_ = state::running;
        act = [](runnable& self) noexcept {
            auto& me = static_cast<fiber&>(self);
            me.queued_ = false;
            me.root_.resume();
        };
        queued_ = true;
        this_shard().schedule(*this);
    }

    /// At loop level only. The owner hears of the end in `child_ended`, perhaps before this returns.
    void cancel() noexcept {
        if (state_ != state::running && state_ != state::finished) return;
        if (queued_) {
            queued_ = false;
            unlink();
        }
        state_ = state::cancelling;
        if (standing_in_ == nullptr || standing_in_->wind_down()) wound_down();
    }

    /// The guard of a cancelled fiber has come to its end.
    void wound_down() noexcept {
        standing_in_ = nullptr;
        destroy_frames();
        state_ = state::cancelled;
        owner_.child_ended(*this);
    }

    /// From the root's final suspension: the end is told at the loop's next step, when nothing of this
    /// fiber is on the stack.
    void root_finished() noexcept {
        state_ = state::finished;
        act = [](runnable& self) noexcept {
            auto& me = static_cast<fiber&>(self);
            me.queued_ = false;
            me.state_ = state::ended;
            me.error_ = std::move(me.promise_->error);
            if (!me.error_) me.collect();
            me.destroy_frames();
            me.owner_.child_ended(me);
        };
        queued_ = true;
        this_shard().schedule_urgent(*this);
    }

    /// Marks where this fiber stands, while it awaits `g`.
    void enter(guard& g) noexcept { standing_in_ = &g; }
    void leave() noexcept { standing_in_ = nullptr; }

    bool cancelling() const noexcept { return state_ == state::cancelling; }
    bool finished() const noexcept { return state_ == state::ended; }
    bool running() const noexcept { return state_ == state::running; }

    /// What the root threw, if it did.
    const std::exception_ptr& error() const noexcept { return error_; }

    /// What it was given to find, and gives to those it starts: see core/inherited.hpp.
    const inheritance* inherited() const noexcept { return inherited_; }
    void inherit(const inheritance* from) noexcept { inherited_ = from; }

private:
    /// Takes the result out of the root's promise, which is about to go.
    virtual void collect() noexcept = 0;

    void destroy_frames() noexcept {
        if (auto root = std::exchange(root_, nullptr)) root.destroy();
    }

    enum class state : unsigned char { idle, running, finished, ended, cancelling, cancelled };

    fiber_owner& owner_;
    std::coroutine_handle<> root_{};
    promise_base* promise_ = nullptr;
    guard* standing_in_ = nullptr;
    const inheritance* inherited_ = nullptr;
    std::exception_ptr error_{};
    state state_ = state::idle;
    bool queued_ = false;
};

/// The fiber that a coroutine belongs to.
template <class Promise>
fiber& home_of(std::coroutine_handle<Promise> handle) noexcept {
    static_assert(
        std::is_base_of_v<promise_base, Promise>,
        "this can be awaited only in an rtai::task: adapt other coroutine types with rtai/core/asio.hpp");
    return *handle.promise().home;
}

}  // namespace rtai::detail
