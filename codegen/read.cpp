#include "read.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <rtai/data/check.hpp>
#include <rtai/data/nearest.hpp>
#include <rtai/data/units.hpp>
#include <rtai/data/yaml.hpp>
#include <set>
#include <utility>

namespace rtai::codegen {

const std::vector<key> spec_keys = {
    {"rtai", "The version of the language: 1"},
    {"name", "The program's name; its code is in a namespace of that name"},
    {"about", "What it is, in a sentence"},
    {"import", "Other specs, whose pipelines and services can be used here"},
    {"headers", "C++ headers of yours that the program includes, for instance with tools"},
    {"pipelines", "Graphs of elements, by name"},
    {"services", "What runs pipelines for sessions, by name"},
    {"processes", "Which services run together; without it, all of them do"},
    {"stores", "Where sessions and messages are kept, by name"},
    {"observe", "Logs, metrics and traces"},
};
const std::vector<key> pipeline_keys = {
    {"about", "What it does, in a sentence"},    {"in", "Streams that come from outside, by name"},
    {"out", "Streams that go outside, by name"}, {"elements", "What works on the streams, by name"},
    {"flow", "The wires: a -> b -> c"},          {"barge_in", "When speech interrupts what is being said"},
    {"turn", "When a turn begins and ends"},
};
const std::vector<key> port_keys = {
    {"type", "audio, text, moment, control, image, video, packet, or a C++ type"},
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
    "alignas",   "alignof",  "and",       "asm",      "auto",     "bool",          "break",     "case",
    "catch",     "char",     "class",     "concept",  "const",    "consteval",     "constexpr", "constinit",
    "continue",  "co_await", "co_return", "co_yield", "decltype", "default",       "delete",    "do",
    "double",    "else",     "enum",      "explicit", "export",   "extern",        "false",     "float",
    "for",       "friend",   "goto",      "if",       "inline",   "int",           "long",      "mutable",
    "namespace", "new",      "noexcept",  "not",      "nullptr",  "operator",      "or",        "private",
    "protected", "public",   "register",  "requires", "return",   "short",         "signed",    "sizeof",
    "static",    "struct",   "switch",    "template", "this",     "throw",         "true",      "try",
    "typedef",   "typeid",   "typename",  "union",    "unsigned", "using",         "virtual",   "void",
    "volatile",  "wchar_t",  "while",     "xor",      "main",     "std",           "rtai",      "errno",
    "stdin",     "stdout",   "stderr",    "assert",   "linux",    "unix",          "NULL",      "EOF",
    "NAN",       "INFINITY", "BUFSIZ",    "HUGE_VAL", "RAND_MAX", "CLOCKS_PER_SEC"};

/// Functions and variables of C, which a namespace can not be called like.
const std::set<std::string_view> c_names = {
    "abort",    "abs",     "accept",   "access",   "acct",    "advance", "alarm",   "asctime",  "atof",
    "atoi",     "bind",    "brk",      "bsearch",  "calloc",  "ceil",    "chdir",   "chmod",    "chown",
    "chroot",   "clock",   "clone",    "close",    "confstr", "connect", "cos",     "creat",    "crypt",
    "ctime",    "daemon",  "daylight", "div",      "dup",     "encrypt", "environ", "erf",      "exit",
    "exp",      "fabs",    "fclose",   "floor",    "fma",     "fmod",    "fopen",   "fork",     "free",
    "gamma",    "getenv",  "getline",  "getopt",   "gets",    "gmtime",  "hypot",   "index",    "ioctl",
    "isatty",   "j0",      "j1",       "jn",       "kill",    "link",    "listen",  "lockf",    "log",
    "lseek",    "malloc",  "mktime",   "mmap",     "modf",    "nice",    "open",    "optarg",   "optind",
    "pause",    "perror",  "pipe",     "poll",     "pow",     "printf",  "profil",  "puts",     "raise",
    "rand",     "random",  "read",     "readlink", "realloc", "recv",    "remove",  "rename",   "rindex",
    "rint",     "round",   "sbrk",     "scanf",    "select",  "send",    "setenv",  "shutdown", "signal",
    "sin",      "sleep",   "socket",   "splice",   "sqrt",    "srand",   "stat",    "step",     "strlen",
    "swab",     "symlink", "sync",     "system",   "tan",     "tee",     "tempnam", "time",     "times",
    "timezone", "trunc",   "truncate", "tzname",   "umask",   "uname",   "unlink",  "usleep",   "vfork",
    "wait",     "write",   "y0",       "y1",       "yn",      "asio",    "boost",   "settings"};

/// Names that generated code has for itself.
const std::set<std::string_view> taken_in_pipelines = {"run",       "options", "members",   "lists_members",
                                                       "prepare",   "turn",    "barge_in",  "edges",
                                                       "otherwise", "when",    "belong_to", "each_edge"};
const std::set<std::string_view> taken_in_specs = {
    "program",       "settings", "prepare_settings", "observe", "start_services", "members",
    "lists_members", "prepare",  "options",          "run",     "host",           "s",
    "boost"};

/// What generated code puts behind the name of an element.
const std::vector<std::string_view> taken_endings = {"_otherwise", "_is_first", "_is_wanted", "_options",
                                                     "_format"};

/// Of a file that is too large for a spec, only so much that the reader sees that it is.
bool read_file(const std::string& path, std::string& into) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return false;
    constexpr std::size_t step = std::size_t{64} << 10;
    while (in && into.size() <= yaml_limits().bytes) {
        const auto before = into.size();
        into.resize(before + step);
        in.read(into.data() + before, static_cast<std::streamsize>(step));
        into.resize(before + static_cast<std::size_t>(in.gcount()));
    }
    return true;
}

