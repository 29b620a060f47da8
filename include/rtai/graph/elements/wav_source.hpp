#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <rtai/core/result.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/media/convert.hpp>
#include <rtai/media/framer.hpp>
#include <rtai/media/wav.hpp>
#include <stdexcept>
#include <utility>

namespace rtai {

struct wav_source {
    struct options {
        std::filesystem::path path;
        std::chrono::milliseconds frame{20};
        bool paced = true;
        bool loop = false;
        RTAI_DESCRIBE(options, path, frame, paced, loop)

        static void notes(rtai::notes<options>& about) {
            about(&options::path, "a WAV, FLAC, Ogg or MP3 file", required);
            about(&options::frame, "how much sound goes on at a time", range(1, 1000));
            about(&options::paced, "as fast as time goes by; false: as fast as it is taken");
            about(&options::loop, "begins again at the end");
        }
    };

    wav_source() : wav_source(options()) {}
    explicit wav_source(options o) : options_(std::move(o)) {}

    static result<> available(const options& o) {
        if (auto file = sound_reader::open(o.path); !file) return file.error();
        return {};
    }

    output<audio, can_wait> out;
    RTAI_DESCRIBE(wav_source, out)

    task<> run() {
        if (!out) co_return;
        auto file = sound_reader::open(options_.path);
        if (!file) throw std::runtime_error(file.error().message());

        const audio_format format = out.format();
        const std::size_t at_once = std::max<std::size_t>(file->format().frames_in(options_.frame), 1);
        converter fit(format);
        framer pieces(format, format.frames_in(options_.frame));
        const time_point start = now();
        std::size_t done = 0;
        std::uint64_t sequence = 0;
        bool ended = false;
        for (;;) {
            auto piece = pieces.take();
            if (!piece && !ended) {
                audio read = next(*file, at_once);
                ended = read.frames() == 0;
                pieces.put(ended ? fit.flush() : fit.convert(std::move(read)));
                continue;
            }
            if (!piece) piece = pieces.rest();
            if (!piece) co_return;
            if (options_.paced) co_await sleep_until(start + format.time_of(done));
            done += piece->frames();
            piece->stamp = stamp();
            // As fast as it is taken is still sound of some length.
            piece->stamp.at = options_.paced ? now() : start + format.time_of(done - piece->frames());
            piece->stamp.sequence = sequence++;
            if (!co_await out.send(std::move(*piece))) co_return;
        }
    }

private:
    /// Nothing at the end of what is to be played.
    audio next(sound_reader& file, std::size_t frames) {
        auto piece = file.read(frames);
        if (piece && piece->frames() == 0 && options_.loop && file.frames() > 0) {
            if (auto again = file.rewind(); !again) throw std::runtime_error(again.error().message());
            piece = file.read(frames);
        }
        if (!piece) throw std::runtime_error(piece.error().message());
        return std::move(*piece);
    }

    options options_;
};

}  // namespace rtai

RTAI_ELEMENT(rtai::wav_source, "Plays a sound file, in the rate that is wanted behind it.");
