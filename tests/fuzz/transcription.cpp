// Bytes as a server's answer: words that make sense, or an error with words of its own.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <rtai/ai/detail/openai_server.hpp>
#include <rtai/ai/stt/transcription.hpp>
#include <string>
#include <string_view>

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view answer(reinterpret_cast<const char*>(data), size);
    static const rtai::detail::openai_server server("http://x", "/y", rtai::secret("key"));
    const auto refused = server.refusal(400, answer).text;
    if (refused.size() > 2100 || refused.find("key") != std::string::npos) std::abort();
    const auto said = rtai::stt::read_transcription(answer);
    if (!said) return said.error().text.empty() ? (std::abort(), 0) : 0;
    if (!(said->confidence >= 0 && said->confidence <= 1)) std::abort();
    for (const auto& w : said->timing)
        if (w.word.empty() || w.from > w.to || w.from < rtai::duration() ||
            !(w.confidence >= 0 && w.confidence <= 1))
            std::abort();
    return 0;
}
