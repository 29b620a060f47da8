#include "emit/code.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <sstream>
#include <string_view>

#include "emit.hpp"

namespace rtai::codegen {

namespace {

namespace fs = std::filesystem;

std::string number(std::uint32_t n) {
    auto text = std::to_string(n);
    if (text.size() > 3) text.insert(text.size() - 3, "'");
    return text;
}

bool opens_block(const std::string& text) {
    if (!text.ends_with("{\n")) return false;
    const auto begin = text.rfind('\n', text.size() - 2) + 1;
    return text.compare(begin, 9, "namespace") != 0;
}

/// A section without content leaves its blank line behind.
std::string without_stray_blanks(const std::string& text) {
    std::string out;
    std::size_t line = 0;  // where the last one in `out` begins
    for (const char c : text) {
        const std::string_view last = std::string_view(out).substr(line);
        if (c == '\n' && last.empty() && (out.ends_with("\n\n") || opens_block(out))) continue;
        if (c == '}' && !last.empty() && last.find_first_not_of(' ') == std::string_view::npos &&
            out.ends_with("\n\n" + std::string(last)))
            out.erase(line-- - 1, 1);
        out += c;
        if (c == '\n') line = out.size();
    }
    return out;
}

/// A function of one statement stands on one line, as clang-format puts it.
std::string with_short_functions(const std::string& text) {
    std::vector<std::string> all;
    std::stringstream in(text);
    for (std::string l; std::getline(in, l);) all.push_back(std::move(l));
    std::string out;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const bool of_template = i > 0 && all[i - 1].find("template <") != std::string::npos;
        if (i + 2 < all.size() && !of_template && all[i].ends_with(") {") && all[i + 1].ends_with(";")) {
            const auto indent = all[i].find_first_not_of(' ');
            const auto statement =
                all[i + 1].substr(std::min(all[i + 1].find_first_not_of(' '), all[i + 1].size()));
            if (all[i + 2] == std::string(indent, ' ') + "}" &&
                all[i].size() + statement.size() + 3 <= line_width) {
                out += all[i] + " " + statement + " }\n";
                i += 2;
                continue;
            }
        }
        out += all[i] + "\n";
    }
    return out;
}

std::string filled(const std::string& name, const data& d) {
    kainjow::mustache::mustache m(template_text(name));
    m.set_custom_escape([](const std::string& s) { return s; });
    return m.render(d);
}

}  // namespace

data lines(const std::vector<line>& all, std::size_t indent) {
    data list(data::type::list);
    for (std::size_t first = 0; first < all.size();) {
        std::size_t last = first, width = 0;
        while (last < all.size() && !all[last].at.empty()) width = std::max(width, all[last++].code.size());
        if (last == first) {
            list << data("line", all[first++].code);
            continue;
        }
        for (; first < last; ++first) {
            const auto& l = all[first];
            const auto pad = indent + width + 5 + l.at.size() <= line_width ? width - l.code.size() : 0;
            list << data("line", l.code + std::string(pad + 2, ' ') + "// " + l.at);
        }
    }
    return list;
}

std::vector<line> wrapped(const std::string& head, const std::vector<std::string>& arguments,
                          const std::string& tail, std::size_t indent, const std::string& at) {
    std::vector<line> out;
    const std::string margin(head.size(), ' ');
    std::string current = head;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string piece = arguments[i] + (i + 1 < arguments.size() ? "," : tail);
        const bool first = i == 0;
        if (!first && indent + current.size() + 1 + piece.size() > line_width) {
            out.emplace_back(current);
            current = margin + piece;
        } else {
            current += (first ? "" : " ") + piece;
        }
    }
    if (arguments.empty()) current += tail;
    out.emplace_back(current, at);
    return out;
}

void append(std::vector<line>& to, std::vector<line> more) {
    for (auto& l : more) to.push_back(std::move(l));
}

data flag(bool is_set) { return is_set ? data::type::bool_true : data::type::bool_false; }

std::string format_text(const audio_format& f) {
    return "{" + number(f.rate) + ", " + std::to_string(f.channels) +
           ", rtai::encoding::" + (f.encoding == encoding::s16 ? "s16" : "f32") + "}";
}

data about_spec(const spec& s) {
    data d;
    d.set("spec", fs::path(s.file->name).filename().string());
    d.set("name", s.name.text);
    d.set("format", std::to_string(generated_format));
    return d;
}

std::string render(const std::string& name, const data& d) {
    return with_short_functions(without_stray_blanks(filled(name + ".mustache", d)));
}

std::string fill(const std::string& name, const std::vector<std::pair<std::string, std::string>>& values) {
    data d;
    for (const auto& [key, text] : values) d.set(key, text);
    return filled(name, d);
}

includes::includes(const spec& s) : directory_(fs::path(s.file->name).parent_path().string()) {
    if (directory_.empty()) directory_ = ".";
}

void includes::add(const std::string& header) {
    if (header.empty()) return;
    if (header.starts_with("rtai/")) own_.insert(header);
    else users_.insert(fs::path(header).lexically_relative(directory_).string());
}

data includes::list() const {
    data all(data::type::list);
    for (const auto& h : users_) all << data("line", "\"" + h + "\"");
    for (const auto& h : own_) all << data("line", "<" + h + ">");
    return all;
}

}  // namespace rtai::codegen
