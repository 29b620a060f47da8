#pragma once

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numbers>
#include <rtai/data/audio.hpp>
#include <string>
#include <unistd.h>
#include <vector>

namespace rtai::test {

/// A place for the files of this process, which is gone with it.
class temporary_directory {
public:
    temporary_directory()
        : path_(std::filesystem::temp_directory_path() / ("rtai_test_" + std::to_string(::getpid()))) {
        std::filesystem::create_directories(path_);
    }
    temporary_directory(const temporary_directory&) = delete;
    temporary_directory& operator=(const temporary_directory&) = delete;
    ~temporary_directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

inline std::filesystem::path temporary(const std::string& name) {
    static const temporary_directory directory;
    return directory.path() / name;
}

inline void write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path, std::ios::trunc) << text;
}

inline std::string file_text(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// A part of an endless sine, the same in each channel, as loud as half of what can be.
inline audio sine(audio_format format, double hertz, std::size_t frames, std::size_t first = 0) {
    audio made(format, frames);
    for (std::size_t i = 0; i < frames; ++i) {
        const double at = hertz / format.rate * static_cast<double>(first + i);
        const double level = 0.5 * std::sin(2 * std::numbers::pi * at);
        for (std::size_t c = 0; c < format.channels; ++c) {
            const std::size_t n = i * format.channels + c;
            if (format.encoding == encoding::s16)
                made.s16()[n] = static_cast<std::int16_t>(std::lround(level * 32767));
            else made.f32()[n] = static_cast<float>(level);
        }
    }
    return made;
}

/// The samples of one channel, from -1 to 1.
inline std::vector<float> channel_of(const audio& a, std::size_t channel = 0) {
    std::vector<float> samples;
    for (std::size_t i = channel; i < a.frames() * a.format.channels; i += a.format.channels)
        samples.push_back(a.format.encoding == encoding::s16 ? static_cast<float>(a.s16()[i]) / 32768.0F
                                                             : a.f32()[i]);
    return samples;
}

inline void append(std::vector<float>& to, const std::vector<float>& more) {
    to.insert(to.end(), more.begin(), more.end());
}

/// How often a second a wave goes up through zero.
inline double pitch_of(const std::vector<float>& samples, double rate) {
    std::size_t crossings = 0;
    for (std::size_t i = 1; i < samples.size(); ++i)
        crossings += samples[i - 1] < 0 && samples[i] >= 0 ? 1U : 0U;
    return static_cast<double>(crossings) * rate / static_cast<double>(samples.size());
}

/// How loud one frequency is, as the height of its wave.
inline double level_at(const std::vector<float>& samples, double rate, double hertz) {
    double sine = 0, cosine = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const double at = 2 * std::numbers::pi * hertz / rate * static_cast<double>(i);
        sine += static_cast<double>(samples[i]) * std::sin(at);
        cosine += static_cast<double>(samples[i]) * std::cos(at);
    }
    return 2 * std::sqrt(sine * sine + cosine * cosine) / static_cast<double>(samples.size());
}

inline double energy_of(const std::vector<float>& samples) {
    double sum = 0;
    for (const float s : samples) sum += static_cast<double>(s) * static_cast<double>(s);
    return samples.empty() ? 0 : sum / static_cast<double>(samples.size());
}

}  // namespace rtai::test
