#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <rtai/http/message.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The small words of HTTP, RFC 9110 and 9112.

namespace rtai::http {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// What the name of a header or a method is made of.
constexpr bool is_token(char c) noexcept {
    return is_digit(c) || is_letter(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
constexpr bool is_token(std::string_view text) noexcept {
    for (const char c : text)
        if (!is_token(c)) return false;
    return !text.empty();
}

/// What no line has in it; a tab is not one of them.
constexpr bool is_control(char c) noexcept {
    const auto u = static_cast<unsigned char>(c);
    return (u < 0x20 && c != '\t') || u == 0x7F;
}
/// Whether it may be the value of a header: one line, and nothing that is not seen.
constexpr bool is_field_value(std::string_view text) noexcept {
    for (const char c : text)
        if (is_control(c)) return false;
    return true;
}

constexpr std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

/// Calls `take` for each part of a header that is a list, in however many lines it stands, until it says
/// true; says whether it did.
template <class F>
bool any_in_list(const header_list& headers, std::string_view name, F&& take) {
    for (const auto& [n, value] : headers) {
        if (!same_name(n, name)) continue;
        std::string_view rest = value;
        for (;;) {
            const auto comma = rest.find(',');
            const auto part = trimmed(rest.substr(0, comma));
            if (!part.empty() && take(part)) return true;
            if (comma == std::string_view::npos) break;
            rest.remove_prefix(comma + 1);
        }
    }
    return false;
}

/// Whether a header that is a list has this word.
inline bool has_token(const header_list& headers, std::string_view name, std::string_view word) {
    return any_in_list(headers, name, [&](std::string_view part) { return same_name(part, word); });
}

constexpr int hex_value(char c) noexcept {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// "a%20b" is "a b". Nothing if a '%' is not followed by two digits, or hides a NUL.
inline std::optional<std::string> decode_percent(std::string_view text, bool plus_is_space = false) {
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            plain += plus_is_space && text[i] == '+' ? ' ' : text[i];
            continue;
        }
        if (text.size() - i < 3) return std::nullopt;
        const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
        if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
        plain += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return plain;
}

/// The first value of that name in "a=1&b=2". A browser's form writes a space as '+'.
inline std::optional<std::string> query_value(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const auto pair = query.substr(0, query.find('&'));
        query.remove_prefix(pair.size() + (pair.size() < query.size() ? 1U : 0U));
        const auto equals = pair.find('=');
        const auto found = decode_percent(pair.substr(0, equals), true);
        if (!found || *found != name) continue;
        if (equals == std::string_view::npos) return std::string();
        return decode_percent(pair.substr(equals + 1), true);
    }
    return std::nullopt;
}

/// The parts of a path between its slashes, decoded. Nothing if it could lead out of where it begins:
/// a part that is '.' or '..', or that hides a slash, a backslash or a control character.
inline std::optional<std::vector<std::string>> safe_segments(std::string_view path) {
    std::vector<std::string> all;
    if (path.starts_with('/')) path.remove_prefix(1);
    for (;;) {
        const auto slash = path.find('/');
        auto part = decode_percent(path.substr(0, slash));
        if (!part || *part == "." || *part == ".." || part->find_first_of("/\\") != std::string::npos ||
            !is_field_value(*part))
            return std::nullopt;
        all.push_back(std::move(*part));
        if (slash == std::string_view::npos) return all;
        path.remove_prefix(slash + 1);
    }
}

}  // namespace rtai::http
