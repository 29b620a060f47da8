#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/json.hpp>
#include <rtai/http/client.hpp>
#include <rtai/http/retry.hpp>
#include <rtai/observe/detail/escape.hpp>
#include <rtai/observe/trace.hpp>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

// Traces for a collector, by OTLP over HTTP in JSON. Link with curl and boost_json.

namespace rtai::observe {

namespace detail {

inline json::object otlp_value(const span_record::value& v) {
    return std::visit(
        [](const auto& held) -> json::object {
            using type = std::remove_cvref_t<decltype(held)>;
            if constexpr (std::is_same_v<type, std::string>) return {{"stringValue", clean_utf8(held)}};
            else if constexpr (std::is_same_v<type, bool>) return {{"boolValue", held}};
            else if constexpr (std::is_same_v<type, double>) return {{"doubleValue", to_json(held)}};
            else return {{"intValue", std::to_string(held)}};  // 64 bits are a text in this JSON
        },
        v);
}

inline json::object otlp_attribute(std::string_view name, const span_record::value& v) {
    return {{"key", clean_utf8(name)}, {"value", otlp_value(v)}};
}

inline json::object otlp_span(const span_record& s) {
    const auto time = [](span_record::calendar_time t) {
        return std::to_string(t.time_since_epoch().count());
    };
    json::array attributes;
    for (const auto& [name, value] : s.attributes) attributes.push_back(otlp_attribute(name, value));
    json::object out{{"traceId", to_text(s.context.trace)}, {"spanId", to_text(s.context.span)},
                     {"name", clean_utf8(s.name)},          {"kind", static_cast<int>(s.kind)},
                     {"startTimeUnixNano", time(s.start)},  {"endTimeUnixNano", time(s.end)},
                     {"attributes", std::move(attributes)}, {"flags", s.context.sampled ? 1 : 0}};
    if (s.parent) out["parentSpanId"] = to_text(s.parent);
    if (s.attributes_left_out > 0) out["droppedAttributesCount"] = s.attributes_left_out;
    if (s.failed) out["status"] = json::object{{"code", 2}, {"message", clean_utf8(s.failure)}};
    return out;
}

}  // namespace detail

/// The body of a request to a collector.
inline std::string to_otlp(std::span<const span_record> spans, std::string_view service) {
    json::array all;
    for (const auto& s : spans) all.push_back(detail::otlp_span(s));
    json::array about{detail::otlp_attribute("service.name", std::string(service))};
    json::object scope{{"scope", json::object{{"name", "rtai"}}}, {"spans", std::move(all)}};
    json::object resource{{"resource", json::object{{"attributes", std::move(about)}}},
                          {"scopeSpans", json::array{std::move(scope)}}};
    return json::serialize(json::object{{"resourceSpans", json::array{std::move(resource)}}});
}

struct otlp_settings {
    otlp_settings() = default;
    otlp_settings(std::string u, std::string s) : url(std::move(u)), service(std::move(s)) {}

    std::string url;  ///< of a collector: "http://localhost:4318"
    std::string service;
    http::header_list headers;  ///< for a collector that wants a key; shown nowhere
    std::chrono::milliseconds every{1000};
    std::chrono::milliseconds patience{10'000};  ///< with one request
    std::size_t batch = 512;
    http::retry_options retry;
    /// Hears what went wrong when it begins, and that it is good again.
    std::function<void(const std::string&)> tell;
};

/// Sends what a tracer keeps to a collector. A collector that is slow or away costs spans, and nothing else.
class otlp_exporter {
public:
    using poster = std::function<task<result<http::response>>(http::request)>;

    otlp_exporter(tracer& from, otlp_settings s, poster post = http::fetch)
        : from_(from), settings_(std::move(s)), post_(std::move(post)), chance_(settings_.url.size()) {
        constexpr std::string_view path = "/v1/traces";
        while (settings_.url.ends_with('/')) settings_.url.pop_back();
        if (!settings_.url.ends_with(path)) settings_.url += path;
    }

    /// Until it is cancelled.
    task<> run() {
        for (;;) {
            co_await sleep_for(settings_.every);
            co_await flush();
        }
    }

    /// What waits now, to the end of it or until something can not be sent.
    task<> flush() {
        bool more = true;
        while (more) {
            const auto batch = from_.take(settings_.batch);
            if (batch.empty()) co_return;
            const auto sent = co_await send(batch);
            more = sent && batch.size() == settings_.batch;
        }
    }

    std::uint64_t sent() const noexcept { return sent_; }
    /// That the collector did not take; the tracer knows of those that it had no room for.
    std::uint64_t lost() const noexcept { return lost_; }

private:
    task<bool> send(const std::vector<span_record>& batch) {
        const auto body = to_otlp(batch, settings_.service);
        http::backoff backoff(settings_.retry, ++chance_);
        std::string wrong;
        for (;;) {
            auto asked = request_with(body);
            auto answer = co_await post_(std::move(asked));
            if (answer && answer->ok()) {
                count(batch.size(), answer->body);
                co_return true;
            }
            wrong = answer ? http::shown_url(settings_.url) + ": status " + std::to_string(answer->status)
                           : answer.error().message();
            const bool again =
                answer ? http::worth_retrying(answer->status) : http::worth_retrying(answer.error());
            const auto told = answer ? http::asked_wait(answer->headers) : std::nullopt;
            const auto wait = again ? backoff.next(told) : std::nullopt;
            if (!wait) break;
            co_await sleep_for(*wait);
        }
        lost_ += batch.size();
        say("traces are lost: " + wrong);
        co_return false;
    }

    http::request request_with(const std::string& body) const {
        http::request r(settings_.url);
        r.headers = settings_.headers;
        r.headers.set("Content-Type", "application/json");
        r.body = body;
        r.total_timeout = settings_.patience;
        r.most_body = 64 * 1024;
        return r;
    }

    /// A collector may take a part, and say of how many it did not.
    void count(std::size_t spans, std::string_view body) {
        std::uint64_t refused = 0;
        if (const auto read = parse_json(body, 16); read)
            if (const auto* partial = find(*read, "partialSuccess")) {
                const auto* figure = find(*partial, "rejectedSpans");
                if (figure != nullptr && figure->is_int64())
                    refused = static_cast<std::uint64_t>(std::max<std::int64_t>(0, figure->as_int64()));
                const auto text = text_of(*partial, "rejectedSpans");
                std::from_chars(text.data(), text.data() + text.size(), refused);
            }
        refused = std::min<std::uint64_t>(refused, spans);
        sent_ += spans - refused;
        lost_ += refused;
        say(refused == 0 ? "" : "the collector refuses spans");
    }

    void say(std::string words) {
        if (words.empty() != trouble_.empty() && settings_.tell)
            settings_.tell(words.empty() ? "traces are sent again" : words);
        trouble_ = std::move(words);
    }

    tracer& from_;
    otlp_settings settings_;
    poster post_;
    std::uint64_t chance_;
    std::uint64_t sent_ = 0, lost_ = 0;
    std::string trouble_;
};

}  // namespace rtai::observe
