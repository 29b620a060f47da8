#include "read.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <rtai/data/nearest.hpp>
#include <rtai/data/units.hpp>
#include <rtai/data/yaml.hpp>
#include <string>
#include <utility>
#include <vector>

#include "read/names.hpp"
#include "read/reading.hpp"

namespace rtai::codegen {

namespace {

namespace fs = std::filesystem;

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

/// A spec and the files that it imports.
class reader {
public:
    reader(spec& into, problems& found, std::string first)
        : spec_(into), found_(found), parts_(into, found), first_(std::move(first)) {}

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
        const auto meant = known_keys(found_, tree, spec_keys, "a spec");
        // What a key was meant for is not missing, but neither is it known.
        if (meant.contains("import") || meant.contains("pipelines") || meant.contains("services"))
            spec_.complete = false;
        if (const auto* n = tree.find("name")) {
            auto w = text_of(found_, *n, "name");
            if (!w.empty()) w = name_word(found_, w.text, w.at, "spec");
            refuse_name_of_spec(found_, w);
            if (is_main) spec_.name = w;
        } else if (is_main && !meant.contains("name")) {
            found_.error(start_of(tree), "the spec has no name",
                         "add 'name: something', with letters, digits and '_'");
        }
        if (is_main) spec_.has_program = tree.find("services") != nullptr;
        if (const auto* about = tree.find("about"); about != nullptr && is_main)
            spec_.about = text_of(found_, *about, "about").text;
        if (const auto* list = tree.find("import")) imports(*list, path);
        if (const auto* list = tree.find("headers")) headers(*list, path);
        const bool all = each_member(found_, tree, "pipelines", "talk: { flow: [a -> b] }",
                                     [&](const value::member& m) { read_pipeline(parts_, m); }) &&
                         each_member(found_, tree, "services", "once: { kind: job }",
                                     [&](const value::member& m) { read_service(parts_, m); });
        if (!all) spec_.complete = false;
        each_member(found_, tree, "processes", "front: { run: [gateway] }",
                    [&](const value::member& m) { read_process(parts_, m); });
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

    spec& spec_;
    problems& found_;
    reading parts_;
    std::vector<std::string> open_;
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
