#pragma once

#include <boost/describe/enum.hpp>
#include <cstdint>
#include <rtai/data/stamp.hpp>
#include <string>
#include <utility>

namespace rtai {

/// The first lines are a turn, in order.
enum class what : std::uint8_t {
    speech_start,
    speech_end,
    heard,  ///< the final words of the person's
    end_of_turn,
    thinking,
    first_token,
    first_sentence,
    first_audio,
    playout_start,
    playout_end,
    interruption,
    paused,   ///< while it is not certain that it is an interruption
    resumed,  ///< because it was none
    tool,
    usage,
    failure,
    custom,
};
BOOST_DESCRIBE_ENUM(what, speech_start, speech_end, heard, end_of_turn, thinking, first_token, first_sentence,
                    first_audio, playout_start, playout_end, interruption, paused, resumed, tool, usage,
                    failure, custom)

/// Something that happened in a conversation, and when.
struct moment {
    moment() = default;
    explicit moment(rtai::what w, std::string d = {}) : what(w), detail(std::move(d)) {}

    rtai::what what = what::custom;
    std::string detail;
    std::uint64_t samples = 0;  ///< of playing: how many of the turn were played up to here
    rtai::epoch of = 0;         ///< the turn this tells of, which may be over by now
    rtai::stamp stamp;
};

}  // namespace rtai
