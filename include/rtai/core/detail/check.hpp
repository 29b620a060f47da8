#pragma once

#include <cstdio>
#include <cstdlib>

namespace rtai::detail {

[[noreturn]] inline void broken(const char* what) noexcept {
    std::fprintf(stderr, "rtai: %s\n", what);
    std::abort();
}

}  // namespace rtai::detail

/// A mistake of the program, not of its input: caught in debug builds, not looked for in release builds.
#ifdef NDEBUG
#define RTAI_CHECK(condition, what) ((void)0)
#else
#define RTAI_CHECK(condition, what) ((condition) ? (void)0 : ::rtai::detail::broken(what))
#endif
