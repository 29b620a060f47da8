#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rtai {

/// How many letters must be added, taken away, changed or swapped with their neighbour to make `b` of `a`;
/// upper and lower case are the same.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    const auto width = b.size() + 1;
    std::vector<std::size_t> before(width), above(width), row(width);
    for (std::size_t j = 0; j < width; ++j) above[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j < width; ++j) {
            const bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0U : 1U)});
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(above);
        above.swap(row);
    }
    return above[b.size()];
}

/// Which of `names` was probably meant by `word`; empty if none is near.
template <class Names>
std::string nearest(std::string_view word, const Names& names) {
    if (word.size() > 64) return {};
    const auto limit = word.size() < 4 ? 1 : word.size() < 6 ? 2 : word.size() / 3;
    std::string best;
    std::size_t least = limit + 1;
    for (const auto& name : names) {
        const std::string_view n = name;
        if (n.size() > word.size() + limit || word.size() > n.size() + limit) continue;
        const auto distance = edit_distance(word, n);
        if (distance < least && distance < std::max(word.size(), n.size())) {
            least = distance;
            best = n;
        }
    }
    return best;
}

}  // namespace rtai
