#pragma once

#include <boost/describe/enum.hpp>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <rtai/core/buffer.hpp>
#include <rtai/core/result.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/schema.hpp>
#include <rtai/data/utf8.hpp>
#include <rtai/media/framer.hpp>
#include <rtai/media/opus.hpp>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// Sound as it is on the wire: plain samples, or Opus.

namespace rtai::gateway {

enum class codec : std::uint8_t { pcm, opus };
BOOST_DESCRIBE_ENUM(codec, pcm, opus)

/// How a client sends its sound, or wants to be sent it.
struct wire_format {
    gateway::codec codec = gateway::codec::pcm;
    std::uint32_t rate = 0;  ///< 0: what suits the other side
    std::uint32_t channels = 1;
    RTAI_DESCRIBE(wire_format, codec, rate, channels)
    static void notes(rtai::notes<wire_format>& about) {
        about(&wire_format::channels, "1 or 2", range(1, 2));
    }

    bool operator==(const wire_format&) const noexcept = default;

    /// What is wrong with it; empty: nothing.
    std::string mistake() const {
        if (channels != 1 && channels != 2)
            return "sound has 1 or 2 channels, not " + std::to_string(channels);
        if (codec == gateway::codec::opus && rate != 0 && rate != 8'000 && rate != 12'000 && rate != 16'000 &&
            rate != 24'000 && rate != 48'000)
            return "Opus has rates of 8000, 12000, 16000, 24000 and 48000, not " + std::to_string(rate);
        if (rate != 0 && (rate < 8'000 || rate > 192'000))
            return "sound has a rate of 8000 to 192000, not " + std::to_string(rate);
        return {};
    }
};

/// What a client sent, for a message to it.
inline std::string shown_value(std::string_view text) {
    return rtai::detail::printable(rtai::detail::first_characters(text, 40));
}

/// Takes one of the settings by which clients of gRPC say how they want to hear the machine: "play.codec",
/// "play.rate", "play.channels". False: it is none of those.
inline result<bool> read_setting(wire_format& f, std::string_view name, std::string_view value) {
    const auto figure = [&](std::uint32_t& into) -> result<bool> {
        std::uint32_t number = 0;
        const auto [end, wrong] = std::from_chars(value.data(), value.data() + value.size(), number);
        if (wrong != std::errc() || end != value.data() + value.size())
            return error(std::errc::invalid_argument,
                         "'" + std::string(name) + "' is a number, not '" + shown_value(value) + "'");
        into = number;
        return true;
    };
    if (name == "play.rate") return figure(f.rate);
    if (name == "play.channels") return figure(f.channels);
    if (name != "play.codec") return false;
    if (value != "pcm" && value != "opus")
        return error(std::errc::invalid_argument,
                     "'play.codec' is pcm or opus, not '" + shown_value(value) + "'");
    f.codec = value == "opus" ? codec::opus : codec::pcm;
    return true;
}

/// From bytes to sound.
class sound_reader {
public:
    explicit sound_reader(wire_format f = {}) : format_(f) {
        if (format_.rate == 0) format_.rate = format_.codec == codec::opus ? 48'000 : 16'000;
        if (format_.codec == codec::opus) opus_.emplace(samples());
    }
    const wire_format& format() const noexcept { return format_; }

    result<audio> read(std::span<const std::byte> bytes) {
        if (opus_) return opus_->decode(bytes);
        const auto size = samples().frame_bytes();
        if (bytes.size() % size != 0)
            return error(std::errc::bad_message, "sound of " + std::to_string(bytes.size()) +
                                                     " bytes, which is no whole number of samples of " +
                                                     std::to_string(size) + " bytes");
        audio a(samples(), bytes.size() / size);
        if (!bytes.empty()) std::memcpy(a.s16().data(), bytes.data(), bytes.size());
        return a;
    }

private:
    audio_format samples() const noexcept {
        return {format_.rate, static_cast<std::uint8_t>(format_.channels)};
    }
    wire_format format_;
    std::optional<opus_decoder> opus_;
};

/// From sound to bytes: calls `send(bytes, frames)` for each piece that is ready.
class sound_writer {
public:
    explicit sound_writer(wire_format f = {}) : format_(f) {}
    const wire_format& format() const noexcept { return format_; }

    /// What it must be given, where the machine's own is `offered`.
    audio_format wants(audio_format offered) const noexcept {
        const auto channels = static_cast<std::uint8_t>(format_.channels);
        if (format_.rate != 0) return {format_.rate, channels};
        if (format_.codec == codec::pcm) return {offered.rate, channels};
        return {opus_has(offered.rate) ? offered.rate : 48'000, channels};
    }

    template <class Send>
    result<> write(audio a, Send&& send) {
        if (format_.codec == codec::pcm) {
            send(a.bytes(), a.frames());
            return {};
        }
        if (!encoder_ || made_for_ != a.format) {
            opus_options o;
            o.fec = false;  // nothing is lost on a stream
            encoder_.emplace(a.format, o);
            pieces_.emplace(a.format, a.format.frames_in(o.frame));
            made_for_ = a.format;
        }
        pieces_->put(std::move(a));
        while (auto piece = pieces_->take()) {
            auto packet = encoder_->encode(*piece);
            if (!packet) return packet.error();
            send(packet->bytes.span(), piece->frames());
        }
        return {};
    }

private:
    static constexpr bool opus_has(std::uint32_t rate) noexcept {
        return rate == 8'000 || rate == 12'000 || rate == 16'000 || rate == 24'000 || rate == 48'000;
    }

    wire_format format_;
    audio_format made_for_{0};
    std::optional<opus_encoder> encoder_;
    std::optional<framer> pieces_;
};

}  // namespace rtai::gateway
