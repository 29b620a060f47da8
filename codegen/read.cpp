#include "read.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <rtai/data/check.hpp>
#include <rtai/data/nearest.hpp>
#include <rtai/data/units.hpp>
#include <rtai/data/yaml.hpp>
#include <set>

namespace rtai::codegen {

const std::vector<key> spec_keys = {
    {"rtai", "The version of the language: 1"},
    {"name", "The program's name; its code is in a namespace of that name"},
    {"about", "What it is, in a sentence"},
    {"import", "Other specs, whose pipelines and services can be used here"},
    {"pipelines", "Graphs of elements, by name"},
    {"services", "What runs pipelines for sessions, by name"},
    {"processes", "Which services run together; without it, all of them do"},
    {"stores", "Where sessions and messages are kept, by name"},
    {"observe", "Logs, metrics and traces"},
};
const std::vector<key> pipeline_keys = {
    {"about", "What it does, in a sentence"},
    {"in", "Streams that come from outside, by name"},
    {"out", "Streams that go outside, by name"},
    {"elements", "What works on the streams, by name"},
    {"flow", "The wires: a -> b -> c"},
    {"barge_in", "When speech interrupts what is being said"},
    {"turn", "When a turn begins and ends"},
};
const std::vector<key> port_keys = {
    {"type", "audio, text, moment, control, image, video, or a C++ type"},
    {"rate", "The sample rate of audio, such as 16kHz"},
    {"channels", "1 or 2"},
    {"encoding", "s16 or f32"},
};
const std::vector<key> element_keys = {
    {"use", "The element's name in the catalogue, a C++ name, or a pipeline"},
    {"from", "The header that declares it, for an element of your own"},
    {"function", "The C++ function that works on each value"},
    {"when", "true or false, known at start: without it, streams pass this element by"},
    {"otherwise", "The element to use if this one can not work here"},
};
const std::vector<key> line_keys = {
    {"line", "The wires: a -> b -> c"},
    {"capacity", "How many values wait in each of these wires at most"},
    {"policy", "What happens when a wire is full"},
};
const std::vector<key> process_keys = {
    {"run", "The services that run in this process"},
    {"reach", "Where services of other processes are: host:port, by name"},
};
const std::vector<std::string> policies = {"block", "drop_oldest", "drop_newest", "latest"};

namespace {

namespace fs = std::filesystem;

const std::set<std::string_view> cpp_keywords = {
    "alignas", "alignof", "and", "asm", "auto", "bool", "break", "case", "catch", "char", "class", "concept", "const",
    "consteval", "constexpr", "constinit", "continue", "co_await", "co_return", "co_yield", "decltype", "default",
    "delete", "do", "double", "else", "enum", "explicit", "export", "extern", "false", "float", "for", "friend", "goto",
    "if", "inline", "int", "long", "mutable", "namespace", "new", "noexcept", "not", "nullptr", "operator", "or",
    "private", "protected", "public", "register", "requires", "return", "short", "signed", "sizeof", "static", "struct",
    "switch", "template", "this", "throw", "true", "try", "typedef", "typeid", "typename", "union", "unsigned", "using",
    "virtual", "void", "volatile", "wchar_t", "while", "xor", "main", "std", "rtai", "errno", "stdin", "stdout", "stderr",
    "assert", "linux", "unix"};

/// Names that generated code has for itself.
const std::set<std::string_view> taken_in_pipelines = {"run",      "options",  "members",   "lists_members", "prepare", "turn",
                                                       "barge_in", "edges",    "otherwise", "when",          "belong_to"};
const std::set<std::string_view> taken_in_specs = {"program", "settings", "members", "lists_members", "prepare"};

class reader {
public:
    reader(spec& into, problems& found) : spec_(into), found_(found) {}

