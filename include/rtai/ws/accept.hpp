#pragma once

#include <cstddef>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/http/exchange.hpp>
#include <rtai/http/message.hpp>
#include <rtai/http/response.hpp>
#include <rtai/ws/handshake.hpp>
#include <rtai/ws/stream.hpp>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

namespace rtai::ws {

/// Makes a WebSocket of a request, in an HTTP server's handler. An error: it did not become one, and the
/// client has been told why.
///
///     auto socket = co_await ws::accept(x);
///     if (socket) co_await socket->run(talk);
inline task<result<stream>> accept(http::exchange& x, handshake_options who = {}, options limits = {}) {
    auto agreed = answer_upgrade(x.method(), x.head().headers, who);
    if (agreed.ok() && x.head().minor == 0) agreed = upgrade_answer(400, "a WebSocket needs HTTP/1.1");
    if (!agreed.ok()) {
        auto no = http::make_refusal(agreed.status, agreed.text);
        for (const auto& [name, value] : agreed.headers) no.headers.add(name, value);
        (void)co_await x.answer(std::move(no));
        co_return error(std::errc::protocol_error, x.peer() + " got no WebSocket: " + agreed.text);
    }
    http::response yes;
    yes.status = 101;
    yes.headers = std::move(agreed.headers);
    auto raw = co_await x.upgrade(std::move(yes));
    if (!raw) co_return raw.error();
    const auto early = std::as_bytes(std::span(raw->read_already));
    co_return stream(std::move(raw->stream), side::server, limits,
                     std::vector<std::byte>(early.begin(), early.end()), std::move(agreed.protocol));
}

}  // namespace rtai::ws
