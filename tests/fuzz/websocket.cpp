// Bytes as the frames of a WebSocket, for a server and for a client: cut anywhere, they are the same
// messages, and what was read can be written and read again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <rtai/ws/codec.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace rtai;

constexpr std::size_t most_frame = 1000;
constexpr std::size_t most_message = 1500;

void require(bool held) {
    if (!held) std::abort();
}

std::string text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct outcome {
    std::vector<std::string> events;
    bool in_message = false;
    bool operator==(const outcome&) const = default;
};

outcome read(ws::side at, std::span<const std::byte> all, std::size_t piece) {
    ws::reader r(at, most_frame, most_message);
    outcome o;
    while (!all.empty()) {
        auto some = all.first(std::min(piece, all.size()));
        all = all.subspan(some.size());
        for (;;) {
            const auto what = r.read(some);
            if (what == ws::received::nothing) break;
            if (what == ws::received::message) {
                const auto m = r.take();
                require(m.size() <= most_message);
                require(!m.is_text() || ws::detail::is_utf8(m.bytes()));
                o.events.push_back((m.is_text() ? "t" : "b") + std::string(m.text()));
            } else if (what == ws::received::ping || what == ws::received::pong) {
                require(r.control().size() <= 125);
                o.events.push_back((what == ws::received::ping ? "p" : "q") + text_of(r.control()));
            } else {
                const bool close = what == ws::received::close;
                require(close || ws::close_code::may_be_sent(r.end().code));
                require(ws::close_payload(r.end().code, r.end().reason).size() <= 125);
                o.events.push_back((close ? "c" : "v") + std::to_string(r.end().code) + r.end().reason);
                require(!r.in_message());
            }
        }
        require(some.empty());
        require(r.room() <= 64 * 1024);
    }
    o.in_message = r.in_message();
    return o;
}

/// What was read, written anew.
std::vector<std::byte> write(ws::side from, const outcome& o) {
    std::vector<std::byte> out;
    std::optional<ws::mask_key> key;
    if (from == ws::side::client)
        key = ws::mask_key{std::byte{1}, std::byte{0x80}, std::byte{3}, std::byte{0xFF}};
    for (const auto& e : o.events) {
        const auto payload = std::as_bytes(std::span(e)).subspan(1);
        const auto op = e[0] == 't'   ? ws::opcode::text
                        : e[0] == 'b' ? ws::opcode::binary
                        : e[0] == 'p' ? ws::opcode::ping
                                      : ws::opcode::pong;
        if (e[0] == 'c' || e[0] == 'v') break;
        const auto half = payload.size() / 2;
        if (op == ws::opcode::binary || payload.size() > most_frame) {
            ws::append_frame(out, op, false, payload.first(half), key);
            ws::append_frame(out, ws::opcode::continuation, true, payload.subspan(half), key);
        } else {
            ws::append_frame(out, op, true, payload, key);
        }
    }
    return out;
}

void try_as(ws::side at, std::span<const std::byte> bytes) {
    const auto whole = read(at, bytes, bytes.size() + 1);
    for (const std::size_t piece : {1U, 2U, 7U}) require(read(at, bytes, piece) == whole);
    auto again =
        read(at, write(at == ws::side::server ? ws::side::client : ws::side::server, whole), 5).events;
    auto expected = whole.events;
    if (!expected.empty() && (expected.back()[0] == 'c' || expected.back()[0] == 'v')) expected.pop_back();
    require(again == expected);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    try_as(ws::side::server, bytes);
    try_as(ws::side::client, bytes);
    return 0;
}
