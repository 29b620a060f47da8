#include "plan.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <rtai/graph/format.hpp>
#include <set>
#include <tuple>

namespace rtai::codegen {

namespace {

constexpr std::string_view audio_type = "rtai::audio";

/// A wire of the plan, before formats and queues: from and to a part, or the pipeline's own port.
struct lead {
    std::optional<part_port> from, to;
    const boundary* outer_from = nullptr;
    const boundary* outer_to = nullptr;
    const wire* written = nullptr;  ///< the wire that asked for it
    int rank = 0;                   ///< before (-1) or behind (1) that wire's own
    std::string type;
};

class planner {
public:
    planner(const spec& s, const pipeline& p, const known& k, const plans& before)
        : spec_(s), p_(p), known_(k), before_(before) {}

    plan make() {
        plan_.of = &p_;
        plan_.has_turn = p_.has_turn();
        for (const auto& e : p_.elements) add_element(*e);
        leads();
        fan_out();
        boundaries();
        formats();
        convert();
        queues();
        return std::move(plan_);
    }

private:
    // --- Parts -------------------------------------------------------------------------------------------

    void add_element(const element& e) {
        part made;
        made.name = e.name.text;
        made.from = &e;
        made.cpp = type_of(e.first, e.stream);
        made.header = e.first.header;
        made.at = e.name.at;
        index_[&e] = plan_.parts.size();
        made.ports = ports_of(e);
        plan_.parts.push_back(std::move(made));
    }

public:
    std::string type_of(const use& u, const std::string& stream) const {
        if (u.sub != nullptr) return spec_.name.text + "::" + u.sub->name.text;
        return u.what->is_generic ? u.what->cpp + "<" + stream + ">" : u.what->cpp;
    }

private:
    /// With the formats that are known of pipelines that were planned before.
    std::vector<port_card> ports_of(const element& e) const {
        auto ports = e.first.ports;
        for (auto& c : ports)
            if (c.type == "*") c.type = e.stream;
        const auto* sub = e.first.sub != nullptr ? before_.of(e.first.sub) : nullptr;
        if (sub != nullptr)
            for (auto& c : ports) {
                for (const auto& [name, f] : sub->formats)
                    if (name == c.name) {
                        c.format.rates = {f.rate};
                        c.format.channels = {f.channels};
                        c.format.encodings = {f.encoding};
                    }
            }
        if (e.otherwise)
            for (auto& c : ports)
                for (const auto& o : e.otherwise->ports)
                    if (o.name == c.name) narrow(c.format, o.format);
        return ports;
    }

    template <class T>
    static void narrow_list(std::vector<T>& a, const std::vector<T>& b) {
        if (b.empty()) return;
        if (a.empty()) {
            a = b;
            return;
        }
        std::vector<T> both;
        for (const auto& v : a)
            if (std::find(b.begin(), b.end(), v) != b.end()) both.push_back(v);
        // Nothing in common: the first one's wish stands, and the other converts for itself.
        if (!both.empty()) a = both;
    }
    static void narrow(port_format& a, const port_format& b) {
        narrow_list(a.rates, b.rates);
        narrow_list(a.channels, b.channels);
        narrow_list(a.encodings, b.encodings);
    }

    std::size_t add_implied(part::kind k, const std::string& name, const std::string& type, const place& at) {
        part made;
        made.type = k;
        made.name = unused(name);
        made.at = at;
        const char* own = k == part::kind::tee ? "tee" : k == part::kind::pass ? "pass" : "convert";
        const auto* c = known_.find(own);
        made.header = c != nullptr ? c->header : "";
        made.cpp =
            k == part::kind::convert ? "rtai::convert" : std::string("rtai::") + own + "<" + type + ">";
        if (c != nullptr) made.ports = c->ports;
        for (auto& p : made.ports)
            if (p.type == "*") p.type = type;
        plan_.parts.push_back(std::move(made));
        return plan_.parts.size() - 1;
    }

