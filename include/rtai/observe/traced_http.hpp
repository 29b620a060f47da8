#pragma once

#include <optional>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/http/client.hpp>
#include <rtai/observe/trace_place.hpp>
#include <string>
#include <utility>

// Requests that tell the other side of the trace that they are part of. Link with curl.

namespace rtai::observe {

/// An answer whose body comes piece by piece, and the span of the request, until it is dropped.
class traced_response : public http::response_stream {
public:
    traced_response(http::response_stream s, span call)
        : response_stream(std::move(s)), call_(std::move(call)) {}

private:
    span call_;
};

/// `http::open`, with a span and with the headers "traceparent" and "tracestate", if this task is in a trace.
inline task<result<traced_response>> open(http::request r) {
    auto call = co_await begin_call("HTTP request");
    call.span.set({"url", http::shown_url(r.url)});
    call.tell(
        [&r](std::string name, std::string value) { r.headers.set(std::move(name), std::move(value)); });
    auto answer = co_await http::open(std::move(r));
    if (!answer.ok()) {
        call.span.fail(answer.error().message());
        co_return answer.error();
    }
    call.span.set({"http.response.status_code", answer->status()});
    if (!answer->ok()) call.span.fail("status " + std::to_string(answer->status()));
    co_return traced_response(std::move(*answer), std::move(call.span));
}

/// `http::fetch` in the same way.
inline task<result<http::response>> fetch(http::request r) {
    auto opened = co_await observe::open(std::move(r));
    if (!opened.ok()) co_return opened.error();
    auto whole = co_await http::rest_of(*opened);
    co_return whole;
}

}  // namespace rtai::observe
