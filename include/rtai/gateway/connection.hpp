#pragma once

#include <optional>
#include <rtai/core/event.hpp>
#include <rtai/core/task.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/gateway/message.hpp>
#include <string_view>

namespace rtai::gateway {

/// A client, as its session sees it: the same over WebSocket, over gRPC and within one program. All of it is
/// for the session's shard.
class connection {
public:
    connection() = default;
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    virtual ~connection() = default;

    /// What the client says next; nothing when it has no more to say. It may go on listening.
    virtual task<std::optional<from_client>> receive() = 0;

    /// Waits when the client is slow. False when it is gone. Several coroutines may send; what one of them
    /// sends stays in order.
    virtual task<bool> send(to_client m) = 0;

    /// Tells the client that it is over and lets it go, within a bound of time.
    virtual task<> close(ending why) = 0;

    /// Is set when the client does not listen any more.
    virtual event& gone() noexcept = 0;

    /// The format in which the client wants to hear the machine, where `offered` is the machine's own.
    virtual audio_format sound(audio_format offered) const { return offered; }

    /// What carries it: "websocket".
    virtual std::string_view transport() const noexcept = 0;
};

}  // namespace rtai::gateway
