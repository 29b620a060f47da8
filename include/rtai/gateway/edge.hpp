#pragma once

#include <asio/ip/tcp.hpp>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <rtai/core/background.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/offload.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/runtime.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/shard.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/gateway/front.hpp>
#include <rtai/gateway/grpc_service.hpp>
#include <rtai/gateway/grpc_web.hpp>
#include <rtai/gateway/http_front.hpp>
#include <rtai/gateway/serve.hpp>
#include <rtai/gateway/telemetry.hpp>
#include <rtai/http/client.hpp>
#include <rtai/http/exchange.hpp>
#include <rtai/http/listen.hpp>
#include <rtai/http/server.hpp>
#include <rtai/net/tcp.hpp>
#include <rtai/net/tls.hpp>
#include <rtai/observe/dependencies.hpp>
#include <rtai/observe/otlp.hpp>
#include <rtai/service/gateway.hpp>
#include <rtai/service/host.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

// In the one file of the library rtai::edge, what follows is compiled for all others.
#ifndef RTAI_EDGE_INLINE
#define RTAI_EDGE_INLINE inline
#endif

namespace rtai::gateway {

namespace detail {

/// HTTP, and WebSocket on it: each connection lives on the shard that has the fewest, and holds on to this.
/// While the program ends these shards take nothing more, and who asks then is answered on the service's own.
class http_edge : public std::enable_shared_from_this<http_edge> {
public:
    http_edge(std::shared_ptr<front> f, service::host& h, const service::http_listen& o)
        : front_(std::move(f)),
          host_(h),
          sessions_(h.sessions()),
          home_(this_shard()),
          most_(o.connections),
          pages_(*front_),
          web_(*front_, [this]() -> event& { return stopping(); }),
          server_(pages_.routes([this]() -> event& { return stopping(); }, web_.routes()), options_of(o)) {
        if (!o.tls) return;
        auto made = net::tls_server::make({o.tls->certificate, o.tls->key, o.tls->client_authority});
        if (!made) throw std::runtime_error(made.error().message());
        tls_ = std::move(*made);
    }

    /// Until `over` is set; what is answered here then has a moment to be told.
    task<> accept(net::acceptor& from, event& over) {
        co_await with_scope([&](scope& s) -> task<> { return accept_in(s, from, over); });
    }

private:
    static constexpr std::chrono::milliseconds last_words{1000};

    /// A connection, counted as long as it is there.
    struct arrival {
        arrival(std::shared_ptr<http_edge> e, net::connection c) : edge(std::move(e)), at(std::move(c)) {
            ++edge->front_->connections;
        }
        arrival(const arrival&) = delete;
        arrival& operator=(const arrival&) = delete;
        ~arrival() { --edge->front_->connections; }

        std::shared_ptr<http_edge> edge;
        net::connection at;
    };

    task<> accept_in(scope& s, net::acceptor& from, event& over) {
        while (!over.is_set()) {
            auto either = co_await race(from.accept(), over.wait());
            if (either.index() == 1) break;
            auto& came = std::get<0>(either);
            if (!came) throw std::runtime_error(came.error().message());
            if (front_->connections >= most_) continue;
            auto one = std::make_shared<arrival>(shared_from_this(), std::move(*came));
            if (host_.stopping().is_set()) s.spawn(serve_here(std::move(one), over));
            else sessions_.place([one] { return serve(one, one->edge->stopping()); });
        }
        from.close();
        auto ended = co_await with_timeout(last_words, s.join());
        if (!ended.ok()) s.cancel();
    }

    /// What goes wrong with one connection is its own affair.
    static task<> serve_here(std::shared_ptr<arrival> one, event& over) {
        try {
            co_await serve(std::move(one), over);
        } catch (const std::exception& e) {
            std::fprintf(stderr, "rtai: a connection failed: %s\n", e.what());
        }
    }

    /// Of the shard that asks.
    event& stopping() { return shard::current() == &home_ ? host_.stopping() : sessions_.stopping(); }

    static http::server_options options_of(const service::http_listen& o) {
        http::server_options made;
        made.limits.headers = o.headers;
        made.limits.body = o.body;
        made.header_timeout = o.headers_within;
        made.body_timeout = o.body_within;
        made.least_body_rate = o.body_rate;
        made.write_timeout = o.stall;
        made.idle_timeout = o.idle;
        made.connections = o.connections;
        return made;
    }

    static task<> serve(std::shared_ptr<arrival> one, event& over) {
        auto& self = *one->edge;
        auto plain = std::move(one->at).open();
        if (self.tls_) {
            auto secret = co_await self.tls_->accept(std::move(plain));
            if (!secret) co_return;
            plain = std::move(*secret);
        }
        co_await self.server_.serve(std::move(plain), &over);
    }

