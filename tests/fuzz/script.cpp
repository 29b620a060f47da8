// Bytes as a script for llm.demo, which is then asked a few questions.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <rtai/ai/llm/script.hpp>
#include <rtai/data/problem.hpp>
#include <rtai/data/yaml.hpp>
#include <string>

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    rtai::problems found;
    const auto tree = rtai::read_yaml(std::make_shared<rtai::source>("script.yaml", bytes), found);
    rtai::llm::script script;
    if (found.ok()) script = rtai::llm::script::from(tree, found);
    for (const auto& p : found.sorted())
        if (rtai::to_text(p).empty()) std::abort();
    if (!found.ok()) return 0;

    // Some of them are likely to be what a rule listens for.
    const std::optional<std::string> nothing, result = R"({"sky": {"is": "blue"}, "error": "none"})";
    for (const std::string& said :
         {std::string("how is the weather in new york"), bytes.substr(0, 300), std::string()}) {
        const auto first = script.respond(said, bytes, nothing);
        if (first.call && first.call->name.empty() && !first.words.empty()) std::abort();
        const auto second = script.respond(said, said, result);
        if (second.call) std::abort();
    }
    return 0;
}
