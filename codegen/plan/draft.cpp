#include "plan/draft.hpp"

#include <algorithm>
#include <utility>

namespace rtai::codegen {

namespace {

template <class T>
void narrow_list(std::vector<T>& a, const std::vector<T>& b) {
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

/// With the formats that are known of pipelines that were planned before.
std::vector<port_card> ports_of(const element& e, const plans& before) {
    auto ports = e.first.ports;
    for (auto& c : ports)
        if (c.type == "*") c.type = e.stream;
    const auto* sub = e.first.sub != nullptr ? before.of(e.first.sub) : nullptr;
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

}  // namespace

void narrow(port_format& a, const port_format& b) {
    narrow_list(a.rates, b.rates);
    narrow_list(a.channels, b.channels);
    narrow_list(a.encodings, b.encodings);
}

draft::draft(const spec& s, const pipeline& p, const known& k, const plans& before) : of(p), catalogue(k) {
    made.of = &p;
    made.has_turn = p.has_turn();
    for (const auto& e : p.elements) add_element(s, *e, before);
}

void draft::add_element(const spec& s, const element& e, const plans& before) {
    part one;
    one.name = e.name.text;
    one.from = &e;
    one.cpp = cpp_of(e.first, e.stream, s);
    one.header = e.first.header;
    one.at = e.name.at;
    one.ports = ports_of(e, before);
    made.parts.push_back(std::move(one));
}

std::size_t draft::add_implied(part::kind k, const std::string& name, const std::string& type,
                               const place& at) {
    part one;
    one.type = k;
    one.name = unused(name);
    one.at = at;
    const char* own = k == part::kind::tee ? "tee" : k == part::kind::pass ? "pass" : "convert";
    const auto* c = catalogue.find(own);
    one.header = c != nullptr ? c->header : "";
    one.cpp = k == part::kind::convert ? "rtai::convert" : std::string("rtai::") + own + "<" + type + ">";
    if (c != nullptr) one.ports = c->ports;
    for (auto& p : one.ports)
        if (p.type == "*") p.type = type;
    made.parts.push_back(std::move(one));
    return made.parts.size() - 1;
}

std::string draft::unused(const std::string& wanted) const {
    const auto taken = [&](const std::string& n) {
        return std::any_of(made.parts.begin(), made.parts.end(),
                           [&](const part& p) { return p.name == n; }) ||
               std::any_of(of.ports.begin(), of.ports.end(),
                           [&](const boundary& b) { return b.name.text == n; });
    };
    std::string name = wanted;
    for (int i = 2; taken(name); ++i) name = wanted + std::to_string(i);
    return name;
}

const port_card& draft::card_of(const part_port& p) const {
    static const port_card none;
    const auto* found = made.parts[p.part].find(p.port);
    return found != nullptr ? *found : none;
}

}  // namespace rtai::codegen
