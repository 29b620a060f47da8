#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <rtai/data/audio.hpp>
#include <rtai/data/packet.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/media/framer.hpp>
#include <rtai/media/opus.hpp>
#include <stdexcept>
#include <utility>

namespace rtai {

/// A packet has sound of one turn: what a turn leaves of a frame is filled up with silence.
struct opus_encode {
    using options = opus_options;

    opus_encode() : opus_encode(options()) {}
    explicit opus_encode(options o) : options_(o) {}

    input<audio, rates<8'000, 12'000, 16'000, 24'000, 48'000>, channels<1, 2>> in;
    output<packet> out;
    RTAI_DESCRIBE(opus_encode, in, out)

    task<> run() {
        std::optional<opus_encoder> encoder;
        std::optional<framer> frames;
        epoch turn = 0;
        while (auto piece = co_await in.receive()) {
            if (piece->frames() == 0) continue;
            const bool other_format = !encoder || encoder->format() != piece->format;
            if (frames && (other_format || turn != piece->stamp.epoch)) {
                auto last = encoded(*encoder, rest(*frames, *encoder));
                if (last && !co_await out.send(std::move(*last))) co_return;
            }
            if (other_format) {
                encoder.emplace(piece->format, options_);
                frames.emplace(piece->format, encoder->frame());
            }
            turn = piece->stamp.epoch;
            frames->put(std::move(*piece));
            while (auto frame = frames->take()) {
                auto made = encoded(*encoder, std::move(frame));
                if (made && !co_await out.send(std::move(*made))) co_return;
            }
        }
        if (!frames) co_return;
        auto last = encoded(*encoder, rest(*frames, *encoder));
        if (last) (void)co_await out.send(std::move(*last));
    }

private:
    /// Nothing for no frame, and for one that need not be sent.
    std::optional<packet> encoded(opus_encoder& encoder, std::optional<audio> frame) {
        if (!frame) return std::nullopt;
        auto made = encoder.encode(*frame);
        if (!made) throw std::runtime_error(made.error().message());
        if (options_.dtx && opus_says_nothing(made->bytes.span())) return std::nullopt;
        // The numbers go on where nothing was sent, so that it is not taken for lost.
        made->stamp.sequence = sequence_++;
        return *std::move(made);
    }

    static std::optional<audio> rest(framer& frames, const opus_encoder& encoder) {
        auto last = frames.rest();
        if (!last || last->frames() == encoder.frame()) return last;
        audio whole(last->format, encoder.frame());
        whole.stamp = last->stamp;
        const auto fill = [](auto from, auto to) {
            std::fill(std::copy(from.begin(), from.end(), to.begin()), to.end(), 0);
        };
        if (whole.format.encoding == encoding::s16) fill(last->s16(), whole.s16());
        else fill(last->f32(), whole.f32());
        return whole;
    }

    options options_;
    std::uint64_t sequence_ = 0;
};

}  // namespace rtai

RTAI_ELEMENT(rtai::opus_encode, "Makes Opus packets of sound.");
