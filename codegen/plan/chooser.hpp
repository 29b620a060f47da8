#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace rtai::codegen {

/// Chooses one of its values for each variable so that the sum of costs is the least.
class chooser {
public:
    /// `values` in the order of preference.
    std::size_t add(std::vector<std::uint32_t> values);
    void connect(std::size_t a, std::size_t b);
    /// What each variable was given. `cost(a, b)` of a connection, 0 for the same.
    template <class Cost>
    std::vector<std::uint32_t> solve(Cost cost) const {
        return solve_with(
            [&](std::uint32_t a, std::uint32_t b) { return static_cast<std::uint64_t>(cost(a, b)); });
    }

private:
    using cost_function = std::function<std::uint64_t(std::uint32_t, std::uint32_t)>;
    std::vector<std::uint32_t> solve_with(const cost_function& cost) const;
    std::vector<std::vector<std::uint32_t>> values_;
    std::vector<std::pair<std::size_t, std::size_t>> connections_;
};

}  // namespace rtai::codegen
