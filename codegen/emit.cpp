#include "emit.hpp"

#include <algorithm>
#include <filesystem>
#include <kainjow/mustache.hpp>
#include <map>
#include <rtai/data/config.hpp>
#include <set>
#include <sstream>

#include "check.hpp"

namespace rtai::codegen {

namespace {

namespace fs = std::filesystem;
using mustache = kainjow::mustache::mustache;
using kainjow::mustache::data;

constexpr std::size_t line_width = 110;

/// A line of code, and the place of the spec that it comes from.
struct line {
    line(std::string c, std::string a = {})
        : code(std::move(c)), at(std::move(a)) {}  // NOLINT(google-explicit-constructor)
    std::string code;
    std::string at;
};

/// With the comments of neighbouring lines in one column, as clang-format puts them.
data lines(const std::vector<line>& all, std::size_t indent) {
    data list(data::type::list);
    for (std::size_t first = 0; first < all.size();) {
        std::size_t last = first, width = 0;
        while (last < all.size() && !all[last].at.empty()) width = std::max(width, all[last++].code.size());
        if (last == first) {
            list << data("line", all[first++].code);
            continue;
        }
        for (; first < last; ++first) {
            const auto& l = all[first];
            const auto pad = indent + width + 5 + l.at.size() <= line_width ? width - l.code.size() : 0;
            list << data("line", l.code + std::string(pad + 2, ' ') + "// " + l.at);
        }
    }
    return list;
}

/// `head(a, b, c)tail`, broken like clang-format breaks it where a line would be too long.
std::vector<line> wrapped(const std::string& head, const std::vector<std::string>& arguments,
                          const std::string& tail, std::size_t indent, const std::string& at = {}) {
    std::vector<line> out;
    const std::string margin(head.size(), ' ');
    std::string current = head;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string piece = arguments[i] + (i + 1 < arguments.size() ? "," : tail);
        const bool first = i == 0;
        if (!first && indent + current.size() + 1 + piece.size() > line_width) {
            out.emplace_back(current);
            current = margin + piece;
        } else {
            current += (first ? "" : " ") + piece;
        }
    }
    if (arguments.empty()) current += tail;
    out.emplace_back(current, at);
    return out;
}

void append(std::vector<line>& to, std::vector<line> more) {
    for (auto& l : more) to.push_back(std::move(l));
}

std::string number(std::uint32_t n) {
    auto text = std::to_string(n);
    if (text.size() > 3) text.insert(text.size() - 3, "'");
    return text;
}

std::string format_text(const audio_format& f) {
    return "{" + number(f.rate) + ", " + std::to_string(f.channels) +
           ", rtai::encoding::" + (f.encoding == encoding::s16 ? "s16" : "f32") + "}";
}

bool has_options(const use& u) { return u.sub != nullptr || !u.what->options.fields.empty(); }

class emitter {
public:
    emitter(const spec& s, const plans& p) : spec_(s), plans_(p) {}

    std::vector<generated_file> all() {
        std::vector<generated_file> files;
        files.push_back({spec_.name.text + ".hpp", header()});
        if (spec_.has_program) {
            files.push_back({spec_.name.text + ".cpp", program()});
            files.push_back({spec_.name.text + ".values.yaml", values()});
        }
        return files;
    }

private:
    std::string at(const place& p) const { return cited(p, spec_); }
    std::string spec_file() const { return fs::path(spec_.file->name).filename().string(); }

    data base() const {
        data d;
        d.set("spec", spec_file());
        d.set("name", spec_.name.text);
        d.set("format", std::to_string(generated_format));
        return d;
    }

    // --- Pipelines ---------------------------------------------------------------------------------------

    std::string header() {
        data d = base();
        std::set<std::string> own, users;
        for (const auto& p : plans_.all)
            for (const auto& part : p.parts) {
                add_header(part.header, own, users);
                if (part.from == nullptr) continue;
                add_use(part.from->first, own, users);
                if (part.from->otherwise) add_use(*part.from->otherwise, own, users);
            }
        data list(data::type::list);
        for (const auto& h : users) list << data("line", "\"" + h + "\"");
        for (const auto& h : own) list << data("line", "<" + h + ">");
        d.set("includes", list);
        data pipelines(data::type::list);
        for (const auto& p : plans_.all) pipelines << pipeline_data(p);
        d.set("pipelines", pipelines);
        return render("pipelines.hpp", d);
    }

