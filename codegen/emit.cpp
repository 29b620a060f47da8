#include "emit.hpp"

#include <algorithm>
#include <filesystem>

#include "emit/parts.hpp"

namespace rtai::codegen {

namespace fs = std::filesystem;

std::string cited(const place& at, const spec& s) {
    if (!at.in) return {};
    const auto base = fs::path(s.file ? s.file->name : "").parent_path();
    const auto file = fs::path(at.in->name).lexically_relative(base.empty() ? "." : base).string();
    return (file.empty() || file == "." ? at.in->name : file) + ":" + std::to_string(at.line);
}

std::vector<const pipeline*> run_by_services(const spec& s) {
    std::vector<const pipeline*> all;
    for (const auto& one : s.services)
        for (const auto& [p, ignored] : one->pipelines)
            if (std::find(all.begin(), all.end(), p) == all.end()) all.push_back(p);
    return all;
}

std::vector<generated_file> emit(const spec& s, const plans& p, problems& found) {
    for (const auto& pipeline : s.pipelines)
        for (const auto& e : pipeline->elements)
            for (const auto* u : e->uses())
                if (!u->from.empty() && u->from.text == s.name.text + ".hpp" && u->from.at.in == s.file)
                    found.error(u->from.at,
                                "'" + u->from.text + "' is what the generated header is called, too",
                                "give the spec another name, or the header");
    if (!found.ok()) return {};
    std::vector<generated_file> files;
    files.push_back({s.name.text + ".hpp", pipelines_header(s, p)});
    if (s.has_program) {
        files.push_back({s.name.text + ".cpp", program_source(s)});
        files.push_back({s.name.text + ".values.yaml", values_file(s, p)});
    }
    return files;
}

}  // namespace rtai::codegen
