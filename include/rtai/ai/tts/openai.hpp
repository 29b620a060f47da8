#pragma once

#include <algorithm>
#include <bit>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <rtai/ai/tts/speaker.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/json.hpp>
#include <rtai/data/secret.hpp>
#include <rtai/data/utf8.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/http/client.hpp>
#include <rtai/http/retry.hpp>
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
        std::chrono::milliseconds connect_timeout{3000};
        std::chrono::milliseconds first_sound_timeout{10'000};
        std::chrono::milliseconds idle_timeout{5000};
        std::uint32_t retries = 1;
        bool read_ahead = true;
        RTAI_DESCRIBE(options, url, model, voice, speed, instructions, key, connect_timeout,
                      first_sound_timeout, idle_timeout, retries, read_ahead)

        static void notes(rtai::notes<options>& about) {
            about(&options::url, "where the server is, up to its version");
            about(&options::model, "the model, by the server's name for it");
            about(&options::voice, "who speaks, by the server's name");
            about(&options::speed, "2 is twice as fast; not every model minds", range(0.25, 4));
            about(&options::instructions, "how it is to be said: 'calm and warm'; not every model minds");
            about(&options::key, "the key for the server; OpenAI's own needs one");
            about(&options::connect_timeout, "a server that can not be reached for so long is down",
                  range(1, 60'000));
            about(&options::first_sound_timeout, "a sentence that has not begun for so long has failed",
                  range(1, 600'000));
            about(&options::idle_timeout, "a sentence that does not go on for so long has failed",
                  range(1, 600'000));
            about(&options::retries, "how often a request is tried again when that may help", range(0, 10));
            about(&options::read_ahead, "makes a sentence while the one before it is being sent");
        }
    };

    openai() : openai(options()) {}
    explicit openai(options o) : options_(std::move(o)) {}

    static result<> available(const options& o) {
        if (!o.url.starts_with("http://") && !o.url.starts_with("https://"))
            return error(std::errc::invalid_argument,
                         "the 'url' of tts.openai begins with http:// or https://, not as '" + o.url + "'");
        if (o.key.empty() && o.url.find("://api.openai.com") != std::string::npos)
            return error(std::errc::invalid_argument,
                         "tts.openai has no 'key', which api.openai.com needs: set it to ${OPENAI_API_KEY}");
        return {};
    }

    input<text> in;
    output<audio, rates<24'000>, channels<1>, encodings<encoding::s16>, can_wait> out;
    output<moment> events;
    RTAI_DESCRIBE(openai, in, out, events)

    task<> run() { co_await speak(in, out, events, *this, "tts.openai", options_.read_ahead); }

    task<result<>> say(std::string words, sender<audio> sound) {
        http::retry_options tries;
        tries.retries = options_.retries;
        http::backoff pause(tries, static_cast<std::uint64_t>(now().time_since_epoch().count()));
        for (;;) {
            again_ = false;
            wait_.reset();
            auto said = co_await once(words, sound);
            if (said.ok() || !again_) co_return said;
            const auto wait = pause.next(wait_);
            // Who listens does not wait longer than for an answer.
            if (!wait || *wait > options_.first_sound_timeout) co_return said;
            co_await sleep_for(*wait);
        }
    }

private:
    task<result<>> once(const std::string& words, const sender<audio>& sound) {
        http::request asked = request_for(words);
        auto answer = co_await http::open(std::move(asked));
        if (!answer.ok()) {
            again_ = http::worth_retrying(answer.error());
            co_return failure(answer.error().code, answer.error().text);
        }
        const auto type = answer->headers().find("content-type").value_or("");
        if (!answer->ok() || type.find("json") != std::string_view::npos || type.starts_with("text/")) {
            const auto refused = co_await refusal(*answer);
            co_return refused;
        }
        detail::pcm_reader reader;
        bool begun = false;
        while (auto bytes = co_await answer->read()) {
            auto piece = reader.read(*bytes, native);
            if (!piece) continue;
            begun = true;
            if (!co_await sound.send(std::move(*piece))) co_return result<>();
        }
        const auto whole = answer->end();
        if (!whole.ok()) {
            again_ = !begun && http::worth_retrying(whole.error());
            co_return failure(whole.error().code, whole.error().text);
        }
        if (!begun)
            co_return failure(std::make_error_code(std::errc::bad_message), where() + ": it sent no sound");
        if (reader.torn())
            co_return failure(std::make_error_code(std::errc::bad_message),
                              where() + ": it sent half a sample");
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
        http::request r(address());
        r.body = json::serialize(body);
        r.headers.set("Content-Type", "application/json");
        if (!options_.key.empty()) r.headers.set("Authorization", "Bearer " + options_.key.reveal());
        r.connect_timeout = options_.connect_timeout;
        r.first_byte_timeout = options_.first_sound_timeout;
        r.idle_timeout = options_.idle_timeout;
        return r;
    }

    /// The server's own words for why it does not speak.
    task<result<>> refusal(http::response_stream& answer) {
        constexpr std::size_t most = 16 * 1024;
        std::string body;
        while (body.size() < most) {
            auto bytes = co_await answer.read();
            if (!bytes) break;
            body += *bytes;
        }
        again_ =
            http::worth_retrying(answer.status()) && body.find("insufficient_quota") == std::string::npos;
        if (again_) wait_ = http::asked_wait(answer.headers());
        std::string told = told_in(body);
        const std::string said = where() + ": status " + std::to_string(answer.status()) +
                                 (answer.ok() ? ", but no sound" : "") + (told.empty() ? "" : ": " + told);
        const auto code = answer.status() == 401 || answer.status() == 403 ? std::errc::permission_denied
                                                                           : std::errc::io_error;
        co_return failure(std::make_error_code(code), said);
    }
    static std::string told_in(const std::string& body) {
        const auto read = parse_json(body);
        if (!read.ok()) {
            if (body.find('<') != std::string::npos) return {};
            return printable(rtai::detail::first_characters(body, 300));
        }
        const json::value* told = &*read;
        for (const auto* name : {"error", "detail", "message"})
            if (const auto* o = told->if_object())
                if (const auto* inner = o->if_contains(name)) told = inner;
        const auto* words = told->if_string();
        return words == nullptr
                   ? std::string()
                   : printable(rtai::detail::first_characters({words->data(), words->size()}, 300));
    }
    static std::string printable(std::string_view words) { return rtai::detail::printable(words); }

    static std::string good(std::string_view words) {
        std::string all;
        while (!words.empty()) {
            const auto c = rtai::detail::first_character(words);
            if (c.good && c.code != 0) all += words.substr(0, c.bytes);
            words.remove_prefix(c.bytes);
        }
        return all;
    }

    /// Servers repeat a key that they do not know, or the ends of it with stars between.
    error failure(std::error_code code, std::string words) const {
        const std::string& key = options_.key.reveal();
        if (!key.empty())
            for (std::size_t at = 0; (at = words.find(key, at)) != std::string::npos;)
                words.replace(at, key.size(), "(key)");
        for (std::size_t at = 0; (at = words.find("**", at)) != std::string::npos;) {
            const auto begin = words.find_last_of(" \n'\":", at) + 1;
            const auto end = std::min(words.find_first_of(" \n'\":", at), words.size());
            words.replace(begin, end - begin, "(key)");
            at = begin;
        }
        return error(code, std::move(words));
    }

    std::string address() const {
        std::string base = options_.url;
        while (base.ends_with('/')) base.pop_back();
        return base.ends_with("/audio/speech") ? base : base + "/audio/speech";
    }
    std::string where() const { return http::shown_url(address()); }

    options options_;
    // Of the last try.
    bool again_ = false;
    std::optional<duration> wait_;
};

}  // namespace rtai::tts

RTAI_ELEMENT(rtai::tts::openai, "Speaks with a voice of OpenAI's, or of any server that speaks the same.");
