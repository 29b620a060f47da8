#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rtai::detail {

/// A character of a text. A byte that belongs to none is a bad one of its own.
struct character {
    char32_t code;
    std::size_t bytes;
    bool good;
};

/// The first one; `text` is not empty.
inline character first_character(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    constexpr character bad{0xFFFD, 1, false};
    const unsigned lead = byte(0);
    if (lead < 0x80) return {lead, 1, true};
    const std::size_t bytes = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (bytes == 0 || text.size() < bytes) return bad;
    char32_t code = lead & (0x7FU >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return bad;
        code = code << 6 | (byte(i) & 0x3FU);
    }
    const bool too_long = (bytes == 3 && code < 0x800) || (bytes == 4 && code < 0x10000);
    if (too_long || (code >= 0xD800 && code < 0xE000) || code > 0x10FFFF) return bad;
    return {code, bytes, true};
}

inline std::size_t count_characters(std::string_view text) noexcept {
    std::size_t count = 0;
    for (; !text.empty(); ++count) text.remove_prefix(first_character(text).bytes);
    return count;
}

/// At most so many characters of it, none of them cut in two.
inline std::string_view first_characters(std::string_view text, std::size_t most) noexcept {
    std::size_t end = 0;
    for (; most > 0 && end < text.size(); --most) end += first_character(text.substr(end)).bytes;
    return text.substr(0, end);
}

/// Whether it may go to a terminal: no control character, nothing that turns the direction of writing.
constexpr bool is_printable(char32_t c) noexcept {
    return c >= 0x20 && !(c >= 0x7F && c < 0xA0) && !(c >= 0x2028 && c <= 0x202E) &&
           !(c >= 0x2066 && c <= 0x2069) && c != 0xFEFF;
}

/// What may not go to a terminal becomes a '?', but for what is in `kept`.
inline std::string printable(std::string_view text, std::string_view kept = {}) {
    std::string out;
    while (!text.empty()) {
        const auto c = first_character(text);
        if ((c.good && is_printable(c.code)) || kept.find(text[0]) != std::string_view::npos)
            out += text.substr(0, c.bytes);
        else out += c.code == '\t' || c.code == '\n' ? ' ' : '?';
        text.remove_prefix(c.bytes);
    }
    return out;
}

}  // namespace rtai::detail
