#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <rtai/core.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/media/convert.hpp>
#include <rtai/media/wav.hpp>
#include <string>
#include <utility>

// Where the answer goes: into a file, to the ears, both or neither.

class loudspeaker {
public:
    loudspeaker(std::string file, bool aloud)
        : file_(std::move(file)),
          aloud_(aloud),
          queue_(256),
          to_(queue_.sender()),
          from_(queue_.receiver()) {}

    /// What could not be done, if something could not.
    rtai::result<> take(rtai::audio a) {
        heard_ += a.time();
        if (aloud_) (void)to_.try_send(a);
        if (file_.empty()) return {};
        if (!writer_) {
            auto opened = rtai::sound_writer::open(file_, a.format);
            if (!opened) return opened.error();
            writer_.emplace(std::move(*opened));
            same_.emplace(a.format);
        }
        return writer_->write(same_->convert(std::move(a)));
    }

    /// The answer was interrupted: what waits is not to be heard any more.
    void hush() {
        while (from_.try_receive()) {
        }
    }

    std::chrono::nanoseconds heard() const noexcept { return heard_; }
    const std::string& file() const noexcept { return file_; }

    /// Plays until `finish`.
    rtai::task<> play() {
        // aplay may have a tenth of a second: what it has can not be taken back.
        while (auto a = co_await from_.receive()) {
            auto written = co_await rtai::offload(rtai::background(), [&] { return write(*a); });
            if (!written.ok() || *written) continue;
            std::fputs(
                "the sound can not be played: is aplay here (apt-get install alsa-utils), "
                "and a sound card?\n",
                stderr);
            aloud_ = false;
            hush();
            co_return;
        }
        auto closed = co_await rtai::offload(rtai::background(), [this] { pipe_.reset(); });
        (void)closed;
    }
    void finish() { to_.reset(); }

private:
    struct close_pipe {
        void operator()(std::FILE* f) const noexcept { (void)pclose(f); }
    };

    bool write(const rtai::audio& a) {
        if (!pipe_)
            pipe_.reset(
                popen(("exec aplay -q -t raw -f S16_LE -B 100000 -r " + std::to_string(a.format.rate) +
                       " -c " + std::to_string(a.format.channels) + " 2>/dev/null")
                          .c_str(),
                      "w"));
        const auto bytes = a.bytes();
        return pipe_ && std::fwrite(bytes.data(), 1, bytes.size(), pipe_.get()) == bytes.size() &&
               std::fflush(pipe_.get()) == 0;
    }

    std::string file_;
    bool aloud_;
    rtai::channel<rtai::audio> queue_;
    rtai::sender<rtai::audio> to_;
    rtai::receiver<rtai::audio> from_;
    std::unique_ptr<std::FILE, close_pipe> pipe_;
    std::optional<rtai::sound_writer> writer_;
    std::optional<rtai::converter> same_;
    std::chrono::nanoseconds heard_{};
};
