#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <rtai/core/detail/awaitable.hpp>
#include <rtai/core/detail/blocks.hpp>
#include <rtai/core/detail/group.hpp>
#include <rtai/core/detail/list.hpp>
#include <rtai/core/shard.hpp>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace rtai {

namespace detail {
template <class Body>
class scope_await;
}

/// Where background work lives: nothing runs longer than the scope it was started in. Made by
/// `with_scope`.
///
/// The first failure of a spawned task cancels all the others. It comes out of the `join` that waits
/// for them, or, when the body does not wait there, cancels the body and comes out of `with_scope`.
///
/// What spawned tasks use lives outside the body, or in a body that ends with `co_await s.join()`.
class scope : detail::group {
public:
    /// Starts `work` at the loop's next step. In a scope that is closing it is dropped.
    template <class T>
    void spawn(task<T> work) {
        work.expect_something();
        if (closed()) return;
        auto* m = new detail::child<T, member>(*this);
        members_.push_back(*m);
        ++count_;
        start(*m, std::move(work));
    }

    /// How many spawned tasks have not ended.
    std::size_t size() const noexcept { return count_; }

    /// Cancels everything spawned so far, at the loop's next step. The body goes on, and may spawn more.
    void cancel() noexcept {
        doomed_.splice_back(members_);
        canceller_.request();
    }

    class join_await : public detail::waiter {
    public:
        explicit join_await(scope& s) noexcept : scope_(s) {}
        ~join_await() { disarm(); }

        bool await_ready() const noexcept { return scope_.count_ == 0; }

        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> h) {
            arm(h);
        }

        void await_resume() {
            unlist();
            if (scope_.failure_) std::rethrow_exception(std::exchange(scope_.failure_, nullptr));
        }

        void arm(std::coroutine_handle<> target, detail::observer* watcher = nullptr) {
            if (scope_.joiner_ != nullptr)
                throw std::logic_error("a scope is joined by one coroutine at a time");
            set_target(target, watcher);
            act = &waiter::go_on_action;
            scope_.joiner_ = this;
            state = phase::waiting;
        }

        void disarm() noexcept {
            if (!pending()) return;
            unlist();
            // A failure that was on its way to this join now has nobody to come to but the body itself.
            if (scope_.failure_ && !scope_.closing()) {
                scope_.body_is_doomed_ = true;
                scope_.canceller_.request();
            }
        }

    private:
        friend scope;

        void unlist() noexcept {
            if (state == phase::fired) unlink();
            if (pending()) scope_.joiner_ = nullptr;
            state = phase::idle;
        }

        scope& scope_;
    };

    /// Waits until everything spawned has ended. For the body, not for the spawned.
    [[nodiscard]] join_await join() noexcept { return join_await(*this); }

private:
    template <class>
    friend class detail::scope_await;

    struct membership : detail::list_hook {};

    /// What was spawned, with its place among the members.
    class member : public detail::fiber, public membership {
    public:
        using detail::fiber::fiber;

        static void* operator new(std::size_t bytes) { return detail::allocate_block(bytes); }
        static void operator delete(void* memory, std::size_t bytes) noexcept {
            detail::free_block_of(memory, bytes);
        }
    };

    struct cancel_request : detail::runnable {
        explicit cancel_request(scope& s) noexcept : target(s) {
            act = [](runnable& self) noexcept {
                auto& me = static_cast<cancel_request&>(self);
                me.queued = false;
                me.target.reacting([&] { me.target.carry_out(); });
            };
        }
        void request() noexcept {
            if (!std::exchange(queued, true)) this_shard().schedule_urgent(*this);
        }
        ~cancel_request() {
            if (queued) unlink();
        }
        scope& target;
        bool queued = false;
    };

    scope() noexcept : canceller_(*this) {}
    ~scope() { drop_members(); }

    void drop_members() noexcept {
        members_.splice_back(doomed_);
        while (!members_.empty()) delete &members_.pop_front();
    }

    bool closed() const noexcept { return closing() || failure_; }

    void cancel_doomed() noexcept {
        // The member that is cancelled may be deleted meanwhile; one that needs time stays.
        while (!doomed_.empty()) {
            member& m = doomed_.pop_front();
            members_.push_back(m);
            m.cancel();
        }
    }

    void cancel_members() noexcept {
        doomed_.splice_back(members_);
        cancel_doomed();
    }

    void carry_out() noexcept {
        cancel_doomed();
        if (std::exchange(body_is_doomed_, false)) body_->cancel();
    }

    /// The members first: they may use what lives in the body. While it waits in `join`, it stays until
    /// the last of them has ended.
    void cancel_all() noexcept override {
        cancel_members();
        if (joiner_ == nullptr || count_ == 0) body_->cancel();
    }

    void react(detail::fiber& ended) noexcept override {
        const bool failed = ended.error() && !closing() && !failure_;
        if (failed) failure_ = ended.error();
        if (&ended != body_) {
            auto* m = static_cast<member*>(&ended);
            m->membership::unlink();
            delete m;
            --count_;
        }
        if (failed) {
            cancel_members();
            if (joiner_ == nullptr) body_->cancel();
        }
        if (count_ == 0 && joiner_ != nullptr && !joiner_->fired()) {
            if (closing()) return body_->cancel();
            joiner_->state = detail::waiter::phase::fired;
            this_shard().schedule(*joiner_);
        }
    }

    detail::list<member, membership> members_;
    detail::list<member, membership> doomed_;  // to be cancelled at the next step
    bool body_is_doomed_ = false;
    std::size_t count_ = 0;
    detail::fiber* body_ = nullptr;
    join_await* joiner_ = nullptr;
    std::exception_ptr failure_{};
    cancel_request canceller_;
};

namespace detail {

template <class Body>
class scope_await {
    using work = std::invoke_result_t<Body&, scope&>;
    static_assert(is_task<work>::value,
                  "the body of with_scope is a coroutine: [&](scope& s) -> task<> { ... }");
    using value = typename work::value_type;

public:
    explicit scope_await(Body&& body) : body_(std::move(body)), fiber_(scope_) {}
    scope_await(const scope_await&) = delete;
    scope_await& operator=(const scope_await&) = delete;
    ~scope_await() { scope_.drop_members(); }

    bool await_ready() const noexcept { return false; }

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> parent) {
        work body = body_(scope_);
        body.expect_something();
        scope_.body_ = &fiber_;
        scope_.stand_in(parent);
        scope_.start(fiber_, std::move(body));
    }

    value await_resume() {
        if (scope_.failure_) std::rethrow_exception(scope_.failure_);
        return fiber_.take();
    }

private:
    Body body_;
    scope scope_;
    child<value> fiber_;
};

}  // namespace detail

/// Runs `body` with a scope, and goes on when the body and everything it spawned have ended:
///
///     co_await with_scope([&](scope& s) -> task<> {
///         s.spawn(listen(port));
///         co_await stop.wait();
///         s.cancel();
///     });
template <class Body>
[[nodiscard]] auto with_scope(Body body) {
    return detail::scope_await<Body>(std::move(body));
}

}  // namespace rtai
