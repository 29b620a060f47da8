#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <rtai/core/buffer.hpp>
#include <rtai/core/channel.hpp>
#include <rtai/core/clock.hpp>
#include <rtai/core/detail/runnable.hpp>
#include <rtai/core/detail/timer_heap.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/sim.hpp>
#include <rtai/core/task.hpp>
#include <span>
#include <system_error>
#include <utility>

namespace rtai::sim {

/// How good a simulated network is.
struct conditions {
    conditions() = default;

    duration latency = std::chrono::milliseconds(10);
    duration jitter{};     ///< up to so much more, at random
    double loss = 0;       ///< of a packet; a byte stream sends it again, later
    double reorder = 0;    ///< of a datagram, to be overtaken
    double duplicate = 0;  ///< of a datagram
    duration resend_after = std::chrono::milliseconds(200);
    std::size_t window = 64 * 1024;  ///< bytes a stream holds between writer and reader
    std::size_t backlog = 256;       ///< datagrams that wait for their reader; more are lost
};

namespace detail {

using namespace rtai::detail;

/// Packets on their way to one shard, by time of arrival.
template <class Packet>
class wire : runnable {
public:
    wire(world& w, shard& to, const conditions& c) : world_(w), to_(to), conditions_(c) {
        act = [](runnable& self) noexcept { static_cast<wire&>(self).arrive(); };
        entry_.item = this;
    }
    wire(const wire&) = delete;
    wire& operator=(const wire&) = delete;
    virtual ~wire() {
        const shard::entered inside(to_);
        disarm();
    }

    shard& destination() noexcept { return to_; }

    /// Nothing passes until `heal`.
    void cut() noexcept { cut_ = true; }
    void heal() {
        cut_ = false;
        rearm();
    }
    bool is_cut() const noexcept { return cut_; }

    /// Everything on its way is lost, and everything to come.
    void vanish() {
        gone_ = true;
        packets_.clear();
        rearm();
    }

protected:
    virtual void deliver(Packet&& p) noexcept = 0;

    duration travel_time() {
        const auto extra = conditions_.jitter.count();
        return conditions_.latency + duration(extra > 0 ? static_cast<duration::rep>(world_.random().below(
                                                              static_cast<std::uint64_t>(extra) + 1))
                                                        : 0);
    }

    void put(time_point when, Packet p) {
        if (gone_) return;
        const auto place = std::upper_bound(packets_.begin(), packets_.end(), when,
                                            [](time_point t, const in_flight& f) { return t < f.when; });
        packets_.insert(place, in_flight{when, std::move(p)});
        rearm();
    }

    world& world_;
    shard& to_;
    conditions conditions_;

private:
    struct in_flight {
        time_point when;
        Packet packet;
    };
    void arrive() noexcept {
        armed_ = false;
        while (!cut_ && !packets_.empty() && packets_.front().when <= world_.now()) {
            Packet p = std::move(packets_.front().packet);
            packets_.pop_front();
            deliver(std::move(p));
        }
        rearm();
    }

    void disarm() noexcept {
        if (!std::exchange(armed_, false)) return;
        if (entry_.fired) unlink();
        else to_.remove_timer(entry_);
    }

    void rearm() {
        const shard::entered inside(to_);
        if (armed_ && !entry_.fired && !packets_.empty() && !cut_ && entry_.when == packets_.front().when)
            return;
        disarm();
        if (cut_ || packets_.empty()) return;
        entry_.when = packets_.front().when;
        entry_.fired = false;
        to_.add_timer(entry_);
        armed_ = true;
    }

    std::deque<in_flight> packets_;
    timer_entry entry_;
    bool armed_ = false;
    bool cut_ = false;
    bool gone_ = false;
};

/// What a byte stream carries.
struct segment {
    enum class kind : std::uint8_t {
        bytes,
        end,    ///< the writer has nothing more to say
        reset,  ///< the far end is gone, with both its directions
    };
    segment(kind k, buffer b) noexcept : what(k), bytes(std::move(b)) {}
    kind what;
    buffer bytes;
};

/// One direction of a byte stream.
class byte_wire final : public wire<segment> {
public:
    byte_wire(world& w, shard& from, shard& to, const conditions& c) : wire(w, to, c), from_(from) {}

