#pragma once

#include <chrono>

namespace rtai {

/// Time on a shard. Read it with `now()` and wait with `sleep_for` (`timer.hpp`), never with a clock of
/// your own: in simulation this time jumps from timer to timer.
using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;

/// Later than anything: "no deadline".
inline constexpr time_point never = time_point::max();

/// `from + by`, or `never` where that is beyond what can be counted.
constexpr time_point later(time_point from, duration by) noexcept {
    return by > never - from && by > duration::zero() ? never : from + by;
}

}  // namespace rtai