    void add_use(const use& u, std::set<std::string>& own, std::set<std::string>& users) const {
        add_header(u.header, own, users);
        if (!u.function.empty()) add_header(header_path(u.from), own, users);
    }

    void add_header(const std::string& h, std::set<std::string>& own, std::set<std::string>& users) const {
        if (h.empty()) return;
        if (h.starts_with("rtai/")) own.insert(h);
        else
            users.insert(fs::path(h)
                             .lexically_relative(fs::path(spec_.file->name).parent_path().empty()
                                                     ? "."
                                                     : fs::path(spec_.file->name).parent_path())
                             .string());
    }

    std::string type_of(const use& u, const element& e) const {
        if (u.sub != nullptr) return spec_.name.text + "::" + u.sub->name.text;
        return u.what->is_generic ? u.what->cpp + "<" + e.stream + ">" : u.what->cpp;
    }

    data pipeline_data(const plan& p) {
        data d;
        d.set("name", p.of->name.text);
        d.set("at", at(p.of->name.at));
        data about(data::type::list);
        if (!p.of->about.empty()) about << data("text", one_line(p.of->about));
        d.set("about", about);

        std::vector<line> options, visits, constructor, prepare, run;
        data groups(data::type::list);
        std::vector<std::vector<line>> blocks;
        std::vector<std::string> inits;

        std::vector<line> when, otherwise, edges;
        for (const auto& part : p.parts) {
            if (part.from == nullptr) continue;
            const auto& e = *part.from;
            if (has_options(e.first)) {
                options.emplace_back(part.cpp + "::options " + part.name + ";", at(part.at));
                visits.emplace_back("visit(\"" + part.name + "\", &options::" + part.name + ");");
            }
            if (e.when) when.emplace_back("bool " + part.name + " = true;", at(e.when->at));
            if (e.otherwise && has_options(*e.otherwise))
                otherwise.emplace_back(type_of(*e.otherwise, e) + "::options " + part.name + ";",
                                       at(e.otherwise->name.at));
        }
        for (const auto& q : p.queues) edges.emplace_back("rtai::edge_options " + q.name + ";", at(q.at));
        if (p.has_turn) {
            options.emplace_back("rtai::turn_options turn;", at(p.of->turn_at()));
            visits.emplace_back("visit(\"turn\", &options::turn);");
        }
        const auto group = [&](const std::string& name, const std::vector<line>& members) {
            if (members.empty()) return;
            data g;
            g.set("type", name + "_options");
            g.set("members", lines(members, 12));
            data v(data::type::list);
            for (const auto& m : members) {
                const auto end =
                    m.code.find(" = ") != std::string::npos ? m.code.find(" = ") : m.code.size() - 1;
                const auto first = m.code.rfind(' ', end - 1) + 1;
                const auto n = m.code.substr(first, end - first);
                v << data("line", "visit(\"" + n + "\", &" + name + "_options::" + n + ");");
            }
            g.set("visits", v);
            groups << g;
            options.emplace_back(name + "_options " + name + ";");
            visits.emplace_back("visit(\"" + name + "\", &options::" + name + ");");
        };
        group("when", when);
        group("otherwise", otherwise);
        group("edges", edges);
        for (const auto& part : p.parts)
            if (part.from != nullptr && part.from->otherwise)
                options.emplace_back("bool " + part.name + "_is_first = true;  // set by prepare");
        d.set("groups", groups);
        d.set("options", lines(options, 8));
        d.set("has_options", options.empty() ? data::type::bool_false : data::type::bool_true);
        d.set("visits", lines(visits, 12));

        // Members, in the order of the spec.
        std::vector<line> ports;
        std::string described = "RTAI_DESCRIBE(" + p.of->name.text;
        for (const auto& b : p.of->ports) {
            ports.emplace_back(
                (b.is_input ? "rtai::input<" : "rtai::output<") + b.type.text + "> " + b.name.text + ";",
                at(b.name.at));
            described += ", " + b.name.text;
        }
        ports.emplace_back(described + ")");
        for (const auto& [name, f] : p.formats)
            ports.emplace_back("static constexpr rtai::audio_format " + name + "_format" + format_text(f) +
                               ";");
        blocks.push_back(ports);

        std::vector<line> members;
        if (p.has_turn) {
            members.emplace_back("rtai::turn turn;", at(p.of->turn_at()));
            inits.emplace_back("turn(o.turn)");
        }
        for (const auto& part : p.parts) {
            members.emplace_back(part.cpp + " " + part.name + ";", at(part.at));
            if (part.from == nullptr) continue;
            const auto& e = *part.from;
            if (part.cpp == "rtai::barge_in") inits.push_back("barge_in(o.barge_in, turn)");
            else if (has_options(e.first)) inits.push_back(part.name + "(o." + part.name + ")");
            if (!e.otherwise) continue;
            members.emplace_back(type_of(*e.otherwise, e) + " " + part.name + "_otherwise;",
                                 at(e.otherwise->name.at));
            if (has_options(*e.otherwise))
                inits.push_back(part.name + "_otherwise(o.otherwise." + part.name + ")");
        }
        blocks.push_back(members);

        std::vector<line> channels;
        for (const auto& q : p.queues) {
            channels.emplace_back("rtai::edge<" + q.type + ", rtai::" + q.policy + "> " + q.name + ";",
                                  at(q.at));
            inits.push_back(q.name + "(o.edges." + q.name + (q.format ? ", " + format_text(*q.format) : "") +
                            ")");
        }
        if (!channels.empty()) blocks.push_back(channels);

        std::vector<line> flags;
        for (const auto& part : p.parts) {
            if (part.from == nullptr) continue;
            if (part.from->otherwise) {
                flags.emplace_back("bool " + part.name + "_is_first;");
                inits.push_back(part.name + "_is_first(o." + part.name + "_is_first)");
            } else if (part.from->when) {
                flags.emplace_back("bool " + part.name + "_is_wanted;");
                inits.push_back(part.name + "_is_wanted(o.when." + part.name + ")");
            }
        }
        if (p.joins_turn) flags.emplace_back("rtai::turn* outer_turn = nullptr;");
        if (!flags.empty()) blocks.push_back(flags);

        std::vector<line> checks;
        for (const auto& q : p.queues)
            for (const auto& f : q.from) {
                const auto from = p.parts[f.part].name + "." + f.port,
                           to = p.parts[q.to.part].name + "." + q.to.port;
                append(checks, wrapped("static_assert(",
                                       {"rtai::fits<decltype(" + from + "), decltype(" + to + ")>",
                                        "\"" + at(q.at) + ": " + from + " -> " + to + "\""},
                                       ");", 4));
            }
        for (const auto& h : p.hand_overs) {
            const auto inner = p.parts[h.inner.part].name + "." + h.inner.port;
            const auto& outer = h.outer->name.text;
            append(checks,
                   wrapped("static_assert(",
                           {"rtai::continues<decltype(" + outer + "), decltype(" + inner + ")>",
                            "\"" + at(h.at) + ": " +
                                (h.outer->is_input ? outer + " -> " + inner : inner + " -> " + outer) + "\""},
                           ");", 4));
        }
        if (!checks.empty()) blocks.push_back(checks);

        data block_list(data::type::list);
        for (const auto& b : blocks) {
            data one;
            one.set("lines", lines(b, 4));
            block_list << one;
        }
        d.set("blocks", block_list);

        constructor = constructor_of(p.of->name.text, inits);
        d.set("constructor", lines(constructor, 4));

        for (const auto& part : p.parts) append(prepare, prepare_of(part));
        has_prepare_[p.of] = !prepare.empty();
        d.set("has_prepare", prepare.empty() ? data::type::bool_false : data::type::bool_true);
        d.set("prepare", lines(prepare, 8));
        d.set("found", std::any_of(prepare.begin(), prepare.end(),
                                   [](const line& l) { return l.code.find("found)") != std::string::npos; })
                           ? " found"
                           : "");
        d.set("joins_turn", p.joins_turn ? data::type::bool_true : data::type::bool_false);

        std::vector<line> looks;
        for (const auto& q : p.queues) {
            std::string from;
            for (const auto& f : q.from) from += (from.empty() ? "\"" : ", \"") + p.parts[f.part].name + "\"";
            append(looks, wrapped("look(",
                                  {"rtai::edge_ends(\"" + q.name + "\", {" + from + "}, \"" +
                                       p.parts[q.to.part].name + "\")",
                                   q.name},
                                  ");", 8));
        }
        for (const auto& part : p.parts)
            if (part.from != nullptr && part.from->first.sub != nullptr &&
                !part.from->first.sub->wires.empty())
                looks.emplace_back("rtai::look_into(" + part.name + ", \"" + part.name + "\", look);");
        d.set("has_looks", looks.empty() ? data::type::bool_false : data::type::bool_true);
        d.set("looks", lines(looks, 8));

        run_of(p, run);
        d.set("run", lines(run, 8));
        return d;
    }

