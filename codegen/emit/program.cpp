#include <string>
#include <utility>
#include <vector>

#include "emit.hpp"
#include "emit/code.hpp"
#include "emit/parts.hpp"
#include "session_ports.hpp"

namespace rtai::codegen {

namespace {

class program_writer {
public:
    explicit program_writer(const spec& s) : spec_(s) {}

    std::string all() const {
        data d = about_spec(spec_);
        includes headers(spec_);
        headers.add("rtai/service/program.hpp");
        std::vector<line> members, visits, prepare, starts, processes;
        const auto member = [&](const std::string& type, const std::string& name, const std::string& cite) {
            members.emplace_back(type + " " + name + ";", cite);
            visits.emplace_back("visit(\"" + name + "\", &settings::" + name + ");");
        };
        for (const auto* p : run_by_services(spec_)) {
            member(spec_.name.text + "::" + p->name.text + "::options", p->name.text, at(p->name.at));
            if (has_prepare(*p))
                prepare.emplace_back("if (program.runs_pipeline(\"" + p->name.text + "\")) " + p->name.text +
                                     "::prepare(s." + p->name.text + ", found);");
        }
        data services(data::type::list);
        for (const auto& s : spec_.services) {
            headers.add(s->what->header);
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
        for (const auto& h : spec_.headers) headers.add(header_path(h));
        d.set("includes", headers.list());
        d.set("members", lines(members, 4));
        d.set("visits", lines(visits, 8));
        d.set("services", services);
        d.set("processes", lines(processes, 4));
        d.set("prepare", lines(prepare, 4));
        d.set("has_prepare", flag(!prepare.empty()));
        d.set("starts", lines(starts, 4));
        return render("program.cpp", d);
    }

private:
    std::string at(const place& p) const { return cited(p, spec_); }

    /// The function that starts a service, with how its sessions are wired to the pipeline.
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
        session_ports ports(*s.what);
        for (const auto& b : p->ports) {
            const auto* const port = ports.take_for(b);  // which is there: the check has seen to it
            const auto theirs = "session." + port->name + (port->many ? "[\"" + b.name.text + "\"]" : "");
            const auto ours = "pipeline." + b.name.text;
            std::vector<std::string> words{b.is_input ? theirs : ours, b.is_input ? ours : theirs};
            // Sound from outside is live, and late sound worth nothing; what the machine says is not.
            const bool sound = b.type.text == "rtai::audio";
            if (sound) words.push_back(p->name.text + "::" + b.name.text + "_format");
            append(body, wrapped(sound && !b.is_input ? "    rtai::wire<rtai::block>(" : "    rtai::wire(",
                                 words, ");", 4, at(b.name.at)));
        }
        if (!unwired) body.emplace_back("};");
        append(body,
               wrapped("return " + s.what->cpp + "::serve<" + p->name.text + ">(",
                       {"host", "\"" + s.name.text + "\"", "s." + s.name.text, "s." + p->name.text, "wire"},
                       ");", 4));
        d.set("body", lines(body, 4));
        return d;
    }

    const spec& spec_;
};

}  // namespace

std::string program_source(const spec& s) { return program_writer(s).all(); }

}  // namespace rtai::codegen
