#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plan/draft.hpp"

namespace rtai::codegen {

namespace {

class lead_layer {
public:
    explicit lead_layer(draft& d) : d_(d), p_(d.of), plan_(d.made), leads_(d.leads) {}

    void lay() {
        leads();
        fan_out();
        boundaries();
    }

private:
    void leads() {
        std::map<const element*, std::size_t> index;
        for (std::size_t i = 0; i < plan_.parts.size(); ++i) index[plan_.parts[i].from] = i;
        for (const auto& w : p_.wires) {
            lead l;
            l.written = &w;
            l.type = w.type;
            if (w.from.edge_of != nullptr) l.outer_from = w.from.edge_of;
            else l.from = part_port{index.at(w.from.part), w.from.card->name};
            if (w.to.edge_of != nullptr) l.outer_to = w.to.edge_of;
            else l.to = part_port{index.at(w.to.part), w.to.card->name};
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
            else if (!d_.card_of(*l.from).many) inner[{l.from->part, l.from->port}].push_back(i);
        }
        const auto split = [&](const std::vector<std::size_t>& all, const std::string& name) {
            if (all.size() < 2) return;
            const auto first = leads_[all.front()];
            const auto tee = d_.add_implied(part::kind::tee, name, first.type, first.written->at);
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
            d_.own_settings.insert(leads_.size());
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
                                  !d_.own_settings.contains(i);
            if (leads_[i].outer_from != nullptr) {
                const bool through = leads_[i].outer_to != nullptr;
                if (through || settings || (!d_.card_of(*leads_[i].to).many && into(*leads_[i].to) > 1))
                    insert_pass(i, leads_[i].outer_from->name.text + "_pass");
            }
            if (leads_[i].outer_to != nullptr && leads_[i].from &&
                (out_at(leads_[i].outer_to) > 1 || settings || d_.card_of(*leads_[i].from).many)) {
                // One pass for all that goes out there.
                auto& shared = passes_[leads_[i].outer_to];
                if (!shared) {
                    shared = d_.add_implied(part::kind::pass, leads_[i].outer_to->name.text + "_pass",
                                            leads_[i].type, leads_[i].written->at);
                    lead on;
                    on.from = part_port{*shared, "out"};
                    on.outer_to = leads_[i].outer_to;
                    on.type = leads_[i].type;
                    on.written = leads_[i].written;
                    on.rank = 1;
                    d_.own_settings.insert(leads_.size());
                    leads_.push_back(std::move(on));
                }
                leads_[i].outer_to = nullptr;
                leads_[i].to = part_port{*shared, "in"};
            }
        }
    }

    void insert_pass(std::size_t i, const std::string& name) {
        const auto pass = d_.add_implied(part::kind::pass, name, leads_[i].type, leads_[i].written->at);
        lead before;
        before.outer_from = leads_[i].outer_from;
        before.to = part_port{pass, "in"};
        before.type = leads_[i].type;
        before.written = leads_[i].written;
        before.rank = -3;
        leads_[i].outer_from = nullptr;
        leads_[i].from = part_port{pass, "out"};
        d_.own_settings.insert(leads_.size());
        leads_.push_back(std::move(before));
    }

    draft& d_;
    const pipeline& p_;
    const plan& plan_;
    std::vector<lead>& leads_;
    std::map<const boundary*, std::optional<std::size_t>> passes_;
};

}  // namespace

void lay_leads(draft& d) { lead_layer(d).lay(); }

}  // namespace rtai::codegen
