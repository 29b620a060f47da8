#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <openssl/rand.h>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/data/base64.hpp>
#include <rtai/data/units.hpp>
#include <rtai/http/message.hpp>
#include <rtai/net/connect.hpp>
#include <rtai/net/stream.hpp>
#include <rtai/net/tls.hpp>
#include <rtai/ws/handshake.hpp>
#include <rtai/ws/options.hpp>
#include <rtai/ws/stream.hpp>
#include <rtai/ws/url.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace rtai::ws {

/// How a client asks for a WebSocket.
struct connect_options {
    connect_options() = default;

    std::vector<std::string> protocols;  ///< subprotocols, the dearest first
    http::header_list headers;           ///< a key for the server, say
    std::chrono::milliseconds deadline{10'000};
    std::shared_ptr<net::tls_client> tls;  ///< for wss; none: trusts whom the system trusts
    options limits;
};

namespace detail {

inline constexpr std::size_t longest_answer = 16 * 1024;

inline std::string new_key() {
    std::array<unsigned char, 16> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
        throw std::runtime_error("OpenSSL has no random numbers");
    return to_base64(std::as_bytes(std::span(bytes)));
}

inline task<result<stream>> shake_hands(net::stream under, const url_parts& to, const connect_options& o) {
    const std::string key = new_key();
    auto request = upgrade_request(to, key, o.protocols, o.headers);
    if (!request) co_return request.error();
    auto asked = co_await under.write(std::as_bytes(std::span(*request)));
    if (!asked) co_return asked.error();
    std::string text;
    auto end = std::string::npos;
    std::vector<std::byte> some(1024);
    while (end == std::string::npos) {
        if (text.size() > longest_answer)
            co_return error(
                std::errc::message_size,
                "its answer has more than " + std::to_string(longest_answer) + " bytes of headers");
        auto got = co_await under.read_some(some);
        if (!got) co_return got.error();
        if (*got == 0) co_return error(std::errc::connection_reset, "it hung up during the handshake");
        const auto from = text.size() < 3 ? 0 : text.size() - 3;
        text.append(reinterpret_cast<const char*>(some.data()), *got);
        end = text.find("\r\n\r\n", from);
    }
    auto answer = parse_answer(std::string_view(text).substr(0, end));
    if (!answer) co_return answer.error();
    auto protocol = check_answer(*answer, key, o.protocols);
    if (!protocol) co_return protocol.error();
    const auto early = std::as_bytes(std::span(text)).subspan(end + 4);
    co_return stream(std::move(under), side::client, o.limits,
                     std::vector<std::byte>(early.begin(), early.end()), std::move(*protocol));
}

inline task<result<stream>> reach(const url_parts& to, const connect_options& o) {
    auto under = co_await net::connect(to.host, to.port, o.deadline);
    if (!under) co_return under.error();
    if (to.secure) {
        auto tls = o.tls;
        if (!tls) {
            // Reading all certificates of the system takes a while, so only once.
            static const auto usual = net::tls_client::make();
            if (!usual) co_return usual.error();
            tls = *usual;
        }
        auto secret = co_await tls->connect(std::move(*under), to.host);
        if (!secret) co_return secret.error();
        under = std::move(secret);
    }
    co_return co_await shake_hands(std::move(*under), to, o);
}

/// An error with what it is about; never with what follows a '?'.
inline result<stream> about(const std::string& url, std::chrono::milliseconds deadline, result<stream> made) {
    if (made) return made;
    const auto& e = made.error();
    if (e.code == std::errc::timed_out && e.text.empty())
        return error(e.code, http::shown_url(url) + ": no WebSocket within " +
                                 to_text(std::chrono::nanoseconds(deadline)));
    return error(e.code, http::shown_url(url) + ": " + e.text);
}

}  // namespace detail

/// A WebSocket over what is connected already, in simulation for instance.
inline task<result<stream>> connect_over(net::stream under, std::string url, connect_options o = {}) {
    auto to = parse_url(url);
    if (!to) co_return to.error();
    auto made = co_await with_timeout(o.deadline, detail::shake_hands(std::move(under), *to, o));
    co_return detail::about(url, o.deadline, std::move(made));
}

/// Connects to "ws://host:port/path" or "wss://...", all within the deadline.
///
///     auto socket = co_await ws::connect("ws://127.0.0.1:8080/talk");
///     if (socket) co_await socket->run(talk);
inline task<result<stream>> connect(std::string url, connect_options o = {}) {
    auto to = parse_url(url);
    if (!to) co_return to.error();
    auto made = co_await with_timeout(o.deadline, detail::reach(*to, o));
    co_return detail::about(url, o.deadline, std::move(made));
}

}  // namespace rtai::ws
