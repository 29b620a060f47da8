#include <algorithm>
#include <deque>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "check/checks.hpp"

namespace rtai::codegen {

namespace {

class wire_connector {
public:
    wire_connector(checking& c, pipeline& p)
        : spec_(c.of), p_(p), known_(c.catalogue), near_(c.near), found_(c.found) {}

    void connect_all() {
        for (auto& b : p_.ports) edges_.emplace(b.name.text, &b);
        for (auto& e : p_.elements) parts_.emplace(e->name.text, e.get());
        for (auto& w : p_.wires) {
            find_end(w.from, true);
            find_end(w.to, false);
        }
        wires_ = wires_of(p_);
        connect();
    }

private:
    // --- What the names in a flow are --------------------------------------------------------------------

    void find_end(wire_end& end, bool gives) {
        if (const auto port = edges_.find(end.name.text); port != edges_.end()) {
            const auto& b = *port->second;
            if (b.is_input != gives) {
                found_.error(end.name.at,
                             in_quotes(b.name.text) + (gives ? " goes out of the pipeline, and gives nothing"
                                                             : " comes into the pipeline, and takes nothing"),
                             gives ? "a line begins with an element, or with a port under 'in:'"
                                   : "a line ends with an element, or with a port under 'out:'");
                p_.sound = p_.has_all_wires = false;
                return;
            }
            if (!end.port.empty()) {
                found_.error(end.port.at,
                             in_quotes(b.name.text) + " is a port of the pipeline, and has no ports itself",
                             "write only " + in_quotes(b.name.text));
                p_.sound = false;
            }
            end.edge_of = &b;
            return;
        }
        if (const auto part = parts_.find(end.name.text); part != parts_.end()) {
            end.part = part->second;
            port_of(end, gives);
            return;
        }
        p_.sound = false;
        p_.has_all_wires = false;
        if (!p_.has_all_names) return;
        const auto near = near_(end.name.text, p_.ports.size() + p_.elements.size(), [&](std::size_t i) {
            if (i >= p_.ports.size()) return p_.elements[i - p_.ports.size()]->name.text;
            return p_.ports[i].is_input == gives ? p_.ports[i].name.text : std::string();
        });
        std::string help = did_you_mean(near, "it must be under 'elements:', 'in:' or 'out:'");
        if (near.empty() &&
            (known_.find(end.name.text) != nullptr || spec_.find_pipeline(end.name.text) != nullptr))
            help = "add it under 'elements:': '" + end.name.text + ": " + end.name.text + "'";
        if (told_.insert(end.name.text).second)
            found_.error(end.name.at, "there is no element or port " + in_quotes(end.name.text), help);
    }

    void port_of(wire_end& end, bool gives) {
        const auto& u = end.part->first;
        if (u.what == nullptr && u.sub == nullptr) {
            p_.sound = false;
            return;
        }
        std::vector<std::string> names;
        for (const auto& c : u.ports)
            if (c.is_input != gives) {
                names.push_back(c.name);
                if (c.name == end.port.text) end.card = &c;
            }
        if (end.card != nullptr) return;
        if (names.empty()) {
            found_.error(end.name.at,
                         in_quotes(end.name.text) + (gives ? " gives nothing" : " takes nothing"),
                         in_quotes(u.name.text) + (gives ? " has no output" : " has no input"));
            p_.sound = false;
            return;
        }
        if (end.port.empty()) return;
        const auto near = near_(end.port.text, names);
        found_.error(
            end.port.at,
            in_quotes(end.name.text) + " has no " + (gives ? "output " : "input ") + in_quotes(end.port.text),
            did_you_mean(near, "it has: " + rtai::detail::joined(names)));
        p_.sound = false;
    }

    // --- Which ports are meant, and what flows -----------------------------------------------------------

    /// The types that an end can have now; of a generic element whose type is not known yet, "*".
    std::string type_of(const wire_end& end, const port_card& c) const {
        return c.type == "*" && !end.part->stream.empty() ? end.part->stream : c.type;
    }

    struct candidate {
        const port_card* card = nullptr;
        std::string type;
    };

