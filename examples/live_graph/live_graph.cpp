// A conversation in small, and a live picture of it. Each element is a coroutine, each edge a channel,
// and all run on one thread:
//
//     microphone ══ audio ══▶ recognise ── text ──▶ speak ══ speech ══▶ loudspeaker
//                                 ▲
//     person ───── control ───────┘

#include <asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <random>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/buffer.hpp>
#include <rtai/core/channel.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/io.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/lanes.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/timer.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "picture.hpp"

namespace {

using namespace std::chrono_literals;
using rtai::channel;
using rtai::receiver;
using rtai::sender;
using rtai::task;

constexpr auto frame_length = 20ms;

// What flows. Everything that belongs to a turn of the conversation carries its number.

struct audio {
    explicit audio(int turn_number) : samples(640), turn(turn_number) {}
    rtai::buffer samples;
    int turn;
};

struct text {
    text(std::string_view what, int turn_number) : words(what), turn(turn_number) {}
    std::string_view words;
    int turn;
};

struct interruption {
    explicit interruption(int turn_number) : turn(turn_number) {}
    int turn;
};

/// What the elements share. One shard, one thread: no lock.
struct conversation {
    int turn = 1;
    rtai::event interrupted;
    std::minstd_rand chance{1};
    board shown;

    rtai::duration up_to(std::chrono::milliseconds most) {
        return std::chrono::milliseconds(
            std::uniform_int_distribution<std::int64_t>(0, most.count())(chance));
    }
};

constexpr std::string_view sentences[] = {
    "Good morning, how can I help you?",  "The train to Basel leaves at ten.", "It will rain this afternoon.",
    "Your table is booked for two.",      "That costs twelve euros.",          "I have sent you the tickets.",
    "The meeting was moved to Thursday.", "Shall I read the next message?",
};

/// 50 frames a second, not quite evenly.
task<> microphone(sender<audio> out, conversation& c) {
    for (auto next = rtai::now();; next += frame_length) {
        co_await rtai::sleep_until(next + c.up_to(15ms));
        if (!co_await out.send(audio(c.turn))) co_return;
    }
}

/// A sentence for each second of audio. Each third one is hard, and audio piles up meanwhile; the control
/// lane goes before all of it.
task<> recognise(receiver<interruption> control, receiver<audio> heard, sender<text> out, conversation& c) {
    rtai::lanes in(std::move(control), std::move(heard));
    int frames = 0;
    std::size_t count = 0;
    while (auto next = co_await in.receive()) {
        c.shown.recognise = "listens";
        if (std::holds_alternative<interruption>(*next)) {
            frames = 0;
            continue;
        }
        if (++frames < 50) continue;
        frames = 0;
        if (++count % 3 == 2) {
            c.shown.recognise = "ponders";
            co_await rtai::sleep_for(600ms);
        }
        if (!co_await out.send(text(sentences[count % std::size(sentences)], c.turn))) co_return;
    }
}

/// Speech comes faster than it is played, as far as the channel has room.
task<> say(const text& sentence, const sender<audio>& out) {
    const std::size_t frames = sentence.words.size() * 4;
    for (std::size_t i = 0; i < frames; ++i) {
        co_await rtai::sleep_for(4ms);
        if (!co_await out.send(audio(sentence.turn))) co_return;
    }
}

/// An interruption wins the race, and the loser is cancelled where it stands.
task<> speak(receiver<text> in, sender<audio> out, conversation& c) {
    while (auto sentence = co_await in.receive()) {
        if (sentence->turn < c.turn) continue;
        c.shown.speak = "says: " + std::string(sentence->words);
        const auto end = co_await rtai::race(say(*sentence, out), c.interrupted.wait());
        if (end.index() == 1) c.shown.tell("cut off: " + std::string(sentence->words));
        c.shown.speak = "silent";
    }
}

task<> loudspeaker(receiver<audio> in, conversation& c) {
    while (auto frame = co_await in.receive()) {
        if (frame->turn < c.turn) continue;
        c.shown.loudspeaker = "plays turn " + std::to_string(frame->turn);
        co_await rtai::sleep_for(frame_length);
        c.shown.loudspeaker = "quiet";
    }
}

/// Speaks up every few seconds. The turn goes up, and what belongs to the old one is gone.
task<> person(const channel<audio>& speech, sender<interruption> control, conversation& c) {
    for (rtai::duration pause = 2500ms;; pause = 2s + c.up_to(4s)) {
        co_await rtai::sleep_for(pause);
        ++c.turn;
        c.interrupted.set();
        c.interrupted.reset();
        const auto flushed = speech.flush([&](const audio& frame) { return frame.turn < c.turn; });
        c.shown.tell("interrupted: turn " + std::to_string(c.turn) + ", " + std::to_string(flushed) +
                     " frames flushed");
        if (!co_await control.send(interruption(c.turn))) co_return;
    }
}

/// Ctrl-C, a polite kill, or the end of the time asked for.
task<> told_to_stop(rtai::duration limit) {
    asio::signal_set signals(rtai::io_context(), SIGINT, SIGTERM, SIGHUP);
    co_await rtai::race(signals.async_wait(rtai::io), rtai::sleep_for(limit));
}

task<> live(rtai::duration limit) {
    conversation c;
    channel<audio, rtai::drop_oldest> heard(16);
    channel<interruption> control(2);
    channel<text> words(2);
    channel<audio> speech(50);

    picture p(c.shown);
    p.node("microphone", [] { return "50 frames a second, not quite evenly"; });
    p.edge("audio", "drop oldest", [&] { return heard.stats(); });
    p.node("person", [&] { return "interrupts now and then; this is turn " + std::to_string(c.turn); });
    p.edge("control", "block", [&] { return control.stats(); });
    p.node("recognise", [&] { return c.shown.recognise; });
    p.edge("text", "block", [&] { return words.stats(); });
    p.node("speak", [&] { return c.shown.speak; });
    p.edge("speech", "block", [&] { return speech.stats(); });
    p.node("loudspeaker", [&] { return c.shown.loudspeaker; });

    auto graph = rtai::join(microphone(heard.sender(), c), person(speech, control.sender(), c),
                            recognise(control.receiver(), heard.receiver(), words.sender(), c),
                            speak(words.receiver(), speech.sender(), c), loudspeaker(speech.receiver(), c));

    // Whoever ends first, the others are cancelled: that is all there is to shutting down.
    co_await rtai::race(std::move(graph), p.show(), told_to_stop(limit));
    p.summary();
}

constexpr std::string_view help = R"(live_graph [--seconds N]
A live picture of a small graph of coroutines. Ctrl-C ends it; when its output is no terminal, it prints
a few snapshots and ends after three seconds.
)";

}  // namespace

int main(int count, char** words) {
    rtai::duration limit = picture::on_terminal() ? rtai::duration(24h) : rtai::duration(3s);
    const std::string_view option = count > 1 ? words[1] : "";
    if (option == "--help" || option == "-h") {
        std::cout << help;
        return 0;
    }
    if (option == "--seconds" && count == 3) {
        limit = std::chrono::milliseconds(static_cast<int>(std::atof(words[2]) * 1000));
    } else if (count > 1) {
        std::cerr << help;
        return 2;
    }
    rtai::run(live(limit));
}
