#pragma once

#include <cstddef>
#include <cstdint>
#include <rtai/ai/llm/answer.hpp>
#include <rtai/ai/stt/transcriber.hpp>
#include <rtai/ai/tts/speaker.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <string>
#include <utility>
#include <vector>

#include "scene.hpp"

// What stands in for the network and for the providers: it does next to nothing, and at once.

namespace bench {

/// The person's side of a call: a packet when the last of its sound was spoken.
struct scripted_line {
    scripted_line(const scene& s, rtai::time_point from, std::size_t first_packet, std::size_t packets)
        : play(&s), start(from), first(first_packet), count(packets) {}

    rtai::output<rtai::packet> out;
    RTAI_DESCRIBE(scripted_line, out)

    rtai::task<> run() {
        for (std::size_t i = 0; i < count; ++i) {
            co_await rtai::sleep_until(start + frame * (i + 1));
            rtai::packet p = play->line[(first + i) % play->line.size()];
            p.stamp.at = start + frame * i;
            p.stamp.sequence = i;
            if (!co_await out.send(std::move(p))) co_return;
        }
    }

    const scene* play;
    rtai::time_point start;
    std::size_t first;
    std::size_t count;
};

/// Takes all of the sound, as a real one, and knows its words when it ends.
struct scripted_stt {
    rtai::stt::sound_input in;
    rtai::input<rtai::moment> speech;
    rtai::output<rtai::text> out;
    rtai::output<rtai::moment> events;
    RTAI_DESCRIBE(scripted_stt, in, speech, out, events)

    rtai::task<> run() {
        rtai::stt::transcriber<scripted_stt> words(in, speech, out, events, *this, rtai::stt::limits());
        co_await words.run();
    }

    rtai::task<rtai::result<rtai::text>> recognise(rtai::stt::utterance& u) {
        constexpr std::size_t at_once = 1600;
        for (;;) {
            const auto part = co_await u.next(at_once);
            if (part.size() < at_once) break;
        }
        co_return rtai::text("tell me more");
    }
};

struct scripted_llm {
    rtai::input<rtai::text> in;
    rtai::output<rtai::text> out;
    rtai::output<rtai::moment> events;
    RTAI_DESCRIBE(scripted_llm, in, out, events)

    rtai::task<> run() { co_await answers.run(in, out, events); }

    struct model {
        rtai::task<rtai::result<rtai::llm::reply>> ask(rtai::llm::request, rtai::sender<std::string> pieces) {
            std::string words = "That is a good question. Let us look at it together.";
            (void)co_await pieces.send(std::move(words));
            co_return rtai::llm::reply();
        }
    } says;
    rtai::llm::answerer<model> answers{says, rtai::llm::answer_options()};
};

struct scripted_tts {
    explicit scripted_tts(const scene& s) : play(&s) {}

    rtai::input<rtai::text> in;
    rtai::output<rtai::audio, rtai::rates<24'000>, rtai::channels<1>, rtai::can_wait> out;
    rtai::output<rtai::moment> events;
    RTAI_DESCRIBE(scripted_tts, in, out, events)

    rtai::task<> run() { co_await rtai::tts::speak(in, out, events, *this, "scripted_tts", true); }

    rtai::task<rtai::result<>> say(std::string words, rtai::sender<rtai::audio> sound) {
        const std::size_t half = play->sound.size() / 2;
        const std::size_t from = words.starts_with("That") ? 0 : half;
        for (std::size_t i = from; i < from + half; ++i) {
            if (play->live) co_await rtai::sleep_for(frame);
            rtai::audio piece = play->sound[i];
            if (!co_await sound.send(std::move(piece))) break;
        }
        co_return rtai::result<>();
    }

    const scene* play;
};

/// The other end of the machine's voice: how late each frame is, counted from the first of its answer.
struct scripted_ear {
    rtai::input<rtai::packet> in;
    RTAI_DESCRIBE(scripted_ear, in)

    rtai::task<> run() {
        while (auto p = co_await in.receive()) {
            if (p->stamp.epoch != answer_) since_first_ = 0;
            if (since_first_ == 0) first_ = p->stamp.at;
            answer_ = p->stamp.epoch;
            const auto due = first_ + frame * since_first_++;
            ++packets;
            bytes += p->bytes.size();
            if (late != nullptr) late->push_back(rtai::now() - due);
        }
    }

    std::vector<rtai::duration>* late = nullptr;
    std::size_t packets = 0;
    std::size_t bytes = 0;

private:
    rtai::epoch answer_ = 0;
    rtai::time_point first_{};
    int since_first_ = 0;
};

}  // namespace bench
