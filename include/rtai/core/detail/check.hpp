#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace rtai::detail {

/// Of the simulation that runs on this thread, or 0: what goes wrong in it can be seen again.
inline constinit thread_local std::uint64_t simulated_seed = 0;

[[noreturn]] inline void broken(const char* what) noexcept {
    std::fprintf(stderr, "rtai: %s\n", what);
    if (simulated_seed != 0)
        std::fprintf(stderr, "rtai: in a simulation: set RTAI_SEED=%llu to see it again\n",
                     static_cast<unsigned long long>(simulated_seed));
    std::abort();
}

}  // namespace rtai::detail

/// A mistake of the program, not of its input: caught in debug builds, not looked for in release builds.
#ifdef NDEBUG
#define RTAI_CHECK(condition, what) ((void)0)
#else
#define RTAI_CHECK(condition, what) ((condition) ? (void)0 : ::rtai::detail::broken(what))
#endif