    /// The other direction, for a reset to end both.
    void pair_with(byte_wire& other) noexcept { back_ = &other; }

    task<result<std::size_t>> write_some(std::span<const std::byte> bytes) {
        if (bytes.empty()) co_return std::size_t{0};
        while (!broken_ && held_ >= conditions_.window) {
            room_.reset();
            co_await room_.wait();
        }
        if (broken_) co_return error(std::errc::connection_reset, "write to a simulated link");
        const std::size_t count = std::min(bytes.size(), conditions_.window - held_);
        buffer packet(count);
        std::memcpy(packet.data(), bytes.data(), count);
        held_ += count;
        send(segment::kind::bytes, std::move(packet));
        co_return count;
    }

    task<result<std::size_t>> read_some(std::span<std::byte> into) {
        while (arrived_.empty() && !ended_ && !reset_) {
            came_.reset();
            co_await came_.wait();
        }
        if (arrived_.empty()) {
            if (!ended_) co_return error(std::errc::connection_reset, "read from a simulated link");
            co_return std::size_t{0};
        }
        buffer& first = arrived_.front();
        const std::size_t count = std::min(into.size(), first.size() - offset_);
        std::memcpy(into.data(), first.data() + offset_, count);
        offset_ += count;
        if (offset_ == first.size()) {
            arrived_.pop_front();
            offset_ = 0;
        }
        held_ -= count;
        const shard::entered inside(from_);
        room_.set();
        co_return count;
    }

    void finish() {
        if (!std::exchange(finished_, true)) send(segment::kind::end, buffer());
    }

    void reset() { send(segment::kind::reset, buffer()); }

private:
    void send(segment::kind what, buffer bytes) {
        time_point when = world_.now() + travel_time();
        while (world_.random().chance(conditions_.loss)) when += conditions_.resend_after;
        // What was sent later waits for what was sent before.
        last_arrival_ = std::max(last_arrival_, when);
        put(last_arrival_, segment(what, std::move(bytes)));
    }

    void deliver(segment&& s) noexcept override {
        switch (s.what) {
            case segment::kind::bytes:
                arrived_.push_back(std::move(s.bytes));
                break;
            case segment::kind::end:
                ended_ = true;
                break;
            case segment::kind::reset:
                reset_ = true;
                back_->broken_ = true;
                back_->room_.set();
                break;
        }
        came_.set();
    }

    shard& from_;
    byte_wire* back_ = nullptr;
    event room_;
    event came_;
    std::deque<buffer> arrived_;
    std::size_t offset_ = 0;
    std::size_t held_ = 0;
    time_point last_arrival_{};
    bool finished_ = false;  // the writer's word
    bool broken_ = false;    // what the writer knows of the reader's end
    bool ended_ = false;     // what the reader knows
    bool reset_ = false;
};

/// Both directions.
struct byte_wires {
    byte_wires(world& w, shard& a, shard& b, const conditions& c) : to_a(w, b, a, c), to_b(w, a, b, c) {
        to_a.pair_with(to_b);
        to_b.pair_with(to_a);
    }
    byte_wire to_a;
    byte_wire to_b;
};

/// One direction of a datagram link.
class datagram_wire final : public wire<buffer> {
public:
    datagram_wire(world& w, shard& to, const conditions& c)
        : wire(w, to, c), arrived_(c.backlog), in_(arrived_.receiver()), out_(arrived_.sender()) {}

    void send(const buffer& packet) {
        auto& chance = world_.random();
        const int copies = chance.chance(conditions_.duplicate) ? 2 : 1;
        for (int i = 0; i < copies; ++i) {
            if (is_cut() || chance.chance(conditions_.loss)) continue;
            time_point when = world_.now() + travel_time();
            if (chance.chance(conditions_.reorder)) when += conditions_.latency + conditions_.jitter;
            else if (conditions_.jitter == duration::zero())
                when = last_arrival_ = std::max(last_arrival_, when);
            put(when, packet);
        }
    }

    const receiver<buffer>& in() const noexcept { return in_; }
    channel_stats stats() const noexcept { return arrived_.stats(); }

private:
    void deliver(buffer&& packet) noexcept override { (void)out_.try_send(std::move(packet)); }

