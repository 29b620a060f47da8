#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <rtai/core/buffer.hpp>
#include <rtai/core/result.hpp>
#include <rtai/data/base64.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/json.hpp>
#include <rtai/gateway/detail/figures.hpp>
#include <rtai/gateway/message.hpp>
#include <rtai/gateway/sound.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

// What a client and a gateway say to each other over a WebSocket: sound in binary messages, everything else
// as JSON. docs/gateway.md has it as a table.

namespace rtai::gateway {

/// The name of it, as a WebSocket subprotocol.
inline constexpr std::string_view talk_protocol = "rtai.v1";

/// What the first message of a client may ask for.
struct start_request {
    wire_format audio;
    wire_format play;
    RTAI_DESCRIBE(start_request, audio, play)
};

/// What became of a message from a client.
struct client_word {
    std::optional<from_client> said;     ///< for the session
    std::optional<start_request> start;  ///< the client says how it wants things to be
    std::optional<std::string> answer;   ///< for the client
};

/// Reads what a client says. What it can not make sense of is an error, in words for the client.
class client_reader {
public:
    void hear_as(const wire_format& f) { sound_ = sound_reader(f); }

    result<client_word> binary(std::span<const std::byte> bytes) {
        auto a = sound_.read(bytes);
        if (!a) return a.error();
        client_word w;
        w.said.emplace(std::in_place_type<audio>, std::move(*a));
        return w;
    }

    result<client_word> text(std::string_view words) {
        auto read = parse_json(words, 8);
        if (!read) return read.error();
        const auto type = text_of(*read, "type");
        client_word w;
        if (type == "start") return start(*read);
        if (type == "text") {
            const auto* said = find(*read, "text");
            const auto* as_text = said != nullptr ? said->if_string() : nullptr;
            if (as_text == nullptr) return wrong("a text message needs \"text\": the words");
            w.said.emplace(std::in_place_type<rtai::text>, std::string(*as_text));
        } else if (type == "interrupt") {
            w.said.emplace(std::in_place_type<control>, order::flush);
        } else if (type == "control") {
            w.said.emplace(std::in_place_type<control>, order::custom, std::string(text_of(*read, "detail")));
        } else if (type == "image") {
            return image_of(*read);
        } else if (type == "ping") {
            const auto* id = find(*read, "id");
            json::object pong{{"type", "pong"}};
            if (id != nullptr && (id->is_number() || id->is_string())) pong["id"] = *id;
            w.answer = json::serialize(pong);
        } else if (type == "pong") {
            return w;
        } else {
            return wrong(type.empty()
                             ? "a message needs a \"type\": start, text, interrupt, control, image or ping"
                             : "there is no message of type \"" + std::string(type.substr(0, 40)) +
                                   "\": use start, text, interrupt, control, image or ping");
        }
        return w;
    }

private:
    static rtai::error wrong(std::string words) { return {std::errc::bad_message, std::move(words)}; }

    static result<client_word> start(const json::value& v) {
        auto asked = v.as_object();
        asked.erase("type");
        auto read = from_json<start_request>(json::value(std::move(asked)), unknown_members::allowed);
        if (!read) return wrong("\"start\" can not be read: " + read.error().text);
        for (const auto& f : {read->audio, read->play})
            if (const auto mistake = f.mistake(); !mistake.empty()) return wrong("\"start\": " + mistake);
        client_word w;
        w.start = *read;
        return w;
    }

    static result<client_word> image_of(const json::value& v) {
        auto bytes = from_base64(text_of(v, "data"));
        if (!bytes) return wrong("an image needs \"data\" in base64");
        buffer held(bytes->size());
        if (!bytes->empty()) std::memcpy(held.data(), bytes->data(), bytes->size());
        const auto type = text_of(v, "media_type");
        client_word w;
        w.said.emplace(std::in_place_type<image>, std::string(type.empty() ? "image/jpeg" : type),
                       std::move(held));
        return w;
    }

    sound_reader sound_;
};

/// What a client is told, as JSON; nothing for sound, which is binary.
inline std::string to_json_text(const to_client& m, const wire_format& sound) {
    json::object all;
    if (const auto* w = std::get_if<welcome>(&m)) {
        all = {{"type", "ready"},
               {"session", w->session},
               {"play", json::object{{"codec", name_of(sound.codec)},
                                     {"rate", w->sound.rate},
                                     {"channels", w->sound.channels}}}};
        if (!w->trace.empty()) all["trace"] = w->trace;
    } else if (const auto* c = std::get_if<caption>(&m)) {
        all = {{"type", "text"},
               {"stream", c->stream},
               {"text", c->words.words},
               {"final", c->words.final},
               {"turn", c->words.stamp.epoch}};
    } else if (const auto* h = std::get_if<happening>(&m)) {
        all = {{"type", "event"},
               {"event", name_of(h->what.what)},
               {"detail", h->what.detail},
               {"turn", h->what.of},
               {"at", detail::seconds(h->since_start)}};
    } else if (const auto* t = std::get_if<turn_told>(&m)) {
        all = {{"type", "turn"},
               {"turn", t->of},
               {"asked", t->asked},
               {"said", t->said},
               {"interrupted", t->interrupted}};
        if (t->latency) all["latency"] = detail::latency_json(*t->latency);
    } else if (const auto* e = std::get_if<trouble>(&m)) {
        all = {{"type", "error"}, {"code", e->code}, {"message", e->message}, {"fatal", e->fatal}};
    } else if (const auto* i = std::get_if<image>(&m)) {
        all = {{"type", "image"}, {"media_type", i->media_type}, {"data", to_base64(i->bytes.span())}};
    } else if (const auto* v = std::get_if<video>(&m)) {
        all = {{"type", "video"}, {"codec", v->codec}, {"data", to_base64(v->bytes.span())}};
    } else if (const auto* o = std::get_if<control>(&m)) {
        all = {{"type", "control"}, {"order", name_of(o->order)}, {"detail", o->detail}};
    } else {
        return {};
    }
    return json::serialize(all);
}

}  // namespace rtai::gateway
