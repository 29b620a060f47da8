#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <future>
#include <optional>
#include <rtai/core/cross_channel.hpp>
#include <rtai/core/runtime.hpp>
#include <rtai/core/timer.hpp>
#include <thread>
#include <utility>

#include "hop.hpp"
#include "questions.hpp"

namespace bench {
namespace {

using rtai::receiver;
using rtai::sender;
using rtai::task;

using clock = std::chrono::steady_clock;
using std::chrono::duration;

constexpr int stream_messages = 100'000;

/// Round trips one after the other, each after a pause.
struct pinging {
    pinging(int count, rtai::duration pause) : times(count), pause(pause) {}
    int times;
    rtai::duration pause;
};
const pinging busy(2'000, rtai::duration::zero());
const pinging quiet(50, std::chrono::milliseconds(2));

double microseconds(clock::duration sum, const pinging& p) {
    return duration<double, std::micro>(sum).count() / p.times;
}

task<> ping(sender<frame> out, receiver<frame> in, pinging p, std::promise<double>& took) {
    clock::duration sum{};
    for (int i = 0; i < p.times; ++i) {
        if (p.pause != rtai::duration::zero()) co_await rtai::sleep_for(p.pause);
        const auto begin = clock::now();
        frame f(static_cast<std::uint64_t>(i));
        if (!co_await out.send(std::move(f)) || !co_await in.receive()) co_return;
        sum += clock::now() - begin;
    }
    took.set_value(microseconds(sum, p));
}

task<> echo(receiver<frame> in, sender<frame> out) {
    while (auto f = co_await in.receive())
        if (!co_await out.send(std::move(*f))) co_return;
}

double rtai_round_trip(const pinging& p) {
    rtai::runtime shards(2);
    rtai::cross_channel<frame> there(shards.at(0), shards.at(1), capacity),
        back(shards.at(1), shards.at(0), capacity);
    std::promise<double> took;
    shards.place(1, [in = there.receiver(), out = back.sender()]() mutable {
        return echo(std::move(in), std::move(out));
    });
    shards.place(0, [out = there.sender(), in = back.receiver(), p, &took]() mutable {
        return ping(std::move(out), std::move(in), p, took);
    });
    return took.get_future().get();
}

task<> produce(sender<frame> out) {
    for (int i = 0; i < stream_messages; ++i) {
        frame f(static_cast<std::uint64_t>(i));
        if (!co_await out.send(std::move(f))) co_return;
    }
}

task<> consume(receiver<frame> in, std::promise<std::uint64_t>& sum) {
    std::uint64_t total = 0;
    while (auto f = co_await in.receive()) total += f->sequence;
    sum.set_value(total);
}

double rtai_stream_across() {
    rtai::runtime shards(2);
    rtai::cross_channel<frame> edge(shards.at(0), shards.at(1), capacity);
    std::promise<std::uint64_t> sum;
    return seconds([&] {
               shards.place(1,
                            [in = edge.receiver(), &sum]() mutable { return consume(std::move(in), sum); });
               shards.place(0, [out = edge.sender()]() mutable { return produce(std::move(out)); });
               sum.get_future().get();
           }) /
           stream_messages * 1e9;
}

/// Two contexts on two threads, and nothing between them but `asio::post`. They sleep when they have
/// nothing to do, or else look for work all the time, at the price of two cores.
class post_pair {
public:
    explicit post_pair(bool watchful = false) : watchful_(watchful) {}

    template <class Start>
    double run(Start start) {
        const auto guard_here = asio::make_work_guard(here_), guard_there = asio::make_work_guard(there_);
        std::thread other([&] { work(there_); });
        asio::post(here_, start);
        const double took = seconds([&] { work(here_); });
        there_.stop();
        other.join();
        return took;
    }

    double round_trip(const pinging& p) {
        left_ = p.times;
        run([&] { next_ping(p); });
        return microseconds(sum_, p);
    }

    /// Half of the 64 messages that may be under way, whenever the other half has arrived.
    void stream() {
        for (std::size_t i = 0; i < capacity / 2; ++i)
            asio::post(there_, [this, f = frame(0)] {
                if (++arrived_ == stream_messages) return here_.stop();
                if (arrived_ % (capacity / 2) == 0) asio::post(here_, [this] { stream(); });
            });
    }

private:
    void work(asio::io_context& context) const {
        if (!watchful_) context.run();
        while (!context.stopped()) context.poll();
    }

    void next_ping(const pinging& p) {
        if (left_-- == 0) return here_.stop();
        if (p.pause == rtai::duration::zero()) return ping(p);
        if (!pause_) pause_.emplace(here_);
        pause_->expires_after(p.pause);
        pause_->async_wait([this, p](asio::error_code) { ping(p); });
    }

    void ping(const pinging& p) {
        const auto begin = clock::now();
        asio::post(there_, [this, p, begin, f = frame(0)]() mutable {
            asio::post(here_, [this, p, begin, f = std::move(f)] {
                sum_ += clock::now() - begin;
                next_ping(p);
            });
        });
    }

    const bool watchful_;
    asio::io_context here_{1};
    asio::io_context there_{1};
    std::optional<asio::steady_timer> pause_;  // A timer changes how a context waits.
    clock::duration sum_{};
    int left_ = 0;
    std::size_t arrived_ = 0;
};

double post_stream() {
    post_pair pair;
    return pair.run([&] { pair.stream(), pair.stream(); }) / stream_messages * 1e9;
}

}  // namespace

/// What does it cost to leave the shard?
void cross(sheet& s) {
    s.measure(
        "Round trip to another shard's thread, one message at a time", "microseconds",
        {{"cross_shard_rtt_us.rtai", "rtai cross_channel, there and back", role::ours, {[] {
              return rtai_round_trip(busy);
          }}},
         {"cross_shard_rtt_us.asio_post", "bare asio::post, there and back", role::peer, {[] {
              return post_pair().round_trip(busy);
          }}},
         {"cross_shard_rtt_us.asio_post_polling", "the same, both threads never sleep", role::bound, {[] {
              return post_pair(true).round_trip(busy);
          }}}});
    s.measure("The same after 2 ms of quiet, when both threads sleep", "microseconds",
              {{"cross_shard_rtt_us.rtai_quiet", "rtai cross_channel, there and back", role::ours, {[] {
                    return rtai_round_trip(quiet);
                }}},
               {"cross_shard_rtt_us.asio_post_quiet", "bare asio::post, there and back", role::peer, {[] {
                    return post_pair().round_trip(quiet);
                }}}});
    s.measure("Streaming to another shard's thread, 64 messages under way", "nanoseconds a message",
              {{"cross_shard_message_ns.rtai", "rtai cross_channel", role::ours, {rtai_stream_across}},
               {"cross_shard_message_ns.asio_post", "bare asio::post", role::peer, {post_stream}}});
    const auto multiple = [&](std::string_view mine, std::string_view bare) -> std::optional<double> {
        if (!s[mine] || !s[bare]) return std::nullopt;
        return *s[mine] / *s[bare];
    };
    s.at_most("a round trip between shards, against bare asio::post",
              multiple("cross_shard_rtt_us.rtai", "cross_shard_rtt_us.asio_post"), 1.2, " times");
    s.at_most("the same after quiet",
              multiple("cross_shard_rtt_us.rtai_quiet", "cross_shard_rtt_us.asio_post_quiet"), 1.2, " times");
}

}  // namespace bench