    std::shared_ptr<front> front_;
    service::host& host_;
    runtime& sessions_;
    shard& home_;
    std::size_t most_;
    http_front pages_;
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
    tell_tales(const service::host& h, const std::string& name, telemetry& t, observe::dependencies& on) {
        const auto& o = h.observed();
        if (o.traces && !o.traces->otlp.empty()) {
            observe::otlp_settings s(o.traces->otlp, name);
            s.tell = [&t](const std::string& words) { t.log().warning("traces", {}, words); };
            const auto collector = http::shown_url(s.url);
            on.add(observe::need("observe.traces", collector, observe::need::kind::address));
            exporter_ = std::make_unique<observe::otlp_exporter>(
                t.spans(), std::move(s),
                [&on, collector](http::request r) { return post(on, collector, std::move(r)); });
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
    static task<result<http::response>> post(observe::dependencies& on, std::string collector,
                                             http::request r) {
        auto answer = co_await http::fetch(std::move(r));
        if (!answer) on.failed(collector, answer.error().message(), now());
        else if (!answer->ok()) on.failed(collector, "status " + std::to_string(answer->status), now());
        else on.good(collector);
        co_return answer;
    }

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

/// Ends gRPC in good order: a worker waits for its streams. Cancelled, it waits no longer.
class grpc_end {
public:
    grpc_end(grpc_edge& g, duration patience) noexcept : server_(g), patience_(patience) {}

    task<> run() { co_await join(stop(), be_patient()); }

private:
    // No lambda: g++ warns of one in an inline coroutine's frame.
    struct stopping {
        grpc_edge* server;
        duration patience;
        void operator()() const { server->stop(patience); }
    };
    struct hurry_at_last {
        explicit hurry_at_last(grpc_edge& g) noexcept : server(g) {}
        hurry_at_last(const hurry_at_last&) = delete;
        hurry_at_last& operator=(const hurry_at_last&) = delete;
        ~hurry_at_last() { server.hurry(); }
        grpc_edge& server;
    };

    task<> stop() {
        const stopping work{&server_, patience_};
        auto stopped = co_await offload(background(), work);
        (void)stopped;
        over_.set();
    }
    task<> be_patient() {
        const hurry_at_last otherwise(server_);
        co_await over_.wait();
    }

    grpc_edge& server_;
    duration patience_;
    event over_;
};

/// Until no session lives, or all had their time.
inline task<> wait_for_sessions(front& f, duration patience) {
    constexpr std::chrono::milliseconds look{20};
    const auto until = later(now(), patience);
    while (f.sessions().size() > 0 && now() < until) co_await sleep_for(look);
}

/// The service's end, once the program is asked for it: until then, and as long as sessions live, everything
/// else goes on. `over` is set when nothing is left to wait for.
inline task<> drain(service::host& h, front& f, grpc_edge* grpc, event& over) {
    co_await h.stopping().wait();
    f.drain();
    if (grpc != nullptr) {
        grpc_end end(*grpc, h.patience());
        co_await join(end.run(), wait_for_sessions(f, h.patience()));
    } else {
        co_await wait_for_sessions(f, h.patience());
    }
    over.set();
}

}  // namespace detail

/// Serves what the options name until the program is asked to end.
RTAI_EDGE_INLINE task<> serve(service::host& h, std::string name, service::gateway::options with,
                              run_session run, std::vector<observe::need> needs) {
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
    const auto all = std::make_shared<front>(name, with, tells, std::move(run), needs);
    all->metrics = [tells] { return tells->text(); };
    const detail::tell_tales telling(h, name, *tells, all->depends_on());
    std::unique_ptr<grpc_edge> grpc;
    if (with.listen.grpc) {
        grpc = std::make_unique<grpc_edge>(all, *with.listen.grpc);
        auto up = grpc->start();
        if (!up) throw std::runtime_error(name + ": " + up.error().message());
        h.say(name, "gRPC on port " + std::to_string(grpc->port()));
    }
    event over;
    if (with.listen.http) {
        const auto& o = *with.listen.http;
        auto listening = net::listen({o.address, o.port.number});
        if (!listening) throw std::runtime_error(name + ": " + listening.error().message());
        const auto edge = std::make_shared<detail::http_edge>(all, h, o);
        const auto address = detail::shown_address(o.address, listening->port(), o.tls.has_value());
        h.say(name, (o.page && with.listen.websocket ? "open " : "HTTP on ") + address);
        if (o.operators != service::audience::nobody) h.say(name, "live sessions: " + address + "/operator");
        co_await race(join(edge->accept(*listening, over), detail::drain(h, *all, grpc.get(), over)),
                      telling.run());
    } else {
        co_await race(detail::drain(h, *all, grpc.get(), over), telling.run());
    }
    co_await telling.finish();
}

}  // namespace rtai::gateway
