#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/join.hpp>
#include <utility>
#include <vector>

#include "../support/measures.hpp"
#include "hurried.hpp"
#include "session.hpp"

namespace bench {

/// What came of sessions that ran on one shard, in the time that it takes.
struct live_outcome {
    double share(double part) { return values.empty() ? 1e9 : share_of(values, part); }

    std::vector<double> values;  ///< milliseconds, sorted by nobody
    std::uint64_t lost = 0;
    double cpu = 0;   ///< of each session, in microseconds a second
    double kept = 0;  ///< milliseconds in which other programs had the core
};

/// Runs sessions that begin spread over the scene, and calls `look(session)` for each at the end.
template <class F>
rtai::task<> run_live(const scene& s, int sessions, rtai::duration how_long, rtai::duration warm_up,
                      std::vector<rtai::duration>* late, live_outcome& out, F look) {
    const auto packets = static_cast<std::size_t>((warm_up + how_long) / frame);
    const auto start = rtai::now() + std::chrono::milliseconds(100);
    std::deque<session> all;
    std::vector<rtai::task<>> running;
    for (int i = 0; i < sessions; ++i) {
        const auto first = static_cast<std::size_t>(i) * s.line.size() / static_cast<std::size_t>(sessions);
        running.push_back(all.emplace_back(s, start + i * frame / sessions, first, packets).run());
    }
    auto watch = [&]() -> rtai::task<> {
        co_await rtai::sleep_until(start + warm_up);
        for (auto& one : all) one.ear.late = late;
        const double before = cpu_microseconds(), kept_before = kept_waiting_milliseconds();
        co_await rtai::sleep_until(start + warm_up + how_long);
        for (auto& one : all) one.ear.late = nullptr;
        const double seconds = std::chrono::duration<double>(how_long).count();
        out.cpu = (cpu_microseconds() - before) / seconds / sessions;
        out.kept = kept_waiting_milliseconds() - kept_before;
        for (const auto& one : all) out.lost += one.lost();
        for (const auto& one : all) look(one);
    };
    running.push_back(watch());
    co_await rtai::join(std::move(running));
}

}  // namespace bench
