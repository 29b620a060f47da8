#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <rtai/core/event.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/gateway/connection.hpp>
#include <rtai/gateway/message.hpp>
#include <rtai/gateway/protocol.hpp>
#include <rtai/gateway/sound.hpp>
#include <rtai/ws/message.hpp>
#include <rtai/ws/stream.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rtai::gateway {

/// A client that speaks the protocol of protocol.hpp over a WebSocket.
class websocket_connection final : public connection {
public:
    explicit websocket_connection(ws::stream& s) noexcept : socket_(s) {}

    /// Gives the client a moment to say how it wants things to be, before anybody speaks to it.
    task<> begin(std::chrono::milliseconds moment = std::chrono::milliseconds(2000)) {
        auto first = co_await with_timeout(moment, socket_.receive());
        if (!first.ok() || !first->has_value()) co_return;
        auto said = co_await understand(std::move(**first));
        early_ = std::move(said);
    }

    /// Notices that the client goes away, for as long as it runs.
    task<> watch() {
        co_await socket_.until_ending();
        gone_.set();
        event never;
        co_await never.wait();
    }

    task<std::optional<from_client>> receive() override {
        if (early_) co_return std::exchange(early_, std::nullopt);
        while (auto m = co_await socket_.receive()) {
            auto said = co_await understand(std::move(*m));
            if (said) co_return said;
            if (mistakes_ > most_mistakes) {
                trouble enough("bad_messages", "too many messages could not be read", true);
                const bool told = co_await send(std::move(enough));
                (void)told;
                socket_.close(ws::close_code::policy, "too many messages could not be read");
                break;
            }
        }
        co_return std::nullopt;
    }

    task<bool> send(to_client m) override {
        if (auto* a = std::get_if<audio>(&m)) co_return co_await send_sound(std::move(*a));
        // What is not yet sent of the machine's sound is not to be heard any more.
        if (const auto* h = std::get_if<happening>(&m); h != nullptr && h->what.what == what::interruption)
            (void)socket_.flush([](const ws::message& queued) { return !queued.is_text(); });
        const auto words = to_json_text(m, sound_.format());
        if (words.empty()) co_return true;
        ws::message text = ws::message::text(words);
        const bool taken = co_await socket_.send(std::move(text));
        co_return taken;
    }

    task<> close(ending why) override {
        socket_.close(code_of(why), reason_of(why));
        co_return;
    }

    event& gone() noexcept override { return gone_; }
    audio_format sound(audio_format offered) const override { return sound_.wants(offered); }
    std::string_view transport() const noexcept override { return "websocket"; }

    static std::uint16_t code_of(ending why) noexcept {
        switch (why) {
            case ending::drain:
                return ws::close_code::going_away;
            case ending::refused:
                return ws::close_code::policy;
            case ending::full:
                return ws::close_code::try_again_later;
            case ending::failed:
                return ws::close_code::internal_error;
            default:
                return ws::close_code::normal;
        }
    }

private:
    static constexpr int most_mistakes = 20;

    static std::string_view reason_of(ending why) noexcept {
        switch (why) {
            case ending::drain:
                return "the server is about to stop";
            case ending::refused:
                return "not allowed";
            case ending::full:
                return "no room for another session: try again later";
            case ending::failed:
                return "something went wrong";
            case ending::idle:
                return "nothing was said for too long";
            default:
                return "";
        }
    }

    /// What is for the session; the rest is answered here.
    task<std::optional<from_client>> understand(ws::message m) {
        auto word = m.is_text() ? reader_.text(m.text()) : reader_.binary(m.bytes());
        if (!word) {
            ++mistakes_;
            trouble t("bad_message", word.error().text);
            const bool told = co_await send(std::move(t));
            (void)told;
            co_return std::nullopt;
        }
        if (word->start) {
            reader_.hear_as(word->start->audio);
            sound_ = sound_writer(word->start->play);
        }
        if (word->answer) {
            ws::message text = ws::message::text(*word->answer);
            const bool told = co_await socket_.send(std::move(text));
            (void)told;
        }
        co_return std::move(word->said);
    }

    task<bool> send_sound(audio a) {
        std::vector<ws::message> pieces;
        auto written = sound_.write(std::move(a), [&](std::span<const std::byte> bytes, std::size_t) {
            pieces.push_back(ws::message::binary(bytes));
        });
        if (!written) co_return true;
        for (auto& piece : pieces) {
            const bool taken = co_await socket_.send(std::move(piece));
            if (!taken) co_return false;
        }
        co_return true;
    }

    ws::stream& socket_;
    client_reader reader_;
    sound_writer sound_;
    std::optional<from_client> early_;
    event gone_;
    int mistakes_ = 0;
};

}  // namespace rtai::gateway
