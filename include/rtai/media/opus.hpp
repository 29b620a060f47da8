#pragma once

#if __has_include(<opus.h>)
#include <opus.h>
#else
#include <opus/opus.h>
#endif

#include <algorithm>
#include <array>
#include <boost/describe/enum.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <rtai/core/buffer.hpp>
#include <rtai/core/clock.hpp>
#include <rtai/core/result.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/packet.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>

// Opus by libopus. Encoder and decoder each run at any of 8, 12, 16, 24 and 48 kHz, whatever the other side
// does, so that nothing need be resampled.

namespace rtai {

enum class opus_application : std::uint8_t { voip, audio, low_delay };
BOOST_DESCRIBE_ENUM(opus_application, voip, audio, low_delay)

struct opus_options {
    std::uint32_t bit_rate = 32'000;
    std::uint32_t complexity = 5;
    bool fec = true;
    std::uint32_t expected_loss = 5;
    bool dtx = false;
    opus_application application = opus_application::voip;
    std::chrono::microseconds frame{20'000};
    RTAI_DESCRIBE(opus_options, bit_rate, complexity, fec, expected_loss, dtx, application, frame)

    static void notes(rtai::notes<opus_options>& about) {
        about(&opus_options::bit_rate, "bits a second; speech is clear from 16000 on", range(500, 512'000));
        about(&opus_options::complexity, "how much work the sound is worth", range(0, 10));
        about(&opus_options::fec, "packets also carry a coarse copy of the one before, if loss is expected");
        about(&opus_options::expected_loss, "how many packets in a hundred are lost", range(0, 100));
        about(&opus_options::dtx, "next to nothing is sent while nobody speaks");
        about(&opus_options::application,
              "what the sound is: speech, any sound, or any with the least delay");
        about(&opus_options::frame, "how much sound goes into a packet: 2.5, 5, 10, 20, 40 or 60 ms",
              range(0.0025, 0.06));
    }
};

/// The largest packet there can be: 48 frames, with their lengths.
inline constexpr std::size_t opus_largest_packet = std::size_t{48} * (1275 + 2) + 2;

constexpr bool is_opus_rate(std::uint32_t rate) noexcept {
    return rate == 8'000 || rate == 12'000 || rate == 16'000 || rate == 24'000 || rate == 48'000;
}

namespace detail {

using opus_bytes = std::span<const std::byte>;

inline const unsigned char* opus_data(opus_bytes p) noexcept {
    return reinterpret_cast<const unsigned char*>(p.data());
}

inline error opus_packet_error(opus_bytes p, const std::string& why) {
    return {std::errc::bad_message, "an Opus packet of " + std::to_string(p.size()) + " bytes " + why};
}

inline std::invalid_argument opus_refusal(const std::string& what, const std::string& why) {
    return std::invalid_argument("can not " + what + " Opus: " + why);
}

inline void check_opus_format(const audio_format& f, const std::string& what) {
    if (!is_opus_rate(f.rate))
        throw opus_refusal(what, "its rates are 8, 12, 16, 24 and 48 kHz, not " + std::to_string(f.rate) +
                                     " Hz: convert the sound");
    if (f.channels != 1 && f.channels != 2)
        throw opus_refusal(what, "it has 1 or 2 channels, not " + std::to_string(f.channels));
}

struct opus_closer {
    void operator()(OpusEncoder* e) const noexcept { opus_encoder_destroy(e); }
    void operator()(OpusDecoder* d) const noexcept { opus_decoder_destroy(d); }
};

}  // namespace detail

/// How much sound is in a packet, as its bytes say; an error if it is none.
inline result<duration> opus_duration(std::span<const std::byte> p) {
    if (p.empty()) return detail::opus_packet_error(p, "is empty: conceal what is missing instead");
    if (p.size() > opus_largest_packet)
        return detail::opus_packet_error(
            p, "can not be: the largest has " + std::to_string(opus_largest_packet));
    std::array<opus_int16, 48> sizes{};
    const int frames = opus_packet_parse(detail::opus_data(p), static_cast<opus_int32>(p.size()), nullptr,
                                         nullptr, sizes.data(), nullptr);
    if (frames <= 0) return detail::opus_packet_error(p, "is broken: its frames do not fit into it");
    const int samples = frames * opus_packet_get_samples_per_frame(detail::opus_data(p), 48'000);
    return audio_format(48'000).time_of(static_cast<std::size_t>(samples));
}

/// Whether the packet carries a copy of the one before it, for `opus_decoder::recover`.
inline bool opus_has_copy(std::span<const std::byte> p) {
    std::array<const unsigned char*, 48> frames{};
    std::array<opus_int16, 48> sizes{};
    // The first bit of the first byte: nothing but CELT, which has no copies.
    if (p.empty() || p.size() > opus_largest_packet || (std::to_integer<unsigned>(p[0]) & 0x80U) != 0)
        return false;
    const auto* data = detail::opus_data(p);
    if (opus_packet_parse(data, static_cast<opus_int32>(p.size()), nullptr, frames.data(), sizes.data(),
                          nullptr) <= 0 ||
        sizes[0] == 0)
        return false;
    // Each channel's header: a bit of speech for each 20 ms of the frame, and one that says there is a copy.
    const int parts = std::max(opus_packet_get_samples_per_frame(data, 48'000) / 960, 1);
    const unsigned header = *frames[0];
    const bool first = (header >> (7 - parts) & 1U) != 0;
    return first || (opus_packet_get_nb_channels(data) == 2 && (header >> (6 - 2 * parts) & 1U) != 0);
}

/// Whether the packet only says that nobody speaks (DTX), and need not be sent.
inline bool opus_says_nothing(std::span<const std::byte> p) noexcept { return p.size() <= 2; }

/// Makes packets of frames of one length. It looks ahead: what comes out of a decoder is later by `delay`.
class opus_encoder {
public:
    explicit opus_encoder(audio_format f, const opus_options& o = {}) : format_(f), frame_(o.frame) {
        const std::string what = "encode";
        detail::check_opus_format(f, what);
        constexpr int lengths[] = {2'500, 5'000, 10'000, 20'000, 40'000, 60'000};
        if (std::find(std::begin(lengths), std::end(lengths), o.frame.count()) == std::end(lengths))
            throw detail::opus_refusal(what, "a frame has 2.5, 5, 10, 20, 40 or 60 ms, not " +
                                                 std::to_string(o.frame.count()) + " us");
        int failed = OPUS_OK;
        encoder_.reset(opus_encoder_create(static_cast<opus_int32>(f.rate), f.channels,
                                           application_of(o.application), &failed));
        if (failed != OPUS_OK) throw detail::opus_refusal(what, opus_strerror(failed));
        set(OPUS_SET_COMPLEXITY_REQUEST, o.complexity, "a complexity");
        set(OPUS_SET_INBAND_FEC_REQUEST, o.fec ? 1 : 0, "fec");
        set(OPUS_SET_DTX_REQUEST, o.dtx ? 1 : 0, "dtx");
        set_bit_rate(o.bit_rate);
        set_expected_loss(o.expected_loss);
    }

    const audio_format& format() const noexcept { return format_; }

    /// How many samples of each channel a frame has.
    std::size_t frame() const noexcept { return format_.frames_in(frame_); }

    duration delay() const {
        opus_int32 samples = 0;
        opus_encoder_ctl(encoder_.get(), OPUS_GET_LOOKAHEAD(&samples));
        return format_.time_of(static_cast<std::size_t>(samples));
    }

    void set_bit_rate(std::uint32_t bits) { set(OPUS_SET_BITRATE_REQUEST, bits, "a bit rate"); }

    /// In percent, as the receiver reports it: the more, the better are the copies for `recover`.
    void set_expected_loss(std::uint32_t percent) {
        set(OPUS_SET_PACKET_LOSS_PERC_REQUEST, percent, "an expected loss");
    }

    /// The packet of one frame, with the frame's stamp.
    result<packet> encode(const audio& in) {
        if (in.format != format_ || in.frames() != frame())
            return error(std::errc::invalid_argument,
                         "this Opus encoder takes " + std::to_string(frame()) + " samples at " +
                             std::to_string(format_.rate) + " Hz at a time, and got " +
                             std::to_string(in.frames()) + " at " + std::to_string(in.format.rate) +
                             " Hz, or of another kind: put a converter and a framer before it");
        std::array<unsigned char, most_bytes> made;  // NOLINT(cppcoreguidelines-pro-type-member-init)
        const auto samples = static_cast<int>(in.frames());
        const opus_int32 size =
            format_.encoding == encoding::s16
                ? ::opus_encode(encoder_.get(), in.s16().data(), samples, made.data(), most_bytes)
                : ::opus_encode_float(encoder_.get(), in.f32().data(), samples, made.data(), most_bytes);
        if (size < 0)
            return error(std::errc::io_error, std::string("can not encode Opus: ") + opus_strerror(size));
        packet out(buffer(static_cast<std::size_t>(size)), frame_);
        std::memcpy(out.bytes.data(), made.data(), out.bytes.size());
        out.stamp = in.stamp;
        return out;
    }

    /// As if nothing had been encoded yet.
    void reset() noexcept { opus_encoder_ctl(encoder_.get(), OPUS_RESET_STATE); }

private:
    static constexpr opus_int32 most_bytes = 3 * 1275 + 7;  // of 60 ms, the longest frame

    static int application_of(opus_application a) noexcept {
        switch (a) {
            case opus_application::audio:
                return OPUS_APPLICATION_AUDIO;
            case opus_application::low_delay:
                return OPUS_APPLICATION_RESTRICTED_LOWDELAY;
            default:
                return OPUS_APPLICATION_VOIP;
        }
    }

    void set(int request, std::uint32_t to, const char* what) {
        const auto value = static_cast<opus_int32>(std::min<std::uint32_t>(to, 1U << 30));
        if (opus_encoder_ctl(encoder_.get(), request, value) != OPUS_OK)
            throw detail::opus_refusal("encode", std::string("it has not ") + what + " of " +
                                                     std::to_string(to) + ": see the notes of opus_options");
    }

    audio_format format_;
    std::chrono::microseconds frame_;
    std::unique_ptr<OpusEncoder, detail::opus_closer> encoder_;
};

/// Makes sound of packets, in the format that is wanted here, whatever the sender's was.
///
/// Of a lost packet, `recover` makes what it can from the one after it, and `conceal` something like what was
/// before; either comes in its place, before the next is decoded.
class opus_decoder {
public:
    explicit opus_decoder(audio_format f) : format_(f) {
        const std::string what = "decode";
        detail::check_opus_format(f, what);
        int failed = OPUS_OK;
        decoder_.reset(opus_decoder_create(static_cast<opus_int32>(f.rate), f.channels, &failed));
        if (failed != OPUS_OK) throw detail::opus_refusal(what, opus_strerror(failed));
    }

    const audio_format& format() const noexcept { return format_; }

    result<audio> decode(std::span<const std::byte> bytes) {
        const auto time = opus_duration(bytes);
        if (!time) return time.error();
        return made_of(bytes, *time, 0);
    }

    /// The same, with the packet's stamp.
    result<audio> decode(const packet& p) { return stamped_as(p, decode(p.bytes.span())); }

    /// The sound of the packet lost just before this one, of this length; concealed where the packet has no
    /// copy of it.
    result<audio> recover(std::span<const std::byte> next, duration lost) {
        const auto time = opus_duration(next);
        if (!time) return time.error();
        return made_of(next, whole(lost), 1);
    }

    /// Something in place of what is lost: it goes on like before, and fades out within some frames.
    result<audio> conceal(duration lost) { return made_of({}, whole(lost), 0); }

    /// As if nothing had been decoded yet.
    void reset() noexcept { opus_decoder_ctl(decoder_.get(), OPUS_RESET_STATE); }

private:
    static constexpr std::chrono::microseconds step{2'500};
    static constexpr std::chrono::milliseconds most{120};

    /// The library conceals whole steps of 2.5 ms.
    static duration whole(duration lost) noexcept {
        return std::clamp<duration>(lost / step * step, step, most);
    }

    static result<audio> stamped_as(const packet& p, result<audio> made) {
        if (made) made->stamp = p.stamp;
        return made;
    }

    result<audio> made_of(detail::opus_bytes bytes, duration time, int copy) {
        audio out(format_, format_.frames_in(time));
        const auto* data = bytes.empty() ? nullptr : detail::opus_data(bytes);
        const auto size = static_cast<opus_int32>(bytes.size());
        const auto room = static_cast<int>(out.frames());
        const int made = format_.encoding == encoding::s16
                             ? ::opus_decode(decoder_.get(), data, size, out.s16().data(), room, copy)
                             : ::opus_decode_float(decoder_.get(), data, size, out.f32().data(), room, copy);
        if (made < 0)
            return detail::opus_packet_error(bytes,
                                             std::string("can not be decoded (") + opus_strerror(made) + ")");
        out.resize(static_cast<std::size_t>(made));
        return out;
    }

    audio_format format_;
    std::unique_ptr<OpusDecoder, detail::opus_closer> decoder_;
};

}  // namespace rtai
