#pragma once

#include <cstddef>
#include <optional>
#include <rtai/data/json.hpp>
#include <string_view>

namespace rtai::auth::detail {

inline std::size_t members_kept(const json::value& v) {
    std::size_t count = 0;
    if (const auto* list = v.if_array())
        for (const auto& item : *list) count += members_kept(item);
    if (const auto* object = v.if_object())
        for (const auto& [name, held] : *object) count += 1 + members_kept(held);
    return count;
}

/// Of a text that is JSON.
inline std::size_t members_written(std::string_view text) noexcept {
    std::size_t count = 0;
    bool in_text = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (in_text && text[i] == '\\') ++i;
        else if (text[i] == '"') in_text = !in_text;
        else if (!in_text && text[i] == ':') ++count;
    }
    return count;
}

/// Whether a name stands twice in an object. Readers of JSON take one of the two, and not all the same one:
/// what one program has checked, another would not use.
inline bool says_twice(std::string_view text, const json::value& v) {
    return members_written(text) != members_kept(v);
}

}  // namespace rtai::auth::detail
