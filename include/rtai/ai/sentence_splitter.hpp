#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <rtai/ai/detail/plain_text.hpp>
#include <rtai/data/utf8.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtai {

namespace detail {

constexpr bool is_wide(char32_t c) noexcept {
    return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFF00 && c <= 0xFF60) || (c >= 0x20000 && c <= 0x3FFFF);
}
constexpr bool is_lower(char32_t c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 0xDF && c <= 0xFF && c != 0xF7) || (c >= 0x3B1 && c <= 0x3C9) ||
           (c >= 0x430 && c <= 0x45F);
}
constexpr bool is_digit(char32_t c) noexcept { return c >= '0' && c <= '9'; }

template <std::size_t N>
constexpr bool is_one_of(char32_t c, const char32_t (&set)[N]) noexcept {
    for (const char32_t s : set)
        if (s == c) return true;
    return false;
}

/// What ends a sentence whatever follows: Chinese, Japanese, Arabic, Hindi, Armenian, Ethiopic, Burmese,
/// Khmer.
constexpr bool ends_always(char32_t c) noexcept {
    constexpr char32_t set[] = {0x3002, 0xFF01, 0xFF1F, 0xFF1B, 0xFF61, 0xFF0E, 0x061F, 0x06D4, 0x0964,
                                0x0965, 0x0589, 0x1362, 0x1367, 0x104A, 0x104B, 0x17D4, 0x17D5};
    return is_one_of(c, set);
}
constexpr bool ends_before_space(char32_t c) noexcept {
    constexpr char32_t set[] = {'.', '!', '?', 0x2026, 0x203C, 0x2047, 0x2048, 0x2049};
    return is_one_of(c, set);
}
/// Quotes and brackets that belong to the sentence before them.
constexpr bool closes(char32_t c) noexcept {
    constexpr char32_t set[] = {'"',  '\'',   ')',    ']',    '}',    '*',    '_',    '`',    0x2019, 0x201D,
                                0xBB, 0x203A, 0x300D, 0x300F, 0xFF09, 0x3011, 0x300B, 0x3009, 0x3015, 0xFF3D};
    return is_one_of(c, set);
}
constexpr bool ends_clause_always(char32_t c) noexcept {
    constexpr char32_t set[] = {0xFF0C, 0xFF1A, 0x3001, 0x060C, 0x061B, 0x2014};
    return is_one_of(c, set);
}
constexpr bool ends_clause_before_space(char32_t c) noexcept { return c == ',' || c == ';' || c == ':'; }

}  // namespace detail

/// Cuts a text that comes piece by piece into sentences to be spoken. Which they are does not depend on
/// how the text was cut into pieces, unless `flush` says not to wait.
class sentence_splitter {
public:
    struct options {
        options() = default;
        std::size_t min = 10;  ///< in characters; a shorter sentence is joined to the next
        std::size_t max = 200;
        std::size_t first_min = 2;  ///< of the first sentence
        std::size_t clause = 20;    ///< so long, and the first one may end with a clause; 0: it may not
        bool plain = true;
        std::vector<std::string> abbreviations;  ///< after which no sentence ends, besides the usual ones
    };

    sentence_splitter() : sentence_splitter(options()) {}
    explicit sentence_splitter(options o) : options_(std::move(o)), filter_(options_.plain) {
        options_.max = std::max<std::size_t>(options_.max, 1);
        for (auto& a : options_.abbreviations) a = folded(a);
    }

    void put(std::string_view piece) {
        text_.erase(0, std::exchange(begin_, 0));
        filter_.put(piece);
        filter_.move_to(text_);
    }

    /// The text ends here.
    void finish() {
        ended_ = true;
        filter_.end();
        filter_.move_to(text_);
    }

