#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <rtai/core/clock.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/data/units.hpp>
#include <rtai/http/request_reader.hpp>
#include <rtai/http/response.hpp>
#include <rtai/http/server_options.hpp>
#include <rtai/net/stream.hpp>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace rtai::http::detail {

/// The server's side of one connection: requests in, bytes out, each within its time.
class server_connection {
public:
    server_connection(net::stream s, const server_options& o, event* stopping)
        : stream_(std::move(s)), options_(o), reader_(o.limits), stopping_(stopping) {}

    enum class arrival {
        request,
        refused,  ///< with a reason to tell the client
        gone,     ///< nothing more to say
    };

    /// Waits for the head of the next request. One that is idle ends as soon as the server is stopping.
    task<arrival> next() {
        const bool first = std::exchange(first_, false);
        if (!first) reader_.next();
        body_waited_ = {};
        body_bytes_ = 0;
        body_ended_ = false;
        auto deadline = later(rtai::now(), first ? options_.header_timeout : options_.idle_timeout);
        bool timing = first;
        for (;;) {
            std::string_view rest = waiting();
            const auto found = reader_.feed(rest);
            took_all_but(rest);
            if (found == request_reader::found::head) co_return arrival::request;
            if (found == request_reader::found::refused) {
                refusal_ = reader_.why();
                co_return arrival::refused;
            }
            if (reader_.begun() && !timing) {
                timing = true;
                deadline = later(rtai::now(), options_.header_timeout);
            }
            if (!reader_.begun() && stopping()) co_return arrival::gone;
            read_outcome got = read_outcome::end;
            if (reader_.begun() || stopping_ == nullptr) {
                got = co_await fill(deadline);
            } else {
                auto either = co_await race(fill(deadline), stopping_->wait());
                if (either.index() == 1) co_return arrival::gone;
                got = std::get<0>(either);
            }
            if (got == read_outcome::bytes) continue;
            if (got == read_outcome::late && reader_.begun()) {
                refusal_.emplace(408,
                                 "the headers took longer than " + rtai::to_text(options_.header_timeout));
                co_return arrival::refused;
            }
            if (got == read_outcome::end && reader_.begun()) {
                refusal_.emplace(400, "the request ends in its headers");
                co_return arrival::refused;
            }
            co_return arrival::gone;
        }
    }

    /// The next bytes of the body, as long as nothing else is read; none at its end. Fails with
    /// what to tell the client in `why()`, or when it is gone.
    task<result<std::string_view>> body_piece() {
        for (;;) {
            std::string_view rest = waiting();
            const auto found = reader_.feed(rest);
            took_all_but(rest);
            if (found == request_reader::found::body) {
                body_bytes_ += reader_.piece().size();
                co_return reader_.piece();
            }
            if (found == request_reader::found::end) {
                body_ended_ = true;
                co_return std::string_view();
            }
            if (found == request_reader::found::refused)
                co_return fail(reader_.why(), std::errc::bad_message);
            if (std::exchange(reader_.head().expects_continue, false)) {
                auto told = co_await write("HTTP/1.1 100 Continue\r\n\r\n");
                if (!told) co_return told.error();
            }
            // Only the time that is spent waiting counts: a handler may take its own.
            const auto allowed = options_.body_timeout + time_for(body_bytes_);
            const auto since = rtai::now();
            const auto got = co_await fill(later(since, allowed - body_waited_));
            body_waited_ += rtai::now() - since;
            if (got == read_outcome::late)
                co_return fail(refusal(408, "the body comes too slowly"), std::errc::timed_out);
            if (got == read_outcome::end)
                co_return fail(refusal(400, "the request ends in its body"), std::errc::connection_reset);
            if (got == read_outcome::broken)
                co_return error(std::errc::connection_reset, "the client " + stream_.peer() + " is gone");
        }
    }

    /// Reads what is left of a body, if that is little. False: the connection can not be used any more.
    task<bool> discard_body() {
        if (!reader_.head().has_body()) co_return true;
        if (reader_.head().expects_continue) co_return false;  // it may come, or not
        std::size_t left = most_discarded;
        while (!body_ended_) {
            auto piece = co_await body_piece();
            if (!piece || piece->size() > left) co_return false;
            left -= piece->size();
        }
        co_return true;
    }

    /// Whether too much of a body may still come for the next request to be waited for.
    bool body_in_the_way() const noexcept {
        const auto& h = reader_.head();
        if (body_ended_ || !h.has_body()) return false;
        return h.expects_continue || h.content_length.value_or(0) > body_bytes_ + most_discarded;
    }

