#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <rtai/ai/detail/listener.hpp>
#include <rtai/ai/vad/speech_gate.hpp>
#include <rtai/core/task.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <span>

namespace rtai::vad {

/// How many decibels sound is over the noise around it. The noise is the least level of the last seconds
/// ("minimum statistics"), because there are gaps in speech and none in noise.
class energy_meter {
public:
    static constexpr double silence = -1000;  ///< no level, and below all of them

    explicit energy_meter(double least, duration memory) : least_(least), memory_(memory) {}

    std::size_t begin(const audio_format& f) {
        // Below the voice are hum, rumble and the offset of a bad sound card: 50 Hz becomes 20 dB less.
        keep_ = std::max(0.0, 1 - 2 * std::numbers::pi * 150 / f.rate);
        stages_.fill({});
        last_.fill(0);
        const std::size_t window = std::max<std::size_t>(f.frames_in(std::chrono::milliseconds(10)), 1);
        const auto windows = memory_ / std::max<duration>(f.time_of(window), duration(1));
        part_length_ = std::max<std::size_t>(static_cast<std::size_t>(windows) / parts, 1);
        begun_ = false;
        return window;
    }

    double level(std::span<const std::int16_t> window) {
        const double power = power_of(window);
        // Made by a machine: it says nothing about the room.
        if (power < nothing) return silence;
        // Over 30 ms, which no click fills.
        std::rotate(last_.begin(), last_.begin() + 1, last_.end());
        last_.back() = power;
        if (last_.front() == 0) return silence;
        const double mean = (last_[0] + last_[1] + last_[2]) / 3;
        learn(mean);
        const double now = decibels(mean);
        return now < least_ ? silence : now - noise();
    }

    /// In decibels below the loudest that can be.
    double noise() const {
        // The least of many is lower than what is usual, by about this much.
        return decibels(*std::min_element(least_of_.begin(), least_of_.end())) + 1.5;
    }

private:
    static constexpr double nothing = 1e-9;  // -90 dB
    static constexpr std::size_t parts = 8;

    static double decibels(double power) { return 10 * std::log10(std::max(power, nothing)); }

    double power_of(std::span<const std::int16_t> window) {
        if (!begun_) stages_[0].before = window.front();  // an offset is no click
        begun_ = true;
        double sum = 0;
        for (const auto sample : window) {
            double value = sample;
            for (auto& stage : stages_) {
                stage.after = keep_ * (stage.after + value - stage.before);
                stage.before = value;
                value = stage.after;
            }
            sum += value * value;
        }
        // In digital silence it would fade into numbers that are slow to compute with, and stay there.
        for (auto& stage : stages_)
            if (std::abs(stage.after) < 1e-9) stage.after = 0;
        return sum / (32768.0 * 32768.0 * static_cast<double>(window.size()));
    }

    void learn(double power) {
        if (count_ == 0) {
            if (!known_) least_of_.fill(power);
            known_ = true;
            part_ = (part_ + 1) % parts;
            least_of_[part_] = power;
        }
        least_of_[part_] = std::min(least_of_[part_], power);
        count_ = (count_ + 1) % part_length_;
    }

    double least_;
    duration memory_;
    struct one_pole {
        double before = 0, after = 0;
    };
    double keep_ = 0;
    std::array<one_pole, 2> stages_{};  // of the high-pass filter
    bool begun_ = false;
    std::array<double, 3> last_{};
    std::array<double, parts> least_of_{};
    std::size_t part_ = 0, count_ = 0, part_length_ = 1;
    bool known_ = false;
};

struct energy {
    struct options {
        double threshold = 8;
        double off_threshold = 5;
        double least = -55;
        std::chrono::milliseconds start_after{60};
        std::chrono::milliseconds stop_after{500};
        std::chrono::milliseconds memory{2000};
        RTAI_DESCRIBE(options, threshold, off_threshold, least, start_after, stop_after, memory)

        static void notes(rtai::notes<options>& about) {
            about(&options::threshold, "so many decibels over the noise it is speech", range(0, 60));
            about(&options::off_threshold, "below so many decibels over the noise speech may be over",
                  range(0, 60));
            about(&options::least, "what is below so many decibels is never speech; 0 is as loud as can be",
                  range(-90, 0));
            about(&options::start_after, "speech of this length is speech; shorter is a click",
                  range(0, 10'000));
            about(&options::stop_after, "silence of this length ends speech", range(0, 60'000));
            about(&options::memory, "the noise is the least level of this time", range(200, 60'000));
        }
    };

    energy() : energy(options()) {}
    explicit energy(options o) : options_(o) {}

    input<audio, channels<1>, encodings<encoding::s16>> in;
    output<audio, as_received> out;
    output<moment> speech;
    RTAI_DESCRIBE(energy, in, out, speech)

    task<> run() {
        speech_gate::options gate;
        gate.on = options_.threshold;
        gate.off = std::min(options_.off_threshold, options_.threshold);
        gate.start_after = options_.start_after;
        gate.stop_after = options_.stop_after;
        co_await detail::listen(in, out, speech, energy_meter(options_.least, options_.memory), gate);
    }

private:
    options options_;
};

}  // namespace rtai::vad

RTAI_ELEMENT(rtai::vad::energy, "Hears when somebody speaks, by loudness over the noise; needs no model.");
