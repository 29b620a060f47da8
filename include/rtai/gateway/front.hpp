#pragma once

#include <atomic>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <rtai/auth/guard.hpp>
#include <rtai/auth/limits.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/runtime.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/core/version.hpp>
#include <rtai/data/json.hpp>
#include <rtai/gateway/connection.hpp>
#include <rtai/gateway/pages.hpp>
#include <rtai/gateway/promised_sessions.hpp>
#include <rtai/gateway/protocol.hpp>
#include <rtai/gateway/session.hpp>
#include <rtai/gateway/watcher.hpp>
#include <rtai/gateway/websocket_connection.hpp>
#include <rtai/http/cors.hpp>
#include <rtai/http/exchange.hpp>
#include <rtai/http/router.hpp>
#include <rtai/http/server.hpp>
#include <rtai/service/gateway.hpp>
#include <rtai/ws/handshake.hpp>
#include <rtai/ws/stream.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace rtai::gateway {

/// What a gateway's transports share: who may come in, the sessions there are, and what HTTP shows of them.
class front {
public:
    front(std::string name, const service::gateway::options& o, std::shared_ptr<watcher> w, run_session run)
        : name_(std::move(name)),
          options_(o),
          watcher_(std::move(w)),
          run_(std::move(run)),
          sessions_(o.session.max),
          guard_(o.auth),
          limits_(o.limits),
          since_(std::chrono::steady_clock::now()) {}
    front(const front&) = delete;
    front& operator=(const front&) = delete;

    const service::gateway::options& options() const noexcept { return options_; }
    session_list& sessions() noexcept { return sessions_; }
    promised_sessions& promised() noexcept { return promised_; }

    /// No new session from now on.
    void drain() noexcept { draining_ = true; }
    bool draining() const noexcept { return draining_; }

    /// The text of /metrics, if there is one.
    std::function<std::string()> metrics;

    /// Who somebody is, or why it may not come in. Counted among its requests.
    auth::admission<auth::identity> check(const auth::credentials& shown) {
        // Guessing is slowed down, too.
        if (!guard_.open())
            if (auto busy = limits_.request(auth::client_of(shown.address), now())) {
                watcher_->refused(busy->status);
                return std::move(*busy);
            }
        auto who = guard_.check(shown, now());
        if (!who) {
            watcher_->refused(who.why().status);
            return who;
        }
        if (auto busy = limits_.request(who->client, now())) {
            watcher_->refused(busy->status);
            return std::move(*busy);
        }
        return who;
    }

    /// A session's places: among all, and among those of its client.
    struct admitted {
        admitted(auth::client_limits::place of, session_list::place s)
            : of_client(std::move(of)), place(std::move(s)) {}
        auth::client_limits::place of_client;
        session_list::place place;
    };
    auth::admission<std::shared_ptr<admitted>> admit(const std::string& client, std::string_view transport,
                                                     std::string id = make_session_id()) {
        if (draining_) return refused(503, "the server is about to stop: try again later");
        auto of_client = limits_.enter(client, now());
        if (!of_client) {
            sessions_.count_refused();
            watcher_->refused(of_client.why().status);
            return of_client.why();
        }
        auto place =
            sessions_.add(std::move(id), client, std::string(transport), options_.session.pipeline.name);
        if (!place) {
            watcher_->refused(503);
            return auth::refusal(503, "all sessions are taken: try again later", {}, std::chrono::seconds(1));
        }
        return std::make_shared<admitted>(std::move(*of_client), std::move(place));
    }

    task<ending> run(connection& c, session& s, event& stopping) { return run_(c, s, *watcher_, stopping); }

    // --- HTTP ----------------------------------------------------------------------------------------------

    /// What a request shows of who sends it; `peer` must live as long.
    static auth::credentials shown_by(const http::exchange& x, const std::string& peer) {
        auth::credentials c;
        c.authorization = x.head().header("Authorization").value_or("");
        c.api_key = x.head().header("X-API-Key").value_or("");
        c.query = x.head().query();
        c.address = peer;
        return c;
    }

