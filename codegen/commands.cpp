#include "commands.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>

#include "check.hpp"
#include "diff.hpp"
#include "emit.hpp"
#include "files.hpp"
#include "read.hpp"

namespace rtai::codegen {

namespace fs = std::filesystem;

namespace {

std::string directory_of(const std::string& path) {
    const auto parent = fs::path(path).parent_path().string();
    return parent.empty() ? "." : parent;
}

/// A file that make and ninja read: what is generated, and what it is made from.
std::string depfile_text(const std::string& target, const loaded& l) {
    const auto escaped = [](const std::string& s) {
        std::string out;
        for (const char c : s) {
            if (c == ' ' || c == '#') out += '\\';
            if (c == '$') out += '$';
            out += c;
        }
        return out;
    };
    std::set<std::string> from(l.s.files.begin(), l.s.files.end());
    for (const auto& p : l.s.pipelines)
        for (const auto& e : p->elements)
            for (const auto* u : e->uses())
                if (!u->from.empty()) from.insert(header_path(u->from));
    std::string out;
    out += escaped(target) + ":";
    for (const auto& f : from) out += " \\\n  " + escaped(fs::absolute(f).lexically_normal().string());
    return out + "\n";
}

}  // namespace

bool write_if_changed(const std::string& path, const std::string& text, bool* changed) {
    std::error_code failed;
    if (fs::is_regular_file(path, failed) && read_all(path) == text) {
        if (changed != nullptr) *changed = false;
        return true;
    }
    if (changed != nullptr) *changed = true;
    fs::create_directories(directory_of(path), failed);
    const auto beside = path + ".new";
    {
        std::ofstream out(beside, std::ios::binary);
        out << text;
        if (!out.flush()) {
            std::cerr << "rtai: " << path << " can not be written\n";
            return false;
        }
    }
    fs::rename(beside, path, failed);
    if (failed) std::cerr << "rtai: " << path << " can not be written: " << failed.message() << "\n";
    return !failed;
}

std::string json_text(std::string_view text) {
    static constexpr char hex[] = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') (out += '\\') += c;
        else if (c == '\n') out += "\\n";
        else if (byte < 0x20) ((out += "\\u00") += hex[byte >> 4]) += hex[byte & 15];
        else out += c;
    }
    return out + "\"";
}

bool tell(const problems& found, const common_options& with) {
    const auto sorted = found.sorted();
    if (with.json) {
        std::cout << "[";
        for (std::size_t i = 0; i < sorted.size(); ++i) {
            const auto& p = sorted[i];
            std::cout << (i == 0 ? "\n" : ",\n")
                      << "  {\"severity\": " << (p.severity == severity::error ? "\"error\"" : "\"warning\"")
                      << ", \"file\": " << json_text(p.at.in ? p.at.in->name : "")
                      << ", \"line\": " << p.at.line << ", \"column\": " << p.at.column
                      << ", \"length\": " << p.at.length << ", \"message\": " << json_text(p.message)
                      << ", \"help\": " << json_text(p.help) << "}";
        }
        std::cout << (sorted.empty() ? "]\n" : "\n]\n");
        return found.ok();
    }
    constexpr std::size_t most = 100;
    for (std::size_t i = 0; i < std::min(sorted.size(), most); ++i)
        std::cerr << rtai::to_text(sorted[i], with.color);
    if (sorted.size() > most) std::cerr << "... and " << sorted.size() - most << " more\n";
    const auto errors = static_cast<std::size_t>(std::count_if(
        sorted.begin(), sorted.end(), [](const problem& p) { return p.severity == severity::error; }));
    if (errors != 0) std::cerr << errors << (errors == 1 ? " error\n" : " errors\n");
    return errors == 0;
}

loaded load(const std::string& path, known& catalogue) {
    loaded l;
    l.s = read_spec(path, l.found);
    if (l.s.file == nullptr) return l;
    check(l.s, catalogue, l.found);
    if (l.found.ok()) l.p = make_plans(l.s, catalogue);
    return l;
}

