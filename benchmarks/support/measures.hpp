#pragma once

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <vector>

namespace bench {

/// Of many values, the one that this share of them does not exceed. Sorts them.
inline double share_of(std::vector<double>& values, double share) {
    if (values.empty()) return 0;
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

/// What a clock of the system says.
inline double microseconds_of(clockid_t clock) {
    timespec t{};
    ::clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

/// What this thread has worked so far.
inline double cpu_microseconds() { return microseconds_of(CLOCK_THREAD_CPUTIME_ID); }

}  // namespace bench
