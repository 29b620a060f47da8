#pragma once

#include <cstddef>

namespace rtai::test {

/// How often this thread has asked for memory.
inline constinit thread_local std::size_t allocations = 0;

}  // namespace rtai::test
