#pragma once

#include <cstddef>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <rtai/data/check.hpp>
#include <rtai/data/config.hpp>
#include <rtai/data/nearest.hpp>
#include <rtai/data/problem.hpp>
#include <rtai/data/schema.hpp>
#include <rtai/data/value.hpp>
#include <rtai/data/variables.hpp>
#include <rtai/data/yaml.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Where a program's values come from, each layer over the one before: the spec, the files of --config,
// the settings of --set, the environment.

namespace rtai::service {

/// The file as a tree; a problem if there is none.
inline value read_yaml_file(const std::string& path, problems& found, const std::string& help = {}) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        found.error(place(std::make_shared<source>(path, ""), 0, 0), "the file can not be read", help);
        return {};
    }
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    return read_yaml(std::make_shared<source>(path, std::move(text)), found);
}

namespace detail {

/// Puts one value where `path` says. The names of the path are those of the schema, whatever their case
/// when `any_case`.
inline void set_path(value& tree, const schema& all, const std::vector<std::string>& path, value v,
                     bool any_case, problems& found) {
    const auto same = [&](const std::string& a, const std::string& b) {
        if (!any_case) return a == b;
        return a.size() == b.size() && edit_distance(a, b) == 0;
    };
    const schema* s = &all;
    value* at = &tree;
    std::string walked;
    for (const auto& step : path) {
        if (s->type == schema::kind::map || s->type == schema::kind::any) {
            at = &at->at_key(step);
            if (s->type == schema::kind::map) s = &s->item.front();
            continue;
        }
        const schema* next = nullptr;
        std::vector<std::string> names;
        for (const auto& f : s->fields) {
            names.push_back(f.name);
            if (same(f.name, step)) next = &f;
        }
        if (next == nullptr) {
            const auto near = nearest(step, names);
            const std::string where = walked.empty() ? "here" : "in '" + walked + "'";
            std::string help;
            if (!near.empty()) help = "did you mean '" + near + "'?";
            else if (names.empty()) help = "'" + walked + "' is one value, not a map";
            else help = "there is: " + rtai::detail::joined(names);
            found.error(v.at, "there is no '" + step + "' " + where, help);
            return;
        }
        at = &at->at_key(next->name);
        walked += (walked.empty() ? "" : ".") + next->name;
        s = next;
    }
    *at = std::move(v);
}

inline std::vector<std::string> split(std::string_view text, std::string_view by) {
    std::vector<std::string> parts;
    for (;;) {
        const auto end = text.find(by);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + by.size());
    }
}

/// Dollar signs as they are: no variables.
inline void make_literal(value& v) {
    for (auto& item : v.items) make_literal(item);
    for (auto& m : v.members) make_literal(m.held);
    for (std::size_t i = 0; (i = v.text.find('$', i)) != std::string::npos; i += 2) v.text.insert(i, 1, '$');
}

/// A value as it is given on a command line: lists and maps in YAML's brackets, everything else as it is.
inline value value_of_text(const std::string& text, const std::shared_ptr<source>& from, problems& found) {
    if (!text.empty() && (text.front() == '[' || text.front() == '{')) {
        auto v = read_yaml(std::make_shared<source>(from->name, text), found);
        v.at = place(from, 0, 0);
        make_literal(v);
        return v;
    }
    value v(text, place(from, 0, 0));
    make_literal(v);
    return v;
}

}  // namespace detail

/// `--set talk.vad.threshold=0.6`
inline void apply_setting(value& tree, const schema& all, const std::string& setting, problems& found) {
    const auto from = std::make_shared<source>("--set " + setting.substr(0, setting.find('=')), "");
    const auto equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
        found.error(place(from, 0, 0), "a setting is written path=value",
                    "for instance --set talk.vad.threshold=0.6");
        return;
    }
    auto v = detail::value_of_text(setting.substr(equals + 1), from, found);
    detail::set_path(tree, all, detail::split(setting.substr(0, equals), "."), std::move(v), false, found);
}

inline constexpr std::string_view environment_prefix = "RTAI__";

/// `RTAI__TALK__VAD__THRESHOLD=0.6`, from a null-terminated list such as `environ`.
inline void apply_environment(value& tree, const schema& all, const char* const* variables, problems& found) {
    for (; variables != nullptr && *variables != nullptr; ++variables) {
        const std::string_view entry = *variables;
        if (!entry.starts_with(environment_prefix)) continue;
        const auto equals = entry.find('=');
        const auto from =
            std::make_shared<source>("environment variable " + std::string(entry.substr(0, equals)), "");
        const auto path =
            detail::split(entry.substr(environment_prefix.size(), equals - environment_prefix.size()), "__");
        auto v = detail::value_of_text(std::string(entry.substr(equals + 1)), from, found);
        detail::set_path(tree, all, path, std::move(v), true, found);
    }
}

struct layers {
    std::string values_file;  ///< what the spec says, written by the generator
    std::vector<std::string> config_files;
    std::vector<std::string> settings;
    const char* const* environment = nullptr;
};

/// All layers, one over the other, and then the variables of the spec and of the files resolved: a value
/// that was overridden needs none. Of the values at the root only those that `wanted` says are kept.
inline value read_layers(const layers& from, const schema& all, problems& found,
                         const variable_source& lookup = environment_variable,
                         const std::function<bool(const std::string&)>& wanted = nullptr) {
    value tree =
        read_yaml_file(from.values_file, found,
                       "it is generated next to the program and belongs to it; --values says where it is");
    if (tree.is_nothing()) tree = value(value::kind::map);
    for (const auto& path : from.config_files) {
        const auto over = read_yaml_file(path, found);
        if (!over.is_map() && !over.is_nothing())
            found.error(over.at, "a configuration is a map: names and values");
        else overlay(tree, over);
    }
    for (const auto& s : from.settings) apply_setting(tree, all, s, found);
    apply_environment(tree, all, from.environment, found);
    if (wanted)
        std::erase_if(tree.members,
                      [&](const value::member& m) { return all.find(m.name) != nullptr && !wanted(m.name); });
    resolve_variables(tree, lookup, found);
    return tree;
}

}  // namespace rtai::service
