// Bytes as the answer of a language model's server: cut anywhere, they are the same words and calls.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <rtai/ai/llm/detail/chat_reader.hpp>
#include <string>
#include <string_view>

namespace {

std::string read(std::string_view stream, std::size_t piece) {
    rtai::llm::detail::chat_reader reader;
    std::string words;
    bool ok = true;
    for (; ok && !stream.empty(); stream.remove_prefix(std::min(piece, stream.size()))) {
        ok = reader.feed(stream.substr(0, piece)).ok();
        words += reader.take_words();
    }
    if (!ok) return words + "|bad";
    ok = reader.finish().ok();
    words += reader.take_words();
    if (!ok) return words + "|bad";
    const auto reply = reader.take_reply();
    for (const auto& c : reply.calls) {
        if (c.name.empty() || c.arguments.empty()) std::abort();
        words += "|" + c.id + "|" + c.name + "|" + c.arguments;
    }
    return words + "|" + reply.finish + "|" + std::to_string(reply.usage.prompt_tokens);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view stream(reinterpret_cast<const char*>(data), size);
    const auto whole = read(stream, size + 1);
    for (const std::size_t piece : {1U, 5U})
        if (read(stream, piece) != whole) std::abort();
    return 0;
}
