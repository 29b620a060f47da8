#pragma once

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <optional>
#include <rtai/data/problem.hpp>
#include <rtai/data/value.hpp>
#include <string>
#include <string_view>
#include <utility>

// ${NAME} and ${NAME:-default} in a text; $$ is a dollar sign.

namespace rtai {

/// One piece of such a text: plain words, or a variable.
struct text_piece {
    bool is_variable = false;
    std::string_view name;  ///< or the words
    std::optional<std::string_view> otherwise;
    std::size_t offset = 0;
};

inline constexpr std::string_view how_variables_are_written =
    "write ${NAME} or ${NAME:-default}; a dollar sign is $$";

/// Calls `visit` for each piece; where a variable is not written well, `complain(offset, length, why)`.
template <class Visit, class Complain>
void split_variables(std::string_view text, Visit&& visit, Complain&& complain) {
    std::size_t words = 0;
    const auto plain = [&](std::size_t end) {
        if (end == words) return;
        text_piece p;
        p.name = text.substr(words, end - words);
        p.offset = words;
        visit(p);
    };
    for (std::size_t i = 0; i + 1 < text.size();) {
        if (text[i] != '$' || (text[i + 1] != '{' && text[i + 1] != '$')) {
            ++i;
            continue;
        }
        if (text[i + 1] == '$') {
            plain(i + 1);
            i += 2;
            words = i;
            continue;
        }
        plain(i);
        const auto end = text.find('}', i);
        if (end == std::string_view::npos) {
            complain(i, text.size() - i, std::string("'${' without its '}'"));
            return;
        }
        text_piece p;
        p.is_variable = true;
        p.offset = i;
        p.name = text.substr(i + 2, end - i - 2);
        if (const auto minus = p.name.find(":-"); minus != std::string_view::npos) {
            p.otherwise = p.name.substr(minus + 2);
            p.name = p.name.substr(0, minus);
        }
        const auto good = [](char c) {
            return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        };
        bool named = !p.name.empty() && !(p.name[0] >= '0' && p.name[0] <= '9');
        for (const char c : p.name) named = named && good(c);
        // Neither message repeats the text: it may be a piece of a secret.
        if (!named)
            complain(i, end + 1 - i,
                     std::string("a variable's name has letters, digits and '_', no digit first"));
        else if (p.otherwise && p.otherwise->find("${") != std::string_view::npos)
            complain(i, end + 1 - i, std::string("the default of a variable can not hold another variable"));
        else visit(p);
        i = words = end + 1;
    }
    plain(text.size());
}

inline bool has_variables(std::string_view text) noexcept { return text.find('$') != std::string_view::npos; }

/// Where the values of variables come from: usually the environment.
using variable_source = std::function<std::optional<std::string>(const std::string& name)>;

inline std::optional<std::string> environment_variable(const std::string& name) {
    const char* found = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): read at start
    if (found == nullptr) return std::nullopt;
    return found;
}

/// Puts their values in the place of the variables in all of `tree`. An empty variable counts as not set
/// when there is a default.
inline void resolve_variables(value& tree, const variable_source& lookup, problems& found) {
    for (auto& item : tree.items) resolve_variables(item, lookup, found);
    for (auto& m : tree.members) resolve_variables(m.held, lookup, found);
    if (!tree.is_scalar() || !has_variables(tree.text)) return;
    std::string whole;
    split_variables(
        tree.text,
        [&](const text_piece& p) {
            if (!p.is_variable) {
                whole += p.name;
                return;
            }
            const auto set = lookup(std::string(p.name));
            if (set && !(set->empty() && p.otherwise)) whole += *set;
            else if (p.otherwise) whole += *p.otherwise;
            else
                found.error(
                    tree.part(p.offset, p.name.size() + 3),
                    "the environment variable " + std::string(p.name) + " is not set",
                    "export it; what is no secret may have a default: ${" + std::string(p.name) + ":-...}");
        },
        [&](std::size_t offset, std::size_t length, const std::string& why) {
            found.error(tree.part(offset, length), why, std::string(how_variables_are_written));
        });
    tree.text = std::move(whole);
}

}  // namespace rtai