    static std::vector<line> constructor_of(const std::string& name, const std::vector<std::string>& inits) {
        if (inits.empty()) return {line("explicit " + name + "(const options&) {}")};
        const std::string head = "explicit " + name + "(const options& o)";
        std::string flat;
        for (const auto& i : inits) flat += (flat.empty() ? ": " : ", ") + i;
        if (4 + head.size() + 1 + flat.size() + 3 <= line_width) return {line(head + " " + flat + " {}")};
        if (8 + flat.size() + 3 <= line_width) return {line(head), line("    " + flat + " {}")};
        std::vector<line> out{line(head)};
        for (std::size_t i = 0; i < inits.size(); ++i)
            out.emplace_back((i == 0 ? "    : " : "      ") + inits[i] +
                             (i + 1 < inits.size() ? "," : " {}"));
        return out;
    }

    std::vector<line> prepare_of(const part& p) const {
        std::vector<line> out;
        if (p.from == nullptr) return out;
        const auto& e = *p.from;
        const auto need = [&](const use& u, const std::string& options, const std::string& before) {
            if (u.sub != nullptr) {
                if (has_prepare_.contains(u.sub) && has_prepare_.at(u.sub))
                    out.emplace_back(before + type_of(u, e) + "::prepare(" + options + ", found);");
            } else if (u.what->can_be_missing) {
                append(out, wrapped(before + "rtai::need<" + type_of(u, e) + ">(",
                                    {options, "\"" + p.name + "\"", "\"" + at(u.name.at) + "\"", "found"},
                                    ");", 8));
            }
        };
        if (e.otherwise) {
            std::string first = e.when ? "o.when." + p.name : "true";
            if (e.first.what != nullptr && e.first.what->can_be_missing)
                first = (e.when ? first + " && " : "") + "rtai::available<" + type_of(e.first, e) + ">(o." +
                        p.name + ").ok()";
            out.emplace_back("o." + p.name + "_is_first = " + first + ";");
            if (e.first.sub != nullptr) need(e.first, "o." + p.name, "if (o." + p.name + "_is_first) ");
            need(*e.otherwise, "o.otherwise." + p.name, "if (!o." + p.name + "_is_first) ");
        } else {
            need(e.first, "o." + p.name, e.when ? "if (o.when." + p.name + ") " : "");
        }
        return out;
    }

