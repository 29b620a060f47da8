#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <rtai/core/event.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timer.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "process.hpp"

namespace bench {

/// Clients that all speak at once, a frame of 20 ms every 20 ms, and measure when each comes back. A frame
/// carries in its first bytes when it was sent.
class party {
public:
    static constexpr std::size_t frame_bytes = 640;
    static constexpr std::chrono::milliseconds frame_time{20};

    party(const server_process& s, std::size_t guests, rtai::duration how_long)
        : server_(s), guests_(guests), frames_(static_cast<std::size_t>(how_long / frame_time)) {}

    /// To be awaited beside the guests.
    rtai::task<> host();

    /// A guest is there; then everybody waits for everybody.
    rtai::task<> arrive() {
        ++arrived_;
        co_await go_.wait();
    }

    /// What guest `k` says. `send` is given the bytes, and gives a task of whether it goes on.
    template <class Send>
    rtai::task<> speak(std::size_t k, Send send) {
        std::vector<std::byte> frame(frame_bytes);
        auto due = begin_ + rtai::duration(frame_time) * static_cast<int>(k) / static_cast<int>(guests_);
        for (std::size_t i = 0; i < frames_; ++i, due += frame_time) {
            co_await rtai::sleep_until(due);
            const auto at = std::chrono::steady_clock::now().time_since_epoch().count();
            // Who can not keep up says less.
            if (rtai::now() > end_) break;
            std::memcpy(frame.data(), &at, sizeof at);
            ++said_;
            const bool goes_on = co_await send(std::span<const std::byte>(frame));
            if (!goes_on) co_return;
        }
        co_await rtai::sleep_until(end_ + last_wait);
    }

    void hear(std::span<const std::byte> frame) {
        std::chrono::steady_clock::rep at = 0;
        if (frame.size() != frame_bytes) return;
        std::memcpy(&at, frame.data(), sizeof at);
        const std::chrono::steady_clock::time_point then{std::chrono::steady_clock::duration(at)};
        trips.push_back(
            std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - then).count());
    }

    std::size_t guests() const noexcept { return guests_; }

    std::vector<double> trips;  ///< microseconds
    double cpu_of_frame = 0;    ///< the server's, microseconds
    double cpu_of_session = 0;  ///< the same, microseconds a second
    double came_back = 0;       ///< the share of the frames that were due

private:
    static constexpr std::chrono::milliseconds last_wait{300};
    static constexpr std::chrono::seconds patience{20};

    const server_process& server_;
    std::size_t guests_;
    std::size_t frames_;
    std::size_t arrived_ = 0;
    std::size_t said_ = 0;
    rtai::event go_;
    rtai::time_point begin_{};
    rtai::time_point end_{};
};

/// So many clients for so long, over what carries them.
enum class carrier { websocket, grpc, bare_grpc, tcp };
std::unique_ptr<party> hold_party(carrier over, const server_process& server, std::size_t guests,
                                  rtai::duration how_long, const std::string& watched = {});

}  // namespace bench
