#include <set>
#include <string>
#include <vector>

#include "check/checks.hpp"

namespace rtai::codegen {

namespace {

/// What decides about turns is in a pipeline that has one, or inside of such a pipeline.
void turns_are_there(const std::vector<pipeline*>& order, problems& found) {
    std::set<const pipeline*> within;
    const std::vector<pipeline*> outer_first(order.rbegin(), order.rend());
    for (const auto* p : outer_first) {
        if (p->has_turn()) within.insert(p);
        for (const auto& e : p->elements)
            for (const auto* u : e->uses()) {
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
            for (const auto* u : e->uses()) {
                if (u->sub == nullptr || !interrupted.contains(u->sub)) continue;
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

void check_turns(const std::vector<pipeline*>& order, problems& found) {
    one_turn_each(order, found);
    turns_are_there(order, found);
}

}  // namespace rtai::codegen
