#pragma once

#include <cstddef>
#include <rtai/data/utf8.hpp>
#include <string>
#include <string_view>

namespace rtai::detail {

/// Of no sound: pictures among letters, and what belongs to them.
constexpr bool is_emoji(char32_t c) noexcept {
    return (c >= 0x1F000 && c <= 0x1FAFF) || (c >= 0x2600 && c <= 0x27BF) || (c >= 0x2B00 && c <= 0x2BFF) ||
           (c >= 0x231A && c <= 0x231B) || (c >= 0x23E9 && c <= 0x23FA) || (c >= 0xFE00 && c <= 0xFE0F) ||
           (c >= 0xE0020 && c <= 0xE007F) || c == 0x20E3;
}

constexpr bool is_ascii_word(char32_t c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// What a model writes, as it is to be spoken: without the marks of Markdown and emoji, every run of white
/// space one blank or, with a line's end in it, a '\n' behind at most one blank. It comes in pieces of any
/// size, and what comes out does not depend on how it was cut: what is not certain yet waits.
class plain_text {
public:
    explicit plain_text(bool plain) noexcept : plain_(plain) {}

    void put(std::string_view piece) { raw_ += piece; }
    /// Nothing more comes: nothing has to wait.
    void end() noexcept { ended_ = true; }

    /// Moves what is certain by now to the end of `into`. In a hurry, what comes next is taken for a blank.
    void move_to(std::string& into, bool hurry = false) {
        hurry_ = hurry;
        std::size_t done = 0;
        while (done < raw_.size()) {
            const std::size_t used = step(done, into);
            if (used == wait) break;
            done += used;
        }
        raw_.erase(0, done);
    }

private:
    static constexpr std::size_t wait = std::string::npos;
    static constexpr std::size_t longest_label = 300;  // of a link, in bytes
    static constexpr std::size_t longest_address = 2000;
    static constexpr std::size_t longest_mark = 64;

    /// How many bytes are done with, or `wait`.
    std::size_t step(std::size_t at, std::string& into) {
        const std::string_view rest = std::string_view(raw_).substr(at);
        if (!ended_ && is_part_of_one(rest)) return wait;
        const auto c = first_character(rest);
        if (!c.good) return c.bytes;
        if (c.code == '\n' || c.code == '\r' || c.code == 0x2028 || c.code == 0x2029) {
            line_start_ = true;
            if (last_ != '\n' && last_ != 0) emit('\n', "\n", into);
            return c.bytes;
        }
        if (c.code == 0xFEFF || c.code == 0x200B || c.code == 0x200D) return c.bytes;
        if (is_blank(c.code) || (plain_ && is_emoji(c.code))) {
            if (last_ != ' ' && last_ != '\n' && last_ != 0) emit(' ', " ", into);
            return c.bytes;
        }
        if (plain_ && line_start_) {
            const std::size_t mark = line_mark(rest, c);
            if (mark == wait) return wait;
            if (mark > 0) return mark;
        }
        if (plain_) {
            const std::size_t mark = inline_mark(at, c.code, into);
            if (mark > 0) return mark;
        }
        emit(c.code, rest.substr(0, c.bytes), into);
        return c.bytes;
    }

    void emit(char32_t code, std::string_view bytes, std::string& into) {
        into += bytes;
        last_ = code;
        if (code != ' ' && code != '\n') line_start_ = false;
    }

    static constexpr bool is_blank(char32_t c) noexcept {
        return c <= ' ' || (c >= 0x7F && c <= 0xA0) || c == 0x3000 || (c >= 0x2000 && c <= 0x200A) ||
               c == 0x202F;
    }

    /// Whether it is the beginning of a character whose end has not come.
    static bool is_part_of_one(std::string_view rest) noexcept {
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
        const unsigned lead = byte(0);
        const std::size_t bytes = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 1;
        if (rest.size() >= bytes) return false;
        for (std::size_t i = 1; i < rest.size(); ++i)
            if ((byte(i) & 0xC0U) != 0x80U) return false;
        return true;
    }

    /// The byte there; a line's end behind the last one, or nothing while that is not known.
    int byte_at(std::string_view text, std::size_t i) const noexcept {
        if (i < text.size()) return static_cast<unsigned char>(text[i]);
        return ended_ || hurry_ ? '\n' : -1;
    }
    static bool is_space(int byte) noexcept { return byte >= 0 && byte <= ' '; }

    /// Of headings, quotes, lists, rules and fences: how long the mark is that a line begins with.
    std::size_t line_mark(std::string_view rest, character c) const noexcept {
        const auto run = [&](char of) {
            std::size_t n = 0;
            while (n < rest.size() && n < longest_mark && rest[n] == of) ++n;
            return n;
        };
        switch (c.code) {
            case '#': {
                const std::size_t n = run('#');
                const int next = byte_at(rest, n);
                if (next < 0) return wait;
                return n <= 6 && is_space(next) ? n : 0;
            }
            case '-':
            case '=': {
                const std::size_t n = run(static_cast<char>(c.code));
                const int next = byte_at(rest, n);
                if (next < 0) return wait;
                if (n >= 3 && (next == '\n' || next == '\r')) return n;
                return n == 1 && c.code == '-' && is_space(next) ? 1 : 0;
            }
            case '>':
            case '+':
            case '*': {
                const int next = byte_at(rest, 1);
                if (next < 0) return wait;
                return is_space(next) ? 1 : 0;
            }
            case 0x2022:  // a bullet
                return c.bytes;
            case '`': {
                const std::size_t n = run('`');
                if (n < 3) return byte_at(rest, n) < 0 ? wait : 0;
                // The language of a piece of code is not to be spoken.
                for (std::size_t i = n; i < n + longest_mark; ++i) {
                    const int next = byte_at(rest, i);
                    if (next < 0) return wait;
                    if (next == '\n') return i;
                }
                return n;
            }
            default:
                return 0;
        }
    }

    /// Of emphasis, code, links and escapes: how many bytes of a mark are not to be spoken, or 0.
    std::size_t inline_mark(std::size_t at, char32_t c, std::string& into) {
        const std::string_view rest = std::string_view(raw_).substr(at);
        if (c == '`') return 1;
        if (c == '[') return link(at);
        if (c != '*' && c != '_' && c != '~' && c != '\\' && c != '!') return 0;
        const int next = byte_at(rest, 1);
        if (next < 0) return wait;
        const bool after_word = is_ascii_word(last_) || last_ >= 0x80;
        const bool before_word = next >= 0x80 || is_ascii_word(static_cast<char32_t>(next));
        switch (c) {
            case '*': {
                const bool alone = (last_ == ' ' || last_ == '\n' || last_ == 0) && is_space(next);
                const bool between = last_ >= '0' && last_ <= '9' && next >= '0' && next <= '9';
                return alone || between ? 0 : 1;
            }
            case '_':
                return after_word && before_word ? 0 : 1;
            case '~':
                return next == '~' ? 2 : 0;
            case '\\': {
                const bool escapes = next > ' ' && next < 0x7F && !is_ascii_word(static_cast<char32_t>(next));
                if (escapes) emit(static_cast<char32_t>(next), rest.substr(1, 1), into);
                return escapes ? 2 : 0;
            }
            default:
                return next == '[' && !after_word ? 1 : 0;  // a picture
        }
    }

    /// Of "[label](address)" only the label remains.
    std::size_t link(std::size_t at) {
        const std::size_t close = find_within(']', at + 1, longest_label);
        if (close == wait) return wait;
        if (close == 0) return 0;
        if (close + 1 >= raw_.size()) return ended_ ? 0 : wait;
        if (raw_[close + 1] != '(') return 0;
        const std::size_t end = find_within(')', close + 2, longest_address);
        if (end == wait) return wait;
        if (end == 0) return 0;
        raw_.erase(close, end - close + 1);
        return 1;
    }
    /// Where it is on this line; 0: not there.
    std::size_t find_within(char wanted, std::size_t from, std::size_t most) const noexcept {
        for (std::size_t i = from; i < from + most; ++i) {
            if (i >= raw_.size()) return ended_ ? 0 : wait;
            if (raw_[i] == wanted) return i;
            if (raw_[i] == '\n') return 0;
        }
        return 0;
    }

    bool plain_;
    bool ended_ = false;
    bool hurry_ = false;
    bool line_start_ = true;
    char32_t last_ = 0;  // what went out last
    std::string raw_;
};

}  // namespace rtai::detail
