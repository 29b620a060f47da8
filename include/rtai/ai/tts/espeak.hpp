#pragma once

// eSpeak NG is under the GPL, version 3 or later: so is every program that is linked with it and given away.
// This header is part of rtai/ai.hpp only with the CMake option RTAI_ESPEAK. Link with espeak-ng.

#include <cstdint>
#include <memory>
#include <rtai/ai/detail/espeak_engine.hpp>
#include <rtai/ai/detail/worker_sound.hpp>
#include <rtai/ai/tts/speaker.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/offload.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <span>
#include <string>
#include <utility>

namespace rtai::tts {

/// Speaks more than a hundred languages on this machine. It sounds like a robot; and one sentence at a time
/// is made in the whole process, which takes about a hundredth of the time that it sounds.
struct espeak {
    static constexpr audio_format native{rtai::detail::espeak_engine::rate};

    struct options {
        std::string voice = "en";
        std::uint32_t rate = 175;
        std::uint32_t pitch = 50;
        std::uint32_t volume = 100;
        bool read_ahead = true;
        RTAI_DESCRIBE(options, voice, rate, pitch, volume, read_ahead)

        static void notes(rtai::notes<options>& about) {
            about(&options::voice,
                  "a voice or a language, of those that `espeak-ng --voices` lists: en, de, cmn");
            about(&options::rate, "words a minute", range(80, 450));
            about(&options::pitch, "50 is usual", range(0, 99));
            about(&options::volume, "100 is usual", range(0, 200));
            about(&options::read_ahead, "makes a sentence while the one before it is being sent");
        }
    };

    espeak() : espeak(options()) {}
    explicit espeak(options o) : options_(std::move(o)) {}

    static result<> available(const options& o) {
        auto chosen = rtai::detail::espeak_engine::the().select(o.voice);
        if (chosen.ok()) return {};
        return error(chosen.error().code, "tts.espeak: " + chosen.error().text);
    }

    input<text> in;
    output<audio, rates<22'050>, channels<1>, encodings<encoding::s16>, can_wait> out;
    output<moment> events;
    RTAI_DESCRIBE(espeak, in, out, events)

    task<> run() { co_await speak(in, out, events, *this, "tts.espeak", options_.read_ahead); }

    task<result<>> say(std::string words, sender<audio> sound) {
        auto made = std::make_shared<rtai::detail::worker_sound>(this_shard(), native);
        result<> said;
        co_await join(synthesise(words, made, said),
                      rtai::detail::worker_sound::carry(made, std::move(sound)));
        co_return said;
    }

private:
    task<> synthesise(const std::string& words, std::shared_ptr<rtai::detail::worker_sound> made,
                      result<>& said) {
        auto work = [&](const stop_flag& stop) {
            rtai::detail::espeak_manner manner;
            manner.voice = options_.voice;
            manner.rate = static_cast<int>(options_.rate);
            manner.pitch = static_cast<int>(options_.pitch);
            manner.volume = static_cast<int>(options_.volume);
            said = rtai::detail::espeak_engine::the().say(manner, words,
                                                          [&](std::span<const std::int16_t> samples) {
                                                              return !stop.requested() && made->put(samples);
                                                          });
        };
        auto done = co_await offload(rtai::detail::espeak_engine::worker(), std::move(work));
        if (!done.ok()) said = done.error();
        made->close();
    }

    options options_;
};

}  // namespace rtai::tts

RTAI_ELEMENT(rtai::tts::espeak, "Speaks many languages with eSpeak NG, on this machine; under the GPL.");
