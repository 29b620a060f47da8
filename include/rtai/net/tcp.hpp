#pragma once

#include <asio/ip/tcp.hpp>
#include <asio/socket_base.hpp>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/clock.hpp>
#include <rtai/core/io.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/net/stream.hpp>
#include <span>
#include <string>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace rtai::net {

/// Where to listen. Port 0 takes a free one.
struct listen_options {
    listen_options() = default;
    listen_options(std::string a, std::uint16_t p) : address(std::move(a)), port(p) {}

    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    int backlog = 1024;         ///< connections that wait for `accept`
    bool reuse_address = true;  ///< so that a restart need not wait for connections that have just ended
};

/// "10.0.0.1:443", "[::1]:443"
inline std::string to_text(const asio::ip::tcp::endpoint& e) {
    const auto host = e.address().to_string();
    return (e.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(e.port());
}

namespace detail {

class tcp_carrier final : public stream::carrier {
public:
    explicit tcp_carrier(asio::ip::tcp::socket s, std::string peer)
        : socket_(std::move(s)), peer_(std::move(peer)) {
        asio::error_code ignored;
        socket_.non_blocking(true, ignored);
        socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
        socket_.set_option(asio::socket_base::keep_alive(true), ignored);
    }

    task<result<std::size_t>> read_some(std::span<std::byte> into) override {
        // After an end Asio would wait for a second one, which does not come.
        if (into.empty() || ended_) co_return std::size_t{0};
        const asio::mutable_buffer room(into.data(), into.size());
        auto got = co_await socket_.async_read_some(room, io);
        if (got) co_return *got;
        if (got.error().code == asio::error::eof) {
            ended_ = true;
            co_return std::size_t{0};
        }
        co_return error(got.error().code, "read from " + peer_);
    }

    task<result<>> write(std::span<const std::byte> bytes) override {
        while (!bytes.empty()) {
            // Most writes fit into the system's buffer, and need not go through the loop.
            asio::error_code wrong;
            std::size_t count = socket_.write_some(asio::const_buffer(bytes.data(), bytes.size()), wrong);
            if (wrong == asio::error::would_block) {
                at_once_ = 0;
                auto ready = co_await socket_.async_wait(asio::socket_base::wait_write, io);
                if (!ready) co_return error(ready.error().code, "write to " + peer_);
            } else if (wrong) {
                co_return error(rtai::detail::in_standard_terms(wrong), "write to " + peer_);
            } else if (++at_once_ == most_at_once) {
                at_once_ = 0;
                co_await yield();  // a fast reader does not get the whole shard
            }
            bytes = bytes.subspan(count);
        }
        co_return result<>();
    }

    task<result<>> finish() override {
        asio::error_code wrong;
        socket_.shutdown(asio::socket_base::shutdown_send, wrong);
        if (wrong) co_return error(rtai::detail::in_standard_terms(wrong), "finish to " + peer_);
        co_return result<>();
    }

    std::string peer() const override { return peer_; }

private:
    static constexpr int most_at_once = 16;

    asio::ip::tcp::socket socket_;
    std::string peer_;
    int at_once_ = 0;
    bool ended_ = false;
};

}  // namespace detail

/// A connection that nobody reads yet. It may be moved to another shard, and is opened there.
class connection {
public:
    connection() = default;
    connection(int descriptor, const asio::ip::tcp::endpoint& peer) noexcept
        : descriptor_(descriptor), peer_(peer) {}
    connection(connection&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)), peer_(std::move(other.peer_)) {}
    connection& operator=(connection&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        std::swap(peer_, other.peer_);
        return *this;
    }
    ~connection() { close(); }

    const asio::ip::tcp::endpoint& peer() const noexcept { return peer_; }

    /// On this shard, from now on.
    stream open() && {
        asio::ip::tcp::socket socket(io_context());
        socket.assign(peer_.protocol(), descriptor_);
        descriptor_ = -1;
        return stream(std::make_unique<detail::tcp_carrier>(std::move(socket), to_text(peer_)));
    }

    void close() noexcept {
        if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
    }

private:
    int descriptor_ = -1;
    asio::ip::tcp::endpoint peer_;
};

