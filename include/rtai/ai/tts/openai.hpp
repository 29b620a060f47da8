#pragma once

#include <bit>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <rtai/ai/detail/openai_server.hpp>
#include <rtai/ai/tts/speaker.hpp>
#include <rtai/core/clock.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/json.hpp>
#include <rtai/data/secret.hpp>
#include <rtai/data/units.hpp>
#include <rtai/data/utf8.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/http/client.hpp>
#include <rtai/http/retry.hpp>
#include <rtai/observe/dependencies.hpp>
#include <rtai/observe/traced_http.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace rtai::tts {

namespace detail {

/// Bytes of sound as they arrive, cut anywhere, as whole samples; a server writes the low byte first.
class pcm_reader {
public:
    std::optional<audio> read(std::string_view bytes, const audio_format& format) {
        const std::size_t count = (bytes.size() + (odd_ ? 1 : 0)) / 2;
        if (count == 0) {
            if (!bytes.empty()) odd_ = static_cast<unsigned char>(bytes[0]);
            return std::nullopt;
        }
        audio piece(format, count);
        std::size_t at = 0;
        const auto next = [&]() -> unsigned {
            if (odd_) return *std::exchange(odd_, std::nullopt);
            return static_cast<unsigned char>(bytes[at++]);
        };
        for (auto& sample : piece.s16()) {
            const unsigned low = next(), high = next();
            sample = std::bit_cast<std::int16_t>(static_cast<std::uint16_t>(low | high << 8U));
        }
        if (at < bytes.size()) odd_ = static_cast<unsigned char>(bytes[at]);
        return piece;
    }
    /// Whether the sound ended in the middle of a sample.
    bool torn() const noexcept { return odd_.has_value(); }

private:
    std::optional<unsigned char> odd_;
};

}  // namespace detail

