#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <rtai/core/channel.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/sim.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/graph/element.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ai/voice.hpp"
#include "graph/flow.hpp"
#include "support/sound.hpp"

namespace rtai::test {

/// What a detector made of some sound.
struct hearing {
    duration at(std::size_t n) const { return moments.at(n).stamp.at - began; }
    duration spoken() const {
        duration sum{};
        for (std::size_t i = 0; i + 1 < moments.size(); i += 2) sum += at(i + 1) - at(i);
        return sum;
    }

    time_point began;
    std::size_t passed = 0;  // samples
    std::vector<moment> moments;
    std::vector<duration> said;  // when each came
};

inline bool near_to(duration a, duration b, duration tolerance) {
    return a - b <= tolerance && b - a <= tolerance;
}

inline std::vector<what> kinds_of(const std::vector<moment>& moments) {
    std::vector<what> kinds;
    for (const auto& m : moments) kinds.push_back(m.what);
    return kinds;
}

/// Speaks as a microphone does: a frame when its last sample is there, with the time of its first.
inline task<> speak(sender<audio> to, std::vector<std::int16_t> samples, std::uint32_t rate, duration frame) {
    const audio_format format(rate);
    const time_point start = now();
    const std::size_t whole = format.frames_in(frame);
    for (std::size_t done = 0; done < samples.size();) {
        const std::size_t count = std::min(whole, samples.size() - done);
        co_await sleep_until(start + format.time_of(done + count));
        audio piece = piece_of(std::span(samples).subspan(done, count), rate, start + format.time_of(done));
        done += count;
        if (!co_await to.send(std::move(piece))) co_return;
    }
}

template <class Element>
task<hearing> listen_to(Element& e, std::vector<std::int16_t> samples, std::uint32_t rate,
                        duration frame = std::chrono::milliseconds(20)) {
    hearing heard;
    heard.began = now();
    channel<audio> to(4), from(4);
    channel<moment> edges(8);
    e.in.connect(to.receiver(), audio_format(rate));
    e.out.connect(from.sender(), audio_format(rate));
    e.speech.connect(edges.sender());
    auto take_audio = [&](receiver<audio> in) -> task<> {
        while (auto piece = co_await in.receive()) heard.passed += piece->frames();
    };
    auto take_moments = [&](receiver<moment> in) -> task<> {
        while (auto m = co_await in.receive()) {
            heard.said.push_back(now() - heard.began);
            heard.moments.push_back(std::move(*m));
        }
    };
    co_await join(play(e), speak(to.sender(), std::move(samples), rate, frame), take_audio(from.receiver()),
                  take_moments(edges.receiver()));
    co_return heard;
}

/// The same in a world of its own, to the end.
template <class Element>
hearing hear_all(Element& e, const std::vector<std::int16_t>& samples, std::uint32_t rate,
                 duration frame = std::chrono::milliseconds(20)) {
    hearing heard;
    sim::world world(1);
    auto work = [&]() -> task<> { heard = co_await listen_to(e, samples, rate, frame); };
    world.run(work());
    return heard;
}

/// Noise, a voice in it, noise.
inline std::vector<std::int16_t> between_noise(std::uint32_t rate, duration around, duration spoken,
                                               double level, double offset = 0, double loudness = 1) {
    const audio_format format(rate);
    const std::size_t quiet = format.frames_in(around), loud = format.frames_in(spoken);
    const auto said = voice(rate, loud);
    noise hiss;
    std::vector<double> made(2 * quiet + loud);
    for (std::size_t i = 0; i < made.size(); ++i) {
        made[i] = level * hiss() + offset;
        if (i >= quiet && i - quiet < loud) made[i] += loudness * said[i - quiet];
    }
    return as_s16(made);
}

inline std::vector<std::int16_t> raw_file(const std::filesystem::path& path) {
    const std::string bytes = file_text(path);
    std::vector<std::int16_t> samples(bytes.size() / 2);
    std::memcpy(samples.data(), bytes.data(), samples.size() * 2);
    return samples;
}

/// Of two neighbours one, for half the rate.
inline std::vector<std::int16_t> every_other(const std::vector<std::int16_t>& samples) {
    std::vector<std::int16_t> made(samples.size() / 2);
    for (std::size_t i = 0; i < made.size(); ++i)
        made[i] = static_cast<std::int16_t>((samples[2 * i] + samples[2 * i + 1]) >> 1);
    return made;
}

/// Of a person at 16 kHz.
struct recording {
    std::string name;
    std::vector<std::int16_t> samples;
};

/// Those that are here; none without Debian's pocketsphinx-testdata.
inline std::vector<recording> all_recordings() {
    std::vector<recording> all;
    const auto add = [&](const std::string& name) {
        const auto path = recordings() / name;
        if (!std::filesystem::exists(path)) return;
        auto samples = raw_file(path);
        if (const auto data = file_text(path).find("data"); name.ends_with(".wav"))
            samples.erase(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(data / 2 + 4));
        all.push_back({name, std::move(samples)});
    };
    for (const auto* raw : {"goforward.raw", "numbers.raw", "something.raw"}) add(raw);
    for (const auto* wav : {"0870", "0880", "0890", "0920", "0930"})
        add("librivox/sense_and_sensibility_01_austen_64kb-" + std::string(wav) + ".wav");
    for (const auto* wav : {"001", "002", "003", "004", "005"}) add("cards/" + std::string(wav) + ".wav");
    return all;
}

}  // namespace rtai::test
