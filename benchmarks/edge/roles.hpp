#pragma once

#include <string>

namespace bench {

/// What a child of this program does. Servers:
///
///     gateway untold               nothing of what a session does is logged, counted or traced
///     gateway usual                as it is when nothing is said
///     gateway tls PREFIX           the same over TLS, with PREFIX.pem and PREFIX.key
///     gateway told URL             every event in the log, every turn to a collector at URL
///     websocket [PREFIX]           echoes messages
///     grpc bare|rtai|fused [PREFIX]
///                                  echoes messages of a stream, by gRPC's own asynchronous interface, by
///                                  rtai's, or by rtai's with Asio on the same thread
///     tcp                          echoes bytes, with nothing but epoll
///
/// And clients:
///
///     guests CARRIER PORT FIRST COUNT OF MS [URL]
///
/// Never returns.
[[noreturn]] void play(const std::string& role);

}  // namespace bench
