#include <algorithm>
#include <cctype>
#include <cstddef>
#include <optional>
#include <rtai/data/check.hpp>
#include <string>
#include <utility>
#include <vector>

#include "read/reading.hpp"

namespace rtai::codegen {

namespace {

class flow_reader {
public:
    flow_reader(problems& found, pipeline& p) : found_(found), p_(p) {}

    void read(const value* flow) {
        if (flow == nullptr) {
            found_.error(p_.name.at, "pipeline '" + p_.name.text + "' has no flow",
                         "add 'flow:' with lines such as '- a -> b -> c'");
            p_.sound = p_.has_all_wires = false;
            return;
        }
        p_.flow_at = flow->at;
        if (!flow->is_list() || flow->items.empty()) {
            found_.error(flow->at,
                         flow->is_list() ? "'flow' has no lines"
                                         : "'flow' takes a list of lines, not " + described_kind(*flow),
                         flow->is_scalar()
                             ? "write '- " + std::string(rtai::detail::first_characters(flow->text, 60)) +
                                   "' on a line of its own"
                             : "write lines such as '- a -> b -> c'");
            p_.sound = p_.has_all_wires = false;
        }
        for (const auto& line : flow->items) line_of(line);
    }

private:
    void line_of(const value& v) {
        const value* line = &v;
        std::optional<word> capacity, policy;
        if (v.is_map()) {
            const auto meant = known_keys(found_, v, line_keys, "a line of a flow");
            line = v.find("line");
            if (line == nullptr) {
                if (!meant.contains("line"))
                    found_.error(start_of(v), "this line of the flow has no 'line'",
                                 "write { line: a -> b, capacity: 8, policy: drop_oldest }");
                p_.sound = p_.has_all_wires = false;
                return;
            }
            if (const auto* c = v.find("capacity")) capacity = capacity_of(*c);
            if (const auto* o = v.find("policy")) policy = policy_of(*o);
        }
        if (!line->is_scalar()) {
            const bool ports = line->is_list() && !line->items.empty();
            found_.error(line->at,
                         "a line of a flow is a text such as 'a -> b -> c', not " + described_kind(*line),
                         ports ? "put quotes around a line that begins with '[': '[a, b] -> c'" : "");
            p_.sound = p_.has_all_wires = false;
            return;
        }
        std::vector<std::vector<wire_end>> stations;
        if (!stations_of(*line, stations)) {
            p_.sound = p_.has_all_wires = false;
            return;
        }
        constexpr std::size_t most_wires = 10'000;
        for (std::size_t i = 0; i + 1 < stations.size(); ++i)
            for (const auto& from : stations[i])
                for (const auto& to : stations[i + 1]) {
                    if (p_.wires.size() >= most_wires) {
                        if (std::exchange(p_.has_all_wires, false))
                            found_.error(
                                line->at,
                                "the pipeline has more than " + std::to_string(most_wires) + " wires",
                                "split it into several");
                        p_.sound = false;
                        return;
                    }
                    wire w;
                    w.from = from;
                    w.to = to;
                    w.capacity = capacity;
                    w.policy = policy;
                    w.at = from.name.at;
                    p_.wires.push_back(std::move(w));
                }
    }

    std::optional<word> capacity_of(const value& v) {
        schema count(schema::kind::integer);
        count.range = range(1, 1'000'000);
        checker(found_).check(count, v, "capacity");
        return v.is_scalar() ? std::optional(word(v.text, v.at)) : std::nullopt;
    }

    std::optional<word> policy_of(const value& v) {
        schema choice(schema::kind::choice);
        choice.choices = policies;
        if (v.is_scalar() && has_variables(v.text)) {
            found_.error(v.at, "'policy' can not come from a variable",
                         "it is compiled into the program: write the value itself");
            return std::nullopt;
        }
        checker(found_).check(choice, v, "policy");
        const bool good =
            v.is_scalar() && std::find(policies.begin(), policies.end(), v.text) != policies.end();
        return good ? std::optional(word(v.text, v.at)) : std::nullopt;
    }

