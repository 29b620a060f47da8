#pragma once

#include <cstddef>
#include <cstring>
#include <rtai/core/join.hpp>
#include <rtai/core/sim_link.hpp>
#include <rtai/net/sim.hpp>
#include <rtai/ws/stream.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/co_test.hpp"

namespace rtai::test {

/// A simulated connection, before anybody has said anything.
struct ws_pair {
    explicit ws_pair(const ws::options& server_options = {}, const ws::options& client_options = {},
                     const sim::conditions& network = {})
        : link(world(), this_shard(), this_shard(), network),
          server(net::simulated(link.end_a()), ws::side::server, server_options),
          client(net::simulated(link.end_b()), ws::side::client, client_options) {}

    sim::stream_link link;
    ws::stream server;
    ws::stream client;
};

/// A server that can be talked to in frames, or in worse.
struct raw_peer {
    explicit raw_peer(const ws::options& o = {}, const sim::conditions& network = {})
        : link(world(), this_shard(), this_shard(), network),
          server(net::simulated(link.end_a()), ws::side::server, o),
          wire(link.end_b()) {}

    task<> write(std::vector<std::byte> bytes) { (void)co_await wire.write(bytes); }

    task<> frame(ws::opcode op, std::string_view payload, bool last = true) {
        std::vector<std::byte> out;
        const ws::mask_key key{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
        ws::append_frame(out, op, last, std::as_bytes(std::span(payload.data(), payload.size())), key);
        co_await write(std::move(out));
    }

    /// What the server sends until its end: "text:Hello close:1000".
    task<std::string> read_to_the_end() {
        std::string told;
        ws::reader r(ws::side::client, 1 << 24, 1 << 24);
        std::vector<std::byte> some(4096);
        for (;;) {
            auto got = co_await wire.read_some(some);
            if (!got) co_return told + "(broken)";
            if (*got == 0) co_return told;
            std::span<const std::byte> bytes(some.data(), *got);
            for (;;) {
                const auto what = r.read(bytes);
                if (what == ws::received::nothing) break;
                if (!told.empty()) told += ' ';
                if (what == ws::received::message) {
                    const auto m = r.take();
                    told +=
                        m.is_text() ? "text:" + std::string(m.text()) : "binary:" + std::to_string(m.size());
                }
                if (what == ws::received::ping) told += "ping";
                if (what == ws::received::pong)
                    told += "pong:" + std::string(reinterpret_cast<const char*>(r.control().data()),
                                                  r.control().size());
                if (what == ws::received::close) told += "close:" + std::to_string(r.end().code);
                if (what == ws::received::violation) told += "violation:" + r.end().reason;
            }
        }
    }

    /// Says goodbye after a while.
    task<> leave_after(duration d) {
        co_await sleep_for(d);
        co_await frame(ws::opcode::close, "\x03\xE8");
    }

    sim::stream_link link;
    ws::stream server;
    sim::stream wire;
};

inline task<> echo(ws::stream& s) {
    while (auto m = co_await s.receive()) {
        const bool sent = co_await s.send(std::move(*m));
        if (!sent) co_return;
    }
}

inline task<> listen(ws::stream& s) {
    while (auto m = co_await s.receive()) {
    }
}

}  // namespace rtai::test
