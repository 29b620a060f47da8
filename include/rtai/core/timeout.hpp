#pragma once

#include <coroutine>
#include <rtai/core/clock.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/timer.hpp>
#include <system_error>
#include <type_traits>
#include <utility>

namespace rtai {
namespace detail {

/// `T` as a `result`; what already is one stays as it is.
template <class T>
struct with_error {
    using type = result<T>;
};
template <class T>
struct with_error<result<T>> {
    using type = result<T>;
};

template <class A>
class timeout_await {
    using value = await_result<A>;

public:
    using result_type = typename with_error<value>::type;

    timeout_await(time_point when, A&& work)
        : sleep_(when), race_(std::in_place, std::forward<A>(work), sleep_) {}

    bool await_ready() { return race_.await_ready(); }

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) {
        race_.await_suspend(h);
    }

    result_type await_resume() {
        auto outcome = race_.await_resume();
        if (outcome.index() == 1) return error(std::errc::timed_out);
        if constexpr (std::is_void_v<value>) return {};
        else return std::get<0>(std::move(outcome));
    }

private:
    sleep_await sleep_;
    race_await<runner_for<A>, runner_for<sleep_await&>> race_;
};

}  // namespace detail

/// Waits for `work`, but not beyond `when`: then it is given up, and the result is
/// `std::errc::timed_out`.
template <class A>
[[nodiscard]] auto with_deadline(time_point when, A&& work RTAI_REFERRED_TO) {
    return detail::timeout_await<A>(when, std::forward<A>(work));
}

/// The same, for a time from now on.
template <class A>
[[nodiscard]] auto with_timeout(duration how_long, A&& work RTAI_REFERRED_TO) {
    return detail::timeout_await<A>(later(now(), how_long), std::forward<A>(work));
}

}  // namespace rtai
