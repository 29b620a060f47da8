#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <rtai/data/utf8.hpp>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace rtai {

/// A text that was read, and what to call it in a message.
struct source {
    source(std::string n, std::string t) : name(std::move(n)), text(std::move(t)) {}

    /// The line without its end; lines count from 1. They end where YAML says so, at more than line feeds.
    std::string_view line(std::size_t number) const noexcept {
        std::string_view rest = text;
        if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
        for (;; --number) {
            const auto end = line_end(rest);
            if (number <= 1) return rest.substr(0, end);
            if (end == rest.size()) return {};
            rest.remove_prefix(end);
            rest.remove_prefix(rest.starts_with("\r\n") ? 2 : detail::first_character(rest).bytes);
        }
    }

    /// From now on no message shows these characters: they are a secret's. `length` 0: all to the end of the
    /// line.
    void hide(std::size_t line, std::size_t column, std::size_t length) const {
        if (length == 0) length = ~std::size_t{0} - column;
        hidden_.push_back({line, column, column + length});
    }
    bool hides(std::size_t line, std::size_t column) const noexcept {
        return std::any_of(hidden_.begin(), hidden_.end(), [&](const stretch& h) {
            return h.line == line && column >= h.first && column < h.end;
        });
    }

    std::string name;
    std::string text;

private:
    static std::size_t line_end(std::string_view rest) noexcept {
        for (std::size_t i = 0;; ++i) {
            i = rest.find_first_of("\n\r\xC2\xE2", i);
            if (i == std::string_view::npos) return rest.size();
            const auto c = detail::first_character(rest.substr(i)).code;
            if (c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029) return i;
        }
    }

    struct stretch {
        std::size_t line, first, end;
    };
    mutable std::vector<stretch> hidden_;
};

/// Where something stands. Lines and columns count from 1, columns and length in characters.
struct place {
    place() = default;
    place(std::shared_ptr<const source> s, std::size_t l, std::size_t c, std::size_t n = 1)
        : in(std::move(s)), line(l), column(c), length(n) {}

    explicit operator bool() const noexcept { return in != nullptr; }

    /// "assistant.yaml:12:5", or what there is of it.
    std::string text() const {
        if (!in) return {};
        if (line == 0) return in->name;
        return in->name + ":" + std::to_string(line) + ":" + std::to_string(column);
    }

    /// The part of this place that begins `offset` characters in: for one name in a longer text.
    place part(std::size_t offset, std::size_t n) const { return {in, line, column + offset, n}; }

    std::shared_ptr<const source> in;
    std::size_t line = 0;
    std::size_t column = 0;
    std::size_t length = 1;
};

enum class severity { error, warning };

/// What is wrong, where, and what to do.
struct problem {
    problem(place p, std::string m, std::string h = {}, rtai::severity s = rtai::severity::error)
        : at(std::move(p)), message(std::move(m)), help(std::move(h)), severity(s) {}

    place at;
    std::string message;
    std::string help;
    rtai::severity severity;
};

/// All that was found wrong with something, in the order of its places.
class problems {
public:
    void error(place at, std::string message, std::string help = {}) {
        all_.emplace_back(std::move(at), std::move(message), std::move(help));
    }
    void warn(place at, std::string message, std::string help = {}) {
        all_.emplace_back(std::move(at), std::move(message), std::move(help), severity::warning);
    }

    /// Whether there is nothing that forbids going on.
    bool ok() const noexcept {
        return std::none_of(all_.begin(), all_.end(),
                            [](const problem& p) { return p.severity == severity::error; });
    }
    bool empty() const noexcept { return all_.empty(); }
    std::size_t size() const noexcept { return all_.size(); }

    /// By file, in the order the files were first complained of, then by line and column; twice the same
    /// is once.
    std::vector<problem> sorted() const {
        std::vector<std::string_view> files;
        const auto rank = [&](const problem& p) {
            const std::string_view name = p.at.in ? std::string_view(p.at.in->name) : std::string_view();
            const auto found = std::find(files.begin(), files.end(), name);
            if (found != files.end()) return found - files.begin();
            files.push_back(name);
            return static_cast<std::ptrdiff_t>(files.size()) - 1;
        };
        std::vector<std::tuple<std::ptrdiff_t, std::size_t, std::size_t, std::size_t>> order;
        for (std::size_t i = 0; i < all_.size(); ++i)
            order.emplace_back(rank(all_[i]), all_[i].at.line, all_[i].at.column, i);
        std::sort(order.begin(), order.end());
        std::vector<problem> list;
        std::set<std::string_view> told;  // at the place of the last one
        for (const auto& [file, line, column, index] : order) {
            const auto& p = all_[index];
            if (list.empty() || p.at.text() != list.back().at.text()) told.clear();
            if (told.insert(p.message).second) list.push_back(p);
        }
        return list;
    }

private:
    std::vector<problem> all_;
};

namespace detail {

/// The line of a place as a terminal can show it, and what underlines the place.
inline std::pair<std::string, std::string> excerpt(const place& at) {
    constexpr std::size_t most = 160, lead = 60;
    auto line = at.in->line(at.line);
    const auto all = count_characters(line);
    const auto place_column = std::max<std::size_t>(at.column, 1);
    // Of a longer line, what is around the place.
    const std::size_t left_out =
        all > most && place_column > most - lead ? std::min(place_column, all) - lead : 0;
    std::string shown = left_out > 0 ? "..." : "";
    const std::string under(place_column - left_out - 1 + shown.size(), ' ');
    std::size_t column = 0;
    for (; !line.empty(); line.remove_prefix(first_character(line).bytes)) {
        if (++column <= left_out) continue;
        if (column > left_out + most) {
            shown += "...";
            break;
        }
        shown += at.in->hides(at.line, column) ? "*" : printable(line.substr(0, first_character(line).bytes));
    }
    if (place_column > all + 1) return {std::move(shown), std::string()};
    const auto room = std::min(all, left_out + most) + 1;
    const auto length = std::clamp<std::size_t>(at.length, 1, room > place_column ? room - place_column : 1);
    return {std::move(shown), under + "^" + std::string(length - 1, '~')};
}

}  // namespace detail

/// As a compiler prints it: place, message, the line, a caret, help.
inline std::string to_text(const problem& p, bool color = false) {
    const bool bad = p.severity == severity::error;
    const auto paint = [&](const char* code, const std::string& s) {
        return color ? std::string("\x1b[") + code + "m" + s + "\x1b[0m" : s;
    };
    std::string out;
    if (p.at) out += paint("1", detail::printable(p.at.text()) + ": ");
    out += paint(bad ? "1;31" : "1;35", bad ? "error: " : "warning: ");
    out += paint("1", detail::printable(p.message)) + "\n";
    const bool has_line = p.at && p.at.line != 0;
    if (has_line) {
        const auto [shown, under] = detail::excerpt(p.at);
        const auto number = std::to_string(p.at.line);
        const std::string margin(number.size() < 5 ? 5 - number.size() : 0, ' ');
        out += margin + number + " | " + shown + "\n";
        const auto caret = under.find('^');
        if (caret != std::string::npos)
            out += std::string(margin.size() + number.size(), ' ') + " | " + under.substr(0, caret) +
                   paint("1;32", under.substr(caret)) + "\n";
    }
    if (!p.help.empty()) {
        const std::string indent = has_line ? "      " : "  ";
        out += indent + paint("1;36", "help:") + " ";
        for (const char c : detail::printable(p.help, "\n")) {
            out += c;
            if (c == '\n') out += indent + "      ";
        }
        out += "\n";
    }
    return out;
}

}  // namespace rtai
