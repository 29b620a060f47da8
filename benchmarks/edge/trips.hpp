#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace bench {

/// Of many times, the one that this share of them does not exceed. Sorts them.
inline double share_of(std::vector<double>& times, double share) {
    if (times.empty()) return 0;
    std::ranges::sort(times);
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
}

}  // namespace bench