class reader {
public:
    reader(spec& into, problems& found, std::string first)
        : spec_(into), found_(found), first_(std::move(first)) {}

    void all(std::string text) { file(first_, std::move(text), true); }

    void file(const std::string& path, std::string text, bool is_main) {
        auto from = std::make_shared<const source>(path, std::move(text));
        spec_.files.push_back(path);
        problems yaml;
        const auto tree = read_yaml(from, yaml);
        for (auto& p : yaml.sorted()) found_.error(std::move(p.at), std::move(p.message), std::move(p.help));
        if (is_main) spec_.file = from;
        if (tree.is_map()) return root(tree, path, is_main);
        spec_.complete = false;
        if (!tree.is_nothing())
            found_.error(start_of(tree), "a spec is a map, not " + described_kind(tree),
                         "it begins with 'rtai: 1'");
        else if (yaml.ok())
            found_.error(place(from, 1, 1), "the spec is empty",
                         "it begins with 'rtai: 1' and 'name: something'");
    }

private:
    void root(const value& tree, const std::string& path, bool is_main) {
        if (!version(tree)) {
            spec_.complete = false;
            return;
        }
        const auto meant = known_keys(tree, spec_keys, "a spec");
        // What a key was meant for is not missing, but neither is it known.
        if (meant.contains("import") || meant.contains("pipelines") || meant.contains("services"))
            spec_.complete = false;
        if (const auto* n = tree.find("name")) {
            const auto w = name(*n);
            if (c_names.contains(w.text))
                found_.error(w.at, "'" + w.text + "' can not be the name of a spec",
                             "it is a name of C or of a library: for instance '" + w.text + "_1'");
            if (is_main) spec_.name = w;
        } else if (is_main && !meant.contains("name")) {
            found_.error(start_of(tree), "the spec has no name",
                         "add 'name: something', with letters, digits and '_'");
        }
        if (is_main) spec_.has_program = tree.find("services") != nullptr;
        if (const auto* about = tree.find("about"); about != nullptr && is_main)
            spec_.about = text(*about, "about").text;
        if (const auto* list = tree.find("import")) imports(*list, path);
        if (const auto* list = tree.find("headers")) headers(*list, path);
        const bool all =
            each(tree, "pipelines", "talk: { flow: [a -> b] }",
                 [&](const value::member& m) { pipeline_of(m); }) &&
            each(tree, "services", "once: { kind: job }", [&](const value::member& m) { service_of(m); });
        if (!all) spec_.complete = false;
        each(tree, "processes", "front: { run: [gateway] }", [&](const value::member& m) { process_of(m); });
        if (const auto* s = tree.find("stores")) spec_.stores = *s;
        if (const auto* o = tree.find("observe")) spec_.observe = *o;
        if (is_main && spec_.complete && spec_.pipelines.empty())
            found_.error(start_of(tree), "the spec has no pipelines",
                         "add 'pipelines:' with one or more graphs of elements");
    }