    void run_of(const plan& p, std::vector<line>& run) const {
        const auto connect = [&](const part_port& inner, const std::string& before, const std::string& after,
                                 const std::string& cite) {
            const auto& part = p.parts[inner.part];
            if (part.from == nullptr || !part.from->otherwise) {
                run.emplace_back(before + part.name + "." + inner.port + after, cite);
                return;
            }
            run.emplace_back(
                "if (" + part.name + "_is_first) " + before + part.name + "." + inner.port + after, cite);
            run.emplace_back("else " + before + part.name + "_otherwise." + inner.port + after);
        };
        for (const auto& h : p.hand_overs)
            connect(h.inner, "", ".take(" + h.outer->name.text + ");", at(h.at));
        for (const auto& q : p.queues) {
            for (const auto& f : q.from) connect(f, q.name + ".from(", ");", at(q.at));
            connect(q.to, q.name + ".into(", ");", at(q.at));
        }
        std::vector<std::string> all;
        for (const auto& part : p.parts) {
            all.push_back(part.name);
            if (part.from != nullptr && part.from->otherwise) all.push_back(part.name + "_otherwise");
        }
        for (const auto& q : p.queues) all.push_back(q.name);
        if (p.has_turn) {
            all.insert(all.begin(), "turn");
            append(run, wrapped("rtai::belong_to(", all, ");", 8));
        } else if (p.joins_turn) {
            all.insert(all.begin(), "*outer_turn");
            append(run, wrapped("if (outer_turn != nullptr) rtai::belong_to(", all, ");", 8));
        }
        std::vector<std::string> plays;
        for (const auto& part : p.parts) {
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
            return;
        }
        run.emplace_back("std::vector<rtai::task<>> work;");
        for (const auto& one : plays) run.emplace_back("work.push_back(" + one + ");");
        run.emplace_back("co_await rtai::join(std::move(work));");
    }

