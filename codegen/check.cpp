#include "check.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <rtai/data/check.hpp>
#include <rtai/data/nearest.hpp>
#include <rtai/graph/barge_in.hpp>
#include <rtai/graph/edge.hpp>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace rtai::codegen {

namespace {

std::string in_quotes(const std::string& s) { return "'" + s + "'"; }

/// Guesses at what was meant. A spec with thousands of mistakes gets guesses for the first ones.
class guesser {
public:
    /// `name(i)` for each of `count`.
    template <class Name>
    std::string operator()(const std::string& word, std::size_t count, Name&& name) {
        if (count > left_) return {};
        left_ -= count;
        std::vector<std::string> names;
        for (std::size_t i = 0; i < count; ++i) names.push_back(name(i));
        return nearest(word, names);
    }
    std::string operator()(const std::string& word, const std::vector<std::string>& names) {
        return (*this)(word, names.size(), [&](std::size_t i) { return names[i]; });
    }

private:
    std::size_t left_ = 100'000;
};

class graph_checker {
public:
    graph_checker(spec& s, pipeline& p, known& k, guesser& near, problems& found)
        : spec_(s), p_(p), known_(k), near_(near), found_(found) {}

    void check() {
        for (auto& e : p_.elements) element_of(*e);
        own_ports();
        if (p_.barge_in) barge_in();
        if (p_.turn) {
            const auto s = schema_of<turn_options>();
            checker(found_).check(s, *p_.turn, "turn");
        }
        for (auto& b : p_.ports) edges_.emplace(b.name.text, &b);
        for (auto& e : p_.elements) parts_.emplace(e->name.text, e.get());
        for (auto& w : p_.wires) {
            find_end(w.from, true);
            find_end(w.to, false);
            wires_of_[w.from.part].push_back(&w);
            if (w.to.part != w.from.part) wires_of_[w.to.part].push_back(&w);
        }
        connect();
        for (auto& e : p_.elements)
            if (e->otherwise && p_.sound) stands_in(*e);
        policies_fit();
        shared_queues();
        if (p_.has_all_names && p_.has_all_wires) everything_is_used();
        cycles();
    }

private:
    // --- What the elements are ---------------------------------------------------------------------------

    void element_of(element& e) {
        if (!meaning(e.first, e)) p_.sound = false;
        if (e.otherwise) {
            if (!meaning(*e.otherwise, e)) p_.sound = false;
            if (p_.sound && !e.when && e.first.what != nullptr && !e.first.what->can_be_missing)
                found_.warn(e.otherwise->name.at,
                            "this is never used: " + in_quotes(e.first.name.text) + " can always work",
                            "add 'when:' to choose between them at start");
        }
        if (e.when && p_.sound && !e.otherwise) can_be_left_out(e);
    }

    bool meaning(use& u, const element& e) {
        if (u.name.empty()) return false;
        if (const auto* sub = spec_.find_pipeline(u.name.text)) {
            if (!u.from.empty())
                found_.error(u.from.at,
                             in_quotes(u.name.text) + " is a pipeline of this spec, and needs no header");
            if (!sub->sound) return false;
            u.sub = sub;
            for (const auto& b : sub->ports) {
                port_card c;
                c.name = b.name.text;
                c.is_input = b.is_input;
                c.type = b.type.text;
                c.format = b.format;
                c.policy = known_.policy_of(c.type);
                c.capacity = known_.capacity_of(c.type);
                u.ports.push_back(std::move(c));
            }
            if (!u.options.members.empty())
                checker(found_).check(options_schema(*sub), u.options, e.name.text);
            return true;
        }
        problems here;
        u.what = known_.of(u, here);
        for (auto& p : here.sorted()) {
            const bool is_guess = p.help.find("did you mean") != std::string::npos;
            const bool is_name = p.at.text() == u.name.at.text() && u.from.empty();
            // It may be a pipeline of a file that could not be read.
            if (is_name && !is_guess && !spec_.complete) continue;
            const auto near = near_(u.name.text, is_name && !is_guess ? spec_.pipelines.size() : 0,
                                    [&](std::size_t i) { return spec_.pipelines[i]->name.text; });
            found_.error(p.at, p.message,
                         near.empty() ? p.help : "did you mean the pipeline '" + near + "'?");
        }
        if (u.what == nullptr) return false;
        u.ports = u.what->ports;
        u.header = u.what->header;
        problems options;
        checker(options).object(u.what->options, u.options, e.name.text);
        for (auto& p : options.sorted()) {
            // "'treshold' is no option of 'vad'": say what vad is, too.
            const auto tail = "is no option of " + in_quotes(e.name.text);
            if (p.message.ends_with(tail))
                p.message = p.message.substr(0, p.message.size() - tail.size()) + "is no option of " +
                            in_quotes(u.name.text);
            found_.error(p.at, p.message, p.help);
        }
        return true;
    }

