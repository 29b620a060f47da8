#include <chrono>
#include <cstddef>
#include <deque>
#include <iostream>
#include <thread>
#include <vector>

#include "../support/measures.hpp"
#include "bare.hpp"
#include "live.hpp"
#include "questions.hpp"

namespace bench {
namespace {

using namespace std::chrono_literals;

constexpr double limit = 20;  // milliseconds

/// So many sessions on one shard: how late their frames leave.
live_outcome run_together(int sessions) {
    static const scene once = usual_scene();
    constexpr auto how_long = 4200ms, warm_up = 2200ms;
    live_outcome out;
    std::vector<rtai::duration> late;
    late.reserve(static_cast<std::size_t>(sessions) * static_cast<std::size_t>(how_long / frame));
    std::thread([&] {
        rtai::run(run_live(once, sessions, how_long, warm_up, &late, out, [](const session&) {}));
    }).join();
    for (const auto l : late) out.values.push_back(std::chrono::duration<double, std::milli>(l).count());
    // Each machine speaks for half of the time: if much of that is missing, its sessions did not keep up.
    const auto wanted = static_cast<std::size_t>(sessions) * once.sound.size();
    if (out.values.size() < wanted * 9 / 10) out.lost += wanted - out.values.size();
    std::cout << "  " << sessions << " sessions: " << short_number(out.share(0.99)) << " ms late, "
              << out.lost << " frames lost, " << short_number(out.cpu) << " us of CPU a second each; "
              << short_number(out.kept) << " ms without the core\n"
              << std::flush;
    return out;
}

/// What codec and model alone take when they, too, wait for each frame.
double bare_live(int sessions) {
    static const scene once = usual_scene();
    const auto answer = static_cast<std::size_t>(2080ms / frame), count = once.line.size();
    std::deque<bare_session> all;
    for (int i = 0; i < sessions; ++i) all.emplace_back(once);
    const auto start = std::chrono::steady_clock::now();
    const double before = cpu_microseconds();
    for (std::size_t i = 0; i < count; ++i)
        for (std::size_t k = 0; k < all.size(); ++k) {
            std::this_thread::sleep_until(start + i * frame + k * frame / sessions);
            const std::size_t place = (i + k * count / all.size()) % count;
            all[k].hear(place);
            if (place >= answer && place - answer < once.sound.size()) (void)all[k].say(place - answer);
        }
    return (cpu_microseconds() - before) / std::chrono::duration<double>(once.period).count() / sessions;
}

bool keeps_up(live_outcome& o) { return o.lost == 0 && o.share(0.99) < limit; }

}  // namespace

/// How many sessions does one core carry?
void density(sheet& s) {
    std::cout << "Sessions on one core\n";
    (void)silero_weights();
    int most = 0, too_many = 0;
    live_outcome best;
    for (int n = 32; too_many == 0 || too_many - most > std::max(2, most / 8);
         n = too_many == 0 ? 2 * n : (most + too_many) / 2) {
        auto o = run_together(n);
        // Whatever else the machine does can only make it later: what fails by little gets a second chance.
        if (!keeps_up(o) && o.share(0.99) < 10 * limit) o = run_together(n);
        if (keeps_up(o)) {
            most = n;
            best = std::move(o);
        } else {
            too_many = n;
        }
        if (most == 0 && too_many < 4) break;
    }
    const double late = most > 0 ? best.share(0.99) : 0, cpu = best.cpu,
                 bare = most > 0 ? bare_live(most) : 0;
    s.measure("Sessions in real time on one core", "sessions",
              {{"sessions_per_core", "with 99 % of frames less than 20 ms late", role::ours, {[most] {
                    return static_cast<double>(most);
                }}}});
    s.measure(
        "How late frames leave, with so many", "milliseconds",
        {{"frame_lateness_ms.p99", "99 % of them are less late", role::ours, {[late] { return late; }}}});
    s.measure("CPU time of each, the waiting too", "microseconds a second",
              {{"session_cpu_us_per_s.live.rtai", "rtai", role::ours, {[cpu] { return cpu; }}},
               {"session_cpu_us_per_s.live.bare", "Opus and Silero VAD alone", role::bound, {[bare] {
                    return bare;
                }}}});
    if (most > 0) s.at_most("of a session in real time, the same", cpu / bare, 1.15, " times");
    s.at_least("sessions on one core", s["sessions_per_core"], 50, "");
}

}  // namespace bench
