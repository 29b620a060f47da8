#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <rtai/core/clock.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/packet.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/media/opus.hpp>
#include <utility>

namespace rtai {

/// Decodes to the rate that is wanted behind it, so that nothing need convert it. A packet that is broken
/// counts as lost. What is missing in the packets' sequence is recovered from the next packet or concealed,
/// so put a jitter buffer before it if they come from a network.
struct opus_decode {
    struct options {
        std::uint32_t conceal = 5;
        RTAI_DESCRIBE(options, conceal)

        static void notes(rtai::notes<options>& about) {
            about(&options::conceal, "how many packets missing in a row are concealed; more leave a gap",
                  range(0, 100));
        }
    };

    opus_decode() : opus_decode(options()) {}
    explicit opus_decode(options o) : options_(o) {}

    input<packet> in;
    output<audio, rates<8'000, 12'000, 16'000, 24'000, 48'000>, channels<1, 2>> out;
    RTAI_DESCRIBE(opus_decode, in, out)

    task<> run() {
        opus_decoder decoder(out.format());
        bool any = false;
        std::uint64_t next = 0;
        while (auto p = co_await in.receive()) {
            // An order that does not count up tells nothing.
            const std::uint64_t missing = any && p->stamp.sequence > next ? p->stamp.sequence - next : 0;
            any = true;
            next = p->stamp.sequence + 1;
            const auto length = opus_duration(p->bytes.span());
            const duration time = length ? *length : last_;
            if (missing <= options_.conceal)
                for (std::uint64_t i = missing; i > 0; --i) {
                    auto gap =
                        i == 1 && length ? decoder.recover(p->bytes.span(), last_) : decoder.conceal(last_);
                    if (!gap) continue;
                    gap->stamp = p->stamp;
                    gap->stamp.sequence = p->stamp.sequence - i;
                    if (!co_await out.send(std::move(*gap))) co_return;
                }
            auto sound = decoder.decode(*p);
            if (!sound) {
                ++broken_;
                sound = decoder.conceal(time);
                if (!sound) continue;
                sound->stamp = p->stamp;
            }
            last_ = time;
            if (!co_await out.send(std::move(*sound))) co_return;
        }
    }

    /// How many packets could not be decoded.
    std::uint64_t broken() const noexcept { return broken_; }

private:
    options options_;
    std::uint64_t broken_ = 0;
    duration last_ = std::chrono::milliseconds(20);
};

}  // namespace rtai

RTAI_ELEMENT(rtai::opus_decode, "Makes sound of Opus packets, and conceals those that are missing.");
