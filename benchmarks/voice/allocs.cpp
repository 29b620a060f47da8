#include <cstddef>
#include <rtai/core/join.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../support/allocations.hpp"
#include "hurried.hpp"
#include "questions.hpp"
#include "session.hpp"

namespace bench {
namespace {

using namespace std::chrono_literals;
using rtai::task;

/// Allocations for each frame of 20 ms while ...
struct counts {
    double quiet = 0;    ///< nobody speaks
    double person = 0;   ///< the person speaks
    double machine = 0;  ///< the machine does
};

task<> count(rtai::time_point from, rtai::duration how_long, double& per_frame) {
    co_await rtai::sleep_until(from);
    const allocation_count heap;
    co_await rtai::sleep_for(how_long);
    per_frame = static_cast<double>(heap.calls()) / static_cast<double>(how_long / frame);
}

/// The answer is made while it is heard, as a provider that streams does it. The person speaks from 0.1 to
/// 1.5 s, the machine from 2.1 to 4.1 s.
task<> converse(counts& found) {
    static const scene once = [] {
        scene s(1400ms, 2000ms, 5000ms);
        s.live = true;
        return s;
    }();
    constexpr int turns = 8;
    const auto start = rtai::now();
    session one(once, start, 0, once.line.size() * turns);
    const auto last = start + once.period * (turns - 1);
    co_await rtai::join(one.run(), count(last + 500ms, 800ms, found.person),
                        count(last + 3300ms, 700ms, found.machine), count(last + 4400ms, 500ms, found.quiet));
}

const counts& found() {
    static const counts all = [] {
        counts c;
        std::thread([&] { run_hurried(converse(c)); }).join();
        return c;
    }();
    return all;
}

}  // namespace

/// How often does a session ask the heap for memory while sound flows?
void allocs(sheet& s) {
    s.measure(
        "Heap allocations in steady state", "for each frame of 20 ms",
        {{"allocs_per_frame", "while the machine speaks", role::ours, {[] { return found().machine; }}},
         {"allocs_per_frame.person", "while the person speaks", role::ours, {[] { return found().person; }}},
         {"allocs_per_frame.quiet", "while nobody speaks", role::ours, {[] { return found().quiet; }}}});
    s.at_most("heap allocations for a frame of the machine's", s["allocs_per_frame"], 0, "");
    s.at_most("heap allocations for a frame of the person's", s["allocs_per_frame.person"], 0, "");
    s.at_most("heap allocations for a frame of silence", s["allocs_per_frame.quiet"], 0, "");
}

}  // namespace bench
