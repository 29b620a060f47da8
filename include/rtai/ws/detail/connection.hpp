#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <rtai/core/buffer.hpp>
#include <rtai/core/channel.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/units.hpp>
#include <rtai/net/stream.hpp>
#include <rtai/ws/codec.hpp>
#include <rtai/ws/detail/outbox.hpp>
#include <rtai/ws/detail/utf8_reader.hpp>
#include <rtai/ws/message.hpp>
#include <rtai/ws/options.hpp>
#include <rtai/ws/stats.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace rtai::ws::detail {

/// What a stream is while it runs: one coroutine reads, one writes, one watches the time.
class connection {
public:
    connection(net::stream under, side at, const options& o, std::vector<std::byte> early)
        : net_(std::move(under)),
          peer_(net_.peer()),
          options_(o),
          reader_(at, static_cast<std::size_t>(o.most_frame.bytes),
                  static_cast<std::size_t>(o.most_message.bytes)),
          outbox_(at, options_, stats_),
          early_(std::move(early)),
          inbox_(std::max(o.inbox, 1U)),
          in_(inbox_.sender()),
          out_(inbox_.receiver()),
          side_(at) {}
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    void begin() {
        if (std::exchange(begun_, true))
            throw std::logic_error("a WebSocket runs once: this one already did");
    }

    task<bool> send(message m) {
        if (m.is_text() && !is_utf8(m.bytes()))
            throw std::invalid_argument("a text for a WebSocket must be UTF-8: send other bytes as binary");
        while (!outbox_.closing() && !over_.is_set()) {
            if (outbox_.has_room_for(m)) {
                outbox_.push(std::move(m));
                co_return true;
            }
            switch (options_.when_full) {
                case full_queue::close:
                    close(farewell(close_code::try_again_later, "what is sent here is not read fast enough"),
                          true);
                    co_return false;
                case full_queue::drop_oldest:
                    co_await yield();  // whoever never waits must let the writer run
                    outbox_.drop_binary_for(m);
                    if (outbox_.has_room_for(m)) continue;
                    break;
                case full_queue::wait:
                    break;
            }
            co_await outbox_.wait_for_room();
        }
        co_return false;
    }

    /// Says goodbye: after what is queued, or at once. The first reason counts.
    void close(farewell why, bool at_once) {
        if (over_.is_set()) return;
        if (!outbox_.closing()) {
            end_as(why, false);
            closing_at_ = now();
        }
        outbox_.close(std::move(why), at_once);
        changed_.set();
        ending_.set();
    }

    /// Reads, writes and watches until nothing is left to say, and lets go of the network.
    task<> carry() {
        last_heard_ = last_message_ = now();
        co_await race(join(read(), write()), watch());
        if (!broken_ && !finished_)
            (void)co_await with_deadline(after(closing_at_, options_.close_within), finish());
        let_go();
    }

    void let_go() noexcept {
        net_.close();
        in_.reset();
        over_.set();
        outbox_.discard();
        ending_.set();
    }

    /// Nobody receives any more; what comes is thrown away.
    void stop_receiving() noexcept { inbox_.close(); }

    stream_stats stats() const {
        auto s = stats_;
        s.queued = outbox_.queued();
        s.queued_bytes = outbox_.queued_bytes();
        return s;
    }

    const std::string& peer() const noexcept { return peer_; }
    const receiver<message>& received_messages() const noexcept { return out_; }
    outbox& to_send() noexcept { return outbox_; }
    event& over() noexcept { return over_; }
    event& is_ending() noexcept { return ending_; }
    const ending& how() const noexcept { return how_; }

private:
    // Most connections are quiet most of the time, and wait with little room. What fits into a block of the
    // pool may be kept; the largest is there only while more comes than fits.
    static constexpr std::array<std::size_t, 3> rooms{992, 4064, 65536};

    /// The room for the next read, after one of `got` bytes into the `n`th.
    static std::size_t next_room(std::size_t n, std::size_t got) noexcept {
        if (got == rooms[n]) return std::min(n + 1, rooms.size() - 1);
        return std::min(n, std::size_t{1});
    }

    void end_as(const farewell& why, bool clean) {
        if (std::exchange(known_, true)) return;
        how_.code = why.code;
        how_.reason = why.reason;
        how_.clean = clean;
    }

    /// Nothing more can be said to the far end.
    void break_off(std::uint16_t code, std::string reason) {
        end_as(farewell(code, std::move(reason)), false);
        broken_ = true;
        changed_.set();
    }

    task<> read() {
        if (!early_.empty()) {
            co_await take_in(early_);
            std::vector<std::byte>().swap(early_);
        }
        std::size_t room = 0;
        buffer into(rooms[room]);
        while (!said_goodbye() || side_ == side::client) {
            auto got = co_await net_.read_some(into.span());
            if (!got || *got == 0) {
                if (peer_closed_ || stopped_) co_return;
                if (got) break_off(close_code::abnormal, "the far end ended without a close");
                else break_off(close_code::abnormal, got.error().message());
                co_return;
            }
            last_heard_ = now();
            co_await take_in(into.span().first(*got));
            const auto next = next_room(room, *got);
            if (next != room) into = buffer(rooms[room = next]);
        }
    }

    /// Both ends have, so that a server may end the connection.
    bool said_goodbye() const noexcept { return peer_closed_ && outbox_.closing(); }

