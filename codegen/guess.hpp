#pragma once

#include <cstddef>
#include <rtai/data/nearest.hpp>
#include <string>
#include <vector>

namespace rtai::codegen {

/// The help that names what was probably meant; where nothing is near, `otherwise`.
inline std::string did_you_mean(const std::string& near, const std::string& otherwise) {
    return near.empty() ? otherwise : "did you mean '" + near + "'?";
}

/// Guesses at what was meant. A spec with thousands of mistakes gets guesses for the first ones.
class guesser {
public:
    /// `name(i)` for each of `count`.
    template <class Name>
    std::string operator()(const std::string& word, std::size_t count, Name&& name) {
        if (count > left_) return {};
        left_ -= count;
        std::vector<std::string> names;
        for (std::size_t i = 0; i < count; ++i) names.push_back(name(i));
        return nearest(word, names);
    }
    std::string operator()(const std::string& word, const std::vector<std::string>& names) {
        return (*this)(word, names.size(), [&](std::size_t i) { return names[i]; });
    }

private:
    std::size_t left_ = 100'000;
};

}  // namespace rtai::codegen
