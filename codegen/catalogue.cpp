#include "catalogue.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <rtai/data/check.hpp>
#include <rtai/data/nearest.hpp>
#include <rtai/data/yaml.hpp>
#include <set>
#include <sstream>

#include "files.hpp"
#include "guess.hpp"

namespace rtai::codegen {

namespace fs = std::filesystem;

namespace {

std::uint64_t hash_of(std::string_view text) {
    std::uint64_t h = 14695981039346656037U;
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211U;
    return h;
}

/// Runs a program without a shell; its output and errors go into files.
int run(const std::vector<std::string>& words, const fs::path& output, const fs::path& errors) {
    std::vector<char*> argv;
    for (const auto& w : words) argv.push_back(const_cast<char*>(w.c_str()));  // NOLINT: execvp's signature
    argv.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        const int out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        const int err = ::open(errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        ::dup2(out, 1);
        ::dup2(err, 2);
        ::execvp(argv[0], argv.data());
        ::_exit(127);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) < 0) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool in_path(const std::string& program) {
    if (program.find('/') != std::string::npos) return ::access(program.c_str(), X_OK) == 0;
    const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe)
    std::stringstream all(path != nullptr ? path : "");
    for (std::string dir; std::getline(all, dir, ':');)
        if (::access((dir + "/" + program).c_str(), X_OK) == 0) return true;
    return false;
}

fs::path cache_directory(const std::string& wanted) {
    if (!wanted.empty()) return wanted;
    const auto* xdg = std::getenv("XDG_CACHE_HOME");  // NOLINT(concurrency-mt-unsafe)
    if (xdg != nullptr && *xdg != '\0') return fs::path(xdg) / "rtai";
    const auto* home = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe)
    if (home != nullptr && *home != '\0') return fs::path(home) / ".cache" / "rtai";
    return fs::temp_directory_path() / ("rtai-" + std::to_string(::getuid()));
}

/// "size and time of change" of a file, to see whether it is the same.
std::string state_of(const std::string& path) {
    struct stat s{};
    if (::stat(path.c_str(), &s) != 0) return "gone";
    return std::to_string(s.st_size) + " " + std::to_string(s.st_mtim.tv_sec) + "." +
           std::to_string(s.st_mtim.tv_nsec);
}

/// What a make-style dependency file lists after its target.
std::vector<std::string> dependencies_in(const fs::path& file) {
    std::string text = read_all(file);
    text = text.substr(std::min(text.find(':') + 1, text.size()));
    std::vector<std::string> all;
    std::string word;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const char c = i < text.size() ? text[i] : ' ';
        if (c == '\\' && i + 1 < text.size() && text[i + 1] == '\n') {
            ++i;
        } else if (c == '\\' && i + 1 < text.size() && text[i + 1] == ' ') {
            word += ' ';
            ++i;
        } else if (c == ' ' || c == '\n') {
            if (!word.empty()) all.push_back(word);
            word.clear();
        } else {
            word += c;
        }
    }
    return all;
}

/// The first thing that the compiler complained of: with its place in `header`, without one in the probe or
/// in rtai's own headers.
std::string first_error(const std::string& output, const std::string& header, const std::string& probe) {
    std::stringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        const auto error = line.find("error: ");
        if (error == std::string::npos) continue;
        if (line.starts_with(probe) || line.starts_with(include_directory())) return line.substr(error + 7);
        if (const auto path = fs::absolute(header).string(); line.starts_with(path))
            return header + line.substr(path.size());
        return line;
    }
    return output.substr(0, output.find('\n'));
}

/// What failed is told in a line, and below it what to do about it.
std::string first_line(const std::string& s) { return s.substr(0, s.find('\n')); }
std::string lines_below(const std::string& s) {
    return s.find('\n') == std::string::npos ? "" : s.substr(s.find('\n') + 1);
}

std::vector<card> cards_from(const std::string& text) {
    problems ignored;
    const auto tree = read_yaml(std::make_shared<source>("the catalogue", text), ignored);
    std::vector<card> all;
    for (const auto& item : tree.items) all.push_back(card_from(item));
    return all;
}

constexpr std::string_view does_not_compile = "does not compile";

