#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <random>
#include <rtai/media/pacer.hpp>
#include <utility>
#include <vector>

using namespace rtai;
using namespace std::chrono_literals;

namespace {

/// Samples that count up, so that each is known again.
audio counting(std::size_t first, std::size_t frames, epoch of = 1, audio_format f = audio_format(8'000)) {
    audio a(f, frames);
    a.stamp.epoch = of;
    for (std::size_t i = 0; i < a.s16().size(); ++i) a.s16()[i] = static_cast<std::int16_t>(first + i);
    return a;
}

}  // namespace

TEST_CASE("pieces of any length come out as frames of one", "[pacer]") {
    for (std::uint32_t seed = 1; seed <= 50; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        playout_store s(20ms);
        std::size_t put = 0, got = 0;
        while (got < 20'000) {
            if (random() % 3 == 0 && put < 20'000) {
                const std::size_t n = std::min<std::size_t>(random() % 500, 20'000 - put);
                s.put(counting(put + 1, n));
                put += n;
            }
            if (!s.ready() && put < 20'000) continue;
            const auto f = s.take();
            REQUIRE(f);
            REQUIRE(f->sound.frames() == 160);
            REQUIRE(f->epoch == 1);
            for (std::size_t i = 0; i < 160; ++i)
                REQUIRE(f->sound.s16()[i] == static_cast<std::int16_t>(i < f->samples ? ++got : 0));
        }
        REQUIRE(s.empty());
        REQUIRE(s.time() == 0ms);
        REQUIRE_FALSE(s.take());
    }
}

TEST_CASE("a piece as long as a frame is handed on, not copied", "[pacer]") {
    playout_store s(20ms);
    audio a = counting(0, 160);
    const auto* bytes = a.bytes().data();
    s.put(std::move(a));
    REQUIRE(s.take()->sound.bytes().data() == bytes);
}

TEST_CASE("a frame has sound of one turn and one format", "[pacer]") {
    playout_store s(20ms);
    s.put(counting(1, 100, 1));
    REQUIRE_FALSE(s.ready());
    s.put(counting(1, 100, 2));
    REQUIRE(s.ready());
    auto f = s.take();
    REQUIRE(f->samples == 100);
    REQUIRE(f->epoch == 1);
    REQUIRE_FALSE(s.ready());
    s.put(counting(1, 480, 2, audio_format(24'000)));
    REQUIRE(s.ready());
    REQUIRE(s.take()->samples == 100);
    f = s.take();
    REQUIRE(f->sound.frames() == 480);
    REQUIRE(s.empty());
}

TEST_CASE("what goes is thrown out, and the rest stays as it was", "[pacer]") {
    playout_store s(20ms);
    s.put(counting(1, 300, 1));
    s.put(counting(1, 100, 0));
    s.put(counting(1, 100, 1));
    s.put(counting(7, 160, 2));
    (void)s.take();
    REQUIRE(s.cut([](epoch e) { return e == 1; }));
    REQUIRE_FALSE(s.cut([](epoch e) { return e == 1; }));
    REQUIRE(s.first_epoch() == 0U);
    REQUIRE(s.take()->samples == 100);
    REQUIRE(s.take()->sound.s16()[0] == 7);
    REQUIRE(s.time() == 0ms);
}

TEST_CASE("a fade falls evenly to silence, in each channel, and leaves alone what others have", "[pacer]") {
    audio a(audio_format(48'000, 2, encoding::f32), 960);
    std::ranges::fill(a.f32(), 0.5F);
    const audio same = a;
    const audio f = faded(a);
    REQUIRE(same.f32()[1919] == 0.5F);
    REQUIRE(f.f32()[0] == 0.5F);
    REQUIRE(f.f32()[960] == Approx(0.25).epsilon(0.01));
    REQUIRE(f.f32()[1918] == 0);
    REQUIRE(f.f32()[1919] == 0);
    REQUIRE(faded(audio()).frames() == 0);
}
