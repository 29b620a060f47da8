#pragma once

#include <chrono>
#include <cstdint>
#include <rtai/data/describe.hpp>
#include <rtai/data/units.hpp>
#include <rtai/http/request_head.hpp>

namespace rtai::http {

/// What a client may ask for, and how long it may take.
struct server_options {
    request_limits limits;
    std::chrono::milliseconds header_timeout{10'000};
    std::chrono::milliseconds idle_timeout{60'000};
    std::chrono::milliseconds body_timeout{10'000};
    byte_size least_body_rate{16 * 1024};
    std::chrono::milliseconds write_timeout{20'000};
    std::uint32_t requests = 10'000;
    std::uint32_t connections = 20'000;
    RTAI_DESCRIBE(server_options, limits, header_timeout, idle_timeout, body_timeout, least_body_rate,
                  write_timeout, requests, connections)
    static void notes(rtai::notes<server_options>& about) {
        about(&server_options::header_timeout, "from a request's first byte to the end of its headers");
        about(&server_options::idle_timeout, "between two requests of a connection");
        about(&server_options::body_timeout,
              "what may be waited for a body, besides the time that least_body_rate gives it");
        about(&server_options::least_body_rate, "how much of a body comes in a second, at the least",
              at_least(1));
        about(&server_options::write_timeout, "for which a client may take nothing of an answer");
        about(&server_options::requests, "after so many a connection is closed", at_least(1));
        about(&server_options::connections, "at the same time; more wait", at_least(1));
    }
};

}  // namespace rtai::http
