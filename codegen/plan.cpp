#include "plan.hpp"

#include <algorithm>
#include <rtai/graph/format.hpp>
#include <set>
#include <utility>

#include "plan/draft.hpp"

namespace rtai::codegen {

namespace {

plan plan_of(const spec& s, const pipeline& p, const known& catalogue, const plans& before) {
    draft d(s, p, catalogue, before);
    lay_leads(d);
    choose_formats(d);
    make_queues(d);
    return std::move(d.made);
}

}  // namespace

std::string cpp_of(const use& u, const std::string& stream, const spec& s) {
    if (u.sub != nullptr) return s.name.text + "::" + u.sub->name.text;
    return u.what->is_generic ? u.what->cpp + "<" + stream + ">" : u.what->cpp;
}

std::string to_text(const audio_format& f) {
    return rtai::to_text(hertz(f.rate)) + (f.channels == 1 ? " mono" : " stereo") +
           (f.encoding == encoding::s16 ? " s16" : " f32");
}

plans make_plans(const spec& s, const known& catalogue) {
    plans made;
    std::set<const pipeline*> ready;
    const auto can_be_used = [&](const auto& e) {
        const auto uses = e->uses();
        return std::all_of(uses.begin(), uses.end(),
                           [&](const use* u) { return u->sub == nullptr || ready.contains(u->sub); });
    };
    // Each after those it uses. The check has refused loops, so every round finds some.
    for (bool progress = true; progress;) {
        progress = false;
        for (const auto& p : s.pipelines) {
            if (ready.contains(p.get())) continue;
            if (!std::all_of(p->elements.begin(), p->elements.end(), can_be_used)) continue;
            made.all.push_back(plan_of(s, *p, catalogue, made));
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
