#pragma once

#include <chrono>
#include <optional>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/graph/turn.hpp>

namespace rtai {

/// Interrupts the turn when somebody has spoken for long enough: takes moments, of which the start and
/// the end of speech count.
struct barge_in {
    struct options {
        std::chrono::milliseconds after{120};
        RTAI_DESCRIBE(options, after)
        static void notes(rtai::notes<options>& about) {
            about(&options::after, "speech of this length interrupts; shorter is a cough", range(0, 10'000));
        }
    };

    barge_in(options o, turn& t) noexcept : with_(o), turn_(&t) {}

    input<moment> in;
    RTAI_DESCRIBE(barge_in, in)

    task<> run() {
        std::optional<time_point> deadline;  // when speech has gone on for long enough
        for (;;) {
            std::optional<moment> heard;
            if (deadline) {
                auto waited = co_await with_deadline(*deadline, in.receive());
                if (!waited.ok()) {
                    turn_->interrupt();
                    deadline.reset();
                    continue;
                }
                heard = std::move(*waited);
            } else {
                heard = co_await in.receive();
            }
            if (!heard) co_return;
            if (heard->what == what::speech_start && !speaking_) deadline = later(now(), with_.after);
            if (heard->what == what::speech_end) deadline.reset();
            if (heard->what == what::speech_start || heard->what == what::speech_end)
                speaking_ = heard->what == what::speech_start;
        }
    }

private:
    options with_;
    turn* turn_;
    bool speaking_ = false;
};

}  // namespace rtai
