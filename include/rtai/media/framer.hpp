#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <rtai/data/audio.hpp>
#include <span>
#include <utility>
#include <vector>

namespace rtai {

/// Cuts a stream of one format into pieces of one length.
class framer {
public:
    framer(audio_format f, std::size_t frames) : format_(f), frames_(frames == 0 ? 1 : frames) {}

    void put(audio piece) {
        stamp_ = piece.stamp;
        if (kept_.empty() && !whole_ && piece.frames() == frames_) {
            whole_.emplace(std::move(piece));
            return;
        }
        if (whole_) append(*std::exchange(whole_, std::nullopt));
        append(piece);
    }

    /// The next piece, with the stamp of the last that was put; nothing until there is enough for it.
    std::optional<audio> take() {
        if (whole_) return std::exchange(whole_, std::nullopt);
        if (kept_.size() < frames_ * format_.frame_bytes()) return std::nullopt;
        return front(frames_);
    }

    /// The end, which is shorter; nothing if the stream ended with a whole piece.
    std::optional<audio> rest() {
        if (auto whole = take()) return whole;
        if (kept_.empty()) return std::nullopt;
        return front(kept_.size() / format_.frame_bytes());
    }

private:
    void append(const audio& piece) {
        const auto bytes = piece.bytes();
        kept_.insert(kept_.end(), bytes.begin(), bytes.end());
    }

    audio front(std::size_t frames) {
        audio made(format_, frames);
        const auto size = static_cast<std::ptrdiff_t>(made.bytes().size());
        if (format_.encoding == encoding::s16) copy_to(made.s16());
        else copy_to(made.f32());
        kept_.erase(kept_.begin(), kept_.begin() + size);
        made.stamp = stamp_;
        return made;
    }

    template <class Sample>
    void copy_to(std::span<Sample> samples) const {
        const auto into = std::as_writable_bytes(samples);
        std::copy_n(kept_.begin(), into.size(), into.begin());
    }

    audio_format format_;
    std::size_t frames_;
    std::optional<audio> whole_;
    std::vector<std::byte> kept_;
    stamp stamp_;
};

}  // namespace rtai