    std::string unused(const std::string& wanted) const {
        const auto taken = [&](const std::string& n) {
            return std::any_of(plan_.parts.begin(), plan_.parts.end(),
                               [&](const part& p) { return p.name == n; }) ||
                   std::any_of(p_.ports.begin(), p_.ports.end(),
                               [&](const boundary& b) { return b.name.text == n; });
        };
        std::string name = wanted;
        for (int i = 2; taken(name); ++i) name = wanted + std::to_string(i);
        return name;
    }

    const port_card& card_of(const part_port& p) const {
        static const port_card none;
        const auto* found = plan_.parts[p.part].find(p.port);
        return found != nullptr ? *found : none;
    }

    // --- Wires -------------------------------------------------------------------------------------------

    void leads() {
        for (const auto& w : p_.wires) {
            lead l;
            l.written = &w;
            l.type = w.type;
            if (w.from.edge_of != nullptr) l.outer_from = w.from.edge_of;
            else l.from = part_port{index_.at(w.from.part), w.from.card->name};
            if (w.to.edge_of != nullptr) l.outer_to = w.to.edge_of;
            else l.to = part_port{index_.at(w.to.part), w.to.card->name};
            leads_.push_back(std::move(l));
        }
    }

    /// An output with several wires gets a tee.
    void fan_out() {
        std::map<std::pair<std::size_t, std::string>, std::vector<std::size_t>> inner;
        std::map<const boundary*, std::vector<std::size_t>> outer;
        for (std::size_t i = 0; i < leads_.size(); ++i) {
            const auto& l = leads_[i];
            if (l.outer_from != nullptr) outer[l.outer_from].push_back(i);
            else if (!card_of(*l.from).many) inner[{l.from->part, l.from->port}].push_back(i);
        }
        const auto split = [&](const std::vector<std::size_t>& all, const std::string& name) {
            if (all.size() < 2) return;
            const auto first = leads_[all.front()];
            const auto tee = add_implied(part::kind::tee, name, first.type, first.written->at);
            for (const auto i : all) {
                leads_[i].from = part_port{tee, "out"};
                leads_[i].outer_from = nullptr;
            }
            lead to_tee;
            to_tee.from = first.from;
            to_tee.outer_from = first.outer_from;
            to_tee.to = part_port{tee, "in"};
            to_tee.type = first.type;
            to_tee.written = first.written;
            to_tee.rank = -2;
            own_settings_.insert(leads_.size());
            leads_.push_back(std::move(to_tee));
        };
        // In the order of the spec, so that what is generated is stable.
        std::vector<std::vector<std::size_t>> groups;
        std::vector<std::string> names;
        for (const auto& [key, all] : inner) {
            groups.push_back(all);
            names.push_back(plan_.parts[key.first].name +
                            (outputs_of(key.first) > 1 ? "_" + key.second : "") + "_tee");
        }
        for (const auto& [b, all] : outer) {
            groups.push_back(all);
            names.push_back(b->name.text + "_tee");
        }
        std::vector<std::size_t> order(groups.size());
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
        std::sort(order.begin(), order.end(),
                  [&](std::size_t a, std::size_t b) { return groups[a].front() < groups[b].front(); });
        for (const auto i : order) split(groups[i], names[i]);
    }

    std::size_t outputs_of(std::size_t part) const {
        return static_cast<std::size_t>(std::count_if(plan_.parts[part].ports.begin(),
                                                      plan_.parts[part].ports.end(),
                                                      [](const port_card& c) { return !c.is_input; }));
    }