    // --- The program -------------------------------------------------------------------------------------

    std::vector<const pipeline*> run_by_services() const {
        std::vector<const pipeline*> all;
        for (const auto& s : spec_.services)
            for (const auto& [p, ignored] : s->pipelines)
                if (std::find(all.begin(), all.end(), p) == all.end()) all.push_back(p);
        return all;
    }

    std::string program() {
        data d = base();
        std::set<std::string> headers{"rtai/service/program.hpp"};
        std::vector<line> members, visits, prepare, starts, processes;
        const auto member = [&](const std::string& type, const std::string& name, const std::string& cite) {
            members.emplace_back(type + " " + name + ";", cite);
            visits.emplace_back("visit(\"" + name + "\", &settings::" + name + ");");
        };
        for (const auto* p : run_by_services()) {
            member(spec_.name.text + "::" + p->name.text + "::options", p->name.text, at(p->name.at));
            if (has_prepare_[p])
                prepare.emplace_back("if (program.runs_pipeline(\"" + p->name.text + "\")) " + p->name.text +
                                     "::prepare(s." + p->name.text + ", found);");
        }
        data services(data::type::list);
        for (const auto& s : spec_.services) {
            headers.insert(s->what->header);
            member(s->what->cpp + "::options", s->name.text, at(s->name.at));
            services << service_data(*s);
            starts.emplace_back("host.start(\"" + s->name.text + "\", " + s->name.text + "(host, s));");
        }
        member("rtai::observe::observe_options", "observe",
               spec_.observe ? at(spec_.observe->at) : std::string());
        member("rtai::service::program_options", "program", "");
        for (const auto& s : spec_.services)
            processes.emplace_back("program.add_service(\"" + s->name.text + "\", \"" +
                                       s->pipelines.front().first->name.text + "\");",
                                   at(s->name.at));
        for (const auto& p : spec_.processes) {
            std::string names;
            for (const auto& n : p.services) names += (names.empty() ? "\"" : ", \"") + n.text + "\"";
            processes.emplace_back("program.add_process(\"" + p.name.text + "\", {" + names + "});",
                                   at(p.name.at));
        }
        data includes(data::type::list);
        std::set<std::string> users;
        std::set<std::string> own;
        for (const auto& h : spec_.headers) add_header(header_path(h), own, users);
        for (const auto& h : users) includes << data("line", "\"" + h + "\"");
        for (const auto& h : headers) includes << data("line", "<" + h + ">");
        d.set("includes", includes);
        d.set("members", lines(members, 4));
        d.set("visits", lines(visits, 8));
        d.set("services", services);
        d.set("processes", lines(processes, 4));
        d.set("prepare", lines(prepare, 4));
        d.set("has_prepare", prepare.empty() ? data::type::bool_false : data::type::bool_true);
        d.set("starts", lines(starts, 4));
        return render("program.cpp", d);
    }

