#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <rtai/core/clock.hpp>
#include <rtai/gateway/session.hpp>
#include <rtai/gateway/sound.hpp>
#include <string>
#include <utility>

namespace rtai::gateway {

/// Names of sessions that clients have asked for and not begun yet.
class promised_sessions {
public:
    /// Empty when there are too many. `play` is how the client wants to hear the session.
    std::string promise(const std::string& client, const wire_format& play, time_point now) {
        const std::lock_guard lock(mutex_);
        std::erase_if(all_, [&](const auto& p) { return p.second.until < now; });
        if (all_.size() >= most) return {};
        auto id = make_session_id();
        all_.emplace(id, promised(client, play, later(now, std::chrono::seconds(60))));
        return id;
    }
    /// How this client wants to hear it, if it was promised that; which is now kept.
    std::optional<wire_format> keep(const std::string& id, const std::string& client) {
        const std::lock_guard lock(mutex_);
        const auto found = all_.find(id);
        if (found == all_.end() || found->second.client != client) return std::nullopt;
        const auto play = found->second.play;
        all_.erase(found);
        return play;
    }

private:
    static constexpr std::size_t most = 10'000;
    struct promised {
        promised(std::string c, const wire_format& p, time_point t)
            : client(std::move(c)), play(p), until(t) {}
        std::string client;
        wire_format play;
        time_point until;
    };
    std::mutex mutex_;
    std::map<std::string, promised> all_;
};

}  // namespace rtai::gateway
