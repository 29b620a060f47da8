// Bytes as packets of Opus, each with its length before it: their duration, what they decode to, and what
// they say of the packet before them.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <rtai/media/opus.hpp>
#include <span>

namespace {

void require(bool held) {
    if (!held) std::abort();
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rtai;
    if (size == 0) return 0;
    constexpr std::uint32_t rates[] = {8'000, 12'000, 16'000, 24'000, 48'000};
    const unsigned how = data[0];
    const audio_format format(rates[how % 5], how & 8 ? 2 : 1, how & 16 ? encoding::f32 : encoding::s16);
    opus_decoder decoder(format);
    auto left = std::as_bytes(std::span(data, size)).subspan(1);
    while (!left.empty()) {
        const auto length = std::to_integer<std::size_t>(left[0]) * (how & 32 ? 16 : 1);
        left = left.subspan(1);
        const auto bytes = left.first(std::min(length, left.size()));
        left = left.subspan(bytes.size());

        const auto time = opus_duration(bytes);
        require(!time || (*time > duration::zero() && *time <= std::chrono::milliseconds(120)));
        (void)opus_has_copy(bytes);
        if (how & 64) (void)decoder.recover(bytes, std::chrono::milliseconds(20));
        const auto sound = decoder.decode(bytes);
        require(!sound || (time && sound->format == format && sound->frames() == format.frames_in(*time)));
        require(sound || !sound.error().message().empty());
        const auto gap = decoder.conceal(std::chrono::milliseconds(20));
        require(gap && gap->frames() == format.rate / 50);
    }
    return 0;
}
