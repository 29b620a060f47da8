#pragma once

#include <rtai/core/buffer.hpp>
#include <rtai/core/clock.hpp>
#include <rtai/data/stamp.hpp>
#include <utility>

namespace rtai {

/// Sound as a codec wrote it, one packet of it. Copies share the bytes.
struct packet {
    packet() noexcept = default;
    explicit packet(buffer b, duration t = {}) noexcept : bytes(std::move(b)), time(t) {}

    buffer bytes;
    duration time{};  ///< how much sound is in it
    rtai::stamp stamp;
};

}  // namespace rtai
