#pragma once

#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <rtai/core/clock.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/shard.hpp>
#include <rtai/core/task.hpp>
#include <rtai/http/detail/server_connection.hpp>
#include <rtai/http/exchange.hpp>
#include <rtai/http/server_options.hpp>
#include <rtai/net/stream.hpp>
#include <string>
#include <utility>

namespace rtai::http {

/// Answers one request. What it throws is answered with 500, and told to `server::on_failure`.
using handler = std::function<task<>(exchange&)>;

/// What was answered, for a log or a metric.
struct served {
    const request_head& head;  ///< empty if the request could not be read
    unsigned status;           ///< 0: the connection was given away before an answer
    std::uint64_t sent;        ///< bytes of the body
    duration took;             ///< from the end of the headers
};

/// HTTP/1.1 on connections that others accept. One may serve connections on all shards, if its functions
/// may be called there.
class server {
public:
    explicit server(handler h, server_options o = {}) : handler_(std::move(h)), options_(o) {}

    /// Called when a handler throws.
    std::function<void(const request_head&, std::exception_ptr)> on_failure = &print_failure;
    /// Called after each answer.
    std::function<void(const served&)> on_served;

    const server_options& options() const noexcept { return options_; }

    /// Serves one connection to its end. When `stopping` is set, an idle one ends at once, and one that is
    /// at work after the answer it is at. The server must live longer.
    task<> serve(net::stream s, event* stopping = nullptr) const {
        const auto c = std::make_unique<detail::server_connection>(std::move(s), options_, stopping);
        for (std::uint32_t n = 1;; ++n) {
            const auto came = co_await c->next();
            if (came == detail::server_connection::arrival::gone) {
                co_await c->finish();
                co_return;
            }
            const auto since = rtai::now();
            exchange x(*c);
            if (came == detail::server_connection::arrival::refused) {
                x.close_after();
                (void)co_await x.refuse_body();
                tell(x, since);
                co_await c->farewell();
                co_return;
            }
            if (n >= options_.requests) x.close_after();
            const bool whole = co_await handle(x);
            tell(x, since);
            if (c->broken() || !whole) co_return;
            bool goes_on = x.keep_alive() && !c->watched();
            if (goes_on) goes_on = co_await c->discard_body();
            if (!goes_on) {
                co_await c->farewell();
                co_return;
            }
        }
    }

private:
    /// False: the answer was broken off.
    task<bool> handle(exchange& x) const {
        std::exception_ptr failure;
        try {
            co_await handler_(x);
        } catch (...) {
            failure = std::current_exception();
        }
        if (failure) {
            if (on_failure) on_failure(x.head(), failure);
            if (x.answered()) co_return x.complete();
            x.close_after();
            leave_out_bad(x.headers());
            (void)co_await x.refuse(500, "this request could not be answered");
        } else if (!x.answered()) {
            (void)co_await x.refuse(500, "nothing answers this request");
        } else if (!x.complete()) {
            (void)co_await x.finish();
        }
        co_return true;
    }

    /// They may be why it failed.
    static void leave_out_bad(header_list& headers) {
        header_list good;
        for (const auto& [name, value] : headers)
            if (is_token(name) && is_field_value(value)) good.add(name, value);
        headers = std::move(good);
    }

    void tell(const exchange& x, time_point since) const {
        if (on_served) on_served(served{x.head(), x.status(), x.sent(), rtai::now() - since});
    }

    static void print_failure(const request_head& head, const std::exception_ptr& failure) {
        const std::string what = head.method + " " + std::string(head.path());
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& e) {
            std::fprintf(stderr, "rtai: %s failed: %s\n", what.c_str(), e.what());
        } catch (...) {
            std::fprintf(stderr, "rtai: %s failed\n", what.c_str());
        }
    }

    handler handler_;
    server_options options_;
};

}  // namespace rtai::http
