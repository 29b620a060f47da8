#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "check/checks.hpp"

namespace rtai::codegen {

namespace {

/// Ten pipelines that use each other ten times are ten billion elements.
void limit_sizes(const std::vector<pipeline*>& order, const std::map<std::string, pipeline*>& by_name,
                 problems& found) {
    constexpr std::size_t most_elements = 10'000, most_levels = 32;
    struct size {
        std::size_t elements = 0, levels = 1;
    };
    std::map<const pipeline*, size> sizes;
    for (auto* p : order) {
        size all;
        for (const auto& e : p->elements)
            for (const auto* u : e->uses()) {
                ++all.elements;
                const auto sub = by_name.find(u->name.text);
                if (sub == by_name.end()) continue;
                all.elements += sizes[sub->second].elements;
                all.levels = std::max(all.levels, sizes[sub->second].levels + 1);
            }
        if (all.elements > most_elements || all.levels > most_levels) {
            found.error(
                p->name.at,
                all.levels > most_levels
                    ? "pipelines stand in one another more than " + std::to_string(most_levels) + " deep"
                    : "with the pipelines in it, '" + p->name.text + "' has more than " +
                          std::to_string(most_elements) + " elements",
                "connect services instead, or write it as an element of your own");
            p->sound = false;
            all = {};
        }
        sizes[p] = all;
    }
}

}  // namespace

std::vector<pipeline*> in_order(spec& s, problems& found) {
    std::map<std::string, pipeline*> by_name;
    for (const auto& p : s.pipelines) by_name[p->name.text] = p.get();
    std::map<const pipeline*, int> state;
    std::vector<pipeline*> order;
    const auto uses_of = [&](const pipeline& p) {
        std::vector<std::pair<pipeline*, const word*>> all;
        for (const auto& e : p.elements)
            for (const auto* u : e->uses()) {
                const auto sub = by_name.find(u->name.text);
                if (sub != by_name.end()) all.emplace_back(sub->second, &u->name);
            }
        return all;
    };
    for (const auto& first : s.pipelines) {
        if (state[first.get()] != 0) continue;
        struct step {
            pipeline* p;
            std::vector<std::pair<pipeline*, const word*>> uses;
            std::size_t next = 0;
        };
        std::vector<step> path;
        path.push_back({first.get(), uses_of(*first)});
        state[first.get()] = 1;
        while (!path.empty()) {
            auto& top = path.back();
            if (top.next == top.uses.size()) {
                state[top.p] = 2;
                order.push_back(top.p);
                path.pop_back();
                continue;
            }
            const auto [sub, name] = top.uses[top.next++];
            if (state[sub] == 1) {
                std::string ring;
                bool inside = false;
                for (const auto& st : path) {
                    inside = inside || st.p == sub;
                    if (inside) ring += st.p->name.text + " -> ";
                }
                found.error(name->at, "pipeline '" + sub->name.text + "' is made of itself",
                            ring + sub->name.text + " would never end: take one of these elements out");
                for (const auto& st : path) st.p->sound = false;
            } else if (state[sub] == 0) {
                state[sub] = 1;
                path.push_back({sub, uses_of(*sub)});
            }
        }
    }
    limit_sizes(order, by_name, found);
    return order;
}

}  // namespace rtai::codegen
