#pragma once

#include <filesystem>
#include <rtai/core/result.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/graph/detail/recording.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/media/file.hpp>
#include <utility>

namespace rtai {

struct wav_sink {
    struct options {
        std::filesystem::path path;
        RTAI_DESCRIBE(options, path)

        static void notes(rtai::notes<options>& about) {
            about(&options::path, "the WAV file to write, over one that is there", required);
        }
    };

    wav_sink() : wav_sink(options()) {}
    explicit wav_sink(options o) : options_(std::move(o)) {}

    static result<> available(const options& o) { return writable(o.path); }

    input<audio> in;
    RTAI_DESCRIBE(wav_sink, in)

    task<> run() {
        detail::sound_recording file(options_.path);
        while (auto piece = co_await in.receive()) file.put(*piece);
        file.finish(in.format());
    }

private:
    options options_;
};

}  // namespace rtai

RTAI_ELEMENT(rtai::wav_sink, "Writes sound to a WAV file, which can be played at any time.");
