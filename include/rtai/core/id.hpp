#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace rtai {

/// A number that names one thing of a kind, and can not be mistaken for a number of another kind:
///
///     using session_id = id<struct session_tag>;
template <class Tag>
struct id {
    constexpr id() noexcept = default;
    constexpr explicit id(std::uint64_t number) noexcept : value(number) {}

    constexpr explicit operator bool() const noexcept { return value != 0; }
    constexpr auto operator<=>(const id&) const noexcept = default;

    std::uint64_t value = 0;
};

/// Gives out the numbers from 1 on.
template <class Id>
class id_source {
public:
    constexpr Id next() noexcept { return Id(++last_); }

private:
    std::uint64_t last_ = 0;
};

}  // namespace rtai

template <class Tag>
struct std::hash<rtai::id<Tag>> {
    std::size_t operator()(rtai::id<Tag> i) const noexcept { return std::hash<std::uint64_t>()(i.value); }
};
