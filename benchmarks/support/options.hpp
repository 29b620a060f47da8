#pragma once

#include <iostream>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bench {

struct options {
    std::string json;
    std::string only;
    int rounds = 11;
    bool quick = false;
    bool plot = false;
    bool help = false;
};

inline constexpr std::string_view usage = R"([options]
  --json FILE   write the figures there, as one flat object
  --plot        draw them too: FILE with .svg in place of .json
  --only NAME   ask one question only
  --rounds N    measure each contender N times, in turn with the others (11), and take the median
  --quick       less of everything, where a benchmark takes long: a first look, not figures to keep
  --peers       what ./dev passes on; peers that are installed are always measured
)";

inline options read_options(std::span<char*> words) {
    options o;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::string_view word = words[i];
        const auto value = [&] {
            if (i + 1 == words.size()) throw std::invalid_argument(std::string(word) + " needs a value");
            return std::string(words[++i]);
        };
        if (word == "--json") o.json = value();
        else if (word == "--only") o.only = value();
        else if (word == "--rounds") o.rounds = std::stoi(value());
        else if (word == "--quick") o.quick = true;
        else if (word == "--plot") o.plot = true;
        else if (word == "--help" || word == "-h") o.help = true;
        else if (word != "--peers") throw std::invalid_argument("unknown option: " + std::string(word));
    }
    if (o.rounds < 1) throw std::invalid_argument("--rounds must be 1 or more");
    return o;
}

}  // namespace bench