/// Takes connections, made by `listen`.
class acceptor {
public:
    explicit acceptor(asio::ip::tcp::acceptor a) : acceptor_(std::move(a)) {}

    asio::ip::tcp::endpoint local() const {
        asio::error_code ignored;
        return acceptor_.local_endpoint(ignored);
    }
    std::uint16_t port() const { return local().port(); }

    /// The next connection. A machine that has no descriptor or memory left for it is asked again after a
    /// while: what ends elsewhere makes room. An error means that nothing will come any more.
    task<result<connection>> accept() {
        for (;;) {
            asio::ip::tcp::endpoint peer;
            auto size = static_cast<socklen_t>(peer.capacity());
            const int got =
                ::accept4(acceptor_.native_handle(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (got >= 0) {
                peer.resize(size);
                connection made(got, peer);
                if (++at_once_ == most_at_once) {
                    at_once_ = 0;
                    co_await yield();
                }
                co_return std::move(made);
            }
            const int wrong = errno;
            if (is_full(wrong)) {
                ++pauses_;
                co_await sleep_for(pause_when_full);
            } else if (wrong == EAGAIN || wrong == EWOULDBLOCK) {
                at_once_ = 0;
                auto ready = co_await acceptor_.async_wait(asio::socket_base::wait_read, io);
                if (!ready) co_return error(ready.error().code, "accept on " + to_text(local()));
            } else if (!is_of_the_peer(wrong)) {
                co_return error(std::error_code(wrong, std::system_category()),
                                "accept on " + to_text(local()));
            }
        }
    }

    /// How often the machine had no room for a connection.
    std::uint64_t pauses() const noexcept { return pauses_; }

    void close() noexcept {
        asio::error_code ignored;
        acceptor_.close(ignored);
    }

private:
    static constexpr int most_at_once = 16;
    static constexpr duration pause_when_full = std::chrono::milliseconds(100);

    static bool is_full(int e) noexcept { return e == EMFILE || e == ENFILE || e == ENOBUFS || e == ENOMEM; }
    /// What accept(2) says of a connection that broke before it was taken.
    static bool is_of_the_peer(int e) noexcept {
        return e == EINTR || e == ECONNABORTED || e == EPROTO || e == EPERM || e == ENETDOWN ||
               e == ENOPROTOOPT || e == EHOSTDOWN || e == ENONET || e == EHOSTUNREACH || e == EOPNOTSUPP ||
               e == ENETUNREACH;
    }

    asio::ip::tcp::acceptor acceptor_;
    int at_once_ = 0;
    std::uint64_t pauses_ = 0;
};

namespace detail {

inline std::string help_with_listening(const std::error_code& wrong) {
    if (wrong == std::errc::address_in_use)
        return " (another program listens there: stop it, or choose another port; 0 takes a free one)";
    if (wrong == std::errc::permission_denied)
        return " (a port below 1024 needs the right CAP_NET_BIND_SERVICE: choose one from 1024 up)";
    if (wrong == std::errc::address_not_available)
        return " (this machine has no such address: 127.0.0.1 is for this machine only, 0.0.0.0 for all)";
    return "";
}

}  // namespace detail

/// Begins to listen, on this shard.
inline result<acceptor> listen(const listen_options& o) {
    asio::error_code wrong;
    const auto address = asio::ip::make_address(o.address, wrong);
    if (wrong)
        return error(std::errc::invalid_argument,
                     "listen on '" + o.address +
                         "': that is no IP address (127.0.0.1 is for this machine only, 0.0.0.0 for all)");
    const asio::ip::tcp::endpoint where(address, o.port);
    asio::ip::tcp::acceptor made(io_context());
    const auto failed = [&]() -> result<acceptor> {
        const auto code = rtai::detail::in_standard_terms(wrong);
        return error(code, "listen on " + to_text(where) + detail::help_with_listening(code));
    };
    if (made.open(where.protocol(), wrong); wrong) return failed();
    if (made.set_option(asio::socket_base::reuse_address(o.reuse_address), wrong); wrong) return failed();
    if (made.bind(where, wrong); wrong) return failed();
    if (made.listen(o.backlog, wrong); wrong) return failed();
    if (made.non_blocking(true, wrong); wrong) return failed();
    return acceptor(std::move(made));
}

}  // namespace rtai::net