    std::vector<candidate> candidates(const wire_end& end, bool gives) const {
        std::vector<candidate> all;
        if (end.edge_of != nullptr && !end.edge_of->type.empty())
            all.push_back({nullptr, end.edge_of->type.text});
        if (end.part == nullptr) return all;
        for (const auto& c : end.part->first.ports)
            if (c.is_input != gives && (end.card == nullptr || end.card == &c))
                all.push_back({&c, type_of(end, c)});
        return all;
    }

    struct pair {
        candidate from, to;
    };

    static bool has_usual_name(const pair& p) {
        return (p.from.card == nullptr || p.from.card->name == "out") &&
               (p.to.card == nullptr || p.to.card->name == "in");
    }

    /// Chooses ports and finds the types of generic elements, wire by wire, until nothing more follows. What
    /// is left is guessed by the usual names of ports, one wire at a time.
    void connect() {
        std::set<wire*> open, to_guess;  // in the order of the spec
        std::deque<wire*> next;
        for (auto& w : p_.wires)
            if ((w.from.part != nullptr || w.from.edge_of != nullptr) &&
                (w.to.part != nullptr || w.to.edge_of != nullptr)) {
                open.insert(&w);
                next.push_back(&w);
            }
        const auto step = [&](wire* w, bool guess) {
            if (!open.contains(w)) return;
            const auto from = stream_of(w->from), to = stream_of(w->to);
            if (try_connect(*w, guess)) {
                open.erase(w);
                to_guess.erase(w);
            } else if (!guess) {
                to_guess.insert(w);
            }
            for (const auto& [end, before] : {std::pair(&w->from, &from), std::pair(&w->to, &to)})
                if (stream_of(*end) != *before)
                    for (auto* other : wires_[end->part]) next.push_back(other);
        };
        while (!next.empty() || !to_guess.empty()) {
            if (!next.empty()) {
                auto* w = next.front();
                next.pop_front();
                step(w, false);
            } else {
                auto* w = *to_guess.begin();
                to_guess.erase(to_guess.begin());
                step(w, true);
            }
        }
        // Whatever was told before may be the reason.
        if (!p_.sound || open.empty()) return;
        const auto& w = **open.begin();
        found_.error(w.from.name.at,
                     "it can not be told what flows from " + in_quotes(w.from.name.text) + " to " +
                         in_quotes(w.to.name.text),
                     "connect one of them to something whose type is known");
        p_.sound = false;
    }

    static std::string stream_of(const wire_end& end) {
        return end.part != nullptr ? end.part->stream : std::string();
    }

    /// Whether it is decided what this wire connects, or that it can not be.
    bool try_connect(wire& w, bool guess) {
        const auto froms = candidates(w.from, true);
        const auto tos = candidates(w.to, false);
        if (froms.empty() || tos.empty()) return true;
        std::vector<pair> fit;
        bool open = false;
        for (const auto& f : froms)
            for (const auto& t : tos) {
                if (f.type != t.type && f.type != "*" && t.type != "*") continue;
                open = open || f.type == "*" || t.type == "*";
                fit.push_back({f, t});
            }
        if (fit.empty()) {
            mismatch(w, froms, tos);
            return true;
        }
        const pair* chosen = fit.size() == 1 ? &fit.front() : nullptr;
        if (chosen == nullptr && (!open || guess)) {
            std::vector<const pair*> usual;
            for (const auto& p : fit)
                if (has_usual_name(p)) usual.push_back(&p);
            if (usual.size() == 1) chosen = usual.front();
        }
        if (chosen == nullptr) {
            if (open && !guess) return false;
            ambiguous(w, fit);
            return true;
        }
        if (chosen->from.type == "*" && chosen->to.type == "*") {
            if (w.from.card == nullptr) w.from.card = chosen->from.card;
            if (w.to.card == nullptr) w.to.card = chosen->to.card;
            return false;
        }
        w.type = chosen->from.type == "*" ? chosen->to.type : chosen->from.type;
        if (chosen->from.card != nullptr) w.from.card = chosen->from.card;
        if (chosen->to.card != nullptr) w.to.card = chosen->to.card;
        if (chosen->from.type == "*") bind(*w.from.part, w.type);
        if (chosen->to.type == "*") bind(*w.to.part, w.type);
        w.resolved = true;
        return true;
    }

