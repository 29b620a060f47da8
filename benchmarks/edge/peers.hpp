#pragma once

#include <functional>
#include <string>
#include <vector>

#include "../support/figure.hpp"
#include "process.hpp"

namespace bench {

/// An echo server of WebSocket, and how to start it.
struct websocket_server {
    std::string key;
    std::string label;
    enum role role;
    std::function<server_process()> start;  ///< empty: it is not installed
};

/// Ours, npm's ws and Python's websockets.
const std::vector<websocket_server>& websocket_servers();

}  // namespace bench
