#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <rtai/core/clock.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/task.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/gateway/message.hpp>
#include <rtai/gateway/session.hpp>
#include <rtai/graph/turn_log.hpp>
#include <rtai/observe/trace.hpp>
#include <string_view>

namespace rtai::gateway {

/// Whoever wants to know what sessions do: logs, metrics, traces. Called on each session's own shard.
class watcher {
public:
    watcher() = default;
    watcher(const watcher&) = delete;
    watcher& operator=(const watcher&) = delete;
    virtual ~watcher() = default;

    /// Where the spans of sessions go; null: nowhere.
    virtual observe::tracer* traces() noexcept { return nullptr; }

    virtual void began(const session&) {}
    virtual void ended(const session&, ending, std::string_view) {}
    virtual void happened(const session&, const moment&) {}
    /// A turn is over: its record holds every moment of it.
    virtual void turned(const session&, const turn_record&) {}
    /// Bytes to the client; sound that had a time to leave at left so much later, or below zero: it had none.
    virtual void sent(const session&, std::size_t, duration) {}
    virtual void received(const session&, std::size_t) {}
    /// The client was told of something so long after it happened.
    virtual void told(const session&, duration) {}
    /// Every now and then: so many values more wait in a wire, or fewer, and so many were dropped since.
    virtual void edge(const session&, std::string_view, std::int64_t, std::uint64_t) {}
    /// Something that concerns no session went wrong, or is good again.
    virtual void warned(std::string_view, std::string_view) {}
    /// Somebody was not let in, with this status of HTTP.
    virtual void refused(unsigned) {}
};

class connection;

/// Runs a service's pipeline for a client that was let in.
using run_session = std::function<task<ending>(connection&, session&, watcher&, event& stopping)>;

}  // namespace rtai::gateway