    /// Whatever is wired to an element must also be a port of what stands in for it.
    void stands_in(element& e) {
        for (const auto& port : e.first.ports) {
            const auto& wires = wires_of_[&e];
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

    void can_be_left_out(const element& e) {
        const port_card *in = nullptr, *out = nullptr;
        std::size_t inputs = 0, outputs = 0;
        for (const auto& c : e.first.ports) {
            (c.is_input ? in : out) = &c;
            ++(c.is_input ? inputs : outputs);
        }
        if (inputs == 0 || outputs == 0) return;
        const bool passes = inputs == 1 && outputs == 1 && in->name == "in" && out->name == "out" &&
                            in->type == out->type && (in->type != "rtai::audio" || out->follows_input);
        if (!passes)
            found_.error(e.when->at,
                         in_quotes(e.name.text) + " can not be left out: streams can not pass it by",
                         "what has one input 'in' and one output 'out' of the same type can be; add "
                         "'otherwise:' with another in its place");
    }

    void own_ports() {
        for (auto& b : p_.ports) {
            if (b.type.empty()) continue;
            const auto own = spec_type(b.type.text);
            const bool audio = b.type.text == "rtai::audio";
            if (!audio &&
                (!b.format.rates.empty() || !b.format.channels.empty() || !b.format.encodings.empty()))
                found_.error(b.name.at,
                             in_quotes(b.name.text) + " is " + own +
                                 ", and only audio has a rate, channels and an encoding",
                             "write '" + b.name.text + ": " + own + "'");
            if (audio || b.type.text.find("::") != std::string::npos) continue;
            const std::vector<std::string> types = {"audio", "text",  "moment", "control",
                                                    "image", "video", "packet"};
            const auto near = nearest(own, types);
            found_.error(b.type.at, "there is no type " + in_quotes(own),
                         near.empty() ? "there is: " + rtai::detail::joined(types) +
                                            "; a C++ type is written with its namespace"
                                      : "did you mean '" + near + "'?");
            b.type.text.clear();
            p_.sound = false;
        }
    }

    void barge_in() {
        const auto s = schema_of<rtai::barge_in::options>();
        checker(found_).object(s, *p_.barge_in, "barge_in");
        const auto& w = p_.barge_in_when;
        if (w.empty()) {
            p_.has_all_wires = false;
            return;
        }
        auto e = std::make_unique<element>();
        // The port is checked like a wire to an element that takes moments.
        const auto dot = w.text.find('.');
        wire made;
        made.at = w.at;
        made.from.name = word(w.text.substr(0, dot), w.at.part(0, std::min(dot, w.text.size())));
        if (dot != std::string::npos)
            made.from.port = word(w.text.substr(dot + 1), w.at.part(dot + 1, w.text.size() - dot - 1));
        made.to.name = word("barge_in", w.at);
        e->name = word("barge_in", w.at);
        e->first.name = word("barge_in", w.at);
        static const card own = [] {
            card c;
            c.name = "barge_in";
            c.cpp = "rtai::barge_in";
            c.header = "rtai/graph/barge_in.hpp";
            c.options = schema_of<rtai::barge_in::options>();
            c.ports = rtai::detail::ports_of<rtai::barge_in>();
            return c;
        }();
        e->first.what = &own;
        e->first.ports = own.ports;
        e->first.options = *p_.barge_in;
        p_.elements.push_back(std::move(e));
        p_.wires.push_back(std::move(made));
    }

    // --- What the wires connect --------------------------------------------------------------------------

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
        std::string help = "it must be under 'elements:', 'in:' or 'out:'";
        if (!near.empty()) help = "did you mean '" + near + "'?";
        else if (known_.find(end.name.text) != nullptr || spec_.find_pipeline(end.name.text) != nullptr)
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
            near.empty() ? "it has: " + rtai::detail::joined(names) : "did you mean '" + near + "'?");
        p_.sound = false;
    }

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
                    for (auto* other : wires_of_[end->part]) next.push_back(other);
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

