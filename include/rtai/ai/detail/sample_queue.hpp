#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rtai::detail {

/// Sound that comes at one end, leaves at the other, and lies in one piece. Once there was room for all of
/// it, it allocates nothing.
class sample_queue {
public:
    std::size_t size() const noexcept { return all_.size() - head_; }
    bool empty() const noexcept { return size() == 0; }
    std::span<const std::int16_t> samples() const noexcept { return std::span(all_).subspan(head_); }

    void reserve(std::size_t samples) { all_.reserve(samples); }

    void put(std::span<const std::int16_t> samples) {
        make_room(samples.size());
        all_.insert(all_.end(), samples.begin(), samples.end());
    }
    void put_silence(std::size_t samples) {
        make_room(samples);
        all_.insert(all_.end(), samples, 0);
    }

    /// Throws away so many of the oldest.
    void drop(std::size_t samples) noexcept {
        head_ += std::min(samples, size());
        if (empty()) clear();
    }
    void clear() noexcept {
        all_.clear();
        head_ = 0;
    }

private:
    /// Moves what there is to the front before the memory is at its end, when enough is free there.
    void make_room(std::size_t samples) {
        if (all_.capacity() - all_.size() >= samples || head_ < size() / 8) return;
        all_.erase(all_.begin(), all_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
    }

    std::vector<std::int16_t> all_;
    std::size_t head_ = 0;
};

}  // namespace rtai::detail
