#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "check/checks.hpp"

namespace rtai::codegen {

namespace {

class graph_checker {
public:
    graph_checker(checking& c, pipeline& p) : p_(p), found_(c.found), wires_(wires_of(p)) {}

    void check() {
        for (auto& e : p_.elements)
            if (e->otherwise && p_.sound) stands_in(*e);
        policies_fit();
        shared_queues();
        if (p_.has_all_names && p_.has_all_wires) everything_is_used();
        cycles();
    }

private:
    /// Whatever is wired to an element must also be a port of what stands in for it.
    void stands_in(element& e) {
        for (const auto& port : e.first.ports) {
            const auto& wires = wires_[&e];
            const bool wired = std::any_of(wires.begin(), wires.end(), [&](const wire* w) {
                return (w->from.part == &e && w->from.card == &port) ||
                       (w->to.part == &e && w->to.card == &port);
            });
            if (!wired) continue;
            const auto& others = e.otherwise->ports;
            const auto same = std::find_if(others.begin(), others.end(), [&](const port_card& o) {
                return o.name == port.name && o.type == port.type && o.is_input == port.is_input;
            });
            if (same == others.end()) {
                found_.error(e.otherwise->name.at,
                             in_quotes(e.otherwise->name.text) + " can not stand in for " +
                                 in_quotes(e.first.name.text) + ": it has no " +
                                 (port.is_input ? "input " : "output ") + in_quotes(port.name) + " of " +
                                 spec_type(port.type),
                             "both must have what is wired, under the same names");
                p_.sound = false;
            }
        }
    }

    void policies_fit() {
        for (const auto& w : p_.wires) {
            if (!w.policy) continue;
            if (w.type == "rtai::control" && w.policy->text != "block")
                found_.error(w.policy->at,
                             "control is never dropped, and " + in_quotes(w.policy->text) + " would",
                             "leave the policy out, or write 'policy: block'");
            if (w.policy->text == "latest" && w.capacity)
                found_.error(w.capacity->at, "'latest' keeps one value, so it has no capacity",
                             "leave the capacity out");
        }
    }

    /// Wires into one port share a queue, so they can not differ in what it is.
    void shared_queues() {
        // Of a port: the wire that says something of the capacity, and that of the policy.
        std::map<std::tuple<const element*, std::string, bool>, const wire*> first;
        for (const auto& w : p_.wires) {
            if (w.to.part == nullptr || w.to.card == nullptr || w.to.card->many) continue;
            for (const bool policy : {false, true}) {
                const auto& said = policy ? w.policy : w.capacity;
                if (!said) continue;
                const auto [at, is_new] = first.emplace(std::tuple(w.to.part, w.to.card->name, policy), &w);
                const auto& before = policy ? at->second->policy : at->second->capacity;
                if (is_new || before->text == said->text) continue;
                found_.error(w.at,
                             "two wires into " + in_quotes(w.to.name.text + "." + w.to.card->name) +
                                 " share one queue, and say different things of it",
                             "the other is at " + at->second->at.text() +
                                 "; to give each its own queue, put a 'merge' there");
                break;
            }
        }
    }

    void everything_is_used() {
        std::set<const boundary*> used;
        for (const auto& w : p_.wires) used.insert({w.from.edge_of, w.to.edge_of});
        for (const auto& b : p_.ports) {
            if (used.contains(&b)) continue;
            if (b.is_input)
                found_.error(b.name.at, "nothing takes what comes in at " + in_quotes(b.name.text),
                             "add a line to 'flow:' that begins with it, or remove the port");
            else
                found_.error(b.name.at, "nothing feeds " + in_quotes(b.name.text),
                             "add a line to 'flow:' that ends with it, or remove the port");
        }
        for (const auto& e : p_.elements) {
            const auto& wires = wires_[e.get()];
            if (wires.empty())
                found_.error(e->name.at, in_quotes(e->name.text) + " is not used",
                             "name it in a line of 'flow:', or remove it");
            // What an unresolved wire was meant for is not known.
            else if (std::all_of(wires.begin(), wires.end(), [](const wire* w) { return w->resolved; }))
                ports_are_used(*e, wires);
        }
    }

