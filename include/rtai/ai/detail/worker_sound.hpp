#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <rtai/core/channel.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/shard.hpp>
#include <rtai/core/task.hpp>
#include <rtai/data/audio.hpp>
#include <span>
#include <utility>
#include <vector>

namespace rtai::detail {

/// Sound that a worker makes, on its way to the shard where it is waited for. Neither waits for the other:
/// what is made and not taken is kept.
class worker_sound : public std::enable_shared_from_this<worker_sound> {
public:
    worker_sound(shard& to, audio_format f) noexcept : to_(to), format_(f) {}

    // On the worker.

    /// False: nobody wants it any more.
    bool put(std::span<const std::int16_t> more) {
        {
            const std::lock_guard lock(mutex_);
            if (abandoned_) return false;
            samples_.insert(samples_.end(), more.begin(), more.end());
            if (std::exchange(told_, true)) return true;
        }
        to_.post([me = shared_from_this()] { me->news_.set(); });
        return true;
    }

    // On the shard.

    /// The worker is done.
    void close() noexcept {
        closed_ = true;
        news_.set();
    }

    /// Takes it until it is closed, or nobody receives it any more.
    static task<> carry(std::shared_ptr<worker_sound> from, sender<audio> to) {
        std::vector<std::int16_t> taken;
        const std::size_t most = from->format_.frames_in(std::chrono::milliseconds(100));
        for (;;) {
            from->news_.reset();
            const bool last = from->closed_;
            from->swap(taken);
            for (std::size_t done = 0; done < taken.size();) {
                const std::size_t count = std::min(most, taken.size() - done);
                audio piece(from->format_, count);
                std::copy_n(taken.begin() + static_cast<std::ptrdiff_t>(done), count, piece.s16().begin());
                done += count;
                if (!co_await to.send(std::move(piece))) {
                    from->abandon();
                    co_return;
                }
            }
            taken.clear();
            if (last) co_return;
            co_await from->news_.wait();
        }
    }

private:
    void swap(std::vector<std::int16_t>& empty) {
        const std::lock_guard lock(mutex_);
        samples_.swap(empty);
        told_ = false;
    }
    void abandon() {
        const std::lock_guard lock(mutex_);
        abandoned_ = true;
        samples_.clear();
    }

    shard& to_;
    const audio_format format_;
    event news_;
    bool closed_ = false;

    std::mutex mutex_;
    std::vector<std::int16_t> samples_;
    bool told_ = false;  // that there is something
    bool abandoned_ = false;
};

}  // namespace rtai::detail
