#include <algorithm>
#include <iostream>
#include <rtai/data/config.hpp>
#include <rtai/data/nearest.hpp>

#include "commands.hpp"
#include "guess.hpp"
#include "json.hpp"
#include "words.hpp"

namespace rtai::codegen {

namespace {

// --- For programs ----------------------------------------------------------------------------------------

json option_json(const schema& s) {
    auto j = json::object();
    if (!s.name.empty()) j.set("name", json::text(s.name));
    j.set("type", json::text(name_of(s.type)));
    if (!s.about.empty()) j.set("about", json::text(s.about));
    if (s.required) j.set("required", json::flag(true));
    if (!s.otherwise.empty()) j.set("default", json::text(s.otherwise));
    if (!s.choices.empty()) j.set("choices", json::texts(s.choices));
    if (const auto words = range_words(s); !words.empty()) j.set("range", json::text(words));
    if (!s.item.empty()) j.set("item", option_json(s.item.front()));
    if (s.type == schema::kind::object) {
        auto fields = json::list();
        for (const auto& f : s.fields) fields.add(option_json(f));
        j.set("fields", std::move(fields));
    }
    return j;
}

template <class List>
json numbers(const List& all) {
    auto j = json::list();
    for (const auto n : all) j.add(json::raw(std::to_string(n)));
    return j;
}

json port_json(const port_card& c) {
    auto encodings = json::list();
    for (const auto e : c.format.encodings) encodings.add(json::text(e == encoding::s16 ? "s16" : "f32"));
    return json::object()
        .set("name", json::text(c.name))
        .set("direction", json::text(c.is_input ? "in" : "out"))
        .set("type", json::text(c.type))
        .set("many", json::flag(c.many))
        .set("if_wired", json::flag(c.may_be_unwired))
        .set("as_received", json::flag(c.follows_input))
        .set("can_wait", json::flag(c.waits))
        .set("rates", numbers(c.format.rates))
        .set("channels", numbers(c.format.channels))
        .set("encodings", std::move(encodings))
        .set("policy", json::text(c.policy))
        .set("capacity", json::raw(std::to_string(c.capacity)));
}

json card_json(const card& c) {
    auto options = json::list(), ports = json::list();
    for (const auto& f : c.options.fields) options.add(option_json(f));
    for (const auto& p : c.ports) ports.add(port_json(p));
    return json::object()
        .set("kind", json::text(c.type == card::kind::element ? "element" : "service"))
        .set("name", json::text(c.name))
        .set("about", json::text(c.about))
        .set("cpp", json::text(c.cpp))
        .set("header", json::text(c.header))
        .set("generic", json::flag(c.is_generic))
        .set("function", json::flag(c.takes_function))
        .set("can_be_missing", json::flag(c.can_be_missing))
        .set("built", json::flag(c.is_built))
        .set("options", std::move(options))
        .set("ports", std::move(ports));
}

json list_json(const known& catalogue) {
    auto elements = json::list(), services = json::list();
    for (const auto& c : catalogue.elements()) elements.add(card_json(c));
    for (const auto& c : catalogue.services()) services.add(card_json(c));
    return json::object().set("elements", std::move(elements)).set("services", std::move(services));
}

// --- For people ------------------------------------------------------------------------------------------

void list_words(const std::string& title, const std::vector<card>& cards, table& into) {
    into.row({title});
    for (const auto& c : cards) into.row({"  " + c.name, c.about + (c.is_built ? "" : " (not built yet)")});
}

/// What one writes for an option, to begin with.
std::string sample_value(const schema& s) {
    using kind = schema::kind;
    if (!s.otherwise.empty()) return yaml_scalar(s.otherwise);
    switch (s.type) {
        case kind::boolean:
            return "true";
        case kind::integer:
        case kind::number:
            return s.range && s.range->least > 0 && s.range->least < 1e6 ? rtai::to_text(s.range->least)
                                                                         : "1";
        case kind::path:
            return "some.file";
        case kind::time:
            return "100ms";
        case kind::size:
            return "64KiB";
        case kind::rate:
            return "50Hz";
        case kind::choice:
            return s.choices.front();
        case kind::port:
            return "8080";
        case kind::secret:
            return "\"${SECRET}\"";
        case kind::pipeline:
            return "talk";
        case kind::list:
            return "[" + sample_value(s.item.front()) + "]";
        case kind::map:
            return "{ name: " + sample_value(s.item.front()) + " }";
        case kind::object: {
            std::string inside;
            for (const auto& f : s.fields)
                if (f.required) inside += (inside.empty() ? "" : ", ") + f.name + ": " + sample_value(f);
            return inside.empty() ? "{}" : "{ " + inside + " }";
        }
        default:
            return "something";
    }
}

/// A line to paste: what must be there, and the first option that need not be, for its form.
std::string sample(const card& c) {
    const bool service = c.type == card::kind::service;
    std::string name = c.name.substr(c.name.rfind('.') + 1);
    std::string line = (service ? "my_" : "") + name + ": { " + (service ? "kind: " : "use: ") + c.name;
    if (c.takes_function) line += ", function: \"my::function\", from: my.hpp";
    bool shown = false;
    for (const auto& f : c.options.fields) {
        const bool scalar = f.type != schema::kind::object && f.type != schema::kind::map;
        if (!f.required && (shown || service || !scalar)) continue;
        shown = shown || !f.required;
        line += ", " + f.name + ": " + sample_value(f);
    }
    return line + " }";
}

void option_rows(const std::vector<schema>& fields, const std::string& before, table& into) {
    for (const auto& f : fields) {
        std::string note = f.about;
        const auto add = [&](const std::string& more) {
            if (!more.empty()) note += (note.empty() ? "" : "; ") + more;
        };
        add(range_words(f));
        if (f.type == schema::kind::object) {
            into.row({before + f.name, f.required ? "map, needed" : "map", "", note});
            option_rows(f.fields, before + f.name + ".", into);
            continue;
        }
        const auto value = f.required ? "needed" : f.otherwise.empty() ? "" : "default " + f.otherwise;
        into.row({before + f.name, type_words(f), value, note});
    }
}

std::string card_words(const card& c) {
    std::string out = c.name + ": " + c.about + "\n";
    if (!c.is_built) out += "This version of rtai knows its options, and can not build it yet.\n";
    if (c.can_be_missing) out += "It may be missing on a machine: 'otherwise:' names another in its place.\n";
    if (c.takes_function)
        out += "It takes a C++ function of yours: 'function: my::function' and 'from: my.hpp'.\n";
    out += "\n  C++     " + c.cpp + (c.is_generic ? "<T>, for any stream" : "") + "\n  header  <" + c.header +
           ">\n";

    table options;
    option_rows(c.options.fields, "", options);
    out += "\noptions\n" + (c.options.fields.empty() ? "  none\n" : options.text("  "));

    table ports;
    for (const auto& p : c.ports) {
        const bool taken = p.is_input;
        ports.row({p.name, (taken ? "takes " : "gives ") + stream_words(p.type),
                   rtai::detail::joined(port_words(p), "; ")});
    }
    const bool service = c.type == card::kind::service;
    out += service ? "\nports, for a session's pipeline\n" : "\nports\n";
    out += c.ports.empty() ? "  none\n" : ports.text("  ");
    return out + "\n" + (service ? "under 'services:'\n  " : "under 'elements:'\n  ") + sample(c) + "\n";
}

int unknown(const std::string& name, const known& catalogue) {
    std::vector<std::string> names;
    for (const auto* all : {&catalogue.elements(), &catalogue.services()})
        for (const auto& c : *all) names.push_back(c.name);
    const auto near = nearest(name, names);
    std::cerr << "rtai: there is no element or kind of service '" << name << "'\n  "
              << did_you_mean(near, "'rtai elements' lists what there is") << "\n";
    return bad_spec;
}

}  // namespace

int elements_command(const std::string& name, const common_options& with) {
    const known catalogue(with.probe);
    if (name.empty()) {
        table all;
        list_words("elements", catalogue.elements(), all);
        all.row({""});
        list_words("services", catalogue.services(), all);
        if (with.json) std::cout << list_json(catalogue).print() << "\n";
        else std::cout << all.text("") << "\n'rtai elements NAME' says all about one.\n";
        return done;
    }
    const auto* c = catalogue.find(name);
    if (c == nullptr) c = catalogue.find_service(name);
    if (c == nullptr) return unknown(name, catalogue);
    std::cout << (with.json ? card_json(*c).print() + "\n" : card_words(*c));
    return done;
}

}  // namespace rtai::codegen
