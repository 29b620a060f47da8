#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <vector>

#include "ai/voice.hpp"

// Sounds that are no speech, at 16 kHz, from -1 to 1.

namespace rtai::test {

/// Noise around a frequency.
class coloured_noise {
public:
    coloured_noise(double frequency, double width, double rate = 16'000) {
        const double r = std::exp(-std::numbers::pi * width / rate);
        b1_ = 2 * r * std::cos(2 * std::numbers::pi * frequency / rate);
        b2_ = -r * r;
        gain_ = (1 - r) * 2;
    }
    double operator()() noexcept {
        const double x = gain_ * hiss_() + b1_ * last_ + b2_ * before_;
        before_ = last_;
        last_ = x;
        return x;
    }

private:
    noise hiss_;
    double b1_, b2_, gain_;
    double last_ = 0, before_ = 0;
};

/// A burst, and a breath after it: no pitch, and lower than a hiss.
inline std::vector<double> cough() {
    coloured_noise throat(600, 500), mouth(1800, 900);
    std::vector<double> made;
    for (std::size_t n = 0; n < 16'000 * 30 / 100; ++n) {
        const double t = static_cast<double>(n) / 16'000;
        const double burst = std::exp(-t / 0.025), breath = 0.35 * std::exp(-std::pow((t - 0.12) / 0.06, 2));
        made.push_back(0.9 * (burst + breath) * (throat() + 0.7 * mouth()));
    }
    return made;
}

/// Two samples of full loudness.
inline std::vector<double> click() { return {0.9, -0.7}; }

/// Rumble, a hum and some air.
inline std::vector<double> fan(std::size_t count) {
    coloured_noise rumble(90, 120), air(900, 1500);
    std::vector<double> made;
    for (std::size_t n = 0; n < count; ++n) {
        const double t = static_cast<double>(n) / 16'000;
        made.push_back(0.15 * rumble() + 0.03 * air() + 0.01 * std::sin(2 * std::numbers::pi * 100 * t));
    }
    return made;
}

/// So quiet that a room is louder.
inline std::vector<double> hush(std::size_t count, double level = 0.0005) {
    noise hiss;
    std::vector<double> made(count);
    for (auto& s : made) s = level * hiss();
    return made;
}

/// Adds one sound to another, from a sample on.
inline void add(std::vector<double>& to, const std::vector<double>& more, std::size_t from) {
    for (std::size_t i = 0; i < more.size() && from + i < to.size(); ++i) to[from + i] += more[i];
}

}  // namespace rtai::test
