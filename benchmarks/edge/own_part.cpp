#include "own_part.hpp"

#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <ctime>

// Every server here reads and writes its sockets by one of these, whatever library is between: they are found
// in this program first. The time of a call is taken at its end where it reads, and at its beginning where it
// writes.

namespace bench {

/// Where frames are read and answers written, by descriptor.
struct own_part_counter {
    static constexpr ssize_t least = 600;  // bytes; what is smaller is no frame
    static constexpr std::size_t most = 4096;

    static inline own_part::counts* counts = nullptr;
    static inline std::array<std::atomic<std::int64_t>, most> since{};

    static std::int64_t now() noexcept {
        timespec t{};
        ::clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec * 1'000'000'000 + t.tv_nsec;
    }

    static ssize_t has_read(int descriptor, ssize_t got) noexcept {
        const auto d = static_cast<std::size_t>(descriptor);
        if (counts != nullptr && got >= least && d < most)
            if (since[d].load(std::memory_order_relaxed) == 0)
                since[d].store(now(), std::memory_order_relaxed);
        return got;
    }

    static std::int64_t will_write() noexcept { return counts != nullptr ? now() : 0; }

    static ssize_t has_written(int descriptor, std::int64_t at, ssize_t count) noexcept {
        const auto d = static_cast<std::size_t>(descriptor);
        if (counts == nullptr || count < least || d >= most) return count;
        const auto from = since[d].exchange(0, std::memory_order_relaxed);
        if (from == 0) return count;
        const auto us = static_cast<std::size_t>(std::max<std::int64_t>(at - from, 0) / 1000);
        (*counts)[std::min(us, counts->size() - 1)].fetch_add(1, std::memory_order_relaxed);
        return count;
    }
};

void own_part::begin(int descriptor) { own_part_counter::counts = map(descriptor); }

namespace {

template <class F>
F* real(const char* name) {
    return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

using counter = own_part_counter;

}  // namespace
}  // namespace bench

extern "C" {

ssize_t recv(int from, void* into, size_t size, int flags) {
    static const auto call = bench::real<decltype(recv)>("recv");
    return bench::counter::has_read(from, call(from, into, size, flags));
}
ssize_t recvmsg(int from, msghdr* into, int flags) {
    static const auto call = bench::real<decltype(recvmsg)>("recvmsg");
    return bench::counter::has_read(from, call(from, into, flags));
}
ssize_t send(int to, const void* bytes, size_t size, int flags) {
    static const auto call = bench::real<decltype(send)>("send");
    const auto at = bench::counter::will_write();
    return bench::counter::has_written(to, at, call(to, bytes, size, flags));
}
ssize_t sendmsg(int to, const msghdr* bytes, int flags) {
    static const auto call = bench::real<decltype(sendmsg)>("sendmsg");
    const auto at = bench::counter::will_write();
    return bench::counter::has_written(to, at, call(to, bytes, flags));
}
}
