#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <numbers>
#include <rtai/data/audio.hpp>
#include <span>
#include <string>
#include <vector>

// Sounds to find speech in. silero_reference.mjs has the same, line by line.

namespace rtai::test {

/// From -1 to 1, the same each time.
class noise {
public:
    double operator()() noexcept {
        state_ = state_ * 1664525U + 1013904223U;
        return static_cast<double>(state_ >> 16U) / 32768 - 1;
    }

private:
    std::uint32_t state_ = 12345;
};

/// Four syllables a second, with pitch and formants: enough of a voice for the model to take it for one.
inline std::vector<double> voice(std::uint32_t rate, std::size_t count) {
    constexpr double vowels[5][3] = {
        {730, 1090, 2440}, {270, 2290, 3010}, {300, 870, 2240}, {530, 1840, 2480}, {570, 840, 2410}};
    noise hiss;
    std::vector<double> made;
    double past[6] = {}, phase = 0, glottis = 0;
    for (std::size_t n = 0; n < count; ++n) {
        const double t = static_cast<double>(n) / rate, syllable = std::floor(t * 4), p = t * 4 - syllable;
        phase += (120 + 30 * std::sin(4.4 * t)) / rate;
        double puff = 0;
        if (phase >= 1) {
            phase -= 1;
            puff = 1;
        }
        glottis = 0.95 * glottis + puff;
        double x = glottis + 0.02 * hiss();
        for (std::size_t k = 0; k < 3; ++k) {
            const double r = std::exp(-std::numbers::pi * (70 + 30 * static_cast<double>(k)) / rate);
            const double formant = vowels[static_cast<std::size_t>(syllable) % 5][k];
            const double b1 = 2 * r * std::cos(2 * std::numbers::pi * formant / rate), b2 = -r * r;
            x = (1 - b1 - b2) * x + b1 * past[2 * k] + b2 * past[2 * k + 1];
            past[2 * k + 1] = past[2 * k];
            past[2 * k] = x;
        }
        const double loudness = p < 0.8 ? std::sin(std::numbers::pi * p / 0.8) : 0;
        made.push_back(0.1 * loudness * x);
    }
    return made;
}

inline std::vector<std::int16_t> as_s16(const std::vector<double>& samples) {
    std::vector<std::int16_t> made;
    made.reserve(samples.size());
    for (const double x : samples)
        made.push_back(
            static_cast<std::int16_t>(std::max(-32768.0, std::min(32767.0, std::floor(x * 32767 + 0.5)))));
    return made;
}

/// Two seconds each: silence, noise, voice, a tone, voice in noise, loud noise that clips.
inline std::vector<std::int16_t> signal(std::uint32_t rate) {
    noise hiss;
    const auto spoken = voice(rate, 2 * rate);
    std::vector<double> made;
    for (int part = 0; part < 6; ++part)
        for (std::size_t n = 0; n < 2 * rate; ++n) {
            const double h = hiss();
            if (part == 0) made.push_back(0);
            if (part == 1) made.push_back(0.05 * h);
            if (part == 2) made.push_back(spoken[n]);
            if (part == 3)
                made.push_back(0.3 * std::sin(2 * std::numbers::pi * 440 * static_cast<double>(n) / rate));
            if (part == 4) made.push_back(spoken[n] + 0.02 * h);
            if (part == 5) made.push_back(3 * h);
        }
    return as_s16(made);
}

/// A piece of these samples, with the time of its first one.
inline audio piece_of(std::span<const std::int16_t> samples, std::uint32_t rate, time_point at = {}) {
    audio made(audio_format(rate), samples.size());
    std::copy(samples.begin(), samples.end(), made.s16().begin());
    made.stamp.at = at;
    return made;
}

/// Human speech of Debian's pocketsphinx-testdata, if that is installed here.
inline std::filesystem::path recordings() {
    const char* named = std::getenv("RTAI_RECORDINGS");
    return named != nullptr ? named : "/usr/share/pocketsphinx/test/data";
}

}  // namespace rtai::test
