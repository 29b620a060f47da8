#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <rtai/ai/detail/sample_queue.hpp>
#include <rtai/ai/stt/recogniser.hpp>
#include <rtai/ai/stt/utterance.hpp>
#include <rtai/core/channel.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/data/text.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/observe/trace_place.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

namespace rtai::stt {

using sound_input = input<audio, rates<16'000>, channels<1>, encodings<encoding::s16>>;

/// What an element that makes words of sound is made of besides its recogniser: cuts utterances out of the
/// sound where somebody speaks, and sends exactly one final text for each, even if it has no words.
///
/// When speech begins is known a little later, so the last of the sound is kept. The utterance begins in
/// it, some time (`pre_roll`) before the speech, but never before the end of the one before. Utterances
/// are recognised one after the other; what is spoken meanwhile waits, up to a limit.
template <recogniser R>
class transcriber {
public:
    transcriber(const sound_input& in, const input<moment>& speech, const output<text>& out,
                const output<moment>& events, R& words, limits l)
        : in_(in),
          speech_(speech),
          out_(out),
          events_(events),
          words_(words),
          limits_(l),
          pre_roll_(samples_in(out.turn() ? out.turn()->options().pre_roll : std::chrono::milliseconds(300))),
          backlog_(sound_format.frames_in(l.backlog)) {}

    task<> run() { co_await race(work(), listen()); }

private:
    using position = std::int64_t;  // samples since the beginning
    struct edge {
        edge(what w, time_point a) : kind(w), at(a) {}
        what kind;
        time_point at;
    };

    // Speech is noticed at most so long after it began.
    static constexpr auto reach = std::chrono::seconds(1);
    // The end of a word is softer than a detector hears.
    static constexpr auto tail = std::chrono::milliseconds(100);
    // Sound that is missing for longer than this was silence; less is the network's jitter.
    static constexpr auto longest_jitter = std::chrono::milliseconds(200);
    static constexpr std::size_t most_utterances = 32;

    static position samples_in(duration t) noexcept {
        const auto count = static_cast<position>(sound_format.frames_in(t < duration() ? -t : t));
        return t < duration() ? -count : count;
    }
    static duration time_of(position samples) noexcept {
        const duration t = sound_format.time_of(static_cast<std::size_t>(samples < 0 ? -samples : samples));
        return samples < 0 ? -t : t;
    }

    // --- Where utterances begin and end -------------------------------------------------------------------

    task<> listen() {
        channel<moment> never_moment(1);
        const receiver<moment> no_moment = never_moment.receiver();
        while (in_) {
            take_edges();
            if (utterances_.size() >= most_utterances) {
                fewer_.reset();
                co_await fewer_.wait();
                continue;
            }
            if (limits_.wait) co_await backlog_.room();
            const auto& moments = speech_ && !speech_.stream().ended() ? speech_.stream() : no_moment;
            auto first = co_await race(moments.receive(), in_.receive(), sleep_until(give_up_waiting_));
            if (first.index() == 0) {
                if (auto& m = std::get<0>(first)) take_edge(*m);
            } else if (first.index() == 1) {
                auto& piece = std::get<1>(first);
                if (!piece) break;
                take_edges();
                hear(*piece);
            } else {
                follow(false, true);
            }
        }
        take_edges();
        follow(true, true);
        if (open_) close(at_ + time_of(end_ - here_), end_);
        over_ = true;
        more_.set();
        event never_set;
        co_await never_set.wait();  // until the last words are out
    }

    void take_edges() {
        while (auto m = speech_.try_receive()) take_edge(*m);
    }
    void take_edge(const moment& m) {
        if (m.what != what::speech_start && m.what != what::speech_end) return;
        edges_.emplace_back(m.what, m.stamp.at);
        // The end of speech may lie in sound that does not come any more.
        if (m.what == what::speech_end) give_up_waiting_ = later(now(), 2 * tail);
    }

    void hear(const audio& piece) {
        const auto samples = piece.s16();
        if (piece.format != sound_format)
            throw std::logic_error("words are made of sound of 16 kHz and one channel: convert it before");
        skip_gap(piece.stamp.at);
        here_ = end_;
        at_ = piece.stamp.at;
        expected_ = at_ + piece.time();
        const auto most = static_cast<std::size_t>(pre_roll_ + samples_in(reach)) + samples.size();
        if (end_ == 0) history_.reserve(most + most / 4);
        history_.put(samples);
        end_ += static_cast<position>(samples.size());
        follow(false, false);
        if (history_.size() > most) history_.drop(history_.size() - most);
    }

    void skip_gap(time_point at) {
        if (!expected_ || at - *expected_ < longest_jitter) return;
        const position missing = samples_in(std::min<duration>(at - *expected_, reach));
        history_.put_silence(static_cast<std::size_t>(missing));
        end_ += missing;
    }

    position at_time(time_point t) const noexcept { return here_ + samples_in(t - at_); }