    void file(const std::string& path, std::string text, bool is_main) {
        auto from = std::make_shared<const source>(path, std::move(text));
        spec_.files.push_back(path);
        problems yaml;
        const auto tree = read_yaml(from, yaml);
        for (auto& p : yaml.sorted()) found_.error(std::move(p.at), std::move(p.message), std::move(p.help));
        if (is_main) spec_.file = from;
        if (tree.is_nothing()) {
            if (yaml.ok())
                found_.error(place(from, 1, 1), "the spec is empty", "the smallest begins with 'rtai: 1' and 'name: something'");
            return;
        }
        if (!tree.is_map()) {
            found_.error(tree.at, "a spec is a map, not " + described_kind(tree), "it begins with 'rtai: 1'");
            return;
        }
        root(tree, path, is_main);
    }

private:
    void root(const value& tree, const std::string& path, bool is_main) {
        known_keys(tree, spec_keys, "a spec");
        version(tree);
        if (const auto* n = tree.find("name")) {
            const auto w = name(*n, "the name of the spec");
            if (is_main) spec_.name = w;
        } else if (is_main) {
            found_.error(start_of(tree), "the spec has no name", "add 'name: something', with letters, digits and '_'");
        }
        if (const auto* about = tree.find("about"); about != nullptr && is_main) spec_.about = text(*about, "about").text;
        if (const auto* list = tree.find("import")) imports(*list, path);
        each(tree, "pipelines", "pipeline", [&](const value::member& m) { pipeline_of(m); });
        each(tree, "services", "service", [&](const value::member& m) { service_of(m); });
        each(tree, "processes", "process", [&](const value::member& m) { process_of(m); });
        if (const auto* s = tree.find("stores")) spec_.stores = *s;
        if (const auto* o = tree.find("observe")) spec_.observe = *o;
        if (is_main && spec_.pipelines.empty() && tree.find("pipelines") == nullptr)
            found_.error(start_of(tree), "the spec has no pipelines", "add 'pipelines:' with one or more graphs of elements");
    }

    void version(const value& tree) {
        const auto* v = tree.find("rtai");
        if (v == nullptr)
            found_.error(start_of(tree), "the spec does not say which version of the language it is in",
                         "begin it with 'rtai: 1'");
        else if (v->text != "1")
            found_.error(v->at, "this is version " + (v->is_scalar() ? v->text : described_kind(*v)) + " of the language, and this rtai knows version 1");
    }

    void imports(const value& list, const std::string& path) {
        const auto one = [&](const value& v) {
            if (!v.is_scalar()) {
                found_.error(v.at, "an import is the path of a spec, not " + described_kind(v));
                return;
            }
            import(v, (fs::path(path).parent_path() / v.text).lexically_normal().string());
        };
        if (list.is_list())
            for (const auto& v : list.items) one(v);
        else
            one(list);
    }

    void import(const value& v, const std::string& path) {
        const auto& read = spec_.files;
        if (std::find(open_.begin(), open_.end(), path) != open_.end() || path == open_first_) {
            std::string chain;
            for (const auto& o : open_) chain += o + " -> ";
            found_.error(v.at, "'" + v.text + "' imports itself", chain.empty() ? "" : chain + path);
            return;
        }
        if (std::find(read.begin(), read.end(), path) != read.end()) return;
        constexpr std::size_t most = 64;
        if (read.size() >= most) {
            found_.error(v.at, "there are more than " + std::to_string(most) + " imports");
            return;
        }
        std::error_code failed;
        std::ifstream in(path, std::ios::binary);
        if (!in || fs::is_directory(path, failed)) {
            std::vector<std::string> near;
            for (const auto& e : fs::directory_iterator(fs::path(path).parent_path().empty() ? "." : fs::path(path).parent_path(), failed))
                if (e.path().extension() == ".yaml" || e.path().extension() == ".yml") near.push_back(e.path().filename().string());
            std::sort(near.begin(), near.end());
            const auto meant = nearest(fs::path(path).filename().string(), near);
            found_.error(v.at, "there is no file '" + v.text + "'",
                         meant.empty() ? "imports are looked for beside the file that names them: '" + path + "'" : "did you mean '" + meant + "'?");
            return;
        }
        std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
        open_.push_back(path);
        file(path, std::move(text), false);
        open_.pop_back();
    }