    void mismatch(const wire& w, const std::vector<candidate>& froms, const std::vector<candidate>& tos) {
        const auto end_text = [](const wire_end& e) {
            return in_quotes(e.port.empty() ? e.name.text : e.name.text + "." + e.port.text);
        };
        const bool is_barge_in = w.to.part != nullptr && w.to.part->first.what != nullptr &&
                                 w.to.part->first.what->cpp == "rtai::barge_in";
        found_.error(
            w.from.name.at,
            end_text(w.from) + " sends " + listed(froms) + ", but " + end_text(w.to) + " takes " +
                listed(tos),
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

    // --- Whether the graph makes sense -------------------------------------------------------------------

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
            const auto& wires = wires_of_[e.get()];
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
        const auto end = [](const wire_end& e) {
            return e.port.empty() ? e.name.text : e.name.text + "." + e.port.text;
        };
        return "let one of its wires drop: { line: " + end(w.from) + " -> " + end(w.to) +
               ", capacity: 8, policy: drop_oldest }";
    }

    spec& spec_;
    pipeline& p_;
    known& known_;
    guesser& near_;
    problems& found_;
    std::unordered_map<std::string, boundary*> edges_;
    std::unordered_map<std::string, element*> parts_;
    std::unordered_map<const element*, std::vector<wire*>> wires_of_;
    std::set<std::string> told_;  ///< names that there are not
};

// --- Services --------------------------------------------------------------------------------------------

class service_checker {
public:
    service_checker(spec& s, known& k, guesser& near, problems& found)
        : spec_(s), known_(k), near_(near), found_(found) {
        for (const auto& one : spec_.services) by_name_.emplace(one->name.text, one.get());
        for (const auto& one : spec_.pipelines) pipelines_.emplace(one->name.text, one.get());
    }

    void check() {
        for (auto& s : spec_.services) service_of(*s);
        processes();
        ports();
        if (spec_.stores) checker(found_).check(store_schema(), *spec_.stores, "stores");
        if (spec_.observe) checker(found_).check(observe_schema(), *spec_.observe, "observe");
    }

private:
    void service_of(service& s) {
        if (s.kind.empty()) return;
        s.what = known_.find_service(s.kind.text);
        if (s.what == nullptr) {
            std::vector<std::string> names;
            for (const auto& c : known_.services()) names.push_back(c.name);
            const auto near = near_(s.kind.text, names);
            found_.error(
                s.kind.at, "there is no kind of service " + quoted_text(s.kind.text),
                near.empty() ? "there is: " + rtai::detail::joined(names) : "did you mean '" + near + "'?");
            s.sound = false;
            return;
        }
        checker(found_).object(s.what->options, s.options, s.name.text);
        references(s, s.what->options, s.options);
    }

    /// Names of other things in the options of a service.
    void references(service& s, const schema& type, const value& v) {
        if (type.type == schema::kind::object) {
            for (const auto& m : v.members)
                if (const auto* f = type.find(m.name)) references(s, *f, m.held);
            return;
        }
        for (const auto& item : v.items)
            if (!type.item.empty()) references(s, type.item.front(), item);
        for (const auto& m : v.members)
            if (!type.item.empty()) references(s, type.item.front(), m.held);
        if (!v.is_scalar()) return;
        if (has_variables(v.text) &&
            (type.type == schema::kind::pipeline || type.type == schema::kind::service ||
             type.type == schema::kind::store)) {
            found_.error(v.at,
                         "the name of a " + std::string(name_of(type.type)) + " can not come from a variable",
                         "it is compiled into the program: write the name itself");
            return;
        }
        if (type.type == schema::kind::pipeline) {
            const auto known = pipelines_.find(v.text);
            const auto* p = known != pipelines_.end() ? known->second : nullptr;
            if (p == nullptr) {
                unknown(v, "pipeline", spec_.pipelines);
                s.sound = false;
                return;
            }
            s.pipelines.emplace_back(p, v.at);
            if (p->sound) session_fits(s, *p, v.at);
        }
        if (type.type == schema::kind::service && !service_named(v.text))
            unknown(v, "service", spec_.services);
        if (type.type == schema::kind::store && (!spec_.stores || spec_.stores->find(v.text) == nullptr)) {
            std::vector<std::string> names;
            if (spec_.stores)
                for (const auto& m : spec_.stores->members) names.push_back(m.name);
            const auto near = near_(v.text, names);
            found_.error(v.at, "there is no store " + quoted_text(v.text),
                         near.empty()
                             ? "it must be under 'stores:', for instance '" + v.text + ": { kind: memory }'"
                             : "did you mean '" + near + "'?");
        }
    }

