#pragma once

#include <chrono>
#include <fstream>
#include <memory>
#include <rtai/core/driver.hpp>
#include <rtai/core/run.hpp>
#include <rtai/core/shard.hpp>
#include <stdexcept>
#include <utility>

namespace bench {

/// Under the loop of an ordinary shard: where it would sleep until a timer, the clock jumps there. So
/// nothing is measured but work, and nothing is shuffled as in a simulation.
class hurried_driver final : public rtai::driver {
public:
    rtai::time_point now() const noexcept override { return now_; }
    void poll() override {}
    void wait(rtai::time_point until) override {
        if (until == rtai::never) throw std::logic_error("nothing can happen any more");
        now_ = until;
    }
    void wake() noexcept override {}

private:
    rtai::time_point now_{std::chrono::hours(1)};
};

template <class T>
T run_hurried(rtai::task<T> work) {
    rtai::shard here(std::make_unique<hurried_driver>());
    return rtai::run(here, std::move(work));
}

/// How long this thread has wanted to work while other programs had the core, in milliseconds.
inline double kept_waiting_milliseconds() {
    std::ifstream file("/proc/thread-self/schedstat");
    double worked = 0, waited = 0;
    file >> worked >> waited;
    return waited / 1e6;
}

}  // namespace bench
