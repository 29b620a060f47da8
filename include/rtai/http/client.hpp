#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/data/units.hpp>
#include <rtai/http/detail/transfer.hpp>
#include <rtai/http/message.hpp>
#include <string>
#include <utility>

// A client for HTTP, on libcurl. Connections are kept and used again by all requests of a shard; TLS is
// verified, and the proxies of the environment are used. Link with curl.

namespace rtai::http {

namespace detail {

inline time_point deadline_after(std::chrono::milliseconds t) {
    return t.count() > 0 ? later(now(), t) : never;
}

}  // namespace detail

/// An answer whose body comes piece by piece. Dropping it before its end closes the connection at once.
class response_stream {
public:
    explicit response_stream(std::unique_ptr<detail::transfer> t) : of_(std::move(t)) {}

    unsigned status() const noexcept { return of_->status; }
    const header_list& headers() const noexcept { return of_->headers; }
    bool ok() const noexcept { return status() >= 200 && status() < 300; }

    /// The next bytes of the body: `while (auto bytes = co_await s.read())`. The server waits for a slow
    /// reader. Nothing is the end; then `end()` tells whether it was a good one.
    task<std::optional<std::string>> read() {
        auto& t = *of_;
        while (t.received.empty()) {
            if (t.ended || t.failure) co_return std::nullopt;
            t.changed.reset();
            const auto idle = detail::deadline_after(t.asked.idle_timeout);
            const auto until = std::min(idle, t.deadline);
            const auto changed = co_await with_deadline(until, t.changed.wait());
            if (changed) continue;
            const auto limit = until == idle ? t.asked.idle_timeout : t.asked.total_timeout;
            t.fail(std::errc::timed_out,
                   (until == idle ? "nothing came for " : "its answer took longer than ") +
                       to_text(std::chrono::nanoseconds(limit)));
            t.stop();
        }
        std::string bytes;
        bytes.swap(t.received);
        t.go_on();
        co_return bytes;
    }

    /// What is left of the body.
    task<result<std::string>> rest() {
        std::string all;
        while (auto bytes = co_await read()) all += *bytes;
        if (auto whole = end(); !whole) co_return whole.error();
        co_return all;
    }

    /// Whether the whole answer came; to be asked after `read` gave nothing.
    result<> end() const {
        if (of_->failure) return *of_->failure;
        return {};
    }

    /// "POST https://api.example.com/v1/chat", for a message.
    std::string where() const { return of_->where(); }

private:
    std::unique_ptr<detail::transfer> of_;
};

/// Sends a request, and returns when the headers of the answer are there; a status that is an error is an
/// answer too. To be used on a shard with real I/O.
inline task<result<response_stream>> open(request r) {
    if (this_shard().driver().simulated())
        co_return error(std::errc::operation_not_supported,
                        shown_url(r.url) + ": there is no network in simulated time");
    auto t = std::make_unique<detail::transfer>(std::move(r));
    t->deadline = detail::deadline_after(t->asked.total_timeout);
    const auto first = detail::deadline_after(t->asked.first_byte_timeout);
    const auto until = std::min(first, t->deadline);
    if (auto started = t->start(io_context()); !started) co_return started.error();
    while (!t->begun) {
        t->changed.reset();
        const auto changed = co_await with_deadline(until, t->changed.wait());
        if (changed) continue;
        const auto limit = until == first ? t->asked.first_byte_timeout : t->asked.total_timeout;
        co_return error(std::errc::timed_out,
                        t->where() + ": no answer within " + to_text(std::chrono::nanoseconds(limit)));
    }
    if (t->failure && !t->answered) co_return *t->failure;
    co_return response_stream(std::move(t));
}

/// The whole answer, whose body may have `most_body` bytes.
inline task<result<response>> rest_of(response_stream& s) {
    response all;
    all.status = s.status();
    all.headers = s.headers();
    auto body = co_await s.rest();
    if (!body) co_return body.error();
    all.body = std::move(*body);
    co_return all;
}

/// Sends a request and waits for the whole answer.
inline task<result<response>> fetch(request r) {
    auto s = co_await open(std::move(r));
    if (!s) co_return s.error();
    auto all = co_await rest_of(*s);
    co_return all;
}

}  // namespace rtai::http