    void bind(const element& e, const std::string& type) { parts_.at(e.name.text)->stream = type; }

    static std::string listed(const std::vector<candidate>& all) {
        std::vector<std::string> types;
        for (const auto& c : all) {
            const auto t = spec_type(c.type);
            if (std::find(types.begin(), types.end(), t) == types.end()) types.push_back(t);
        }
        return rtai::detail::joined(types, " and ");
    }

    // --- What does not fit -------------------------------------------------------------------------------

    void mismatch(const wire& w, const std::vector<candidate>& froms, const std::vector<candidate>& tos) {
        const bool is_barge_in = w.to.part != nullptr && w.to.part->first.what != nullptr &&
                                 w.to.part->first.what->cpp == "rtai::barge_in";
        found_.error(
            w.from.name.at,
            in_quotes(w.from.text()) + " sends " + listed(froms) + ", but " + in_quotes(w.to.text()) +
                " takes " + listed(tos),
            is_barge_in ? "name a port that sends moments, for instance vad.speech" : bridge(froms, tos));
        p_.sound = false;
    }

    /// What could stand between two types.
    std::string bridge(const std::vector<candidate>& froms, const std::vector<candidate>& tos) const {
        std::vector<std::string> names;
        for (const auto& c : known_.elements()) {
            const auto takes = [&](const candidate& f) {
                return std::any_of(c.ports.begin(), c.ports.end(),
                                   [&](const port_card& p) { return p.is_input && p.type == f.type; });
            };
            const auto gives = [&](const candidate& t) {
                return std::any_of(c.ports.begin(), c.ports.end(),
                                   [&](const port_card& p) { return !p.is_input && p.type == t.type; });
            };
            if (std::any_of(froms.begin(), froms.end(), takes) && std::any_of(tos.begin(), tos.end(), gives))
                names.push_back(c.name);
        }
        const auto from = spec_type(froms.front().type), to = spec_type(tos.front().type);
        if (names.empty())
            return "put an element between them that takes " + from + " and gives " + to +
                   ": 'map' with a function of yours, or an element of your own";
        constexpr std::size_t most = 3;
        if (names.size() > most) names.resize(most);
        return "put an element between them that takes " + from + " and gives " + to + ", for instance " +
               rtai::detail::joined(names, " or ");
    }

    void ambiguous(const wire& w, const std::vector<pair>& fit) {
        std::vector<std::string> ways;
        for (const auto& p : fit) {
            const auto from =
                p.from.card == nullptr ? w.from.name.text : w.from.name.text + "." + p.from.card->name;
            const auto to = p.to.card == nullptr ? w.to.name.text : w.to.name.text + "." + p.to.card->name;
            ways.push_back("'" + from + " -> " + to + "'");
        }
        found_.error(w.from.name.at,
                     "from " + in_quotes(w.from.name.text) + " to " + in_quotes(w.to.name.text) +
                         " there is more than one way",
                     "write " + rtai::detail::joined(ways, " or "));
        p_.sound = false;
    }

    spec& spec_;
    pipeline& p_;
    known& known_;
    guesser& near_;
    problems& found_;
    std::unordered_map<std::string, boundary*> edges_;
    std::unordered_map<std::string, element*> parts_;
    std::unordered_map<const element*, std::vector<wire*>> wires_;
    std::set<std::string> told_;  ///< names that there are not
};

}  // namespace

std::unordered_map<const element*, std::vector<wire*>> wires_of(pipeline& p) {
    std::unordered_map<const element*, std::vector<wire*>> all;
    for (auto& w : p.wires) {
        all[w.from.part].push_back(&w);
        if (w.to.part != w.from.part) all[w.to.part].push_back(&w);
    }
    return all;
}

void connect_wires(checking& c, pipeline& p) { wire_connector(c, p).connect_all(); }

}  // namespace rtai::codegen