    /// All that is served, besides what is in `all` already. `stopping` is the event of the shard that the
    /// exchange is on.
    http::handler routes(const std::function<event&()>& stopping, http::router all = {}) {
        if (options_.listen.websocket)
            all.on("GET", options_.listen.websocket->path,
                   [this, stopping](http::exchange& x) { return websocket(x, stopping()); });
        all.on("GET", "/health", [this](http::exchange& x) { return health(x); });
        all.on("GET", "/ready", [this](http::exchange& x) { return ready(x); });
        all.on("GET", "/metrics", [this](http::exchange& x) { return show_metrics(x); });
        all.on("GET", "/api/status", [this](http::exchange& x) { return status(x); });
        all.on("GET", "/api/session", [this](http::exchange& x) { return one_session(x); });
        all.on("GET", "/operator", [this](http::exchange& x) { return operator_page(x); });
        if (options_.listen.http && options_.listen.http->page)
            all.on("GET", "/", [](http::exchange& x) { return show_page(x, talk_page()); });
        http::handler handler = std::move(all);
        if (options_.listen.http && !options_.listen.http->origins.empty()) {
            http::cors_options o;
            o.origins = options_.listen.http->origins;
            o.headers = {"Content-Type", "Authorization", "X-API-Key",
                         "X-Grpc-Web",   "X-User-Agent",  "Grpc-Timeout"};
            o.exposed = {"Grpc-Status", "Grpc-Message"};
            handler = http::cors(std::move(o), std::move(handler));
        }
        return handler;
    }

private:
    auth::refusal refused(unsigned status, std::string why) {
        sessions_.count_refused();
        watcher_->refused(status);
        return {status, std::move(why), {}, std::chrono::seconds(1)};
    }

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
        agreed.origins = options_.listen.http ? options_.listen.http->origins : std::vector<std::string>();
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
        std::shared_ptr<admitted> in;
        std::optional<auth::refusal> no;
        if (auto who = check(shown_by(x, peer)); !who) no = who.why();
        else if (auto places = admit(who->client, "websocket"); !places) no = places.why();
        else in = std::move(*places);
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
        const auto& w = *options_.listen.websocket;
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
        const auto why = co_await run(c, s, stopping);
        (void)why;
    }

    // --- What HTTP shows
    // -------------------------------------------------------------------------------------

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

    double uptime() const noexcept {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - since_).count();
    }

    task<> health(http::exchange& x) {
        json::object all{{"status", draining_ ? "draining" : "ok"},
                         {"service", name_},
                         {"version", version},
                         {"uptime", uptime()},
                         {"sessions", sessions_.size()},
                         {"sessions_max", options_.session.max},
                         {"draining", draining_.load()}};
        return show(x, json_response(std::move(all)));
    }

    /// Whether a balancer may send somebody here.
    task<> ready(http::exchange& x) {
        const bool full = sessions_.size() >= options_.session.max;
        const bool yes = !draining_ && !full;
        json::object all{{"ready", yes}};
        if (!yes) all["why"] = draining_ ? "the server is about to stop" : "all sessions are taken";
        return show(x, json_response(std::move(all), yes ? 200 : 503));
    }

    /// Whether this one may see what is for operators; if not, it has its answer.
    task<bool> may_look(http::exchange& x) {
        const auto who =
            options_.listen.http ? options_.listen.http->operators : service::audience::this_machine;
        const auto peer = x.peer();
        const bool local =
            peer.starts_with("127.") || peer.starts_with("[::1]") || peer.starts_with("[::ffff:127.");
        if (who == service::audience::nobody || (who == service::audience::this_machine && !local)) {
            co_await show(
                x,
                http::make_refusal(
                    403, "this is for operators: set listen.http.operators, or ask from the machine itself"));
            co_return false;
        }
        auto known = guard_.check(shown_by(x, peer), now());
        if (known) co_return true;
        co_await show(x, answer_of(known.why()));
        co_return false;
    }

    task<> operator_page(http::exchange& x) { return show_page(x, gateway::operator_page()); }

    task<> show_metrics(http::exchange& x) {
        const bool may = co_await may_look(x);
        if (!may) co_return;
        if (!metrics) co_await show(x, http::make_refusal(404, "this service has no metrics"));
        else
            co_await show(x, http::make_response(200, metrics(), "text/plain; version=0.0.4; charset=utf-8"));
    }

    task<> status(http::exchange& x) {
        const bool may = co_await may_look(x);
        if (may) co_await show(x, json_response(all_sessions()));
    }

    json::object all_sessions() const {
        json::array all;
        const auto at = now();
        for (const auto& s : sessions_.all())
            all.push_back(json::object{{"id", s->id},
                                       {"client", s->client},
                                       {"transport", s->transport},
                                       {"pipeline", s->pipeline},
                                       {"since", detail::seconds(at - s->since)},
                                       {"state", name_of(s->state.load())},
                                       {"turns", s->turns.load()},
                                       {"bytes_in", s->bytes_in.load()},
                                       {"bytes_out", s->bytes_out.load()}});
        json::object totals{
            {"sessions", sessions_.begun()}, {"turns", sessions_.turns()}, {"refused", sessions_.refused()}};
        return {{"service", name_},           {"version", version},
                {"uptime", uptime()},         {"draining", draining_.load()},
                {"sessions", std::move(all)}, {"totals", std::move(totals)}};
    }

    task<> one_session(http::exchange& x) {
        const bool may = co_await may_look(x);
        if (!may) co_return;
        const auto s = sessions_.find(x.head().query_value("id").value_or(""));
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

    std::string name_;
    service::gateway::options options_;
    std::shared_ptr<watcher> watcher_;
    run_session run_;
    session_list sessions_;
    promised_sessions promised_;
    auth::guard guard_;
    auth::client_limits limits_;
    std::chrono::steady_clock::time_point since_;
    std::atomic<bool> draining_{false};
};

}  // namespace rtai::gateway
