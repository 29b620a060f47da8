#pragma once

#include <string>

namespace bench {

/// What the servers of this benchmark do, each in a process of its own:
///
///     gateway untold           no logs, metrics or traces
///     gateway usual            as it is when nothing is said
///     gateway told URL         every event in the log, every turn to a collector at URL
///     websocket                echoes messages
///     grpc                     echoes messages of a stream, by gRPC's own asynchronous interface
///     tcp                      echoes bytes, with nothing but epoll
///
/// Never returns.
[[noreturn]] void serve(const std::string& kind);

}  // namespace bench
