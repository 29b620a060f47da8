#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <rtai/core/scope.hpp>
#include <rtai/core/task.hpp>
#include <rtai/net/stream.hpp>
#include <rtai/ws/codec.hpp>
#include <rtai/ws/detail/connection.hpp>
#include <rtai/ws/message.hpp>
#include <rtai/ws/options.hpp>
#include <rtai/ws/stats.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtai::ws {

/// A WebSocket after its handshake, at either end. It lives while `run` does:
///
///     co_await socket.run([](ws::stream& s) -> task<> {
///         while (auto m = co_await s.receive()) {
///             if (!co_await s.send(std::move(*m))) co_return;
///         }
///     });
///
/// Pings are answered, and the far end's silence and slowness are noticed, as long as what comes is
/// received.
class stream {
public:
    /// `early`: bytes that have been read with the handshake and belong to what follows it.
    stream(net::stream under, side at, const options& o = {}, std::vector<std::byte> early = {},
           std::string protocol = {})
        : of_(std::make_unique<detail::connection>(std::move(under), at, o, std::move(early))),
          protocol_(std::move(protocol)) {}

    /// Runs `body(*this)`, and then ends the connection: what is queued is sent, the far end is told
    /// goodbye and has `close_within` to answer. When `body` throws, the far end is told 1011, and the
    /// exception comes out of here. A connection that ends earlier does not end the body: `receive` gives
    /// nothing, and `send` false.
    template <class Body>
    task<> run(Body body) {
        detail::connection& c = *of_;
        c.begin();
        const closer at_last(c);
        std::exception_ptr failure;
        co_await with_scope([&](scope& s) -> task<> { return live(s, body, failure); });
        if (failure) std::rethrow_exception(failure);
    }

    /// The next message; nothing: the connection has ended, and `end` tells how. To be raced and timed like
    /// a channel's `receive`: what is given up has not been received.
    [[nodiscard]] auto receive() { return of_->received_messages().receive(); }

    /// Waits for room in the queue, or does what `when_full` says. False: nobody will read this.
    [[nodiscard]] task<bool> send(message m) { return of_->send(std::move(m)); }

    /// Takes back what is queued and not yet sent, where `unwanted(message)` says so: what was to be heard
    /// before somebody interrupted. Says how many those were.
    template <class Predicate>
    std::size_t flush(Predicate&& unwanted) {
        return of_->to_send().flush(std::forward<Predicate>(unwanted));
    }

    /// Begins to end: nothing more can be sent, and after what is queued the far end is told. What it still
    /// says can be received.
    void close(std::uint16_t code = close_code::normal, std::string_view reason = {}) {
        of_->close(farewell(code, std::string(reason)), false);
    }

    /// Waits until one of the ends wants to close, or the connection is broken.
    [[nodiscard]] auto until_ending() { return of_->is_ending().wait(); }
    const ending& end() const noexcept { return of_->how(); }

    stream_stats stats() const { return of_->stats(); }
    /// The subprotocol, if one was agreed on.
    const std::string& protocol() const noexcept { return protocol_; }
    /// The far end's address, also after the end.
    const std::string& peer() const noexcept { return of_->peer(); }

private:
    struct closer {
        explicit closer(detail::connection& c) noexcept : of(c) {}
        closer(const closer&) = delete;
        closer& operator=(const closer&) = delete;
        ~closer() { of.let_go(); }
        detail::connection& of;
    };

    template <class Body>
    task<> live(scope& s, Body& body, std::exception_ptr& failure) {
        detail::connection& c = *of_;
        s.spawn(c.carry());
        try {
            co_await body(*this);
        } catch (...) {
            failure = std::current_exception();
        }
        c.stop_receiving();
        if (failure) c.close(farewell(close_code::internal_error, "internal error"), true);
        else c.close(farewell(close_code::normal, {}), false);
        co_await c.over().wait();
    }

    std::unique_ptr<detail::connection> of_;
    std::string protocol_;
};

}  // namespace rtai::ws
