#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "check/checks.hpp"
#include "session_ports.hpp"

namespace rtai::codegen {

namespace {

class service_checker {
public:
    explicit service_checker(checking& c)
        : c_(c), spec_(c.of), known_(c.catalogue), near_(c.near), found_(c.found) {}

    void check() {
        for (auto& s : spec_.services) kind_and_options(*s);
    }

private:
    void kind_and_options(service& s) {
        if (s.kind.empty()) return;
        s.what = known_.find_service(s.kind.text);
        if (s.what == nullptr) {
            std::vector<std::string> names;
            for (const auto& c : known_.services()) names.push_back(c.name);
            const auto near = near_(s.kind.text, names);
            found_.error(s.kind.at, "there is no kind of service " + quoted_text(s.kind.text),
                         did_you_mean(near, "there is: " + rtai::detail::joined(names)));
            s.sound = false;
            return;
        }
        checker(found_).object(s.what->options, s.options, s.name.text);
        references(s, s.what->options, s.options);
    }

    /// Names of other things in the options of a service.
    void references(service& s, const schema& type, const value& v) {
        if (type.type == schema::kind::object) {
            for (const auto& m : v.members)
                if (const auto* f = type.find(m.name)) references(s, *f, m.held);
            return;
        }
        for (const auto& item : v.items)
            if (!type.item.empty()) references(s, type.item.front(), item);
        for (const auto& m : v.members)
            if (!type.item.empty()) references(s, type.item.front(), m.held);
        if (!v.is_scalar()) return;
        if (has_variables(v.text) &&
            (type.type == schema::kind::pipeline || type.type == schema::kind::service ||
             type.type == schema::kind::store)) {
            found_.error(v.at,
                         "the name of a " + std::string(name_of(type.type)) + " can not come from a variable",
                         "it is compiled into the program: write the name itself");
            return;
        }
        if (type.type == schema::kind::pipeline) {
            const auto named = c_.pipelines.find(v.text);
            const auto* p = named != c_.pipelines.end() ? named->second : nullptr;
            if (p == nullptr) {
                tell_unknown(c_, word(v.text, v.at), "pipeline", spec_.pipelines);
                s.sound = false;
                return;
            }
            s.pipelines.emplace_back(p, v.at);
            if (p->sound) session_fits(s, *p, v.at);
        }
        if (type.type == schema::kind::service && !c_.services.contains(v.text))
            tell_unknown(c_, word(v.text, v.at), "service", spec_.services);
        if (type.type == schema::kind::store && (!spec_.stores || spec_.stores->find(v.text) == nullptr)) {
            std::vector<std::string> names;
            if (spec_.stores)
                for (const auto& m : spec_.stores->members) names.push_back(m.name);
            const auto near = near_(v.text, names);
            found_.error(v.at, "there is no store " + quoted_text(v.text),
                         did_you_mean(near, "it must be under 'stores:', for instance '" + v.text +
                                                ": { kind: memory }'"));
        }
    }

    /// Each port of the pipeline needs one of the service that gives or takes its type.
    void session_fits(service& s, const pipeline& p, const place& at) {
        session_ports theirs(*s.what);
        bool all_fit = true;
        for (const auto& b : p.ports) {
            if (theirs.take_for(b) != nullptr) continue;
            std::vector<std::string> types;
            for (const auto& c : s.what->ports)
                if (c.is_input != b.is_input) types.push_back(spec_type(c.type));
            const auto type = spec_type(b.type.text);
            const bool another = std::find(types.begin(), types.end(), type) != types.end();
            const std::string verb = b.is_input ? "gives" : "takes", other = b.is_input ? "takes" : "sends";
            const std::string has = types.empty() ? verb + " nothing"
                                    : another     ? verb + " only one such stream"
                                                  : verb + " " + rtai::detail::joined(types, " and ");
            found_.error(at,
                         in_quotes(p.name.text) + " " + other + " " + type + " at " + in_quotes(b.name.text) +
                             ", but service " + in_quotes(s.name.text) + " " + has,
                         types.empty() ? in_quotes(s.kind.text) + " runs pipelines without ports"
                                       : "take that port out, or name another pipeline");
            s.sound = false;
            if (!b.is_input) all_fit = false;
        }
        for (const auto* c : theirs.left())
            if (all_fit && c->is_input && !c->may_be_unwired) {
                found_.error(at,
                             "service " + in_quotes(s.name.text) + " takes " + spec_type(c->type) + ", but " +
                                 in_quotes(p.name.text) + " sends none",
                             "add a port of that type under 'out:', or name another pipeline");
                s.sound = false;
            }
    }

    checking& c_;
    spec& spec_;
    known& known_;
    guesser& near_;
    problems& found_;
};

}  // namespace

void check_services(checking& c) { service_checker(c).check(); }

}  // namespace rtai::codegen