    void pipeline_of(const value::member& m) {
        auto p = std::make_unique<pipeline>();
        p->name = name_word(m.name, m.name_at, "pipeline");
        if (taken_in_specs.contains(m.name) || m.name == spec_.name.text) {
            found_.error(m.name_at, "a pipeline can not be called '" + m.name + "'",
                         m.name == spec_.name.text ? "the spec has that name, and its code is in a namespace of that name"
                                                   : "generated code has that name for itself");
        }
        const auto* before = spec_.find_pipeline(m.name);
        if (before != nullptr)
            found_.error(m.name_at, "there are two pipelines called '" + m.name + "'", "the first is at " + before->name.at.text());
        body(*p, m.held);
        if (before == nullptr) spec_.pipelines.push_back(std::move(p));
    }

    void body(pipeline& p, const value& v) {
        if (!v.is_map()) {
            wrong_kind(v, "a pipeline is a map with 'elements' and 'flow'");
            p.sound = false;
            return;
        }
        known_keys(v, pipeline_keys, "a pipeline");
        if (const auto* about = v.find("about")) p.about = text(*about, "about").text;
        each(v, "in", "port", [&](const value::member& m) { port_of(p, m, true); });
        each(v, "out", "port", [&](const value::member& m) { port_of(p, m, false); });
        each(v, "elements", "element", [&](const value::member& m) { element_of(p, m); });
        p.flow_at = v.at;
        if (const auto* flow = v.find("flow")) {
            p.flow_at = flow->at;
            if (!flow->is_list()) {
                wrong_kind(*flow, "'flow' is a list of lines such as '- a -> b -> c'");
                p.sound = false;
            }
            for (const auto& line : flow->items) line_of(p, line);
        } else {
            found_.error(p.name.at, "pipeline '" + p.name.text + "' has no flow", "add 'flow:' with lines such as '- a -> b -> c'");
            p.sound = false;
        }
        if (const auto* b = v.find("barge_in")) barge_in_of(p, *b);
        if (const auto* t = v.find("turn")) p.turn = *t;
    }

    void port_of(pipeline& p, const value::member& m, bool is_input) {
        boundary b;
        b.name = name_word(m.name, m.name_at, "port");
        b.is_input = is_input;
        reserved(m);
        taken(p, m);
        const value* type = &m.held;
        if (m.held.is_map()) {
            known_keys(m.held, port_keys, "a port");
            type = m.held.find("type");
            if (type == nullptr) {
                found_.error(m.name_at, "port '" + m.name + "' does not say its type", "for instance { type: audio, rate: 16kHz }");
                p.sound = false;
                return;
            }
            format_of_port(b, m.held);
        }
        b.type = text(*type, "the type of a port");
        if (b.type.empty()) p.sound = false;
        b.type.text = cpp_type(b.type.text);
        p.ports.push_back(std::move(b));
    }

    void format_of_port(boundary& b, const value& v) {
        const auto scalar = [&](const char* what) -> const value* {
            const auto* f = v.find(what);
            if (f == nullptr) return nullptr;
            if (f->is_scalar() && !has_variables(f->text)) return f;
            found_.error(f->at, std::string("'") + what + "' is part of the graph's shape: write it here as one value");
            return nullptr;
        };
        if (const auto* f = scalar("rate")) {
            const auto rate = parse_rate(f->text);
            if (rate && rate->value >= 8000 && rate->value <= 48000)
                b.format.rates = {static_cast<std::uint32_t>(rate->value)};
            else
                found_.error(f->at, "'rate' takes a sample rate, not '" + f->text + "'", "from 8kHz to 48kHz");
        }
        if (const auto* f = scalar("channels")) {
            if (f->text == "1" || f->text == "2")
                b.format.channels = {static_cast<std::uint8_t>(f->text[0] - '0')};
            else
                found_.error(f->at, "'channels' is 1 or 2, not '" + f->text + "'");
        }
        if (const auto* f = scalar("encoding")) {
            if (f->text == "s16" || f->text == "f32")
                b.format.encodings = {f->text == "s16" ? encoding::s16 : encoding::f32};
            else
                found_.error(f->at, "'encoding' is s16 or f32, not '" + f->text + "'");
        }
    }

