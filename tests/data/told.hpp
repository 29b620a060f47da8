#pragma once

#include <memory>
#include <rtai/data/problem.hpp>
#include <rtai/data/value.hpp>
#include <rtai/data/yaml.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace test {

/// "2:5 message (help)" for each problem.
inline std::vector<std::string> told(const rtai::problems& found) {
    std::vector<std::string> all;
    for (const auto& p : found.sorted()) {
        std::string one;
        if (p.at.line != 0) one = std::to_string(p.at.line) + ":" + std::to_string(p.at.column) + " ";
        one += p.message;
        if (!p.help.empty()) one += " (" + p.help + ")";
        all.push_back(std::move(one));
    }
    return all;
}

/// All of it as a terminal shows it.
inline std::string printed(const rtai::problems& found) {
    std::string all;
    for (const auto& p : found.sorted()) all += to_text(p);
    return all;
}

inline rtai::value read(std::string text, rtai::problems& found, const rtai::yaml_limits& limits = {}) {
    return rtai::read_yaml(std::make_shared<rtai::source>("a.yaml", std::move(text)), found, limits);
}

/// Of YAML without mistakes.
inline rtai::value read(std::string text) {
    rtai::problems found;
    auto tree = read(std::move(text), found);
    if (!found.empty()) throw std::runtime_error(printed(found));
    return tree;
}

using lines = std::vector<std::string>;

}  // namespace test