    /// Tells it; the one that was probably meant.
    template <class List>
    std::string unknown(const value& v, const std::string& what, const List& list) {
        auto near = near_(v.text, list.size(), [&](std::size_t i) { return list[i]->name.text; });
        if (near.empty() && !spec_.complete) return {};
        constexpr std::size_t most = 10;
        std::vector<std::string> names;
        for (std::size_t i = 0; i < std::min(most, list.size()); ++i) names.push_back(list[i]->name.text);
        const bool more = list.size() > most;
        found_.error(v.at, "there is no " + what + " " + quoted_text(v.text),
                     !near.empty()   ? "did you mean '" + near + "'?"
                     : names.empty() ? "the spec has none"
                                     : "there is: " + rtai::detail::joined(names) + (more ? ", ..." : ""));
        return near;
    }

    /// Each port of the pipeline needs one of the service that gives or takes its type.
    void session_fits(service& s, const pipeline& p, const place& at) {
        std::vector<const port_card*> left;
        for (const auto& c : s.what->ports) left.push_back(&c);
        bool all_fit = true;
        for (const auto& b : p.ports) {
            const auto match = std::find_if(left.begin(), left.end(), [&](const port_card* c) {
                return c->is_input != b.is_input && c->type == b.type.text;
            });
            if (match != left.end()) {
                if (!(*match)->many) left.erase(match);
                continue;
            }
            std::vector<std::string> types;
            for (const auto& c : s.what->ports)
                if (c.is_input != b.is_input) types.push_back(spec_type(c.type));
            const auto type = spec_type(b.type.text);
            const bool another = std::find(types.begin(), types.end(), type) != types.end();
            const std::string verb = b.is_input ? "gives" : "takes", other = b.is_input ? "takes" : "sends";
            const std::string has = types.empty() ? verb + " nothing"
                                    : another     ? verb + " only one such stream"
                                                  : verb + " " + rtai::detail::joined(types, " and ");
            found_.error(at,
                         in_quotes(p.name.text) + " " + other + " " + type + " at " + in_quotes(b.name.text) +
                             ", but service " + in_quotes(s.name.text) + " " + has,
                         types.empty() ? in_quotes(s.kind.text) + " runs pipelines without ports"
                                       : "take that port out, or name another pipeline");
            s.sound = false;
            if (!b.is_input) all_fit = false;
        }
        for (const auto* c : left)
            if (all_fit && c->is_input && !c->may_be_unwired) {
                found_.error(at,
                             "service " + in_quotes(s.name.text) + " takes " + spec_type(c->type) + ", but " +
                                 in_quotes(p.name.text) + " sends none",
                             "add a port of that type under 'out:', or name another pipeline");
                s.sound = false;
            }
    }

    void processes() {
        std::set<std::string> placed;
        std::map<std::string, place> names;
        bool all_known = spec_.complete;
        for (const auto& p : spec_.processes) {
            all_known = all_known && p.sound;
            if (const auto [before, is_new] = names.emplace(p.name.text, p.name.at); !is_new)
                found_.error(p.name.at, "there are two processes called " + in_quotes(p.name.text),
                             "the first is at " + before->second.text());
            for (const auto& n : p.services) {
                if (n.empty()) all_known = false;
                else
                    placed.insert(service_named(n.text)
                                      ? n.text
                                      : unknown(value(n.text, n.at), "service", spec_.services));
            }
            for (const auto& [n, address] : p.reach) {
                const bool here = std::any_of(p.services.begin(), p.services.end(),
                                              [&](const word& w) { return w.text == n.text; });
                if (!service_named(n.text)) unknown(value(n.text, n.at), "service", spec_.services);
                else if (here)
                    found_.error(n.at,
                                 in_quotes(n.text) + " runs in this process, so there is no need to reach it",
                                 "take it out of 'reach:' or of 'run:'");
                schema text(schema::kind::text);
                checker(found_).check(text, address, n.text);
                if (address.is_scalar() && !has_variables(address.text)) {
                    const auto colon = address.text.rfind(':');
                    const auto port = colon == std::string::npos
                                          ? std::nullopt
                                          : parse_integer(std::string_view(address.text).substr(colon + 1));
                    if (!port || *port < 1 || *port > 65535 || colon == 0)
                        found_.error(address.at, quoted_text(address.text) + " is no address",
                                     "write host:port, for instance relay.internal:50052");
                }
            }
        }
        if (spec_.processes.empty() || !all_known) return;
        for (const auto& s : spec_.services)
            if (!placed.contains(s->name.text))
                found_.error(s->name.at, "service " + in_quotes(s->name.text) + " runs in no process",
                             "add it to the 'run:' of one under 'processes:'");
    }