    void element_of(pipeline& p, const value::member& m) {
        auto e = std::make_unique<element>();
        e->name = name_word(m.name, m.name_at, "element");
        reserved(m);
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
            wrong_kind(v.at ? v : value(value::kind::nothing, at), "an element is a name such as 'tee', or a map with 'use'");
            return false;
        }
        for (const auto& m : v.members) {
            if (m.name == "use") u.name = text(m.held, "use");
            else if (m.name == "from") u.from = text(m.held, "from");
            else if (m.name == "function") u.function = text(m.held, "function");
            else if (m.name != "when" && m.name != "otherwise") u.options.members.push_back(m);
        }
        u.options.at = at;
        if (v.find("use") == nullptr) {
            found_.error(at, "element '" + name + "' does not say what it is", "add 'use:' with the name of an element; 'rtai elements' lists them");
            return false;
        }
        return !u.name.empty();
    }

    void barge_in_of(pipeline& p, const value& v) {
        if (!v.is_map()) {
            wrong_kind(v, "'barge_in' is a map with 'when', the port that tells of speech");
            p.sound = false;
            return;
        }
        p.barge_in = value(value::kind::map, v.at);
        for (const auto& m : v.members) {
            if (m.name == "when") p.barge_in_when = text(m.held, "when");
            else p.barge_in->members.push_back(m);
        }
        if (v.find("when") == nullptr) {
            found_.error(v.at, "'barge_in' does not say when", "add 'when: vad.speech', a port that sends moments");
            p.sound = false;
        }
    }

    // --- Lines of a flow -------------------------------------------------------------------------------

    void line_of(pipeline& p, const value& v) {
        const value* line = &v;
        std::optional<word> capacity, policy;
        if (v.is_map()) {
            known_keys(v, line_keys, "a line of a flow");
            line = v.find("line");
            if (line == nullptr) {
                found_.error(v.at, "this has no 'line'", "for instance { line: a -> b, capacity: 8, policy: drop_oldest }");
                p.sound = false;
                return;
            }
            if (const auto* c = v.find("capacity")) capacity = capacity_of(*c);
            if (const auto* o = v.find("policy")) policy = policy_of(*o);
        }
        if (!line->is_scalar()) {
            wrong_kind(*line, "a line of a flow is a text such as 'a -> b -> c'");
            p.sound = false;
            return;
        }
        std::vector<std::vector<wire_end>> stations;
        if (!stations_of(*line, stations)) {
            p.sound = false;
            return;
        }
        constexpr std::size_t most_wires = 10'000;
        for (std::size_t i = 0; i + 1 < stations.size(); ++i)
            for (const auto& from : stations[i])
                for (const auto& to : stations[i + 1]) {
                    if (p.wires.size() >= most_wires) {
                        found_.error(line->at, "the pipeline has more than " + std::to_string(most_wires) + " wires");
                        p.sound = false;
                        return;
                    }
                    wire w;
                    w.from = from;
                    w.to = to;
                    w.capacity = capacity;
                    w.policy = policy;
                    w.at = from.name.at;
                    p.wires.push_back(std::move(w));
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
            found_.error(v.at, "'policy' is part of the graph's shape: write it here, without variables");
            return std::nullopt;
        }
        problems here;
        checker(here).check(choice, v, "policy");
        for (auto& p : here.sorted()) found_.error(p.at, p.message, p.help);
        return here.ok() ? std::optional(word(v.text, v.at)) : std::nullopt;
    }

