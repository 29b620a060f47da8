#pragma once

#include <sndfile.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <rtai/core/result.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/units.hpp>
#include <rtai/media/file.hpp>
#include <string>
#include <system_error>
#include <utility>

namespace rtai {

/// "16kHz, 1 channel, s16"
inline std::string to_text(const audio_format& f) {
    return to_text(hertz(f.rate)) + ", " + std::to_string(f.channels) +
           (f.channels == 1 ? " channel, " : " channels, ") + (f.encoding == encoding::s16 ? "s16" : "f32");
}

namespace detail {

struct close_sound {
    void operator()(SNDFILE* f) const noexcept { sf_close(f); }
};
using sound_file = std::unique_ptr<SNDFILE, close_sound>;

inline constexpr int most_file_channels = 8;
// Every rate that is in use; others come of a broken header, and some would need a lot of memory.
inline constexpr int least_file_rate = 1000;
inline constexpr int most_file_rate = 768'000;

}  // namespace detail

/// Reads a file of any kind that libsndfile knows: WAV, FLAC, Ogg, MP3 and others.
class sound_reader {
public:
    static result<sound_reader> open(const std::filesystem::path& path) {
        if (auto ok = readable(path); !ok) return ok.error();
        const std::string what = "can not read " + detail::quoted_path(path) + " as sound";
        SF_INFO info{};
        detail::sound_file file(sf_open(path.c_str(), SFM_READ, &info));
        if (!file)
            return error(std::errc::not_supported,
                         what + " (" + sf_strerror(nullptr) + "): give a WAV, FLAC, Ogg or MP3 file");
        if (info.channels < 1 || info.channels > detail::most_file_channels ||
            info.samplerate < detail::least_file_rate || info.samplerate > detail::most_file_rate)
            return error(std::errc::not_supported, what + ": it has " + std::to_string(info.channels) +
                                                       " channels at " + std::to_string(info.samplerate) +
                                                       " Hz; there may be 1 to " +
                                                       std::to_string(detail::most_file_channels) + ", at " +
                                                       std::to_string(detail::least_file_rate) + " to " +
                                                       std::to_string(detail::most_file_rate) + " Hz");
        return sound_reader(std::move(file), info, path);
    }

    /// As the file has it; s16 unless its samples are finer than that.
    const audio_format& format() const noexcept { return format_; }

    /// How many it has in all, if the file says so.
    std::size_t frames() const noexcept { return frames_; }

    /// The next piece, shorter at the end, and empty after it.
    result<audio> read(std::size_t frames) {
        audio piece(format_, frames);
        const auto wanted = static_cast<sf_count_t>(frames);
        const auto got = format_.encoding == encoding::s16
                             ? sf_readf_short(file_.get(), piece.s16().data(), wanted)
                             : sf_readf_float(file_.get(), piece.f32().data(), wanted);
        if (got < wanted && sf_error(file_.get()) != SF_ERR_NO_ERROR)
            return error(std::errc::io_error, "can not go on reading " + detail::quoted_path(path_) + " (" +
                                                  sf_strerror(file_.get()) + "): is the file whole?");
        piece.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return piece;
    }

    /// To the beginning.
    result<> rewind() {
        if (sf_seek(file_.get(), 0, SEEK_SET) == 0) return {};
        return error(std::errc::invalid_seek, "can not play " + detail::quoted_path(path_) +
                                                  " again: it is of a kind without a way back");
    }

private:
    sound_reader(detail::sound_file f, const SF_INFO& info, std::filesystem::path p)
        : file_(std::move(f)),
          format_(static_cast<std::uint32_t>(info.samplerate), static_cast<std::uint8_t>(info.channels),
                  encoding_of(info.format)),
          frames_(info.frames > 0 ? static_cast<std::size_t>(info.frames) : 0),
          path_(std::move(p)) {}

    static encoding encoding_of(int format) noexcept {
        switch (format & SF_FORMAT_SUBMASK) {
            case SF_FORMAT_PCM_24:
            case SF_FORMAT_PCM_32:
            case SF_FORMAT_FLOAT:
            case SF_FORMAT_DOUBLE:
            case SF_FORMAT_VORBIS:
            case SF_FORMAT_OPUS:
            case SF_FORMAT_MPEG_LAYER_I:
            case SF_FORMAT_MPEG_LAYER_II:
            case SF_FORMAT_MPEG_LAYER_III:
                return encoding::f32;
            default:
                return encoding::s16;
        }
    }

    detail::sound_file file_;
    audio_format format_;
    std::size_t frames_;
    std::filesystem::path path_;
};

/// Writes a WAV file. What was written can be played at any time, also if the program ends without
/// closing it.
class sound_writer {
public:
    static result<sound_writer> open(const std::filesystem::path& path, const audio_format& format) {
        if (auto ok = writable(path); !ok) return ok.error();
        const std::string what = "can not write " + detail::quoted_path(path) + " as WAV";
        SF_INFO info{};
        info.samplerate = static_cast<int>(format.rate);
        info.channels = format.channels;
        info.format = SF_FORMAT_WAV | (format.encoding == encoding::s16 ? SF_FORMAT_PCM_16 : SF_FORMAT_FLOAT);
        if (format.rate < 1 || format.channels < 1 || sf_format_check(&info) == 0)
            return error(std::errc::invalid_argument,
                         what + " with " + to_text(format) + ": choose a usual rate, and 1 or 2 channels");
        detail::sound_file file(sf_open(path.c_str(), SFM_WRITE, &info));
        if (!file)
            return error(std::errc::io_error, what + " (" + sf_strerror(nullptr) +
                                                  "): is there room, and may this user write there?");
        sf_command(file.get(), SFC_SET_UPDATE_HEADER_AUTO, nullptr, SF_TRUE);
        sf_command(file.get(), SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);
        sf_command(file.get(), SFC_UPDATE_HEADER_NOW, nullptr, 0);
        return sound_writer(std::move(file), format, path);
    }

    const audio_format& format() const noexcept { return format_; }

    /// How many frames were written.
    std::size_t frames() const noexcept { return frames_; }

    /// One more piece, of the file's format: a `converter` makes it so.
    result<> write(const audio& piece) {
        const auto wanted = static_cast<sf_count_t>(piece.frames());
        if (wanted == 0) return {};
        if (piece.format != format_)
            return error(std::errc::invalid_argument,
                         detail::quoted_path(path_) + " takes " + to_text(format_) + ", not " +
                             to_text(piece.format) + ": put a converter before it");
        if ((frames_ + piece.frames()) * format_.frame_bytes() > most_bytes)
            return error(std::errc::file_too_large,
                         detail::quoted_path(path_) + " is full, a WAV file ends at 4 GiB: begin another");
        const auto put = format_.encoding == encoding::s16
                             ? sf_writef_short(file_.get(), piece.s16().data(), wanted)
                             : sf_writef_float(file_.get(), piece.f32().data(), wanted);
        frames_ += put > 0 ? static_cast<std::size_t>(put) : 0;
        if (put == wanted) return {};
        return error(std::errc::io_error, "can not go on writing " + detail::quoted_path(path_) + " (" +
                                              sf_strerror(file_.get()) + "): is there room on the disk?");
    }

private:
    static constexpr std::size_t most_bytes = std::numeric_limits<std::uint32_t>::max() - 1024;

    sound_writer(detail::sound_file f, audio_format form, std::filesystem::path p)
        : file_(std::move(f)), format_(form), path_(std::move(p)) {}

    detail::sound_file file_;
    audio_format format_;
    std::size_t frames_ = 0;
    std::filesystem::path path_;
};

}  // namespace rtai