    bool service_named(const std::string& n) const { return by_name_.contains(n); }

    // --- Two services on one port ------------------------------------------------------------------------

    struct listening {
        std::string service;
        std::string path;
        std::int64_t port;
        place at;
        bool udp;
        bool by_default;
    };

    void ports() {
        std::vector<listening> all;
        for (const auto& s : spec_.services)
            if (s->what != nullptr) collect(*s, s->what->options, s->options, s->name.at, "", all);
        for (const auto& p : spec_.processes)
            for (const auto& n : p.services) runs_in_[n.text].insert(&p);
        std::map<std::pair<std::int64_t, bool>, std::vector<const listening*>> on;
        for (const auto& one : all) {
            if (one.port == 0) continue;
            auto& others = on[{one.port, one.udp}];
            const auto other = std::find_if(others.begin(), others.end(), [&](const listening* o) {
                return together(one.service, o->service);
            });
            if (other == others.end()) {
                others.push_back(&one);
                continue;
            }
            const bool same = one.service == (*other)->service;
            found_.error(one.at,
                         in_quotes(one.service) + " listens " + (one.by_default ? "by default " : "") +
                             "on port " + std::to_string(one.port) +
                             (same ? " twice" : ", and so does " + in_quotes((*other)->service)),
                         "the other is at " + (*other)->at.text() + "; give one of them another port" +
                             (same ? "" : ", or run them in different processes"));
        }
    }

    bool together(const std::string& a, const std::string& b) const {
        if (spec_.processes.empty() || a == b) return true;
        const auto first = runs_in_.find(a), second = runs_in_.find(b);
        if (first == runs_in_.end() || second == runs_in_.end()) return false;
        return std::any_of(first->second.begin(), first->second.end(),
                           [&](const process* p) { return second->second.contains(p); });
    }

    /// Ports that are written, and the defaults of what is there: `http: {}` listens on 8080.
    static void collect(const service& s, const schema& type, const value& v, const place& at,
                        const std::string& path, std::vector<listening>& all) {
        for (const auto& f : type.fields) {
            const auto* given = v.find(f.name);
            const auto here = path + "." + f.name;
            if (f.type == schema::kind::object) {
                // What is not written is not there, unless it always is.
                if (given != nullptr) collect(s, f, *given, given->at ? given->at : at, here, all);
                else if (s.kind.text == "lines" && f.name == "listen")
                    collect(s, f, value(value::kind::map), at, here, all);
            }
            if (f.type != schema::kind::port) continue;
            std::string text = f.otherwise;
            place where = at;
            if (given != nullptr && given->is_scalar()) {
                text = given->text;
                where = given->at;
                if (has_variables(text)) continue;
            }
            if (const auto n = parse_integer(text))
                all.push_back({s.name.text, here, *n, where, here.find("webrtc") != std::string::npos,
                               given == nullptr});
        }
    }