    channel<buffer, drop_newest> arrived_;
    receiver<buffer> in_;
    sender<buffer> out_;
    time_point last_arrival_{};
};

}  // namespace detail

/// One end of a simulated byte stream, with the behaviour of a TCP socket: in order, bounded, reset when
/// the far end is dropped. Dropping it closes it.
class stream {
public:
    stream() = default;
    stream(stream&& other) noexcept
        : wires_(std::move(other.wires_)),
          in_(std::exchange(other.in_, nullptr)),
          out_(std::exchange(other.out_, nullptr)) {}
    stream& operator=(stream other) noexcept {
        std::swap(wires_, other.wires_);
        std::swap(in_, other.in_);
        std::swap(out_, other.out_);
        return *this;
    }
    ~stream() { close(); }

    /// 0: the far end has finished.
    task<result<std::size_t>> read_some(std::span<std::byte> into) { return in_->read_some(into); }

    task<result<std::size_t>> write_some(std::span<const std::byte> bytes) { return out_->write_some(bytes); }

    task<result<>> write(std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            auto count = co_await out_->write_some(bytes);
            if (!count) co_return count.error();
            bytes = bytes.subspan(*count);
        }
        co_return result<>();
    }

    /// The far end reads what was written, and then the end.
    void finish() { out_->finish(); }

    /// Both directions end; the far end learns of it as far as the network lets it.
    void close() {
        if (out_ != nullptr) std::exchange(out_, nullptr)->reset();
        in_ = nullptr;
        wires_ = nullptr;
    }

private:
    friend class stream_link;
    stream(std::shared_ptr<detail::byte_wires> wires, detail::byte_wire& in, detail::byte_wire& out) noexcept
        : wires_(std::move(wires)), in_(&in), out_(&out) {}

    std::shared_ptr<detail::byte_wires> wires_;
    detail::byte_wire* in_ = nullptr;
    detail::byte_wire* out_ = nullptr;
};

/// A byte stream between two shards of a world, and the faults of the network it runs through.
class stream_link {
public:
    stream_link(world& w, shard& a, shard& b, const conditions& c = {})
        : wires_(std::make_shared<detail::byte_wires>(w, a, b, c)) {}

    stream end_a() { return stream(wires_, wires_->to_a, wires_->to_b); }
    stream end_b() { return stream(wires_, wires_->to_b, wires_->to_a); }

    /// Nothing arrives, in either direction, until `heal`.
    void partition() { wires_->to_a.cut(), wires_->to_b.cut(); }
    void heal() { wires_->to_a.heal(), wires_->to_b.heal(); }

    /// Half open: from now on neither end hears or learns anything of the other.
    void lose_peer() { wires_->to_a.vanish(), wires_->to_b.vanish(); }

private:
    std::shared_ptr<detail::byte_wires> wires_;
};

/// One end of a simulated datagram path: like a connected UDP socket.
class datagrams {
public:
    void send(const buffer& packet) { out_->send(packet); }
    [[nodiscard]] auto receive() { return in_->in().receive(); }
    /// Of what has arrived: `dropped` counts what came when the backlog was full.
    channel_stats stats() const noexcept { return in_->stats(); }

private:
    friend class datagram_link;
    datagrams(std::shared_ptr<detail::datagram_wire> in, std::shared_ptr<detail::datagram_wire> out)
        : in_(std::move(in)), out_(std::move(out)) {}

    std::shared_ptr<detail::datagram_wire> in_;
    std::shared_ptr<detail::datagram_wire> out_;
};

class datagram_link {
public:
    datagram_link(world& w, shard& a, shard& b, const conditions& c = {})
        : to_a_(std::make_shared<detail::datagram_wire>(w, a, c)),
          to_b_(std::make_shared<detail::datagram_wire>(w, b, c)) {}

    datagrams end_a() { return datagrams(to_a_, to_b_); }
    datagrams end_b() { return datagrams(to_b_, to_a_); }

    /// What is sent meanwhile is lost, until `heal`.
    void partition() { to_a_->cut(), to_b_->cut(); }
    void heal() { to_a_->heal(), to_b_->heal(); }

private:
    std::shared_ptr<detail::datagram_wire> to_a_;
    std::shared_ptr<detail::datagram_wire> to_b_;
};

}  // namespace rtai::sim
