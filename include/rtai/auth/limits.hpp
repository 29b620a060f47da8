#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <rtai/auth/admission.hpp>
#include <rtai/auth/options.hpp>
#include <rtai/core/clock.hpp>
#include <rtai/data/units.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace rtai::auth {

/// Counts for each client what it may have: sessions at once, and requests by a bucket that holds a second's
/// worth of them. For all shards at once; a lock is taken for each request, and never held for long.
class client_limits {
    struct table;

public:
    /// One session of a client, as long as this exists.
    class place {
    public:
        place(place&&) noexcept = default;
        place& operator=(place&& other) noexcept {
            std::swap(of_, other.of_);
            client_.swap(other.client_);
            return *this;
        }
        ~place() {
            if (of_) of_->leave(client_);
        }

    private:
        friend class client_limits;
        place(std::shared_ptr<table> of, std::string client) noexcept
            : of_(std::move(of)), client_(std::move(client)) {}

        std::shared_ptr<table> of_;
        std::string client_;
    };

    /// A rate of 0 is no limit. Of more clients than `most_clients` at once, those that do nothing just now
    /// are forgotten; when there are none, a new client is refused.
    explicit client_limits(const limit_options& o, std::size_t most_clients = 100'000)
        : table_(std::make_shared<table>(o, most_clients)) {}

    /// A place for a session, or a refusal with 429.
    admission<place> enter(std::string_view client, time_point now) {
        if (auto no = table_->enter(client, now)) return std::move(*no);
        return place(table_, std::string(client));
    }

    /// Nothing: the request may go on.
    std::optional<refusal> request(std::string_view client, time_point now) {
        return table_->request(client, now, 1);
    }
    /// What the next request would be told; it is not counted.
    std::optional<refusal> next(std::string_view client, time_point now) {
        return table_->request(client, now, 0);
    }

    std::size_t clients() const { return table_->size(); }

private:
    struct table {
        struct entry {
            explicit entry(std::string_view n, double full, time_point now)
                : name(n), tokens(full), filled(now) {}
            std::string name;
            std::uint32_t sessions = 0;
            double tokens;
            time_point filled;
        };
        using entries = std::list<entry>;

        table(const limit_options& o, std::size_t m)
            : most_sessions(o.sessions_per_client),
              rate(o.requests.value),
              most(std::max<std::size_t>(m, 1)) {}

        std::optional<refusal> enter(std::string_view client, time_point now) {
            const std::lock_guard lock(mutex);
            const auto e = touch(client, now);
            if (e == nobody) return full();
            if (e->sessions >= most_sessions)
                return refusal(429, "this client has " + std::to_string(e->sessions) +
                                        " sessions, and may have no more: end one first");
            if (++e->sessions == 1) busy.splice(busy.end(), idle, e);
            return std::nullopt;
        }

        void leave(const std::string& client) noexcept {
            const std::lock_guard lock(mutex);
            const auto e = by_name.find(client)->second;
            if (--e->sessions == 0) idle.splice(idle.end(), busy, e);
        }

        std::optional<refusal> request(std::string_view client, time_point now, double counted) {
            if (rate <= 0) return std::nullopt;
            const std::lock_guard lock(mutex);
            const auto e = touch(client, now);
            if (e == nobody) return full();
            refill(*e, now);
            if (e->tokens >= 1) {
                e->tokens -= counted;
                return std::nullopt;
            }
            const auto wait = std::chrono::duration<double>((1 - e->tokens) / rate);
            return refusal(429, "too many requests: " + to_text(hertz(rate)) + " are allowed", {},
                           duration(static_cast<std::int64_t>(std::ceil(wait.count() * 1e9))));
        }

        std::size_t size() {
            const std::lock_guard lock(mutex);
            return by_name.size();
        }

        static refusal full() { return {429, "too many clients at once", {}, std::chrono::seconds(1)}; }

        double bucket() const noexcept { return std::max(1.0, rate); }

        void refill(entry& e, time_point now) const noexcept {
            if (now <= e.filled) return;
            const auto passed = std::chrono::duration<double>(now - e.filled).count();
            e.tokens = std::min(bucket(), e.tokens + passed * rate);
            e.filled = now;
        }

        /// The client's, now the last one used; nobody if there is no room. Those of clients that are as good
        /// as new go.
        entries::iterator touch(std::string_view client, time_point now) {
            if (const auto found = by_name.find(client); found != by_name.end()) {
                const auto e = found->second;
                if (e->sessions == 0) idle.splice(idle.end(), idle, e);
                return e;
            }
            for (int looks = 0; looks < 2 && !idle.empty() && as_good_as_new(idle.front(), now); ++looks)
                forget_one();
            if (by_name.size() >= most) {
                if (idle.empty()) return nobody;
                forget_one();
            }
            const auto e = idle.emplace(idle.end(), client, bucket(), now);
            by_name.emplace(e->name, e);
            return e;
        }

        bool as_good_as_new(entry& e, time_point now) const noexcept {
            refill(e, now);
            return e.tokens >= bucket();
        }

        void forget_one() {
            by_name.erase(idle.front().name);
            idle.pop_front();
        }

        const std::uint32_t most_sessions;
        const double rate;
        const std::size_t most;
        std::mutex mutex;
        entries busy;  ///< with sessions
        entries idle;  ///< without, the longest unused first
        const entries::iterator nobody = busy.end();
        std::unordered_map<std::string_view, entries::iterator> by_name;
    };

    std::shared_ptr<table> table_;
};

}  // namespace rtai::auth
