#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "plan/chooser.hpp"

using rtai::codegen::chooser;

namespace {

/// Far above what it costs not to take the first, which only decides between equals.
std::uint64_t cost(std::uint32_t a, std::uint32_t b) {
    return a == b ? 0 : 1'000'000 * (1000 + std::max(a, b));
}

struct graph {
    std::vector<std::vector<std::uint32_t>> values;
    std::vector<std::pair<std::size_t, std::size_t>> connections;

    std::uint64_t cost_of(const std::vector<std::uint32_t>& chosen) const {
        std::uint64_t sum = 0;
        for (const auto& [a, b] : connections) sum += cost(chosen[a], chosen[b]);
        return sum;
    }

    std::vector<std::uint32_t> solved() const {
        chooser c;
        for (const auto& v : values) c.add(v);
        for (const auto& [a, b] : connections) c.connect(a, b);
        return c.solve(cost);
    }

    /// By trying everything.
    std::uint64_t least() const {
        std::uint64_t best = std::numeric_limits<std::uint64_t>::max();
        std::vector<std::size_t> index(values.size(), 0);
        for (;;) {
            std::vector<std::uint32_t> chosen;
            for (std::size_t i = 0; i < values.size(); ++i) chosen.push_back(values[i][index[i]]);
            best = std::min(best, cost_of(chosen));
            std::size_t i = 0;
            while (i < index.size() && ++index[i] == values[i].size()) index[i++] = 0;
            if (i == index.size()) return best;
        }
    }
};

}  // namespace

TEST_CASE("the chooser finds what trying everything finds") {
    std::mt19937 random(7);  // NOLINT: the same graphs every time
    const auto to = [&](std::size_t most) {
        return std::uniform_int_distribution<std::size_t>(1, most)(random);
    };
    constexpr std::uint32_t rates[] = {8, 16, 24, 48};
    for (int round = 0; round < 500; ++round) {
        graph g;
        const auto n = to(6);
        for (std::size_t i = 0; i < n; ++i) {
            std::vector<std::uint32_t> may(std::begin(rates), std::end(rates));
            std::shuffle(may.begin(), may.end(), random);
            may.resize(to(4));
            g.values.push_back(may);
        }
        const auto wires = to(9);
        for (std::size_t i = 0; i < wires; ++i) g.connections.emplace_back(to(n) - 1, to(n) - 1);
        const auto chosen = g.solved();
        REQUIRE(chosen.size() == n);
        for (std::size_t i = 0; i < n; ++i)
            REQUIRE(std::find(g.values[i].begin(), g.values[i].end(), chosen[i]) != g.values[i].end());
        REQUIRE(g.cost_of(chosen) == g.least());
    }
}

TEST_CASE("where nothing decides, the chooser takes the first") {
    graph g{{{16, 8}, {16, 48}, {24}}, {{0, 1}}};
    CHECK(g.solved() == std::vector<std::uint32_t>{16, 16, 24});
}

TEST_CASE("the chooser is quick with long chains, wide stars and dense graphs") {
    const std::vector<std::uint32_t> any = {16, 24, 48, 32, 44, 22, 12, 8};
    graph chain, star, dense;
    for (std::size_t i = 0; i < 3000; ++i) {
        chain.values.push_back(any);
        star.values.push_back(any);
        if (i > 0) chain.connections.emplace_back(i - 1, i);
        if (i > 0) star.connections.emplace_back(0, i);
    }
    chain.values.front() = {8};
    chain.values.back() = {48};
    CHECK(chain.cost_of(chain.solved()) == cost(8, 48));
    star.values.front() = {48};
    CHECK(star.cost_of(star.solved()) == 0);
    for (std::size_t i = 0; i < 60; ++i)
        dense.values.push_back(i % 2 == 0 ? any : std::vector<std::uint32_t>{i % 4 == 1 ? 8U : 48U, 16});
    for (std::size_t i = 0; i < 60; ++i)
        for (std::size_t j = i + 1; j < 60; ++j) dense.connections.emplace_back(i, j);
    CHECK(dense.solved().size() == 60);
}