    /// A port of the pipeline is handed over to the one port behind it. Where that is not possible, a `pass`
    /// stands between.
    void boundaries() {
        const auto into = [&](const part_port& to) {
            return std::count_if(leads_.begin(), leads_.end(), [&](const lead& l) {
                return l.to && l.to->part == to.part && l.to->port == to.port;
            });
        };
        const auto out_at = [&](const boundary* b) {
            return std::count_if(leads_.begin(), leads_.end(),
                                 [&](const lead& l) { return l.outer_to == b; });
        };
        const auto count = leads_.size();
        for (std::size_t i = 0; i < count; ++i) {
            const bool settings = leads_[i].written != nullptr &&
                                  (leads_[i].written->capacity || leads_[i].written->policy) &&
                                  !own_settings_.contains(i);
            if (leads_[i].outer_from != nullptr) {
                const bool through = leads_[i].outer_to != nullptr;
                if (through || settings || (!card_of(*leads_[i].to).many && into(*leads_[i].to) > 1))
                    insert_pass(i, leads_[i].outer_from->name.text + "_pass");
            }
            if (leads_[i].outer_to != nullptr && leads_[i].from &&
                (out_at(leads_[i].outer_to) > 1 || settings || card_of(*leads_[i].from).many)) {
                // One pass for all that goes out there.
                auto& shared = passes_[leads_[i].outer_to];
                if (!shared) {
                    shared = add_implied(part::kind::pass, leads_[i].outer_to->name.text + "_pass",
                                         leads_[i].type, leads_[i].written->at);
                    lead on;
                    on.from = part_port{*shared, "out"};
                    on.outer_to = leads_[i].outer_to;
                    on.type = leads_[i].type;
                    on.written = leads_[i].written;
                    on.rank = 1;
                    own_settings_.insert(leads_.size());
                    leads_.push_back(std::move(on));
                }
                leads_[i].outer_to = nullptr;
                leads_[i].to = part_port{*shared, "in"};
            }
        }
    }

    void insert_pass(std::size_t i, const std::string& name) {
        const auto pass = add_implied(part::kind::pass, name, leads_[i].type, leads_[i].written->at);
        lead before;
        before.outer_from = leads_[i].outer_from;
        before.to = part_port{pass, "in"};
        before.type = leads_[i].type;
        before.written = leads_[i].written;
        before.rank = -3;
        leads_[i].outer_from = nullptr;
        leads_[i].from = part_port{pass, "out"};
        own_settings_.insert(leads_.size());
        leads_.push_back(std::move(before));
    }

    // --- Formats of audio --------------------------------------------------------------------------------

    struct variable {
        port_format may_be;
        bool is_set = false;
    };

    std::size_t variable_of(std::size_t part, const std::string& port, const port_card& c) {
        // All audio inputs of an element and the outputs that follow them have one format.
        const bool follows = std::any_of(plan_.parts[part].ports.begin(), plan_.parts[part].ports.end(),
                                         [](const port_card& o) { return !o.is_input && o.follows_input; });
        const bool grouped = follows && (c.is_input || c.follows_input);
        const auto key = std::pair(part, grouped ? std::string("*") : port);
        const auto found = variables_.find(key);
        if (found != variables_.end()) return found->second;
        variables_[key] = all_.size();
        variable v;
        if (grouped)
            for (const auto& o : plan_.parts[part].ports) {
                if (o.type == audio_type && (o.is_input || o.follows_input)) narrow(v.may_be, o.format);
            }
        else v.may_be = c.format;
        all_.push_back(std::move(v));
        return all_.size() - 1;
    }

    std::size_t variable_of(const boundary& b) {
        const auto found = outer_variables_.find(&b);
        if (found != outer_variables_.end()) return found->second;
        variable v;
        v.may_be = b.format;
        outer_variables_[&b] = all_.size();
        all_.push_back(std::move(v));
        return all_.size() - 1;
    }

    std::size_t from_variable(const lead& l) {
        return l.outer_from != nullptr ? variable_of(*l.outer_from)
                                       : variable_of(l.from->part, l.from->port, card_of(*l.from));
    }
    std::size_t to_variable(const lead& l) {
        return l.outer_to != nullptr ? variable_of(*l.outer_to)
                                     : variable_of(l.to->part, l.to->port, card_of(*l.to));
    }

    template <class T>
    static std::vector<std::uint32_t> domain(const std::vector<T>& wished,
                                             const std::vector<std::uint32_t>& usual) {
        if (wished.empty()) return usual;
        std::vector<std::uint32_t> all;
        // In the usual order of preference, and then whatever else was asked for.
        for (const auto u : usual)
            for (const auto& w : wished)
                if (static_cast<std::uint32_t>(w) == u) all.push_back(u);
        for (const auto& w : wished)
            if (std::find(all.begin(), all.end(), static_cast<std::uint32_t>(w)) == all.end())
                all.push_back(static_cast<std::uint32_t>(w));
        return all;
    }

