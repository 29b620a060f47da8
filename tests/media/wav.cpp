#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <rtai/media/wav.hpp>
#include <system_error>
#include <utility>
#include <vector>

#include "support/sound.hpp"

using namespace rtai;
using namespace rtai::test;
using Catch::Matchers::Contains;

TEST_CASE("what was written is what is read, in each encoding and with each number of channels", "[wav]") {
    for (const auto e : {encoding::s16, encoding::f32})
        for (const std::uint8_t channels : {std::uint8_t{1}, std::uint8_t{2}}) {
            const audio_format format(16'000, channels, e);
            const auto path = temporary("round.wav");
            const audio in = sine(format, 440, 1000);
            {
                auto file = sound_writer::open(path, format);
                REQUIRE(file);
                REQUIRE(file->write(in));
                REQUIRE(file->frames() == 1000);
            }
            auto file = sound_reader::open(path);
            REQUIRE(file);
            REQUIRE(file->format() == format);
            REQUIRE(file->frames() == 1000);
            std::vector<float> heard;
            for (const std::size_t expected : {400U, 400U, 200U, 0U, 0U}) {
                auto piece = file->read(400);
                REQUIRE(piece);
                REQUIRE(piece->frames() == expected);
                append(heard, channel_of(*piece, channels - 1U));
            }
            REQUIRE(heard == channel_of(in));
            REQUIRE(file->rewind());
            REQUIRE(file->read(5000)->frames() == 1000);
        }
}

TEST_CASE("a file can be played while it is still written", "[wav]") {
    const audio_format format(16'000);
    const auto path = temporary("open.wav");
    auto file = sound_writer::open(path, format);
    REQUIRE(file);
    REQUIRE(sound_reader::open(path)->frames() == 0);
    for (std::size_t n = 1; n <= 3; ++n) {
        REQUIRE(file->write(sine(format, 440, 320)));
        REQUIRE(sound_reader::open(path)->frames() == n * 320);
    }
}

TEST_CASE("what is no sound, or not there, is told with its name and a way out", "[wav]") {
    const auto missing = sound_reader::open("gone.wav");
    REQUIRE_FALSE(missing);
    REQUIRE(missing.error().code == std::errc::no_such_file_or_directory);
    REQUIRE_THAT(missing.error().message(), Contains("'gone.wav'"));
    const auto text = temporary("text.wav");
    write_file(text, "this is a text");
    const auto wrong = sound_reader::open(text);
    REQUIRE_FALSE(wrong);
    REQUIRE_THAT(wrong.error().message(),
                 Contains("text.wav") && Contains("give a WAV, FLAC, Ogg or MP3 file"));
}

TEST_CASE("what can not be written is told with its name and a way out", "[wav]") {
    REQUIRE_THAT(sound_writer::open(temporary("no/where.wav"), {}).error().message(),
                 Contains("make the directory"));
    const auto path = temporary("odd.wav");
    REQUIRE_THAT(sound_writer::open(path, audio_format(16'000, 0)).error().message(), Contains("0 channels"));
    auto file = sound_writer::open(path, audio_format(16'000));
    const auto refused = file->write(sine(audio_format(48'000, 2), 440, 10));
    REQUIRE_FALSE(refused);
    REQUIRE_THAT(refused.error().message(),
                 Contains("takes 16kHz, 1 channel, s16, not 48kHz, 2 channels, s16"));
}
