#include <algorithm>
#include <cctype>
#include <filesystem>
#include <iostream>
#include <rtai/data/nearest.hpp>
#include <string>
#include <vector>

#include "commands.hpp"
#include "emit.hpp"
#include "read.hpp"

namespace rtai::codegen {

namespace fs = std::filesystem;

namespace {

int complain(const std::string& what, const std::string& help, int code) {
    std::cerr << "rtai: " << what << "\n  " << help << "\n";
    return code;
}

bool fits_a_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// The nearest name that can be one: "my-bot" -> "my_bot", "2nd" -> "app_2nd".
std::string mended(const std::string& name) {
    std::string out;
    for (const char c : name)
        if (c != '_' && fits_a_name(c)) out += c;
        else if (!out.empty() && !out.ends_with('_')) out += '_';
    while (out.ends_with('_')) out.pop_back();
    if (out.empty()) return "my_app";
    return std::isdigit(static_cast<unsigned char>(out.front())) != 0 ? "app_" + out : out;
}

/// What new can make.
struct kind_of_start {
    std::string name;
    std::string element;  ///< the header of the element of one's own
    std::string then;     ///< what to do when it runs
};

const std::vector<kind_of_start>& starts() {
    static const std::vector<kind_of_start> all{
        {"voice", "brain.hpp",
         "  open http://localhost:8080 when it says so, in about a minute; press the button and speak, or "
         "type"},
        {"lines", "louder.hpp", "  from another terminal: nc localhost 7000"},
    };
    return all;
}

/// Whether the directory can be made, or is there and empty.
bool is_free(const fs::path& directory) {
    std::error_code failed;
    if (!fs::exists(directory, failed)) return true;
    return fs::is_directory(directory, failed) && fs::is_empty(directory, failed);
}

}  // namespace

std::vector<std::string> template_names() {
    std::vector<std::string> all;
    for (const auto& s : starts()) all.push_back(s.name);
    return all;
}

int new_command(const std::string& name, const std::string& kind, const common_options& with) {
    const auto found =
        std::find_if(starts().begin(), starts().end(), [&](const auto& s) { return s.name == kind; });
    if (found == starts().end()) {
        const auto names = template_names();
        const auto near = nearest(kind, names);
        std::string all;
        for (const auto& n : names) all += (all.empty() ? "" : ", ") + n;
        return complain("there is no template '" + kind + "'",
                        near.empty() ? "there is: " + all : "did you mean '" + near + "'?", misused);
    }
    if (name.empty() || !std::all_of(name.begin(), name.end(), fits_a_name))
        return complain("'" + name + "' can not be the name of a program: a name has letters, digits and '_'",
                        "for instance: rtai new " + mended(name), misused);
    const auto filled = [&](const std::string& file) { return fill("new/" + file, {{"name", name}}); };
    const auto own = [&](const std::string& file) { return filled(kind + "/" + file); };
    const auto spec_file = name + ".yaml", spec_text = own("spec.yaml");
    // The reader knows what else is no name.
    problems wrong;
    read_spec_text(spec_file, spec_text, wrong);
    if (!wrong.ok()) {
        const auto first = wrong.sorted().front();
        const auto other = mended(name) != name ? mended(name) : "my_" + name;
        return complain(first.message, "for instance: rtai new " + other, misused);
    }
    if (!is_free(name))
        return complain("there is something in '" + name + "' already",
                        "choose another name, or empty it first", cannot);

    const auto in = [&](const std::string& file) { return (fs::path(name) / file).string(); };
    const bool written = write_if_changed(in(spec_file), spec_text) &&
                         write_if_changed(in(found->element), own(found->element)) &&
                         write_if_changed(in("CMakeLists.txt"), filled("CMakeLists.txt")) &&
                         write_if_changed(in("README.md"), own("README.md")) &&
                         write_if_changed(in(".gitignore"), filled("gitignore"));
    if (!written || schema_command(in("rtai.schema.json")) != done) return cannot;

    const auto strong = [&](const std::string& s) { return with.color ? "\x1b[1m" + s + "\x1b[0m" : s; };
    std::cout << "made " << name << "/ with " << spec_file << " and " << found->element
              << ", an element of your own\n\n"
              << "next:\n  " << strong("cd " + name + " && rtai run " + spec_file) << "\n\n"
              << "then:\n"
              << found->then << "\n\n"
              << "Ctrl-C ends it. README.md says how to change it.\n";
    return done;
}

}  // namespace rtai::codegen
