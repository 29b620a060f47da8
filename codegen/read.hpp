#pragma once

#include <rtai/data/problem.hpp>
#include <string>
#include <vector>

#include "spec.hpp"

namespace rtai::codegen {

/// Reads a spec and what it imports. Everything that is wrong with how it is written is added to `found`;
/// what could be read is returned.
spec read_spec(const std::string& path, problems& found);

/// The same from a text, for tests and fuzzing; imports are looked for beside `path`.
spec read_spec_text(const std::string& path, std::string text, problems& found);

/// The keys that the parts of a spec have, for the reader and for the JSON Schema.
struct key {
    const char* name;
    const char* about;
};
extern const std::vector<key> spec_keys;
extern const std::vector<key> pipeline_keys;
extern const std::vector<key> port_keys;
extern const std::vector<key> element_keys;
extern const std::vector<key> line_keys;
extern const std::vector<key> process_keys;
extern const std::vector<std::string> policies;

}  // namespace rtai::codegen
