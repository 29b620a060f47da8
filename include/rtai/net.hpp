#pragma once

// Byte streams: TCP, TLS, simulated links. Each header also stands alone.

#include <rtai/net/connect.hpp>
#include <rtai/net/sim.hpp>
#include <rtai/net/stream.hpp>
#include <rtai/net/tcp.hpp>
#include <rtai/net/tls.hpp>
