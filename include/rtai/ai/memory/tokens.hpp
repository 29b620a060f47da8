#pragma once

#include <cstddef>
#include <rtai/ai/llm/model.hpp>
#include <rtai/data/utf8.hpp>
#include <string_view>

namespace rtai::llm {

/// About how many tokens a text has for a model that is not asked: a word of English is one or two, a
/// Chinese character one.
inline std::size_t estimated_tokens(std::string_view text) noexcept {
    std::size_t quarters = 0;
    while (!text.empty()) {
        const auto c = rtai::detail::first_character(text);
        const bool is_word_of_its_own = c.code >= 0x2E80 || (c.code >= 0x1100 && c.code < 0x1200);
        quarters += is_word_of_its_own ? 4 : c.bytes;
        text.remove_prefix(c.bytes);
    }
    return (quarters + 3) / 4;
}

/// Of a whole message, with what stands around it. `count` tells of one text.
template <class Count>
std::size_t tokens_of(const message& m, const Count& count) {
    constexpr std::size_t around = 4, image = 1000;
    std::size_t all = around + count(m.words) + image * m.images.size();
    for (const auto& c : m.calls) all += around + count(c.name) + count(c.arguments);
    return all;
}

}  // namespace rtai::llm
