#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <rtai/ai/detail/listener.hpp>
#include <rtai/ai/vad/silero_model.hpp>
#include <rtai/ai/vad/speech_gate.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/observe/dependencies.hpp>
#include <span>
#include <stdexcept>
#include <utility>

namespace rtai::vad {

struct silero {
    struct options {
        double threshold = 0.5;
        double off_threshold = 0.35;
        std::chrono::milliseconds start_after{60};
        std::chrono::milliseconds stop_after{500};
        std::filesystem::path model;
        RTAI_DESCRIBE(options, threshold, off_threshold, start_after, stop_after, model)

        void depends_on(observe::needs& on) const { on.file(path_of(*this)); }

        static void notes(rtai::notes<options>& about) {
            about(&options::threshold, "from this probability on it is speech", range(0, 1));
            about(&options::off_threshold, "below this probability speech may be over", range(0, 1));
            about(&options::start_after, "speech of this length is speech; shorter is a click",
                  range(0, 10'000));
            about(&options::stop_after, "silence of this length ends speech", range(0, 60'000));
            about(
                &options::model,
                "the model's file; empty: silero_vad.onnx in $RTAI_MODELS, or else in ~/.cache/rtai/models");
        }
    };

    silero() : silero(options()) {}
    explicit silero(options o) : options_(std::move(o)) {}

    static result<> available(const options& o) {
        if (auto model = silero_model::load(path_of(o)); !model) return model.error();
        return {};
    }

    input<audio, rates<16'000, 8'000>, channels<1>, encodings<encoding::s16>> in;
    output<audio, as_received> out;
    output<moment> speech;
    RTAI_DESCRIBE(silero, in, out, speech)

    task<> run() {
        auto model = silero_model::load(path_of(options_));
        if (!model) throw std::runtime_error(model.error().message());
        speech_gate::options gate;
        gate.on = options_.threshold;
        gate.off = std::min(options_.off_threshold, options_.threshold);
        gate.start_after = options_.start_after;
        gate.stop_after = options_.stop_after;
        gate.lag = std::chrono::milliseconds(32);  // a window of its memory
        co_await detail::listen(in, out, speech, hearing(*model), gate);
    }

private:
    struct hearing {
        explicit hearing(std::shared_ptr<const silero_model> m) noexcept : state(std::move(m)) {}

        std::size_t begin(const audio_format& f) {
            if (f.rate != 8'000 && f.rate != 16'000)
                throw std::logic_error("vad.silero takes sound of 8 or 16 kHz: convert it before");
            return state.begin(f.rate);
        }
        double level(std::span<const std::int16_t> window) noexcept {
            return static_cast<double>(state.probability(window));
        }

        silero_state state;
    };

    static std::filesystem::path path_of(const options& o) {
        return o.model.empty() ? silero_model::usual_path() : o.model;
    }

    options options_;
};

}  // namespace rtai::vad

RTAI_ELEMENT(rtai::vad::silero, "Hears when somebody speaks, with the model Silero VAD v5.");
