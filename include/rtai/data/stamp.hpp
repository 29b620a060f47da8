#pragma once

#include <cstdint>
#include <rtai/core/clock.hpp>

namespace rtai {

/// Which turn of a conversation a value belongs to. An interruption raises the turn's epoch, and what
/// carries an older one is dropped wherever it is. Zero belongs to no turn and is never stale.
using epoch = std::uint64_t;

/// What everything that flows carries with it.
struct stamp {
    constexpr stamp() noexcept = default;

    time_point at{};             ///< when it was captured or made
    std::uint64_t sequence = 0;  ///< counts up by one in a stream
    rtai::epoch epoch = 0;
};

}  // namespace rtai
