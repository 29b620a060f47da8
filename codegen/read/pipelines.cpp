#include <algorithm>
#include <map>
#include <memory>
#include <rtai/data/check.hpp>
#include <rtai/data/nearest.hpp>
#include <rtai/data/units.hpp>
#include <string>
#include <utility>
#include <vector>

#include "read/names.hpp"
#include "read/reading.hpp"

namespace rtai::codegen {

namespace {

class pipeline_reader {
public:
    explicit pipeline_reader(reading& r) : r_(r), found_(r.found) {}

    void read(const value::member& m) {
        auto p = std::make_unique<pipeline>();
        p->name = name_word(found_, m.name, m.name_at, "pipeline");
        refuse_taken(found_, m, "pipeline", r_.into.name.text);
        const auto [before, is_new] = r_.pipelines.emplace(m.name, m.name_at);
        if (!is_new)
            found_.error(m.name_at, "there are two pipelines called '" + m.name + "'",
                         "the first is at " + before->second.text());
        body(*p, m.held);
        if (is_new) r_.into.pipelines.push_back(std::move(p));
    }

private:
    void body(pipeline& p, const value& v) {
        if (!v.is_map()) {
            found_.error(v.is_nothing()  ? p.name.at
                         : v.is_scalar() ? v.at
                                         : start_of(v),
                         "a pipeline is a map with 'elements' and 'flow', not " + described_kind(v),
                         "for instance '" + p.name.text +
                             ": { elements: { tone: tone, file: wav_sink }, flow: [tone -> file] }'");
            p.sound = p.has_all_wires = false;
            return;
        }
        const auto meant = known_keys(found_, v, pipeline_keys, "a pipeline");
        if (const auto* about = v.find("about")) p.about = text_of(found_, *about, "about").text;
        const bool ins =
            each_member(found_, v, "in", "mic: audio", [&](const value::member& m) { port_of(p, m, true); });
        const bool outs = each_member(found_, v, "out", "speaker: audio",
                                      [&](const value::member& m) { port_of(p, m, false); });
        const bool elements = each_member(found_, v, "elements", "screen: console_sink",
                                          [&](const value::member& m) { element_of(p, m); });
        if (!ins || !outs || !elements || meant.contains("in") || meant.contains("out") ||
            meant.contains("elements"))
            p.sound = p.has_all_names = false;
        p.flow_at = v.at;
        const auto* flow = v.find("flow");
        if (flow != nullptr || !meant.contains("flow")) read_flow(found_, p, flow);
        else p.sound = p.has_all_wires = false;
        if (const auto* b = v.find("barge_in")) barge_in_of(p, *b);
        if (const auto* t = v.find("turn")) p.turn = *t;
    }

    void port_of(pipeline& p, const value::member& m, bool is_input) {
        boundary b;
        b.name = name_word(found_, m.name, m.name_at, "port");
        b.is_input = is_input;
        refuse_reserved(found_, m);
        taken(p, m);
        ports_.emplace(m.name, m.name_at);
        const value* type = &m.held;
        if (m.held.is_map()) {
            const auto meant = known_keys(found_, m.held, port_keys, "a port");
            type = m.held.find("type");
            if (type == nullptr && !meant.contains("type"))
                found_.error(m.name_at, "port '" + m.name + "' does not say its type",
                             "for instance { type: audio, rate: 16kHz }");
            format_of_port(b, m.held);
        }
        if (type != nullptr && type->is_scalar() && !type->text.empty())
            b.type = word(cpp_type(type->text), type->at);
        else if (type != nullptr && type->is_nothing())
            found_.error(m.name_at, "port '" + m.name + "' does not say its type",
                         "for instance '" + m.name + ": audio'");
        else if (type != nullptr)
            found_.error(start_of(*type),
                         "port '" + m.name + "' takes the name of a type, not " +
                             (type->is_scalar() ? "an empty text" : described_kind(*type)),
                         "for instance '" + m.name + ": text'");
        if (b.type.empty()) p.sound = false;
        p.ports.push_back(std::move(b));
    }

