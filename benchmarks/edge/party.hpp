#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "process.hpp"

namespace bench {

/// A frame is 20 ms of sound, in PCM at 16 kHz.
inline constexpr std::size_t frame_bytes = 640;
inline constexpr std::chrono::milliseconds frame_time{20};

/// What carries the sound.
enum class carrier { websocket, grpc, bare_grpc, tcp };

struct party_figures {
    std::vector<double> trips;  ///< microseconds, of each frame that came back
    double came_back = 0;       ///< the share of those that were due
    double late = 0;            ///< microseconds after its time that a client sent a frame, 99 % of them less
    double cpu_of_frame = 0;    ///< the server's, microseconds
    double cpu_of_session = 0;  ///< the same, microseconds a second
    double server_processors = 0;     ///< that were busy with the server, of all that the machine has
    double client_processors = 0;     ///< the same for its clients
    double idle_processors = 0;       ///< the rest is others'
    double own_p50 = 0, own_p99 = 0;  ///< microseconds from a frame read to its answer written, in the server
};

/// So many clients, in several processes, that all speak for so long: a frame every 20 ms, and the clients
/// one after the other within these. Meanwhile somebody may look at a page.
party_figures hold_party(carrier over, const server_process& server, std::size_t guests,
                         std::chrono::milliseconds how_long, const std::string& watched = {});

}  // namespace bench
