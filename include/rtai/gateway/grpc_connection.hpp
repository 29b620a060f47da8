#pragma once

#include <streamingai/v1/streaming_ai.pb.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <rtai/core/channel.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/data/utf8.hpp>
#include <rtai/gateway/connection.hpp>
#include <rtai/gateway/message.hpp>
#include <rtai/gateway/protocol.hpp>
#include <rtai/gateway/sound.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rtai::gateway {

namespace proto = streamingai::v1;

/// A client of `StreamingAIService.BiDirectionalStreaming`, over whatever carries its messages: `Stream` has
/// the `read` and `write_from` of an `rpc::stream`.
template <class Stream>
class grpc_connection final : public connection {
public:
    grpc_connection(Stream& s, std::string_view transport)
        : stream_(s), transport_(transport), queue_(64), to_(queue_.sender()), waiting_(queue_.receiver()) {}

    /// Gives the client a moment for its first message, which may name its session and say how it wants
    /// things to be. The name; empty: it has none.
    task<std::string> begin(std::chrono::milliseconds moment = std::chrono::milliseconds(2000)) {
        auto first = co_await with_timeout(moment, stream_.read());
        if (!first.ok()) co_return std::string();
        if (!first->has_value()) {
            over_ = true;
            co_return std::string();
        }
        early_ = std::move(**first);
        co_return early_->session_id();
    }
    /// What it is called in each message from here, and how the client wants to hear it, as far as its first
    /// message says nothing else.
    void call_it(std::string session, const wire_format& play = {}) {
        session_ = std::move(session);
        sound_ = sound_writer(play);
        if (early_ && early_->has_control() && early_->control().has_config())
            configure(early_->control().config());
    }

    /// Sends what `send` has queued, until `close`; to be run beside the session.
    task<> carry() {
        co_await stream_.write_from(queue_.receiver());
        sent_.set();
    }

    task<std::optional<from_client>> receive() override {
        for (;;) {
            if (over_) co_return std::nullopt;
            auto m = std::exchange(early_, std::nullopt);
            if (!m) m = co_await stream_.read();
            if (!m) break;
            if (m->has_control()) {
                const bool goes_on = co_await obey(m->control());
                if (interrupted_) {
                    interrupted_ = false;
                    co_return from_client(std::in_place_type<control>, order::flush);
                }
                if (!goes_on) break;
                continue;
            }
            auto said = understand(*m);
            if (said) co_return std::move(*said);
            trouble t("bad_message", said.error().text);
            const bool told = co_await send(std::move(t));
            if (!told) break;
        }
        co_return std::nullopt;
    }

    task<bool> send(to_client m) override {
        if (auto* a = std::get_if<audio>(&m)) co_return co_await send_sound(std::move(*a));
        // What is not yet sent of the machine's sound is not to be heard any more.
        if (const auto* h = std::get_if<happening>(&m); h != nullptr && h->what.what == what::interruption)
            (void)waiting_.flush([](const proto::StreamMessage& queued) { return queued.has_audio(); });
        proto::StreamMessage message = blank();
        fill(message, m);
        const bool taken = co_await to_.send(std::move(message));
        co_return taken;
    }

    task<> close(ending why) override {
        proto::StreamMessage message = blank();
        message.set_type(proto::MESSAGE_TYPE_CONTROL);
        message.mutable_control()->set_control_type(proto::CONTROL_TYPE_STATE_CHANGE);
        message.mutable_control()->mutable_state_change()->set_state(
            why == ending::failed ? proto::CONNECTION_STATE_FAILED : proto::CONNECTION_STATE_DISCONNECTED);
        (*message.mutable_metadata())["reason"] = reason_of(why);
        auto last = co_await with_timeout(last_words, to_.send(std::move(message)));
        (void)last;
        to_.reset();
        auto done = co_await with_timeout(last_words, sent_.wait());
        (void)done;
    }

    event& gone() noexcept override { return gone_; }
    audio_format sound(audio_format offered) const override { return sound_.wants(offered); }
    std::string_view transport() const noexcept override { return transport_; }

private:
    static constexpr std::chrono::milliseconds last_words{2000};

