#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <rtai/ai/detail/openai_server.hpp>
#include <rtai/ai/stt/recogniser.hpp>
#include <rtai/ai/stt/transcriber.hpp>
#include <rtai/ai/stt/transcription.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/secret.hpp>
#include <rtai/data/text.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/http/client.hpp>
#include <rtai/http/retry.hpp>
#include <rtai/observe/dependencies.hpp>
#include <rtai/observe/traced_http.hpp>
#include <string>
#include <utility>
#include <vector>

namespace rtai::stt {

/// Sends each utterance, when it is over, to a server that makes words of it: OpenAI's, or any that speaks
/// the same.
struct openai {
    struct options {
        std::string url = "https://api.openai.com/v1";
        std::string model = "whisper-1";
        secret key;
        std::string language;
        std::string prompt;
        bool word_times = false;
        std::filesystem::path ca_file;
        std::chrono::milliseconds connect_timeout{3'000};
        std::uint32_t retries = 2;
        std::chrono::milliseconds longest{30'000};
        std::chrono::milliseconds backlog{30'000};
        std::chrono::milliseconds patience{10'000};
        bool wait = false;
        RTAI_DESCRIBE(options, url, model, key, language, prompt, word_times, ca_file, connect_timeout,
                      retries, longest, backlog, patience, wait)

        void depends_on(observe::needs& on) const {
            if (!url.empty()) on.address(asking(*this).where());
        }

        static void notes(rtai::notes<options>& about) {
            about(&options::url,
                  "where the server is, up to its version: OpenAI's, or any that speaks the same");
            about(&options::model, "the model, by the server's name for it");
            about(&options::key, "the key for the server; OpenAI's own needs one");
            about(&options::language, "what is spoken, as in 'en'; empty: the server finds out");
            about(&options::prompt, "words that are likely, such as names");
            about(&options::word_times, "asks when each word was said, too; not every model knows");
            about(&options::ca_file, "whom to trust instead of whom the system trusts");
            about(&options::connect_timeout, "a server that can not be reached for so long is down",
                  range(1, 60'000));
            about(&options::retries, "how often a request is tried again when that may help", range(0, 10));
            note_limits(about);
        }
    };

    openai() : openai(options()) {}
    explicit openai(options o) : options_(std::move(o)) {}

    static result<> available(const options& o) {
        return rtai::detail::check_openai_server("stt.openai", o.url, o.key);
    }

    sound_input in;
    input<moment> speech;
    output<text> out;
    output<moment> events;
    RTAI_DESCRIBE(openai, in, speech, out, events)

    task<> run() {
        asking words(options_);
        transcriber<asking> ear(in, speech, out, events, words, limits(options_));
        co_await ear.run();
    }

    class asking {
    public:
        explicit asking(const options& o) : options_(o), server_(o.url, "/audio/transcriptions", o.key) {}

        std::string where() const { return server_.where(); }

        task<result<text>> recognise(utterance& u) {
            auto words = co_await words_of(u);
            co_await server_.fared(words);
            co_return words;
        }

    private:
        static constexpr std::size_t at_once = sound_format.frames_in(std::chrono::milliseconds(100));

        task<result<text>> words_of(utterance& u) {
            std::vector<std::int16_t> all;
            for (;;) {
                const auto samples = co_await u.next(at_once);
                all.insert(all.end(), samples.begin(), samples.end());
                if (samples.size() < at_once) break;
            }
            if (all.empty()) co_return text();
            const std::string file = wav_of(all);
            http::retry_options tries;
            tries.retries = options_.retries;
            http::backoff pause(tries, static_cast<std::uint64_t>(now().time_since_epoch().count()));
            for (;;) {
                auto answer = co_await observe::fetch(request_for(file));
                if (answer && answer->ok()) {
                    auto said = read_transcription(answer->body);
                    if (!said) co_return server_.failure(said.error());
                    co_return said;
                }
                std::optional<duration> rest;
                const bool again = answer ? server_.worth_retrying(answer->status, answer->body)
                                          : http::worth_retrying(answer.error());
                if (again) rest = pause.next(answer ? http::asked_wait(answer->headers) : std::nullopt);
                // Whoever waits would rather know what the server says than that it took too long.
                if (rest && *rest < options_.patience) {
                    co_await sleep_for(*rest);
                    continue;
                }
                if (!answer) co_return server_.hide_key(answer.error());
                co_return server_.refusal(answer->status, answer->body);
            }
        }

        http::request request_for(const std::string& file) const {
            http::request r = server_.request(options_.ca_file);
            r.form.emplace_back("file", file, "utterance.wav", "audio/wav");
            r.form.emplace_back("model", options_.model);
            r.form.emplace_back("response_format", options_.word_times ? "verbose_json" : "json");
            if (options_.word_times) r.form.emplace_back("timestamp_granularities[]", "word");
            if (!options_.language.empty()) r.form.emplace_back("language", options_.language);
            if (!options_.prompt.empty()) r.form.emplace_back("prompt", options_.prompt);
            r.connect_timeout = options_.connect_timeout;
            // How long all of it may take is for 'patience' to say.
            r.first_byte_timeout = r.idle_timeout = std::chrono::milliseconds(0);
            r.most_body = 4 * 1024 * 1024;
            return r;
        }

        const options& options_;
        rtai::detail::openai_server server_;
    };

private:
    options options_;
};

}  // namespace rtai::stt

RTAI_ELEMENT(rtai::stt::openai,
             "Makes words of speech with a model of OpenAI's, or of any server that speaks the same.");
