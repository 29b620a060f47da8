#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "emit.hpp"
#include "emit/code.hpp"
#include "emit/parts.hpp"

namespace rtai::codegen {

namespace {

bool has_options(const use& u) { return u.sub != nullptr || !u.what->options.fields.empty(); }

class pipeline_writer {
public:
    pipeline_writer(const spec& s, const plan& p) : spec_(s), plan_(p) {}

    data all() {
        data d;
        d.set("name", plan_.of->name.text);
        d.set("at", at(plan_.of->name.at));
        data about(data::type::list);
        if (!plan_.of->about.empty()) about << data("text", one_line(plan_.of->about));
        d.set("about", about);
        d.set("joins_turn", flag(plan_.joins_turn));

        options();
        d.set("groups", groups_);
        d.set("options", lines(options_, 8));
        d.set("has_options", flag(!options_.empty()));
        d.set("visits", lines(visits_, 12));

        // In the order in which they are constructed.
        ports();
        members();
        queues();
        flags();
        checks();
        data blocks(data::type::list);
        for (const auto& b : blocks_) blocks << data("lines", lines(b, 4));
        d.set("blocks", blocks);
        d.set("constructor", lines(constructor(), 4));

        std::vector<line> prepare;
        for (const auto& part : plan_.parts) append(prepare, prepare_of(part));
        d.set("has_prepare", flag(!prepare.empty()));
        d.set("prepare", lines(prepare, 8));
        d.set("found", std::any_of(prepare.begin(), prepare.end(),
                                   [](const line& l) { return l.code.find("found)") != std::string::npos; })
                           ? " found"
                           : "");

        const auto looked_at = looks();
        d.set("has_looks", flag(!looked_at.empty()));
        d.set("looks", lines(looked_at, 8));
        d.set("run", lines(run(), 8));
        return d;
    }

private:
    std::string at(const place& p) const { return cited(p, spec_); }

    static std::string one_line(std::string s) {
        std::replace(s.begin(), s.end(), '\n', ' ');
        return s;
    }

    // --- Options -----------------------------------------------------------------------------------------

    void options() {
        std::vector<line> when, otherwise, edges;
        for (const auto& part : plan_.parts) {
            if (part.from == nullptr) continue;
            const auto& e = *part.from;
            if (has_options(e.first)) {
                options_.emplace_back(part.cpp + "::options " + part.name + ";", at(part.at));
                visits_.emplace_back("visit(\"" + part.name + "\", &options::" + part.name + ");");
            }
            if (e.when) when.emplace_back("bool " + part.name + " = true;", at(e.when->at));
            if (e.otherwise && has_options(*e.otherwise))
                otherwise.emplace_back(cpp_of(*e.otherwise, e.stream, spec_) + "::options " + part.name + ";",
                                       at(e.otherwise->name.at));
        }
        for (const auto& q : plan_.queues) edges.emplace_back("rtai::edge_options " + q.name + ";", at(q.at));
        if (plan_.has_turn) {
            options_.emplace_back("rtai::turn_options turn;", at(plan_.of->turn_at()));
            visits_.emplace_back("visit(\"turn\", &options::turn);");
        }
        group("when", when);
        group("otherwise", otherwise);
        group("edges", edges);
        for (const auto& part : plan_.parts)
            if (part.from != nullptr && part.from->otherwise)
                options_.emplace_back("bool " + part.name + "_is_first = true;  // set by prepare");
    }

    /// Options of one kind of several elements: `when.vad`.
    void group(const std::string& name, const std::vector<line>& members) {
        if (members.empty()) return;
        data g;
        g.set("type", name + "_options");
        g.set("members", lines(members, 12));
        data v(data::type::list);
        for (const auto& m : members) {
            const auto end = m.code.find(" = ") != std::string::npos ? m.code.find(" = ") : m.code.size() - 1;
            const auto first = m.code.rfind(' ', end - 1) + 1;
            const auto n = m.code.substr(first, end - first);
            v << data("line", "visit(\"" + n + "\", &" + name + "_options::" + n + ");");
        }
        g.set("visits", v);
        groups_ << g;
        options_.emplace_back(name + "_options " + name + ";");
        visits_.emplace_back("visit(\"" + name + "\", &options::" + name + ");");
    }

    // --- Members -----------------------------------------------------------------------------------------

    void ports() {
        std::vector<line> ports;
        std::string described = "RTAI_DESCRIBE(" + plan_.of->name.text;
        for (const auto& b : plan_.of->ports) {
            ports.emplace_back(
                (b.is_input ? "rtai::input<" : "rtai::output<") + b.type.text + "> " + b.name.text + ";",
                at(b.name.at));
            described += ", " + b.name.text;
        }
        ports.emplace_back(described + ")");
        for (const auto& [name, f] : plan_.formats)
            ports.emplace_back("static constexpr rtai::audio_format " + name + "_format" + format_text(f) +
                               ";");
        blocks_.push_back(ports);
    }

