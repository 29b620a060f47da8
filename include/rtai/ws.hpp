#pragma once

// WebSocket, RFC 6455: the codec and the handshake without I/O, and a stream of messages over any
// `net::stream`, for servers and clients. Each header also stands alone.

#include <rtai/ws/accept.hpp>
#include <rtai/ws/client.hpp>
#include <rtai/ws/codec.hpp>
#include <rtai/ws/handshake.hpp>
#include <rtai/ws/message.hpp>
#include <rtai/ws/options.hpp>
#include <rtai/ws/stats.hpp>
#include <rtai/ws/stream.hpp>
#include <rtai/ws/url.hpp>
