#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <sys/mman.h>
#include <unistd.h>

namespace bench {

/// How long a server has had frames: from the system call that read one to the system call that wrote the
/// answer. Counted in memory that it shares with who asks, in steps of a microsecond.
class own_part {
public:
    own_part() : descriptor_(::memfd_create("own part", MFD_CLOEXEC)) {
        if (descriptor_ < 0 || ::ftruncate(descriptor_, sizeof(counts)) != 0)
            throw std::runtime_error("no memory to share");
        counts_ = map(descriptor_);
    }
    own_part(const own_part&) = delete;
    own_part& operator=(const own_part&) = delete;
    ~own_part() {
        ::munmap(counts_, sizeof(counts));
        ::close(descriptor_);
    }

    int descriptor() const noexcept { return descriptor_; }

    void forget() noexcept {
        for (auto& c : *counts_) c = 0;
    }

    /// Microseconds that this share of the frames did not exceed.
    double share_of(double share) const noexcept {
        std::uint64_t all = 0, below = 0;
        for (const auto& c : *counts_) all += c;
        const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(all));
        for (std::size_t us = 0; us < counts_->size(); ++us) {
            below += (*counts_)[us];
            if (below > wanted) return static_cast<double>(us);
        }
        return 0;
    }

    /// In the server: counts from now on.
    static void begin(int descriptor);

private:
    using counts = std::array<std::atomic<std::uint32_t>, 1 << 17>;

    static counts* map(int descriptor) {
        void* at = ::mmap(nullptr, sizeof(counts), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
        if (at == MAP_FAILED) throw std::runtime_error("no memory to share");
        return static_cast<counts*>(at);
    }

    friend struct own_part_counter;
    int descriptor_;
    counts* counts_;
};

}  // namespace bench
