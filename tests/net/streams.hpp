#pragma once

#include <cstddef>
#include <rtai/core/sim_link.hpp>
#include <rtai/core/task.hpp>
#include <rtai/net/sim.hpp>
#include <rtai/net/stream.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/co_test.hpp"

namespace rtai::test {

inline std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

inline task<result<>> say(net::stream& to, std::string text) { co_return co_await to.write(bytes_of(text)); }

inline task<result<>> say_and_finish(net::stream& to, std::string text) {
    auto said = co_await to.write(bytes_of(text));
    if (!said) co_return said.error();
    co_return co_await to.finish();
}

inline task<std::string> read_once(net::stream& from, std::size_t most = 1000) {
    std::vector<std::byte> part(most);
    auto count = co_await from.read_some(part);
    if (!count) co_return "(" + count.error().message() + ")";
    co_return std::string(reinterpret_cast<const char*>(part.data()), *count);
}

/// What comes until the end, or until the stream breaks.
inline task<std::string> read_all(net::stream& from) {
    std::string text;
    std::vector<std::byte> part(16384);
    for (;;) {
        auto count = co_await from.read_some(part);
        if (!count) co_return text + "(" + count.error().message() + ")";
        if (*count == 0) co_return text;
        text.append(reinterpret_cast<const char*>(part.data()), *count);
    }
}

/// Two ends of a simulated connection.
struct simulated_pair {
    explicit simulated_pair(const sim::conditions& c = {})
        : link(world(), this_shard(), this_shard(), c),
          client(net::simulated(link.end_a(), "server")),
          server(net::simulated(link.end_b(), "client")) {}

    sim::stream_link link;
    net::stream client, server;
};

}  // namespace rtai::test