    /// The next sentence, as far as it is certain.
    std::optional<std::string> take() {
        if (at_ == 0) skip_space();
        while (at_ < pending().size()) {
            const auto c = detail::first_character(pending().substr(at_));
            const bool space = is_space(c.code);
            if (count_ >= options_.max) return cut(space ? at_ : best_cut());
            if (space) {
                if (detail::ends_clause_before_space(last_)) note_clause(at_);
                if (last_ == 0x2013 || last_ == '-') {
                    if (dash_) note_clause(at_);
                }
                dash_ = true;
            } else if (c.code != 0x2013 && c.code != '-') {
                dash_ = false;
            }
            if (clause_ == at_ && at_ > 0 && may_end_clause()) return cut(at_);

            const ending found = end_at(c);
            if (found.kind == verdict::wait) return std::nullopt;
            if (found.kind == verdict::yes && long_enough(found.at)) return cut(found.at);
            if (space) space_ = at_;
            at_ += c.bytes;
            last_ = c.code;
            ++count_;
            sound_ += detail::is_wide(c.code) ? 3U : 1U;
            if (detail::ends_clause_always(c.code)) {
                note_clause(at_);
                if (may_end_clause()) return cut(at_);
            }
        }
        if (!ended_ || pending().empty()) return std::nullopt;
        return cut(pending().size());
    }

    /// What waits, to its last whole word: when nothing came for so long that it is to be spoken now.
    std::optional<std::string> flush() {
        filter_.move_to(text_, true);
        if (auto certain = take()) return certain;
        const std::size_t end = last_boundary();
        if (end == 0) return std::nullopt;
        return cut(end);
    }

    /// Whether there is something that was not taken.
    bool empty() const noexcept { return pending().empty(); }

private:
    enum class verdict { no, yes, wait };
    struct ending {
        verdict kind = verdict::no;
        std::size_t at = 0;
    };
    static constexpr char32_t none = 0;              // the text ends here
    static constexpr char32_t unknown = 0xFFFFFFFF;  // what comes next

    static constexpr bool is_space(char32_t c) noexcept { return c == ' ' || c == '\n'; }

    std::string_view pending() const noexcept { return std::string_view(text_).substr(begin_); }
    char32_t code_at(std::size_t i) const noexcept {
        if (i < pending().size()) return detail::first_character(pending().substr(i)).code;
        return ended_ ? none : unknown;
    }
    std::size_t after(std::size_t i) const noexcept {
        return i + detail::first_character(pending().substr(i)).bytes;
    }

    void skip_space() noexcept {
        for (; !pending().empty() && is_space(static_cast<unsigned char>(pending().front())); ++begin_)
            line_start_ = line_start_ || pending().front() == '\n';
    }

    bool long_enough(std::size_t to) const noexcept {
        const std::size_t length = detail::count_characters(pending().substr(0, to));
        return length >= (first_ ? options_.first_min : options_.min) && length <= options_.max;
    }

    // How long it sounds counts for a clause, and a Chinese character is a syllable.
    bool may_end_clause() const noexcept {
        return first_ && options_.clause > 0 && sound_ >= options_.clause;
    }
    void note_clause(std::size_t at) noexcept {
        clause_ = at;
        clause_count_ = count_;
    }

    /// Where a sentence that is too long is cut: behind a clause, or a word.
    std::size_t best_cut() const noexcept {
        if (clause_ > 0 && clause_count_ * 2 >= options_.max) return clause_;
        if (space_ > 0) return space_;
        return at_;
    }

    std::string cut(std::size_t to) {
        std::string words;
        for (const char c : pending().substr(0, to)) {
            if (c != '\n') words += c;
            else if (!words.empty() && words.back() != ' ') words += ' ';
        }
        while (!words.empty() && words.back() == ' ') words.pop_back();
        begin_ += to;
        at_ = count_ = sound_ = space_ = clause_ = clause_count_ = 0;
        last_ = 0;
        dash_ = line_start_ = first_ = false;
        return words;
    }

