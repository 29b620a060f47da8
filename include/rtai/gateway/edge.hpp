#pragma once

#include <asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <rtai/core/background.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/offload.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/runtime.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/gateway/front.hpp>
#include <rtai/gateway/grpc_service.hpp>
#include <rtai/gateway/grpc_web.hpp>
#include <rtai/gateway/serve.hpp>
#include <rtai/gateway/telemetry.hpp>
#include <rtai/http/exchange.hpp>
#include <rtai/http/listen.hpp>
#include <rtai/http/server.hpp>
#include <rtai/net/tcp.hpp>
#include <rtai/net/tls.hpp>
#include <rtai/observe/otlp.hpp>
#include <rtai/service/gateway.hpp>
#include <rtai/service/host.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

// In the one file of the library rtai::edge, what follows is compiled for all others.
#ifndef RTAI_EDGE_INLINE
#define RTAI_EDGE_INLINE inline
#endif

namespace rtai::gateway {

namespace detail {

/// HTTP, and WebSocket on it: each connection lives on the shard that has the fewest, and holds on to this.
class http_edge : public std::enable_shared_from_this<http_edge> {
public:
    http_edge(std::shared_ptr<front> f, runtime& sessions, const service::http_listen& o)
        : front_(std::move(f)),
          sessions_(sessions),
          most_(o.connections),
          web_(*front_, [&sessions]() -> event& { return sessions.stopping(); }),
          server_(front_->routes([&sessions]() -> event& { return sessions.stopping(); }, web_.routes()),
                  options_of(o)) {
        if (!o.tls) return;
        auto made = net::tls_server::make({o.tls->certificate, o.tls->key, o.tls->client_authority});
        if (!made) throw std::runtime_error(made.error().message());
        tls_ = std::move(*made);
    }

    task<> accept(net::acceptor& from) {
        for (;;) {
            auto came = co_await from.accept();
            if (!came) throw std::runtime_error(came.error().message());
            if (sessions_.sessions() >= most_) continue;
            auto one = std::make_shared<net::connection>(std::move(*came));
            sessions_.place([self = shared_from_this(), one] { return serve(self, one); });
        }
    }

private:
    static http::server_options options_of(const service::http_listen& o) {
        http::server_options made;
        made.limits.body = o.body;
        made.idle_timeout = o.idle;
        made.connections = o.connections;
        return made;
    }

    static task<> serve(std::shared_ptr<http_edge> self, std::shared_ptr<net::connection> c) {
        auto plain = std::move(*c).open();
        if (self->tls_) {
            auto secret = co_await self->tls_->accept(std::move(plain));
            if (!secret) co_return;
            plain = std::move(*secret);
        }
        co_await self->server_.serve(std::move(plain), &self->sessions_.stopping());
    }

    std::shared_ptr<front> front_;
    runtime& sessions_;
    std::size_t most_;
    grpc_web_edge web_;
    http::server server_;
    std::shared_ptr<net::tls_server> tls_;
};

/// For a terminal: where a browser would go.
inline std::string shown_address(const std::string& address, std::uint16_t port, bool tls) {
    const bool everywhere = address == "0.0.0.0" || address == "::";
    const auto name = everywhere                               ? std::string("localhost")
                      : address.find(':') != std::string::npos ? "[" + address + "]"
                                                               : address;
    return (tls ? "https://" : "http://") + name + ":" + std::to_string(port);
}

/// What a service tells others than its clients: spans to a collector, metrics on a port of their own.
class tell_tales {
public:
    tell_tales(const service::host& h, const std::string& name, telemetry& t) {
        const auto& o = h.observed();
        if (o.traces && !o.traces->otlp.empty()) {
            observe::otlp_settings s(o.traces->otlp, name);
            s.tell = [&t](const std::string& words) { t.log().warning("traces", {}, words); };
            exporter_ = std::make_unique<observe::otlp_exporter>(t.spans(), std::move(s));
        }
        if (!o.metrics) return;
        auto listening = net::listen({o.metrics->address, o.metrics->port.number});
        if (!listening) throw std::runtime_error(name + ": observe.metrics: " + listening.error().message());
        metrics_ = std::make_unique<http::server>([&t](http::exchange& x) { return show(x, t); });
        listener_ = std::make_unique<http::listener>(std::move(*listening), *metrics_);
        h.say(name, "metrics on " + shown_address(o.metrics->address, listener_->port(), false) + "/metrics");
    }

