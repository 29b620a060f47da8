#pragma once

#include <chrono>
#include <optional>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
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
        bool speaking = false;
        for (;;) {
            std::optional<moment> heard;
            if (speaking) {
                const auto waited = co_await with_timeout(with_.after, in.receive());
                if (!waited.ok()) {
                    turn_->interrupt();
                    speaking = false;
                    continue;
                }
                heard = *waited;
            } else {
                heard = co_await in.receive();
            }
            if (!heard) co_return;
            if (heard->what == what::speech_start) speaking = true;
            if (heard->what == what::speech_end) speaking = false;
        }
    }

private:
    options with_;
    turn* turn_;
};

}  // namespace rtai
