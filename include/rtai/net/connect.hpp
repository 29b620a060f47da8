#pragma once

#include <asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/clock.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/io.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/net/stream.hpp>
#include <rtai/net/tcp.hpp>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace rtai::net {
namespace detail {

/// The system looks names up in a thread of its own, and can not be stopped there: what it finds may come
/// when nobody waits any more.
struct lookup {
    explicit lookup(asio::io_context& c) : resolver(c) {}

    asio::ip::tcp::resolver resolver;
    asio::error_code wrong;
    std::vector<asio::ip::tcp::endpoint> found;
    event done;
};

inline task<result<std::vector<asio::ip::tcp::endpoint>>> look_up(const std::string& host,
                                                                  std::uint16_t port) {
    asio::error_code no_number;
    const auto address = asio::ip::make_address(host, no_number);
    if (!no_number) {
        std::vector<asio::ip::tcp::endpoint> one;
        one.emplace_back(address, port);
        co_return std::move(one);
    }
    const auto l = std::make_shared<lookup>(io_context());
    l->resolver.async_resolve(host, std::to_string(port), asio::ip::resolver_base::numeric_service,
                              [l](asio::error_code wrong, const asio::ip::tcp::resolver::results_type& all) {
                                  l->wrong = wrong;
                                  for (const auto& entry : all) l->found.push_back(entry.endpoint());
                                  l->done.set();
                              });
    co_await l->done.wait();
    if (l->wrong || l->found.empty())
        co_return error(std::errc::host_unreachable,
                        "no address is known for '" + host + "' (" + l->wrong.message() + ")");
    co_return std::move(l->found);
}

inline task<result<stream>> connect_to_one_of(const std::string& host, std::uint16_t port) {
    auto all = co_await look_up(host, port);
    if (!all) co_return all.error();
    std::error_code last;
    for (const auto& where : *all) {
        asio::ip::tcp::socket socket(io_context());
        auto connected = co_await socket.async_connect(where, io);
        if (connected)
            co_return stream(std::make_unique<tcp_carrier>(std::move(socket), net::to_text(where)));
        last = connected.error().code;
    }
    co_return error(last, "connect to " + host + ":" + std::to_string(port));
}

}  // namespace detail

inline constexpr duration default_connect_deadline = std::chrono::seconds(10);

/// A connection to a name or an IP address: its addresses in turn, within the deadline.
inline task<result<stream>> connect(std::string host, std::uint16_t port,
                                    duration deadline = default_connect_deadline) {
    auto made = co_await with_timeout(deadline, detail::connect_to_one_of(host, port));
    if (!made && made.error().code == std::errc::timed_out && made.error().text.empty())
        co_return error(std::errc::timed_out,
                        "connect to " + host + ":" + std::to_string(port) + ": no answer within " +
                            std::to_string(deadline / std::chrono::milliseconds(1)) + " ms");
    co_return std::move(made);
}

}  // namespace rtai::net