    /// "a -> [b, c.in] -> d": three stations.
    bool stations_of(const value& v, std::vector<std::vector<wire_end>>& into) {
        const std::string& s = v.text;
        const std::size_t shift = v.quoted ? 1 : 0;
        const auto at = [&](std::size_t offset, std::size_t length) { return v.at.part(offset + shift, length); };
        std::size_t i = 0;
        const auto blank = [&] {
            while (i < s.size() && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n')) ++i;
        };
        const auto fail = [&](std::size_t offset, std::size_t length, const std::string& what, const std::string& help = "a line is written 'a -> b -> c', and a port 'a.port'") {
            found_.error(at(std::min(offset, s.empty() ? 0 : s.size() - 1), length), what, help);
            return false;
        };
        const auto identifier = [&] {
            const auto first = i;
            while (i < s.size() && (std::isalnum(static_cast<unsigned char>(s[i])) != 0 || s[i] == '_')) ++i;
            return word(s.substr(first, i - first), at(first, i - first));
        };
        const auto end_of = [&](std::vector<wire_end>& station) {
            wire_end e;
            e.name = identifier();
            if (e.name.empty()) {
                if (i >= s.size()) return fail(i, 1, "the line ends where a name should be");
                std::size_t length = 1;
                while (i + length < s.size() && (static_cast<unsigned char>(s[i + length]) & 0xC0) == 0x80) ++length;
                if (s[i] == '-' || s[i] == '=') return fail(i, 1, "a name is missing before this arrow");
                return fail(i, 1, "'" + s.substr(i, length) + "' can not be in a name");
            }
            if (i < s.size() && s[i] == '.') {
                ++i;
                e.port = identifier();
                if (e.port.empty()) return fail(i, 1, "the name of a port is missing after the '.'");
            }
            station.push_back(std::move(e));
            return true;
        };
        for (;;) {
            blank();
            auto& station = into.emplace_back();
            if (i < s.size() && s[i] == '[') {
                const auto open = i++;
                do {
                    blank();
                    if (!end_of(station)) return false;
                    blank();
                } while (i < s.size() && s[i] == ',' && ++i);
                if (i >= s.size() || s[i] != ']') return fail(open, 1, "this '[' is not closed");
                ++i;
            } else if (!end_of(station)) {
                return false;
            }
            blank();
            if (i >= s.size()) break;
            if (s.compare(i, 2, "->") != 0) {
                if (s.compare(i, 2, "=>") == 0 || s.compare(i, 2, "--") == 0 || s.compare(i, 2, "<-") == 0 || s[i] == '>')
                    return fail(i, 2, "an arrow is written '->'");
                return fail(i, 1, "'->' is missing here");
            }
            i += 2;
        }
        if (into.size() < 2) return fail(0, s.size(), "a line has at least two names", "for instance '- " + (s.empty() ? "a" : s) + " -> b'");
        return true;
    }

    // --- Services and processes ------------------------------------------------------------------------

    void service_of(const value::member& m) {
        auto s = std::make_unique<service>();
        s->name = name_word(m.name, m.name_at, "service");
        if (taken_in_specs.contains(m.name) || m.name == spec_.name.text)
            found_.error(m.name_at, "a service can not be called '" + m.name + "'",
                         m.name == spec_.name.text ? "the spec has that name, and its code is in a namespace of that name"
                                                   : "generated code has that name for itself");
        for (const auto& other : spec_.services)
            if (other->name.text == m.name) {
                found_.error(m.name_at, "there are two services called '" + m.name + "'", "the first is at " + other->name.at.text());
                return;
            }
        if (const auto* p = spec_.find_pipeline(m.name))
            found_.error(m.name_at, "'" + m.name + "' is the name of a pipeline already", "it is at " + p->name.at.text() + "; settings are found by these names");
        s->options = value(value::kind::map, m.held.at);
        if (!m.held.is_map()) {
            wrong_kind(m.held.at ? m.held : value(value::kind::nothing, m.name_at), "a service is a map with 'kind'");
            return;
        }
        for (const auto& o : m.held.members) {
            if (o.name == "kind") s->kind = text(o.held, "kind");
            else s->options.members.push_back(o);
        }
        s->options.at = m.name_at;
        if (m.held.find("kind") == nullptr) {
            found_.error(m.name_at, "service '" + m.name + "' does not say its kind", "add 'kind:', for instance 'kind: job'; 'rtai elements' lists them");
            s->sound = false;
        }
        spec_.services.push_back(std::move(s));
    }

    void process_of(const value::member& m) {
        process p;
        p.name = name_word(m.name, m.name_at, "process");
        if (!m.held.is_map()) {
            wrong_kind(m.held.at ? m.held : value(value::kind::nothing, m.name_at), "a process is a map with 'run', the services in it");
            return;
        }
        known_keys(m.held, process_keys, "a process");
        const auto* run = m.held.find("run");
        if (run == nullptr)
            found_.error(m.name_at, "process '" + m.name + "' does not say what it runs", "add 'run: [service, ...]'");
        else if (!run->is_list())
            wrong_kind(*run, "'run' is a list of services");
        else
            for (const auto& s : run->items) p.services.push_back(text(s, "run"));
        each(m.held, "reach", "service", [&](const value::member& r) { p.reach.emplace_back(word(r.name, r.name_at), r.held); });
        spec_.processes.push_back(std::move(p));
    }

    // --- Small things ----------------------------------------------------------------------------------

    template <class F>
    void each(const value& map, const char* key, const std::string& what, F&& visit) {
        const auto* v = map.find(key);
        if (v == nullptr || v->is_nothing()) return;
        if (!v->is_map()) {
            wrong_kind(*v, std::string("'") + key + "' is a map: the name of each " + what + ", and what it is");
            return;
        }
        for (const auto& m : v->members) visit(m);
    }

    void known_keys(const value& map, const std::vector<key>& keys, const std::string& what) {
        std::vector<std::string> names;
        for (const auto& k : keys) names.emplace_back(k.name);
        for (const auto& m : map.members) {
            if (std::find(names.begin(), names.end(), m.name) != names.end()) continue;
            const auto near = nearest(m.name, names);
            found_.error(m.name_at, what + " has no '" + m.name + "'",
                         near.empty() ? "it has: " + rtai::detail::joined(names) : "did you mean '" + near + "'?");
        }
    }

    word text(const value& v, const std::string& what) {
        if (v.is_scalar() && !v.text.empty()) return {v.text, v.at};
        found_.error(v.at, "'" + what + "' takes a text, not " + (v.is_scalar() ? "an empty one" : described_kind(v)));
        return {};
    }

    word name(const value& v, const std::string& what) {
        const auto w = text(v, what);
        return w.empty() ? w : name_word(w.text, w.at, what);
    }

    word name_word(const std::string& s, const place& at, const std::string& what) {
        bool good = !s.empty() && std::isdigit(static_cast<unsigned char>(s[0])) == 0;
        for (const char c : s) good = good && (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_');
        constexpr std::size_t longest = 64;
        if (!good)
            found_.error(at, "'" + s.substr(0, longest) + "' can not be the name of a " + strip(what), "a name has letters, digits and '_', and does not begin with a digit");
        else if (s.size() > longest)
            found_.error(at, "this name has " + std::to_string(s.size()) + " letters; the most is " + std::to_string(longest));
        else if (cpp_keywords.contains(s) || s.find("__") != std::string::npos || s[0] == '_')
            found_.error(at, "'" + s + "' can not be a name in the C++ that is generated", "for instance '" + (s[0] == '_' ? s.substr(1) : s) + "_1'");
        return {s, at};
    }

    static std::string strip(const std::string& what) { return what.starts_with("the name of the ") ? what.substr(16) : what; }

    void reserved(const value::member& m) {
        if (taken_in_pipelines.contains(m.name))
            found_.error(m.name_at, "nothing in a pipeline can be called '" + m.name + "'", "generated code has that name for itself");
    }

    void taken(const pipeline& p, const value::member& m) {
        for (const auto& b : p.ports)
            if (b.name.text == m.name)
                found_.error(m.name_at, "'" + m.name + "' is the name of a port already", "it is at " + b.name.at.text());
    }

    void wrong_kind(const value& v, const std::string& expected) {
        found_.error(v.at, expected + ", not " + described_kind(v));
    }

    static place start_of(const value& tree) {
        auto at = tree.at;
        at.length = 1;
        return at;
    }

    spec& spec_;
    problems& found_;
    std::vector<std::string> open_;

public:
    std::string open_first_;
};

}  // namespace

spec read_spec_text(const std::string& path, std::string text, problems& found) {
    spec made;
    reader r(made, found);
    r.open_first_ = fs::path(path).lexically_normal().string();
    r.file(r.open_first_, std::move(text), true);
    return made;
}

spec read_spec(const std::string& path, problems& found) {
    std::ifstream in(path, std::ios::binary);
    std::error_code failed;
    if (!in || fs::is_directory(path, failed)) {
        found.error(place(std::make_shared<source>(path, ""), 0, 0), "there is no such file", "'rtai new NAME' makes one to begin with");
        return {};
    }
    std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    return read_spec_text(path, std::move(text), found);
}

}  // namespace rtai::codegen