    task<> take_in(std::span<const std::byte> bytes) {
        for (;;) {
            const auto what = reader_.read(bytes);
            switch (what) {
                case received::nothing:
                    if (!reader_.in_message()) message_since_.reset();
                    else if (!message_since_) message_since_ = now();
                    co_return;
                case received::message:
                    message_since_.reset();
                    co_await deliver(reader_.take());
                    break;
                case received::ping:
                case received::pong:
                    if (!control(what)) co_return;
                    break;
                case received::close:
                    peer_closed_ = true;
                    how_.clean = true;
                    end_as(reader_.end(), true);
                    close(reader_.end(), true);
                    in_.reset();
                    break;
                case received::violation:
                    refuse(reader_.end());
                    co_return;
            }
        }
    }

    task<> deliver(message m) {
        ++stats_.messages_received;
        stats_.bytes_received += m.size();
        last_message_ = now();
        delivering_ = true;
        const bool taken = co_await in_.send(std::move(m));
        delivering_ = false;
        if (taken) last_heard_ = last_message_ = now();
    }

    bool control(received what) {
        const auto at = now();
        if (at - pings_since_ >= std::chrono::seconds(1)) {
            pings_since_ = at;
            pings_ = 0;
        }
        if (++pings_ > options_.most_pings) {
            refuse(farewell(close_code::policy, "more than " + std::to_string(options_.most_pings) +
                                                    " pings and pongs in a second"));
            return false;
        }
        const auto payload = reader_.control();
        if (what == received::ping) {
            outbox_.pong(payload);
        } else if (payload.size() == sizeof ping_number_ &&
                   std::memcmp(payload.data(), &ping_number_, sizeof ping_number_) == 0) {
            stats_.round_trip = at - pinged_at_;
        }
        return true;
    }

    /// Closes, and reads nothing of what else the far end sends.
    void refuse(const farewell& why) {
        stopped_ = true;
        reader_.stop();
        close(why, true);
        in_.reset();
    }

    task<> write() {
        while (!outbox_.close_sent()) {
            if (!outbox_.gather()) {
                co_await outbox_.wait();
                continue;
            }
            auto done = co_await with_deadline(after(now(), options_.stall), net_.write(outbox_.bytes));
            if (done) continue;
            if (done.error().code == std::errc::timed_out && done.error().text.empty())
                break_off(close_code::try_again_later, "the far end has read nothing for " +
                                                           to_text(std::chrono::nanoseconds(options_.stall)));
            else break_off(close_code::abnormal, done.error().message());
            co_return;
        }
        // The far end need not wait for more; one that broke the rules may wait for this.
        if (peer_closed_ || stopped_) co_await finish();
    }

    task<> finish() {
        finished_ = true;
        (void)co_await net_.finish();
    }

    static time_point after(time_point t, std::chrono::milliseconds limit) {
        return limit.count() > 0 ? later(t, limit) : never;
    }

    /// Returns when the connection is not worth waiting for any longer.
    task<> watch() {
        while (!broken_) {
            changed_.reset();
            const time_point next = outbox_.closing() ? watch_closing() : watch_life();
            if (broken_) co_return;
            (void)co_await with_deadline(next, changed_.wait());
        }
    }

    time_point watch_closing() {
        const time_point until = after(closing_at_, options_.close_within);
        if (now() >= until) break_off(close_code::abnormal, "the far end did not answer the close");
        return until;
    }

    /// What is due, and when to look again.
    time_point watch_life() {
        const time_point at = now();
        const bool waiting_for_ourselves = delivering_;
        if (waiting_for_ourselves) {
            last_heard_ = last_message_ = at;
            message_since_.reset();
        }
        if (at >= after(last_message_, options_.idle)) {
            close(farewell(close_code::normal, "nothing was said for " + text_of(options_.idle)), true);
            return at;
        }
        if (message_since_ && at >= after(*message_since_, options_.message_within)) {
            refuse(farewell(close_code::policy,
                            "a message took longer than " + text_of(options_.message_within)));
            return at;
        }
        time_point next = std::min(after(last_message_, options_.idle),
                                   after(message_since_.value_or(at), options_.message_within));
        if (pinged_ && last_heard_ >= pinged_at_) pinged_ = false;
        if (!pinged_ && at >= after(last_heard_, options_.ping_every)) {
            pinged_ = true;
            pinged_at_ = at;
            outbox_.ping(++ping_number_);
        }
        if (!pinged_) return std::min(next, after(last_heard_, options_.ping_every));
        const time_point until = after(pinged_at_, options_.pong_within);
        if (at >= until)
            break_off(close_code::abnormal,
                      "no sign of life for " + text_of(options_.pong_within) + " after a ping");
        return std::min(next, until);
    }

    static std::string text_of(std::chrono::milliseconds t) { return to_text(std::chrono::nanoseconds(t)); }

    net::stream net_;
    const std::string peer_;
    const options options_;
    stream_stats stats_;
    reader reader_;
    outbox outbox_;
    std::vector<std::byte> early_;
    channel<message> inbox_;
    sender<message> in_;
    receiver<message> out_;
    event changed_;  // for `watch`
    event ending_;
    event over_;
    ending how_;
    time_point last_heard_{};
    time_point last_message_{};
    time_point closing_at_{};
    time_point pinged_at_{};
    time_point pings_since_{};
    std::optional<time_point> message_since_;
    std::uint64_t ping_number_ = 0;
    std::uint32_t pings_ = 0;
    side side_;
    bool begun_ = false;
    bool known_ = false;  // how it ends
    bool pinged_ = false;
    bool delivering_ = false;
    bool peer_closed_ = false;
    bool stopped_ = false;   // reading makes no sense any more
    bool finished_ = false;  // nothing more can be written
    bool broken_ = false;
};

}  // namespace rtai::ws::detail