    void members() {
        std::vector<line> members;
        if (plan_.has_turn) {
            members.emplace_back("rtai::turn turn;", at(plan_.of->turn_at()));
            inits_.emplace_back("turn(o.turn)");
        }
        for (const auto& part : plan_.parts) {
            members.emplace_back(part.cpp + " " + part.name + ";", at(part.at));
            if (part.from == nullptr) continue;
            const auto& e = *part.from;
            if (part.cpp == "rtai::barge_in") inits_.push_back("barge_in(o.barge_in, turn)");
            else if (has_options(e.first)) inits_.push_back(part.name + "(o." + part.name + ")");
            if (!e.otherwise) continue;
            members.emplace_back(cpp_of(*e.otherwise, e.stream, spec_) + " " + part.name + "_otherwise;",
                                 at(e.otherwise->name.at));
            if (has_options(*e.otherwise))
                inits_.push_back(part.name + "_otherwise(o.otherwise." + part.name + ")");
        }
        blocks_.push_back(members);
    }

    void queues() {
        std::vector<line> channels;
        for (const auto& q : plan_.queues) {
            channels.emplace_back("rtai::edge<" + q.type + ", rtai::" + q.policy + "> " + q.name + ";",
                                  at(q.at));
            inits_.push_back(q.name + "(o.edges." + q.name + (q.format ? ", " + format_text(*q.format) : "") +
                             ")");
        }
        if (!channels.empty()) blocks_.push_back(channels);
    }

    void flags() {
        std::vector<line> flags;
        for (const auto& part : plan_.parts) {
            if (part.from == nullptr) continue;
            if (part.from->otherwise) {
                flags.emplace_back("bool " + part.name + "_is_first;");
                inits_.push_back(part.name + "_is_first(o." + part.name + "_is_first)");
            } else if (part.from->when) {
                flags.emplace_back("bool " + part.name + "_is_wanted;");
                inits_.push_back(part.name + "_is_wanted(o.when." + part.name + ")");
            }
        }
        if (plan_.joins_turn) flags.emplace_back("rtai::turn* outer_turn = nullptr;");
        if (!flags.empty()) blocks_.push_back(flags);
    }

    /// What the compiler is to see, too, and to tell with the line of the spec.
    void checks() {
        std::vector<line> checks;
        for (const auto& q : plan_.queues)
            for (const auto& f : q.from) {
                const auto from = plan_.parts[f.part].name + "." + f.port,
                           to = plan_.parts[q.to.part].name + "." + q.to.port;
                append(checks, wrapped("static_assert(",
                                       {"rtai::fits<decltype(" + from + "), decltype(" + to + ")>",
                                        "\"" + at(q.at) + ": " + from + " -> " + to + "\""},
                                       ");", 4));
            }
        for (const auto& h : plan_.hand_overs) {
            const auto inner = plan_.parts[h.inner.part].name + "." + h.inner.port;
            const auto& outer = h.outer->name.text;
            append(checks,
                   wrapped("static_assert(",
                           {"rtai::continues<decltype(" + outer + "), decltype(" + inner + ")>",
                            "\"" + at(h.at) + ": " +
                                (h.outer->is_input ? outer + " -> " + inner : inner + " -> " + outer) + "\""},
                           ");", 4));
        }
        if (!checks.empty()) blocks_.push_back(checks);
    }

    std::vector<line> constructor() const {
        const auto& name = plan_.of->name.text;
        if (inits_.empty()) return {line("explicit " + name + "(const options&) {}")};
        const std::string head = "explicit " + name + "(const options& o)";
        std::string flat;
        for (const auto& i : inits_) flat += (flat.empty() ? ": " : ", ") + i;
        if (4 + head.size() + 1 + flat.size() + 3 <= line_width) return {line(head + " " + flat + " {}")};
        if (8 + flat.size() + 3 <= line_width) return {line(head), line("    " + flat + " {}")};
        std::vector<line> out{line(head)};
        for (std::size_t i = 0; i < inits_.size(); ++i)
            out.emplace_back((i == 0 ? "    : " : "      ") + inits_[i] +
                             (i + 1 < inits_.size() ? "," : " {}"));
        return out;
    }

    // --- Functions ---------------------------------------------------------------------------------------

    std::vector<line> prepare_of(const part& p) const {
        std::vector<line> out;
        if (p.from == nullptr) return out;
        const auto& e = *p.from;
        const auto need = [&](const use& u, const std::string& options, const std::string& before) {
            if (u.sub != nullptr) {
                if (has_prepare(*u.sub))
                    out.emplace_back(before + cpp_of(u, e.stream, spec_) + "::prepare(" + options +
                                     ", found);");
            } else if (u.what->can_be_missing) {
                append(out, wrapped(before + "rtai::need<" + cpp_of(u, e.stream, spec_) + ">(",
                                    {options, "\"" + p.name + "\"", "\"" + at(u.name.at) + "\"", "found"},
                                    ");", 8));
            }
        };
        if (e.otherwise) {
            std::string first = e.when ? "o.when." + p.name : "true";
            if (e.first.what != nullptr && e.first.what->can_be_missing)
                first = (e.when ? first + " && " : "") + "rtai::available<" +
                        cpp_of(e.first, e.stream, spec_) + ">(o." + p.name + ").ok()";
            out.emplace_back("o." + p.name + "_is_first = " + first + ";");
            if (e.first.sub != nullptr) need(e.first, "o." + p.name, "if (o." + p.name + "_is_first) ");
            need(*e.otherwise, "o.otherwise." + p.name, "if (!o." + p.name + "_is_first) ");
        } else {
            need(e.first, "o." + p.name, e.when ? "if (o.when." + p.name + ") " : "");
        }
        return out;
    }