    static std::string reason_of(ending why) {
        switch (why) {
            case ending::drain:
                return "drain";
            case ending::idle:
                return "idle";
            case ending::failed:
                return "failed";
            case ending::refused:
                return "refused";
            case ending::full:
                return "full";
            default:
                return "done";
        }
    }

    proto::StreamMessage blank() const {
        proto::StreamMessage message;
        message.set_session_id(session_);
        message.set_timestamp(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                  std::chrono::system_clock::now().time_since_epoch())
                                  .count());
        return message;
    }

    // --- From the client ---------------------------------------------------------------------------------

    result<from_client> understand(const proto::StreamMessage& m) {
        if (m.has_audio()) return sound_of(m.audio());
        if (m.has_text()) {
            if (!is_text(m.text().data())) return error(std::errc::bad_message, "a text is not in UTF-8");
            return from_client(std::in_place_type<text>, m.text().data());
        }
        if (m.has_video()) {
            const auto& v = m.video();
            buffer bytes(v.data().size());
            if (!v.data().empty()) std::memcpy(bytes.data(), v.data().data(), v.data().size());
            if (v.media_type().starts_with("image/"))
                return from_client(std::in_place_type<image>, v.media_type(), std::move(bytes));
            video frame(v.codec(), std::move(bytes));
            frame.width = static_cast<std::uint32_t>(std::max(0, v.width()));
            frame.height = static_cast<std::uint32_t>(std::max(0, v.height()));
            return from_client(std::in_place_type<video>, std::move(frame));
        }
        return error(std::errc::bad_message, "a message holds nothing: set audio, video, text or control");
    }

    static bool is_text(std::string_view all) noexcept {
        while (!all.empty()) {
            const auto c = rtai::detail::first_character(all);
            if (!c.good) return false;
            all.remove_prefix(c.bytes);
        }
        return true;
    }

    result<from_client> sound_of(const proto::AudioFrame& a) {
        wire_format f;
        if (a.codec() == "opus" || a.media_type() == "audio/opus") f.codec = codec::opus;
        else if (!a.codec().empty() && a.codec() != "pcm")
            return error(std::errc::bad_message,
                         "there is no codec '" + a.codec().substr(0, 40) + "': use pcm or opus");
        f.rate = static_cast<std::uint32_t>(std::max(0, a.sample_rate()));
        f.channels = static_cast<std::uint32_t>(std::max(0, a.channels()));
        if (f.channels == 0) f.channels = 1;
        if (f != heard_) {
            if (const auto mistake = f.mistake(); !mistake.empty())
                return error(std::errc::bad_message, mistake);
            reader_ = sound_reader(f);
            heard_ = f;
        }
        auto made = reader_.read(std::as_bytes(std::span(a.data())));
        if (!made) return made.error();
        return from_client(std::in_place_type<audio>, std::move(*made));
    }

    /// False: the client wants to end.
    task<bool> obey(const proto::ControlMessage& c) {
        if (c.control_type() == proto::CONTROL_TYPE_PING) {
            proto::StreamMessage pong = blank();
            pong.set_type(proto::MESSAGE_TYPE_CONTROL);
            pong.mutable_control()->set_control_type(proto::CONTROL_TYPE_PONG);
            const bool taken = co_await to_.send(std::move(pong));
            co_return taken;
        }
        if (c.has_config()) configure(c.config());
        const bool leaves =
            c.has_state_change() && c.state_change().state() == proto::CONNECTION_STATE_DISCONNECTED;
        over_ = over_ || leaves;
        co_return !leaves;
    }

    void configure(const proto::ConfigUpdate& c) {
        wire_format f = sound_.format();
        for (const auto& [name, value] : c.settings()) {
            if (name == "interrupt") interrupted_ = value != "false";
            else (void)read_setting(f, name, value);
        }
        if (f != sound_.format() && f.mistake().empty()) sound_ = sound_writer(f);
    }

    // --- To the client -----------------------------------------------------------------------------------

    task<bool> send_sound(audio a) {
        const auto format = a.format;
        std::vector<proto::StreamMessage> pieces;
        const bool opus = sound_.format().codec == codec::opus;
        auto written = sound_.write(std::move(a), [&](std::span<const std::byte> bytes, std::size_t frames) {
            proto::StreamMessage message = blank();
            message.set_type(proto::MESSAGE_TYPE_AUDIO);
            auto& sound = *message.mutable_audio();
            sound.set_data(bytes.data(), bytes.size());
            sound.set_sample_rate(static_cast<int>(format.rate));
            sound.set_channels(format.channels);
            sound.set_media_type(opus ? "audio/opus" : "audio/x-raw");
            sound.set_codec(opus ? "opus" : "pcm");
            sound.set_duration_ms(static_cast<int>(format.time_of(frames) / std::chrono::milliseconds(1)));
            pieces.push_back(std::move(message));
        });
        if (!written) co_return true;
        for (auto& piece : pieces) {
            const bool taken = co_await to_.send(std::move(piece));
            if (!taken) co_return false;
        }
        co_return true;
    }

    void fill(proto::StreamMessage& message, const to_client& m) const {
        auto& more = *message.mutable_metadata();
        if (const auto* c = std::get_if<caption>(&m)) {
            message.set_type(proto::MESSAGE_TYPE_TEXT);
            message.mutable_text()->set_data(c->words.words);
            message.mutable_text()->set_text_type("plain");
            more["stream"] = c->stream;
            more["final"] = c->words.final ? "true" : "false";
            more["turn"] = std::to_string(c->words.stamp.epoch);
        } else if (const auto* w = std::get_if<welcome>(&m)) {
            message.set_type(proto::MESSAGE_TYPE_CONTROL);
            message.mutable_control()->set_control_type(proto::CONTROL_TYPE_STATE_CHANGE);
            message.mutable_control()->mutable_state_change()->set_state(proto::CONNECTION_STATE_CONNECTED);
            more["play.codec"] = name_of(sound_.format().codec);
            more["play.rate"] = std::to_string(w->sound.rate);
            more["play.channels"] = std::to_string(w->sound.channels);
            if (!w->trace.empty()) more["trace"] = w->trace;
        } else if (const auto* t = std::get_if<trouble>(&m)) {
            message.set_type(proto::MESSAGE_TYPE_CONTROL);
            message.mutable_control()->set_control_type(proto::CONTROL_TYPE_ERROR);
            message.mutable_control()->mutable_error()->set_code(t->code);
            message.mutable_control()->mutable_error()->set_message(t->message);
            more["fatal"] = t->fatal ? "true" : "false";
        } else if (const auto* i = std::get_if<image>(&m)) {
            message.set_type(proto::MESSAGE_TYPE_VIDEO);
            message.mutable_video()->set_data(i->bytes.data(), i->bytes.size());
            message.mutable_video()->set_media_type(i->media_type);
        } else if (const auto* v = std::get_if<video>(&m)) {
            message.set_type(proto::MESSAGE_TYPE_VIDEO);
            message.mutable_video()->set_data(v->bytes.data(), v->bytes.size());
            message.mutable_video()->set_codec(v->codec);
            message.mutable_video()->set_media_type("video/" + v->codec);
        } else {
            // What the conversation does, as over a WebSocket.
            message.set_type(proto::MESSAGE_TYPE_TEXT);
            message.mutable_text()->set_data(to_json_text(m, sound_.format()));
            message.mutable_text()->set_text_type("json");
        }
    }

    Stream& stream_;
    std::string_view transport_;
    std::string session_;
    std::optional<proto::StreamMessage> early_;
    channel<proto::StreamMessage> queue_;
    sender<proto::StreamMessage> to_;
    receiver<proto::StreamMessage> waiting_;
    wire_format heard_{codec::pcm, 0, 0};
    sound_reader reader_;
    sound_writer sound_;
    event gone_;
    event sent_;
    bool over_ = false;
    bool interrupted_ = false;
};

}  // namespace rtai::gateway
