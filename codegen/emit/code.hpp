#pragma once

#include <cstddef>
#include <kainjow/mustache.hpp>
#include <rtai/data/audio.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "spec.hpp"

// Lines of C++, formatted as clang-format would, and the templates that they are put into.

namespace rtai::codegen {

using kainjow::mustache::data;

inline constexpr std::size_t line_width = 110;

/// A line of code, and the place of the spec that it comes from.
struct line {
    line(std::string c, std::string a = {})
        : code(std::move(c)), at(std::move(a)) {}  // NOLINT(google-explicit-constructor)
    std::string code;
    std::string at;
};

/// With the comments of neighbouring lines in one column.
data lines(const std::vector<line>& all, std::size_t indent);

/// `head(a, b, c)tail`, broken where a line would be too long.
std::vector<line> wrapped(const std::string& head, const std::vector<std::string>& arguments,
                          const std::string& tail, std::size_t indent, const std::string& at = {});

void append(std::vector<line>& to, std::vector<line> more);

/// For the sections of a template.
data flag(bool is_set);

/// "{16'000, 1, rtai::encoding::s16}"
std::string format_text(const audio_format& f);

/// What every template of a spec is given.
data about_spec(const spec& s);

/// A template of the tool's, filled in.
std::string render(const std::string& name, const data& d);

/// The headers that generated code includes.
class includes {
public:
    explicit includes(const spec& s);
    /// As the spec or the catalogue says it; nothing if it is empty.
    void add(const std::string& header);
    data list() const;

private:
    std::string directory_;
    std::set<std::string> own_, users_;
};

}  // namespace rtai::codegen
