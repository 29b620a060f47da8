#pragma once

#include <chrono>
#include <concepts>
#include <rtai/ai/stt/utterance.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/text.hpp>

namespace rtai::stt {

/// Makes words of one utterance at a time. It takes the sound with `next` as it comes, may `guess` on the
/// way, and gives its words after the last sample, with the times of words counted from the first sample.
/// No words are no failure. Cancelling the task gives the utterance up.
template <class R>
concept recogniser = requires(R r, utterance& u) {
    { r.recognise(u) } -> std::same_as<task<result<text>>>;
};

/// What every element that makes words of sound lets one choose.
struct limits {
    limits() = default;
    template <class Options>
    explicit limits(const Options& o)
        : longest(o.longest), backlog(o.backlog), patience(o.patience), wait(o.wait) {}

    std::chrono::milliseconds longest{30'000};
    std::chrono::milliseconds backlog{10'000};
    std::chrono::milliseconds patience{10'000};
    bool wait = false;
};

/// The same, as notes to options that have members of these names.
template <class Options>
void note_limits(notes<Options>& about) {
    about(&Options::longest, "speech without a pause is recognised in parts of this length",
          range(1'000, 600'000));
    about(&Options::backlog, "so much sound may wait when recognition is slower than speech",
          range(1'000, 600'000));
    about(&Options::patience, "the words of an utterance come within this time after its end, or it failed",
          range(100, 600'000));
    about(&Options::wait,
          "sound waits when recognition is slower, instead of being lost: for files, not for conversations");
}

}  // namespace rtai::stt
