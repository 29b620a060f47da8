#pragma once

#include <string>

namespace rtai::codegen {

/// How to get from one text to the other, as `diff -u` prints it; empty if they are the same.
std::string unified_diff(const std::string& old_name, const std::string& new_name, const std::string& before,
                         const std::string& after);

}  // namespace rtai::codegen
