#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <rtai/data/packet.hpp>
#include <rtai/media/opus.hpp>
#include <vector>

#include "support/sound.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

constexpr std::uint32_t opus_rates[] = {8'000, 12'000, 16'000, 24'000, 48'000};

buffer bytes_of(const std::vector<int>& values) {
    buffer b(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) b.data()[i] = static_cast<std::byte>(values[i]);
    return b;
}

/// So many frames of a tone, each as a packet. A tone that wavers, so that it sounds like a voice.
std::vector<packet> packets(opus_encoder& e, std::size_t count, double hertz = 440) {
    std::vector<packet> all;
    for (std::size_t i = 0; i < count; ++i) {
        audio frame = sine(e.format(), hertz, e.frame(), i * e.frame());
        frame.stamp.sequence = i;
        auto made = e.encode(frame);
        REQUIRE(made.ok());
        all.push_back(std::move(*made));
    }
    return all;
}

std::vector<float> last_part(const std::vector<float>& samples) {
    return {samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 3), samples.end()};
}

}  // namespace

TEST_CASE("a tone goes from every rate to every rate, in one channel or two, as s16 or f32", "[opus]") {
    for (const auto from : opus_rates)
        for (const auto to : opus_rates)
            for (const std::uint8_t in : {std::uint8_t{1}, std::uint8_t{2}})
                for (const std::uint8_t out : {std::uint8_t{1}, std::uint8_t{2}}) {
                    CAPTURE(from, to, int{in}, int{out});
                    opus_encoder e(audio_format(from, in, in == 1 ? encoding::s16 : encoding::f32));
                    opus_decoder d(audio_format(to, out, out == 1 ? encoding::s16 : encoding::f32));
                    std::vector<float> heard;
                    for (const auto& p : packets(e, 25)) {
                        REQUIRE(p.time == 20ms);
                        auto piece = d.decode(p);
                        REQUIRE(piece.ok());
                        REQUIRE(piece->format == d.format());
                        REQUIRE(piece->frames() == to / 50);
                        REQUIRE(piece->stamp.sequence == p.stamp.sequence);
                        append(heard, channel_of(*piece, out - 1U));
                    }
                    REQUIRE(pitch_of(last_part(heard), to) == Approx(440).epsilon(0.02));
                    REQUIRE(level_at(last_part(heard), to, 440) == Approx(0.5).epsilon(0.15));
                }
}

