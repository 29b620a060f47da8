#pragma once

#include <chrono>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/http/exchange.hpp>
#include <rtai/http/sse.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace rtai::http {

/// A server-sent event as it goes over the wire.
inline std::string event_text(const server_event& e) {
    const auto one_line = [](const std::string& text, const char* what) {
        if (text.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
            throw std::invalid_argument(std::string("the ") + what + " of an event has a line break");
    };
    one_line(e.type, "type");
    one_line(e.id, "id");
    std::string text;
    if (!e.type.empty()) text += "event: " + e.type + "\n";
    if (!e.id.empty()) text += "id: " + e.id + "\n";
    // Each of its lines has a name; whatever ended a line is a line feed afterwards.
    std::string_view rest = e.data;
    for (;;) {
        const auto end = rest.find_first_of("\r\n");
        text += "data: ";
        text += rest.substr(0, end);
        text += '\n';
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end + (rest.substr(end).starts_with("\r\n") ? 2U : 1U));
    }
    text += '\n';
    return text;
}

/// Answers a request with a stream of events, which ends when the handler returns.
class event_stream {
public:
    explicit event_stream(exchange& x) noexcept : exchange_(x) {}

    task<result<>> open() {
        response r = make_response(200);
        r.headers.add("Content-Type", "text/event-stream");
        r.headers.add("Cache-Control", "no-cache");
        r.headers.add("X-Accel-Buffering", "no");  // or a proxy may collect events
        co_return co_await exchange_.begin(std::move(r));
    }

    task<result<>> send(server_event e) {
        const std::string text = event_text(e);
        co_return co_await exchange_.write(text);
    }
    /// A comment, which no page sees: for a connection that must not look dead.
    task<result<>> keep_alive() { co_return co_await exchange_.write(":\n\n"); }
    /// How long the page shall wait before it comes again.
    task<result<>> retry_after(std::chrono::milliseconds t) {
        const std::string text = "retry: " + std::to_string(t.count()) + "\n\n";
        co_return co_await exchange_.write(text);
    }

private:
    exchange& exchange_;
};

}  // namespace rtai::http
