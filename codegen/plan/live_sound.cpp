#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plan/draft.hpp"

namespace rtai::codegen {

// Which sound is live goes through all pipelines, so everything is taken to wait until something says
// otherwise.
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
                for (const auto* u : one.from->uses())
                    if (u->sub != nullptr) used.insert(u->sub);
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
                    for (const auto* u : e->uses())
                        if (u->sub != nullptr) mark(u->sub, q.to.port);
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

}  // namespace rtai::codegen
