#pragma once

#include <coroutine>
#include <exception>
#include <rtai/core/clock.hpp>
#include <rtai/core/detail/awaitable.hpp>
#include <rtai/core/detail/group.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/timeout.hpp>
#include <type_traits>
#include <utility>

namespace rtai {
namespace detail {

template <class Resource, class Body, class Teardown>
class with_await final : public group {
    using value = typename std::invoke_result_t<Body&, Resource&>::value_type;

public:
    with_await(Resource&& resource, Body&& body, Teardown&& teardown, duration limit)
        : resource_(std::move(resource)),
          body_(std::move(body)),
          teardown_(std::move(teardown)),
          limit_(limit),
          body_fiber_(*this),
          teardown_fiber_(*this) {}

    bool await_ready() const noexcept { return false; }

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> parent) {
        auto work = body_(resource_);
        work.expect_something();
        stand_in(parent);
        start(body_fiber_, std::move(work));
    }

    value await_resume() {
        if (body_fiber_.error()) std::rethrow_exception(body_fiber_.error());
        if (teardown_fiber_.error()) std::rethrow_exception(teardown_fiber_.error());
        return body_fiber_.take();
    }

private:
    task<> bounded_teardown() { (void)co_await with_timeout(limit_, teardown_(resource_)); }

    void react(fiber& ended) noexcept override {
        if (&ended == &body_fiber_) start(teardown_fiber_, bounded_teardown());
    }

    void cancel_all() noexcept override { body_fiber_.cancel(); }

    Resource resource_;
    Body body_;
    Teardown teardown_;
    duration limit_;
    child<value> body_fiber_;
    child<void> teardown_fiber_;
};

}  // namespace detail

inline constexpr duration default_teardown_limit = std::chrono::seconds(1);

/// Runs `body(resource)` and then, whether it returned, threw or was cancelled, `teardown(resource)`:
/// for ends that must themselves wait, like a closing handshake. The teardown is not cancelled from
/// outside, but it is given up after `limit`.
template <class Resource, class Body, class Teardown>
[[nodiscard]] auto with(Resource resource, Body body, Teardown teardown,
                        duration limit = default_teardown_limit) {
    return detail::with_await<Resource, Body, Teardown>(std::move(resource), std::move(body),
                                                        std::move(teardown), limit);
}

}  // namespace rtai
