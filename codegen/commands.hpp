#pragma once

#include <string>
#include <vector>

#include "catalogue.hpp"
#include "plan.hpp"
#include "spec.hpp"

namespace rtai::codegen {

/// Exit codes of the tool.
enum exit_code : int {
    done = 0,
    bad_spec = 1,   ///< the spec has errors, or what was generated is stale
    misused = 2,    ///< wrong arguments
    not_built = 3,  ///< the C++ compiler refused what was generated, or there is none
    cannot = 4,     ///< a file can not be read or written
};

struct common_options {
    probe_options probe;
    bool json = false;
    bool color = false;
};

/// A spec as far as a command needs it.
struct loaded {
    spec s;
    plans p;
    problems found;
};

/// Reads, checks and plans.
loaded load(const std::string& path, known& catalogue);

/// Prints all problems, as text or JSON; true if there is none that forbids to go on.
bool tell(const problems& found, const common_options& with);

int check_command(const std::string& path, const common_options& with);

struct generate_options {
    std::string out;
    bool check = false;
    bool dry_run = false;
    std::string depfile;
    std::string stamp;
};
int generate_command(const std::string& path, const generate_options& o, const common_options& with);

struct build_options {
    std::string out;
    bool verbose = false;
    std::vector<std::string> flags;
};
/// Compiles the generated program; `program` becomes its path.
int build_command(const std::string& path, const build_options& o, const common_options& with,
                  std::string* program = nullptr);
int run_command(const std::string& path, const build_options& o, const std::vector<std::string>& arguments,
                const common_options& with);

int graph_command(const std::string& path, const std::string& format, const std::string& only,
                  const std::string& out, const common_options& with);
int explain_command(const std::string& path, const std::string& node, const common_options& with);
int elements_command(const std::string& name, const common_options& with);
int schema_command(const std::string& out);
/// `kind`: the template.
int new_command(const std::string& name, const std::string& kind, const common_options& with);
std::vector<std::string> template_names();

/// A text in JSON's quotes.
std::string json_text(std::string_view text);

/// Writes a file if that changes it; false, with a message on standard error, if it can not.
bool write_if_changed(const std::string& path, const std::string& text, bool* changed = nullptr);

}  // namespace rtai::codegen
