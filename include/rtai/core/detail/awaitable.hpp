#pragma once

#include <functional>
#include <rtai/core/task.hpp>
#include <type_traits>
#include <utility>
#include <variant>

// clang warns when what an await refers to is gone before the await.
#if defined(__clang__)
#define RTAI_REFERRED_TO [[clang::lifetimebound]]
#else
#define RTAI_REFERRED_TO
#endif

namespace rtai::detail {

template <class T>
struct is_task : std::false_type {};
template <class T>
struct is_task<task<T>> : std::true_type {};

template <class A>
decltype(auto) awaiter_of(A&& awaitable) {
    if constexpr (requires { std::forward<A>(awaitable).operator co_await(); })
        return std::forward<A>(awaitable).operator co_await();
    else if constexpr (requires { operator co_await(std::forward<A>(awaitable)); })
        return operator co_await(std::forward<A>(awaitable));
    else return std::forward<A>(awaitable);
}

template <class A>
using await_result =
    decltype(std::declval<std::remove_reference_t<decltype(awaiter_of(std::declval<A>()))>&>()
                 .await_resume());

/// `void` has no values, so it stands as `std::monostate` among results; a reference is wrapped.
template <class T>
struct as_regular {
    using type = std::remove_cv_t<T>;
};
template <>
struct as_regular<void> {
    using type = std::monostate;
};
template <class T>
struct as_regular<T&> {
    using type = std::reference_wrapper<T>;
};
template <class T>
struct as_regular<T&&> {
    using type = std::remove_cv_t<T>;
};
template <class T>
using regular = typename as_regular<T>::type;

/// Anything awaitable as a task. The awaitable has to outlive it, which it does in
/// `co_await join(first(), second())`: temporaries live to the end of the full expression.
template <class A>
task<await_result<A>> as_task(A&& awaitable) {
    // g++-12 would move an awaiter that is given as an rvalue.
    if constexpr (requires { std::forward<A>(awaitable).operator co_await(); })
        co_return co_await std::forward<A>(awaitable);
    else co_return co_await awaitable;
}

template <class T>
task<T> to_task(task<T>&& work) {
    work.expect_something();
    return std::move(work);
}

template <class A>
    requires(!is_task<std::remove_cvref_t<A>>::value)
auto to_task(A&& awaitable) {
    return as_task<A>(std::forward<A>(awaitable));
}

}  // namespace rtai::detail
