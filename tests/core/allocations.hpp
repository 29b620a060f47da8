#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RTAI_COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RTAI_COUNTS_ALLOCATIONS 0
#endif
#endif
#ifndef RTAI_COUNTS_ALLOCATIONS
#define RTAI_COUNTS_ALLOCATIONS 1
#endif

namespace rtai::test {

/// How often this thread has asked for memory. Sanitizers want operator new for themselves: with them
/// this stays zero.
inline constinit thread_local std::size_t allocations = 0;

}  // namespace rtai::test
