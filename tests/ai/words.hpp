#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <rtai/ai/stt/transcriber.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/sim.hpp>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "ai/hearing.hpp"
#include "graph/flow.hpp"

namespace rtai::test {

inline words split(const std::string& text) {
    std::istringstream in(text);
    words all;
    for (std::string w; in >> w;) all.push_back(w);
    return all;
}

/// How many words have to be put in, taken out or changed to make one of the other.
inline std::size_t word_errors(const words& said, const words& heard) {
    std::vector<std::size_t> row(heard.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= said.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= heard.size(); ++j) {
            const std::size_t change = diagonal + (said[i - 1] == heard[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row.back();
}

/// What an element made of speech, from a detector of speech on.
struct transcript {
    std::vector<text> finals() const {
        std::vector<text> some;
        for (const auto& a : texts)
            if (a.value.final) some.push_back(a.value);
        return some;
    }
    std::size_t guesses() const { return texts.size() - finals().size(); }
    std::string all() const {
        std::string joined;
        for (const auto& t : finals())
            if (!t.words.empty()) joined += (joined.empty() ? "" : " ") + t.words;
        return joined;
    }

    std::vector<arrival<text>> texts;
    std::vector<arrival<moment>> failures;
};

template <class Detector, class Element>
task<transcript> transcribe_in(Detector& detector, Element& e, std::vector<std::int16_t> samples) {
    const audio_format format(16'000);
    transcript made;
    channel<audio> to(4), from(64);
    channel<moment> edges(8), failures(8);
    channel<text> said(64);
    detector.in.connect(to.receiver(), format);
    detector.out.connect(from.sender(), format);
    detector.speech.connect(edges.sender());
    e.in.connect(from.receiver(), format);
    e.speech.connect(edges.receiver());
    e.out.connect(said.sender());
    e.events.connect(failures.sender());
    co_await join(play(detector),
                  speak(to.sender(), std::move(samples), 16'000, std::chrono::milliseconds(20)), play(e),
                  note_arrivals(said.receiver(), made.texts),
                  note_arrivals(failures.receiver(), made.failures));
    co_return made;
}

/// The same in a world of its own, to the end.
template <class Detector, class Element>
transcript transcribe(Detector& detector, Element& e, std::vector<std::int16_t> samples) {
    transcript made;
    sim::world world(1);
    auto work = [&]() -> task<> { made = co_await transcribe_in(detector, e, std::move(samples)); };
    world.run(work());
    return made;
}

/// Keeps the stretches of sound that a recogniser would get.
struct stretch_keeper {
    struct keeping {
        task<result<text>> recognise(stt::utterance& u) {
            kept->emplace_back();
            for (;;) {
                const auto part = co_await u.next(1600);
                kept->back().insert(kept->back().end(), part.begin(), part.end());
                if (part.size() < 1600) co_return text();
            }
        }
        std::vector<std::vector<std::int16_t>>* kept;
    };

    stt::sound_input in;
    input<moment> speech;
    output<text> out;
    output<moment> events;
    RTAI_DESCRIBE(stretch_keeper, in, speech, out, events)

    task<> run() {
        keeping recogniser{&kept};
        stt::transcriber<keeping> ear(in, speech, out, events, recogniser, stt::limits());
        co_await ear.run();
    }

    std::vector<std::vector<std::int16_t>> kept;
};

/// The stretches of sound in which this detector hears speech.
template <class Detector>
std::vector<std::vector<std::int16_t>> stretches_of(Detector& detector, std::vector<std::int16_t> samples) {
    stretch_keeper keeper;
    (void)transcribe(detector, keeper, std::move(samples));
    return std::move(keeper.kept);
}

}  // namespace rtai::test
