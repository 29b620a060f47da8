// Bytes as the body of a gRPC-Web call: cut anywhere, they are the same frames, and written again the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <rtai/http/grpc_web.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace gw = rtai::http::grpc_web;
constexpr std::size_t limit = 64;

struct outcome {
    std::vector<std::pair<bool, std::string>> frames;
    std::string wrong;
    bool operator==(const outcome&) const = default;
};

outcome read(std::string_view body, gw::encoding e, std::size_t piece) {
    gw::reader r(e, limit);
    outcome o;
    const auto take = [&](gw::frame&& f) {
        if (f.bytes.size() > limit) std::abort();
        if (f.trailers) (void)gw::read_trailers(f.bytes);
        o.frames.emplace_back(f.trailers, std::move(f.bytes));
    };
    rtai::result<> fine;
    for (; fine && !body.empty(); body.remove_prefix(std::min(piece, body.size())))
        fine = r.feed(body.substr(0, piece), take);
    if (fine) fine = r.finish();
    if (!fine) o.wrong = fine.error().text;
    return o;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    for (const auto e : {gw::encoding::binary, gw::encoding::text}) {
        const auto whole = read(body, e, size + 1);
        for (const std::size_t piece : {1U, 2U, 7U})
            if (read(body, e, piece) != whole) std::abort();
        std::string again;
        for (const auto& [trailers, bytes] : whole.frames) again += gw::frame_text(bytes, trailers);
        if (read(again, gw::encoding::binary, again.size() + 1).frames != whole.frames) std::abort();
    }
    (void)gw::encoding_of(body);
    return 0;
}