    /// "a -> [b, c.in] -> d": three stations.
    bool stations_of(const value& v, std::vector<std::vector<wire_end>>& into) {
        const std::string& s = v.text;
        const auto at = [&](std::size_t offset, std::size_t length) { return v.part(offset, length); };
        std::size_t i = 0;
        const auto blank = [&] {
            while (i < s.size() && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n')) ++i;
        };
        const auto is_letter = [&](std::size_t n) {
            return n < s.size() && (std::isalnum(static_cast<unsigned char>(s[n])) != 0 || s[n] == '_');
        };
        const auto fail = [&](std::size_t offset, std::size_t length, const std::string& what,
                              const std::string& help =
                                  "a line is written 'a -> b -> c', and a port 'a.port'") {
            found_.error(at(std::min(offset, s.empty() ? 0 : s.size() - 1), length), what, help);
            return false;
        };
        const auto identifier = [&] {
            const auto first = i;
            while (is_letter(i)) ++i;
            // What has a bad name, which is told where it gets it, is found by it nevertheless.
            auto last = i;
            while (is_letter(last) || (last < s.size() && (static_cast<unsigned char>(s[last]) >= 0x80 ||
                                                           (s[last] == '-' && is_letter(last + 1)))))
                ++last;
            if (last != i && is_called(s.substr(first, last - first))) i = last;
            return word(s.substr(first, i - first), at(first, i - first));
        };
        const auto cannot_be = [&] {
            std::size_t length = 1;
            while (i + length < s.size() && (static_cast<unsigned char>(s[i + length]) & 0xC0) == 0x80)
                ++length;
            return fail(i, length, "'" + s.substr(i, length) + "' can not be in a name",
                        "a name has letters, digits and '_'");
        };
        const auto end_of = [&](std::vector<wire_end>& station) {
            wire_end e;
            e.name = identifier();
            if (e.name.empty()) {
                if (i >= s.size()) return fail(i, 1, "the line ends where a name should be");
                if (s[i] == '-' || s[i] == '=')
                    return fail(i, s.compare(i, 2, "->") == 0 ? 2 : 1, "a name is missing before this arrow");
                return cannot_be();
            }
            if (i < s.size() && s[i] == '.') {
                ++i;
                e.port = identifier();
                if (e.port.empty()) return fail(i, 1, "the name of a port is missing after the '.'");
            }
            station.push_back(std::move(e));
            return true;
        };
        blank();
        if (i >= s.size()) return fail(0, 1, "this line is empty");
        for (;;) {
            blank();
            auto& station = into.emplace_back();
            if (i < s.size() && s[i] == '[') {
                const auto open = i++;
                for (bool more = true; more;) {
                    blank();
                    if (i < s.size() && s[i] == ']')
                        return fail(i, 1, "a name is missing before this ']'", "write [a, b]");
                    if (!end_of(station)) return false;
                    blank();
                    more = i < s.size() && s[i] == ',';
                    if (more) ++i;
                }
                if (i < s.size() && is_letter(i))
                    return fail(i, 1, "a ',' is missing before this", "write [a, b]");
                if (i >= s.size() || s[i] != ']')
                    return fail(open, 1, "this '[' is not closed", "write [a, b]");
                ++i;
            } else if (!end_of(station)) {
                return false;
            }
            blank();
            if (i >= s.size()) break;
            if (s.compare(i, 2, "->") != 0) {
                std::size_t arrow = i;
                while (arrow < s.size() &&
                       (s[arrow] == '-' || s[arrow] == '=' || s[arrow] == '<' || s[arrow] == '>'))
                    ++arrow;
                if (arrow != i) return fail(i, arrow - i, "an arrow is written '->'", "");
                if (s[i] == '.') return fail(i, 1, "a port has no ports itself");
                if (!is_letter(i) && s[i] != ',' && s[i] != '[' && s[i] != ']') return cannot_be();
                if (s[i] == ',')
                    return fail(i, 1, "several names stand in brackets",
                                "write [a, b] -> c, in quotes if the line begins with '['");
                return fail(i, 1, "'->' is missing before this");
            }
            i += 2;
        }
        if (into.size() < 2)
            return fail(0, s.size(), "this line connects nothing",
                        "a line has at least two names: '- " +
                            std::string(rtai::detail::first_characters(s, 40)) + " -> b'");
        return true;
    }

    bool is_called(const std::string& name) const {
        return std::any_of(p_.elements.begin(), p_.elements.end(),
                           [&](const auto& e) { return e->name.text == name; }) ||
               std::any_of(p_.ports.begin(), p_.ports.end(),
                           [&](const boundary& b) { return b.name.text == name; });
    }

    problems& found_;
    pipeline& p_;
};

}  // namespace

void read_flow(problems& found, pipeline& p, const value* flow) { flow_reader(found, p).read(flow); }

}  // namespace rtai::codegen
