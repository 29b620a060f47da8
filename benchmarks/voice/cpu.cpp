#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <rtai/core/join.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../support/measures.hpp"
#include "bare.hpp"
#include "hurried.hpp"
#include "questions.hpp"
#include "session.hpp"

namespace bench {
namespace {

using namespace std::chrono_literals;
using rtai::task;

constexpr int sessions = 4;
constexpr std::size_t rounds = 3;  // of the scene, after one that warms up

const scene& conversation() {
    static const scene s = usual_scene();
    return s;
}
const double seconds_measured = static_cast<double>(sessions) * static_cast<double>(rounds) * 4.2;

/// What was done in the time that was measured, to see that both do the same.
struct work {
    double cpu = 0;
    std::size_t packets = 0;
    std::size_t bytes = 0;
};

task<> measure(const std::deque<session>& all, rtai::time_point from, rtai::time_point to, work& done) {
    co_await rtai::sleep_until(from);
    work before;
    for (const auto& s : all) before.packets += s.ear.packets, before.bytes += s.ear.bytes;
    before.cpu = cpu_microseconds();
    co_await rtai::sleep_until(to);
    done.cpu = cpu_microseconds() - before.cpu;
    for (const auto& s : all) done.packets += s.ear.packets, done.bytes += s.ear.bytes;
    done.packets -= before.packets;
    done.bytes -= before.bytes;
}

task<> converse(work& done) {
    const scene& s = conversation();
    const auto start = rtai::now();
    std::deque<session> all;
    std::vector<task<>> running;
    for (int i = 0; i < sessions; ++i) {
        auto& one = all.emplace_back(s, start + i * frame / sessions, 0, s.line.size() * (rounds + 1) + 8);
        running.push_back(one.run());
    }
    const auto from = start + s.period + 90ms;
    running.push_back(measure(all, from, from + s.period * static_cast<int>(rounds), done));
    co_await rtai::join(std::move(running));
    for (const auto& one : all)
        if (one.lost() != 0) throw std::runtime_error("a session lost frames");
}

work ours() {
    work done;
    run_hurried(converse(done));
    return done;
}

/// The same frames of the same sessions, in the same order.
work bare() {
    const scene& s = conversation();
    // The answer begins when speech was over for a while; where exactly does not matter.
    const auto answer = static_cast<std::size_t>(2080ms / frame);
    std::deque<bare_session> all;
    for (int i = 0; i < sessions; ++i) all.emplace_back(s);
    work done;
    double begin = 0;
    for (std::size_t round = 0; round <= rounds; ++round) {
        if (round == 1) {
            done = work();
            begin = cpu_microseconds();
        }
        for (std::size_t place = 0; place < s.line.size(); ++place)
            for (auto& one : all) {
                one.hear(place);
                if (place < answer || place - answer >= s.sound.size()) continue;
                ++done.packets;
                done.bytes += one.say(place - answer);
            }
    }
    done.cpu = cpu_microseconds() - begin;
    return done;
}

std::string told(const work& w) {
    return std::to_string(w.packets) + " packets of " + std::to_string(w.bytes) + " bytes";
}

}  // namespace

/// What does a session cost besides the codec and the model that it can not do without?
void cpu(sheet& s) {
    const work one = ours(), other = bare();
    if (one.packets != other.packets || one.bytes != other.bytes)
        throw std::runtime_error("the two do not do the same: " + told(one) + ", and " + told(other));
    s.measure("CPU time of a session: a person and a machine take turns", "microseconds a second",
              {{"session_cpu_us_per_s.rtai", "rtai, all but the waiting", role::ours, {[] {
                    return ours().cpu / seconds_measured;
                }}},
               {"session_cpu_us_per_s.bare", "Opus and Silero VAD alone", role::bound, {[] {
                    return bare().cpu / seconds_measured;
                }}}});
    const auto rtai = s["session_cpu_us_per_s.rtai"], bound = s["session_cpu_us_per_s.bare"];
    s.at_most("a session's CPU time, of codec and model alone", *rtai / *bound, 1.15, " times");
}

}  // namespace bench
