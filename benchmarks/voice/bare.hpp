#pragma once

#include <opus/opus.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <rtai/ai/vad/silero_model.hpp>
#include <rtai/media/opus.hpp>
#include <stdexcept>
#include <utility>

#include "scene.hpp"

namespace bench {

/// Where `./dev models` puts it, unless RTAI_MODELS says otherwise.
inline std::filesystem::path silero_file() {
    const bool told =
        std::getenv("RTAI_MODELS") != nullptr;  // NOLINT(concurrency-mt-unsafe): nothing sets it
    return told ? rtai::vad::silero_model::usual_path()
                : std::filesystem::path(BENCH_MODELS) / "silero_vad.onnx";
}

inline std::shared_ptr<const rtai::vad::silero_model> silero_weights() {
    auto model = rtai::vad::silero_model::load(silero_file());
    if (!model) throw std::runtime_error(model.error().message());
    return *model;
}

/// Of a session, what the codec and the model do, called as directly as can be.
class bare_session {
public:
    explicit bare_session(const scene& s) : scene_(&s), vad_(silero_weights()) {
        int failed = OPUS_OK;
        decoder_.reset(opus_decoder_create(static_cast<opus_int32>(ear_format.rate), 1, &failed));
        encoder_.reset(opus_encoder_create(static_cast<opus_int32>(voice_format.rate), 1,
                                           OPUS_APPLICATION_VOIP, &failed));
        const rtai::opus_options o;
        opus_encoder_ctl(encoder_.get(), OPUS_SET_COMPLEXITY(static_cast<opus_int32>(o.complexity)));
        opus_encoder_ctl(encoder_.get(), OPUS_SET_INBAND_FEC(o.fec ? 1 : 0));
        opus_encoder_ctl(encoder_.get(), OPUS_SET_BITRATE(static_cast<opus_int32>(o.bit_rate)));
        opus_encoder_ctl(encoder_.get(), OPUS_SET_PACKET_LOSS_PERC(static_cast<opus_int32>(o.expected_loss)));
        vad_.begin(ear_format.rate);
    }

    /// The frame of the person's at this place of the scene.
    void hear(std::size_t place) {
        const auto bytes = scene_->line[place].bytes.span();
        std::array<std::int16_t, 320> sound;  // NOLINT(cppcoreguidelines-pro-type-member-init)
        const int samples = ::opus_decode(
            decoder_.get(), reinterpret_cast<const unsigned char*>(bytes.data()),
            static_cast<opus_int32>(bytes.size()), sound.data(), static_cast<int>(sound.size()), 0);
        for (std::size_t i = 0; i < static_cast<std::size_t>(samples); ++i) {
            window_[filled_++] = sound[i];
            if (filled_ < window_.size()) continue;
            filled_ = 0;
            probability = vad_.probability(window_);
        }
    }

    /// The frame of the answer at this place of it; how long its packet is.
    std::size_t say(std::size_t place) {
        const rtai::audio& sound = scene_->sound[place];
        std::array<unsigned char, 1500> packet;  // NOLINT(cppcoreguidelines-pro-type-member-init)
        return static_cast<std::size_t>(::opus_encode(encoder_.get(), sound.s16().data(),
                                                      static_cast<int>(sound.frames()), packet.data(),
                                                      static_cast<opus_int32>(packet.size())));
    }

    float probability = 0;

private:
    const scene* scene_;
    rtai::vad::silero_state vad_;
    std::unique_ptr<OpusDecoder, rtai::detail::opus_closer> decoder_;
    std::unique_ptr<OpusEncoder, rtai::detail::opus_closer> encoder_;
    std::array<std::int16_t, 512> window_{};
    std::size_t filled_ = 0;
};

}  // namespace bench
