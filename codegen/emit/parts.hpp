#pragma once

#include <string>
#include <vector>

#include "plan.hpp"
#include "spec.hpp"

// The files that are generated, and what their writers share.

namespace rtai::codegen {

std::string pipelines_header(const spec& s, const plans& p);
std::string program_source(const spec& s);
std::string values_file(const spec& s, const plans& p);

/// Those that services run, each once.
std::vector<const pipeline*> run_by_services(const spec& s);

/// Whether something in it depends on the machine, and is decided when the program starts.
bool has_prepare(const pipeline& p);

}  // namespace rtai::codegen