    /// False if it is in another version, where anything can mean anything.
    bool version(const value& tree) {
        const auto* v = tree.find("rtai");
        if (v == nullptr) {
            found_.error(start_of(tree), "the spec does not say which version of the language it is in",
                         "begin it with 'rtai: 1'");
            return true;
        }
        if (v->text == "1") return true;
        const bool other = v->is_scalar() && parse_number(v->text).has_value();
        if (other)
            found_.error(
                v->at,
                "this spec is in version " + v->text + " of the language, and this rtai knows version 1",
                "write 'rtai: 1', or take a newer rtai");
        else
            found_.error(v->at, "'rtai' takes the version of the language, not " + described_kind(*v),
                         "write 'rtai: 1'");
        return !other;
    }

    void headers(const value& list, const std::string& path) {
        const auto one = [&](const value& v) {
            std::error_code failed;
            if (!v.is_scalar() || v.text.empty())
                found_.error(v.at, "a header is a path, not " + described_kind(v));
            else if (!fs::is_regular_file(fs::path(path).parent_path() / v.text, failed))
                found_.error(v.at, "there is no file " + quoted_text(v.text),
                             "headers are looked for beside the spec that names them");
            else spec_.headers.emplace_back(v.text, v.at);
        };
        if (list.is_list())
            for (const auto& v : list.items) one(v);
        else one(list);
    }

    void imports(const value& list, const std::string& path) {
        const auto one = [&](const value& v) {
            if (!v.is_scalar()) {
                found_.error(v.at, "an import is the path of a spec, not " + described_kind(v));
                spec_.complete = false;
                return;
            }
            import(v, (fs::path(path).parent_path() / v.text).lexically_normal().string());
        };
        if (list.is_list())
            for (const auto& v : list.items) one(v);
        else one(list);
    }

    void import(const value& v, const std::string& path) {
        const auto& read = spec_.files;
        if (std::find(open_.begin(), open_.end(), path) != open_.end() || path == first_) {
            std::string chain;
            for (const auto& o : open_) chain += o + " -> ";
            found_.error(v.at, quoted_text(v.text) + " imports itself",
                         (chain.empty() ? "" : first_ + " -> " + chain + path + ": ") +
                             "take one of these imports out");
            return;
        }
        if (std::find(read.begin(), read.end(), path) != read.end()) return;
        constexpr std::size_t most = 64;
        if (read.size() >= most) {
            found_.error(v.at, "there are more than " + std::to_string(most) + " imports");
            return;
        }
        std::error_code failed;
        std::string text;
        if (!fs::is_regular_file(path, failed) || !read_file(path, text)) {
            spec_.complete = false;
            const auto meant = nearest(fs::path(path).filename().string(), specs_beside(path));
            found_.error(v.at,
                         fs::is_directory(path, failed) ? quoted_text(v.text) + " is a directory"
                                                        : "there is no file " + quoted_text(v.text),
                         fs::is_directory(path, failed) ? "name a file in it"
                         : meant.empty()
                             ? "imports are looked for beside the spec that names them"
                             : "did you mean '" + (fs::path(v.text).parent_path() / meant).string() + "'?");
            return;
        }
        open_.push_back(path);
        file(path, std::move(text), false);
        open_.pop_back();
    }

    static std::vector<std::string> specs_beside(const std::string& path) {
        std::error_code failed;
        const auto directory = fs::path(path).parent_path();
        std::vector<std::string> all;
        for (fs::directory_iterator e(directory.empty() ? "." : directory, failed), end; !failed && e != end;
             e.increment(failed))
            if (e->path().extension() == ".yaml" || e->path().extension() == ".yml")
                all.push_back(e->path().filename().string());
        std::sort(all.begin(), all.end());
        return all;
    }