    void ports_are_used(const element& e, const std::vector<wire*>& wires) {
        std::set<const port_card*> used;
        for (const auto* w : wires) {
            if (w->from.part == &e) used.insert(w->from.card);
            if (w->to.part == &e) used.insert(w->to.card);
        }
        bool has_outputs = false, gives = false;
        for (const auto& c : e.first.ports) {
            has_outputs = has_outputs || !c.is_input;
            gives = gives || (!c.is_input && used.contains(&c));
            if (!c.is_input || c.may_be_unwired || used.contains(&c)) continue;
            // With one input, what is missing is all that it is there for.
            const auto end = inputs_of(e) == 1 ? e.name.text : e.name.text + "." + c.name;
            found_.error(e.name.at, "nothing feeds " + in_quotes(end),
                         "it takes " + stream_words(e, c) + ": add a line to 'flow:' that ends with " +
                             in_quotes(end));
        }
        if (has_outputs && !gives)
            found_.error(e.name.at, "what " + in_quotes(e.name.text) + " gives goes nowhere",
                         "add a line to 'flow:' that begins with it, or remove it");
    }

    static std::ptrdiff_t inputs_of(const element& e) {
        return std::count_if(e.first.ports.begin(), e.first.ports.end(),
                             [](const port_card& c) { return c.is_input; });
    }

    static std::string stream_words(const element& e, const port_card& c) {
        if (c.type != "*") return spec_type(c.type);
        return e.stream.empty() ? "any stream" : spec_type(e.stream);
    }

    /// In a ring, everybody may wait for room in front of him. One wire that drops breaks the ring.
    void cycles() {
        std::map<const element*, std::vector<const wire*>> out;
        for (const auto& w : p_.wires) {
            const bool drops =
                w.policy && w.policy->text != "block" && (w.capacity || w.policy->text == "latest");
            if (w.resolved && w.from.part != nullptr && w.to.part != nullptr && !drops)
                out[w.from.part].push_back(&w);
        }
        std::map<const element*, int> state;  // 1: on the path, 2: done
        std::set<const element*> told;
        for (const auto& e : p_.elements) {
            if (state[e.get()] != 0) continue;
            std::vector<std::pair<const element*, std::size_t>> path{{e.get(), 0}};
            state[e.get()] = 1;
            while (!path.empty()) {
                auto& [at, next] = path.back();
                const auto& wires = out[at];
                if (next == wires.size()) {
                    state[at] = 2;
                    path.pop_back();
                    continue;
                }
                const auto* w = wires[next++];
                const auto* to = w->to.part;
                if (state[to] == 0) {
                    state[to] = 1;
                    path.emplace_back(to, 0);
                } else if (state[to] == 1) {
                    if (!told.insert(to).second) continue;
                    std::vector<std::string> ring;
                    for (auto step = path.rbegin();; ++step) {
                        ring.push_back(step->first->name.text);
                        if (step->first == to) break;
                    }
                    std::reverse(ring.begin(), ring.end());
                    ring.push_back(to->name.text);
                    constexpr std::ptrdiff_t most = 8;
                    if (std::ssize(ring) > most) {
                        ring.erase(ring.begin() + most / 2, ring.end() - most / 2);
                        ring.insert(ring.begin() + most / 2, "...");
                    }
                    found_.error(
                        w->from.name.at,
                        "the cycle " + rtai::detail::joined(ring, " -> ") + " can fill up and stop for ever",
                        loosened(*w));
                }
            }
        }
    }

    static std::string loosened(const wire& w) {
        if (w.type == "rtai::control") return "control is never dropped: take one of its wires out";
        return "let one of its wires drop: { line: " + w.from.text() + " -> " + w.to.text() +
               ", capacity: 8, policy: drop_oldest }";
    }

    pipeline& p_;
    problems& found_;
    std::unordered_map<const element*, std::vector<wire*>> wires_;
};

}  // namespace

void check_graph(checking& c, pipeline& p) { graph_checker(c, p).check(); }

}  // namespace rtai::codegen
