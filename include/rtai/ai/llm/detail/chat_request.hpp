#pragma once

#include <optional>
#include <rtai/ai/llm/model.hpp>
#include <rtai/core/result.hpp>
#include <rtai/data/json.hpp>
#include <string>
#include <string_view>
#include <utility>

// A request as OpenAI's chat completions want it.

namespace rtai::llm::detail {

struct chat_settings {
    std::string model;
    std::optional<double> temperature;
    std::uint32_t max_tokens = 0;
    bool newer_names = false;  ///< what OpenAI itself takes by now, and others not yet
    json::object extra;
};

inline json::value chat_content(const message& m) {
    if (m.images.empty()) return json::value(m.words);
    json::array parts;
    if (!m.words.empty()) parts.push_back(json::object{{"type", "text"}, {"text", m.words}});
    for (const auto& url : m.images)
        parts.push_back(json::object{{"type", "image_url"}, {"image_url", json::object{{"url", url}}}});
    return parts;
}

inline json::object chat_message(const message& m) {
    json::object out;
    out["role"] = name_of(m.role);
    out["content"] = chat_content(m);
    if (m.role == role::tool) out["tool_call_id"] = m.call;
    if (m.calls.empty()) return out;
    if (m.words.empty() && m.images.empty()) out["content"] = nullptr;
    json::array calls;
    for (const auto& c : m.calls)
        calls.push_back(json::object{
            {"id", c.id},
            {"type", "function"},
            {"function",
             json::object{{"name", c.name}, {"arguments", c.arguments.empty() ? "{}" : c.arguments}}}});
    out["tool_calls"] = std::move(calls);
    return out;
}

inline result<std::string> chat_request(const request& r, const chat_settings& s) {
    json::object out;
    out["model"] = s.model;
    out["stream"] = true;
    out["stream_options"] = json::object{{"include_usage", true}};
    json::array messages;
    for (const auto& m : r.messages) messages.push_back(chat_message(m));
    out["messages"] = std::move(messages);
    if (s.temperature) out["temperature"] = *s.temperature;
    if (s.max_tokens > 0) out[s.newer_names ? "max_completion_tokens" : "max_tokens"] = s.max_tokens;
    json::array tools;
    for (const auto& t : r.tools) {
        json::object function{{"name", t.name}, {"description", t.about}};
        if (!t.parameters.empty()) {
            auto parameters = parse_json(t.parameters);
            if (!parameters)
                return error(std::errc::invalid_argument,
                             "the parameters of the tool '" + t.name + "': " + parameters.error().text);
            function["parameters"] = std::move(*parameters);
        }
        tools.push_back(json::object{{"type", "function"}, {"function", std::move(function)}});
    }
    if (!tools.empty()) out["tools"] = std::move(tools);
    for (const auto& [name, value] : s.extra) out[name] = value;
    return json::serialize(out);
}

}  // namespace rtai::llm::detail
