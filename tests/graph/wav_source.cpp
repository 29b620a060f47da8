#include <chrono>
#include <rtai/core/join.hpp>
#include <rtai/graph/elements/wav_source.hpp>
#include <rtai/media/wav.hpp>
#include <utility>
#include <vector>

#include "graph/flow.hpp"
#include "support/co_test.hpp"
#include "support/sound.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

std::filesystem::path sound(const std::string& name, audio_format format, std::size_t frames) {
    const auto path = temporary(name);
    auto file = sound_writer::open(path, format);
    (void)file->write(sine(format, 1000, frames));
    return path;
}

wav_source::options playing(std::filesystem::path path, bool paced = false, bool loop = false) {
    wav_source::options o;
    o.path = std::move(path);
    o.paced = paced;
    o.loop = loop;
    return o;
}

}  // namespace

CO_TEST("a file is played as it is where that is wanted", "[wav_source]") {
    const audio_format format(16'000);
    wav_source s(playing(sound("as_is.wav", format, 1000)));
    drain<audio> out(s.out, 64, format);
    co_await play(s);
    const auto got = out.take();
    std::vector<float> heard;
    for (const auto& piece : got) append(heard, channel_of(piece));
    REQUIRE(got.size() == 4);
    REQUIRE(got[0].frames() == 320);
    REQUIRE(got[3].frames() == 40);
    REQUIRE(in_sequence(got));
    REQUIRE(heard == channel_of(sine(format, 1000, 1000)));
    REQUIRE(out.ended());
}

CO_TEST("a file is played in the planned format, in pieces of one length", "[wav_source]") {
    const audio_format planned(48'000, 2, encoding::f32);
    wav_source s(playing(sound("other.wav", audio_format(22'050), 11'025)));
    drain<audio> out(s.out, 64, planned);
    co_await play(s);
    auto got = out.take();
    std::vector<float> heard;
    for (std::size_t i = 0; i < got.size(); ++i) {
        REQUIRE(got[i].format == planned);
        if (i + 1 < got.size()) REQUIRE(got[i].frames() == 960);
        append(heard, channel_of(got[i], 1));
    }
    REQUIRE(heard.size() == Approx(24'000).margin(3));
    REQUIRE(level_at(heard, 48'000, 1000) == Approx(0.5).epsilon(0.02));
    REQUIRE(in_sequence(got));
}

CO_TEST("a paced file is played as fast as time goes by", "[wav_source]") {
    wav_source s(playing(sound("paced.wav", audio_format(8'000), 640), true));
    drain<audio> out(s.out);
    std::vector<arrival<audio>> got;
    co_await join(play(s), note_arrivals(out.from(), got));
    REQUIRE(got.size() >= 4);
    for (std::size_t i = 0; i < got.size(); ++i) REQUIRE(got[i].when == i * 20ms);
}

CO_TEST("a file that is played again and again has no seam", "[wav_source]") {
    // 80 periods, so that the end fits the beginning.
    wav_source s(playing(sound("loop.wav", audio_format(16'000), 1280), true, true));
    drain<audio> out(s.out, 4, audio_format(48'000, 1, encoding::f32));
    std::vector<float> heard;
    auto listen = [&]() -> task<> {
        for (int i = 0; i < 12; ++i) {
            auto piece = co_await out.from().receive();
            append(heard, channel_of(*piece));
        }
        out.leave();
    };
    co_await join(play(s), listen());
    REQUIRE(heard.size() == 12 * 960);
    REQUIRE(level_at(heard, 48'000, 1000) == Approx(0.5).epsilon(0.02));
    REQUIRE(energy_of(heard) == Approx(0.125).epsilon(0.02));
}

CO_TEST("a file without sound ends at once, also in a loop", "[wav_source]") {
    wav_source s(playing(sound("empty.wav", audio_format(16'000), 0), true, true));
    drain<audio> out(s.out);
    co_await play(s);
    REQUIRE(out.take().empty());
    REQUIRE(out.ended());
}

TEST_CASE("a missing file is told at start", "[wav_source]") {
    const auto gone = available<wav_source>(playing("gone.wav"));
    REQUIRE_FALSE(gone);
    REQUIRE_THAT(gone.error().message(), Contains("can not read 'gone.wav'") && Contains("No such file"));
    REQUIRE_THAT(available<wav_source>({}).error().message(), Contains("give 'path'"));
    const auto text = temporary("no_sound.wav");
    write_file(text, "no sound");
    REQUIRE_THAT(available<wav_source>(playing(text)).error().message(), Contains("give a WAV"));
    REQUIRE(available<wav_source>(playing(sound("there.wav", audio_format(), 10))));
}

CO_TEST("a file that is gone when it is to be played is a failure with its name", "[wav_source]") {
    wav_source s(playing("gone.wav"));
    drain<audio> out(s.out);
    const auto said = co_await failure_of(s);
    REQUIRE_THAT(said, Contains("can not read 'gone.wav'"));
}
