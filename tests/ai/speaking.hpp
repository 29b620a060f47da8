#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <rtai/ai/tts/speaker.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <string>
#include <utility>
#include <vector>

#include "graph/flow.hpp"

namespace rtai::test {

/// Says a word in 100 ms of sound, which takes 10 ms to make; fails at "fail", and before it at "never".
struct fake_speaker {
    static constexpr audio_format native{16'000};

    input<text> in;
    output<audio, rates<16'000>, channels<1>, encodings<encoding::s16>, can_wait> out;
    output<moment> events;
    RTAI_DESCRIBE(fake_speaker, in, out, events)

    task<> run() { co_await tts::speak(in, out, events, *this, "tts.fake", read_ahead); }

    task<result<>> say(std::string said, sender<audio> sound) {
        asked.push_back(said);
        asked_at.push_back(now());
        struct counted_work {
            explicit counted_work(int& n) noexcept : under_way(n) { ++under_way; }
            counted_work(const counted_work&) = delete;
            counted_work& operator=(const counted_work&) = delete;
            ~counted_work() { --under_way; }
            int& under_way;
        } work(under_way);
        if (said == "never") co_return error(std::errc::connection_refused, "fake");
        std::size_t from = 0;
        while (from < said.size()) {
            const std::size_t space = std::min(said.find(' ', from), said.size());
            const bool fails = said.substr(from, space - from) == "fail";
            from = space + 1;
            co_await sleep_for(std::chrono::milliseconds(10));
            if (fails) co_return error(std::errc::io_error, "fake");
            audio piece(native, piece_frames);
            for (auto& s : piece.s16()) s = static_cast<std::int16_t>(next_++);
            if (!co_await sound.send(std::move(piece))) co_return result<>();
        }
        ++finished;
        co_return result<>();
    }

    bool read_ahead = true;
    std::size_t piece_frames = 1600;
    std::vector<std::string> asked;
    std::vector<time_point> asked_at;
    int finished = 0;
    int under_way = 0;

private:
    std::uint16_t next_ = 0;
};

inline duration length_of(const std::vector<audio>& pieces) {
    duration all{};
    for (const auto& p : pieces) all += p.time();
    return all;
}

inline std::vector<std::int16_t> samples_of(const std::vector<audio>& pieces) {
    std::vector<std::int16_t> all;
    for (const auto& p : pieces) {
        const auto s = p.s16();
        all.insert(all.end(), s.begin(), s.end());
    }
    return all;
}

}  // namespace rtai::test
