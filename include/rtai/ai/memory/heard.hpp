#pragma once

#include <cstddef>
#include <string_view>

namespace rtai::llm::detail {

/// Letters, figures, and everything beyond ASCII: what a voice does not leave out.
constexpr bool is_spoken(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           static_cast<unsigned char>(c) >= 0x80;
}

/// How much of what was written was heard. A voice says it in other spaces, and without a few marks.
struct heard_part {
    std::size_t written = 0;  ///< bytes of what was written
    std::size_t heard = 0;    ///< bytes of what was heard that this took
    bool fits = false;        ///< false: they are different words
};

/// Follows `heard` along `written`, to the end of one of them.
constexpr heard_part follow(std::string_view written, std::string_view heard) noexcept {
    std::size_t w = 0, h = 0;
    const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; };
    while (h < heard.size()) {
        const bool at_end = w == written.size(), spoken = is_spoken(heard[h]);
        // A mark that the voice has added may be the end of this.
        if (at_end && spoken) return {w, h, true};
        const bool same = !at_end && written[w] == heard[h] && !is_space(heard[h]);
        const bool left_out = !at_end && !same && !is_space(heard[h]) && !is_spoken(written[w]);
        if (!same && !left_out && spoken) return {w, h, false};
        if (same || left_out) ++w;
        if (!left_out) ++h;
    }
    std::size_t rest = w;
    while (rest < written.size() && !is_spoken(written[rest])) ++rest;
    // What is left is only marks, which nobody hears.
    if (rest == written.size()) w = rest;
    return {w, h, true};
}

}  // namespace rtai::llm::detail
