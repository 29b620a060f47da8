#pragma once

#include <sys/timerfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <rtai/core/clock.hpp>
#include <rtai/core/driver.hpp>
#include <system_error>
#include <thread>

namespace rtai::rpc::detail {

/// Wakes a driver at an exact time. A completion queue counts in milliseconds and rounds up, and nothing
/// else can be waited for together with it; so a thread waits for a timer of the kernel. Setting it is one
/// system call, and wakes nobody.
class exact_clock {
public:
    explicit exact_clock(driver& d) : driver_(d), timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) {
        if (timer_ < 0) throw std::system_error(errno, std::system_category(), "timerfd_create");
        try {
            thread_ = std::thread([this] { run(); });
        } catch (...) {
            ::close(timer_);
            throw;
        }
    }
    exact_clock(const exact_clock&) = delete;
    exact_clock& operator=(const exact_clock&) = delete;
    ~exact_clock() {
        ending_ = true;
        set(time_point(duration(1)));
        thread_.join();
        ::close(timer_);
    }

    /// On the driver's thread. Goes off once; a time that is set later replaces it.
    void set(time_point when) noexcept {
        using std::chrono::nanoseconds;
        const auto since = std::chrono::duration_cast<nanoseconds>(when.time_since_epoch()).count();
        itimerspec at{};
        at.it_value.tv_sec = static_cast<time_t>(since / 1'000'000'000);
        at.it_value.tv_nsec = static_cast<decltype(at.it_value.tv_nsec)>(since % 1'000'000'000);
        ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &at, nullptr);
    }

private:
    void run() noexcept {
        std::uint64_t times = 0;
        for (;;) {
            const auto got = ::read(timer_, &times, sizeof times);
            if (ending_) return;
            if (got > 0) driver_.wake();
        }
    }

    driver& driver_;
    int timer_;
    std::atomic<bool> ending_{false};
    std::thread thread_;
};

}  // namespace rtai::rpc::detail
