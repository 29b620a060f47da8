#pragma once

#include <algorithm>
#include <boost/json/object.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <rtai/auth/guard.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/shard.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/data/json.hpp>
#include <rtai/gateway/connection.hpp>
#include <rtai/gateway/front.hpp>
#include <rtai/gateway/health.hpp>
#include <rtai/gateway/pages.hpp>
#include <rtai/gateway/protocol.hpp>
#include <rtai/gateway/session.hpp>
#include <rtai/gateway/websocket_connection.hpp>
#include <rtai/http/cors.hpp>
#include <rtai/http/exchange.hpp>
#include <rtai/http/router.hpp>
#include <rtai/http/server.hpp>
#include <rtai/ws/handshake.hpp>
#include <rtai/ws/stream.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtai::gateway {

/// What a request shows of who sends it; `peer` must live as long.
inline auth::credentials shown_by(const http::exchange& x, const std::string& peer) {
    auth::credentials c;
    c.authorization = x.head().header("Authorization").value_or("");
    c.api_key = x.head().header("X-API-Key").value_or("");
    c.query = x.head().query();
    c.address = peer;
    return c;
}

/// The trace that a request is part of; in its query, too, if it is from a page that can set no headers.
inline observe::trace_caller trace_of(const http::request_head& head, bool in_query) {
    return observe::caller_of([&](std::string_view name) {
        auto all = http::all_of(head.headers, name);
        if (!all && in_query) all = head.query_value(name);
        return all;
    });
}

/// What a gateway serves over HTTP: pages, WebSockets, and what probes and operators ask for.
class http_front {
public:
    explicit http_front(front& f) : front_(f) {}

    /// All that is served, besides what is in `all` already. `stopping` is the event of the shard that the
    /// exchange is on.
    http::handler routes(const std::function<event&()>& stopping, http::router all = {}) {
        if (options().listen.websocket)
            all.on("GET", options().listen.websocket->path,
                   [this, stopping](http::exchange& x) { return websocket(x, stopping()); });
        all.on("GET", "/health", [this](http::exchange& x) { return health(x); });
        all.on("GET", "/ready", [this](http::exchange& x) { return ready(x); });
        all.on("GET", "/metrics", [this](http::exchange& x) { return show_metrics(x); });
        all.on("GET", "/api/status", [this](http::exchange& x) { return status(x); });
        all.on("GET", "/api/session", [this](http::exchange& x) { return one_session(x); });
        all.on("GET", "/operator", [this](http::exchange& x) { return operator_page(x); });
        if (options().listen.http && options().listen.http->page)
            all.on("GET", "/", [](http::exchange& x) { return show_page(x, talk_page()); });
        http::handler handler = std::move(all);
        if (options().listen.http && !options().listen.http->origins.empty()) {
            http::cors_options o;
            o.origins = options().listen.http->origins;
            o.headers = {"Content-Type", "Authorization", "X-API-Key",   "X-Grpc-Web",
                         "X-User-Agent", "Grpc-Timeout",  "Traceparent", "Tracestate"};
            o.exposed = {"Grpc-Status", "Grpc-Message", "Retry-After"};
            handler = http::cors(std::move(o), std::move(handler));
        }
        return handler;
    }

private:
    const service::gateway::options& options() const noexcept { return front_.options(); }

    static http::response answer_of(const auth::refusal& no) {
        auto r = http::make_response(no.status, no.words + "\n");
        if (!no.challenge.empty()) r.headers.add("WWW-Authenticate", no.challenge);
        if (no.retry_after > duration::zero())
            r.headers.add("Retry-After",
                          std::to_string((no.retry_after + std::chrono::seconds(1) - duration(1)) /
                                         std::chrono::seconds(1)));
        return r;
    }

    task<> websocket(http::exchange& x, event& stopping) {
        const std::string peer = x.peer();
        ws::handshake_options agreed;
        agreed.protocols.emplace_back(talk_protocol);
        agreed.origins = options().listen.http ? options().listen.http->origins : std::vector<std::string>();
        if (std::find(agreed.origins.begin(), agreed.origins.end(), "*") != agreed.origins.end())
            agreed.origins.clear();
        else agreed.origins.emplace_back("self");
        auto yes = ws::answer_upgrade(x.method(), x.head().headers, agreed);
        if (!yes.ok()) {
            auto r = http::make_response(yes.status, yes.text + "\n");
            for (const auto& [name, value] : yes.headers) r.headers.add(name, value);
            auto written = co_await x.answer(std::move(r));
            (void)written;
            co_return;
        }
        std::shared_ptr<front::admitted> in;
        std::optional<auth::refusal> no;
        if (auto who = front_.check(shown_by(x, peer)); !who) no = who.why();
        else if (auto places = front_.admit(who->client, "websocket"); !places) no = places.why();
        else in = std::move(*places);
        if (in) in->place->caller = trace_of(x.head(), true);
        // A page learns nothing of an answer to its handshake but that it failed: it is told afterwards.
        const bool is_page = x.head().header("Origin").has_value();
        if (no && !is_page) {
            auto written = co_await x.answer(answer_of(*no));
            (void)written;
            co_return;
        }
        http::response switched;
        switched.status = yes.status;
        for (const auto& [name, value] : yes.headers) switched.headers.add(name, value);
        auto raw = co_await x.upgrade(std::move(switched));
        if (!raw) co_return;
        const auto read = std::as_bytes(std::span(raw->read_already));
        ws::stream socket(std::move(raw->stream), ws::side::server, socket_options(),
                          std::vector<std::byte>(read.begin(), read.end()), yes.protocol);
        co_await socket.run(
            [&](ws::stream& s) -> task<> { return no ? send_away(s, *no) : talk(s, *in->place, stopping); });
    }

