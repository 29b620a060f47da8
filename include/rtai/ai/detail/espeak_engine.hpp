#pragma once

// eSpeak NG is under the GPL, version 3 or later: so is every program that is linked with it and given away.
// That is why nothing includes this by itself, unless CMake was told RTAI_ESPEAK.

#include <espeak-ng/speak_lib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <rtai/core/offload.hpp>
#include <rtai/core/result.hpp>
#include <span>
#include <string>
#include <system_error>

namespace rtai::detail {

struct espeak_manner {
    std::string voice = "en";
    int rate = 175;
    int pitch = 50;
    int volume = 100;
};

/// The one engine of the process. It has one state, so one thread at a time speaks with it; others wait in
/// the queue of its worker.
class espeak_engine {
public:
    static constexpr unsigned rate = 22'050;
    /// Gets the sound; false: no more is wanted.
    using listener = std::function<bool(std::span<const std::int16_t>)>;

    static espeak_engine& the() {
        static espeak_engine only;
        return only;
    }
    static worker_pool& worker() {
        static worker_pool pool([] {
            worker_pool::options o;
            o.threads = 1;
            return o;
        }());
        return pool;
    }

    /// Whether it can speak with that voice.
    result<> select(const std::string& voice) {
        const std::lock_guard lock(mutex_);
        return choose(voice);
    }

    result<> say(const espeak_manner& manner, const std::string& words, const listener& put) {
        const std::lock_guard lock(mutex_);
        if (auto chosen = choose(manner.voice); !chosen.ok()) return chosen;
        espeak_SetParameter(espeakRATE, manner.rate, 0);
        espeak_SetParameter(espeakPITCH, manner.pitch, 0);
        espeak_SetParameter(espeakVOLUME, manner.volume, 0);
        std::string text = words;
        std::replace(text.begin(), text.end(), '\0', ' ');
        put_ = &put;
        const auto said =
            espeak_Synth(text.c_str(), text.size() + 1, 0, POS_CHARACTER, 0, espeakCHARS_UTF8, nullptr, this);
        put_ = nullptr;
        if (said != EE_OK)
            return error(std::errc::io_error, "the engine gave up with code " + std::to_string(said));
        return {};
    }

private:
    espeak_engine() {
        constexpr int buffered = 60;  // ms
        begun_ = espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, buffered, nullptr, espeakINITIALIZE_DONT_EXIT) ==
                 static_cast<int>(rate);
        if (begun_) espeak_SetSynthCallback(&on_sound);
    }

    result<> choose(const std::string& voice) {
        if (!begun_)
            return error(std::errc::no_such_file_or_directory,
                         "eSpeak NG does not start: are its files here? Debian has them in espeak-ng-data");
        if (voice == chosen_) return {};
        chosen_.clear();
        if (espeak_SetVoiceByName(voice.c_str()) != EE_OK)
            return error(std::errc::invalid_argument,
                         "there is no voice '" + voice +
                             "': `espeak-ng --voices` lists all, such as en, en-us, de or cmn");
        chosen_ = voice;
        return {};
    }

    static int on_sound(short* samples, int count, espeak_EVENT*) noexcept {
        if (samples == nullptr || count <= 0) return 0;
        return (*the().put_)({samples, static_cast<std::size_t>(count)}) ? 0 : 1;
    }

    std::mutex mutex_;
    bool begun_ = false;
    std::string chosen_;
    const listener* put_ = nullptr;
};

}  // namespace rtai::detail
