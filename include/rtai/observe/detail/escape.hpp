#pragma once

#include <algorithm>
#include <cstddef>
#include <rtai/data/utf8.hpp>
#include <string>
#include <string_view>

namespace rtai::observe::detail {

inline constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

/// How many bytes at the beginning may stand in JSON, in a label and on a terminal as they are.
inline std::size_t plain_length(std::string_view text) noexcept {
    const auto odd = std::find_if(text.begin(), text.end(), [](char c) {
        return c < 0x20 || c == 0x7F || c == '"' || c == '\\';  // with the top bit set it is less than 0
    });
    return static_cast<std::size_t>(odd - text.begin());
}

inline void append_hex4(std::string& out, char32_t c) {
    static constexpr char hex[] = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += hex[c >> shift & 15U];
}

/// In quotes. What a terminal would act on is escaped, and bytes that are no UTF-8 become U+FFFD.
inline void append_json(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const auto plain = plain_length(text);
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) break;
        const auto c = rtai::detail::first_character(text);
        if (!c.good) out += replacement;
        else if (c.code == '"' || c.code == '\\') (out += '\\') += static_cast<char>(c.code);
        else if (c.code == '\n') out += "\\n";
        else if (c.code == '\t') out += "\\t";
        else if (!rtai::detail::is_printable(c.code)) append_hex4(out, c.code);
        else out += text.substr(0, c.bytes);
        text.remove_prefix(c.bytes);
    }
    out += '"';
}

/// The same text, if it is UTF-8.
inline std::string clean_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto c = rtai::detail::first_character(text);
        out += c.good ? text.substr(0, c.bytes) : replacement;
        text.remove_prefix(c.bytes);
    }
    return out;
}

}  // namespace rtai::observe::detail
