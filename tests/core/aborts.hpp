#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <string>

namespace rtai::test {

// Checks are in debug builds only, and thread sanitizer does not like forks.
#if defined(NDEBUG) || defined(__SANITIZE_THREAD__)
inline constexpr bool can_watch_aborts = false;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool can_watch_aborts = false;
#else
inline constexpr bool can_watch_aborts = true;
#endif
#else
inline constexpr bool can_watch_aborts = true;
#endif

/// Runs `f` in a process of its own that is expected to abort, and returns what that one said before.
template <class F>
std::string abort_message(F f) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) return "no pipe";
    const pid_t child = fork();
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        f();
        _exit(0);
    }
    close(ends[1]);
    std::string text;
    std::array<char, 256> part{};
    for (ssize_t n = 0; (n = read(ends[0], part.data(), part.size())) > 0;)
        text.append(part.data(), static_cast<std::size_t>(n));
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT) text += "(it did not abort)";
    return text;
}

}  // namespace rtai::test
