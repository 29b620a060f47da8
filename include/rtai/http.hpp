#pragma once

// A client for HTTP: requests, answers in pieces, server-sent events, trying again. Each header also stands
// alone.

#include <rtai/http/client.hpp>
#include <rtai/http/message.hpp>
#include <rtai/http/retry.hpp>
#include <rtai/http/sse.hpp>
