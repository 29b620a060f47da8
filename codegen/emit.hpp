#pragma once

#include <rtai/data/problem.hpp>
#include <string>
#include <vector>

#include "plan.hpp"
#include "spec.hpp"

namespace rtai::codegen {

/// The form of generated code, as rtai/graph/generated.hpp knows it.
inline constexpr int generated_format = 1;

struct generated_file {
    std::string name;  ///< "assistant.hpp"
    std::string text;
};

/// What the spec becomes: a header with its pipelines, a program with its services, and the values that
/// the program reads at start.
std::vector<generated_file> emit(const spec& s, const plans& p, problems& found);

/// The template of that name, as it was when the tool was built.
std::string template_text(const std::string& name);

/// Fills in a template.
std::string fill(const std::string& name, const std::vector<std::pair<std::string, std::string>>& values);

/// A place as generated code cites it: "assistant.yaml:12", the path from where the spec is.
std::string cited(const place& at, const spec& s);

}  // namespace rtai::codegen
