#include <algorithm>
#include <memory>
#include <rtai/data/nearest.hpp>
#include <string>
#include <utility>
#include <vector>

#include "read/names.hpp"
#include "read/reading.hpp"

namespace rtai::codegen {

void read_service(reading& r, const value::member& m) {
    auto s = std::make_unique<service>();
    s->name = name_word(r.found, m.name, m.name_at, "service");
    refuse_taken(r.found, m, "service", r.into.name.text);
    if (const auto [before, is_new] = r.services.emplace(m.name, m.name_at); !is_new) {
        r.found.error(m.name_at, "there are two services called '" + m.name + "'",
                      "the first is at " + before->second.text());
        return;
    }
    if (const auto p = r.pipelines.find(m.name); p != r.pipelines.end())
        r.found.error(m.name_at, "'" + m.name + "' is the name of a pipeline already",
                      "it is at " + p->second.text() + "; the settings of both would have one name");
    s->options = value(value::kind::map, m.held.at);
    if (!m.held.is_map()) {
        r.found.error(m.held.is_nothing() ? m.name_at : m.held.at,
                      m.held.is_nothing() ? "service '" + m.name + "' does not say its kind"
                                          : "a service is a map with 'kind', not " + described_kind(m.held),
                      "for instance '" + m.name + ": { kind: job, session: { pipeline: talk } }'");
        s->sound = false;
        r.into.services.push_back(std::move(s));
        return;
    }
    for (const auto& o : m.held.members) {
        if (o.name == "kind") s->kind = text_of(r.found, o.held, "kind");
        else s->options.members.push_back(o);
    }
    s->options.at = m.name_at;
    if (m.held.find("kind") == nullptr) {
        const auto like_kind =
            std::find_if(s->options.members.begin(), s->options.members.end(), [](const value::member& o) {
                return nearest(o.name, std::vector<std::string>{"kind"}) == "kind";
            });
        if (like_kind != s->options.members.end())
            r.found.error(like_kind->name_at, "a service has no " + quoted_text(like_kind->name),
                          "did you mean 'kind'?");
        else
            r.found.error(m.name_at, "service '" + m.name + "' does not say its kind",
                          "add 'kind:', for instance 'kind: job'; 'rtai elements' lists them");
        s->sound = false;
    }
    r.into.services.push_back(std::move(s));
}

void read_process(reading& r, const value::member& m) {
    process p;
    p.name = name_word(r.found, m.name, m.name_at, "process");
    if (!m.held.is_map()) {
        r.found.error(m.held.is_nothing() ? m.name_at : m.held.at,
                      m.held.is_nothing() ? "process '" + m.name + "' does not say what it runs"
                                          : "a process is a map with 'run', not " + described_kind(m.held),
                      "for instance '" + m.name + ": { run: [gateway] }'");
        p.sound = false;
        r.into.processes.push_back(std::move(p));
        return;
    }
    const auto meant = known_keys(r.found, m.held, process_keys, "a process");
    const auto* run = m.held.find("run");
    p.sound = run != nullptr && run->is_list();
    if (run == nullptr) {
        if (!meant.contains("run"))
            r.found.error(m.name_at, "process '" + m.name + "' does not say what it runs",
                          "add 'run:' with a list of services");
    } else if (!run->is_list()) {
        r.found.error(run->is_nothing() ? m.name_at : run->at,
                      "'run' takes a list of services, not " + described_kind(*run),
                      run->is_scalar() ? "write [" + run->text + "]" : "write [first, second]");
    } else {
        for (const auto& s : run->items) p.services.push_back(text_of(r.found, s, "run"));
    }
    each_member(r.found, m.held, "reach", "relay: relay.internal:50052",
                [&](const value::member& to) { p.reach.emplace_back(word(to.name, to.name_at), to.held); });
    r.into.processes.push_back(std::move(p));
}

}  // namespace rtai::codegen