    void pipeline_of(const value::member& m) {
        auto p = std::make_unique<pipeline>();
        p->name = name_word(m.name, m.name_at, "pipeline");
        if (taken_in_specs.contains(m.name) || m.name == spec_.name.text) {
            found_.error(m.name_at, "a pipeline can not be called '" + m.name + "'",
                         m.name == spec_.name.text
                             ? "the spec has that name, and its code is in a namespace of that name: call "
                               "one of them otherwise"
                             : "generated code has that name for itself: for instance '" + m.name + "_1'");
        }
        const auto [before, is_new] = pipelines_.emplace(m.name, m.name_at);
        if (!is_new)
            found_.error(m.name_at, "there are two pipelines called '" + m.name + "'",
                         "the first is at " + before->second.text());
        ports_.clear();
        body(*p, m.held);
        if (is_new) spec_.pipelines.push_back(std::move(p));
    }

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
        const auto meant = known_keys(v, pipeline_keys, "a pipeline");
        if (const auto* about = v.find("about")) p.about = text(*about, "about").text;
        const bool ins = each(v, "in", "mic: audio", [&](const value::member& m) { port_of(p, m, true); });
        const bool outs =
            each(v, "out", "speaker: audio", [&](const value::member& m) { port_of(p, m, false); });
        const bool elements =
            each(v, "elements", "screen: console_sink", [&](const value::member& m) { element_of(p, m); });
        if (!ins || !outs || !elements || meant.contains("in") || meant.contains("out") ||
            meant.contains("elements"))
            p.sound = p.has_all_names = false;
        p.flow_at = v.at;
        if (const auto* flow = v.find("flow")) {
            p.flow_at = flow->at;
            if (!flow->is_list() || flow->items.empty()) {
                found_.error(flow->at,
                             flow->is_list() ? "'flow' has no lines"
                                             : "'flow' takes a list of lines, not " + described_kind(*flow),
                             flow->is_scalar()
                                 ? "write '- " + std::string(rtai::detail::first_characters(flow->text, 60)) +
                                       "' on a line of its own"
                                 : "write lines such as '- a -> b -> c'");
                p.sound = p.has_all_wires = false;
            }
            for (const auto& line : flow->items) line_of(p, line);
        } else {
            if (!meant.contains("flow"))
                found_.error(p.name.at, "pipeline '" + p.name.text + "' has no flow",
                             "add 'flow:' with lines such as '- a -> b -> c'");
            p.sound = p.has_all_wires = false;
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
        ports_.emplace(m.name, m.name_at);
        const value* type = &m.held;
        if (m.held.is_map()) {
            const auto meant = known_keys(m.held, port_keys, "a port");
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
            found_.error(v.is_nothing() ? at : v.at,
                         v.is_nothing() ? "element '" + name + "' does not say what it is"
                                        : "an element is a name or a map, not " + described_kind(v),
                         "write '" + name + ": console_sink', or '" + name +
                             ": { use: console_sink }' with its options");
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
            if (m.name == "when") p.barge_in_when = text(m.held, "when");
            else p.barge_in->members.push_back(m);
        }
        if (v.find("when") == nullptr) {
            found_.error(start_of(v), "'barge_in' does not say when",
                         "add 'when: vad.speech', a port that sends moments");
            p.sound = p.has_all_wires = false;
        }
    }

    // --- Lines of a flow -------------------------------------------------------------------------------

