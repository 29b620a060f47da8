#pragma once

#include <algorithm>
#include <rtai/core/offload.hpp>
#include <thread>

namespace rtai {

/// The program's own workers, one for each processor, for elements that have heavy work to do and no pool
/// of their own. They start with the first use, and end with the program.
inline worker_pool& background() {
    static worker_pool pool([] {
        worker_pool::options o;
        o.threads = std::max(1U, std::thread::hardware_concurrency());
        o.queue = 4096;
        return o;
    }());
    return pool;
}

}  // namespace rtai