const std::vector<port_card>& streams() {
    static const auto all = built_in_streams();
    return all;
}

}  // namespace

std::string include_directory() {
    std::error_code failed;
    const auto self = fs::read_symlink("/proc/self/exe", failed);
    const auto installed = self.parent_path().parent_path() / "include";
    if (fs::exists(installed / "rtai" / "core.hpp", failed)) return installed.string();
    return RTAI_SOURCE_INCLUDE_DIR;
}

std::string library_directory() {
    std::error_code failed;
    const auto self = fs::read_symlink("/proc/self/exe", failed);
    const auto installed = self.parent_path().parent_path() / RTAI_INSTALL_LIBDIR;
    if (fs::exists(installed / "librtai_edge.a", failed)) return installed.string();
    return RTAI_BUILD_LIBRARY_DIR;
}

std::vector<std::string> flags_of_libraries(std::string_view all) {
    std::vector<std::string> flags;
    std::istringstream words{std::string(all)};
    for (std::string flag; words >> flag;) flags.push_back(std::move(flag));
    return flags;
}

std::string header_path(const word& from) {
    const fs::path base = from.at.in ? fs::path(from.at.in->name).parent_path() : fs::path();
    return (base / from.text).lexically_normal().string();
}

known::known(probe_options options) : options_(std::move(options)) {
    for (auto& c : built_in_cards())
        (c.type == card::kind::service ? services_ : elements_).push_back(std::move(c));
    const auto by_name = [](const card& a, const card& b) { return a.name < b.name; };
    std::sort(elements_.begin(), elements_.end(), by_name);
    std::sort(services_.begin(), services_.end(), by_name);
}

const card* known::find(std::string_view name) const noexcept {
    for (const auto& c : elements_)
        if (c.name == name || c.cpp == name) return &c;
    return nullptr;
}

const card* known::find_service(std::string_view kind) const noexcept {
    for (const auto& c : services_)
        if (c.name == kind) return &c;
    return nullptr;
}

std::string known::policy_of(const std::string& type) const {
    for (const auto& s : streams())
        if (s.type == type) return s.policy;
    for (const auto& h : headers_)
        for (const auto& c : h->cards)
            for (const auto& p : c.ports)
                if (p.type == type) return p.policy;
    return "block";
}

std::size_t known::capacity_of(const std::string& type) const {
    for (const auto& s : streams())
        if (s.type == type) return s.capacity;
    for (const auto& h : headers_)
        for (const auto& c : h->cards)
            for (const auto& p : c.ports)
                if (p.type == type) return p.capacity;
    return stream_traits<any_type>::capacity;
}

std::string known::compiler() const {
    if (!options_.compiler.empty()) return options_.compiler;
    const char* cxx = std::getenv("CXX");  // NOLINT(concurrency-mt-unsafe)
    if (cxx != nullptr && *cxx != '\0') return cxx;
    for (const char* name : {"clang++-19", "clang++", "c++", "g++"})
        if (in_path(name)) return name;
    return {};
}

