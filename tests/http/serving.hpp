#pragma once

#include <rtai/core/join.hpp>
#include <rtai/core/sim_link.hpp>
#include <rtai/core/task.hpp>
#include <rtai/http/server.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "net/streams.hpp"

namespace rtai::test {

inline task<std::string> send_and_read(net::stream& client, std::string requests) {
    auto sent = co_await say_and_finish(client, std::move(requests));
    auto all = co_await read_all(client);
    if (!sent) all += "(" + sent.error().message() + ")";
    co_return all;
}

/// What a server answers to these bytes, over a simulated link. Without the dates, which are those of the
/// day.
inline std::string without_dates(std::string text) {
    for (auto at = text.find("Date: "); at != std::string::npos; at = text.find("Date: "))
        text.erase(at, text.find("\r\n", at) + 2 - at);
    return text;
}

inline task<std::string> ask(const http::server& server, std::string requests) {
    simulated_pair p;
    auto [served, got] =
        co_await join(server.serve(std::move(p.server)), send_and_read(p.client, std::move(requests)));
    co_return without_dates(std::move(got));
}

/// The same in a world of its own, with any handler.
inline std::string answer_of(http::handler h, const std::string& requests,
                             const http::server_options& o = {}) {
    sim::world w;
    current_world = &w;
    const http::server server(std::move(h), o);
    auto got = w.run(ask(server, requests));
    current_world = nullptr;
    return got;
}

inline std::string get(std::string_view path, std::string_view more = "", std::string_view method = "GET") {
    return std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(more) +
           "\r\n";
}
inline std::string post(std::string_view path, std::string_view body, std::string_view more = "") {
    return get(path, "Content-Length: " + std::to_string(body.size()) + "\r\n" + std::string(more), "POST") +
           std::string(body);
}

}  // namespace rtai::test