    void formats() {
        std::vector<std::pair<std::size_t, std::size_t>> connected;
        for (const auto& l : leads_)
            if (l.type == audio_type) connected.emplace_back(from_variable(l), to_variable(l));
        // 16 kHz, mono, s16 is what speech needs: the choice where nothing decides.
        static const std::vector<std::uint32_t> rates = {16'000, 24'000, 48'000, 32'000,
                                                         44'100, 22'050, 12'000, 8'000};
        chooser rate, channel, code;
        for (const auto& v : all_) {
            rate.add(domain(v.may_be.rates, rates));
            channel.add(domain(v.may_be.channels, {1, 2}));
            code.add(domain(v.may_be.encodings, {0, 1}));
        }
        // A conversion of rates costs by the higher one, and less than two of whatever rates. Where there is
        // one, the channels and the encoding change at no further cost, so those are chosen afterwards.
        for (const auto& [a, b] : connected) rate.connect(a, b);
        const auto r = rate.solve([](std::uint32_t a, std::uint32_t b) {
            return a == b ? 0 : 100'000'000'000U + std::uint64_t{std::max(a, b)} * 1'000U;
        });
        const auto other = [](std::uint32_t a, std::uint32_t b) { return a == b ? 0U : 1'000'000U; };
        for (const auto& [a, b] : connected)
            if (r[a] == r[b]) channel.connect(a, b);
        const auto c = channel.solve(other);
        for (const auto& [a, b] : connected)
            if (r[a] == r[b] && c[a] == c[b]) code.connect(a, b);
        const auto e = code.solve(other);
        for (std::size_t i = 0; i < all_.size(); ++i)
            chosen_.emplace_back(r[i], static_cast<std::uint8_t>(c[i]), static_cast<encoding>(e[i]));
        for (const auto& b : p_.ports)
            if (b.type.text == audio_type && outer_variables_.contains(&b))
                plan_.formats.emplace_back(b.name.text, chosen_[outer_variables_[&b]]);
    }

    void convert() {
        const auto count = leads_.size();
        for (std::size_t i = 0; i < count; ++i) {
            if (leads_[i].type != audio_type) continue;
            const auto from = chosen_[from_variable(leads_[i])];
            const auto to = chosen_[to_variable(leads_[i])];
            lead_formats_[i] = to;
            if (from == to) continue;
            ++plan_.conversions;
            const auto name = end_name(leads_[i], false) + "_convert";
            const auto made =
                add_implied(part::kind::convert, name, std::string(audio_type), leads_[i].written->at);
            lead before = leads_[i];
            before.to = part_port{made, "in"};
            before.outer_to = nullptr;
            before.rank = leads_[i].rank - 1;
            leads_[i].from = part_port{made, "out"};
            leads_[i].outer_from = nullptr;
            lead_formats_[leads_.size()] = from;
            own_settings_.insert(leads_.size());
            leads_.push_back(std::move(before));
        }
    }

    std::string end_name(const lead& l, bool from) const {
        const auto& outer = from ? l.outer_from : l.outer_to;
        return outer != nullptr ? outer->name.text : plan_.parts[(from ? l.from : l.to)->part].name;
    }

    // --- Queues ------------------------------------------------------------------------------------------