    data service_data(const service& s) const {
        const auto* p = s.pipelines.front().first;
        data d;
        d.set("name", s.name.text);
        d.set("kind", s.kind.text);
        d.set("pipeline", p->name.text);
        d.set("at", at(s.name.at));
        std::vector<line> body;
        const bool unwired = p->ports.empty();
        body.emplace_back("const auto wire = [](" + s.what->cpp + "::session&" + (unwired ? "" : " session") +
                          ", " + p->name.text + "&" + (unwired ? ") {};" : " pipeline) {"));
        std::vector<const port_card*> left;
        for (const auto& c : s.what->ports) left.push_back(&c);
        for (const auto& b : p->ports) {
            const auto match = std::find_if(left.begin(), left.end(), [&](const port_card* c) {
                return c->is_input != b.is_input && c->type == b.type.text;
            });
            const bool many = (*match)->many;
            const auto theirs = "session." + (*match)->name + (many ? "[\"" + b.name.text + "\"]" : "");
            const auto ours = "pipeline." + b.name.text;
            std::vector<std::string> words{b.is_input ? theirs : ours, b.is_input ? ours : theirs};
            // Sound from outside is live, and late sound worth nothing; what the machine says is not.
            const bool sound = b.type.text == "rtai::audio";
            if (sound) words.push_back(p->name.text + "::" + b.name.text + "_format");
            append(body, wrapped(sound && !b.is_input ? "    rtai::wire<rtai::block>(" : "    rtai::wire(",
                                 words, ");", 4, at(b.name.at)));
            if (!many) left.erase(match);
        }
        if (!unwired) body.emplace_back("};");
        append(body,
               wrapped("return " + s.what->cpp + "::serve<" + p->name.text + ">(",
                       {"host", "\"" + s.name.text + "\"", "s." + s.name.text, "s." + p->name.text, "wire"},
                       ");", 4));
        d.set("body", lines(body, 4));
        return d;
    }

    // --- Values ------------------------------------------------------------------------------------------

    /// All that the spec says of a pipeline's values, with those of the pipelines inside of it.
    value values_of(const pipeline& p) const {
        value all(value::kind::map);
        value when(value::kind::map), otherwise(value::kind::map), edges(value::kind::map);
        const auto of_use = [&](const use& u) {
            value v = u.sub != nullptr ? values_of(*u.sub) : value(value::kind::map);
            overlay(v, u.options);
            return v;
        };
        const auto put = [](value& into, const std::string& name, value v, const place& at) {
            if (v.is_map() && v.members.empty()) return;
            into.members.emplace_back(name, at, std::move(v));
        };
        for (const auto& e : p.elements) {
            put(all, e->name.text, of_use(e->first), e->name.at);
            if (e->when) put(when, e->name.text, *e->when, e->when->at);
            if (e->otherwise) put(otherwise, e->name.text, of_use(*e->otherwise), e->otherwise->name.at);
        }
        if (const auto* made = plans_.of(&p))
            for (const auto& q : made->queues)
                if (!q.capacity_is_default) {
                    value capacity(value::kind::map);
                    capacity.at_key("capacity") = value(q.written_capacity);
                    put(edges, q.name, capacity, q.at);
                }
        if (p.turn) put(all, "turn", *p.turn, p.turn->at);
        put(all, "when", when, p.name.at);
        put(all, "otherwise", otherwise, p.name.at);
        put(all, "edges", edges, p.flow_at);
        return all;
    }

    std::string values() const {
        std::string out = "# Generated by rtai from " + spec_file() +
                          ". DO NOT EDIT: change the spec and generate again.\n"
                          "# The values of the spec, which " +
                          spec_.name.text + " reads when it starts.\n";
        const auto block = [&](const std::string& name, const value& v, const place& where) {
            if (v.members.empty()) return;
            out += name + ":  # " + at(where) + "\n";
            for (const auto& m : v.members) {
                out += "  " + yaml_scalar(m.name) + ": " + yaml_line(m.held);
                if (m.name_at) out += "  # " + at(m.name_at);
                out += "\n";
            }
        };
        for (const auto* p : run_by_services()) block(p->name.text, values_of(*p), p->name.at);
        for (const auto& s : spec_.services) block(s->name.text, s->options, s->name.at);
        if (spec_.observe) block("observe", *spec_.observe, spec_.observe->at);
        value reach(value::kind::map);
        for (const auto& p : spec_.processes) {
            value addresses(value::kind::map);
            for (const auto& [name, address] : p.reach) addresses.at_key(name.text) = address;
            if (!addresses.members.empty()) reach.at_key(p.name.text) = std::move(addresses);
        }
        if (!reach.members.empty()) out += "program:\n  reach: " + yaml_line(reach) + "\n";
        return out;
    }

