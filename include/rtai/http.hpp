#pragma once

// HTTP: a client with answers in pieces, server-sent events and trying again; a server with routes, files,
// CORS, events and gRPC-Web's frames. Each header also stands alone.

#include <rtai/http/client.hpp>
#include <rtai/http/cors.hpp>
#include <rtai/http/event_stream.hpp>
#include <rtai/http/exchange.hpp>
#include <rtai/http/grpc_web.hpp>
#include <rtai/http/listen.hpp>
#include <rtai/http/message.hpp>
#include <rtai/http/request_head.hpp>
#include <rtai/http/request_reader.hpp>
#include <rtai/http/response.hpp>
#include <rtai/http/retry.hpp>
#include <rtai/http/router.hpp>
#include <rtai/http/server.hpp>
#include <rtai/http/server_options.hpp>
#include <rtai/http/sse.hpp>
#include <rtai/http/static_files.hpp>
#include <rtai/http/syntax.hpp>