    /// Whether the sentence ends with the character `c`, which is at at_.
    ending end_at(detail::character c) const {
        if (c.code == '\n') return {verdict::yes, at_};
        const bool always = detail::ends_always(c.code);
        if (!always && !detail::ends_before_space(c.code)) return {};
        if (detail::ends_before_space(last_) || detail::ends_always(last_))
            return {};  // decided with the first

        // All the marks in a row, and the quotes and brackets that close behind them.
        std::size_t i = at_ + c.bytes, dots = c.code == '.' ? 1 : 0, others = 1 - dots;
        bool whatever = always, closed = false;
        for (;; i = after(i)) {
            const char32_t next = code_at(i);
            if (next == unknown) return {verdict::wait, 0};
            if (next == none) break;
            const bool mark = !closed && (detail::ends_before_space(next) || detail::ends_always(next));
            if (!mark && !detail::closes(next)) break;
            if (mark) ++(next == '.' ? dots : others);
            whatever = whatever || (mark && detail::ends_always(next));
            closed = closed || !mark;
        }
        const char32_t next = code_at(i);
        if (next == none || next == '\n' || whatever) return {verdict::yes, i};
        const bool ellipsis = c.code == 0x2026 || dots > 1;
        const bool one_dot = dots == 1 && others == 0;
        if (detail::is_wide(next))
            return {one_dot && detail::is_digit(last_) ? verdict::no : verdict::yes, i};
        if (next != ' ') return {};
        if (one_dot) return {after_dot(i, closed), i};
        return {ellipsis || closed ? before_capital(i) : verdict::yes, i};
    }

    /// The first character behind blanks.
    char32_t beyond(std::size_t i) const noexcept {
        while (code_at(i) == ' ') ++i;
        return code_at(i);
    }
    /// Where what goes on with a small letter was not at its end.
    verdict before_capital(std::size_t i) const noexcept {
        const char32_t next = beyond(i);
        if (next == unknown) return verdict::wait;
        return detail::is_lower(next) ? verdict::no : verdict::yes;
    }
    verdict before_other_than_digit(std::size_t i) const noexcept {
        const char32_t next = beyond(i);
        if (next == unknown) return verdict::wait;
        return detail::is_digit(next) ? verdict::no : verdict::yes;
    }
    verdict before_capital_letter(std::size_t i) const noexcept {
        const char32_t next = beyond(i);
        return detail::is_digit(next) ? verdict::no : before_capital(i);
    }
    /// Where only a word that sentences begin with tells: "in the U.S. It is" but "the U.S. Army".
    verdict before_beginning(std::size_t i) const {
        while (code_at(i) == ' ') ++i;
        std::size_t to = i;
        while (to - i < 12 && code_at(to) < 0x80 && detail::is_ascii_word(code_at(to))) ++to;
        if (code_at(to) == unknown) return verdict::wait;
        constexpr std::array<std::string_view, 30> beginnings = {
            "A",   "An",   "And",   "As",   "At", "But",  "For",  "He",  "However", "I",
            "If",  "In",   "It",    "Its",  "My", "No",   "On",   "She", "So",      "That",
            "The", "They", "There", "This", "We", "What", "When", "Who", "Yes",     "You"};
        const auto word = pending().substr(std::min(i, pending().size()), to - i);
        const bool known = std::find(beginnings.begin(), beginnings.end(), word) != beginnings.end();
        return known || code_at(i) == '\n' || code_at(i) == none ? verdict::yes : verdict::no;
    }

