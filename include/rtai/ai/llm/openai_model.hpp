#pragma once

#include <algorithm>
#include <optional>
#include <rtai/ai/detail/openai_server.hpp>
#include <rtai/ai/llm/detail/chat_reader.hpp>
#include <rtai/ai/llm/detail/chat_request.hpp>
#include <rtai/ai/llm/model.hpp>
#include <rtai/ai/llm/openai_options.hpp>
#include <rtai/core/channel.hpp>
#include <rtai/core/clock.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/units.hpp>
#include <rtai/http/client.hpp>
#include <rtai/http/retry.hpp>
#include <rtai/observe/traced_http.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace rtai::llm {

/// A model behind OpenAI's chat completions: OpenAI's own, or any server that speaks the same. A model for
/// one conversation: it remembers when the server wants to be left alone.
class openai_model {
public:
    explicit openai_model(openai_options o)
        : options_(std::move(o)), server_(options_.url, "/chat/completions", options_.key) {
        if (auto good = check_openai(options_); !good) throw std::runtime_error(good.error().text);
        settings_.model = options_.model;
        settings_.temperature = options_.temperature;
        settings_.max_tokens = options_.max_tokens;
        settings_.newer_names = rtai::detail::host_of(options_.url) == "api.openai.com";
        if (!options_.extra.empty()) settings_.extra = parse_json(options_.extra).value().as_object();
    }

    task<result<reply>> ask(request r, sender<std::string> pieces) {
        auto said = co_await answer(std::move(r), std::move(pieces));
        co_await server_.fared(said);
        co_return said;
    }

private:
    task<result<reply>> answer(request r, sender<std::string> pieces) {
        const auto body = detail::chat_request(r, settings_);
        if (!body) co_return body.error();
        attempt a;
        a.first_until = later(now(), options_.first_token_timeout);
        http::retry_options tries;
        tries.retries = options_.retries;
        http::backoff pause(tries, static_cast<std::uint64_t>(now().time_since_epoch().count()));
        if (left_alone_until_ > a.first_until)
            co_return error(
                std::errc::resource_unavailable_try_again,
                server_.where() + ": it wants to be left alone for " + seconds(left_alone_until_ - now()));
        co_await sleep_until(left_alone_until_);
        for (;;) {
            a.retry = false;
            a.wait.reset();
            auto said = co_await once(*body, pieces, a);
            if (said || !a.retry || a.begun) co_return said;
            if (a.wait) left_alone_until_ = later(now(), *a.wait);
            const auto wait = pause.next(a.wait);
            if (!wait) co_return said;
            if (later(now(), *wait) >= a.first_until) {
                auto e = said.error();
                e.text += "; there is no time for another try in " + seconds(*wait);
                co_return e;
            }
            co_await sleep_for(*wait);
        }
    }

    /// What one try tells the next.
    struct attempt {
        attempt() = default;
        time_point first_until{};
        bool begun = false;  ///< something of the answer was passed on
        bool retry = false;  ///< another try may help
        std::optional<duration> wait;
    };

    static std::string seconds(duration d) {
        return to_text(std::chrono::nanoseconds(std::chrono::ceil<std::chrono::milliseconds>(d)));
    }

    http::request request_for(const std::string& body) const {
        http::request r = server_.request(options_.ca_file);
        r.body = body;
        r.headers.set("Content-Type", "application/json");
        r.headers.set("Accept", "text/event-stream");
        for (const auto& [name, value] : options_.headers) r.headers.set(name, value);
        r.connect_timeout = options_.connect_timeout;
        // This class has its own, which keep-alives do not put off.
        r.first_byte_timeout = r.idle_timeout = std::chrono::milliseconds(0);
        return r;
    }

    error too_slow(const attempt& a) const {
        return {std::errc::timed_out,
                server_.where() +
                    (a.begun ? ": the answer did not go on for " +
                                   to_text(std::chrono::nanoseconds(options_.idle_timeout))
                             : ": the answer did not begin within " +
                                   to_text(std::chrono::nanoseconds(options_.first_token_timeout)))};
    }

    /// One request. What may be tried again is said in `a`.
    task<result<reply>> once(const std::string& body, const sender<std::string>& pieces, attempt& a) {
        auto stream = co_await with_deadline(a.first_until, observe::open(request_for(body)));
        if (!stream) {
            if (now() >= a.first_until) co_return too_slow(a);
            a.retry = http::worth_retrying(stream.error());
            co_return server_.hide_key(stream.error());
        }
        if (!stream->ok()) {
            auto refused = co_await refusal(*stream, a);
            co_return refused;
        }
        detail::chat_reader reader;
        auto until = a.first_until;
        std::size_t progress = 0;
        for (;;) {
            auto bytes = co_await with_deadline(until, stream->read());
            if (!bytes) {
                // The model is done, only the server forgets to say so.
                if (reader.finished()) break;
                a.begun = a.begun || progress > 0;
                co_return too_slow(a);
            }
            if (!*bytes) {
                if (auto whole = stream->end(); !whole && !reader.finished()) {
                    a.retry = http::worth_retrying(whole.error());
                    co_return whole.error();
                }
                break;
            }
            const auto fed = reader.feed(**bytes);
            const bool heard = co_await pass_on(reader, pieces, a);
            if (!heard) co_return nobody_listens();
            if (!fed) co_return server_.failure(fed.error());
            if (reader.finished()) {
                // Until its very end, so that the connection can be used again.
                until = std::min(until, later(now(), patience_at_end(reader)));
            } else if (reader.progress() > progress) {
                progress = reader.progress();
                until = later(now(), options_.idle_timeout);
            }
        }
        const auto whole = reader.finish();
        const bool heard = co_await pass_on(reader, pieces, a);
        if (!heard) co_return nobody_listens();
        if (!whole) {
            a.retry = reader.progress() == 0 && http::worth_retrying(whole.error());
            co_return server_.failure(whole.error());
        }
        left_alone_until_ = {};
        co_return reader.take_reply();
    }

    static error nobody_listens() {
        return {std::errc::operation_canceled, "nobody listens to the answer any more"};
    }

    task<bool> pass_on(detail::chat_reader& reader, const sender<std::string>& pieces, attempt& a) {
        auto words = reader.take_words();
        if (words.empty()) co_return true;
        a.begun = true;
        const bool sent = co_await pieces.send(std::move(words));
        co_return sent;
    }

    /// How long it is waited for the end of the stream: how many tokens it was may still be told.
    static duration patience_at_end(const detail::chat_reader& reader) {
        return std::chrono::milliseconds(reader.done() ? 100 : 1000);
    }

    /// The server's own words for an answer that is none.
    task<result<reply>> refusal(http::response_stream& stream, attempt& a) {
        std::string body;
        while (body.size() < server_.most_refusal) {
            auto bytes = co_await with_deadline(a.first_until, stream.read());
            if (!bytes || !*bytes) break;
            body += **bytes;
        }
        a.retry = server_.worth_retrying(stream.status(), body);
        if (a.retry) a.wait = http::asked_wait(stream.headers());
        co_return server_.refusal(stream.status(), body);
    }

    openai_options options_;
    rtai::detail::openai_server server_;
    detail::chat_settings settings_;
    time_point left_alone_until_{};
};

}  // namespace rtai::llm
