#include <cstddef>
#include <deque>
#include <rtai/core/join.hpp>
#include <thread>
#include <utility>
#include <vector>

#include "../support/allocations.hpp"
#include "bare.hpp"
#include "hurried.hpp"
#include "questions.hpp"
#include "session.hpp"

namespace bench {
namespace {

using namespace std::chrono_literals;
using rtai::task;

constexpr int speakers = 50;

struct bytes {
    double quiet = 0;
    double speaking = 0;
};

task<> look(const allocation_count& heap, rtai::time_point when, double& each) {
    co_await rtai::sleep_until(when);
    each = static_cast<double>(heap.bytes()) / speakers;
}

task<> converse(bytes& found) {
    static const scene once = usual_scene();
    const allocation_count heap;
    const auto start = rtai::now();
    std::deque<session> all;
    std::vector<task<>> running;
    for (int i = 0; i < speakers; ++i)
        running.push_back(
            all.emplace_back(once, start + i * frame / speakers, 0, once.line.size() * 2).run());
    // After a whole turn, when everything is there that a session makes when it first needs it.
    running.push_back(look(heap, start + once.period + 1000ms, found.quiet));
    running.push_back(look(heap, start + once.period + 2200ms, found.speaking));
    co_await rtai::join(std::move(running));
}

const bytes& bytes_found() {
    static const bytes all = [] {
        const auto loaded = silero_weights();
        bytes b;
        // On a thread that has no recycled memory yet.
        std::thread([&] { run_hurried(converse(b)); }).join();
        return b;
    }();
    return all;
}

}  // namespace

/// How much memory does a session keep, beside the weights that all share?
void memory(sheet& s) {
    const double codec = static_cast<double>(opus_encoder_get_size(1) + opus_decoder_get_size(1));
    s.measure(
        "Memory of a session", "bytes",
        {{"session_bytes", "rtai, while the person speaks", role::ours, {[] { return bytes_found().quiet; }}},
         {"session_bytes.speaking",
          "rtai, when the machine begins to speak: its sound is made at once",
          role::ours,
          {[] { return bytes_found().speaking; }}},
         {"session_bytes.bare", "Opus alone, coder and decoder", role::bound, {[codec] { return codec; }}}});
}

}  // namespace bench
