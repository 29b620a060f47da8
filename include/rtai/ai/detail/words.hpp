#pragma once

#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rtai::detail {

inline bool is_letter(char c) noexcept {
    const auto u = static_cast<unsigned char>(c);
    return u >= 0x80 || std::isalnum(u) != 0 || c == '\'' || c == '-';
}

/// Lower case, without punctuation, one space between words: "I see, okay." is "i see okay".
inline std::string plain_words(std::string_view said) {
    std::string plain;
    bool gap = false;
    for (const char c : said) {
        if (!is_letter(c)) {
            gap = true;
            continue;
        }
        if (gap && !plain.empty()) plain += ' ';
        gap = false;
        plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return plain;
}

/// In a script without spaces, such as Chinese, each run of letters is one.
inline std::size_t count_words(std::string_view said) {
    std::size_t count = 0;
    bool inside = false;
    for (const char c : said) {
        if (is_letter(c) && !inside) ++count;
        inside = is_letter(c);
    }
    return count;
}

/// Whether all of it is made of these, each a word or a few: "yeah, okay".
inline bool is_one_of(std::string_view said, const std::vector<std::string>& phrases) {
    const std::string plain = plain_words(said);
    std::size_t at = 0;
    while (at < plain.size()) {
        std::size_t longest = 0;
        for (const auto& p : phrases) {
            const std::string phrase = plain_words(p);
            const std::size_t end = at + phrase.size();
            if (phrase.size() > longest && plain.compare(at, phrase.size(), phrase) == 0 &&
                (end == plain.size() || plain[end] == ' '))
                longest = phrase.size();
        }
        if (longest == 0) return false;
        at += longest + 1;
    }
    return true;
}

/// Whether its last word, without punctuation, is one of these; or whether it ends in the middle, as with a
/// comma.
inline bool ends_with_one_of(std::string_view said, const std::vector<std::string>& endings) {
    while (!said.empty() && said.back() == ' ') said.remove_suffix(1);
    if (said.ends_with(',') || said.ends_with("...") || said.ends_with("\u2026")) return true;
    const std::string plain = plain_words(said);
    for (const auto& e : endings) {
        const std::string ending = plain_words(e);
        if (ending.empty() || !plain.ends_with(ending)) continue;
        if (plain.size() == ending.size() || plain[plain.size() - ending.size() - 1] == ' ') return true;
    }
    return false;
}

inline std::string joined_words(std::string_view a, std::string_view b) {
    std::string all(a);
    if (!all.empty() && !b.empty()) all += ' ';
    all += b;
    return all;
}

}  // namespace rtai::detail
