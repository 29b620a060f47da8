// Bytes as a text for the sentence splitter: whole, and in pieces whose lengths the bytes say. Both give the
// same sentences, none of which is too long, and flushing in between is safe.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <rtai/ai/sentence_splitter.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace {

void require(bool held) {
    if (!held) std::abort();
}

using words = std::vector<std::string>;

void take(rtai::sentence_splitter& s, words& found) {
    while (auto next = s.take()) found.push_back(*next);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rtai;
    if (size < 2) return 0;
    const unsigned how = data[0], piece = data[1];
    const std::string_view all(reinterpret_cast<const char*>(data) + 2, size - 2);
    sentence_splitter::options o;
    o.plain = (how & 1) == 0;
    o.max = how & 2 ? 20 : 200;
    o.min = how & 4 ? 1 : 10;
    o.clause = how & 8 ? 0 : 20;

    sentence_splitter whole(o), pieces(o), hurried(o);
    words of_whole, of_pieces;
    whole.put(all);
    whole.finish();
    take(whole, of_whole);
    for (std::size_t at = 0, n = 0; at < all.size(); ++n) {
        const std::size_t length = 1 + (piece * (n + 1)) % 13;
        pieces.put(all.substr(at, length));
        hurried.put(all.substr(at, length));
        take(pieces, of_pieces);
        while (auto next = hurried.flush()) require(detail::count_characters(*next) <= o.max);
        at += length;
    }
    pieces.finish();
    hurried.finish();
    take(pieces, of_pieces);
    words rest;
    take(hurried, rest);
    require(of_whole == of_pieces);
    for (const auto& s : of_whole) require(!s.empty() && detail::count_characters(s) <= o.max);
    require(whole.empty() && pieces.empty());
    return 0;
}