int check_command(const std::string& path, const common_options& with) {
    known catalogue(with.probe);
    const auto l = load(path, catalogue);
    const bool fine = tell(l.found, with);
    if (fine && !with.json)
        std::cerr << path << ": fine: " << l.s.pipelines.size()
                  << (l.s.pipelines.size() == 1 ? " pipeline, " : " pipelines, ") << l.s.services.size()
                  << (l.s.services.size() == 1 ? " service\n" : " services\n");
    return fine ? done : l.s.file == nullptr ? cannot : bad_spec;
}

int generate_command(const std::string& path, const generate_options& o, const common_options& with) {
    known catalogue(with.probe);
    auto l = load(path, catalogue);
    std::vector<generated_file> files;
    if (l.found.ok()) files = emit(l.s, l.p, l.found);
    const bool fine = with.json ? l.found.ok() : tell(l.found, with);
    if (!fine) {
        if (with.json) tell(l.found, with);
        return l.s.file == nullptr ? cannot : bad_spec;
    }
    const auto out = fs::path(o.out.empty() ? directory_of(path) + "/generated" : o.out);
    std::vector<std::string> targets;
    int code = done;
    for (const auto& f : files) {
        const auto target = (out / f.name).lexically_normal().string();
        targets.push_back(target);
        if (o.check) {
            std::error_code failed;
            const bool there = fs::is_regular_file(target, failed);
            const auto before = there ? read_all(target) : std::string();
            if (there && before == f.text) continue;
            std::cout << unified_diff(there ? target : "/dev/null", target, before, f.text);
            code = bad_spec;
        } else if (o.dry_run) {
            std::cout << target << "\n";
        } else {
            bool changed = false;
            if (!write_if_changed(target, f.text, &changed)) return cannot;
            if (!with.json && changed) std::cerr << "wrote " << target << "\n";
        }
    }
    if (code != done)
        std::cerr << "rtai: what is generated is stale: run 'rtai generate " << path << "' again\n";
    if (!o.depfile.empty()) {
        const auto target = o.stamp.empty() && !targets.empty() ? targets.front() : o.stamp;
        if (!write_if_changed(o.depfile, depfile_text(target, l))) return cannot;
    }
    if (!o.stamp.empty()) {
        std::ofstream stamp(o.stamp);
        stamp << "of " << path << "\n";
        if (!stamp.flush()) return cannot;
    }
    if (with.json) {
        std::cout << "{\"files\": [";
        for (std::size_t i = 0; i < targets.size(); ++i)
            std::cout << (i == 0 ? "" : ", ") << json_text(targets[i]);
        std::cout << "]}\n";
    }
    return code;
}

namespace {

int run_program(const std::vector<std::string>& words, const std::string& directory = {}) {
    std::vector<char*> argv;
    for (const auto& w : words) argv.push_back(const_cast<char*>(w.c_str()));  // NOLINT: execvp's signature
    argv.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        if (!directory.empty() && ::chdir(directory.c_str()) != 0) ::_exit(126);
        ::execvp(argv[0], argv.data());
        ::_exit(127);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) < 0) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Whether `made` is newer than all that its dependency file lists.
bool is_fresh(const fs::path& made, const fs::path& depfile) {
    std::error_code failed;
    const auto when = fs::last_write_time(made, failed);
    if (failed) return false;
    std::string text = read_all(depfile);
    if (text.empty()) return false;
    text = text.substr(std::min(text.find(':') + 1, text.size()));
    std::string name;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const char c = i < text.size() ? text[i] : ' ';
        if (c == '\\' && i + 1 < text.size() && (text[i + 1] == '\n' || text[i + 1] == ' ')) {
            if (text[++i] == ' ') name += ' ';
            else if (!name.empty()) --i, text[i + 1] = ' ', ++i;
            continue;
        }
        if (c != ' ' && c != '\n') {
            name += c;
            continue;
        }
        if (!name.empty() && (fs::last_write_time(name, failed) > when || failed)) return false;
        name.clear();
    }
    return true;
}

}  // namespace

