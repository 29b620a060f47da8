#pragma once

// What the specs in this directory use of their own: two elements and two functions.

#include <cctype>
#include <chrono>
#include <rtai/core/timer.hpp>
#include <rtai/graph.hpp>
#include <string>
#include <utility>

namespace words {

/// In capital letters: a function for `map`.
inline rtai::text loud(rtai::text said) {
    for (char& c : said.words) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return said;
}

/// For `filter`.
inline bool is_long(const rtai::text& said) { return said.words.size() > 3; }

// [echo]
/// Says everything again.
class echo {
public:
    struct options {
        int times = 2;
        std::string mark = "...";
        RTAI_DESCRIBE(options, times, mark)

        static void notes(rtai::notes<options>& about) {
            about(&options::times, "how often everything is said", rtai::range(1, 10));
            about(&options::mark, "what comes after each repetition");
        }
    };

    explicit echo(options o) : with_(std::move(o)) {}

    rtai::input<rtai::text> in;
    rtai::output<rtai::text> out;
    RTAI_DESCRIBE(echo, in, out)

    rtai::task<> run() {
        while (auto said = co_await in.receive()) {
            for (int i = 0; i < with_.times; ++i) {
                rtai::text again = *said;
                if (i > 0) again.words += with_.mark;
                if (!co_await out.send(std::move(again))) co_return;
            }
        }
    }

private:
    options with_;
};
RTAI_ELEMENT(words::echo, "Says everything again.");
// [/echo]

/// A long answer, a word every 250 ms; each word belongs to the turn it was begun in.
class storyteller {
public:
    rtai::output<rtai::text> out;
    RTAI_DESCRIBE(storyteller, out)

    rtai::task<> run() {
        for (const char* word : {"once", "upon", "a", "time", "there", "was", "a", "king"}) {
            rtai::text t(word);
            t.stamp.epoch = begun_in();
            if (!co_await out.send(std::move(t))) co_return;
            co_await rtai::sleep_for(std::chrono::milliseconds(250));
        }
    }

private:
    /// The story is one turn: what comes after an interruption still belongs to the old one.
    rtai::epoch begun_in() {
        if (epoch_ == 0 && out.turn() != nullptr) epoch_ = out.turn()->epoch();
        return epoch_;
    }

    rtai::epoch epoch_ = 0;
};
RTAI_ELEMENT(words::storyteller, "Tells a story, slowly.");

/// Somebody who coughs after 150 ms, and speaks after 500 ms.
class listener {
public:
    rtai::output<rtai::moment> speech;
    RTAI_DESCRIBE(listener, speech)

    rtai::task<> run() {
        using std::chrono::milliseconds;
        co_await speak_for(milliseconds(150), milliseconds(30));
        co_await speak_for(milliseconds(320), milliseconds(300));
    }

private:
    rtai::task<> speak_for(std::chrono::milliseconds after, std::chrono::milliseconds length) {
        co_await rtai::sleep_for(after);
        rtai::moment start(rtai::what::speech_start);
        if (!co_await speech.send(std::move(start))) co_return;
        co_await rtai::sleep_for(length);
        rtai::moment end(rtai::what::speech_end);
        if (!co_await speech.send(std::move(end))) co_return;
    }
};
RTAI_ELEMENT(words::listener, "Coughs, and then speaks.");

/// Orders a pause after some time, and goes on later.
class conductor {
public:
    rtai::output<rtai::control> orders;
    RTAI_DESCRIBE(conductor, orders)

    rtai::task<> run() {
        rtai::control pause(rtai::order::pause);
        if (!co_await orders.send(std::move(pause))) co_return;
        co_await rtai::sleep_for(std::chrono::milliseconds(50));
        rtai::control resume(rtai::order::resume);
        if (!co_await orders.send(std::move(resume))) co_return;
    }
};
RTAI_ELEMENT(words::conductor, "Orders a pause.");

}  // namespace words
