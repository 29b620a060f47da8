#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/clock.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/run.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timeout.hpp>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace rtai {

/// Shards on threads, and sessions on shards: each session goes to the shard that has the fewest, and
/// stays there. A session that fails ends alone.
class runtime {
public:
    struct options {
        options() = default;
        unsigned shards = 0;  ///< 0: as many as the machine has cores
        std::function<void(std::exception_ptr)> on_failure = &print_failure;
        std::function<std::unique_ptr<driver>()> make_driver = [] { return std::make_unique<asio_driver>(); };
    };

    explicit runtime(unsigned shards) : runtime(with_shards(shards)) {}
    runtime() : runtime(options()) {}
    explicit runtime(options o) : on_failure_(std::move(o.on_failure)) {
        const unsigned count = o.shards != 0 ? o.shards : std::max(1U, std::thread::hardware_concurrency());
        for (unsigned i = 0; i < count; ++i) stations_.push_back(std::make_unique<station>(o.make_driver()));
        try {
            for (auto& s : stations_) s->thread = std::thread([&s = *s] { s.run(); });
        } catch (...) {
            stop(duration::zero());
            throw;
        }
        for (auto& s : stations_) s->up.get_future().wait();
    }
    runtime(const runtime&) = delete;
    runtime& operator=(const runtime&) = delete;
    ~runtime() { stop(duration::zero()); }

    std::size_t size() const noexcept { return stations_.size(); }
    shard& at(std::size_t i) { return stations_.at(i)->home; }

    /// How many sessions live now.
    std::size_t sessions() const noexcept {
        std::size_t sum = 0;
        for (const auto& s : stations_) sum += s->load.load(std::memory_order_relaxed);
        return sum;
    }

    /// Starts a session on the least loaded shard: `make` is called there, and returns its task. From any
    /// thread. False after `stop`: then nothing starts.
    template <class F>
    bool place(F make) {
        return place_on(*std::min_element(stations_.begin(), stations_.end(), less_loaded), std::move(make));
    }

    /// The same, on a shard of your choice.
    template <class F>
    bool place(std::size_t i, F make) {
        return place_on(stations_.at(i), std::move(make));
    }

    /// What long-lived sessions wait for, to come to an end in good time: the event of this shard.
    event& stopping() {
        for (auto& s : stations_)
            if (&s->home == shard::current()) return s->stopping;
        throw std::logic_error("runtime::stopping is for coroutines on the runtime's own shards");
    }

    /// Asks the sessions to end, and does not wait: `stop` does. Asked again, the shorter patience holds.
    void ask_to_stop(duration patience) {
        for (auto& s : stations_) {
            if (!s->thread.joinable()) continue;
            s->home.post([&s = *s, patience] {
                s.until = std::min(s.until, later(now(), patience));
                s.asked.set();
                s.stopping.set();
            });
        }
    }

    /// Asks the sessions to end, gives them `patience`, cancels those that are left, and waits for them
    /// and the threads. Returns how many had to be cancelled. Not from a session.
    std::size_t stop(duration patience) {
        for (auto& s : stations_)
            if (shard::current() == &s->home)
                throw std::logic_error("runtime::stop waits for the sessions: call it from outside of them");
        ask_to_stop(patience);
        std::size_t cancelled = 0;
        for (auto& s : stations_) {
            if (s->thread.joinable()) s->thread.join();
            cancelled += std::exchange(s->cancelled, 0);
        }
        return cancelled;
    }

private:
    struct station {
        explicit station(std::unique_ptr<driver> d) : home(std::move(d)) {}

        void run() {
            rtai::run(home, host());
            home.turn();  // drops what was placed too late
            home.evict();
        }

        task<> host() {
            co_await with_scope([this](scope& s) -> task<> { return tend(s); });
            sessions = nullptr;
        }

        task<> tend(scope& s) {
            sessions = &s;
            up.set_value();
            co_await stopping.wait();
            open = false;
            for (;;) {
                asked.reset();
                const auto first = co_await race(all_ended(s), asked.wait());
                if (first.index() == 0) break;
            }
        }

        task<> all_ended(scope& s) {
            const auto ended = co_await with_deadline(until, s.join());
            if (ended.ok()) co_return;
            cancelled = s.size();
            s.cancel();
            co_await s.join();
        }

        std::atomic<std::size_t> load{0};
        std::atomic<bool> open{true};
        shard home;
        scope* sessions = nullptr;
        std::promise<void> up;
        event stopping;
        event asked;
        time_point until = never;
        std::size_t cancelled = 0;
        std::thread thread;
    };

    /// Counts a session as long as it, or the wish to start it, exists.
    class place_taken {
    public:
        explicit place_taken(station& s) noexcept : station_(&s) { ++s.load; }
        place_taken(place_taken&& other) noexcept : station_(std::exchange(other.station_, nullptr)) {}
        place_taken& operator=(place_taken&&) = delete;
        ~place_taken() {
            if (station_ != nullptr) --station_->load;
        }

    private:
        station* station_;
    };

    static options with_shards(unsigned shards) {
        options o;
        o.shards = shards;
        return o;
    }

    static bool less_loaded(const std::unique_ptr<station>& a, const std::unique_ptr<station>& b) noexcept {
        return a->load.load(std::memory_order_relaxed) < b->load.load(std::memory_order_relaxed);
    }

    static void print_failure(std::exception_ptr failure) noexcept {
        try {
            std::rethrow_exception(std::move(failure));
        } catch (const std::exception& e) {
            std::fprintf(stderr, "rtai: a session failed: %s\n", e.what());
        } catch (...) {
            std::fprintf(stderr, "rtai: a session failed\n");
        }
    }

    template <class F>
    bool place_on(std::unique_ptr<station>& s, F make) {
        if (!s->open) return false;
        s->home.post([this, &s = *s, make = std::move(make), taken = place_taken(*s)]() mutable {
            if (s.open) s.sessions->spawn(contained<F>(std::move(make), std::move(taken)));
        });
        return true;
    }

    template <class F>
    task<> contained(F make, place_taken) {
        try {
            co_await make();
        } catch (...) {
            report(std::current_exception());
        }
    }

    void report(const std::exception_ptr& failure) noexcept {
        try {
            on_failure_(failure);
        } catch (...) {
            print_failure(failure);
        }
    }

    std::function<void(std::exception_ptr)> on_failure_;
    std::vector<std::unique_ptr<station>> stations_;
};

}  // namespace rtai
