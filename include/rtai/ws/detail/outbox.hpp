#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <openssl/rand.h>
#include <optional>
#include <rtai/core/event.hpp>
#include <rtai/ws/codec.hpp>
#include <rtai/ws/message.hpp>
#include <rtai/ws/options.hpp>
#include <rtai/ws/stats.hpp>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

namespace rtai::ws::detail {

/// Random bytes, several keys at a time.
class key_source {
public:
    mask_key next() {
        if (at_ == pool_.size()) {
            if (RAND_bytes(reinterpret_cast<unsigned char*>(pool_.data()), static_cast<int>(pool_.size())) !=
                1)
                throw std::runtime_error("OpenSSL has no random numbers");
            at_ = 0;
        }
        mask_key key;
        std::copy_n(pool_.begin() + static_cast<std::ptrdiff_t>(at_), key.size(), key.begin());
        at_ += key.size();
        return key;
    }

private:
    std::array<std::byte, 64> pool_{};
    std::size_t at_ = pool_.size();
};

/// What is to be sent: messages in their order, and what overtakes them.
class outbox {
public:
    outbox(side at, const options& o, stream_stats& s) noexcept : options_(o), stats_(s), side_(at) {}

    bool has_room_for(const message& m) const noexcept {
        return queue_.empty() || (queue_.size() < options_.queue && m.size() <= room_in_bytes());
    }
    void push(message&& m) {
        bytes_ += m.size();
        queue_.push_back(std::move(m));
        wake_.set();
    }

    /// Makes room, if that can be done so; one whose beginning is sent stays.
    void drop_binary_for(const message& m) {
        const auto first = queue_.begin() + (sent_of_front_ > 0 ? 1 : 0);
        for (auto at = first; at != queue_.end() && !has_room_for(m);) {
            if (at->is_text()) {
                ++at;
                continue;
            }
            bytes_ -= at->size();
            const auto index = at - queue_.begin();
            queue_.erase(at);
            at = queue_.begin() + index;
            ++stats_.dropped;
        }
    }

    template <class Predicate>
    std::size_t flush(Predicate&& unwanted) {
        const std::size_t before = queue_.size();
        const auto first = queue_.begin() + (sent_of_front_ > 0 ? 1 : 0);
        const auto kept = std::remove_if(first, queue_.end(), [&](const message& m) {
            const bool goes = unwanted(m);
            if (goes) bytes_ -= m.size();
            return goes;
        });
        queue_.erase(kept, queue_.end());
        if (queue_.size() != before) room_.set();
        return before - queue_.size();
    }

    void ping(std::uint64_t number) {
        ping_ = number;
        wake_.set();
    }
    /// Of several pings, only the last is answered.
    void pong(std::span<const std::byte> payload) {
        pong_.emplace(payload.begin(), payload.end());
        wake_.set();
    }
    void close(farewell why, bool at_once) {
        if (!close_) close_ = std::move(why);
        if (at_once) discard();
        wake_.set();
        room_.set();
    }

    bool closing() const noexcept { return close_.has_value(); }
    bool close_sent() const noexcept { return close_sent_; }

    /// The next bytes for the network, in `bytes`. False: there are none.
    bool gather() {
        bytes.clear();
        if (close_sent_) return false;
        if (pong_) {
            frame(opcode::pong, true, *pong_);
            pong_.reset();
        }
        if (ping_) {
            std::array<std::byte, 8> number{};
            std::memcpy(number.data(), &*ping_, 8);
            frame(opcode::ping, true, number);
            ping_.reset();
        }
        while (!queue_.empty() && bytes.size() < enough) next_part();
        if (close_ && queue_.empty()) {
            frame(opcode::close, true, close_payload(close_->code, close_->reason));
            close_sent_ = true;
        }
        return !bytes.empty();
    }

    /// Until there is something to send. The memory for it goes meanwhile: most connections are quiet.
    [[nodiscard]] auto wait() {
        std::vector<std::byte>().swap(bytes);  // to assign would keep it
        wake_.reset();
        return wake_.wait();
    }
    [[nodiscard]] auto wait_for_room() noexcept {
        room_.reset();
        return room_.wait();
    }
    /// Nothing of it will be sent, not even the rest of what has begun.
    void discard() noexcept {
        queue_.clear();
        bytes_ = sent_of_front_ = 0;
        room_.set();
    }

    std::size_t queued() const noexcept { return queue_.size(); }
    std::size_t queued_bytes() const noexcept { return bytes_; }

    std::vector<std::byte> bytes;

private:
    /// So much goes to the network at once; what is more urgent gets its turn between.
    static constexpr std::size_t enough = 16 * 1024;
    static constexpr std::size_t largest_fragment = 64 * 1024;

    std::size_t room_in_bytes() const noexcept {
        const auto most = static_cast<std::size_t>(options_.queue_bytes.bytes);
        return bytes_ < most ? most - bytes_ : 0;
    }

    void next_part() {
        const message& m = queue_.front();
        const auto rest = m.bytes().subspan(sent_of_front_);
        const auto part = rest.first(std::min(rest.size(), largest_fragment));
        const bool last = part.size() == rest.size();
        const auto op = sent_of_front_ > 0 ? opcode::continuation
                        : m.is_text()      ? opcode::text
                                           : opcode::binary;
        frame(op, last, part);
        sent_of_front_ += part.size();
        if (!last) return;
        ++stats_.messages_sent;
        stats_.bytes_sent += m.size();
        bytes_ -= m.size();
        sent_of_front_ = 0;
        queue_.pop_front();
        room_.set();
    }

    void frame(opcode op, bool last, std::span<const std::byte> payload) {
        std::optional<mask_key> key;
        if (side_ == side::client) key = keys_.next();
        append_frame(bytes, op, last, payload, key);
    }

    const options& options_;
    stream_stats& stats_;
    std::deque<message> queue_;
    std::size_t bytes_ = 0;
    std::size_t sent_of_front_ = 0;
    std::optional<std::uint64_t> ping_;
    std::optional<std::vector<std::byte>> pong_;
    std::optional<farewell> close_;
    event wake_;
    event room_;
    key_source keys_;
    side side_;
    bool close_sent_ = false;
};

}  // namespace rtai::ws::detail