    ws::options socket_options() const {
        const auto& w = *options().listen.websocket;
        ws::options o;
        o.most_message = w.message;
        o.most_frame = w.message;
        o.ping_every = w.ping;
        o.stall = w.stall;
        return o;
    }

    static task<> send_away(ws::stream& socket, auth::refusal no) {
        websocket_connection c(socket);
        const bool later = no.status == 429 || no.status == 503;
        trouble t(later ? "full" : "refused", no.words, true);
        const bool told = co_await c.send(std::move(t));
        (void)told;
        socket.close(later ? ws::close_code::try_again_later : ws::close_code::policy, no.words);
    }

    task<> talk(ws::stream& socket, session& s, event& stopping) {
        websocket_connection c(socket);
        co_await c.begin();
        co_await race(run_to_end(c, s, stopping), c.watch());
    }
    task<> run_to_end(connection& c, session& s, event& stopping) {
        const auto why = co_await front_.run(c, s, stopping);
        (void)why;
    }

    // --- What is shown ------------------------------------------------------------------------------------

    static http::response json_response(const json::value& v, unsigned status = 200) {
        auto r = http::make_response(status, json::serialize(v) + "\n", "application/json");
        r.headers.add("Cache-Control", "no-store");
        return r;
    }

    static task<> show(http::exchange& x, http::response r) {
        auto written = co_await x.answer(std::move(r));
        (void)written;
    }

    static task<> show_page(http::exchange& x, std::string_view page) {
        auto r = http::make_response(200, std::string(page), "text/html; charset=utf-8");
        r.headers.add("Cache-Control", "no-cache");
        r.headers.add("X-Content-Type-Options", "nosniff");
        r.headers.add("Referrer-Policy", "no-referrer");
        r.headers.add("Content-Security-Policy",
                      "default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; "
                      "img-src data:; connect-src 'self' ws: wss:; worker-src blob:; media-src blob:; "
                      "form-action 'none'; base-uri 'none'; frame-ancestors 'self'");
        return show(x, std::move(r));
    }

    task<> health(http::exchange& x) {
        const bool all = !refusal_of_look(x).has_value();
        return show(x, json_response(health_json(front_, all)));
    }

    /// Whether a balancer may send somebody here.
    task<> ready(http::exchange& x) {
        const auto why = not_ready(front_);
        json::object all{{"ready", why.empty()}};
        if (!why.empty()) all["why"] = why;
        return show(x, json_response(std::move(all), why.empty() ? 200 : 503));
    }

    /// Why this one may not see what is for operators.
    std::optional<http::response> refusal_of_look(http::exchange& x) {
        const auto who =
            options().listen.http ? options().listen.http->operators : service::audience::this_machine;
        const auto peer = x.peer();
        const bool local =
            peer.starts_with("127.") || peer.starts_with("[::1]") || peer.starts_with("[::ffff:127.");
        if (who == service::audience::nobody || (who == service::audience::this_machine && !local))
            return http::make_refusal(
                403, "this is for operators: set listen.http.operators, or ask from the machine itself");
        auto known = front_.know(shown_by(x, peer));
        if (known) return std::nullopt;
        return answer_of(known.why());
    }

    /// If not, it has its answer.
    task<bool> may_look(http::exchange& x) {
        auto no = refusal_of_look(x);
        if (no) co_await show(x, std::move(*no));
        co_return !no.has_value();
    }

    task<> operator_page(http::exchange& x) { return show_page(x, gateway::operator_page()); }

    task<> show_metrics(http::exchange& x) {
        const bool may = co_await may_look(x);
        if (!may) co_return;
        if (!front_.metrics) co_await show(x, http::make_refusal(404, "this service has no metrics"));
        else
            co_await show(
                x, http::make_response(200, front_.metrics(), "text/plain; version=0.0.4; charset=utf-8"));
    }

    task<> status(http::exchange& x) {
        const bool may = co_await may_look(x);
        if (may) co_await show(x, json_response(sessions_json(front_)));
    }

    task<> one_session(http::exchange& x) {
        const bool may = co_await may_look(x);
        if (!may) co_return;
        const auto s = front_.sessions().find(x.head().query_value("id").value_or(""));
        if (!s) {
            co_await show(x, no_session("there is no such session (any more)"));
            co_return;
        }
        auto about = co_await with_timeout(std::chrono::seconds(1), ask(s));
        if (about.ok() && about->has_value()) co_await show(x, json_response(**about));
        else co_await show(x, no_session("the session does not answer: it may have ended"));
    }

    static http::response no_session(std::string_view why) {
        return json_response(json::object{{"error", why}}, 404);
    }

    /// What a session on another shard says of itself.
    static task<std::optional<json::value>> ask(std::shared_ptr<session> s) {
        struct reply {
            event come;
            std::optional<json::value> value;
        };
        // Owned by this shard: the session only hands the value over.
        auto mine = std::make_shared<reply>();
        shard& here = this_shard();
        const bool asked = s->post([s, mine, &here] {
            std::optional<json::value> value;
            if (s->inspect) value = s->inspect();
            here.post([mine, value = std::move(value)]() mutable {
                mine->value = std::move(value);
                mine->come.set();
            });
        });
        if (!asked) co_return std::nullopt;
        co_await mine->come.wait();
        co_return std::move(mine->value);
    }

    front& front_;
};

}  // namespace rtai::gateway
