#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <rtai/core/clock.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/packet.hpp>
#include <rtai/media/convert.hpp>
#include <rtai/media/opus.hpp>
#include <rtai/media/wav.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace bench {

inline constexpr std::chrono::milliseconds frame{20};
inline constexpr rtai::audio_format line_format{48'000}, ear_format{16'000}, voice_format{24'000};

/// Somebody reads a book: a recording of LibriVox, of Debian's pocketsphinx-testdata.
inline rtai::audio recording(const std::string& number, rtai::audio_format format) {
    const std::filesystem::path path =
        "/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-" + number + ".wav";
    auto file = rtai::sound_reader::open(path);
    if (!file) throw std::runtime_error(file.error().message() + " (apt-get install pocketsphinx-testdata)");
    auto all = file->read(file->frames());
    if (!all) throw std::runtime_error(all.error().message());
    return rtai::converter(format, rtai::quality::best).convert(std::move(*all));
}

/// One turn of a conversation, which happens over and over: somebody speaks, and a machine answers in
/// two sentences.
struct scene {
    scene(rtai::duration person, rtai::duration answer, rtai::duration every) : period(every) {
        const auto said = recording("0880", line_format);
        rtai::opus_encoder encoder(line_format);
        const auto each = encoder.frame(), whole = line_format.frames_in(person);
        std::uint32_t noise = 1;
        // Twice, for the second time is as all later ones.
        for (int time = 0; time < 2; ++time) {
            line.clear();
            for (std::size_t at = 0; at < line_format.frames_in(period); at += each) {
                rtai::audio piece(line_format, each);
                for (std::size_t i = 0; i < each; ++i) {
                    const std::size_t from = at + i < quiet ? whole : at + i - quiet;
                    noise = noise * 1'664'525 + 1'013'904'223;  // of a room
                    const int hiss = static_cast<int>(noise >> 27U) - 16;
                    const int voice = from < std::min(whole, said.frames()) ? said.s16()[from + begin] : 0;
                    piece.s16()[i] = static_cast<std::int16_t>(std::clamp(voice + hiss, -32768, 32767));
                }
                line.push_back(*encoder.encode(piece));
            }
        }
        const auto voice = recording("0870", voice_format);
        const auto samples = voice_format.frames_in(frame);
        for (std::size_t at = begin / 2; sound.size() < static_cast<std::size_t>(answer / frame);
             at += samples) {
            rtai::audio piece(voice_format, samples);
            std::ranges::copy(voice.s16().subspan(at, samples), piece.s16().begin());
            sound.push_back(std::move(piece));
        }
    }

    rtai::duration period;
    std::vector<rtai::packet> line;       ///< what comes from the person, in frames
    std::vector<rtai::audio> sound;       ///< of the answer, in frames
    std::chrono::milliseconds wait{500};  ///< until the person is thought to have finished
    bool live = false;                    ///< the answer is made while it is heard, and not at once

private:
    static constexpr std::size_t quiet = 4'800;   // before the person speaks
    static constexpr std::size_t begin = 12'000;  // where the recording is not silent any more
};

/// The machine speaks about half of the time.
inline scene usual_scene() {
    using std::chrono::milliseconds;
    return scene(milliseconds(1400), milliseconds(2120), milliseconds(4200));
}

}  // namespace bench
