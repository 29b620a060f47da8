#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <rtai/core/timer.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/units.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/media/convert.hpp>
#include <span>
#include <type_traits>
#include <utility>

namespace rtai {

struct tone {
    struct options {
        hertz frequency{440};
        double level = 0.5;
        duration length = std::chrono::seconds(1);
        std::chrono::milliseconds frame{20};
        bool paced = true;
        RTAI_DESCRIBE(options, frequency, level, length, frame, paced)

        static void notes(rtai::notes<options>& about) {
            about(&options::frequency, "how high it is", range(1, 24'000));
            about(&options::level, "how loud it is: 1 is as loud as can be", range(0, 1));
            about(&options::length, "how long it sounds; 0: without end");
            about(&options::frame, "how much sound goes on at a time", range(1, 1000));
            about(&options::paced, "as fast as time goes by; false: as fast as it is taken");
        }
    };

    tone() : tone(options()) {}
    explicit tone(options o) : options_(o) {}

    output<audio, can_wait> out;
    RTAI_DESCRIBE(tone, out)

    task<> run() {
        if (!out) co_return;
        const audio_format format = out.format();
        const std::size_t whole = std::max<std::size_t>(format.frames_in(options_.frame), 1);
        std::size_t left = options_.length == duration::zero() ? std::numeric_limits<std::size_t>::max()
                                                               : format.frames_in(options_.length);
        const time_point start = now();
        std::size_t done = 0;
        for (std::uint64_t sequence = 0; left > 0; ++sequence) {
            if (options_.paced) co_await sleep_until(start + format.time_of(done));
            audio piece(format, std::min(whole, left));
            if (format.encoding == encoding::s16) fill(piece.s16(), format, done);
            else fill(piece.f32(), format, done);
            piece.stamp.at = now();
            piece.stamp.sequence = sequence;
            done += piece.frames();
            left -= piece.frames();
            if (!co_await out.send(std::move(piece))) co_return;
        }
    }

private:
    template <class Sample>
    void fill(std::span<Sample> samples, const audio_format& format, std::size_t first) const {
        const double turns = options_.frequency.value / format.rate;
        for (std::size_t i = 0; i < samples.size(); ++i) {
            // The whole turns are taken off first, so that a long tone stays as clean as it began.
            const std::size_t frame = first + i / format.channels;
            const double at = std::fmod(turns * static_cast<double>(frame), 1.0);
            const auto level = static_cast<float>(options_.level * std::sin(2 * std::numbers::pi * at));
            if constexpr (std::is_same_v<Sample, float>) samples[i] = level;
            else samples[i] = to_s16(level);
        }
    }

    options options_;
};

}  // namespace rtai

RTAI_ELEMENT(rtai::tone, "Makes a tone of one frequency, to try a pipeline without a microphone.");
