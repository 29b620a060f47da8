#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <rtai/ai/vad/speech_gate.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/graph/port.hpp>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

namespace rtai::vad::detail {

/// What a detector of speech is made of besides its idea of speech: cuts sound into windows, keeps the
/// time of them, and lets the gate decide. A `Model` says how long its windows are and how much each
/// sounds like speech:
///
///     std::size_t begin(const audio_format&);  // of a new stream: the length of its windows in samples
///     double level(std::span<const std::int16_t> window);
template <class Model>
class listener {
public:
    listener(Model& m, const speech_gate::options& o) : model_(&m), gate_(o) {}

    bool speaking() const noexcept { return gate_.speaking(); }

    /// Calls `found(moment)` for each edge in this piece of sound.
    template <class F>
    void hear(const audio& piece, F&& found) {
        const auto samples = piece.s16();
        if (piece.format.channels != 1 || piece.format.rate == 0)
            throw std::logic_error("voice activity is found in sound of one channel: convert it before");
        if (piece.format != format_) begin(piece.format);
        skip_gap(piece.stamp.at, found);
        anchor_ = piece.stamp.at - heard_;
        expected_ = piece.stamp.at + piece.time();

        auto rest = samples;
        while (!rest.empty()) {
            const auto part = rest.first(std::min(rest.size(), window_.size() - filled_));
            std::copy(part.begin(), part.end(), window_.begin() + static_cast<std::ptrdiff_t>(filled_));
            rest = rest.subspan(part.size());
            filled_ += part.size();
            count_ += part.size();
            if (filled_ < window_.size()) break;
            filled_ = 0;
            const duration to = start_ + format_.time_of(count_);
            const duration from = start_ + format_.time_of(count_ - window_.size());
            tell(gate_.put(from, to, model_->level(window_)), found);
        }
        heard_ = start_ + format_.time_of(count_);
    }

    /// No more sound comes, for now or ever.
    template <class F>
    void finish(F&& found) {
        tell(gate_.finish(), found);
    }

private:
    // Sound that is missing for longer than this was silence; less is the network's jitter.
    static constexpr duration longest_jitter = std::chrono::milliseconds(200);

    void begin(const audio_format& f) {
        start_ = heard_;
        count_ = 0;
        filled_ = 0;
        format_ = f;
        window_.assign(std::max<std::size_t>(model_->begin(f), 1), 0);
    }

    template <class F>
    void skip_gap(time_point at, F&& found) {
        if (!expected_ || at - *expected_ < longest_jitter) return;
        const duration from = heard_;
        heard_ += at - *expected_;
        tell(gate_.put(from, heard_, -1000), found);
        begin(format_);
    }

    template <class F>
    void tell(const std::optional<speech_edge>& edge, F&& found) {
        if (!edge) return;
        moment m(edge->what == speech_edge::kind::start ? what::speech_start : what::speech_end);
        m.stamp.at = anchor_ + edge->at;
        m.stamp.sequence = next_++;
        found(std::move(m));
    }

    Model* model_;
    speech_gate gate_;
    audio_format format_{0, 0};
    std::vector<std::int16_t> window_;
    std::size_t filled_ = 0;
    std::size_t count_ = 0;  // samples since start_
    duration start_{};       // where this run of samples begins in the stream
    duration heard_{};       // how far the stream has come
    time_point anchor_{};    // where the stream begins, by the clock of the stamps
    std::optional<time_point> expected_;
    std::uint64_t next_ = 0;
};

/// Passes sound on, and says where in it speech starts and ends: before the sound in which that was found.
template <class Model, class In, class Out, class Speech>
task<> listen(const In& in, const Out& out, const Speech& speech, Model model, speech_gate::options o) {
    // When a microphone is switched off in mid-speech, silence is not heard; nothing is.
    const duration patience = std::max<duration>(o.stop_after, std::chrono::seconds(1));
    duration usual{};
    listener<Model> ear(model, o);
    std::vector<moment> found;
    found.reserve(4);
    auto keep = [&found](moment m) { found.push_back(std::move(m)); };
    bool heard = true, noticed = true;
    for (;;) {
        std::optional<audio> piece;
        bool silent = false;
        if (ear.speaking()) {
            auto waited = co_await with_timeout(patience + 2 * usual, in.receive());
            if (waited.ok()) piece = std::move(*waited);
            else silent = true;
        } else {
            piece = co_await in.receive();
        }
        if (piece) usual = piece->time();
        if (piece) ear.hear(*piece, keep);
        else ear.finish(keep);
        for (auto& m : found)
            if (noticed) noticed = co_await speech.send(std::move(m));
        found.clear();
        if (silent) continue;
        if (!piece) co_return;
        if (heard) heard = co_await out.send(std::move(*piece));
        // What goes nowhere is no reason to go on; but each of the two is reason enough.
        if (!(heard && out) && !(noticed && speech) && !(heard && noticed)) co_return;
    }
}

}  // namespace rtai::vad::detail
