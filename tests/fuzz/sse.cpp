// Bytes as a stream of server-sent events: cut anywhere, they are the same events.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <rtai/http/sse.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t limit = 64;

struct outcome {
    std::vector<std::string> events;
    bool ok = true;
    bool operator==(const outcome&) const = default;
};

outcome read(std::string_view stream, std::size_t piece) {
    rtai::http::sse_parser parser(limit);
    outcome o;
    const auto take = [&](const rtai::http::server_event& e) {
        if (e.data.size() > limit || e.type.size() > limit || e.id.size() > limit) std::abort();
        o.events.push_back(e.type + "|" + e.data + "|" + e.id);
    };
    for (; o.ok && !stream.empty(); stream.remove_prefix(std::min(piece, stream.size())))
        o.ok = parser.feed(stream.substr(0, piece), take).ok();
    if (o.ok) o.ok = parser.finish(take).ok();
    return o;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view stream(reinterpret_cast<const char*>(data), size);
    const auto whole = read(stream, size + 1);
    for (const std::size_t piece : {1U, 2U, 7U})
        if (read(stream, piece) != whole) std::abort();
    return 0;
}
