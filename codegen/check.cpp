#include "check.hpp"

#include <rtai/graph/edge.hpp>
#include <rtai/graph/turn.hpp>
#include <utility>

#include "check/checks.hpp"

namespace rtai::codegen {

void check(spec& s, known& catalogue, problems& found) {
    catalogue.begin();
    checking c(s, catalogue, found);
    const auto order = in_order(s, found);
    for (auto* p : order) {
        check_elements(c, *p);
        connect_wires(c, *p);
        check_graph(c, *p);
    }
    check_turns(order, found);
    check_services(c);
    check_starts(c);
    check_processes(c);
    check_ports(c);
    if (s.stores) checker(found).check(store_schema(), *s.stores, "stores");
    if (s.observe) checker(found).check(observe_schema(), *s.observe, "observe");
}

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

}  // namespace rtai::codegen
