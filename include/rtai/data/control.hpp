#pragma once

#include <boost/describe/enum.hpp>
#include <cstdint>
#include <rtai/data/stamp.hpp>
#include <string>
#include <utility>

namespace rtai {

enum class order : std::uint8_t { pause, resume, flush, stop, custom };
BOOST_DESCRIBE_ENUM(order, pause, resume, flush, stop, custom)

/// An order to an element. It has a channel of its own, so that it never waits behind audio, and it is
/// never dropped.
struct control {
    control() = default;
    explicit control(rtai::order o, std::string d = {}) : order(o), detail(std::move(d)) {}

    rtai::order order = order::custom;
    std::string detail;
    rtai::stamp stamp;
};

}  // namespace rtai