int build_command(const std::string& path, const build_options& o, const common_options& with,
                  std::string* program) {
    known catalogue(with.probe);
    auto l = load(path, catalogue);
    std::vector<generated_file> files;
    if (l.found.ok()) files = emit(l.s, l.p, l.found);
    if (l.found.ok() && (!l.s.has_program || l.s.services.empty()))
        l.found.error(l.s.name.at, "the spec has no services, so there is no program to build",
                      "add 'services:', for instance 'once: { kind: job, session: { pipeline: ... } }'");
    if (!tell(l.found, with)) return l.s.file == nullptr ? cannot : bad_spec;

    const auto out = fs::path(o.out.empty() ? directory_of(path) + "/.rtai" : o.out);
    for (const auto& f : files)
        if (!write_if_changed((out / f.name).string(), f.text)) return cannot;
    const auto& name = l.s.name.text;
    const auto made = (out / name).string(), depfile = (out / (name + ".d")).string();
    if (program != nullptr) *program = made;
    if (is_fresh(made, depfile)) return done;

    const auto compiler = catalogue.compiler();
    if (compiler.empty()) {
        std::cerr
            << "rtai: no C++ compiler was found\n  install clang-19 or g++, or name one with --compiler\n";
        return not_built;
    }
    std::vector<std::string> words = {
        compiler, "-std=c++20", "-O2", "-DASIO_STANDALONE", "-DASIO_NO_DEPRECATED", "-pthread"};
    if (compiler.find("clang") != std::string::npos) {
        words.emplace_back("-DASIO_HAS_CO_AWAIT=1");
    } else {
        words.emplace_back("-foptimize-sibling-calls");
        words.emplace_back("-DRTAI_SYMMETRIC_TRANSFER");
    }
    for (auto& flag : flags_of_libraries(RTAI_INCLUDE_FLAGS)) words.push_back(std::move(flag));
    words.push_back("-I" + include_directory());
    words.emplace_back("-DRTAI_EDGE_IS_COMPILED");
    words.push_back("-I" + directory_of(path));
    for (const auto& dir : with.probe.includes) words.push_back("-I" + dir);
    for (const auto& f : with.probe.flags) words.push_back(f);
    for (const auto& w :
         {std::string("-MD"), std::string("-MF"), depfile, (out / (name + ".cpp")).string(),
          std::string("-o"), made, std::string("-Wl,--as-needed"), "-L" + library_directory()})
        words.push_back(w);
    // Before what they need.
    if (fs::exists(fs::path(library_directory()) / "librtai_edge.a"))
        words.insert(words.end(), {"-lrtai_edge", "-lrtai_proto"});
    for (auto& flag : flags_of_libraries(RTAI_LINK_FLAGS)) words.push_back(std::move(flag));
    if (o.verbose) {
        for (const auto& w : words) std::cerr << w << " ";
        std::cerr << "\n";
    } else {
        std::cerr << "building " << made << " with " << compiler << "\n";
    }
    if (run_program(words) == 0) return done;
    std::cerr << "rtai: the compiler failed; if what it complains of is not in your own headers, this is a "
                 "mistake of rtai\n";
    return not_built;
}

int run_command(const std::string& path, const build_options& o, const std::vector<std::string>& arguments,
                const common_options& with) {
    std::string program;
    const int built = build_command(path, o, with, &program);
    if (built != done) return built;
    // Paths in a spec are meant from where it is.
    std::vector<std::string> words{fs::absolute(program).string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    if (::chdir(directory_of(path).c_str()) != 0) return cannot;
    std::vector<char*> argv;
    for (auto& w : words) argv.push_back(w.data());
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    std::cerr << "rtai: " << words[0] << " can not be started\n";
    return cannot;
}

}  // namespace rtai::codegen
