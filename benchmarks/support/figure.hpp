#pragma once

#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

namespace bench {

enum class role { ours, peer, bound };  ///< bound: what no framework can be cheaper than

struct figure {
    std::string key;
    std::string label;
    enum role role;
    bool measured = false;
    double median = 0;
    double min = 0;
    double max = 0;
};

struct panel {
    std::string title;
    std::string unit;
    std::vector<figure> rows;
};

/// Three digits, or all that stand before the point.
inline std::string short_number(double value) {
    const double size = std::abs(value);
    const int decimals = size == 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
    return text.data();
}

inline bool stdout_is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

}  // namespace bench
