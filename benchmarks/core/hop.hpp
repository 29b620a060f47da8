#pragma once

#include <cstddef>
#include <cstdint>
#include <rtai/core/buffer.hpp>
#include <stdexcept>

// What every contender does: a source takes 640 bytes (20 ms of speech) from its pool for each message,
// 8 elements touch it and hand it on, a sink looks at it and gives it back to the pool.
namespace bench {

inline constexpr int elements = 8;
inline constexpr std::size_t capacity = 64;
inline constexpr std::size_t frame_bytes = 640;

struct frame {
    frame() = default;
    explicit frame(std::uint64_t n) : audio(frame_bytes), sequence(n) { *audio.data() = std::byte{0}; }

    rtai::buffer audio;
    std::uint64_t sequence = 0;
};

inline void touch(frame& f) {
    std::byte& first = *f.audio.data();
    first = std::byte(std::to_integer<unsigned>(first) + 1);
}

/// At the sink: all there, in order, and touched by each element.
class checker {
public:
    void take(const frame& f) {
        in_order_ = in_order_ && f.sequence == taken_;
        sum_ += f.sequence - taken_++;
        if (std::to_integer<int>(*f.audio.data()) != elements)
            throw std::logic_error("a contender let a message skip an element");
    }
    std::uint64_t taken() const { return taken_; }

    void all_came(std::uint64_t messages, bool in_order = true) const {
        if (taken_ != messages || sum_ != 0 || (in_order && !in_order_))
            throw std::logic_error("a contender lost or swapped messages");
    }

private:
    std::uint64_t taken_ = 0;
    std::uint64_t sum_ = 0;
    bool in_order_ = true;
};

inline double per_hop(double seconds, int messages) { return seconds * 1e9 / messages / elements; }

// Each gives nanoseconds an element.

double rtai_stream();
double rtai_single();
double asio_stream();
double asio_stream_try_first();
double asio_single();
double tbb_stream(int threads);
double tbb_stream_lightweight();
double tbb_single();
double bare_calls();
double bare_ring();

}  // namespace bench