    void format_of_port(boundary& b, const value& v) {
        const auto scalar = [&](const char* what) -> const value* {
            const auto* f = v.find(what);
            if (f == nullptr) return nullptr;
            if (f->is_scalar() && !has_variables(f->text)) return f;
            if (f->is_scalar())
                found_.error(f->at, std::string("'") + what + "' can not come from a variable",
                             "it is compiled into the program: write the value itself");
            else
                found_.error(f->at, std::string("'") + what + "' takes one value, not " + described_kind(*f));
            return nullptr;
        };
        if (const auto* f = scalar("rate")) {
            const auto rate = parse_rate(f->text);
            if (rate && rate->value >= 8000 && rate->value <= 48000)
                b.format.rates = {static_cast<std::uint32_t>(rate->value)};
            else
                found_.error(f->at,
                             rate ? "'rate' is " + f->text + ", out of its range"
                                  : "'rate' takes a sample rate such as 16kHz, not " + quoted_text(f->text),
                             rate || !parse_number(f->text)
                                 ? "it may be from 8kHz to 48kHz"
                                 : "add a unit: " + f->text + "Hz or " + f->text + "kHz");
        }
        if (const auto* f = scalar("channels")) {
            if (f->text == "1" || f->text == "2")
                b.format.channels = {static_cast<std::uint8_t>(f->text[0] - '0')};
            else found_.error(f->at, "'channels' takes 1 or 2, not " + quoted_text(f->text));
        }
        if (const auto* f = scalar("encoding")) {
            if (f->text == "s16" || f->text == "f32")
                b.format.encodings = {f->text == "s16" ? encoding::s16 : encoding::f32};
            else found_.error(f->at, "'encoding' takes s16 or f32, not " + quoted_text(f->text));
        }
    }

    void element_of(pipeline& p, const value::member& m) {
        auto e = std::make_unique<element>();
        e->name = name_word(found_, m.name, m.name_at, "element");
        refuse_reserved(found_, m);
        taken(p, m);
        if (!use_of(e->first, m.held, m.name_at, m.name)) p.sound = false;
        if (m.held.is_map()) {
            if (const auto* w = m.held.find("when")) {
                schema yes_or_no(schema::kind::boolean);
                checker(found_).check(yes_or_no, *w, "when");
                e->when = *w;
            }
            if (const auto* o = m.held.find("otherwise"))
                if (!use_of(e->otherwise.emplace(), *o, o->at, m.name)) p.sound = false;
        }
        p.elements.push_back(std::move(e));
    }

    bool use_of(use& u, const value& v, const place& at, const std::string& name) {
        u.options = value(value::kind::map, v.at);
        if (v.is_scalar()) {
            u.name = word(v.text, v.at);
            return true;
        }
        if (!v.is_map()) {
            found_.error(v.is_nothing() ? at : v.at,
                         v.is_nothing() ? "element '" + name + "' does not say what it is"
                                        : "an element is a name or a map, not " + described_kind(v),
                         "write '" + name + ": console_sink', or '" + name +
                             ": { use: console_sink }' with its options");
            return false;
        }
        for (const auto& m : v.members) {
            if (m.name == "use") u.name = text_of(found_, m.held, "use");
            else if (m.name == "from") u.from = text_of(found_, m.held, "from");
            else if (m.name == "function") u.function = text_of(found_, m.held, "function");
            else if (m.name != "when" && m.name != "otherwise") u.options.members.push_back(m);
        }
        u.options.at = at;
        if (v.find("use") == nullptr) {
            const auto like_use =
                std::find_if(v.members.begin(), v.members.end(), [](const value::member& m) {
                    return nearest(m.name, std::vector<std::string>{"use"}) == "use";
                });
            if (like_use != v.members.end())
                found_.error(like_use->name_at, "an element has no " + quoted_text(like_use->name),
                             "did you mean 'use'?");
            else
                found_.error(at, "element '" + name + "' does not say what it is",
                             "add 'use:' with the name of an element; 'rtai elements' lists them");
            return false;
        }
        return !u.name.empty();
    }

    void barge_in_of(pipeline& p, const value& v) {
        if (!v.is_map()) {
            found_.error(v.at, "'barge_in' takes a map, not " + described_kind(v),
                         "write { when: vad.speech }, the port that tells of speech");
            p.sound = p.has_all_wires = false;
            return;
        }
        p.barge_in = value(value::kind::map, v.at);
        for (const auto& m : v.members) {
            if (m.name == "when") p.barge_in_when = text_of(found_, m.held, "when");
            else p.barge_in->members.push_back(m);
        }
        if (v.find("when") == nullptr) {
            found_.error(start_of(v), "'barge_in' does not say when",
                         "add 'when: vad.speech', a port that sends moments");
            p.sound = p.has_all_wires = false;
        }
    }

    void taken(pipeline& p, const value::member& m) {
        const auto port = ports_.find(m.name);
        if (port == ports_.end()) return;
        found_.error(m.name_at, "'" + m.name + "' is the name of a port already",
                     "it is at " + port->second.text() + "; call one of them otherwise");
        p.sound = p.has_all_names = false;
    }

    reading& r_;
    problems& found_;
    std::map<std::string, place> ports_;  ///< where those names are
};

}  // namespace

void read_pipeline(reading& r, const value::member& m) { pipeline_reader(r).read(m); }

}  // namespace rtai::codegen
