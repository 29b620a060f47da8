#pragma once

#include <chrono>
#include <cstdint>
#include <rtai/data/describe.hpp>
#include <rtai/data/units.hpp>

namespace rtai::ws {

/// What `send` does when the far end does not read, and the queue is full.
enum class full_queue : std::uint8_t {
    wait,         ///< until there is room
    drop_oldest,  ///< of what is binary: sound that is late is worth nothing
    close,        ///< with 1013
};
BOOST_DESCRIBE_ENUM(full_queue, wait, drop_oldest, close)

/// The limits of one connection. A time of zero is no limit.
struct options {
    byte_size most_frame{1024 * 1024};
    byte_size most_message{1024 * 1024};
    std::uint32_t most_pings = 50;
    std::uint32_t inbox = 8;
    std::uint32_t queue = 64;
    byte_size queue_bytes{1024 * 1024};
    full_queue when_full = full_queue::wait;
    std::chrono::milliseconds stall{15'000};
    std::chrono::milliseconds ping_every{20'000};
    std::chrono::milliseconds pong_within{10'000};
    std::chrono::milliseconds message_within{60'000};
    std::chrono::milliseconds idle{0};
    std::chrono::milliseconds close_within{5'000};
    RTAI_DESCRIBE(options, most_frame, most_message, most_pings, inbox, queue, queue_bytes, when_full, stall,
                  ping_every, pong_within, message_within, idle, close_within)

    static void notes(rtai::notes<options>& about) {
        about(&options::most_frame, "a longer frame ends the connection with 1009", range(125, 1 << 30));
        about(&options::most_message, "a longer message ends the connection with 1009", range(125, 1 << 30));
        about(&options::most_pings, "more pings and pongs in a second end the connection with 1008",
              at_least(1));
        about(&options::inbox, "messages that wait to be received; then the far end has to wait",
              range(1, 65536));
        about(&options::queue, "messages that wait to be sent", range(1, 65536));
        about(&options::queue_bytes, "bytes that wait to be sent; one message may be more",
              range(1, 1 << 30));
        about(&options::when_full, "what happens to a message for a full queue");
        about(&options::stall, "a far end that reads nothing for so long is given up", range(0, 86'400'000));
        about(&options::ping_every, "a ping is sent when nothing came for so long", range(0, 86'400'000));
        about(&options::pong_within, "a far end that is silent for so long after a ping is gone",
              range(0, 86'400'000));
        about(&options::message_within, "a message must be complete so long after its beginning",
              range(0, 86'400'000));
        about(&options::idle, "a connection without a message for so long is closed", range(0, 86'400'000));
        about(&options::close_within,
              "how long the end may take: for what is queued, and for the far end's goodbye",
              range(1, 86'400'000));
    }
};

}  // namespace rtai::ws
