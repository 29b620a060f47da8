#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <ranges>
#include <set>

#include "plan/chooser.hpp"

// Exact by eliminating one variable after the other, the one with the fewest neighbours first: graphs of
// audio are nearly trees, so the tables stay small. Where they would not, that variable is decided for
// the best against what is known, and the rest stays exact.

namespace rtai::codegen {

namespace {

// What a spec can ask for is bounded: after so much work, tables are smaller.
constexpr std::size_t largest_table = 200'000, smallest_table = 2'000, most_work = 500'000;

/// Costs for every combination of the values of some variables.
struct table {
    std::vector<std::size_t> of;  ///< variables, sorted
    std::vector<std::uint64_t> costs;
};

}  // namespace

std::size_t chooser::add(std::vector<std::uint32_t> values) {
    values_.push_back(std::move(values));
    return values_.size() - 1;
}

void chooser::connect(std::size_t a, std::size_t b) {
    if (a != b) connections_.emplace_back(a, b);
}

std::vector<std::uint32_t> chooser::solve_with(const cost_function& cost) const {
    const std::size_t n = values_.size();
    const auto size_of = [&](const std::vector<std::size_t>& of) {
        std::size_t size = 1;
        for (const auto v : of) size = std::min(size * values_[v].size(), largest_table + 1);
        return size;
    };

    std::vector<table> tables;
    std::vector<std::set<std::size_t>> in(n);  // tables that know a variable
    const auto add_table = [&](table t) {
        for (const auto v : t.of) in[v].insert(tables.size());
        tables.push_back(std::move(t));
    };
    for (std::size_t v = 0; v < n; ++v) {
        table t;
        t.of = {v};
        for (std::size_t i = 0; i < values_[v].size(); ++i) t.costs.push_back(i);  // the first is preferred
        add_table(std::move(t));
    }
    for (auto [a, b] : connections_) {
        if (a > b) std::swap(a, b);
        table t;
        t.of = {a, b};
        for (const auto x : values_[a])
            for (const auto y : values_[b]) t.costs.push_back(cost(x, y));
        add_table(std::move(t));
    }

    struct decision {
        std::size_t variable;
        std::vector<std::size_t> given;   ///< the variables it depends on
        std::vector<std::uint32_t> best;  ///< index of its value, for each combination of those
    };
    std::vector<decision> decisions;
    std::size_t work = 0;

    const auto neighbours = [&](std::size_t v) {
        std::set<std::size_t> all;
        for (const auto t : in[v]) all.insert(tables[t].of.begin(), tables[t].of.end());
        all.erase(v);
        return std::vector<std::size_t>(all.begin(), all.end());
    };
    // Cheapest first; the order is mended as eliminations make neighbours of neighbours.
    std::set<std::pair<std::size_t, std::size_t>> order;
    std::vector<std::size_t> degree(n);
    for (std::size_t v = 0; v < n; ++v) order.emplace(degree[v] = neighbours(v).size(), v);

    while (!order.empty()) {
        const auto v = order.begin()->second;
        order.erase(order.begin());
        auto around = neighbours(v);
        auto with = around;
        with.insert(std::lower_bound(with.begin(), with.end(), v), v);

        // Too large a table: leave out what is beyond it, as if those connections cost nothing.
        const auto largest = std::clamp(most_work - std::min(work, most_work), smallest_table, largest_table);
        while (size_of(with) > largest && !around.empty()) {
            const auto out = around.back();
            around.pop_back();
            with.erase(std::find(with.begin(), with.end(), out));
            for (auto it = in[v].begin(); it != in[v].end();) {
                const auto& of = tables[*it].of;
                if (std::find(of.begin(), of.end(), out) == of.end()) {
                    ++it;
                    continue;
                }
                const auto gone = *it;
                it = in[v].erase(it);
                for (const auto other : of)
                    if (other != v) in[other].erase(gone);
            }
        }

        work += size_of(with);

        table made;
        made.of = around;
        decision d;
        d.variable = v;
        d.given = around;
        std::vector<std::size_t> index(n, 0);
        const std::size_t combinations = size_of(around);
        const std::vector<std::size_t> mine(in[v].begin(), in[v].end());
        for (std::size_t c = 0; c < combinations; ++c) {
            std::size_t rest = c;
            for (const auto u : std::views::reverse(around)) {
                index[u] = rest % values_[u].size();
                rest /= values_[u].size();
            }
            std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
            std::uint32_t best = 0;
            for (std::uint32_t i = 0; i < values_[v].size(); ++i) {
                index[v] = i;
                std::uint64_t sum = 0;
                for (const auto t : mine) {
                    std::size_t at = 0;
                    for (const auto u : tables[t].of) at = at * values_[u].size() + index[u];
                    sum += tables[t].costs[at];
                }
                if (sum < least) {
                    least = sum;
                    best = i;
                }
            }
            made.costs.push_back(least);
            d.best.push_back(best);
        }
        decisions.push_back(std::move(d));
        for (const auto t : mine)
            for (const auto u : tables[t].of) in[u].erase(t);
        if (!made.of.empty()) add_table(std::move(made));
        for (const auto u : around) {
            order.erase({degree[u], u});
            order.emplace(degree[u] = neighbours(u).size(), u);
        }
    }

    std::vector<std::uint32_t> chosen(n, 0);
    std::vector<std::size_t> index(n, 0);
    for (const auto& d : std::views::reverse(decisions)) {
        std::size_t at = 0;
        for (const auto u : d.given) at = at * values_[u].size() + index[u];
        index[d.variable] = d.best[at];
        chosen[d.variable] = values_[d.variable][index[d.variable]];
    }
    return chosen;
}

}  // namespace rtai::codegen
