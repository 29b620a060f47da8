#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <rtai/ai/detail/openai_server.hpp>
#include <rtai/ai/llm/answer_options.hpp>
#include <rtai/core/clock.hpp>
#include <rtai/core/result.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/json.hpp>
#include <rtai/data/secret.hpp>
#include <rtai/observe/dependencies.hpp>
#include <string>
#include <vector>

namespace rtai::llm {

struct openai_options {
    std::string url = "https://api.openai.com/v1";
    std::string model = "gpt-4o-mini";
    secret key;
    std::optional<double> temperature;
    std::uint32_t max_tokens = 0;
    std::map<std::string, std::string> headers;
    std::string extra;
    std::filesystem::path ca_file;
    std::chrono::milliseconds connect_timeout{3000};
    std::chrono::milliseconds first_token_timeout{10'000};
    std::chrono::milliseconds idle_timeout{5000};
    std::uint32_t retries = 2;

    // What answers has in common: see answer_options.
    std::string instructions;
    std::string greeting;
    std::string on_failure = answer_options().on_failure;
    std::vector<std::string> tools;
    std::uint32_t max_rounds = answer_options().max_rounds;
    std::uint32_t max_calls = answer_options().max_calls;
    std::uint32_t token_budget = answer_options().token_budget;
    std::uint32_t max_messages = answer_options().max_messages;
    duration patience = answer_options().patience;
    byte_size max_image = answer_options().max_image;
    RTAI_DESCRIBE(openai_options, url, model, key, temperature, max_tokens, headers, extra, ca_file,
                  connect_timeout, first_token_timeout, idle_timeout, retries, instructions, greeting,
                  on_failure, tools, max_rounds, max_calls, token_budget, max_messages, patience, max_image)

    void depends_on(observe::needs& on) const {
        if (!url.empty()) on.address(rtai::detail::openai_server(url, "/chat/completions", key).where());
    }

    static void notes(rtai::notes<openai_options>& about) {
        using o = openai_options;
        about(&o::url, "where the server is, up to its version: OpenAI's, or any that speaks the same");
        about(&o::model, "the model, by the server's name for it");
        about(&o::key, "the key for the server; OpenAI's own needs one");
        about(&o::temperature, "how freely it chooses its words; not set: as the server likes", range(0, 2));
        about(&o::max_tokens, "the longest answer, in tokens; 0: as the server likes", range(0, 1'000'000));
        about(&o::headers, "more headers for the server");
        about(&o::extra, "more for the request, as a JSON object");
        about(&o::ca_file, "whom to trust instead of whom the system trusts");
        about(&o::connect_timeout, "a server that can not be reached for so long is down", range(1, 60'000));
        about(&o::first_token_timeout,
              "an answer that has not begun for so long has failed, with all its tries", range(1, 600'000));
        about(&o::idle_timeout, "an answer that does not go on for so long has failed", range(1, 600'000));
        about(&o::retries, "how often a request is tried again when that may help", range(0, 10));
        answer_notes(about);
        about(&o::max_image, "a larger image is left out", range(1024, 100 << 20));
    }
};

/// Whether a server can be asked with these options.
inline result<> check_openai(const openai_options& o) {
    const auto wrong = [](const std::string& why) { return error(std::errc::invalid_argument, why); };
    if (auto good = rtai::detail::check_openai_server("llm.openai", o.url, o.key); !good) return good;
    if (o.extra.empty()) return {};
    const auto extra = parse_json(o.extra);
    if (!extra) return wrong("'extra' of llm.openai: " + extra.error().text);
    if (!extra->is_object()) return wrong("'extra' of llm.openai is no JSON object");
    return {};
}

}  // namespace rtai::llm
