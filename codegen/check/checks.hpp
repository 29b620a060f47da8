#pragma once

#include <algorithm>
#include <cstddef>
#include <rtai/data/check.hpp>
#include <rtai/data/problem.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "catalogue.hpp"
#include "guess.hpp"
#include "spec.hpp"

// The parts of `check`, in the order in which it runs them.

namespace rtai::codegen {

/// What they share.
struct checking {
    checking(spec& s, known& k, problems& f) : of(s), catalogue(k), found(f) {
        for (const auto& one : s.services) services.emplace(one->name.text, one.get());
        for (const auto& one : s.pipelines) pipelines.emplace(one->name.text, one.get());
    }
    spec& of;
    known& catalogue;
    problems& found;
    guesser near;
    std::unordered_map<std::string, const service*> services;  ///< by name
    std::unordered_map<std::string, const pipeline*> pipelines;
};

/// Pipelines in an order in which each comes after those it uses. Those that are made of themselves, or grow
/// beyond all bounds, are told and not sound.
std::vector<pipeline*> in_order(spec& s, problems& found);

/// What the elements of a pipeline are, whether their options are right, and what its own ports carry.
void check_elements(checking& c, pipeline& p);

/// Which ports the lines of a flow connect, and what flows through elements that take any type.
void connect_wires(checking& c, pipeline& p);

/// Whether the connected graph makes sense: everything is used, and nothing can stop for ever.
void check_graph(checking& c, pipeline& p);

/// Whether what decides about turns has one, and just one.
void check_turns(const std::vector<pipeline*>& order, problems& found);

/// Kinds of services, their options, and whether the pipelines fit that they run.
void check_services(checking& c);

/// What of a service's options would only fail when it starts.
void check_starts(checking& c);

/// Which services run where.
void check_processes(checking& c);

/// Whether two listen on one port.
void check_ports(checking& c);

inline std::string in_quotes(const std::string& s) { return "'" + s + "'"; }

/// The wires at each element.
std::unordered_map<const element*, std::vector<wire*>> wires_of(pipeline& p);

/// Tells that there is no such service or pipeline; returns the one that was probably meant.
template <class List>
std::string tell_unknown(checking& c, const word& name, const std::string& what, const List& list) {
    auto near = c.near(name.text, list.size(), [&](std::size_t i) { return list[i]->name.text; });
    if (near.empty() && !c.of.complete) return {};
    constexpr std::size_t most = 10;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < std::min(most, list.size()); ++i) names.push_back(list[i]->name.text);
    const auto there_is =
        names.empty() ? "the spec has none"
                      : "there is: " + rtai::detail::joined(names) + (list.size() > most ? ", ..." : "");
    c.found.error(name.at, "there is no " + what + " " + quoted_text(name.text),
                  did_you_mean(near, there_is));
    return near;
}

}  // namespace rtai::codegen
