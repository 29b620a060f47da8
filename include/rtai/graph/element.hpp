#pragma once

#include <concepts>
#include <exception>
#include <rtai/core/join.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/graph/any.hpp>
#include <rtai/graph/port.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace rtai {

/// A coroutine with ports:
///
///     struct shout {
///         rtai::input<rtai::text> in;
///         rtai::output<rtai::text> out;
///         RTAI_DESCRIBE(shout, in, out)
///         rtai::task<> run();
///     };
///
/// With a member struct `options` that is described too, and that it is made from, a spec can give it
/// values. It works in `run`, not in its constructor, and `run` returns when its inputs have ended.
template <class E>
concept element = described<E> && requires(E e) {
    { e.run() } -> std::same_as<task<>>;
};

namespace detail {

template <class E>
struct options_of {
    struct type {
        RTAI_DESCRIBE(type)
    };
};
template <class E>
    requires requires { typename E::options; }
struct options_of<E> {
    using type = typename E::options;
};

}  // namespace detail

/// The options of an element; of one without, an empty struct.
template <class E>
using options_of = typename detail::options_of<E>::type;

template <element E, class F>
void for_each_port(E& e, F&& visit) {
    for_each_member<E>([&](std::string_view name, auto member) {
        if constexpr (port<std::remove_cvref_t<decltype(e.*member)>>) visit(name, e.*member);
    });
}

/// Lets go of an element's streams, so that those behind it see their end.
template <element E>
void disconnect(E& e) noexcept {
    for_each_port(e, [](std::string_view, auto& p) { p.disconnect(); });
}

namespace detail {

/// What an element threw, with where it stands in the spec before it.
[[noreturn]] inline void fail_at(std::string_view where, const std::exception& failure) {
    std::throw_with_nested(std::runtime_error(std::string(where) + ": " + failure.what()));
}

}  // namespace detail

/// Runs an element in a graph, to the end of its streams. A failure comes out with `where` before its words.
template <element E>
task<> play(E& e, std::string_view where) {
    try {
        co_await e.run();
    } catch (const std::exception& failure) {
        detail::fail_at(where, failure);
    }
    disconnect(e);
}
template <element E>
task<> play(E& e) {
    co_await e.run();
    disconnect(e);
}

/// Hands everything on from an element's only input to its only output.
template <class T, class... In, class... Out>
task<> hand_on(const input<T, In...>& in, const output<T, Out...>& out) {
    while (auto value = co_await in.receive())
        if (!co_await out.send(std::move(*value))) co_return;
}

/// Runs an element if it is wanted; if not, its streams pass it by, or end where it has no other side.
template <element E>
task<> play_if(bool wanted, E& e, std::string_view where) {
    if (wanted) {
        co_await play(e, where);
    } else if constexpr (requires { hand_on(e.in, e.out); }) {
        co_await hand_on(e.in, e.out);
    }
    disconnect(e);
}
/// Whether an element can work with these options here: a model may be missing, or a key.
template <class E>
result<> available(const options_of<E>& o) {
    if constexpr (requires { E::available(o); }) return E::available(o);
    else return {};
}

}  // namespace rtai

#ifdef RTAI_CATALOGUE
#include <rtai/graph/catalogue.hpp>
#else
#define RTAI_ELEMENT(type, about) \
    static_assert(rtai::element<type>, #type " is no element: see rtai/graph/element.hpp")
#define RTAI_SERVICE(type, about) static_assert(true)
#endif
