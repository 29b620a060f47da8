#include <algorithm>
#include <functional>
#include <iostream>
#include <rtai/data/config.hpp>
#include <rtai/data/nearest.hpp>
#include <rtai/data/variables.hpp>

#include "check.hpp"
#include "commands.hpp"
#include "emit.hpp"
#include "guess.hpp"
#include "words.hpp"

namespace rtai::codegen {

namespace {

/// As the environment has it: RTAI__TALK__VAD__THRESHOLD.
std::string environment_name(const std::string& path) {
    std::string out = "RTAI__";
    for (const char c : path)
        if (c == '.') out += "__";
        else out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return out;
}

std::string count_of(std::size_t n, const std::string& what) {
    return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

std::string first_line(const std::string& title, const place& at, const spec& s) {
    return title + "  (" + cited(at, s) + ")\n";
}

class explainer {
public:
    explicit explainer(const loaded& l) : spec_(l.s), plans_(l.p) {}

    /// Everything that a name can mean, as "talk.vad" and what there is to say of it.
    struct topic {
        std::string name;
        std::function<std::string()> say;
    };

    std::vector<topic> topics() const {
        std::vector<topic> all;
        for (const auto& s : spec_.services)
            all.push_back({s->name.text, [this, one = s.get()] { return of_service(*one); }});
        for (const auto& p : spec_.pipelines) {
            const auto* made = plans_.of(p.get());
            const auto before = p->name.text + ".";
            all.push_back({p->name.text, [this, made] { return of_pipeline(*made); }});
            for (const auto& b : p->ports)
                all.push_back(
                    {before + b.name.text, [this, made, port = &b] { return of_boundary(*made, *port); }});
            for (std::size_t i = 0; i < made->parts.size(); ++i)
                all.push_back({before + made->parts[i].name, [this, made, i] { return of_part(*made, i); }});
            for (const auto& q : made->queues)
                all.push_back({before + q.name, [this, made, one = &q] { return of_queue(*made, *one); }});
        }
        return all;
    }

private:
    // --- Where settings are ------------------------------------------------------------------------------

    /// Where the program finds the values of a pipeline: under its name, and inside those that use it.
    std::vector<std::string> settings_of(const pipeline& p) const {
        std::vector<std::string> all;
        for (const auto& s : spec_.services)
            for (const auto& [run, ignored] : s->pipelines)
                if (run == &p && std::find(all.begin(), all.end(), p.name.text) == all.end())
                    all.push_back(p.name.text);
        for (const auto& outer : spec_.pipelines)
            for (const auto& e : outer->elements) {
                const bool first = e->first.sub == &p, second = e->otherwise && e->otherwise->sub == &p;
                if (!first && !second) continue;
                for (const auto& before : settings_of(*outer)) {
                    if (first) all.push_back(before + "." + e->name.text);
                    if (second) all.push_back(before + ".otherwise." + e->name.text);
                }
            }
        return all;
    }

    static std::string how_to_set(const std::vector<std::string>& paths, const std::string& what) {
        if (paths.empty())
            return "  no service runs this pipeline, so its values are those of its C++ options\n";
        std::string out;
        for (const auto& p : paths)
            out += "  --set " + p + "." + what + "=...  or  " + environment_name(p + "." + what) + "=...\n";
        return out;
    }

    // --- Options -----------------------------------------------------------------------------------------

    struct option_list {
        table rows;
        std::string first;  ///< one that can be set, for an example
    };

    void options_in(const schema& s, const value* given, const std::string& before, option_list& into) const {
        for (const auto& f : s.fields) {
            const auto* v = given != nullptr && given->is_map() ? given->find(f.name) : nullptr;
            const auto name = before + f.name;
            if (f.type == schema::kind::object) {
                options_in(f, v, name + ".", into);
                continue;
            }
            if (into.first.empty()) into.first = name;
            std::string note = f.about;
            if (const auto r = range_words(f); !r.empty()) note += (note.empty() ? "" : "; ") + r;
            into.rows.row({name, v != nullptr ? written(f, *v) : usual(f),
                           v != nullptr ? cited(v->at, spec_) : "default", type_words(f), note});
        }
    }

    static std::string usual(const schema& f) {
        if (f.required) return "?";
        return f.otherwise.empty() ? "-" : yaml_scalar(f.otherwise);
    }

    /// A secret is shown as the variable that holds it, or not at all.
    static std::string written(const schema& f, const value& v) {
        if (!holds_secret(f)) return yaml_line(v);
        if (f.type == schema::kind::secret && v.is_scalar() && rtai::detail::is_only_a_variable(v.text))
            return v.text;
        return "***";
    }

    std::string options_text(const schema& s, const value& given,
                             const std::vector<std::string>& paths) const {
        option_list list;
        options_in(s, &given, "", list);
        if (list.first.empty()) return "\noptions\n  none\n";
        return "\noptions\n" + list.rows.text("  ") + how_to_set(paths, list.first);
    }

    // --- Wires -------------------------------------------------------------------------------------------

    static std::string end_text(const plan& p, const part_port& e) {
        return p.parts[e.part].name + "." + e.port;
    }

    static const wire* wire_of(const plan& p, const queue& q) {
        for (const auto& w : p.of->wires)
            if (w.at.text() == q.at.text()) return &w;
        return nullptr;
    }

    /// Whether what the wire says is about this queue: one beside a part that the plan put in has its own.
    static bool is_written(const plan& p, const queue& q) {
        const auto* w = wire_of(p, q);
        return w != nullptr && w->policy && w->policy->text == q.policy &&
               (w->to.part == nullptr || p.parts[q.to.part].from == w->to.part);
    }

    std::string why(const plan& p, const queue& q) const {
        const auto type = spec_type(q.type);
        std::string out = q.policy == "latest" ? "one value" : count_of_values(capacity_text(q, *p.of));
        if (q.policy != "latest") out += q.capacity_is_default ? ", as usual for " + type : ", as written";
        out += "; " + policy_words(q.policy);
        if (is_written(p, q)) out += ", as written";
        else if (q.policy == "block" && q.type == "rtai::audio") out += ", for its maker can wait";
        else out += ", as usual for " + type;
        return out;
    }

    static std::string count_of_values(const std::string& n) { return n + (n == "1" ? " value" : " values"); }

    static std::string policy_words(const std::string& policy) {
        if (policy == "drop_oldest") return "when full, the oldest is dropped";
        if (policy == "drop_newest") return "when full, what comes is dropped";
        if (policy == "latest") return "only the latest is kept";
        return "when full, the sender waits";
    }

    static std::string formatted(const std::string& type, const std::optional<audio_format>& f) {
        return spec_type(type) + (f ? " " + to_text(*f) : "");
    }

    static std::optional<audio_format> format_of(const plan& p, const boundary& b) {
        for (const auto& [name, f] : p.formats)
            if (name == b.name.text) return f;
        return std::nullopt;
    }

    /// "into 'tele', which turns 48kHz stereo s16 into 16kHz mono s16: 'sink' takes 16kHz"
    std::string conversion(const plan& p, std::size_t part) const {
        std::optional<audio_format> from, to;
        std::string taker, wish;
        for (const auto& q : p.queues) {
            if (q.to.part == part) from = q.format;
            for (const auto& f : q.from)
                if (f.part == part) {
                    to = q.format;
                    taker = end_text(p, q.to);
                    wish = wish_of(p, q.to);
                }
        }
        for (const auto& h : p.hand_overs)
            if (h.inner.part == part) {
                (h.outer->is_input ? from : to) = format_of(p, *h.outer);
                if (h.outer->is_input) continue;
                taker = h.outer->name.text;
                wish = format_words(h.outer->format);
            }
        if (!from || !to) return {};
        std::string out = "turns " + to_text(*from) + " into " + to_text(*to);
        if (!taker.empty() && wish != "any format") out += ", for '" + taker + "' takes " + wish;
        return out;
    }

    static const port_card* card_of(const part& p, const std::string& port) {
        if (p.from == nullptr) return nullptr;
        for (const auto& c : p.from->first.ports)
            if (c.name == port) return &c;
        return nullptr;
    }

    static std::string wish_of(const plan& p, const part_port& to) {
        const auto* c = card_of(p.parts[to.part], to.port);
        return c != nullptr ? format_words(c->format) : "any format";
    }

    /// Every wire at a port, a line each.
    std::vector<std::string> wired(const plan& p, std::size_t part, const std::string& port) const {
        std::vector<std::string> all;
        const auto is = [&](const part_port& e) { return e.part == part && e.port == port; };
        const auto turned = [&](std::size_t other) {
            return p.parts[other].type == part::kind::convert ? ", which " + conversion(p, other)
                                                              : std::string();
        };
        for (const auto& h : p.hand_overs)
            if (is(h.inner))
                all.push_back(std::string(h.outer->is_input ? "from" : "to") + " the pipeline's own '" +
                              h.outer->name.text +
                              "', handed over: " + formatted(h.outer->type.text, format_of(p, *h.outer)));
        for (const auto& q : p.queues) {
            const auto what = ": " + formatted(q.type, q.format) + "; " + why(p, q) + " [" + q.name + "]";
            if (is(q.to)) {
                std::vector<std::string> from;
                for (const auto& f : q.from) from.push_back(end_text(p, f) + turned(f.part));
                all.push_back("from " + rtai::detail::joined(from, " and ") + what);
            }
            for (const auto& f : q.from)
                if (is(f)) all.push_back("to " + end_text(p, q.to) + turned(q.to.part) + what);
        }
        return all;
    }

    std::string port_text(const plan& p, std::size_t part, const port_card& c) const {
        auto typed = c;
        const auto* from = p.parts[part].from;
        if (c.type == "*" && from != nullptr && !from->stream.empty()) typed.type = from->stream;
        const auto words = port_words(typed);
        std::string out =
            "  " + c.name + ": " + (c.is_input ? "takes " : "gives ") + stream_words(typed.type);
        if (!words.empty()) out += " (" + rtai::detail::joined(words, "; ") + ")";
        out += "\n";
        const auto wires = wired(p, part, c.name);
        if (wires.empty()) out += "    not wired\n";
        for (const auto& w : wires) out += "    " + w + "\n";
        return out;
    }

    // --- What there is to say ----------------------------------------------------------------------------

    std::string use_text(const use& u, const std::string& cpp) const {
        if (u.sub != nullptr)
            return "  pipeline " + u.sub->name.text + " (" + cited(u.sub->name.at, spec_) + ")" +
                   (u.sub->about.empty() ? "" : ": " + u.sub->about) + "\n  C++: " + cpp + "\n";
        std::string out = "  " + u.name.text + (u.function.empty() ? "" : " " + u.function.text);
        // `barge_in` is of the language, and not in the catalogue.
        const auto& header = u.header.empty() ? u.what->header : u.header;
        if (!u.what->about.empty()) out += ": " + u.what->about;
        out += "\n  C++: " + cpp;
        if (!header.empty())
            out += ", in " + (header.starts_with("rtai/") ? "<" + header + ">" : u.from.text);
        return out + "\n";
    }

    std::string of_part(const plan& p, std::size_t index) const {
        const auto& part = p.parts[index];
        const auto full = p.of->name.text + "." + part.name;
        if (part.from == nullptr) return of_put_in(p, index);
        const auto& e = *part.from;
        auto out = first_line(full, e.name.at, spec_) + use_text(e.first, part.cpp);
        std::vector<std::string> paths, others, flags;
        for (const auto& s : settings_of(*p.of)) {
            paths.push_back(s + "." + part.name);
            flags.push_back(s + ".when");
            others.push_back(s + ".otherwise." + part.name);
        }
        if (e.when)
            out += "  when " + e.when->text + " (" + cited(e.when->at, spec_) +
                   "): " + (e.otherwise ? "if not, the other one below is used" : "if not, it is left out") +
                   "\n" + (flags.empty() ? "" : how_to_set(flags, part.name));
        if (e.first.sub == nullptr) out += options_text(options_schema(e.first), e.first.options, paths);
        else
            out += "\noptions\n  those of pipeline " + e.first.sub->name.text + ": 'rtai explain' of " +
                   e.first.sub->name.text + " and what is in it\n";
        if (e.otherwise) {
            out += "\notherwise (" + cited(e.otherwise->name.at, spec_) + ")\n" +
                   use_text(*e.otherwise, e.otherwise->sub != nullptr
                                              ? spec_.name.text + "::" + e.otherwise->sub->name.text
                                              : e.otherwise->what->cpp);
            if (e.otherwise->sub == nullptr)
                out += options_text(options_schema(*e.otherwise), e.otherwise->options, others);
        }
        out += "\nports\n";
        for (const auto& c : e.first.ports) out += port_text(p, index, c);
        if (e.first.ports.empty()) out += "  none\n";
        return out;
    }

    std::string of_put_in(const plan& p, std::size_t index) const {
        const auto& part = p.parts[index];
        auto out = first_line(p.of->name.text + "." + part.name, part.at, spec_);
        if (part.type == part::kind::convert)
            out += "  put in by the plan: it " + conversion(p, index) + "\n";
        else if (part.type == part::kind::tee)
            out += "  put in by the plan: one output has several wires, and each gets everything\n";
        else
            out +=
                "  put in by the plan: a port of the pipeline that can not be handed over to one element as "
                "it is\n";
        out += "  C++: " + part.cpp + ", in <" + part.header + ">\n\nports\n";
        for (const auto* port : {"in", "out"}) {
            const auto wires = wired(p, index, port);
            if (wires.empty()) continue;
            out += "  " + std::string(port) + "\n";
            for (const auto& w : wires) out += "    " + w + "\n";
        }
        return out;
    }

    std::string of_queue(const plan& p, const queue& q) const {
        auto out = first_line(p.of->name.text + "." + q.name, q.at, spec_);
        std::vector<std::string> from;
        for (const auto& f : q.from) from.push_back(end_text(p, f));
        out += "  a queue from " + rtai::detail::joined(from, " and ") + " to " + end_text(p, q.to) + "\n";
        out += "  " + formatted(q.type, q.format) + "\n  " + why(p, q) + "\n";
        if (q.from.size() > 1) out += "  its " + std::to_string(q.from.size()) + " senders share it\n";
        out += "\noptions\n";
        if (q.policy == "latest") return out + "  none: it keeps one value\n";
        out += "  edges." + q.name + ".capacity  " + capacity_text(q, *p.of) + "\n";
        return out + how_to_set(settings_of(*p.of), "edges." + q.name + ".capacity");
    }

    std::string of_boundary(const plan& p, const boundary& b) const {
        auto out = first_line(p.of->name.text + "." + b.name.text, b.name.at, spec_);
        out += std::string("  ") + (b.is_input ? "comes into" : "goes out of") + " pipeline " +
               p.of->name.text + ": " + formatted(b.type.text, format_of(p, b)) + "\n";
        if (b.type.text == "rtai::audio") out += "  the spec asks for " + format_words(b.format) + "\n";
        for (const auto& h : p.hand_overs)
            if (h.outer == &b)
                out += "  handed over " + std::string(b.is_input ? "to " : "from ") + end_text(p, h.inner) +
                       ": the queue is that of whoever is connected\n";
        return out;
    }

    std::string of_pipeline(const plan& p) const {
        const auto& of = *p.of;
        auto out = first_line("pipeline " + of.name.text, of.name.at, spec_);
        if (!of.about.empty()) out += "  " + of.about + "\n";
        out += "  C++: " + spec_.name.text + "::" + of.name.text + "\n";
        out += "  " + count_of(of.elements.size(), "element") + ", " + count_of(p.queues.size(), "queue") +
               ", " + count_of(p.conversions, "conversion") + "\n";
        for (const auto& s : spec_.services)
            for (const auto& [run, ignored] : s->pipelines)
                if (run == &of)
                    out += "  run by service " + s->name.text + " (" + cited(s->name.at, spec_) + ")\n";
        if (p.has_turn) out += "  it can be interrupted: 'barge_in' says when\n";

        out += "\nports\n";
        for (const auto& b : of.ports)
            out += "  " + b.name.text + ": " + (b.is_input ? "in, " : "out, ") +
                   formatted(b.type.text, format_of(p, b)) + "\n";
        if (of.ports.empty()) out += "  none\n";
        table parts, queues;
        for (const auto& one : p.parts) {
            const bool own = one.from != nullptr;
            parts.row({one.name, own ? one.from->first.name.text : "put in",
                       own                               ? ""
                       : one.type == part::kind::convert ? conversion(p, index_of(p, one))
                                                         : one.cpp});
        }
        for (const auto& q : p.queues) queues.row({q.name, formatted(q.type, q.format), queue_text(q, of)});
        out += "\nelements\n" + parts.text("  ") + "\nqueues\n" +
               (p.queues.empty() ? "  none\n" : queues.text("  "));
        if (of.turn || of.barge_in) {
            auto paths = settings_of(of);
            for (auto& path : paths) path += ".turn";
            out += "\nturn" + options_text(schema_of<turn_options>(),
                                           of.turn ? *of.turn : value(value::kind::map), paths);
        }
        const auto paths = settings_of(of);
        out += "\nsettings\n";
        if (paths.empty()) return out + how_to_set(paths, "");
        for (const auto& path : paths)
            out += "  --set " + path + ".ELEMENT.OPTION=...  or  " + environment_name(path) +
                   "__ELEMENT__OPTION=...\n";
        return out;
    }

    static std::size_t index_of(const plan& p, const part& one) {
        return static_cast<std::size_t>(&one - p.parts.data());
    }

    std::string of_service(const service& s) const {
        auto out = first_line("service " + s.name.text, s.name.at, spec_);
        out += "  " + s.kind.text + ": " + s.what->about + "\n  C++: " + s.what->cpp + ", in <" +
               s.what->header + ">\n";
        for (const auto& [p, at] : s.pipelines)
            out += "  runs pipeline " + p->name.text + " (" + cited(p->name.at, spec_) + ")\n";
        for (const auto& p : spec_.processes)
            for (const auto& n : p.services)
                if (n.text == s.name.text) out += "  in process " + p.name.text + "\n";
        out += options_text(s.what->options, s.options, {s.name.text});
        out += "\nports, for a session's pipeline\n";
        table ports;
        for (const auto& c : s.what->ports)
            ports.row({c.name, (c.is_input ? "takes " : "gives ") + stream_words(c.type)});
        return out + (s.what->ports.empty() ? "  none\n" : ports.text("  "));
    }

    const spec& spec_;
    const plans& plans_;
};

}  // namespace

int explain_command(const std::string& path, const std::string& node, const common_options& with) {
    known catalogue(with.probe);
    const auto l = load(path, catalogue);
    if (!tell(l.found, with)) return l.s.file == nullptr ? cannot : bad_spec;

    const explainer about(l);
    const auto all = about.topics();
    std::vector<const explainer::topic*> meant;
    std::vector<std::string> names, short_names, full;
    for (const auto& t : all) {
        const auto last = t.name.substr(t.name.rfind('.') + 1);
        names.push_back(t.name);
        short_names.push_back(last);
        if (t.name == node) meant.insert(meant.begin(), &t);
        else if (last == node) meant.push_back(&t);
    }
    // A whole name means that one alone.
    if (meant.size() > 1 && meant.front()->name == node) meant.erase(meant.begin() + 1, meant.end());
    if (meant.size() == 1) {
        std::cout << meant.front()->say();
        return done;
    }
    for (const auto* t : meant) full.push_back(t->name);
    auto near = nearest(node, node.find('.') == std::string::npos ? short_names : names);
    if (near.empty()) near = nearest(node, names);
    if (meant.empty()) {
        std::cerr << "rtai: " << path << " has no '" << node << "'\n  "
                  << did_you_mean(near, "it has: " + rtai::detail::joined(names)) << "\n";
    } else {
        std::cerr << "rtai: there are several called '" << node
                  << "'\n  say which: " << rtai::detail::joined(full, " or ") << "\n";
    }
    return bad_spec;
}

}  // namespace rtai::codegen