    void line_of(pipeline& p, const value& v) {
        const value* line = &v;
        std::optional<word> capacity, policy;
        if (v.is_map()) {
            const auto meant = known_keys(v, line_keys, "a line of a flow");
            line = v.find("line");
            if (line == nullptr) {
                if (!meant.contains("line"))
                    found_.error(start_of(v), "this line of the flow has no 'line'",
                                 "write { line: a -> b, capacity: 8, policy: drop_oldest }");
                p.sound = p.has_all_wires = false;
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
            p.sound = p.has_all_wires = false;
            return;
        }
        std::vector<std::vector<wire_end>> stations;
        if (!stations_of(p, *line, stations)) {
            p.sound = p.has_all_wires = false;
            return;
        }
        constexpr std::size_t most_wires = 10'000;
        for (std::size_t i = 0; i + 1 < stations.size(); ++i)
            for (const auto& from : stations[i])
                for (const auto& to : stations[i + 1]) {
                    if (p.wires.size() >= most_wires) {
                        if (std::exchange(p.has_all_wires, false))
                            found_.error(
                                line->at,
                                "the pipeline has more than " + std::to_string(most_wires) + " wires",
                                "split it into several");
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
    bool stations_of(const pipeline& p, const value& v, std::vector<std::vector<wire_end>>& into) {
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
            if (last != i && is_called(p, s.substr(first, last - first))) i = last;
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

    static bool is_called(const pipeline& p, const std::string& name) {
        return std::any_of(p.elements.begin(), p.elements.end(),
                           [&](const auto& e) { return e->name.text == name; }) ||
               std::any_of(p.ports.begin(), p.ports.end(),
                           [&](const boundary& b) { return b.name.text == name; });
    }

    // --- Services and processes ------------------------------------------------------------------------

    void service_of(const value::member& m) {
        auto s = std::make_unique<service>();
        s->name = name_word(m.name, m.name_at, "service");
        if (taken_in_specs.contains(m.name) || m.name == spec_.name.text)
            found_.error(m.name_at, "a service can not be called '" + m.name + "'",
                         m.name == spec_.name.text
                             ? "the spec has that name, and its code is in a namespace of that name: call "
                               "one of them otherwise"
                             : "generated code has that name for itself: for instance '" + m.name + "_1'");
        if (const auto [before, is_new] = services_.emplace(m.name, m.name_at); !is_new) {
            found_.error(m.name_at, "there are two services called '" + m.name + "'",
                         "the first is at " + before->second.text());
            return;
        }
        if (const auto p = pipelines_.find(m.name); p != pipelines_.end())
            found_.error(m.name_at, "'" + m.name + "' is the name of a pipeline already",
                         "it is at " + p->second.text() + "; the settings of both would have one name");
        s->options = value(value::kind::map, m.held.at);
        if (!m.held.is_map()) {
            found_.error(m.held.is_nothing() ? m.name_at : m.held.at,
                         m.held.is_nothing()
                             ? "service '" + m.name + "' does not say its kind"
                             : "a service is a map with 'kind', not " + described_kind(m.held),
                         "for instance '" + m.name + ": { kind: job, session: { pipeline: talk } }'");
            s->sound = false;
            spec_.services.push_back(std::move(s));
            return;
        }
        for (const auto& o : m.held.members) {
            if (o.name == "kind") s->kind = text(o.held, "kind");
            else s->options.members.push_back(o);
        }
        s->options.at = m.name_at;
        if (m.held.find("kind") == nullptr) {
            const auto like_kind = std::find_if(
                s->options.members.begin(), s->options.members.end(), [](const value::member& o) {
                    return nearest(o.name, std::vector<std::string>{"kind"}) == "kind";
                });
            if (like_kind != s->options.members.end())
                found_.error(like_kind->name_at, "a service has no " + quoted_text(like_kind->name),
                             "did you mean 'kind'?");
            else
                found_.error(m.name_at, "service '" + m.name + "' does not say its kind",
                             "add 'kind:', for instance 'kind: job'; 'rtai elements' lists them");
            s->sound = false;
        }
        spec_.services.push_back(std::move(s));
    }

    void process_of(const value::member& m) {
        process p;
        p.name = name_word(m.name, m.name_at, "process");
        if (!m.held.is_map()) {
            found_.error(m.held.is_nothing() ? m.name_at : m.held.at,
                         m.held.is_nothing() ? "process '" + m.name + "' does not say what it runs"
                                             : "a process is a map with 'run', not " + described_kind(m.held),
                         "for instance '" + m.name + ": { run: [gateway] }'");
            p.sound = false;
            spec_.processes.push_back(std::move(p));
            return;
        }
        const auto meant = known_keys(m.held, process_keys, "a process");
        const auto* run = m.held.find("run");
        p.sound = run != nullptr && run->is_list();
        if (run == nullptr) {
            if (!meant.contains("run"))
                found_.error(m.name_at, "process '" + m.name + "' does not say what it runs",
                             "add 'run:' with a list of services");
        } else if (!run->is_list()) {
            found_.error(run->is_nothing() ? m.name_at : run->at,
                         "'run' takes a list of services, not " + described_kind(*run),
                         run->is_scalar() ? "write [" + run->text + "]" : "write [first, second]");
        } else {
            for (const auto& s : run->items) p.services.push_back(text(s, "run"));
        }
        each(m.held, "reach", "relay: relay.internal:50052",
             [&](const value::member& r) { p.reach.emplace_back(word(r.name, r.name_at), r.held); });
        spec_.processes.push_back(std::move(p));
    }

    // --- Small things ----------------------------------------------------------------------------------

    /// False if it is there, and no map.
    template <class F>
    bool each(const value& map, const char* key, const std::string& example, F&& visit) {
        const auto* v = map.find(key);
        if (v == nullptr || v->is_nothing()) return true;
        if (!v->is_map()) {
            found_.error(v->is_scalar() ? v->at : start_of(*v),
                         std::string("'") + key + "' takes a map, not " + described_kind(*v),
                         "each has its name: '" + example + "'");
            return false;
        }
        for (const auto& m : v->members) visit(m);
        return true;
    }

    /// The known keys that unknown ones were probably meant for.
    std::set<std::string> known_keys(const value& map, const std::vector<key>& keys,
                                     const std::string& what) {
        std::vector<std::string> names;
        for (const auto& k : keys) names.emplace_back(k.name);
        std::set<std::string> meant;
        for (const auto& m : map.members) {
            if (std::find(names.begin(), names.end(), m.name) != names.end()) continue;
            const auto near = nearest(m.name, names);
            found_.error(
                m.name_at, what + " has no " + quoted_text(m.name),
                near.empty() ? "it has: " + rtai::detail::joined(names) : "did you mean '" + near + "'?");
            if (!near.empty()) meant.insert(near);
        }
        return meant;
    }

    word text(const value& v, const std::string& what) {
        if (v.is_scalar() && !v.text.empty()) return {v.text, v.at};
        found_.error(
            v.is_list() || v.is_map() ? start_of(v) : v.at,
            "'" + what + "' takes a text, not " + (v.is_scalar() ? "an empty one" : described_kind(v)));
        return {};
    }

    word name(const value& v) {
        const auto w = text(v, "name");
        return w.empty() ? w : name_word(w.text, w.at, "spec");
    }

    word name_word(const std::string& s, const place& at, const std::string& what) {
        bool good = !s.empty() && std::isdigit(static_cast<unsigned char>(s[0])) == 0;
        for (const char c : s) good = good && (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_');
        constexpr std::size_t longest = 64;
        if (!good)
            found_.error(
                at, quoted_text(s) + " can not be the name of " + (what == "element" ? "an " : "a ") + what,
                "a name has letters, digits and '_', and begins with a letter" + like(s));
        else if (s.size() > longest)
            found_.error(at, "this name has " + std::to_string(s.size()) + " letters; the most is " +
                                 std::to_string(longest));
        else if (s.find("__") != std::string::npos || s[0] == '_')
            found_.error(at,
                         "'" + s + "' can not be the name of " + (what == "element" ? "an " : "a ") + what,
                         "C++ keeps names with '__', or with '_' at the beginning, for itself" + like(s));
        else if (cpp_keywords.contains(s))
            found_.error(at,
                         "'" + s + "' can not be the name of " + (what == "element" ? "an " : "a ") + what,
                         "the word has a meaning in C++: for instance '" + s + "_1'");
        return {s, at};
    }

    /// ": for instance 'my_vad'" for "my-vad"
    static std::string like(const std::string& s) {
        std::string out;
        for (const char c : s) {
            if (static_cast<unsigned char>(c) >= 0x80) return {};
            const bool letter = std::isalpha(static_cast<unsigned char>(c)) != 0;
            if (letter || (!out.empty() && std::isdigit(static_cast<unsigned char>(c)) != 0)) out += c;
            else if (!out.empty() && out.back() != '_') out += '_';
        }
        while (out.ends_with('_')) out.pop_back();
        constexpr std::size_t longest = 32;
        return out.empty() || out.size() > longest || cpp_keywords.contains(out)
                   ? ""
                   : ": for instance '" + out + "'";
    }

    void reserved(const value::member& m) {
        for (const auto ending : taken_endings)
            if (m.name.size() > ending.size() && m.name.ends_with(ending))
                found_.error(
                    m.name_at, "nothing in a pipeline can be called '" + m.name + "'",
                    "generated code has names with '" + std::string(ending) + "' at the end for itself");
        if (taken_in_pipelines.contains(m.name))
            found_.error(m.name_at, "nothing in a pipeline can be called '" + m.name + "'",
                         "generated code has that name for itself: for instance '" + m.name + "_1'");
    }

    void taken(pipeline& p, const value::member& m) {
        const auto port = ports_.find(m.name);
        if (port == ports_.end()) return;
        found_.error(m.name_at, "'" + m.name + "' is the name of a port already",
                     "it is at " + port->second.text() + "; call one of them otherwise");
        p.sound = p.has_all_names = false;
    }

    static place start_of(const value& tree) {
        auto at = tree.at;
        at.length = 1;
        return at;
    }

    spec& spec_;
    problems& found_;
    std::vector<std::string> open_;
    std::map<std::string, place> pipelines_, services_,
        ports_;          ///< where those names are; ports of this pipeline
    std::string first_;  ///< the file that all begins with
};

}  // namespace

spec read_spec_text(const std::string& path, std::string text, problems& found) {
    spec made;
    reader(made, found, fs::path(path).lexically_normal().string()).all(std::move(text));
    return made;
}

spec read_spec(const std::string& path, problems& found) {
    std::error_code failed;
    std::string text;
    if (fs::is_directory(path, failed) || !read_file(path, text)) {
        found.error(
            place(std::make_shared<source>(path, ""), 0, 0),
            fs::is_directory(path, failed) ? "this is a directory, not a spec" : "there is no such file",
            "'rtai new NAME' makes one to begin with");
        return {};
    }
    return read_spec_text(path, std::move(text), found);
}

}  // namespace rtai::codegen
