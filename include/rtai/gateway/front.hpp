#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <rtai/auth/guard.hpp>
#include <rtai/auth/limits.hpp>
#include <rtai/core/clock.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/inherited.hpp>
#include <rtai/core/shard.hpp>
#include <rtai/core/task.hpp>
#include <rtai/gateway/connection.hpp>
#include <rtai/gateway/message.hpp>
#include <rtai/gateway/promised_sessions.hpp>
#include <rtai/gateway/session.hpp>
#include <rtai/gateway/watcher.hpp>
#include <rtai/observe/dependencies.hpp>
#include <rtai/service/gateway.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtai::gateway {

/// What a gateway's transports share: who may come in, the sessions there are, and what they depend on.
class front {
public:
    front(std::string name, const service::gateway::options& o, std::shared_ptr<watcher> w, run_session run,
          const std::vector<observe::need>& needs = {})
        : name_(std::move(name)),
          options_(o),
          watcher_(std::move(w)),
          run_(std::move(run)),
          sessions_(o.session.max),
          guard_(o.auth, [w = watcher_](const std::string& words) { w->warned("keys", words); }),
          limits_(o.limits),
          failures_(of_failures(o.limits)),
          since_(std::chrono::steady_clock::now()) {
        for (const auto& n : needs) depends_on_.add(n);
        if (o.auth.jwt && !o.auth.jwt->keys.empty())
            depends_on_.add(observe::need("auth.jwt", o.auth.jwt->keys.string(), observe::need::kind::file),
                            [this](time_point at) { return guard_.key_trouble(at); });
    }
    front(const front&) = delete;
    front& operator=(const front&) = delete;

    const std::string& name() const noexcept { return name_; }
    const service::gateway::options& options() const noexcept { return options_; }
    session_list& sessions() noexcept { return sessions_; }
    promised_sessions& promised() noexcept { return promised_; }
    observe::dependencies& depends_on() noexcept { return depends_on_; }
    double uptime() const noexcept {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - since_).count();
    }
    /// Connections of HTTP that are open, with those that have become WebSockets.
    std::atomic<std::size_t> connections{0};

    /// No new session from now on.
    void drain() noexcept { draining_ = true; }
    bool draining() const noexcept { return draining_; }

    /// The text of /metrics, if there is one.
    std::function<std::string()> metrics;

    /// Who somebody is. After too many that were nobody, none of that address is listened to for a while.
    auth::admission<auth::identity> know(const auth::credentials& shown) {
        const auto address = auth::client_of(shown.address);
        if (!guard_.open())
            if (auto busy = failures_.next(address, now()))
                return auth::refusal(429, "too many log-ins from this address have failed: try again later",
                                     {}, busy->retry_after);
        auto who = guard_.check(shown, now());
        if (!who && auth::guard::shows(shown)) (void)failures_.request(address, now());
        return who;
    }

    /// Who somebody is, or why it may not come in. Counted among its requests.
    auth::admission<auth::identity> check(const auth::credentials& shown) {
        auto who = know(shown);
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

    /// All that a session starts finds what it depends on.
    task<ending> run(connection& c, session& s, event& stopping) {
        const auto why = co_await with_inherited(depends_on_, run_(c, s, *watcher_, stopping));
        co_return why;
    }

private:
    static auth::limit_options of_failures(const auth::limit_options& o) {
        auth::limit_options made;
        made.requests = o.failed_logins;
        return made;
    }

    auth::refusal refused(unsigned status, std::string why) {
        sessions_.count_refused();
        watcher_->refused(status);
        return {status, std::move(why), {}, std::chrono::seconds(1)};
    }

    std::string name_;
    service::gateway::options options_;
    std::shared_ptr<watcher> watcher_;
    run_session run_;
    session_list sessions_;
    promised_sessions promised_;
    observe::dependencies depends_on_;
    auth::guard guard_;
    auth::client_limits limits_;
    auth::client_limits failures_;
    std::chrono::steady_clock::time_point since_;
    std::atomic<bool> draining_{false};
};

}  // namespace rtai::gateway