    /// Whether the single dot at at_, with a blank at `i`, ends the sentence.
    verdict after_dot(std::size_t i, bool closed) const {
        const std::string_view before = pending().substr(0, at_);
        std::size_t from = before.find_last_of(" \n");
        const bool line_start = from == std::string_view::npos ? line_start_ : before[from] == '\n';
        from = from == std::string_view::npos ? 0 : from + 1;
        while (from < before.size() && !detail::is_ascii_word(static_cast<unsigned char>(before[from])) &&
               static_cast<unsigned char>(before[from]) < 0x80)
            ++from;
        const std::string_view written = before.substr(from);
        if (closed || written.empty()) return closed ? before_capital(i) : verdict::yes;
        const bool number =
            std::all_of(written.begin(), written.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (number) return line_start && written.size() <= 3 ? verdict::no : verdict::yes;

        const std::string word = folded(written);
        const auto in = [&](const auto& list) {
            return std::find(list.begin(), list.end(), word) != list.end();
        };
        if (in(options_.abbreviations) || in(before_names)) return verdict::no;
        if (in(before_numbers)) return before_other_than_digit(i);
        if (in(at_any_place)) return before_capital_letter(i);
        if (word.size() == 1) {
            if (written == "I") return verdict::yes;
            return detail::is_lower(static_cast<unsigned char>(written[0])) ? before_capital_letter(i)
                                                                            : before_beginning(i);
        }
        if (is_initials(word)) return before_beginning(i);
        return verdict::yes;
    }

    // "u.s", "b.b.c"
    static bool is_initials(std::string_view word) noexcept {
        for (std::size_t i = 0; i < word.size(); ++i)
            if ((i % 2 == 1) != (word[i] == '.')) return false;
        return word.size() >= 3;
    }

    static std::string folded(std::string_view word) {
        std::string small(word);
        while (!small.empty() && small.back() == '.') small.pop_back();
        for (char& c : small)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        return small;
    }

    static constexpr std::array<std::string_view, 34> before_names = {
        "dr", "mr",   "mrs", "ms",  "mx",     "prof",   "st",  "mt",   "gen",  "col", "sgt", "capt",
        "lt", "cmdr", "rev", "hon", "gov",    "sen",    "rep", "pres", "vs",   "e.g", "i.e", "eg",
        "ie", "cf",   "ca",  "viz", "approx", "messrs", "mme", "mlle", "msgr", "z.b"};
    static constexpr std::array<std::string_view, 31> before_numbers = {
        "no",   "nr",  "nos", "fig", "figs", "pp",  "vol", "vols", "sec", "ch",  "chap",
        "art",  "eq",  "ref", "jan", "feb",  "mar", "apr", "jun",  "jul", "aug", "sep",
        "sept", "oct", "nov", "dec", "par",  "ver", "rev", "op",   "tel"};
    static constexpr std::array<std::string_view, 28> at_any_place = {
        "etc", "inc", "ltd", "co",  "corp", "jr", "sr", "bros", "llc", "ave", "blvd", "rd",  "dept", "est",
        "min", "max", "al",  "a.m", "p.m",  "am", "pm", "ph.d", "m.d", "b.c", "a.d",  "d.c", "hrs",  "hr"};

    /// The end of the last whole word of what waits.
    std::size_t last_boundary() const noexcept {
        const std::string_view all = detail::first_characters(pending(), options_.max);
        std::size_t boundary = 0;
        char32_t before = 0;
        for (std::size_t i = 0; i < all.size();) {
            const auto c = detail::first_character(all.substr(i));
            const bool inside = detail::is_ascii_word(c.code) || (c.code >= 0x80 && !detail::is_wide(c.code));
            if (c.code == ' ' || c.code == '\n') boundary = i;
            i += c.bytes;
            const bool in_number =
                detail::is_digit(before) && (c.code == '.' || c.code == ',' || c.code == ':');
            const bool mark = detail::ends_always(c.code) || detail::ends_before_space(c.code) ||
                              detail::ends_clause_always(c.code);
            if (mark ? !in_number : !inside && !in_number) boundary = std::max(boundary, i);
            before = c.code;
        }
        return boundary;
    }

    options options_;
    detail::plain_text filter_;
    std::string text_;       // what the filter gave
    std::size_t begin_ = 0;  // of the sentence in it; what follows is counted from there
    std::size_t at_ = 0;     // up to here it has not ended
    std::size_t count_ = 0;  // characters up to there
    std::size_t sound_ = 0;
    std::size_t space_ = 0;   // the last blank
    std::size_t clause_ = 0;  // the end of the last clause
    std::size_t clause_count_ = 0;
    char32_t last_ = 0;
    bool dash_ = false;  // a blank, and since then only a dash
    bool line_start_ = true;
    bool first_ = true;
    bool ended_ = false;
};

}  // namespace rtai
