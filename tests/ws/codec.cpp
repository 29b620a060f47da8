#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <rtai/ws/codec.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace rtai::ws;

namespace {

using bytes = std::vector<std::byte>;

constexpr std::size_t plenty = 1 << 20;

std::span<const std::byte> raw(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

bytes of(std::initializer_list<unsigned> values) {
    bytes all;
    for (const unsigned v : values) all.push_back(static_cast<std::byte>(v));
    return all;
}

bytes operator+(bytes a, const bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

bytes frame(opcode op, std::string_view payload, bool last = true,
            std::optional<mask_key> key = std::nullopt) {
    bytes out;
    append_frame(out, op, last, raw(payload), key);
    return out;
}

constexpr mask_key key{std::byte{0x37}, std::byte{0xfa}, std::byte{0x21}, std::byte{0x3d}};

/// What a reader makes of bytes, as words: "text:Hello", "close:1000:bye", "violation:1002".
std::vector<std::string> read_with(reader& r, std::span<const std::byte> all, std::size_t piece) {
    std::vector<std::string> events;
    while (!all.empty()) {
        auto some = all.first(std::min(piece, all.size()));
        all = all.subspan(some.size());
        for (;;) {
            const auto what = r.read(some);
            if (what == received::nothing) break;
            const auto control =
                std::string(reinterpret_cast<const char*>(r.control().data()), r.control().size());
            if (what == received::message) {
                const auto m = r.take();
                events.push_back((m.is_text() ? "text:" : "binary:") + std::string(m.text()));
            } else if (what == received::ping) {
                events.push_back("ping:" + control);
            } else if (what == received::pong) {
                events.push_back("pong:" + control);
            } else if (what == received::close) {
                events.push_back("close:" + std::to_string(r.end().code) + ":" + r.end().reason);
            } else {
                events.push_back("violation:" + std::to_string(r.end().code));
            }
        }
    }
    return events;
}

std::vector<std::string> read_all(side at, std::span<const std::byte> all, std::size_t most_frame = plenty,
                                  std::size_t most_message = plenty) {
    reader whole(at, most_frame, most_message);
    const auto events = read_with(whole, all, all.size() + 1);
    for (const std::size_t piece : {1U, 3U, 7U}) {
        reader torn(at, most_frame, most_message);
        REQUIRE(read_with(torn, all, piece) == events);
    }
    return events;
}

using events = std::vector<std::string>;

}  // namespace

TEST_CASE("the examples of RFC 6455 are read, and written, as they stand there", "[ws]") {
    const auto hello = of({0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f});
    const auto masked = of({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58});
    const auto fragments = of({0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f});
    const auto ping = of({0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f});
    const auto pong = of({0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58});
    REQUIRE(read_all(side::client, hello) == events{"text:Hello"});
    REQUIRE(read_all(side::server, masked) == events{"text:Hello"});
    REQUIRE(read_all(side::client, fragments) == events{"text:Hello"});
    REQUIRE(read_all(side::client, ping) == events{"ping:Hello"});
    REQUIRE(read_all(side::server, pong) == events{"pong:Hello"});

    REQUIRE(frame(opcode::text, "Hello") == hello);
    REQUIRE(frame(opcode::text, "Hello", true, key) == masked);
    REQUIRE(frame(opcode::text, "Hel", false) + frame(opcode::continuation, "lo") == fragments);
    REQUIRE(frame(opcode::ping, "Hello") == ping);
    REQUIRE(frame(opcode::pong, "Hello", true, key) == pong);

    const auto medium = frame(opcode::binary, std::string(256, 'x'));
    REQUIRE(bytes(medium.begin(), medium.begin() + 4) == of({0x82, 0x7E, 0x01, 0x00}));
    const auto large = frame(opcode::binary, std::string(65536, 'x'));
    REQUIRE(bytes(large.begin(), large.begin() + 10) == of({0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0}));
}

TEST_CASE("lengths around each way of writing them go through", "[ws]") {
    for (const std::size_t size :
         {0U, 1U, 7U, 8U, 9U, 124U, 125U, 126U, 127U, 65534U, 65535U, 65536U, 65537U, 200'000U}) {
        const std::string payload(size, 'y');
        REQUIRE(read_all(side::client, frame(opcode::binary, payload)) == events{"binary:" + payload});
        REQUIRE(read_all(side::server, frame(opcode::binary, payload, true, key)) ==
                events{"binary:" + payload});
    }
}

TEST_CASE("a server wants masks, and a client none", "[ws]") {
    REQUIRE(read_all(side::server, frame(opcode::text, "a")) == events{"violation:1002"});
    REQUIRE(read_all(side::client, frame(opcode::text, "a", true, key)) == events{"violation:1002"});
}

TEST_CASE("what breaks the rules of frames is a violation that says so", "[ws]") {
    const auto violates = [](const bytes& b) {
        return read_all(side::client, b) == events{"violation:1002"};
    };
    for (const unsigned bit : {0x40U, 0x20U, 0x10U}) REQUIRE(violates(of({0x81 | bit, 0x00})));
    for (const unsigned op : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U})
        REQUIRE(violates(of({0x80 | op, 0x00})));
    for (const unsigned op : {8U, 9U, 10U}) {
        REQUIRE(violates(of({op, 0x00})));                     // a control frame in fragments
        REQUIRE(violates(of({0x80 | op, 0x7E, 0x00, 0x7E})));  // and a long one
    }
    REQUIRE(violates(of({0x80, 0x00})));                                            // continues nothing
    REQUIRE(violates(frame(opcode::text, "a", false) + frame(opcode::text, "b")));  // begins within another
    REQUIRE(violates(of({0x82, 0x7E, 0x00, 0x7D})));                                // 125 in two bytes
    REQUIRE(violates(of({0x82, 0x7F, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF})));              // 65535 in eight
    REQUIRE(violates(of({0x82, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 0})));                 // more than 63 bits
    reader r(side::client, plenty, plenty);
    const auto bad = of({0xC1, 0x00});
    auto left = std::span<const std::byte>(bad);
    REQUIRE(r.read(left) == received::violation);
    REQUIRE_THAT(r.end().reason, Catch::Contains("reserved bit"));
}

TEST_CASE("nothing is read after a violation or a close", "[ws]") {
    REQUIRE(read_all(side::client, of({0xC1, 0x00}) + frame(opcode::text, "a")) == events{"violation:1002"});
    REQUIRE(read_all(side::client, frame(opcode::close, "") + frame(opcode::text, "a")) ==
            events{"close:1005:"});
}

TEST_CASE("control frames come between the fragments of a message", "[ws]") {
    const auto all = frame(opcode::text, "one ", false) + frame(opcode::ping, "p") +
                     frame(opcode::continuation, "two ", false) + frame(opcode::pong, "q") +
                     frame(opcode::continuation, "three");
    REQUIRE(read_all(side::client, all) == events{"ping:p", "pong:q", "text:one two three"});
}

TEST_CASE("limits hold at, below and above", "[ws]") {
    const auto one = [](std::size_t size) {
        return read_all(side::client, frame(opcode::binary, std::string(size, 'x')), 200, 300)
            .front()
            .substr(0, 14);
    };
    REQUIRE(one(199).starts_with("binary:"));
    REQUIRE(one(200).starts_with("binary:"));
    REQUIRE(one(201) == "violation:1009");

    const auto two = [](std::size_t second) {
        const auto all = frame(opcode::binary, std::string(150, 'x'), false) +
                         frame(opcode::continuation, std::string(second, 'x'));
        return read_all(side::client, all, 200, 300).front().substr(0, 14);
    };
    REQUIRE(two(149).starts_with("binary:"));
    REQUIRE(two(150).starts_with("binary:"));
    REQUIRE(two(151) == "violation:1009");

    // The head alone is enough to refuse it.
    REQUIRE(read_all(side::client, of({0x82, 0x7F, 0, 0, 0, 1, 0, 0, 0, 0})) == events{"violation:1009"});
}

TEST_CASE("what a frame claims to bring is believed when it comes", "[ws]") {
    reader r(side::client, std::size_t{1} << 30, std::size_t{1} << 30);
    const auto head =
        of({0x82, 0x7F, 0, 0, 0, 0, 0x3F, 0, 0, 0, 1});  // a gigabyte, of which one byte is there
    auto left = std::span<const std::byte>(head);
    REQUIRE(r.read(left) == received::nothing);
    REQUIRE(r.in_message());
    REQUIRE(r.room() <= 64 * 1024);
}

TEST_CASE("a message in more and more empty fragments is refused", "[ws]") {
    bytes all = frame(opcode::text, "a", false);
    for (int i = 0; i < 64; ++i) all = all + frame(opcode::continuation, "", false);
    REQUIRE(read_all(side::client, all + frame(opcode::continuation, "b")) == events{"text:ab"});
    REQUIRE(read_all(side::client, all + frame(opcode::continuation, "", false)) == events{"violation:1008"});
}

TEST_CASE("texts are UTF-8, wherever they are cut", "[ws]") {
    const std::string good[] = {"",
                                "a",
                                "\xC3\xA9",
                                "\xE2\x82\xAC",
                                "\xF0\x9F\x98\x80",
                                "\xED\x9F\xBF",
                                "\xEE\x80\x80",
                                "\xF4\x8F\xBF\xBF",
                                "\xE0\xA0\x80",
                                "\xF0\x90\x80\x80",
                                "\xEF\xBF\xBE",
                                "123456789012345\xC3\xA9 and more"};
    const std::string bad[] = {"\x80",
                               "\xBF",
                               "\xC0\xAF",
                               "\xC1\x80",
                               "\xE0\x9F\xBF",
                               "\xED\xA0\x80",
                               "\xF0\x8F\xBF\xBF",
                               "\xF4\x90\x80\x80",
                               "\xF5\x80\x80\x80",
                               "\xFF",
                               "\xC3",
                               "\xE2\x82",
                               "\xF0\x9F\x98",
                               "\xC3(",
                               "12345678\xFF",
                               "a\xE2\x28\xA1"};
    const auto in_pieces = [](const std::string& text, std::size_t cut) {
        return frame(opcode::text, text.substr(0, cut), false) +
               frame(opcode::continuation, text.substr(cut));
    };
    for (const auto& text : good)
        for (std::size_t cut = 0; cut <= text.size(); ++cut)
            REQUIRE(read_all(side::client, in_pieces(text, cut)) == events{"text:" + text});
    for (const auto& text : bad)
        for (std::size_t cut = 0; cut <= text.size(); ++cut)
            REQUIRE(read_all(side::client, in_pieces(text, cut)) == events{"violation:1007"});
    for (const auto& text : bad)
        REQUIRE(read_all(side::client, frame(opcode::binary, text)) == events{"binary:" + text});
}

TEST_CASE("a text that can not become right is refused before it is complete", "[ws]") {
    const auto begun = frame(opcode::text,
                             "good\xFF"
                             "and more",
                             false);
    REQUIRE(read_all(side::client, begun) == events{"violation:1007"});
}

TEST_CASE("a close has no code, or one that may be sent, and a reason that is text", "[ws]") {
    const auto close_with = [](unsigned code, std::string_view reason = {}) {
        std::string payload{static_cast<char>(code >> 8U), static_cast<char>(code & 0xFFU)};
        return read_all(side::client, frame(opcode::close, payload + std::string(reason))).front();
    };
    for (const unsigned code : {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1010U, 1011U, 1012U, 1013U,
                                1014U, 3000U, 3999U, 4000U, 4999U})
        REQUIRE(close_with(code, "bye") == "close:" + std::to_string(code) + ":bye");
    for (const unsigned code :
         {0U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 1100U, 2000U, 2999U, 5000U, 65535U})
        REQUIRE(close_with(code) == "violation:1002");
    REQUIRE(read_all(side::client, frame(opcode::close, "\x03")) == events{"violation:1002"});
    REQUIRE(close_with(1000, "\xC3") == "violation:1007");
    REQUIRE(close_with(1000, std::string(longest_reason, 'r')).size() ==
            std::string("close:1000:").size() + 123);
}

TEST_CASE("a reason that is too long is cut between two characters", "[ws]") {
    REQUIRE(close_payload(1000, std::string(123, 'a')).size() == 125);
    REQUIRE(close_payload(1000, std::string(124, 'a')).size() == 125);
    REQUIRE(close_payload(1000, std::string(122, 'a') + "\xC3\xA9").size() == 124);
    REQUIRE(close_payload(1000, std::string(121, 'a') + "\xC3\xA9").size() == 125);
    REQUIRE(close_payload(1000, std::string(120, 'a') + "\xF0\x9F\x98\x80").size() == 122);
    REQUIRE(close_payload(close_code::none, "nothing").empty());
    REQUIRE(close_payload(close_code::abnormal, "nothing").empty());
}

TEST_CASE("a masked copy is what a loop over the bytes makes", "[ws]") {
    std::mt19937 chance(7);
    for (std::size_t size = 0; size < 70; ++size) {
        for (std::size_t offset = 0; offset < 5; ++offset) {
            bytes from(size), to(size), expected(size);
            for (auto& b : from) b = static_cast<std::byte>(chance());
            for (std::size_t i = 0; i < size; ++i) expected[i] = from[i] ^ key[(i + offset) % 4];
            detail::copy_masked(to.data(), from.data(), size, key, offset);
            REQUIRE(to == expected);
        }
    }
}

TEST_CASE("any messages in any fragments and any pieces come out the same", "[ws]") {
    for (unsigned seed = 1; seed <= 400; ++seed) {
        std::mt19937 chance(seed);
        const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(chance()) % bound; };
        const side at = below(2) == 0 ? side::server : side::client;
        bytes wire;
        events expected;
        for (std::size_t n = 1 + below(6); n > 0; --n) {
            const bool text = below(2) == 0;
            std::string payload;
            const std::size_t size = below(3) == 0 ? below(3000) : below(150);
            while (payload.size() < size)
                payload += !text ? std::string(1, static_cast<char>(chance()))
                                 : std::string(below(4) == 0   ? "\xF0\x9F\x98\x80"
                                               : below(3) == 0 ? "\xC3\xA9"
                                                               : "a");
            std::string_view rest = payload;
            bool first = true;
            do {
                std::optional<mask_key> random_key;
                if (at == side::server) {
                    random_key.emplace();
                    for (auto& b : *random_key) b = static_cast<std::byte>(chance());
                }
                const auto part = rest.substr(0, below(2) == 0 ? rest.size() : below(rest.size() + 1));
                rest.remove_prefix(part.size());
                const auto op = !first ? opcode::continuation : text ? opcode::text : opcode::binary;
                append_frame(wire, op, rest.empty(), raw(part), random_key);
                if (!rest.empty() && below(3) == 0) {
                    append_frame(wire, opcode::ping, true, raw("between"), random_key);
                    expected.emplace_back("ping:between");
                }
                first = false;
            } while (!rest.empty());
            expected.push_back((text ? "text:" : "binary:") + payload);
        }
        reader r(at, plenty, plenty);
        events got;
        for (std::span<const std::byte> rest = wire; !rest.empty();) {
            const auto part = rest.first(std::min(rest.size(), 1 + below(400)));
            rest = rest.subspan(part.size());
            for (auto& e : read_with(r, part, part.size())) got.push_back(std::move(e));
        }
        REQUIRE(got == expected);
        REQUIRE_FALSE(r.in_message());
    }
}