    /// Everything, or else the client is too slow, or gone.
    task<result<>> write(std::string_view bytes) {
        while (!bytes.empty() && !broken_) {
            const auto piece = bytes.substr(0, write_at_once);
            auto sent = co_await with_timeout(
                options_.write_timeout, stream_.write(std::as_bytes(std::span(piece.data(), piece.size()))));
            if (!sent) {
                broken_ = true;
                if (sent.error().code == std::errc::timed_out && sent.error().text.empty())
                    co_return error(std::errc::timed_out, "the client " + stream_.peer() +
                                                              " took nothing for " +
                                                              rtai::to_text(options_.write_timeout));
                co_return sent.error();
            }
            bytes.remove_prefix(piece.size());
        }
        if (broken_) co_return error(std::errc::not_connected, "the client " + stream_.peer() + " is gone");
        co_return result<>();
    }

    /// Says that nothing more comes.
    task<> finish() {
        if (!broken_) (void)co_await with_timeout(linger, stream_.finish());
    }

    /// Says that nothing more comes, and lets the client read to the end: closing with bytes unread would
    /// take back what was answered.
    task<> farewell() {
        if (broken_) co_return;
        auto said = co_await with_timeout(linger, stream_.finish());
        if (!said) co_return;
        const auto until = later(rtai::now(), linger);
        std::size_t left = most_lingered;
        while (left > 0) {
            from_ = to_;
            const auto got = co_await fill(until);
            if (got != read_outcome::bytes) break;
            left -= std::min(left, to_);
        }
    }

    /// Ends when the client does. What it sends meanwhile is kept, up to a little.
    task<> hung_up() {
        watched_ = true;
        for (;;) {
            if (to_ - from_ > most_discarded) co_await never_.wait();
            const auto got = co_await fill(never);
            if (got != read_outcome::bytes) co_return;
        }
    }

    /// What was read and belongs to no request yet.
    std::string unread() const { return buffer_.substr(from_, to_ - from_); }

    net::stream give_away() noexcept {
        std::string().swap(buffer_);
        from_ = to_ = 0;
        broken_ = true;
        return std::move(stream_);
    }

    const request_head& head() const noexcept { return reader_.head(); }
    /// Whether the server wants no more requests.
    bool stopping() const noexcept { return stopping_ != nullptr && stopping_->is_set(); }
    const std::optional<refusal>& why() const noexcept { return refusal_; }
    const server_options& options() const noexcept { return options_; }
    const net::stream& stream() const noexcept { return stream_; }
    bool broken() const noexcept { return broken_; }
    /// Whether bytes may have been lost to a `hung_up` that was given up.
    bool watched() const noexcept { return watched_; }

    result<std::string_view> fail(refusal r, std::errc code) {
        const error e(code, r.why);
        refusal_ = std::move(r);
        return e;
    }

private:
    enum class read_outcome { bytes, end, late, broken };

    static constexpr std::size_t small_room = 1024;
    static constexpr std::size_t large_room = 16 * 1024;
    static constexpr std::size_t write_at_once = 16 * 1024;
    static constexpr std::size_t most_discarded = 64 * 1024;
    static constexpr std::size_t most_lingered = 4 * 1024 * 1024;
    static constexpr duration linger = std::chrono::seconds(1);

    std::string_view waiting() const noexcept { return std::string_view(buffer_).substr(from_, to_ - from_); }
    void took_all_but(std::string_view rest) noexcept { from_ = to_ - rest.size(); }

    duration time_for(std::uint64_t bytes) const noexcept {
        const auto rate = static_cast<double>(std::max<std::uint64_t>(options_.least_body_rate.bytes, 1));
        constexpr double most = 1e15;  // in nanoseconds, more than any body takes
        return duration(static_cast<duration::rep>(std::min(most, static_cast<double>(bytes) / rate * 1e9)));
    }

    /// Adds to what is unread. The room is small until much comes: ten thousand may be idle here.
    task<read_outcome> fill(time_point deadline) {
        const std::size_t room = plenty_ ? large_room : small_room;
        if (from_ == to_) {
            from_ = to_ = 0;
            if (buffer_.size() > room) std::string().swap(buffer_);  // to assign would keep the room
        }
        if (buffer_.size() < to_ + room) buffer_.resize(to_ + room);
        const auto free = std::as_writable_bytes(std::span(buffer_)).subspan(to_, room);
        auto got = co_await with_deadline(deadline, stream_.read_some(free));
        if (!got) {
            if (got.error().code == std::errc::timed_out && got.error().text.empty())
                co_return read_outcome::late;
            broken_ = true;
            co_return read_outcome::broken;
        }
        to_ += *got;
        plenty_ = *got == room;
        if (*got == 0) co_return read_outcome::end;
        co_return read_outcome::bytes;
    }

    net::stream stream_;
    const server_options& options_;
    request_reader reader_;
    std::string buffer_;  // the bytes from from_ to to_ are unread
    std::size_t from_ = 0, to_ = 0;
    std::optional<refusal> refusal_;
    duration body_waited_{};
    std::uint64_t body_bytes_ = 0;
    event* stopping_;
    event never_;
    bool first_ = true;
    bool plenty_ = false;
    bool broken_ = false;
    bool watched_ = false;
    bool body_ended_ = false;
};

}  // namespace rtai::http::detail
