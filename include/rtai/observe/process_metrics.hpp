#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <rtai/observe/metrics.hpp>
#include <string>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>

namespace rtai::observe {

/// What the system knows of this process, under the names that Prometheus gives it everywhere. It is looked
/// up when somebody scrapes.
inline void add_process_metrics(metric_registry& r) {
    auto& memory = r.add_gauge("process_resident_memory_bytes", "Memory of the process.");
    auto& files = r.add_gauge("process_open_fds", "File descriptors that are open.");
    auto& most_files = r.add_gauge("process_max_fds", "File descriptors that may be open.");
    auto& threads = r.add_gauge("process_threads", "Threads of the process.");
    auto& cpu = r.add_gauge("process_cpu_used_seconds", "Time that its threads have computed.");
    r.add_gauge("process_start_time_seconds", "When it began, since 1970.")
        .set(std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count());
    r.before_scrape([&memory, &files, &most_files, &threads, &cpu] {
        std::error_code none;
        double pages = 0, resident = 0;
        std::ifstream("/proc/self/statm") >> pages >> resident;
        memory.set(resident * static_cast<double>(::sysconf(_SC_PAGESIZE)));
        const auto count = [&](const char* directory) {
            double all = 0;
            for (std::filesystem::directory_iterator i(directory, none), end; i != end; i.increment(none))
                ++all;
            return all;
        };
        files.set(count("/proc/self/fd") - 1);  // without the one that counts
        threads.set(count("/proc/self/task"));
        rlimit most{};
        if (::getrlimit(RLIMIT_NOFILE, &most) == 0) most_files.set(static_cast<double>(most.rlim_cur));
        timespec used{};
        if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0)
            cpu.set(static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9);
    });
}

}  // namespace rtai::observe
