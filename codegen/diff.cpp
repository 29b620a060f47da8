#include "diff.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace rtai::codegen {

namespace {

/// With their ends, which the last one may not have.
std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> all;
    while (!text.empty()) {
        all.push_back(text.substr(0, text.find('\n')));
        if (all.back().size() < text.size()) all.back() = text.substr(0, all.back().size() + 1);
        text.remove_prefix(all.back().size());
    }
    return all;
}

struct edit {
    char sign;
    std::string_view line;
};

/// The longest common lines of what is left between equal beginnings and ends stay; very long middles are
/// replaced as a whole.
std::vector<edit> edits(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b) {
    std::size_t head = 0, tail = 0;
    while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
    while (tail < a.size() - head && tail < b.size() - head &&
           a[a.size() - 1 - tail] == b[b.size() - 1 - tail])
        ++tail;
    const std::size_t n = a.size() - head - tail, m = b.size() - head - tail;
    std::vector<edit> all;
    for (std::size_t i = 0; i < head; ++i) all.push_back({' ', a[i]});
    constexpr std::size_t most = 4'000'000;
    if (n * m > most) {
        for (std::size_t i = 0; i < n; ++i) all.push_back({'-', a[head + i]});
        for (std::size_t j = 0; j < m; ++j) all.push_back({'+', b[head + j]});
    } else {
        std::vector<std::vector<std::size_t>> common(n + 1, std::vector<std::size_t>(m + 1, 0));
        for (std::size_t i = n; i-- > 0;)
            for (std::size_t j = m; j-- > 0;)
                common[i][j] = a[head + i] == b[head + j] ? common[i + 1][j + 1] + 1
                                                          : std::max(common[i + 1][j], common[i][j + 1]);
        for (std::size_t i = 0, j = 0; i < n || j < m;) {
            if (i < n && j < m && a[head + i] == b[head + j]) {
                all.push_back({' ', a[head + i]});
                ++i, ++j;
            } else if (i < n && (j == m || common[i + 1][j] >= common[i][j + 1])) {
                all.push_back({'-', a[head + i++]});
            } else {
                all.push_back({'+', b[head + j++]});
            }
        }
    }
    for (std::size_t i = a.size() - tail; i < a.size(); ++i) all.push_back({' ', a[i]});
    return all;
}

}  // namespace

std::string unified_diff(const std::string& old_name, const std::string& new_name, const std::string& before,
                         const std::string& after) {
    if (before == after) return {};
    constexpr std::size_t context = 3;
    const auto all = edits(lines_of(before), lines_of(after));
    std::string out = "--- " + old_name + "\n+++ " + new_name + "\n";
    std::size_t i = 0, old_line = 1, new_line = 1;
    while (i < all.size()) {
        if (all[i].sign == ' ') {
            ++i, ++old_line, ++new_line;
            continue;
        }
        const std::size_t first = i - std::min(i, context);
        std::size_t last = i, quiet = 0;
        for (std::size_t j = i; j < all.size() && quiet <= 2 * context; ++j) {
            quiet = all[j].sign == ' ' ? quiet + 1 : 0;
            if (quiet == 0) last = j + 1;
        }
        const std::size_t end = std::min(last + context, all.size());
        const auto count = [&](char sign) {
            return static_cast<std::size_t>(
                std::count_if(all.begin() + static_cast<std::ptrdiff_t>(first),
                              all.begin() + static_cast<std::ptrdiff_t>(end),
                              [&](const edit& e) { return e.sign == ' ' || e.sign == sign; }));
        };
        // Of no lines, it is the one before.
        const auto from = [](std::size_t line, std::size_t lines) {
            return std::to_string(lines == 0 ? line - 1 : line) + "," + std::to_string(lines);
        };
        const std::size_t lead = i - first;
        out +=
            "@@ -" + from(old_line - lead, count('-')) + " +" + from(new_line - lead, count('+')) + " @@\n";
        for (std::size_t j = first; j < end; ++j) {
            out += all[j].sign;
            out += all[j].line;
            if (!out.ends_with('\n')) out += "\n\\ No newline at end of file\n";
        }
        for (; i < end; ++i) {
            if (all[i].sign != '+') ++old_line;
            if (all[i].sign != '-') ++new_line;
        }
    }
    return out;
}

}  // namespace rtai::codegen