/// Speaks with OpenAI's voices, or any server that has the same /audio/speech. The sound is played while
/// the rest is being made.
struct openai {
    static constexpr audio_format native{24'000};

    struct options {
        std::string url = "https://api.openai.com/v1";
        std::string model = "gpt-4o-mini-tts";
        std::string voice = "alloy";
        double speed = 1;
        std::string instructions;
        secret key;
        std::filesystem::path ca_file;
        std::chrono::milliseconds connect_timeout{3000};
        std::chrono::milliseconds first_sound_timeout{10'000};
        std::chrono::milliseconds idle_timeout{5000};
        std::chrono::milliseconds total_timeout{60'000};
        std::uint32_t retries = 1;
        bool read_ahead = true;
        RTAI_DESCRIBE(options, url, model, voice, speed, instructions, key, ca_file, connect_timeout,
                      first_sound_timeout, idle_timeout, total_timeout, retries, read_ahead)

        void depends_on(observe::needs& on) const {
            if (!url.empty()) on.address(rtai::detail::openai_server(url, "/audio/speech", key).where());
        }

        static void notes(rtai::notes<options>& about) {
            about(&options::url, "where the server is, up to its version");
            about(&options::model, "the model, by the server's name for it");
            about(&options::voice, "who speaks, by the server's name");
            about(&options::speed, "2 is twice as fast; not every model minds", range(0.25, 4));
            about(&options::instructions, "how it is to be said: 'calm and warm'; not every model minds");
            about(&options::key, "the key for the server; OpenAI's own needs one");
            about(&options::ca_file, "whom to trust instead of whom the system trusts");
            about(&options::connect_timeout, "a server that can not be reached for so long is down",
                  range(1, 60'000));
            about(&options::first_sound_timeout, "a sentence that has not begun for so long has failed",
                  range(1, 600'000));
            about(&options::idle_timeout, "a sentence that does not go on for so long has failed",
                  range(1, 600'000));
            about(&options::total_timeout,
                  "a sentence for which the server was waited for so long has failed, with all its tries",
                  range(1, 3'600'000));
            about(&options::retries, "how often a request is tried again when that may help", range(0, 10));
            about(&options::read_ahead, "makes a sentence while the one before it is being sent");
        }
    };

    openai() : openai(options()) {}
    explicit openai(options o)
        : options_(std::move(o)), server_(options_.url, "/audio/speech", options_.key) {}

    static result<> available(const options& o) {
        return rtai::detail::check_openai_server("tts.openai", o.url, o.key);
    }

    input<text> in;
    output<audio, rates<24'000>, channels<1>, encodings<encoding::s16>, can_wait> out;
    output<moment> events;
    RTAI_DESCRIBE(openai, in, out, events)

    task<> run() { co_await speak(in, out, events, *this, "tts.openai", options_.read_ahead); }

    task<result<>> say(std::string words, sender<audio> sound) {
        auto said = co_await speak_words(std::move(words), std::move(sound));
        co_await server_.fared(said);
        co_return said;
    }

private:
    task<result<>> speak_words(std::string words, sender<audio> sound) {
        http::retry_options tries;
        tries.retries = options_.retries;
        http::backoff pause(tries, static_cast<std::uint64_t>(now().time_since_epoch().count()));
        until_ = later(now(), options_.total_timeout);
        for (;;) {
            again_ = false;
            wait_.reset();
            auto said = co_await once(words, sound);
            if (said.ok() || !again_) co_return said;
            const auto wait = pause.next(wait_);
            // Who listens does not wait longer than for an answer.
            if (!wait || *wait > options_.first_sound_timeout || later(now(), *wait) >= until_)
                co_return said;
            co_await sleep_for(*wait);
        }
    }

    task<result<>> once(const std::string& words, const sender<audio>& sound) {
        http::request asked = request_for(words);
        auto answer = co_await with_deadline(until_, observe::open(std::move(asked)));
        if (!answer.ok()) {
            if (now() >= until_) co_return too_slow();
            again_ = http::worth_retrying(answer.error());
            co_return server_.hide_key(answer.error());
        }
        const auto type = answer->headers().find("content-type").value_or("");
        if (!answer->ok() || type.find("json") != std::string_view::npos || type.starts_with("text/")) {
            const auto refused = co_await refusal(*answer);
            co_return refused;
        }
        detail::pcm_reader reader;
        bool begun = false;
        for (;;) {
            auto bytes = co_await with_deadline(until_, answer->read());
            if (!bytes) co_return too_slow();
            if (!*bytes) break;
            auto piece = reader.read(**bytes, native);
            if (!piece) continue;
            begun = true;
            const auto before = now();
            const bool heard = co_await sound.send(std::move(*piece));
            if (!heard) co_return result<>();
            // Only the server is slow when it takes long, not who listens.
            until_ = later(until_, now() - before);
        }
        const auto whole = answer->end();
        if (!whole.ok()) {
            again_ = !begun && http::worth_retrying(whole.error());
            co_return server_.hide_key(whole.error());
        }
        if (!begun) co_return error(std::errc::bad_message, server_.where() + ": it sent no sound");
        if (reader.torn())
            co_return error(std::errc::bad_message, server_.where() + ": it sent half a sample");
        co_return result<>();
    }

    http::request request_for(const std::string& words) const {
        json::object body;
        body["model"] = options_.model;
        body["voice"] = options_.voice;
        body["response_format"] = "pcm";
        body["input"] = good(words);
        if (options_.speed != 1) body["speed"] = options_.speed;
        if (!options_.instructions.empty()) body["instructions"] = options_.instructions;
        http::request r = server_.request(options_.ca_file);
        r.body = json::serialize(body);
        r.headers.set("Content-Type", "application/json");
        r.connect_timeout = options_.connect_timeout;
        r.first_byte_timeout = options_.first_sound_timeout;
        r.idle_timeout = options_.idle_timeout;
        return r;
    }

    error too_slow() const {
        return {std::errc::timed_out, server_.where() + ": the sentence was not made within " +
                                          to_text(std::chrono::nanoseconds(options_.total_timeout))};
    }

    /// The server's own words for why it does not speak.
    task<result<>> refusal(http::response_stream& answer) {
        std::string body;
        while (body.size() < server_.most_refusal) {
            auto bytes = co_await with_deadline(until_, answer.read());
            if (!bytes || !*bytes) break;
            body += **bytes;
        }
        again_ = server_.worth_retrying(answer.status(), body);
        if (again_) wait_ = http::asked_wait(answer.headers());
        co_return server_.refusal(answer.status(), body, answer.ok() ? ", but no sound" : "");
    }

    static std::string good(std::string_view words) {
        std::string all;
        while (!words.empty()) {
            const auto c = rtai::detail::first_character(words);
            if (c.good && c.code != 0) all += words.substr(0, c.bytes);
            words.remove_prefix(c.bytes);
        }
        return all;
    }

    options options_;
    rtai::detail::openai_server server_;
    time_point until_{};  // the server is waited for
    // Of the last try.
    bool again_ = false;
    std::optional<duration> wait_;
};

}  // namespace rtai::tts

RTAI_ELEMENT(rtai::tts::openai, "Speaks with a voice of OpenAI's, or of any server that speaks the same.");
