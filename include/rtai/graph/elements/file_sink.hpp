#pragma once

#include <filesystem>
#include <rtai/core/result.hpp>
#include <rtai/data/text.hpp>
#include <rtai/graph/detail/recording.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/media/file.hpp>
#include <utility>

namespace rtai {

struct file_sink {
    struct options {
        std::filesystem::path path;
        bool append = false;
        bool guesses = false;
        RTAI_DESCRIBE(options, path, append, guesses)

        static void notes(rtai::notes<options>& about) {
            about(&options::path, "the text file to write", required);
            about(&options::append, "goes on at the end of what is there; false: over it");
            about(&options::guesses, "also texts that are not final yet");
        }
    };

    file_sink() : file_sink(options()) {}
    explicit file_sink(options o) : options_(std::move(o)) {}

    static result<> available(const options& o) { return writable(o.path); }

    input<text> in;
    RTAI_DESCRIBE(file_sink, in)

    task<> run() {
        detail::line_recording file(options_.path, options_.append);
        while (auto line = co_await in.receive())
            if (line->final || options_.guesses) file.put(*line);
    }

private:
    options options_;
};

}  // namespace rtai

RTAI_ELEMENT(rtai::file_sink, "Writes texts to a file, one a line.");
