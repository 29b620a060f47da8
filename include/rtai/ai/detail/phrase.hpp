#pragma once

#include <cstddef>
#include <optional>
#include <rtai/data/utf8.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtai::detail {

/// Of a few scripts that have capitals.
constexpr char32_t lower_case(char32_t c) noexcept {
    if (c >= 'A' && c <= 'Z') return c + 0x20;
    if (c >= 0xC0 && c <= 0xDE && c != 0xD7) return c + 0x20;
    if ((c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F)) return c + 0x20;
    if (c >= 0x400 && c <= 0x40F) return c + 0x50;
    return c;
}

/// What is no part of a word.
constexpr bool is_mark(char32_t c) noexcept {
    if (c < 0x80)
        return !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '\'');
    return c < 0xC0 || (c >= 0x2000 && c < 0x2070) || (c >= 0x3000 && c < 0x3005) ||
           (c >= 0x3008 && c < 0x3021) || (c >= 0xFF00 && c < 0xFF10) || (c >= 0xFF1A && c < 0xFF21);
}

constexpr bool is_apostrophe(char32_t c) noexcept { return c == '\'' || c == 0x2019; }

/// A word as it is compared, and where it stands.
struct word_of {
    word_of(std::string w, std::size_t f, std::size_t t) : word(std::move(w)), from(f), to(t) {}
    std::string word;
    std::size_t from, to;
};

/// The words of a text, without capitals and marks; in a script without spaces each character is one.
inline std::vector<word_of> words_in(std::string_view text, std::size_t most = 500) {
    std::vector<word_of> words;
    std::string word;
    std::size_t from = 0;
    const auto end = [&](std::size_t at) {
        if (!word.empty()) words.emplace_back(std::exchange(word, {}), from, at);
    };
    for (std::size_t at = 0; at < text.size() && words.size() < most;) {
        const auto c = first_character(text.substr(at));
        const auto next = at + c.bytes;
        if (is_apostrophe(c.code)) {
            // "what's" is one word, with it or without.
        } else if (is_mark(c.code)) {
            end(at);
        } else {
            const auto lower = lower_case(c.code);
            if (c.code >= 0x2E80) end(at);
            if (word.empty()) from = at;
            if (lower == c.code) word += text.substr(at, c.bytes);
            else if (lower < 0x80) word += static_cast<char>(lower);
            else (word += static_cast<char>(0xC0 | lower >> 6)) += static_cast<char>(0x80 | (lower & 0x3F));
            if (c.code >= 0x2E80) end(next);
        }
        at = next;
    }
    if (words.size() < most) end(text.size());
    return words;
}

/// Words to look for in a text, one after the other; '*' is one word or more, as few as will do, but at the
/// end all that are left.
class phrase {
public:
    phrase() = default;
    explicit phrase(std::string_view text) {
        for (;;) {
            const auto star = text.find('*');
            for (auto& w : words_in(text.substr(0, star))) parts_.push_back(std::move(w.word));
            if (star == std::string_view::npos) return;
            parts_.emplace_back();
            ++stars_;
            text.remove_prefix(star + 1);
        }
    }

    bool empty() const noexcept { return parts_.empty(); }
    std::size_t stars() const noexcept { return stars_; }

    /// What the stars stand for, if the phrase is in `text`, whose words are `words`.
    std::optional<std::vector<std::string>> find(std::string_view text,
                                                 const std::vector<word_of>& words) const {
        for (std::size_t start = 0; start < words.size(); ++start)
            if (auto spans = match(words, start)) {
                std::vector<std::string> found;
                for (const auto& [first, last] : *spans)
                    found.emplace_back(text.substr(words[first].from, words[last].to - words[first].from));
                return found;
            }
        return std::nullopt;
    }

private:
    using span = std::pair<std::size_t, std::size_t>;  // the first and the last word

    std::optional<std::vector<span>> match(const std::vector<word_of>& words, std::size_t start) const {
        std::vector<span> spans;
        std::size_t at = start, next = 0, star = parts_.size();
        while (next < parts_.size()) {
            if (at == words.size()) return std::nullopt;
            if (parts_[next].empty()) {
                star = next++;
                spans.emplace_back(at, at);
                ++at;
            } else if (parts_[next] == words[at].word) {
                ++next;
                ++at;
            } else if (star != parts_.size()) {
                // The last star takes one word more, and what follows it is tried again.
                at = ++spans.back().second + 1;
                next = star + 1;
            } else {
                return std::nullopt;
            }
        }
        if (!parts_.empty() && parts_.back().empty()) spans.back().second = words.size() - 1;
        return spans;
    }

    std::vector<std::string> parts_;  // empty: a star
    std::size_t stars_ = 0;
};

}  // namespace rtai::detail
