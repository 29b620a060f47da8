#pragma once

#include <map>
#include <rtai/data/problem.hpp>
#include <rtai/data/value.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "read.hpp"
#include "spec.hpp"

// The parts of the reader.

namespace rtai::codegen {

/// What they share.
struct reading {
    reading(spec& s, problems& f) : into(s), found(f) {}
    spec& into;
    problems& found;
    std::map<std::string, place> pipelines, services;  ///< where those names are
};

void read_pipeline(reading& r, const value::member& m);
void read_service(reading& r, const value::member& m);
void read_process(reading& r, const value::member& m);

/// What is under `flow:` of a pipeline, or null: its wires.
void read_flow(problems& found, pipeline& p, const value* flow);

// --- Small things -----------------------------------------------------------------------------------------

/// Where a tree begins, as one character.
place start_of(const value& tree);

/// A text that is not empty.
word text_of(problems& found, const value& v, const std::string& what);

std::set<std::string> known_keys(problems& found, const value& map, const std::vector<key>& keys,
                                 const std::string& what);

/// False if it is there, and no map.
template <class F>
bool each_member(problems& found, const value& map, const char* key, const std::string& example, F&& visit) {
    const auto* v = map.find(key);
    if (v == nullptr || v->is_nothing()) return true;
    if (!v->is_map()) {
        found.error(v->is_scalar() ? v->at : start_of(*v),
                    std::string("'") + key + "' takes a map, not " + described_kind(*v),
                    "each has its name: '" + example + "'");
        return false;
    }
    for (const auto& m : v->members) visit(m);
    return true;
}

}  // namespace rtai::codegen
