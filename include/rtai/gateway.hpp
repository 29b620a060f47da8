#pragma once

// The edge: sessions of clients over WebSocket, gRPC or within the program. edge.hpp is left out here: it is
// long to compile, and serve.hpp includes it where the library rtai::edge is not linked.

#include <rtai/gateway/connection.hpp>
#include <rtai/gateway/converse.hpp>
#include <rtai/gateway/local_connection.hpp>
#include <rtai/gateway/message.hpp>
#include <rtai/gateway/protocol.hpp>
#include <rtai/gateway/session.hpp>
#include <rtai/gateway/sound.hpp>
#include <rtai/gateway/watcher.hpp>
