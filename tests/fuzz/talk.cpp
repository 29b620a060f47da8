// Whatever a client says over a WebSocket: the first byte of each message is its kind and length.
#include <cstddef>
#include <cstdint>
#include <rtai/gateway/protocol.hpp>
#include <span>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rtai::gateway;
    client_reader reader;
    std::span<const std::uint8_t> left(data, size);
    while (!left.empty()) {
        const bool text = (left[0] & 0x80U) != 0;
        const auto length = std::min<std::size_t>((left[0] & 0x7FU) * 4, left.size() - 1);
        const auto message = left.subspan(1, length);
        left = left.subspan(1 + length);
        if (text) {
            auto word = reader.text({reinterpret_cast<const char*>(message.data()), message.size()});
            if (word && word->start) reader.hear_as(word->start->audio);
            if (!word && word.error().message().empty()) __builtin_trap();
        } else {
            auto word = reader.binary(std::as_bytes(message));
            if (word && !word->said) __builtin_trap();
        }
    }
    return 0;
}
