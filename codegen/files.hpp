#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace rtai::codegen {

/// All that is in a file; nothing if it can not be read.
inline std::string read_all(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace rtai::codegen
