#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <rtai/core/clock.hpp>
#include <rtai/gateway/session.hpp>
#include <string>
#include <utility>

namespace rtai::gateway {

/// Names of sessions that clients have asked for and not begun yet.
class promised_sessions {
public:
    /// Empty when there are too many.
    std::string promise(const std::string& client, time_point now) {
        const std::lock_guard lock(mutex_);
        std::erase_if(all_, [&](const auto& p) { return p.second.until < now; });
        if (all_.size() >= most) return {};
        auto id = make_session_id();
        all_.emplace(id, promised(client, later(now, std::chrono::seconds(60))));
        return id;
    }
    /// Whether this client was promised it, which is now kept.
    bool keep(const std::string& id, const std::string& client) {
        const std::lock_guard lock(mutex_);
        const auto found = all_.find(id);
        if (found == all_.end() || found->second.client != client) return false;
        all_.erase(found);
        return true;
    }

private:
    static constexpr std::size_t most = 10'000;
    struct promised {
        promised(std::string c, time_point t) : client(std::move(c)), until(t) {}
        std::string client;
        time_point until;
    };
    std::mutex mutex_;
    std::map<std::string, promised> all_;
};

}  // namespace rtai::gateway
