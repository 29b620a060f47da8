#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <rtai/core/event.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/task.hpp>
#include <rtai/http/server.hpp>
#include <rtai/net/tcp.hpp>
#include <rtai/net/tls.hpp>
#include <utility>
#include <variant>

namespace rtai::http {

/// Accepts connections and serves them on this shard, until it is cancelled, or `stopping` is set and the
/// requests under way are answered. Connections above the server's limit wait to be accepted.
class listener {
public:
    listener(net::acceptor a, const server& s, std::shared_ptr<net::tls_server> tls = nullptr)
        : acceptor_(std::move(a)), server_(s), tls_(std::move(tls)) {}
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;

    std::uint16_t port() const { return acceptor_.port(); }
    std::size_t connections() const noexcept { return connections_; }

    task<> run(event& stopping) {
        co_await with_scope([this, &stopping](scope& s) -> task<> { return accept(s, stopping); });
    }

private:
    task<> accept(scope& s, event& stopping) {
        while (!stopping.is_set()) {
            if (connections_ >= server_.options().connections) {
                ended_.reset();
                co_await race(ended_.wait(), stopping.wait());
                continue;
            }
            auto either = co_await race(acceptor_.accept(), stopping.wait());
            if (either.index() == 1) break;
            auto& came = std::get<0>(either);
            if (!came) throw bad_result(came.error());
            s.spawn(serve(std::move(*came), place(*this), stopping));
        }
        acceptor_.close();
        co_await s.join();
    }

    /// One of the connections that may be there at the same time.
    class place {
    public:
        explicit place(listener& l) noexcept : of_(&l) { ++l.connections_; }
        place(place&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
        place& operator=(place&&) = delete;
        ~place() {
            if (of_ == nullptr) return;
            --of_->connections_;
            of_->ended_.set();
        }

    private:
        listener* of_;
    };

    /// What goes wrong with one connection is its own affair.
    task<> serve(net::connection c, place, event& stopping) {
        try {
            auto plain = std::move(c).open();
            if (tls_) {
                auto either = co_await race(tls_->accept(std::move(plain)), stopping.wait());
                if (either.index() == 1 || !std::get<0>(either)) co_return;
                plain = std::move(*std::get<0>(either));
            }
            co_await server_.serve(std::move(plain), &stopping);
        } catch (const std::exception& e) {
            std::fprintf(stderr, "rtai: a connection failed: %s\n", e.what());
        }
    }

    net::acceptor acceptor_;
    const server& server_;
    std::shared_ptr<net::tls_server> tls_;
    std::size_t connections_ = 0;
    event ended_;
};

}  // namespace rtai::http
