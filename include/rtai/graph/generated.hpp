#pragma once

// What generated code includes, and nothing else of rtai but its elements and services.

#include <concepts>
#include <memory>
#include <rtai/core/join.hpp>
#include <rtai/core/task.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/problem.hpp>
#include <rtai/graph/barge_in.hpp>
#include <rtai/graph/edge.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/graph/turn.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// The form of generated code that these headers go with.
#define RTAI_GENERATED_FORMAT 1

namespace rtai {

/// Whether a pipeline can hand its own port over to one of an element's.
template <class Outer, class Inner>
concept continues = port<Outer> && port<Inner> && Outer::is_input == Inner::is_input &&
                    std::same_as<typename Outer::value_type, typename Inner::value_type>;

/// Makes a turn that of everything in a pipeline: its elements, its edges and its own pipelines.
template <class... Parts>
void belong_to(turn& t, Parts&... parts) {
    const auto one = [&](auto& part) {
        if constexpr (requires { part.guard(t); }) part.guard(t);
        else if constexpr (requires { part.belong_to(t); }) part.belong_to(t);
        else
            for_each_port(part, [&](std::string_view, auto& p) {
                if constexpr (requires { p.belong_to(t); }) p.belong_to(t);
            });
    };
    (one(parts), ...);
}

/// A wire's name, and the elements at its ends.
struct edge_ends {
    edge_ends(std::string n, std::vector<std::string> f, std::string t)
        : name(std::move(n)), from(std::move(f)), to(std::move(t)) {}
    std::string name;
    std::vector<std::string> from;
    std::string to;
};

/// Shows the wires inside of a pipeline's part, if it is a pipeline itself, under the part's name.
template <class Part, class Look>
void look_into(const Part& part, std::string_view name, Look& look) {
    if constexpr (requires { part.each_edge(look); })
        part.each_edge([&](edge_ends ends, const auto& edge) {
            const auto inside = std::string(name) + ".";
            ends.name.insert(0, inside);
            for (auto& f : ends.from) f.insert(0, inside);
            ends.to.insert(0, inside);
            look(std::move(ends), edge);
        });
}

/// Runs the one of two elements that was chosen at start.
template <element First, element Second>
task<> play_either(bool first, First& a, Second& b, std::string_view where) {
    if (first) return play(a, where);
    return play(b, where);
}

/// Tells when an element can not work here, and nothing stands in for it.
template <element E>
bool need(const options_of<E>& o, std::string_view name, const char* line, problems& found) {
    const auto can = available<E>(o);
    if (can.ok()) return true;
    found.error(place(std::make_shared<source>(line, ""), 0, 0),
                "'" + std::string(name) + "' can not start: " + can.error().message(),
                "mend that, or name an element that stands in for it with 'otherwise:'");
    return false;
}

}  // namespace rtai
