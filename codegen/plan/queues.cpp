#include <algorithm>
#include <cstddef>
#include <map>
#include <rtai/data/units.hpp>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "plan/draft.hpp"

namespace rtai::codegen {

namespace {

class queue_maker {
public:
    explicit queue_maker(draft& d) : d_(d), plan_(d.made), leads_(d.leads) {}

    void make() {
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
            const bool many = d_.card_of(*l.to).many;
            if (!many) {
                const auto [at, is_new] =
                    shared.emplace(std::pair(l.to->part, l.to->port), plan_.queues.size());
                if (!is_new) {
                    auto& q = plan_.queues[at->second];
                    q.from.push_back(*l.from);
                    if (!d_.own_settings.contains(i)) settle(q, *l.written);
                    continue;
                }
            }
            queue q;
            q.type = l.type;
            q.from.push_back(*l.from);
            q.to = *l.to;
            q.at = l.written->at;
            q.policy = d_.catalogue.policy_of(l.type);
            q.capacity = d_.catalogue.capacity_of(l.type);
            if (!d_.own_settings.contains(i)) settle(q, *l.written);
            if (const auto f = d_.formats.find(i); f != d_.formats.end()) q.format = f->second;
            plan_.queues.push_back(std::move(q));
        }
        name_queues();
    }

private:
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

    const draft& d_;
    plan& plan_;
    const std::vector<lead>& leads_;
};

}  // namespace

void make_queues(draft& d) { queue_maker(d).make(); }

}  // namespace rtai::codegen
