#pragma once

#include <optional>
#include <rtai/core/clock.hpp>
#include <rtai/data/describe.hpp>
#include <string_view>

namespace rtai::observe {

/// How long each part of a turn took, one after the other, from the end of somebody's speech to the first
/// sound of the answer. A part that there was not is empty.
struct turn_times {
    std::optional<duration> transcription, endpointing, thinking, sentence, synthesis, playout;
    RTAI_DESCRIBE(turn_times, transcription, endpointing, thinking, sentence, synthesis, playout)

    /// Nothing without any part.
    std::optional<duration> total() const {
        std::optional<duration> sum;
        for_each_member<turn_times>([&](std::string_view, auto part) {
            if (this->*part) sum = sum.value_or(duration::zero()) + *(this->*part);
        });
        return sum;
    }
};

}  // namespace rtai::observe
