#pragma once

#include <string_view>

namespace rtai {

/// CMakeLists.txt reads it from here.
inline constexpr std::string_view version = "0.1.0";

}  // namespace rtai
