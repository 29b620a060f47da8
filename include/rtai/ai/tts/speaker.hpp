#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <rtai/core/channel.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/data/text.hpp>
#include <rtai/graph/turn.hpp>
#include <rtai/observe/trace_place.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

namespace rtai::tts {

/// Says something once. The sound, 16 bit integers of one channel in pieces of any length, goes into
/// `sound` as it is made; when nobody receives it any more, there is no more to make. A failure is a result
/// with words for a log; cancelling the task ends the work at once.
template <class V>
concept voice = requires(V& v, std::string words, sender<audio> sound) {
    { v.say(std::move(words), std::move(sound)) } -> std::same_as<task<result<>>>;
};

/// What every element that speaks does: takes texts, has them said in order, sends the sound on in pieces of
/// 20 to 100 ms (the last of a sentence may be shorter) and writes down what was said, so that one knows
/// what was heard. An interruption ends what is being said.
template <voice Voice, class In, class Out, class Events>
class speaker {
public:
    /// With `read_ahead`, a sentence is made while the one before it is being sent.
    speaker(const In& in, const Out& out, const Events& events, Voice& v, std::string_view name,
            bool read_ahead)
        : in_(in), out_(out), events_(events), voice_(v), name_(name), read_ahead_(read_ahead) {}

    task<> run() {
        if (out_.turn() != nullptr) out_.turn()->voiced();
        channel<utterance> queue(1);
        co_await join(make(queue.sender()), forward(queue.receiver()));
    }

private:
    static constexpr std::chrono::milliseconds least{20}, most{100};
    // Of a sentence that is made while nobody takes it: in pieces of 100 ms more than 10 seconds.
    static constexpr std::size_t pieces_ahead = 128;

    struct utterance {
        utterance(std::string w, epoch e, bool l, std::shared_ptr<bool> f, receiver<audio> s) noexcept
            : words(std::move(w)), of(e), last(l), failed(std::move(f)), sound(std::move(s)) {}
        std::string words;
        epoch of;
        bool last;  // of the answer
        std::shared_ptr<bool> failed;
        receiver<audio> sound;
    };

    turn* turn_of(epoch of) const noexcept { return of == 0 ? nullptr : out_.turn(); }
    bool stale(epoch of) const noexcept {
        const turn* t = turn_of(of);
        return t != nullptr && t->stale(of);
    }
    static task<> until_stale(turn& t, epoch of) {
        while (!t.stale(of)) co_await t.interrupted();
    }

    task<> make(sender<utterance> queue) {
        while (auto said = co_await in_.receive()) {
            const epoch of = said->stamp.epoch;
            const bool silent = said->words.find_first_not_of(" \t\r\n") == std::string::npos;
            if (stale(of) || (silent && !said->final)) continue;
            channel<audio> sound(pieces_ahead);
            auto failed = std::make_shared<bool>(false);
            utterance next(said->words, of, said->final, failed, sound.receiver());
            sent_.reset();
            if (!co_await queue.send(std::move(next))) co_return;
            if (!silent && !stale(of)) {
                // Its sound does not end before it is known how.
                const auto open = sound.sender();
                const bool broke = co_await say(std::move(said->words), of, sound.sender());
                *failed = broke;
            } else {
                sound.close();
            }
            if (!read_ahead_) co_await sent_.wait();
        }
    }

    /// True: the voice has failed.
    task<bool> say(std::string words, epoch of, sender<audio> sound) {
        result<> said;
        if (turn* t = turn_of(of); t != nullptr) {
            auto making = observe::within_turn(of, made(std::move(words), std::move(sound)));
            auto outcome = co_await race(std::move(making), until_stale(*t, of));
            if (outcome.index() == 1) co_return false;
            said = std::get<0>(std::move(outcome));
        } else {
            said = co_await made(std::move(words), std::move(sound));
        }
        if (said.ok()) co_return false;
        moment failure(what::failure, name_ + ": " + said.error().message());
        failure.of = of;
        failure.stamp.at = now();
        failure.stamp.sequence = failures_++;
        (void)co_await events_.send(std::move(failure));
        co_return true;
    }

    /// What the voice throws costs a sentence, too, and not the conversation.
    task<result<>> made(std::string words, sender<audio> sound) {
        std::string failed;
        try {
            auto work = voice_.say(std::move(words), std::move(sound));
            auto said = co_await std::move(work);
            co_return said;
        } catch (const std::exception& e) {
            failed = e.what();
        }
        co_return error(std::errc::io_error, failed);
    }

    task<> forward(receiver<utterance> queue) {
        bool heard = true;
        while (auto next = co_await queue.receive()) {
            heard = co_await send(std::move(*next));
            sent_.set();
            if (!heard) co_return;
        }
    }

    /// False: nobody listens any more.
    task<bool> send(utterance u) {
        std::vector<std::int16_t> samples;
        audio_format format;
        bool begun = false;
        for (bool more = true; more;) {
            auto piece = co_await u.sound.receive();
            if (stale(u.of)) co_return true;
            more = piece.has_value();
            if (more) {
                format = piece->format;
                const auto s = piece->s16();
                samples.insert(samples.end(), s.begin(), s.end());
            }
            std::size_t from = 0;
            const std::size_t enough = more ? std::max<std::size_t>(format.frames_in(least), 1) : 1;
            while (samples.size() - from >= enough) {
                const std::size_t count = std::min(samples.size() - from, format.frames_in(most));
                audio made(format, count);
                std::copy_n(samples.begin() + static_cast<std::ptrdiff_t>(from), count, made.s16().begin());
                from += count;
                if (!begun) begin(u);
                begun = true;
                stamp(made, u.of);
                if (!co_await out_.send(std::move(made))) co_return false;
                if (stale(u.of)) co_return true;
            }
            samples.erase(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(from));
        }
        if (turn* t = turn_of(u.of); t != nullptr) {
            auto& speech = t->log().record(u.of).speech;
            if (begun && !*u.failed) speech.end();
            if (u.last) speech.close();
        }
        co_return true;
    }

    /// Not before there is sound: words without any were not heard.
    void begin(const utterance& u) {
        turn* t = turn_of(u.of);
        if (t == nullptr) return;
        t->log().record(u.of).speech.begin(u.words);
        if (voiced_ != u.of) t->note(what::first_audio, u.of);
        voiced_ = u.of;
    }
    void stamp(audio& made, epoch of) {
        made.stamp.at = now();
        made.stamp.sequence = sequence_++;
        made.stamp.epoch = of;
        if (turn* t = turn_of(of); t != nullptr) t->log().record(of).speech.add(made.time());
    }

    const In& in_;
    const Out& out_;
    const Events& events_;
    Voice& voice_;
    std::string name_;
    bool read_ahead_;
    event sent_;
    epoch voiced_ = 0;
    std::uint64_t sequence_ = 0;
    std::uint64_t failures_ = 0;
};

/// `co_await speak(in, out, events, voice, "tts.flite", true);`
template <voice Voice, class In, class Out, class Events>
task<> speak(const In& in, const Out& out, const Events& events, Voice& v, std::string_view name,
             bool read_ahead) {
    speaker<Voice, In, Out, Events> s(in, out, events, v, name, read_ahead);
    co_await s.run();
}

}  // namespace rtai::tts
