#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "check/checks.hpp"

namespace rtai::codegen {

namespace {

/// With the default of each variable in its place; as it is, if one has none: it is the same wherever it is
/// written the same.
std::string with_defaults(const std::string& text) {
    std::string whole;
    bool all = true;
    split_variables(
        text,
        [&](const text_piece& p) {
            if (!p.is_variable) whole += p.name;
            else if (p.otherwise) whole += *p.otherwise;
            else all = false;
        },
        [&](auto&&...) { all = false; });
    return all ? whole : text;
}

class port_checker {
public:
    explicit port_checker(checking& c) : spec_(c.of), found_(c.found) {
        for (const auto& p : spec_.processes)
            for (const auto& n : p.services) runs_in_[n.text].insert(&p);
    }

    void check() {
        for (const auto& s : spec_.services)
            if (s->what != nullptr) {
                collect(*s, s->what->options, s->options, s->name.at, "");
                metrics_of(*s);
            }
        std::map<std::pair<std::string, bool>, std::vector<const listening*>> on;
        for (const auto& one : all_) {
            auto& others = on[{one.port, one.udp}];
            const auto other = std::find_if(others.begin(), others.end(), [&](const listening* o) {
                return together(one.service, o->service);
            });
            if (other == others.end()) others.push_back(&one);
            else clash(one, **other);
        }
    }

private:
    struct listening {
        std::string service;
        std::string port;  ///< the number, or the variable that it comes from
        place at;
        bool udp;
        bool by_default;
        bool for_metrics;
    };

    void clash(const listening& one, const listening& other) {
        if (one.for_metrics && other.for_metrics) {
            found_.error(one.at,
                         in_quotes(other.service) + " and " + in_quotes(one.service) +
                             " both tell their metrics on port " + one.port,
                         "take 'metrics' out, since each has /metrics on its HTTP port, too; or run them in "
                         "different processes");
            return;
        }
        const bool same = one.service == other.service;
        const auto port = "on port " + one.port;
        found_.error(one.at,
                     same && one.for_metrics
                         ? "metrics are to be " + port + ", where " + in_quotes(one.service) + " listens"
                         : in_quotes(one.service) + " listens " + (one.by_default ? "by default " : "") +
                               port + (same ? " twice" : ", and so does " + in_quotes(other.service)),
                     "the other is at " + other.at.text() + "; give one of them another port" +
                         (same ? "" : ", or run them in different processes"));
    }

    bool together(const std::string& a, const std::string& b) const {
        if (spec_.processes.empty() || a == b) return true;
        const auto first = runs_in_.find(a), second = runs_in_.find(b);
        if (first == runs_in_.end() || second == runs_in_.end()) return false;
        return std::any_of(first->second.begin(), first->second.end(),
                           [&](const process* p) { return second->second.contains(p); });
    }

    /// Ports that are written, and the defaults of what is there: `http: {}` listens on 8080.
    void collect(const service& s, const schema& type, const value& v, const place& at,
                 const std::string& path) {
        for (const auto& f : type.fields) {
            const auto* given = v.find(f.name);
            const auto here = path + "." + f.name;
            if (f.type == schema::kind::object) {
                // What is not written is not there, unless it always is.
                if (given != nullptr) collect(s, f, *given, given->at ? given->at : at, here);
                else if (s.kind.text == "lines" && f.name == "listen")
                    collect(s, f, value(value::kind::map), at, here);
            }
            if (f.type != schema::kind::port) continue;
            const bool written = given != nullptr && given->is_scalar();
            const auto text = written ? with_defaults(given->text) : f.otherwise;
            const auto number = parse_integer(text);
            // 0 is any free one.
            if (number ? *number == 0 : !has_variables(text)) continue;
            all_.push_back({s.name.text, number ? std::to_string(*number) : text, written ? given->at : at,
                            here.starts_with(".listen.webrtc"),
                            !written || (number && has_variables(given->text)), path == ".metrics"});
        }
    }

    /// A gateway opens the program's port for metrics itself.
    void metrics_of(const service& s) {
        if (s.kind.text != "gateway" || !spec_.observe || spec_.observe->find("metrics") == nullptr) return;
        const auto& metrics = *spec_.observe->find("metrics");
        if (const auto* type = observe_.find("metrics");
            type != nullptr && (metrics.is_map() || metrics.is_nothing()))
            collect(s, *type, metrics, metrics.at ? metrics.at : spec_.observe->at, ".metrics");
    }

    const spec& spec_;
    problems& found_;
    schema observe_ = observe_schema();
    std::vector<listening> all_;
    std::unordered_map<std::string, std::set<const process*>> runs_in_;
};

}  // namespace

void check_ports(checking& c) { port_checker(c).check(); }

}  // namespace rtai::codegen
