#pragma once

#include <rtai/core/clock.hpp>

namespace rtai {

/// What a shard's loop stands on: a source of time and a place to wait for the outside world. Asio's is
/// `asio_driver`, the simulator has its own; a completion queue makes a third.
class driver {
public:
    driver() = default;
    driver(const driver&) = delete;
    driver& operator=(const driver&) = delete;
    virtual ~driver() = default;

    virtual time_point now() const noexcept = 0;

    /// Lets what has completed outside run, without waiting.
    virtual void poll() = 0;

    /// The same, but waits until something has completed, `wake` is called, or it is `until`. May return
    /// early.
    virtual void wait(time_point until) = 0;

    /// Ends a `wait`, the one under way or else the next. Callable from any thread.
    virtual void wake() noexcept = 0;

    /// Called when work arrived while the shard's loop was not running. Only a driver that is itself
    /// driven from outside has something to do here.
    virtual void turn_wanted() noexcept {}

    /// Whether time is simulated: heavy work then stays on the one thread, to be repeatable.
    virtual bool simulated() const noexcept { return false; }
};

}  // namespace rtai