    spec& spec_;
    known& known_;
    guesser& near_;
    problems& found_;
    std::unordered_map<std::string, const service*> by_name_;
    std::unordered_map<std::string, const pipeline*> pipelines_;
    std::unordered_map<std::string, std::set<const process*>> runs_in_;
};

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
        const auto add = [&](const use& u) {
            ++all.elements;
            const auto sub = by_name.find(u.name.text);
            if (sub == by_name.end()) return;
            all.elements += sizes[sub->second].elements;
            all.levels = std::max(all.levels, sizes[sub->second].levels + 1);
        };
        for (const auto& e : p->elements) {
            add(e->first);
            if (e->otherwise) add(*e->otherwise);
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

/// Pipelines in an order in which each comes after those it uses; those in a loop are told and left out.
std::vector<pipeline*> in_order(spec& s, problems& found) {
    std::map<std::string, pipeline*> by_name;
    for (const auto& p : s.pipelines) by_name[p->name.text] = p.get();
    std::map<const pipeline*, int> state;
    std::vector<pipeline*> order;
    const auto uses_of = [&](const pipeline& p) {
        std::vector<std::pair<pipeline*, const word*>> all;
        for (const auto& e : p.elements) {
            const auto add = [&](const use& u) {
                const auto sub = by_name.find(u.name.text);
                if (sub != by_name.end()) all.emplace_back(sub->second, &u.name);
            };
            add(e->first);
            if (e->otherwise) add(*e->otherwise);
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

/// What decides about turns is in a pipeline that has one, or inside of such a pipeline.
void turns_are_there(const std::vector<pipeline*>& order, problems& found) {
    std::set<const pipeline*> within;
    const std::vector<pipeline*> outer_first(order.rbegin(), order.rend());
    for (const auto* p : outer_first) {
        if (p->has_turn()) within.insert(p);
        for (const auto& e : p->elements)
            for (const auto* u : {&e->first, e->otherwise ? &*e->otherwise : nullptr}) {
                if (u == nullptr) continue;
                if (u->sub != nullptr && within.contains(p)) within.insert(u->sub);
                if (u->what != nullptr && u->what->needs_turn && !within.contains(p))
                    found.error(
                        u->name.at,
                        "'" + u->name.text + "' decides about turns, and '" + p->name.text + "' has none",
                        "add 'turn: {}' to the pipeline");
                if (u->what != nullptr && u->what->cpp == "rtai::turn_taking" && p->barge_in)
                    found.error(p->barge_in->at,
                                "'barge_in' interrupts by sound alone, and '" + e->name.text +
                                    "' decides what interrupts",
                                "take one of them out");
            }
    }
}

/// A pipeline that can be interrupted can not be inside of another: whose turn would its values belong to?
void one_turn_each(const std::vector<pipeline*>& order, problems& found) {
    std::set<const pipeline*> interrupted;  // or with such a pipeline inside
    for (const auto* p : order) {
        if (p->has_turn()) interrupted.insert(p);
        for (const auto& e : p->elements)
            for (const auto* u : {&e->first, e->otherwise ? &*e->otherwise : nullptr}) {
                if (u == nullptr || u->sub == nullptr || !interrupted.contains(u->sub)) continue;
                if (p->has_turn())
                    found.error(u->name.at,
                                "'" + u->sub->name.text + "' has a turn of its own, or inside, and so has '" +
                                    p->name.text + "'",
                                "one of them decides when a turn is over: take 'turn' and 'barge_in' out of "
                                "the other");
                interrupted.insert(p);
            }
    }
}

}  // namespace

schema options_schema(const use& u) {
    if (u.sub != nullptr) return options_schema(*u.sub);
    return u.what != nullptr ? u.what->options : schema(schema::kind::object);
}

schema options_schema(const pipeline& p) {
    schema all(schema::kind::object);
    schema when(schema::kind::object), otherwise(schema::kind::object), edges(schema::kind::map);
    for (const auto& e : p.elements) {
        auto one = options_schema(e->first);
        one.name = e->name.text;
        all.fields.push_back(std::move(one));
        if (e->when) {
            schema flag(schema::kind::boolean);
            flag.name = e->name.text;
            when.fields.push_back(std::move(flag));
        }
        if (e->otherwise) {
            auto other = options_schema(*e->otherwise);
            other.name = e->name.text;
            otherwise.fields.push_back(std::move(other));
        }
    }
    if (p.has_turn()) {
        auto turn = schema_of<turn_options>();
        turn.name = "turn";
        all.fields.push_back(std::move(turn));
    }
    for (auto* group : {&when, &otherwise})
        if (!group->fields.empty()) {
            group->name = group == &when ? "when" : "otherwise";
            all.fields.push_back(*group);
        }
    edges.item.push_back(schema_of<edge_options>());
    edges.name = "edges";
    all.fields.push_back(std::move(edges));
    return all;
}

void check(spec& s, known& catalogue, problems& found) {
    guesser near;
    catalogue.begin();
    const auto order = in_order(s, found);
    for (auto* p : order) graph_checker(s, *p, catalogue, near, found).check();
    one_turn_each(order, found);
    turns_are_there(order, found);
    service_checker(s, catalogue, near, found).check();
}

}  // namespace rtai::codegen
