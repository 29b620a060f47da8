#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/describe/enum.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <rtai/core/clock.hpp>
#include <rtai/core/shard.hpp>
#include <rtai/observe/session_trace.hpp>
#include <rtai/observe/trace_context.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtai::gateway {

enum class session_state : std::uint8_t { listening, hearing, thinking, speaking, paused };
BOOST_DESCRIBE_ENUM(session_state, listening, hearing, thinking, speaking, paused)

/// What is known of a session. The counters may be read from any thread.
struct session {
    session(std::string i, std::string c, std::string t, std::string p, time_point at)
        : id(std::move(i)),
          client(std::move(c)),
          transport(std::move(t)),
          pipeline(std::move(p)),
          since(at),
          home_(shard::current()) {}

    const std::string id;
    const std::string client;     ///< who it is, for limits and logs
    const std::string transport;  ///< "websocket"
    const std::string pipeline;
    const time_point since;
    std::atomic<session_state> state{session_state::listening};
    std::atomic<std::uint64_t> turns{0};
    std::atomic<std::uint64_t> bytes_in{0};
    std::atomic<std::uint64_t> bytes_out{0};

    /// All about it as JSON; for its shard only, and only while it lives.
    std::function<boost::json::value()> inspect;
    /// Ends it, as if its client had gone; for its shard only.
    std::function<void()> hang_up;

    /// Where its client is in a trace; set before it begins.
    observe::trace_caller caller;
    /// The trace that it is part of, if any; for its shard only.
    std::unique_ptr<observe::session_trace> trace;
    std::string trace_id() const { return trace ? trace->id() : std::string(); }

    void count_turn() noexcept {
        ++turns;
        if (turns_of_all != nullptr) ++*turns_of_all;
    }
    std::atomic<std::uint64_t>* turns_of_all = nullptr;

    /// Runs `f` on the session's shard, from any thread. False when it has ended.
    template <class F>
    bool post(F f) {
        const std::lock_guard lock(mutex_);
        if (home_ == nullptr) return false;
        home_->post(std::move(f));
        return true;
    }
    /// From now on its shard may end.
    void leave() noexcept {
        const std::lock_guard lock(mutex_);
        home_ = nullptr;
    }

private:
    std::mutex mutex_;
    shard* home_;
};

/// A name that nobody can guess.
inline std::string make_session_id() {
    static thread_local std::mt19937_64 numbers = [] {
        std::random_device entropy;
        std::seed_seq seed{entropy(), entropy(), entropy(), entropy(),
                           entropy(), entropy(), entropy(), entropy()};
        return std::mt19937_64(seed);
    }();
    static constexpr std::array<char, 16> digits{'0', '1', '2', '3', '4', '5', '6', '7',
                                                 '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
    std::string id;
    for (int i = 0; i < 2; ++i)
        for (auto n = numbers(), k = std::uint64_t{0}; k < 16; ++k, n >>= 4U) id += digits[n & 15U];
    return id;
}

/// The sessions of a gateway, on whatever shards they live.
class session_list {
public:
    explicit session_list(std::size_t most) : most_(most) {}

    /// A session as long as it lives; empty when there is no room.
    class place {
    public:
        place() = default;
        place(session_list& l, std::shared_ptr<session> s) : list_(&l), session_(std::move(s)) {}
        place(place&& other) noexcept
            : list_(std::exchange(other.list_, nullptr)), session_(std::move(other.session_)) {}
        place& operator=(place&&) = delete;
        ~place() {
            if (list_ != nullptr && session_) list_->remove(session_);
        }
        explicit operator bool() const noexcept { return session_ != nullptr; }
        session& operator*() const noexcept { return *session_; }
        session* operator->() const noexcept { return session_.get(); }

    private:
        session_list* list_ = nullptr;
        std::shared_ptr<session> session_;
    };

    place add(std::string id, std::string client, std::string transport, std::string pipeline) {
        auto s = std::make_shared<session>(std::move(id), std::move(client), std::move(transport),
                                           std::move(pipeline), this_shard().now());
        s->turns_of_all = &turns_;
        const std::lock_guard lock(mutex_);
        if (all_.size() >= most_) {
            ++refused_;
            return {};
        }
        all_.push_back(s);
        ++begun_;
        return {*this, std::move(s)};
    }

    std::vector<std::shared_ptr<session>> all() const {
        const std::lock_guard lock(mutex_);
        return all_;
    }
    std::shared_ptr<session> find(const std::string& id) const {
        const std::lock_guard lock(mutex_);
        const auto s = std::find_if(all_.begin(), all_.end(), [&](const auto& one) { return one->id == id; });
        return s == all_.end() ? nullptr : *s;
    }
    std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return all_.size();
    }
    std::size_t over(std::string_view transport) const {
        const std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(std::count_if(
            all_.begin(), all_.end(), [&](const auto& s) { return s->transport == transport; }));
    }
    std::uint64_t begun() const noexcept { return begun_; }
    std::uint64_t refused() const noexcept { return refused_; }
    std::uint64_t turns() const noexcept { return turns_; }
    void count_refused() noexcept { ++refused_; }

private:
    void remove(const std::shared_ptr<session>& s) {
        s->leave();
        const std::lock_guard lock(mutex_);
        std::erase(all_, s);
    }

    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<session>> all_;
    std::size_t most_;
    std::atomic<std::uint64_t> begun_{0};
    std::atomic<std::uint64_t> refused_{0};
    std::atomic<std::uint64_t> turns_{0};
};

}  // namespace rtai::gateway