    void queues() {
        std::map<std::pair<std::size_t, std::string>, std::size_t> shared;
        std::vector<std::size_t> order;
        for (std::size_t i = 0; i < leads_.size(); ++i) order.push_back(i);
        // A lead that the plan put in stands where the wire that asked for it stands.
        std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return std::tuple(leads_[a].written, leads_[a].rank, a) <
                   std::tuple(leads_[b].written, leads_[b].rank, b);
        });
        for (const auto i : order) {
            const auto& l = leads_[i];
            if (l.outer_from != nullptr || l.outer_to != nullptr) {
                hand_over h;
                h.outer = l.outer_from != nullptr ? l.outer_from : l.outer_to;
                h.inner = l.outer_from != nullptr ? *l.to : *l.from;
                h.at = l.written->at;
                plan_.hand_overs.push_back(std::move(h));
                continue;
            }
            const bool many = card_of(*l.to).many;
            if (!many) {
                const auto [at, is_new] =
                    shared.emplace(std::pair(l.to->part, l.to->port), plan_.queues.size());
                if (!is_new) {
                    auto& q = plan_.queues[at->second];
                    q.from.push_back(*l.from);
                    if (!own_settings_.contains(i)) settle(q, *l.written);
                    continue;
                }
            }
            queue q;
            q.type = l.type;
            q.from.push_back(*l.from);
            q.to = *l.to;
            q.at = l.written->at;
            q.policy = known_.policy_of(l.type);
            q.capacity = known_.capacity_of(l.type);
            if (!own_settings_.contains(i)) settle(q, *l.written);
            if (const auto f = lead_formats_.find(i); f != lead_formats_.end()) q.format = f->second;
            plan_.queues.push_back(std::move(q));
        }
        name_queues();
    }

    /// What a wire says of its queue.
    static void settle(queue& q, const wire& w) {
        if (w.policy) {
            q.policy = w.policy->text;
            q.policy_is_written = true;
            if (q.policy == "latest") q.capacity = 1;
        }
        if (w.capacity) {
            q.capacity_is_default = false;
            q.written_capacity = w.capacity->text;
            q.capacity = static_cast<std::size_t>(parse_integer(w.capacity->text).value_or(0));
        }
    }

    void name_queues() {
        std::map<std::string, int> count;
        const auto plain = [&](const queue& q) {
            return (q.from.size() == 1 ? plan_.parts[q.from.front().part].name : std::string("all")) +
                   "_to_" + plan_.parts[q.to.part].name;
        };
        for (const auto& q : plan_.queues) ++count[plain(q)];
        std::set<std::string> used;
        for (auto& q : plan_.queues) {
            q.name = plain(q);
            if (count[q.name] > 1)
                q.name =
                    (q.from.size() == 1 ? plan_.parts[q.from.front().part].name + "_" + q.from.front().port
                                        : std::string("all")) +
                    "_to_" + plan_.parts[q.to.part].name + "_" + q.to.port;
            const auto wanted = q.name;
            const auto taken = [&](const std::string& n) {
                return used.contains(n) || std::any_of(plan_.parts.begin(), plan_.parts.end(),
                                                       [&](const part& p) { return p.name == n; });
            };
            for (int i = 2; taken(q.name); ++i) q.name = wanted + std::to_string(i);
            used.insert(q.name);
        }
    }

    const spec& spec_;
    const pipeline& p_;
    const known& known_;
    const plans& before_;
    plan plan_;
    std::map<const element*, std::size_t> index_;
    std::vector<lead> leads_;
    std::set<std::size_t> own_settings_;  ///< leads that the plan put in: a wire's settings are not theirs
    std::map<const boundary*, std::optional<std::size_t>> passes_;
    std::map<std::pair<std::size_t, std::string>, std::size_t> variables_;
    std::map<const boundary*, std::size_t> outer_variables_;
    std::vector<variable> all_;
    std::vector<audio_format> chosen_;
    std::map<std::size_t, audio_format> lead_formats_;
};

