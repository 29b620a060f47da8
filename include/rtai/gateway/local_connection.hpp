#pragma once

#include <cstddef>
#include <optional>
#include <rtai/core/channel.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/task.hpp>
#include <rtai/gateway/connection.hpp>
#include <rtai/gateway/message.hpp>
#include <string_view>
#include <utility>

namespace rtai::gateway {

/// A client within the program, on the session's shard: for tests, and for those who have a transport of
/// their own. The session has the connection, and whoever plays the client uses `say` and `heard`.
class local_connection final : public connection {
public:
    explicit local_connection(std::size_t capacity = 64)
        : said_(capacity),
          told_(capacity),
          say_(said_.sender()),
          hear_(said_.receiver()),
          tell_(told_.sender()),
          heard_(told_.receiver()) {}

    /// The client's side: false when the session has ended.
    [[nodiscard]] task<bool> say(from_client m) {
        const bool taken = co_await say_.send(std::move(m));
        co_return taken;
    }
    /// The client has no more to say.
    void finish() { say_.reset(); }
    /// Nothing when the session is over.
    [[nodiscard]] auto heard() { return heard_.receive(); }
    /// The client goes away without a word.
    void leave() {
        say_.reset();
        heard_.reset();
        gone_.set();
    }
    std::optional<ending> ended() const noexcept { return ended_; }

    // The session's side.
    task<std::optional<from_client>> receive() override {
        auto next = co_await hear_.receive();
        co_return next;
    }
    task<bool> send(to_client m) override {
        const bool taken = co_await tell_.send(std::move(m));
        co_return taken;
    }
    task<> close(ending why) override {
        if (!ended_) ended_ = why;
        tell_.reset();
        co_return;
    }
    event& gone() noexcept override { return gone_; }
    std::string_view transport() const noexcept override { return "local"; }

private:
    channel<from_client> said_;
    channel<to_client> told_;
    sender<from_client> say_;
    receiver<from_client> hear_;
    sender<to_client> tell_;
    receiver<to_client> heard_;
    event gone_;
    std::optional<ending> ended_;
};

}  // namespace rtai::gateway