TEST_CASE("every length of frame and every application is encoded, and a packet says its length", "[opus]") {
    for (const auto frame : {2'500us, 5'000us, 10'000us, 20'000us, 40'000us, 60'000us})
        for (const auto a : {opus_application::voip, opus_application::audio, opus_application::low_delay}) {
            CAPTURE(frame.count(), static_cast<int>(a));
            opus_options o;
            o.frame = frame;
            o.application = a;
            opus_encoder e(audio_format(48'000), o);
            opus_decoder d(audio_format(16'000));
            for (const auto& p : packets(e, 5)) {
                REQUIRE(p.time == frame);
                REQUIRE(*opus_duration(p.bytes.span()) == frame);
                REQUIRE(d.decode(p)->time() == frame);
            }
        }
}

TEST_CASE("options have their effect", "[opus]") {
    const auto bytes_with = [](const opus_options& o) {
        opus_encoder e(audio_format(48'000), o);
        std::mt19937 random(7);
        std::size_t sum = 0;
        for (int i = 0; i < 50; ++i) {
            audio frame(e.format(), e.frame());
            for (auto& s : frame.s16()) s = static_cast<std::int16_t>(random() % 8000);
            sum += e.encode(frame)->bytes.size();
        }
        return sum;
    };
    opus_options low, high;
    low.bit_rate = 12'000;
    high.bit_rate = 64'000;
    REQUIRE(bytes_with(low) == Approx(1500).epsilon(0.3));
    REQUIRE(bytes_with(high) == Approx(8000).epsilon(0.3));

    opus_encoder e(audio_format(48'000), high);
    REQUIRE(e.delay() > 2ms);
    REQUIRE(e.delay() < 10ms);
    e.set_bit_rate(12'000);
    REQUIRE(packets(e, 10).back().bytes.size() < 60);
}

TEST_CASE("with DTX next to nothing is said in silence", "[opus]") {
    opus_options o;
    o.dtx = true;
    opus_encoder e(audio_format(16'000), o);
    audio silence(e.format(), e.frame());
    std::fill(silence.s16().begin(), silence.s16().end(), std::int16_t{0});
    std::size_t nothing = 0;
    for (int i = 0; i < 100; ++i) nothing += opus_says_nothing(e.encode(silence)->bytes.span()) ? 1U : 0U;
    REQUIRE(nothing > 60);
}

TEST_CASE("what is lost is concealed, and fades out", "[opus]") {
    opus_encoder e(audio_format(48'000));
    opus_decoder d(audio_format(48'000));
    std::vector<float> before;
    for (const auto& p : packets(e, 20)) before = channel_of(*d.decode(p));
    const auto first = d.conceal(20ms);
    REQUIRE(first.ok());
    REQUIRE(first->frames() == 960);
    REQUIRE(energy_of(channel_of(*first)) > energy_of(before) / 10);
    audio last;
    for (int i = 0; i < 50; ++i) last = *d.conceal(20ms);
    REQUIRE(energy_of(channel_of(last)) < energy_of(before) / 100);
    // Any length: whole steps of what the library can.
    REQUIRE(d.conceal(0ms)->time() == 2'500us);
    REQUIRE(d.conceal(11ms)->time() == 10ms);
    REQUIRE(d.conceal(1h)->time() == 120ms);
}

TEST_CASE("a lost packet is recovered from the copy in the next", "[opus]") {
    opus_options o;
    o.expected_loss = 20;
    o.bit_rate = 24'000;
    opus_encoder e(audio_format(16'000), o);
    // A click track: in each tenth frame, and only there, is a loud tone.
    std::vector<packet> all;
    for (std::size_t i = 0; i < 60; ++i) {
        audio frame = sine(e.format(), 300, e.frame(), i * e.frame());
        if (i % 10 != 5)
            for (auto& s : frame.s16()) s = static_cast<std::int16_t>(s / 64);
        all.push_back(*e.encode(frame));
    }
    opus_decoder whole(audio_format(16'000)), lossy(audio_format(16'000)), deaf(audio_format(16'000));
    double wanted = 0, recovered = 0, concealed = 0;
    std::size_t copies = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto sound = whole.decode(all[i]);
        if (i % 10 != 5 || i < 10) {
            (void)lossy.decode(all[i]);
            (void)deaf.decode(all[i]);
            continue;
        }
        wanted += energy_of(channel_of(*sound));
        copies += opus_has_copy(all[i + 1].bytes.span()) ? 1U : 0U;
        const auto again = lossy.recover(all[i + 1].bytes.span(), 20ms);
        REQUIRE(again.ok());
        REQUIRE(again->frames() == 320);
        recovered += energy_of(channel_of(*again));
        concealed += energy_of(channel_of(*deaf.conceal(20ms)));
    }
    REQUIRE(copies == 5);
    REQUIRE(recovered > wanted / 3);
    REQUIRE(concealed < wanted / 10);
}

TEST_CASE("without FEC there are no copies", "[opus]") {
    opus_options o;
    o.fec = false;
    opus_encoder e(audio_format(16'000), o);
    for (const auto& p : packets(e, 20)) REQUIRE_FALSE(opus_has_copy(p.bytes.span()));
    REQUIRE_FALSE(opus_has_copy({}));
    REQUIRE_FALSE(opus_has_copy(buffer(100'000).span()));
}

TEST_CASE("no packet, however it is broken, does more than fail with a reason", "[opus]") {
    opus_decoder d(audio_format(48'000, 2));
    REQUIRE_THAT(d.decode(packet()).error().message(), Contains("of 0 bytes is empty: conceal"));
    buffer huge(1'000'000);
    std::memset(huge.data(), 0xFF, huge.size());
    REQUIRE_THAT(d.decode(packet(huge)).error().message(),
                 Contains("of 1000000 bytes can not be: the largest"));
    REQUIRE_THAT(d.decode(packet(bytes_of({0xFF}))).error().message(), Contains("of 1 bytes is broken"));
    REQUIRE_FALSE(opus_duration(bytes_of({0x03, 0x3F}).span()).ok());  // 63 frames
    REQUIRE_FALSE(opus_duration(bytes_of({0x03, 0x00}).span()).ok());  // none
    REQUIRE_FALSE(opus_duration(bytes_of({0x01, 0x00}).span()).ok());  // two of half a byte
    REQUIRE(*opus_duration(bytes_of({0x08}).span()) == 20ms);
    REQUIRE_FALSE(d.recover({}, 20ms).ok());

    opus_encoder e(audio_format(48'000));
    const auto good = packets(e, 20);
    std::mt19937 random(1);
    for (int trial = 0; trial < 3000; ++trial) {
        const auto& p = good[random() % good.size()];
        buffer bad(trial % 3 == 0 ? random() % 2000 : p.bytes.size());
        for (auto& b : bad.span()) b = static_cast<std::byte>(random());
        if (trial % 3 == 1) {
            std::memcpy(bad.data(), p.bytes.data(), bad.size());
            bad.data()[random() % bad.size()] ^= static_cast<std::byte>(1U << random() % 8);
        }
        const auto made = d.decode(packet(bad));
        REQUIRE((made.ok() ? made->time() <= 120ms : !made.error().message().empty()));
        (void)d.recover(bad.span(), 20ms);
        (void)opus_has_copy(bad.span());
    }
    // And still it decodes.
    for (const auto& p : good) REQUIRE(d.decode(p)->frames() == 960);
}

TEST_CASE("what can not be is refused with a reason", "[opus]") {
    REQUIRE_THROWS_WITH(opus_encoder(audio_format(44'100)), Contains("not 44100 Hz: convert"));
    REQUIRE_THROWS_WITH(opus_encoder(audio_format(48'000, 3)), Contains("not 3"));
    REQUIRE_THROWS_WITH(opus_decoder(audio_format(0)), Contains("can not decode Opus"));
    opus_options o;
    o.frame = 15ms;
    REQUIRE_THROWS_WITH(opus_encoder(audio_format(48'000), o), Contains("not 15000 us"));
    o = {};
    o.complexity = 11;
    REQUIRE_THROWS_WITH(opus_encoder(audio_format(48'000), o), Contains("a complexity of 11"));
    opus_encoder e{audio_format(48'000)};
    REQUIRE_THAT(e.encode(audio(audio_format(48'000), 480)).error().message(),
                 Contains("takes 960 samples at 48000 Hz at a time, and got 480"));
    REQUIRE_FALSE(e.encode(audio(audio_format(16'000), 960)).ok());
    REQUIRE_FALSE(e.encode(audio()).ok());
}

TEST_CASE("after a reset a new stream begins", "[opus]") {
    opus_encoder e(audio_format(16'000));
    opus_decoder d(audio_format(16'000));
    const auto run = [&] {
        std::vector<float> heard;
        for (const auto& p : packets(e, 5)) append(heard, channel_of(*d.decode(p)));
        return heard;
    };
    const auto first = run();
    REQUIRE(run() != first);
    e.reset();
    d.reset();
    REQUIRE(run() == first);
}