    // --- Small things ------------------------------------------------------------------------------------

    static std::string one_line(std::string s) {
        std::replace(s.begin(), s.end(), '\n', ' ');
        return s;
    }

    static std::string render(const std::string& name, const data& d) {
        mustache m(template_text(name + ".mustache"));
        m.set_custom_escape([](const std::string& s) { return s; });
        return with_short_functions(without_stray_blanks(m.render(d)));
    }

    /// A section without content leaves its blank line behind.
    static std::string without_stray_blanks(const std::string& text) {
        std::string out;
        std::size_t line = 0;  // where the last one in `out` begins
        for (const char c : text) {
            const std::string_view last = std::string_view(out).substr(line);
            if (c == '\n' && last.empty() && (out.ends_with("\n\n") || opens_block(out))) continue;
            if (c == '}' && !last.empty() && last.find_first_not_of(' ') == std::string_view::npos &&
                out.ends_with("\n\n" + std::string(last)))
                out.erase(line-- - 1, 1);
            out += c;
            if (c == '\n') line = out.size();
        }
        return out;
    }

    /// A function of one statement stands on one line, as clang-format puts it.
    static std::string with_short_functions(const std::string& text) {
        std::vector<std::string> all;
        std::stringstream in(text);
        for (std::string l; std::getline(in, l);) all.push_back(std::move(l));
        std::string out;
        for (std::size_t i = 0; i < all.size(); ++i) {
            const bool of_template = i > 0 && all[i - 1].find("template <") != std::string::npos;
            if (i + 2 < all.size() && !of_template && all[i].ends_with(") {") && all[i + 1].ends_with(";")) {
                const auto indent = all[i].find_first_not_of(' ');
                const auto statement =
                    all[i + 1].substr(std::min(all[i + 1].find_first_not_of(' '), all[i + 1].size()));
                if (all[i + 2] == std::string(indent, ' ') + "}" &&
                    all[i].size() + statement.size() + 3 <= line_width) {
                    out += all[i] + " " + statement + " }\n";
                    i += 2;
                    continue;
                }
            }
            out += all[i] + "\n";
        }
        return out;
    }

    static bool opens_block(const std::string& text) {
        if (!text.ends_with("{\n")) return false;
        const auto begin = text.rfind('\n', text.size() - 2) + 1;
        return text.compare(begin, 9, "namespace") != 0;
    }

    const spec& spec_;
    const plans& plans_;
    std::map<const pipeline*, bool> has_prepare_;
};

}  // namespace

std::string cited(const place& at, const spec& s) {
    if (!at.in) return {};
    const auto base = fs::path(s.file ? s.file->name : "").parent_path();
    const auto file = fs::path(at.in->name).lexically_relative(base.empty() ? "." : base).string();
    return (file.empty() || file == "." ? at.in->name : file) + ":" + std::to_string(at.line);
}

std::string fill(const std::string& name, const std::vector<std::pair<std::string, std::string>>& values) {
    data d;
    for (const auto& [key, text] : values) d.set(key, text);
    mustache m(template_text(name));
    m.set_custom_escape([](const std::string& s) { return s; });
    return m.render(d);
}

std::vector<generated_file> emit(const spec& s, const plans& p, problems& found) {
    for (const auto& service : s.services)
        if (service->what != nullptr && !service->what->is_built)
            found.error(service->kind.at,
                        "a service of kind '" + service->kind.text +
                            "' can be checked, but this version of rtai can not build it yet",
                        "'job' and 'lines' can be built");
    for (const auto& pipeline : s.pipelines)
        for (const auto& e : pipeline->elements)
            for (const auto* u : {&e->first, e->otherwise ? &*e->otherwise : nullptr})
                if (u != nullptr && !u->from.empty() && u->from.text == s.name.text + ".hpp" &&
                    u->from.at.in == s.file)
                    found.error(u->from.at,
                                "'" + u->from.text + "' is what the generated header is called, too",
                                "give the spec another name, or the header");
    if (!found.ok()) return {};
    return emitter(s, p).all();
}

}  // namespace rtai::codegen