    std::vector<line> looks() const {
        std::vector<line> looks;
        for (const auto& q : plan_.queues) {
            std::string from;
            for (const auto& f : q.from)
                from += (from.empty() ? "\"" : ", \"") + plan_.parts[f.part].name + "\"";
            append(looks, wrapped("look(",
                                  {"rtai::edge_ends(\"" + q.name + "\", {" + from + "}, \"" +
                                       plan_.parts[q.to.part].name + "\")",
                                   q.name},
                                  ");", 8));
        }
        for (const auto& part : plan_.parts)
            if (part.from != nullptr && part.from->first.sub != nullptr &&
                !part.from->first.sub->wires.empty())
                looks.emplace_back("rtai::look_into(" + part.name + ", \"" + part.name + "\", look);");
        return looks;
    }

    std::vector<line> run() const {
        std::vector<line> run;
        const auto connect = [&](const part_port& inner, const std::string& before, const std::string& after,
                                 const std::string& cite) {
            const auto& part = plan_.parts[inner.part];
            if (part.from == nullptr || !part.from->otherwise) {
                run.emplace_back(before + part.name + "." + inner.port + after, cite);
                return;
            }
            run.emplace_back(
                "if (" + part.name + "_is_first) " + before + part.name + "." + inner.port + after, cite);
            run.emplace_back("else " + before + part.name + "_otherwise." + inner.port + after);
        };
        for (const auto& h : plan_.hand_overs)
            connect(h.inner, "", ".take(" + h.outer->name.text + ");", at(h.at));
        for (const auto& q : plan_.queues) {
            for (const auto& f : q.from) connect(f, q.name + ".from(", ");", at(q.at));
            connect(q.to, q.name + ".into(", ");", at(q.at));
        }
        std::vector<std::string> all;
        for (const auto& part : plan_.parts) {
            all.push_back(part.name);
            if (part.from != nullptr && part.from->otherwise) all.push_back(part.name + "_otherwise");
        }
        for (const auto& q : plan_.queues) all.push_back(q.name);
        if (plan_.has_turn) {
            all.insert(all.begin(), "turn");
            append(run, wrapped("rtai::belong_to(", all, ");", 8));
        } else if (plan_.joins_turn) {
            all.insert(all.begin(), "*outer_turn");
            append(run, wrapped("if (outer_turn != nullptr) rtai::belong_to(", all, ");", 8));
        }
        std::vector<std::string> plays;
        for (const auto& part : plan_.parts) {
            const auto where = ", \"" + part.name + " (" + at(part.at) + ")\")";
            if (part.from != nullptr && part.from->otherwise)
                plays.push_back("rtai::play_either(" + part.name + "_is_first, " + part.name + ", " +
                                part.name + "_otherwise" + where);
            else if (part.from != nullptr && part.from->when)
                plays.push_back("rtai::play_if(" + part.name + "_is_wanted, " + part.name + where);
            else plays.push_back("rtai::play(" + part.name + where);
        }
        std::string flat = "co_await rtai::join(";
        for (const auto& one : plays) flat += (&one == &plays.front() ? "" : ", ") + one;
        if (flat.size() + 10 <= line_width) {
            run.emplace_back(flat + ");");
            return run;
        }
        run.emplace_back("std::vector<rtai::task<>> work;");
        for (const auto& one : plays) run.emplace_back("work.push_back(" + one + ");");
        run.emplace_back("co_await rtai::join(std::move(work));");
        return run;
    }

    const spec& spec_;
    const plan& plan_;
    std::vector<line> options_, visits_;
    data groups_{data::type::list};
    std::vector<std::vector<line>> blocks_;
    std::vector<std::string> inits_;  ///< of the constructor
};

}  // namespace

bool has_prepare(const pipeline& p) {
    return std::any_of(p.elements.begin(), p.elements.end(), [](const auto& e) {
        if (e->otherwise) return true;
        return e->first.sub != nullptr ? has_prepare(*e->first.sub) : e->first.what->can_be_missing;
    });
}

std::string pipelines_header(const spec& s, const plans& p) {
    includes headers(s);
    data pipelines(data::type::list);
    for (const auto& one : p.all) {
        pipelines << pipeline_writer(s, one).all();
        for (const auto& part : one.parts) {
            headers.add(part.header);
            if (part.from == nullptr) continue;
            for (const auto* u : part.from->uses()) {
                headers.add(u->header);
                if (!u->function.empty()) headers.add(header_path(u->from));
            }
        }
    }
    data d = about_spec(s);
    d.set("includes", headers.list());
    d.set("pipelines", pipelines);
    return render("pipelines.hpp", d);
}

}  // namespace rtai::codegen
