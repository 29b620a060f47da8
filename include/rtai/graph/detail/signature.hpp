#pragma once

#include <optional>
#include <rtai/core/task.hpp>
#include <type_traits>

namespace rtai::detail {

/// What a user's function takes and gives: a function, or a lambda that captures nothing.
template <class F>
struct signature : signature<decltype(&F::operator())> {};

template <class R, class A>
struct signature<R (*)(A)> {
    using parameter = A;
    using argument = std::remove_cvref_t<A>;
    using result = R;
};
template <class R, class A>
struct signature<R (*)(A) noexcept> : signature<R (*)(A)> {};
template <class R, class C, class A>
struct signature<R (C::*)(A) const> : signature<R (*)(A)> {};
template <class R, class C, class A>
struct signature<R (C::*)(A) const noexcept> : signature<R (*)(A)> {};

template <auto Function>
using signature_of = signature<std::remove_cv_t<decltype(Function)>>;

/// What comes out in the end of a function that may have to wait, or leave a value out.
template <class R>
struct made_by {
    using type = std::remove_cvref_t<R>;
    static constexpr bool waits = false;
};
template <class R>
struct made_by<std::optional<R>> : made_by<R> {};
template <class R>
struct made_by<task<R>> : made_by<R> {
    static constexpr bool waits = true;
};

}  // namespace rtai::detail
