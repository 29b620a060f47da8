#include "read/reading.hpp"

#include <algorithm>
#include <rtai/data/check.hpp>
#include <rtai/data/nearest.hpp>

#include "guess.hpp"

namespace rtai::codegen {

place start_of(const value& tree) {
    auto at = tree.at;
    at.length = 1;
    return at;
}

word text_of(problems& found, const value& v, const std::string& what) {
    if (v.is_scalar() && !v.text.empty()) return {v.text, v.at};
    found.error(v.is_list() || v.is_map() ? start_of(v) : v.at,
                "'" + what + "' takes a text, not " + (v.is_scalar() ? "an empty one" : described_kind(v)));
    return {};
}

std::set<std::string> known_keys(problems& found, const value& map, const std::vector<key>& keys,
                                 const std::string& what) {
    std::vector<std::string> names;
    for (const auto& k : keys) names.emplace_back(k.name);
    std::set<std::string> meant;
    for (const auto& m : map.members) {
        if (std::find(names.begin(), names.end(), m.name) != names.end()) continue;
        const auto near = nearest(m.name, names);
        found.error(m.name_at, what + " has no " + quoted_text(m.name),
                    did_you_mean(near, "it has: " + rtai::detail::joined(names)));
        if (!near.empty()) meant.insert(near);
    }
    return meant;
}

}  // namespace rtai::codegen
