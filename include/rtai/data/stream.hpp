#pragma once

#include <concepts>
#include <cstddef>
#include <rtai/core/channel.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/control.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/data/packet.hpp>
#include <rtai/data/picture.hpp>
#include <rtai/data/text.hpp>
#include <string_view>
#include <utility>

// Outside of rtai: g++ leaves out the names of the namespaces that a function is in.
namespace rtai_type_name {

template <class T>
constexpr std::string_view of() noexcept {
    constexpr std::string_view all = __PRETTY_FUNCTION__;
    constexpr auto first = all.find("T = ") + 4;
    return all.substr(first, all.find_first_of(";]", first) - first);
}

}  // namespace rtai_type_name

namespace rtai {

/// The name of a type as C++ writes it: "my::thing".
template <class T>
constexpr std::string_view type_name() noexcept {
    return rtai_type_name::of<T>();
}

/// How a stream of a type behaves unless a spec says otherwise. Specialise it for a type of yours; it
/// needs nothing else to be a stream.
template <class T>
struct stream_traits {
    using policy = block;
    static constexpr std::size_t capacity = 64;
};

// Late sound is worth nothing, so audio makes room by dropping the oldest; 50 frames of 20 ms are a second.
template <>
struct stream_traits<audio> {
    using policy = drop_oldest;
    static constexpr std::size_t capacity = 50;
};

template <>
struct stream_traits<packet> {
    using policy = drop_oldest;
    static constexpr std::size_t capacity = 50;
};

template <>
struct stream_traits<video> {
    using policy = drop_oldest;
    static constexpr std::size_t capacity = 30;
};

template <>
struct stream_traits<image> {
    using policy = block;
    static constexpr std::size_t capacity = 4;
};

/// What belongs to a turn, and is stale when the turn was interrupted.
template <class T>
concept stamped = requires(const T& value) {
    { value.stamp } -> std::convertible_to<stamp>;
};

}  // namespace rtai
