#pragma once

#include <flite/flite.h>

#include <algorithm>
#include <array>
#include <boost/describe/enum.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <rtai/ai/detail/plain_text.hpp>
#include <rtai/ai/sentence_splitter.hpp>
#include <rtai/core/offload.hpp>
#include <rtai/core/result.hpp>
#include <rtai/data/utf8.hpp>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

extern "C" {
cst_voice* register_cmu_us_slt(const char*);
cst_voice* register_cmu_us_kal16(const char*);
cst_voice* register_cmu_us_awb(const char*);
cst_voice* register_cmu_us_rms(const char*);
}

namespace rtai {

/// A woman, a man, a Scottish man, another man.
enum class flite_voice : std::uint8_t { slt, kal16, awb, rms };
BOOST_DESCRIBE_ENUM(flite_voice, slt, kal16, awb, rms)

namespace detail {

struct flite_manner {
    double speed = 1;
    double pitch = 1;
    double volume = 1;
};

/// A voice of Flite's, from the first who asks for it to the end of the program. Making one is not safe
/// between threads, so it is done under a lock; speaking with it changes only the utterance (what is said of
/// the voice is linked into it, not copied), so any number of threads may.
inline cst_voice* flite_voice_of(flite_voice which) {
    using maker = cst_voice* (*)(const char*);
    static constexpr maker makers[] = {&register_cmu_us_slt, &register_cmu_us_kal16, &register_cmu_us_awb,
                                       &register_cmu_us_rms};
    static std::mutex making;
    static std::array<cst_voice*, 4> made{};
    const auto i = static_cast<std::size_t>(which);
    const std::lock_guard lock(making);
    static const int begun = flite_init();
    (void)begun;
    if (made.at(i) == nullptr) made.at(i) = makers[i](nullptr);
    return made.at(i);
}

/// Flite reads ASCII. What looks or sounds like it becomes that, the rest a blank.
inline std::string flite_text(std::string_view words) {
    static constexpr std::string_view latin[] = {
        "A",  "A", "A", "A", "Ae", "A", "Ae", "C",       "E", "E", "E", "E", "I",  "I", "I",  "I",
        "Th", "N", "O", "O", "O",  "O", "Oe", " times ", "O", "U", "U", "U", "Ue", "Y", "Th", "ss",
        "a",  "a", "a", "a", "ae", "a", "ae", "c",       "e", "e", "e", "e", "i",  "i", "i",  "i",
        "th", "n", "o", "o", "o",  "o", "oe", " by ",    "o", "u", "u", "u", "ue", "y", "th", "y"};
    std::string said;
    while (!words.empty()) {
        const auto c = first_character(words);
        words.remove_prefix(c.bytes);
        if (c.code > ' ' && c.code < 0x7F) said += static_cast<char>(c.code);
        else if (c.code == 0x2018 || c.code == 0x2019) said += '\'';
        else if (c.code == 0x201C || c.code == 0x201D) said += '"';
        else if (c.code == 0x2013 || c.code == 0x2014) said += ", ";
        else if (c.code == 0x2026) said += "...";
        else if (c.code == 0x20AC) said += " euros ";
        else if (c.code == 0xA3) said += " pounds ";
        else if (c.code == 0xB0) said += " degrees ";
        else if (c.code >= 0xC0 && c.code <= 0xFF) said += latin[c.code - 0xC0];
        else said += ' ';
    }
    return said;
}

/// Whether there are letters in it that Flite does not know; an ellipsis is none.
inline bool flite_is_foreign(std::string_view words) noexcept {
    for (; !words.empty(); words.remove_prefix(first_character(words).bytes)) {
        const auto c = first_character(words);
        if (c.code >= 0xC0 && !(c.code >= 0x2000 && c.code <= 0x2BFF) && !is_emoji(c.code)) return true;
    }
    return false;
}

/// Hands Flite's sound on as it is made.
template <class Put>
class flite_listener {
public:
    flite_listener(const stop_flag& stop, Put& put, double volume)
        : stop_(stop), put_(put), volume_(volume) {}

    bool stopped() const noexcept { return stopped_; }

    static int on_sound(const cst_wave* w, int start, int size, int,
                        cst_audio_streaming_info* info) noexcept {
        auto& me = *static_cast<flite_listener*>(info->userdata);
        if (size > 0) me.hear({w->samples + start, static_cast<std::size_t>(size)});
        return me.stopped_ ? CST_AUDIO_STREAM_STOP : CST_AUDIO_STREAM_CONT;
    }

private:
    void hear(std::span<const std::int16_t> samples) {
        if (volume_ != 1) {
            louder_.clear();
            for (const auto s : samples)
                louder_.push_back(
                    static_cast<std::int16_t>(std::clamp(std::lround(s * volume_), -32768L, 32767L)));
            samples = louder_;
        }
        stopped_ = stopped_ || stop_.requested() || !put_(samples);
    }

    const stop_flag& stop_;
    Put& put_;
    double volume_;
    bool stopped_ = false;
    std::vector<std::int16_t> louder_;
};

/// Says a few words of ASCII. False: the engine can not.
template <class Put>
bool flite_utter(cst_voice* voice, const flite_manner& manner, const std::string& words,
                 flite_listener<Put>& listener) {
    const std::unique_ptr<cst_utterance, decltype(&delete_utterance)> u(new_utterance(), &delete_utterance);
    utt_set_input_text(u.get(), words.c_str());
    auto* info = new_audio_streaming_info();
    info->min_buffsize = 320;  // 20 ms
    info->asc = &flite_listener<Put>::on_sound;
    info->userdata = &listener;
    feat_set(u->features, "streaming_info", audio_streaming_info_val(info));  // which then owns it
    const float slower = flite_get_param_float(voice->features, "duration_stretch", 1);
    flite_feat_set_float(u->features, "duration_stretch", slower / static_cast<float>(manner.speed));
    flite_feat_set_float(u->features, "f0_shift", static_cast<float>(manner.pitch));
    utt_init(u.get(), voice);
    return utt_synth(u.get()) != nullptr;
}

/// Says `words`; `put(span of samples)` gets the sound as it is made, and ends it by returning false.
template <class Put>
result<> flite_say(flite_voice which, const flite_manner& manner, const std::string& words,
                   const stop_flag& stop, Put&& put) {
    const auto is_spoken = [](char c) { return is_ascii_word(static_cast<unsigned char>(c)); };
    const auto told = [&] { return "'" + printable(first_characters(words, 40)) + "'"; };
    const std::string said = flite_text(words);
    if (std::none_of(said.begin(), said.end(), is_spoken)) {
        const bool foreign = flite_is_foreign(words);
        if (!foreign) return {};
        return error(std::errc::invalid_argument, "there is no English in " + told());
    }
    // All of an utterance is thought over before the first sound of it, and can not be stopped until then.
    sentence_splitter::options rules;
    rules.min = rules.first_min = 100;
    rules.max = 300;
    rules.clause = 0;
    rules.plain = false;
    sentence_splitter parts(rules);
    parts.put(said);
    parts.finish();
    flite_listener<std::remove_reference_t<Put>> listener(stop, put, manner.volume);
    cst_voice* voice = flite_voice_of(which);
    while (auto part = parts.take()) {
        if (listener.stopped() || stop.requested()) return {};
        if (std::none_of(part->begin(), part->end(), is_spoken)) continue;
        if (!flite_utter(voice, manner, *part, listener) && !listener.stopped())
            return error(std::errc::io_error, "the engine can not say " + told());
    }
    return {};
}

}  // namespace detail
}  // namespace rtai