std::vector<card> known::run_probe(const std::string& path, const std::string& extra, const std::string& what,
                                   std::string& failed) const {
    std::error_code ignored;
    if (!path.empty() && !fs::is_regular_file(path, ignored)) {
        failed = "is not there\nheaders are looked for beside the spec that names them";
        return {};
    }
    const auto with = compiler();
    if (with.empty() || !in_path(with)) {
        failed = "can not be read: ";
        failed += with.empty() ? "there is no C++ compiler" : "there is no compiler '" + with + "'";
        failed += "\ninstall one, or name it with --compiler or CXX";
        return {};
    }
    std::string program =
        "#define RTAI_CATALOGUE\n#include <rtai/graph/catalogue.hpp>\n#include <cstdio>\n" + extra;
    if (!path.empty()) program += "#include \"" + fs::absolute(path).string() + "\"\n";
    program += what +
               "int main() {\n"
               "    for (const auto& c : rtai::catalogue()) std::printf(\"- %s\\n\", "
               "rtai::yaml_line(rtai::to_value(c)).c_str());\n"
               "}\n";

    std::vector<std::string> flags = {
        "-std=c++20", "-O0", "-w", "-DASIO_STANDALONE", "-DASIO_NO_DEPRECATED", "-pthread",
        // What the header's functions call is not called here, so it need not be linked.
        "-ffunction-sections", "-Wl,--gc-sections", "-Wl,--unresolved-symbols=ignore-all", "-no-pie"};
    if (with.find("clang") != std::string::npos) flags.emplace_back("-DASIO_HAS_CO_AWAIT=1");
    for (auto& flag : flags_of_libraries(RTAI_INCLUDE_FLAGS)) flags.push_back(std::move(flag));
    flags.push_back("-I" + include_directory());
    for (const auto& dir : options_.includes) flags.push_back("-I" + dir);
    flags.insert(flags.end(), options_.flags.begin(), options_.flags.end());

    std::string id = with + "\n" + program;
    for (const auto& f : flags) id += "\n" + f;
    const auto cache = cache_directory(options_.cache);
    fs::create_directories(cache, ignored);
    std::array<char, 24> number{};
    std::snprintf(number.data(), number.size(), "%016llx", static_cast<unsigned long long>(hash_of(id)));
    const auto stem = cache / number.data();
    const auto entry = stem.string() + ".yaml";

    // An entry is a list of the files it was made from, an empty line, and the cards.
    if (const auto text = read_all(entry); !text.empty()) {
        std::stringstream lines(text);
        bool fresh = true;
        std::string line;
        while (fresh && std::getline(lines, line) && !line.empty()) {
            const auto tab = line.find('\t');
            fresh = tab != std::string::npos && state_of(line.substr(0, tab)) == line.substr(tab + 1);
        }
        if (fresh) return cards_from(text.substr(text.find("\n\n") + 1));
    }

    const std::string work = stem.string() + "-" + std::to_string(::getpid());
    std::ofstream(work + ".cpp") << program;
    std::vector<std::string> words = {with};
    words.insert(words.end(), flags.begin(), flags.end());
    for (const auto& w :
         {std::string("-MD"), std::string("-MF"), work + ".d", work + ".cpp", std::string("-o"), work})
        words.push_back(w);
    std::vector<card> cards;
    if (run(words, work + ".out", work + ".err") != 0) {
        failed =
            std::string(does_not_compile) + "\n" + first_error(read_all(work + ".err"), path, work + ".cpp");
    } else if (run({work}, work + ".out", work + ".err") != 0) {
        failed = "can not be read: the program that does so did not run to its end";
    } else {
        const auto text = read_all(work + ".out");
        cards = cards_from(text);
        std::string record;
        for (const auto& d : dependencies_in(work + ".d"))
            if (d != work + ".cpp") record += d + "\t" + state_of(d) + "\n";
        std::ofstream(work + ".new") << record << "\n" << text;
        fs::rename(work + ".new", entry, ignored);
    }
    for (const char* end : {"", ".cpp", ".d", ".out", ".err", ".new"}) fs::remove(work + end, ignored);
    return cards;
}

known::header& known::in(const std::string& path) {
    for (const auto& h : headers_)
        if (h->path == path) return *h;
    auto made = std::make_unique<header>();
    made->path = path;
    made->cards = run_probe(path, "", "", made->failed);
    // What the header itself includes of rtai is in the catalogue anyway.
    std::erase_if(made->cards, [](const card& c) { return c.header.starts_with("rtai/"); });
    for (auto& c : made->cards) c.header = path;
    return *headers_.emplace_back(std::move(made));
}

const card* known::of(const use& u, problems& found) {
    if (u.name.empty()) return nullptr;
    const auto* own = find(u.name.text);
    if (own != nullptr && own->takes_function) return of_function(u, found);
    if (!u.function.empty()) {
        found.error(u.function.at, "'" + u.name.text + "' takes no function", "'map' and 'filter' do");
        return nullptr;
    }
    if (!u.from.empty()) return of_header(u, found);
    return of_catalogue(u, found);
}

const card* known::of_catalogue(const use& u, problems& found) const {
    if (const auto* c = find(u.name.text)) return c;
    std::vector<std::string> names;
    for (const auto& c : elements_) names.push_back(c.name);
    const auto near = nearest(u.name.text, names);
    auto help = did_you_mean(
        near, "'rtai elements' lists what there is; an element of your own needs 'from: its_header.hpp'");
    if (u.name.text.find("::") != std::string::npos) help = "add 'from:' with the header that declares it";
    found.error(u.name.at, "there is no element " + quoted_text(u.name.text), help);
    return nullptr;
}

