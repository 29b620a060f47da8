#include <algorithm>
#include <cmath>
#include <iostream>
#include <rtai/data/units.hpp>
#include <rtai/graph/barge_in.hpp>
#include <rtai/graph/turn.hpp>

#include "commands.hpp"
#include "json.hpp"
#include "read.hpp"
#include "words.hpp"

namespace rtai::codegen {

namespace {

// Draft 07 is what editors know. A scalar may always be a text with ${NAME} in it instead, so most values are
// one of two forms.

json reference(const std::string& name) {
    return json::object().set("$ref", json::text("#/definitions/" + name));
}

json either(std::vector<json> forms) {
    auto list = json::list();
    for (auto& f : forms) list.add(std::move(f));
    return json::object().set("anyOf", std::move(list));
}

json pattern(const std::string& p) {
    return json::object().set("type", json::text("string")).set("pattern", json::text(p));
}

json choice(const std::vector<std::string>& all) { return json::object().set("enum", json::texts(all)); }

json constant_in(const std::string& key, const std::vector<std::string>& values) {
    return json::object()
        .set("properties", json::object().set(key, choice(values)))
        .set("required", json::list().add(json::text(key)));
}

template <std::size_t N>
std::string with_units(const unit (&units)[N], bool bare) {
    std::string names;
    for (const auto& u : units) names += (names.empty() ? "" : "|") + std::string(u.name);
    return "^[+]?([0-9]+([.][0-9]*)?|[.][0-9]+) *(" + names + ")" + (bare ? "?" : "") + "$|^0$";
}

constexpr const char* name_pattern = "^(?!.*__)[A-Za-z][A-Za-z0-9_]{0,63}$";
constexpr const char* whole_pattern = "^[+-]?[0-9]+$";
constexpr const char* number_pattern = "^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$";

json limited(const char* type, const schema& s) {
    auto j = json::object().set("type", json::text(type));
    constexpr double exact = 9e15;
    if (!s.range) return j;
    if (std::abs(s.range->least) < exact) j.set("minimum", json::number(s.range->least));
    if (std::abs(s.range->most) < exact) j.set("maximum", json::number(s.range->most));
    return j;
}

json schema_json(const schema& s);

json type_json(const schema& s) {
    using kind = schema::kind;
    switch (s.type) {
        case kind::any:
            return json::object();
        case kind::boolean:
            return either({json::object().set("type", json::text("boolean")), choice({"true", "false"}),
                           reference("variable")});
        case kind::integer:
        case kind::port:
            return either({limited("integer", s), pattern(whole_pattern), reference("variable")});
        case kind::number:
            return either({limited("number", s), pattern(number_pattern), reference("variable")});
        case kind::time:
            return reference("duration");
        case kind::size:
            return reference("size");
        case kind::rate:
            return reference("rate");
        case kind::choice:
            return either({choice(s.choices), reference("variable")});
        case kind::secret:
            return either({reference("variable"), json::object().set("const", json::text(""))});
        case kind::pipeline:
        case kind::service:
            return reference("name");
        case kind::list:
            return json::object()
                .set("type", json::texts(std::vector<std::string>{"array", "null"}))
                .set("items", schema_json(s.item.front()));
        case kind::map:
            return json::object()
                .set("type", json::texts(std::vector<std::string>{"object", "null"}))
                .set("additionalProperties", schema_json(s.item.front()));
        case kind::object:
            return json::object();
        default:
            return reference("text");
    }
}

/// The default as an editor can fill it in.
json default_json(const schema& s) {
    using kind = schema::kind;
    const bool plain =
        s.type == kind::boolean || s.type == kind::integer || s.type == kind::number || s.type == kind::port;
    return plain ? json::raw(s.otherwise) : json::text(s.otherwise);
}

std::string hover(const schema& s) {
    std::string out = s.about;
    const auto add = [&](const std::string& more) {
        if (!more.empty()) out += (out.empty() ? "" : "; ") + more;
    };
    if (s.type != schema::kind::object) add(type_words(s));
    add(range_words(s));
    if (!s.otherwise.empty()) add("default " + s.otherwise);
    return out;
}

/// Members, needed ones and nothing else; `more` stands before the schema's own.
json object_json(const schema& s, json properties, json needed, bool may_be_empty) {
    for (const auto& f : s.fields) {
        properties.set(f.name, schema_json(f));
        if (f.required) needed.add(json::text(f.name));
    }
    auto j = json::object();
    may_be_empty = may_be_empty && needed.empty();
    if (may_be_empty) j.set("type", json::texts(std::vector<std::string>{"object", "null"}));
    else j.set("type", json::text("object"));
    j.set("properties", std::move(properties));
    if (!needed.empty()) j.set("required", std::move(needed));
    return std::move(j.set("additionalProperties", json::flag(false)));
}

json described(json j, const std::string& about) {
    // Beside a $ref, draft 07 sees nothing else.
    return json::object().set("description", json::text(about)).set("allOf", json::list().add(std::move(j)));
}

json schema_json(const schema& s) {
    auto j =
        s.type == schema::kind::object ? object_json(s, json::object(), json::list(), true) : type_json(s);
    const auto about = hover(s);
    if (s.name.empty() || about.empty()) return j;
    auto out = described(std::move(j), about);
    if (!s.otherwise.empty()) out.set("default", default_json(s));
    return out;
}

// --- The language ----------------------------------------------------------------------------------------

/// Members of a part of the language, in the order of its table.
class language {
public:
    explicit language(const std::vector<key>& keys) : keys_(keys) {}
    language& is(const std::string& name, const json& j) {
        for (const auto& k : keys_)
            if (k.name == name) members_.set(name, described(j, k.about));
        return *this;
    }
    language& needs(const std::string& name) {
        needed_.add(json::text(name));
        return *this;
    }
    json properties() const { return members_; }
    /// All names, with whatever they hold: for where it is checked elsewhere.
    json names() const {
        auto all = json::object();
        for (const auto& k : keys_) all.set(k.name, json::flag(true));
        return all;
    }
    json build() const {
        auto j = json::object().set("type", json::text("object")).set("properties", members_);
        if (!needed_.empty()) j.set("required", needed_);
        return std::move(j.set("additionalProperties", json::flag(false)));
    }

private:
    const std::vector<key>& keys_;
    json members_ = json::object();
    json needed_ = json::list();
};

json map_of(json held) {
    return json::object()
        .set("type", json::texts(std::vector<std::string>{"object", "null"}))
        .set("propertyNames", reference("name"))
        .set("additionalProperties", std::move(held));
}

json types_json() {
    auto own = json::list();
    for (const auto& s : built_in_streams()) own.add(json::text(spec_type(s.type)));
    return either({json::object().set("enum", std::move(own)), pattern("::")});
}

json port_definition() {
    auto map = language(port_keys)
                   .is("type", types_json())
                   .is("rate", either({json::object()
                                           .set("type", json::text("number"))
                                           .set("minimum", json::number(8000))
                                           .set("maximum", json::number(48000)),
                                       pattern(with_units(rate_units, true))}))
                   .is("channels", json::object().set("enum", json::list()
                                                                  .add(json::raw("1"))
                                                                  .add(json::raw("2"))
                                                                  .add(json::text("1"))
                                                                  .add(json::text("2"))))
                   .is("encoding", choice({"s16", "f32"}))
                   .needs("type")
                   .build();
    return either({types_json(), std::move(map)});
}

/// Where a name of the catalogue or a pipeline's is to stand.
json use_json(const std::vector<card>& cards) {
    auto names = json::list();
    for (const auto& c : cards)
        names.add(json::object().set("const", json::text(c.name)).set("description", json::text(c.about)));
    names.add(json::object().set("type", json::text("string")).set("minLength", json::raw("1")));
    return json::object().set("anyOf", std::move(names));
}

json element_definition(const known& catalogue) {
    auto common = language(element_keys);
    common.is("use", use_json(catalogue.elements()))
        .is("from", pattern("."))
        .is("function", pattern("^[A-Za-z_:][A-Za-z0-9_:]*$"))
        .is("when", type_json(schema(schema::kind::boolean)))
        .is("otherwise", reference("element"));
    auto rules = json::list();
    for (const auto& c : catalogue.elements()) {
        auto condition = constant_in("use", {c.name, c.cpp});
        // With a header it is an element of the user's, whatever it is called; but map and filter have one
        // for their function.
        if (!c.takes_function)
            condition.set("not", json::object().set("required", json::list().add(json::text("from"))));
        auto needed = json::list();
        if (c.takes_function) needed.add(json::text("function")).add(json::text("from"));
        rules.add(json::object()
                      .set("if", std::move(condition))
                      .set("then", object_json(c.options, common.names(), std::move(needed), false)));
    }
    return json::object()
        .set("type", json::texts(std::vector<std::string>{"string", "object"}))
        .set("properties", common.properties())
        .set("required", json::list().add(json::text("use")))
        .set("if", json::object().set("type", json::text("object")))
        .set("then", json::object().set("allOf", std::move(rules)));
}

json line_definition() {
    const auto text = pattern("->");
    schema room(schema::kind::integer);
    room.range = range(1, 1'000'000);
    auto map = language(line_keys)
                   .is("line", text)
                   .is("capacity", type_json(room))
                   .is("policy", choice(policies))
                   .needs("line")
                   .build();
    return either({text, std::move(map)});
}

json pipeline_definition() {
    auto when = json::object().set(
        "when", described(pattern("^[A-Za-z0-9_.]+$"), "The port that tells of speech, such as vad.speech"));
    const auto interrupts = object_json(schema_of<rtai::barge_in::options>(), std::move(when),
                                        json::list().add(json::text("when")), false);
    return language(pipeline_keys)
        .is("about", reference("text"))
        .is("in", map_of(reference("port")))
        .is("out", map_of(reference("port")))
        .is("elements", map_of(reference("element")))
        .is("flow", json::object().set("type", json::text("array")).set("items", reference("line")))
        .is("barge_in", interrupts)
        .is("turn", object_json(schema_of<turn_options>(), json::object(), json::list(), true))
        .needs("flow")
        .build();
}

json service_definition(const known& catalogue) {
    auto kinds = json::list(), rules = json::list();
    std::vector<std::string> names;
    for (const auto& c : catalogue.services()) {
        names.push_back(c.name);
        kinds.add(json::object().set("const", json::text(c.name)).set("description", json::text(c.about)));
    }
    const auto kind = json::object()
                          .set("anyOf", std::move(kinds))
                          .set("description", json::text("What it is: " + rtai::detail::joined(names)));
    for (const auto& c : catalogue.services())
        rules.add(json::object()
                      .set("if", constant_in("kind", {c.name}))
                      .set("then", object_json(c.options, json::object().set("kind", json::flag(true)),
                                               json::list(), false)));
    return json::object()
        .set("type", json::text("object"))
        .set("properties", json::object().set("kind", kind))
        .set("required", json::list().add(json::text("kind")))
        .set("allOf", std::move(rules));
}

json process_definition() {
    return language(process_keys)
        .is("run", json::object().set("type", json::text("array")).set("items", reference("name")))
        .is("reach", map_of(reference("text")))
        .needs("run")
        .build();
}

json definitions(const known& catalogue) {
    const auto number = [] {
        return json::object().set("type", json::text("number")).set("minimum", json::number(0));
    };
    const auto zero = [] { return json::object().set("const", json::number(0)); };
    return json::object()
        .set("variable",
             described(pattern("\\$\\{"), "A text with ${NAME} or ${NAME:-default} in it, read at start"))
        .set("text",
             json::object().set("type", json::texts(std::vector<std::string>{"string", "number", "boolean"})))
        .set("name", pattern(name_pattern))
        .set("duration", either({pattern(with_units(duration_units, false)), zero(), reference("variable")}))
        .set("size", either({pattern(with_units(size_units, true)), number(), reference("variable")}))
        .set("rate", either({pattern(with_units(rate_units, true)), number(), reference("variable")}))
        .set("port", port_definition())
        .set("element", element_definition(catalogue))
        .set("line", line_definition())
        .set("pipeline", pipeline_definition())
        .set("service", service_definition(catalogue))
        .set("process", process_definition());
}

json import_json() {
    return either({pattern("."), json::object().set("type", json::text("array")).set("items", pattern("."))});
}

std::string schema_text() {
    const known catalogue;
    const auto root =
        language(spec_keys)
            .is("rtai", json::object().set("enum", json::list().add(json::raw("1")).add(json::text("1"))))
            .is("name", reference("name"))
            .is("about", reference("text"))
            .is("import", import_json())
            .is("headers", import_json())
            .is("pipelines", map_of(reference("pipeline")))
            .is("services", map_of(reference("service")))
            .is("processes", map_of(reference("process")))
            .is("stores", schema_json(store_schema()))
            .is("observe", schema_json(observe_schema()))
            .properties();
    return json::object()
               .set("$schema", json::text("http://json-schema.org/draft-07/schema#"))
               .set("title", json::text("A spec of rtai"))
               .set("type", json::text("object"))
               .set("properties", root)
               // What is imported has no name, so an editor can not ask for one; 'rtai check' does.
               .set("required", json::list().add(json::text("rtai")))
               .set("additionalProperties", json::flag(false))
               .set("definitions", definitions(catalogue))
               .print() +
           "\n";
}

}  // namespace

int schema_command(const std::string& out) {
    if (!out.empty()) return write_if_changed(out, schema_text()) ? done : cannot;
    std::cout << schema_text();
    return done;
}

}  // namespace rtai::codegen