/// Sound that is made in a graph need not be dropped there: its maker waits for room. What comes from a
/// service is live, and drops by its type. Which of the two it is goes through all pipelines, so everything
/// is taken to wait until something says otherwise.
void let_wait(const spec& s, plans& made) {
    std::set<std::pair<const pipeline*, std::string>> live;  // ports of pipelines
    for (const auto& service : s.services)
        for (const auto& [p, ignored] : service->pipelines)
            for (const auto& b : p->ports)
                if (b.is_input) live.emplace(p, b.name.text);
    std::set<const pipeline*> used;
    for (const auto& p : made.all)
        for (const auto& one : p.parts)
            if (one.from != nullptr)
                for (const auto* u :
                     {&one.from->first, one.from->otherwise ? &*one.from->otherwise : nullptr})
                    if (u != nullptr && u->sub != nullptr) used.insert(u->sub);
    for (const auto& p : made.all)
        if (!used.contains(p.of))
            for (const auto& b : p.of->ports)
                if (b.is_input) live.emplace(p.of, b.name.text);

    for (bool changed = true; changed;) {
        changed = false;
        for (auto& p : made.all) {
            std::vector<bool> hears_live(p.parts.size(), false);
            const auto from_is_live = [&](const part_port& f) {
                const auto& one = p.parts[f.part];
                const auto* sub = one.from != nullptr ? one.from->first.sub : nullptr;
                if (sub != nullptr) return live.contains({sub, f.port});
                const bool hears = std::any_of(one.ports.begin(), one.ports.end(), [](const port_card& c) {
                    return c.is_input && c.type == audio_type;
                });
                const auto* c = one.find(f.port);
                return hears ? static_cast<bool>(hears_live[f.part]) : c == nullptr || !c->waits;
            };
            for (const auto& h : p.hand_overs)
                if (h.outer->is_input && live.contains({p.of, h.outer->name.text}))
                    hears_live[h.inner.part] = true;
            for (bool spreads = true; spreads;) {
                spreads = false;
                for (auto& q : p.queues) {
                    if (q.type != audio_type) continue;
                    q.waits = std::none_of(q.from.begin(), q.from.end(), from_is_live);
                    if (q.waits || hears_live[q.to.part]) continue;
                    hears_live[q.to.part] = true;
                    spreads = true;
                }
            }
            const auto mark = [&](const pipeline* of, const std::string& port) {
                changed = live.emplace(of, port).second || changed;
            };
            for (const auto& q : p.queues) {
                const auto* e = p.parts[q.to.part].from;
                if (q.type == audio_type && !q.waits && e != nullptr)
                    for (const auto* u : {&e->first, e->otherwise ? &*e->otherwise : nullptr})
                        if (u != nullptr && u->sub != nullptr) mark(u->sub, q.to.port);
            }
            for (const auto& h : p.hand_overs) {
                if (h.outer->type.text != audio_type) continue;
                const auto* e = p.parts[h.inner.part].from;
                if (!h.outer->is_input) {
                    if (from_is_live(h.inner)) mark(p.of, h.outer->name.text);
                } else if (e != nullptr && e->first.sub != nullptr &&
                           live.contains({p.of, h.outer->name.text})) {
                    mark(e->first.sub, h.inner.port);
                }
            }
        }
    }
    for (auto& p : made.all) {
        for (auto& q : p.queues)
            if (q.waits && !q.policy_is_written) q.policy = "block";
        for (const auto& b : p.of->ports)
            if (b.type.text == audio_type && !live.contains({p.of, b.name.text}))
                p.waiting.push_back(b.name.text);
    }
}

}  // namespace

std::string to_text(const audio_format& f) {
    return rtai::to_text(hertz(f.rate)) + (f.channels == 1 ? " mono" : " stereo") +
           (f.encoding == encoding::s16 ? " s16" : " f32");
}

plans make_plans(const spec& s, const known& catalogue) {
    plans made;
    std::set<const pipeline*> ready;
    // Each after those it uses. The check has refused loops, so every round finds some.
    for (bool progress = true; progress;) {
        progress = false;
        for (const auto& p : s.pipelines) {
            if (ready.contains(p.get())) continue;
            const bool can = std::all_of(p->elements.begin(), p->elements.end(), [&](const auto& e) {
                return (e->first.sub == nullptr || ready.contains(e->first.sub)) &&
                       (!e->otherwise || e->otherwise->sub == nullptr || ready.contains(e->otherwise->sub));
            });
            if (!can) continue;
            made.all.push_back(planner(s, *p, catalogue, made).make());
            ready.insert(p.get());
            progress = true;
        }
    }
    let_wait(s, made);
    // A pipeline inside of one that can be interrupted is interrupted with it.
    for (auto outer = made.all.rbegin(); outer != made.all.rend(); ++outer)
        if (outer->has_turn || outer->joins_turn)
            for (const auto& e : outer->of->elements)
                for (auto& inner : made.all)
                    if (inner.of == e->first.sub || (e->otherwise && inner.of == e->otherwise->sub))
                        inner.joins_turn = true;
    return made;
}

}  // namespace rtai::codegen
