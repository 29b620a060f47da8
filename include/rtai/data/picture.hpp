#pragma once

#include <cstdint>
#include <rtai/core/buffer.hpp>
#include <rtai/data/stamp.hpp>
#include <string>
#include <utility>

namespace rtai {

/// A picture as it came: rtai carries it and does not decode it.
struct image {
    image() = default;
    image(std::string type, buffer b) : media_type(std::move(type)), bytes(std::move(b)) {}

    std::string media_type;  ///< "image/jpeg"
    buffer bytes;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    rtai::stamp stamp;
};

/// An encoded frame of video.
struct video {
    video() = default;
    video(std::string c, buffer b, bool k = false) : codec(std::move(c)), bytes(std::move(b)), key_frame(k) {}

    std::string codec;  ///< "vp8"
    buffer bytes;
    bool key_frame = false;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    rtai::stamp stamp;
};

}  // namespace rtai