    /// Does what was noticed, as far as sound has come, or without it.
    void follow(bool begin_anyway, bool end_anyway) {
        while (!edges_.empty()) {
            const edge e = edges_.front();
            const bool starts = e.kind == what::speech_start;
            const position where = at_time(e.at) + (starts ? 0 : samples_in(tail));
            if (starts != open_) {
                if (where > end_ && !(starts ? begin_anyway : end_anyway)) break;
                if (starts) {
                    open(where, where - pre_roll_);
                } else {
                    feed(where);
                    close(e.at, where);
                }
            }
            edges_.pop_front();
        }
        if (open_) feed(end_);
        if (!open_ || edges_.empty()) give_up_waiting_ = never;
    }

    void open(position starts, position from) {
        const position oldest = end_ - static_cast<position>(history_.size());
        begun_ = fed_ = std::min(std::max({from, floor_, oldest}), end_);
        utterances_.push_back(
            std::make_unique<utterance>(backlog_, [this](const std::string& words) { guessed(words); }));
        utterances_.back()->lead = time_of(starts - begun_);
        open_ = true;
        more_.set();
    }

    void feed(position until) {
        until = std::min(until, end_);
        const position longest = samples_in(limits_.longest);
        while (until - begun_ > longest) {
            const position cut = begun_ + longest;
            put(cut);
            close(at_ + time_of(cut - here_), cut);
            open(cut, cut);
        }
        put(until);
    }

    void put(position until) {
        if (until <= fed_) return;
        const auto count = static_cast<std::size_t>(until - fed_);
        const auto samples =
            history_.samples().subspan(history_.size() - static_cast<std::size_t>(end_ - fed_), count);
        fed_ = until;
        if (utterances_.back()->put(samples)) return;
        (void)events_.try_send(
            failure("recognition is " + std::to_string(limits_.backlog.count()) +
                    " ms behind speech: the rest of this utterance is lost; a faster recogniser, or a longer "
                    "'backlog', would have it"));
    }

    void close(time_point spoken_until, position until) {
        utterances_.back()->end(spoken_until);
        floor_ = std::max(floor_, std::min(until, end_));
        open_ = false;
    }

    // --- What is made of them -----------------------------------------------------------------------------

    task<> work() {
        for (;;) {
            while (utterances_.empty()) {
                if (over_) co_return;
                more_.reset();
                co_await more_.wait();
            }
            utterance& u = *utterances_.front();
            // What is said belongs to the turn that comes, even if the machine still speaks.
            const epoch of = out_.turn() != nullptr ? out_.turn()->upcoming() : 0;
            auto recognising = observe::within_turn(of, recognise(u));
            auto first = co_await race(std::move(recognising), overdue(u));
            result<text> said = error(std::errc::timed_out, "there were no words within " +
                                                                std::to_string(limits_.patience.count()) +
                                                                " ms after the end of speech");
            if (first.index() == 0) said = std::move(std::get<0>(first));
            u.ignore();
            if (!said) {
                moment m = failure(said.error().message());
                const bool told = co_await events_.send(std::move(m));
                (void)told;  // nobody has to listen
            }
            co_await u.ended();
            text last = said ? std::move(*said) : text();
            finish(last, u);
            if (!co_await out_.send(std::move(last))) co_return;
            utterances_.pop_front();
            fewer_.set();
        }
    }

    /// What it throws costs an utterance, too, and not the conversation.
    task<result<text>> recognise(utterance& u) {
        std::string failed;
        try {
            auto work = words_.recognise(u);
            auto said = co_await std::move(work);
            co_return said;
        } catch (const std::exception& e) {
            failed = e.what();
        }
        co_return error(std::errc::io_error, failed);
    }

    task<> overdue(utterance& u) {
        co_await u.ended();
        co_await sleep_for(limits_.patience);
    }

    void finish(text& said, const utterance& u) {
        said.final = true;
        if (said.words.empty()) said.confidence = 0;
        for (auto& w : said.timing) {
            w.from = std::max(w.from - u.lead, duration());
            w.to = std::max(w.to - u.lead, w.from);
        }
        said.stamp.at = u.spoken_until();
        said.stamp.sequence = sequence_++;
    }

    void guessed(const std::string& words) {
        text guess(words, false);
        guess.stamp.at = now();
        guess.stamp.sequence = sequence_++;
        (void)out_.try_send(std::move(guess));  // the next one says more
    }

    static moment failure(std::string words) {
        moment m(what::failure, std::move(words));
        m.stamp.at = now();
        return m;
    }

    const sound_input& in_;
    const input<moment>& speech_;
    const output<text>& out_;
    const output<moment>& events_;
    R& words_;
    const limits limits_;
    const position pre_roll_;

    // The last of the sound, which ends at end_. The piece that begins at here_ was spoken at at_.
    rtai::detail::sample_queue history_;
    position here_ = 0;
    position end_ = 0;
    time_point at_{};
    std::optional<time_point> expected_;

    std::deque<edge> edges_;  // that sound has not come to
    time_point give_up_waiting_ = never;
    bool open_ = false;  // the last utterance still gets sound
    position begun_ = 0;
    position fed_ = 0;
    position floor_ = 0;  // what is before belongs to older utterances

    backlog backlog_;
    std::deque<std::unique_ptr<utterance>> utterances_;
    event more_, fewer_;
    bool over_ = false;
    std::uint64_t sequence_ = 0;
};

}  // namespace rtai::stt
