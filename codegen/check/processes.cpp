#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "check/checks.hpp"

namespace rtai::codegen {

namespace {

/// host:port, of another process.
void check_address(const std::string& name, const value& address, problems& found) {
    checker(found).check(schema(schema::kind::text), address, name);
    if (!address.is_scalar() || has_variables(address.text)) return;
    const auto colon = address.text.rfind(':');
    const auto port = colon == std::string::npos
                          ? std::nullopt
                          : parse_integer(std::string_view(address.text).substr(colon + 1));
    if (!port || *port < 1 || *port > 65535 || colon == 0)
        found.error(address.at, quoted_text(address.text) + " is no address",
                    "write host:port, for instance relay.internal:50052");
}

void check_reach(checking& c, const process& p) {
    for (const auto& [name, address] : p.reach) {
        const bool here = std::any_of(p.services.begin(), p.services.end(),
                                      [&n = name](const word& w) { return w.text == n.text; });
        if (!c.services.contains(name.text)) tell_unknown(c, name, "service", c.of.services);
        else if (here)
            c.found.error(name.at,
                          in_quotes(name.text) + " runs in this process, so there is no need to reach it",
                          "take it out of 'reach:' or of 'run:'");
        check_address(name.text, address, c.found);
    }
}

}  // namespace

void check_processes(checking& c) {
    std::set<std::string> placed;
    std::map<std::string, place> names;
    bool all_known = c.of.complete;
    for (const auto& p : c.of.processes) {
        all_known = all_known && p.sound;
        if (const auto [before, is_new] = names.emplace(p.name.text, p.name.at); !is_new)
            c.found.error(p.name.at, "there are two processes called " + in_quotes(p.name.text),
                          "the first is at " + before->second.text());
        for (const auto& n : p.services) {
            if (n.empty()) all_known = false;
            else if (c.services.contains(n.text)) placed.insert(n.text);
            else placed.insert(tell_unknown(c, n, "service", c.of.services));
        }
        check_reach(c, p);
    }
    if (c.of.processes.empty() || !all_known) return;
    for (const auto& s : c.of.services)
        if (!placed.contains(s->name.text))
            c.found.error(s->name.at, "service " + in_quotes(s->name.text) + " runs in no process",
                          "add it to the 'run:' of one under 'processes:'");
}

}  // namespace rtai::codegen
