#include <array>
#include <cstddef>
#include <cstdint>

#include "../support/measures.hpp"
#include "bare.hpp"
#include "hurried.hpp"
#include "questions.hpp"

namespace bench {
namespace {

double window() {
    constexpr int windows = 2'000;
    static const auto sound = recording("0870", ear_format);
    rtai::vad::silero_state state(silero_weights());
    const std::size_t size = state.begin(ear_format.rate);
    float sum = 0;
    const double begin = cpu_microseconds();
    for (std::size_t i = 0; i < windows; ++i)
        sum += state.probability(sound.s16().subspan(i * size % (sound.frames() - size), size));
    const double took = cpu_microseconds() - begin;
    if (sum < 1) throw std::runtime_error("nobody speaks in the recording");
    return took / windows;
}

}  // namespace

/// What does the model that hears speech cost?
void silero(sheet& s) {
    s.measure("Silero VAD, one window of 32 ms", "microseconds",
              {{"silero_window_us", "rtai's own", role::ours, {window}}});
}

}  // namespace bench
