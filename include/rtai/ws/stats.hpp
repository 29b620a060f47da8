#pragma once

#include <cstddef>
#include <cstdint>
#include <rtai/core/clock.hpp>
#include <rtai/ws/message.hpp>
#include <string>

namespace rtai::ws {

/// How a connection ended.
struct ending {
    std::uint16_t code = close_code::abnormal;
    std::string reason;
    bool clean = false;  ///< both ends said goodbye
};

struct stream_stats {
    std::uint64_t messages_received = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t messages_sent = 0;  ///< handed to the network
    std::uint64_t bytes_sent = 0;
    std::uint64_t dropped = 0;  ///< because the far end was too slow
    std::size_t queued = 0;
    std::size_t queued_bytes = 0;
    duration round_trip{};  ///< of the last ping that was answered
};

}  // namespace rtai::ws