    /// Until it is cancelled.
    task<> run() const {
        event never;
        if (exporter_ && listener_) co_await join(exporter_->run(), listener_->run(never));
        else if (exporter_) co_await exporter_->run();
        else if (listener_) co_await listener_->run(never);
        else co_await never.wait();
    }

    /// What was not sent yet.
    task<> finish() const {
        if (!exporter_) co_return;
        auto sent = co_await with_timeout(std::chrono::seconds(2), exporter_->flush());
        (void)sent;
    }

private:
    static task<> show(http::exchange& x, telemetry& t) {
        const bool here = x.path() == "/metrics" || x.path() == "/";
        auto r = here ? http::make_response(200, t.text(), "text/plain; version=0.0.4; charset=utf-8")
                      : http::make_refusal(404, "there is /metrics");
        auto written = co_await x.answer(std::move(r));
        (void)written;
    }

    std::unique_ptr<observe::otlp_exporter> exporter_;
    std::unique_ptr<http::server> metrics_;
    std::unique_ptr<http::listener> listener_;
};

struct grpc_stop {
    grpc_edge* server;
    duration patience;
    void operator()() const { server->stop(patience); }
};

}  // namespace detail

/// Serves what the options name until the program is asked to end.
RTAI_EDGE_INLINE task<> serve(service::host& h, std::string name, service::gateway::options with,
                              run_session run) {
    if (!with.listen.http && !with.listen.grpc)
        throw std::runtime_error(name + ": nothing to listen on: set listen.http or listen.grpc");
    if (with.listen.websocket && !with.listen.http)
        throw std::runtime_error(name +
                                 ": listen.websocket is a path of the HTTP server: set listen.http, too");
    if (with.listen.webrtc) throw std::runtime_error(name + ": listen.webrtc is not there yet: take it out");
    if (with.relay)
        throw std::runtime_error(name +
                                 ": relay is not there yet: take it out, and it runs the pipeline itself");
    const auto tells = std::make_shared<telemetry>(name, h.observed());
    const auto all = std::make_shared<front>(name, with, tells, std::move(run));
    all->metrics = [tells] { return tells->text(); };
    const detail::tell_tales telling(h, name, *tells);
    std::unique_ptr<grpc_edge> grpc;
    if (with.listen.grpc) {
        grpc = std::make_unique<grpc_edge>(all, *with.listen.grpc);
        auto up = grpc->start();
        if (!up) throw std::runtime_error(name + ": " + up.error().message());
        h.say(name, "gRPC on port " + std::to_string(grpc->port()));
    }
    if (with.listen.http) {
        const auto& o = *with.listen.http;
        auto listening = net::listen({o.address, o.port.number});
        if (!listening) throw std::runtime_error(name + ": " + listening.error().message());
        const auto edge = std::make_shared<detail::http_edge>(all, h.sessions(), o);
        const auto address = detail::shown_address(o.address, listening->port(), o.tls.has_value());
        h.say(name, (o.page && with.listen.websocket ? "open " : "HTTP on ") + address);
        if (o.operators != service::audience::nobody) h.say(name, "live sessions: " + address + "/operator");
        co_await race(edge->accept(*listening), telling.run(), h.stopping().wait());
        listening->close();
    } else {
        co_await race(telling.run(), h.stopping().wait());
    }
    all->drain();
    co_await telling.finish();
    if (!grpc) co_return;
    // A worker waits for the streams to end. No lambda: g++ warns of one in an inline coroutine's frame.
    const detail::grpc_stop stop{grpc.get(), h.patience()};
    auto stopped = co_await offload(background(), stop);
    (void)stopped;
}

}  // namespace rtai::gateway
