#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <rtai/core/clock.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtai {

/// What was said in a turn, with how long each part of it sounds, and how much of it was played. So it
/// knows which words the listener has heard.
class speech {
public:
    /// The next words to be said; their sound follows.
    void begin(std::string words) {
        end();
        closed_ = over_ = false;
        if (!words.empty()) parts_.emplace_back(std::move(words));
    }
    /// More sound of those words.
    void add(duration sound) noexcept {
        if (!parts_.empty()) parts_.back().sound += sound;
    }
    /// There is no more sound of those words.
    void end() noexcept {
        if (!parts_.empty()) parts_.back().whole = true;
    }

    /// There are no more words.
    void close() noexcept { closed_ = true; }
    /// No more of it will be played. What is missing at its end then is what a resampler kept to itself.
    void finish() noexcept {
        if (length() - played_ < std::chrono::milliseconds(100)) played_ = length();
        over_ = closed_;
    }

    /// So much of all the sound was played.
    void played(duration position) noexcept { played_ = position; }
    duration played() const noexcept { return played_; }

    /// How long everything sounds that there is by now.
    duration length() const noexcept {
        duration all{};
        for (const auto& p : parts_) all += p.sound;
        return all;
    }

    bool empty() const noexcept { return parts_.empty(); }
    /// Whether there is no more, and all of it was played, but for the last bit.
    bool over(duration but_for = {}) const noexcept {
        return over_ ||
               (closed_ && played_ + std::max<duration>(but_for, std::chrono::milliseconds(5)) >= length());
    }

    std::string said() const {
        std::string all;
        for (const auto& p : parts_) append(all, p.words);
        return all;
    }

    /// The words that were played, to the last whole one.
    std::string heard() const {
        std::string all;
        duration from{};
        for (const auto& p : parts_) {
            const duration left = played_ - from + std::chrono::milliseconds(5);
            if (p.whole && left >= p.sound) {
                append(all, p.words);
            } else {
                append(all, beginning(p, played_ - from));
                break;
            }
            from += p.sound;
        }
        return all;
    }

private:
    struct part {
        explicit part(std::string w) : words(std::move(w)) {}
        std::string words;
        duration sound{};
        bool whole = false;
    };

    static void append(std::string& all, std::string_view more) {
        if (more.empty()) return;
        const bool spaced = static_cast<unsigned char>(more.front()) < 0x80;  // Chinese has no spaces
        if (!all.empty() && spaced && all.back() != ' ' && more.front() != ' ') all += ' ';
        all += more;
    }

    /// As much of a part as its time says, to the last whole word; of a script without spaces, to the last
    /// whole character.
    static std::string_view beginning(const part& p, duration time) {
        // Of unfinished sound the length is not known yet: people speak about 15 letters a second.
        const duration usual = std::chrono::milliseconds(65) * static_cast<std::int64_t>(p.words.size());
        const duration length = p.whole ? p.sound : std::max(p.sound, usual);
        if (time <= duration() || length <= duration()) return {};
        const double share = static_cast<double>(time.count()) / static_cast<double>(length.count());
        auto bytes = static_cast<std::size_t>(share * static_cast<double>(p.words.size()));
        const std::string_view words = p.words;
        if (bytes >= words.size()) return words;
        const auto is_inside = [&](std::size_t i) {
            return (static_cast<unsigned char>(words[i]) & 0xC0) == 0x80;
        };
        while (bytes > 0 && is_inside(bytes)) --bytes;
        if (words[bytes] == ' ') return words.substr(0, bytes);
        const std::size_t space = words.substr(0, bytes).rfind(' ');
        if (space != std::string_view::npos) return words.substr(0, space);
        // One long word was not heard; of a text without spaces each character is a word.
        return static_cast<unsigned char>(words.front()) < 0x80 ? std::string_view() : words.substr(0, bytes);
    }

    std::vector<part> parts_;
    duration played_{};
    bool closed_ = false;
    bool over_ = false;
};

}  // namespace rtai
