#pragma once

#include <filesystem>
#include <fstream>
#include <optional>
#include <rtai/data/audio.hpp>
#include <rtai/data/text.hpp>
#include <rtai/media/convert.hpp>
#include <rtai/media/file.hpp>
#include <rtai/media/wav.hpp>
#include <stdexcept>
#include <utility>

// What the elements that write files share. A file that can not be written is the end of their pipeline.

namespace rtai::detail {

inline void must(const result<>& done) {
    if (!done) throw std::runtime_error(done.error().message());
}

/// A WAV file in the format of the first piece that is put into it.
class sound_recording {
public:
    explicit sound_recording(std::filesystem::path path) : path_(std::move(path)) {}

    void put(const audio& piece) {
        if (!file_) open(piece.format);
        must(file_->write(fit_->convert(piece)));
    }

    /// At the end. If nothing came, the file is there all the same, without sound.
    void finish(const audio_format& usual) {
        if (!file_) open(usual);
        must(file_->write(fit_->flush()));
    }

private:
    void open(const audio_format& format) {
        auto opened = sound_writer::open(path_, format);
        if (!opened) throw std::runtime_error(opened.error().message());
        file_.emplace(std::move(*opened));
        fit_.emplace(format);
    }

    std::filesystem::path path_;
    std::optional<sound_writer> file_;
    std::optional<converter> fit_;
};

/// A text file that takes a line at a time.
class line_recording {
public:
    line_recording(std::filesystem::path path, bool append)
        : path_(std::move(path)), file_(path_, append ? std::ios::app : std::ios::trunc) {
        if (!file_) {
            must(writable(path_));
            fail();
        }
    }

    /// What is here can be read at once, by whoever follows the file.
    void put(const text& line) {
        file_ << line.words << '\n' << std::flush;
        if (!file_) fail();
    }

private:
    [[noreturn]] void fail() const {
        throw std::runtime_error("can not go on writing " + quoted_path(path_) +
                                 ": is there room on the disk?");
    }

    std::filesystem::path path_;
    std::ofstream file_;
};

}  // namespace rtai::detail
