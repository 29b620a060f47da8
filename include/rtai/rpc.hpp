#pragma once

// gRPC: servers and clients whose calls are coroutines on the thread of their completion queue.

#include <rtai/rpc/call.hpp>
#include <rtai/rpc/channel_pool.hpp>
#include <rtai/rpc/client.hpp>
#include <rtai/rpc/health.hpp>
#include <rtai/rpc/options.hpp>
#include <rtai/rpc/queue_driver.hpp>
#include <rtai/rpc/reconnecting.hpp>
#include <rtai/rpc/server.hpp>
#include <rtai/rpc/status.hpp>
#include <rtai/rpc/stream.hpp>
