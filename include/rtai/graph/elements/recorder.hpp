#pragma once

#include <filesystem>
#include <rtai/core/result.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/text.hpp>
#include <rtai/graph/any.hpp>
#include <rtai/graph/detail/recording.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/media/file.hpp>
#include <type_traits>
#include <utility>

namespace rtai {

template <class T>
struct recorder {
    struct options {
        std::filesystem::path path;
        RTAI_DESCRIBE(options, path)

        static void notes(rtai::notes<options>& about) {
            about(&options::path, "the file to write: WAV for sound, a line each for texts", required);
        }
    };

    recorder() : recorder(options()) {}
    explicit recorder(options o) : options_(std::move(o)) {}

    static result<> available(const options& o) { return writable(o.path); }

    input<T> in;
    output<T, as_received> out;
    RTAI_DESCRIBE(recorder, in, out)

    task<> run() {
        static_assert(std::is_same_v<T, audio> || std::is_same_v<T, text>, "a recorder writes audio or text");
        if constexpr (std::is_same_v<T, audio>) {
            detail::sound_recording file(options_.path);
            while (auto piece = co_await in.receive()) {
                file.put(*piece);
                if (!co_await out.send(std::move(*piece))) break;
            }
            file.finish(in.format());
        } else {
            detail::line_recording file(options_.path, false);
            while (auto line = co_await in.receive()) {
                if (line->final) file.put(*line);
                if (!co_await out.send(std::move(*line))) break;
            }
        }
    }

private:
    options options_;
};

}  // namespace rtai

RTAI_ELEMENT(rtai::recorder<rtai::any_type>,
             "Passes everything on and writes it to a file: sound as WAV, texts as lines.");