void known::tell(header& h, const word& from, problems& found) {
    if (!std::exchange(h.told, true))
        found.error(from.at, quoted_text(from.text) + " " + first_line(h.failed), lines_below(h.failed));
}

const card* known::of_header(const use& u, problems& found) {
    auto& h = in(header_path(u.from));
    if (!h.failed.empty()) {
        tell(h, u.from, found);
        return nullptr;
    }
    std::vector<std::string> names;
    for (const auto& c : h.cards) {
        if (c.cpp == u.name.text || c.name == u.name.text) return &c;
        names.push_back(c.cpp);
    }
    const auto near = nearest(u.name.text, names);
    auto help = did_you_mean(near, "it has: " + rtai::detail::joined(names));
    if (names.empty())
        help = "the header has no elements: write RTAI_ELEMENT(" + u.name.text +
               ", \"what it does\"); after the struct";
    found.error(u.name.at, quoted_text(u.from.text) + " has no element " + quoted_text(u.name.text), help);
    return nullptr;
}

const card* known::of_function(const use& u, problems& found) {
    if (u.function.empty()) {
        found.error(u.name.at, "'" + u.name.text + "' needs a function",
                    "add 'function:' with the C++ name of one, and 'from:' with the header that declares it");
        return nullptr;
    }
    bool good = true;
    for (const char c : u.function.text)
        good = good && (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':');
    if (!good) {
        found.error(u.function.at, quoted_text(u.function.text) + " is no name of a C++ function",
                    "for instance my::to_upper");
        return nullptr;
    }
    if (u.from.empty()) {
        found.error(u.function.at, "it is not said where " + quoted_text(u.function.text) + " is",
                    "add 'from:' with the header that declares it");
        return nullptr;
    }
    const auto* own = find(u.name.text);
    const auto path = header_path(u.from);
    const std::string key = path + "|" + own->cpp + "<" + u.function.text + ">";
    const auto before =
        std::find_if(functions_.begin(), functions_.end(), [&](const auto& f) { return f->path == key; });
    auto& made = before != functions_.end()
                     ? *before
                     : functions_.emplace_back(probed_function(*own, u.function.text, path, key));
    if (!made->cards.empty()) return &made->cards.front();
    // A header that does not compile by itself is told of as that.
    auto& h = in(path);
    if (!h.failed.empty()) {
        tell(h, u.from, found);
    } else if (!std::exchange(made->told, true)) {
        const auto says = [&](const char* words) { return made->failed.find(words) != std::string::npos; };
        const bool is_unknown = says("\nno member named") || says("\nuse of undeclared") ||
                                says("is not a member of") || says("was not declared");
        const bool is_filter = own->name == "filter";
        found.error(u.function.at,
                    is_unknown ? quoted_text(u.from.text) + " has no function " + quoted_text(u.function.text)
                               : "'" + own->name + "' can not use " + quoted_text(u.function.text),
                    is_filter ? "'filter' takes a function bool(const T&)"
                              : "'map' takes a function U(T), which makes one value of another");
    }
    return nullptr;
}

std::unique_ptr<known::header> known::probed_function(const card& own, const std::string& function,
                                                      const std::string& path, const std::string& key) const {
    auto made = std::make_unique<header>();
    made->path = key;
    made->cards = run_probe(path, "#include <" + own.header + ">\n",
                            "RTAI_ELEMENT(" + own.cpp + "<" + function + ">, \"the one\");\n", made->failed);
    std::erase_if(made->cards, [](const card& c) { return c.about != "the one"; });
    if (made->cards.empty()) return made;
    auto& one = made->cards.front();
    one.cpp = own.cpp + "<" + function + ">";
    one.about = own.about;
    one.header = own.header;
    one.takes_function = true;
    one.is_generic = false;
    return made;
}

void known::begin() noexcept {
    for (auto* list : {&headers_, &functions_})
        for (auto& h : *list) h->told = false;
}

}  // namespace rtai::codegen
