#pragma once

#include <memory>
#include <rtai/ai/detail/flite_engine.hpp>
#include <rtai/ai/detail/worker_sound.hpp>
#include <rtai/ai/tts/speaker.hpp>
#include <rtai/core/background.hpp>
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

/// Speaks English on this machine, with no model file and little work. It sounds like a machine.
struct flite {
    static constexpr audio_format native{16'000};

    struct options {
        flite_voice voice = flite_voice::slt;
        double speed = 1;
        double pitch = 1;
        double volume = 1;
        bool read_ahead = true;
        RTAI_DESCRIBE(options, voice, speed, pitch, volume, read_ahead)

        static void notes(rtai::notes<options>& about) {
            about(&options::voice, "who speaks; slt is a woman, the others are men");
            about(&options::speed, "2 is twice as fast", range(0.3, 4));
            about(&options::pitch, "2 is an octave higher", range(0.5, 2));
            about(&options::volume, "2 is twice as loud", range(0, 10));
            about(&options::read_ahead, "makes a sentence while the one before it is being sent");
        }
    };

    flite() : flite(options()) {}
    explicit flite(options o) : options_(o) {}

    input<text> in;
    output<audio, rates<16'000>, channels<1>, encodings<encoding::s16>, can_wait> out;
    output<moment> events;
    RTAI_DESCRIBE(flite, in, out, events)

    task<> run() { co_await speak(in, out, events, *this, "tts.flite", options_.read_ahead); }

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
            rtai::detail::flite_manner manner;
            manner.speed = options_.speed;
            manner.pitch = options_.pitch;
            manner.volume = options_.volume;
            auto put = [&](std::span<const std::int16_t> samples) { return made->put(samples); };
            said = rtai::detail::flite_say(options_.voice, manner, words, stop, put);
        };
        auto done = co_await offload(background(), std::move(work));
        if (!done.ok()) said = done.error();
        made->close();
    }

    options options_;
};

}  // namespace rtai::tts

RTAI_ELEMENT(rtai::tts::flite, "Speaks English with Flite, on this machine.");
