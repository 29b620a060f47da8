#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <rtai/data/describe.hpp>
#include <rtai/media/resample.hpp>
#include <span>
#include <vector>

#include "support/sound.hpp"

using namespace rtai;
using namespace rtai::test;
using Catch::Matchers::Contains;

namespace {

/// A second of a tone, in pieces, and what was flushed.
std::vector<float> resampled(resampler& r, double hertz, std::size_t piece, double seconds = 1) {
    const audio_format format(r.from(), r.channels(), encoding::f32);
    const auto total = static_cast<std::size_t>(seconds * r.from());
    std::vector<float> all;
    std::vector<float> room;
    const auto keep = [&](std::size_t frames) {
        append(all, std::vector<float>(room.begin(),
                                       room.begin() + static_cast<std::ptrdiff_t>(frames * r.channels())));
    };
    for (std::size_t done = 0; done < total; done += piece) {
        const audio in = sine(format, hertz, std::min(piece, total - done), done);
        room.resize(r.most(in.frames()) * r.channels());
        keep(r.process(in.f32(), room));
    }
    room.resize(r.most(0) * r.channels());
    keep(r.flush(room));
    return all;
}

std::vector<float> middle(const std::vector<float>& samples) {
    const auto part = static_cast<std::ptrdiff_t>(samples.size() / 10);
    return {samples.begin() + part, samples.end() - part};
}

}  // namespace

TEST_CASE("a tone keeps its pitch, its level and its length at every rate", "[resample]") {
    constexpr std::uint32_t rates[] = {8'000, 12'000, 16'000, 22'050, 24'000, 32'000, 44'100, 48'000};
    for (const auto from : rates)
        for (const auto to : rates) {
            CAPTURE(from, to);
            resampler r(from, to);
            const auto out = resampled(r, 1000, from / 50);
            REQUIRE(out.size() == Approx(to).margin(3));
            const auto steady = middle(out);
            REQUIRE(pitch_of(steady, to) == Approx(1000).epsilon(0.003));
            REQUIRE(level_at(steady, to, 1000) == Approx(0.5).epsilon(0.02));
            REQUIRE(energy_of(steady) == Approx(0.125).epsilon(0.02));
        }
}

TEST_CASE("each quality keeps what is heard, and all but the linear one keep out what would alias",
          "[resample]") {
    for (const auto q : {quality::fastest, quality::medium, quality::best, quality::linear}) {
        CAPTURE(name_of(q));
        resampler keeps(48'000, 16'000, 1, q);
        REQUIRE(level_at(middle(resampled(keeps, 1000, 960)), 16'000, 1000) == Approx(0.5).epsilon(0.03));
        resampler refuses(48'000, 16'000, 1, q);
        // 13 kHz would be heard as 3 kHz.
        const double alias = level_at(middle(resampled(refuses, 13'000, 960)), 16'000, 3000);
        if (q == quality::linear) REQUIRE(alias > 0.1);
        else REQUIRE(alias < 0.001);
    }
}

TEST_CASE("pieces of any length give the same sound", "[resample]") {
    resampler whole(44'100, 16'000);
    const auto expected = resampled(whole, 440, 44'100);
    for (const std::size_t piece : {1U, 7U, 160U, 882U, 5000U}) {
        CAPTURE(piece);
        resampler r(44'100, 16'000);
        const auto out = resampled(r, 440, piece);
        REQUIRE(out.size() == Approx(expected.size()).margin(1));
        double worst = 0;
        for (std::size_t i = 0; i < std::min(out.size(), expected.size()); ++i)
            worst = std::max(worst, std::abs(static_cast<double>(out[i] - expected[i])));
        REQUIRE(worst < 1e-4);
    }
}

TEST_CASE("two channels stay apart", "[resample]") {
    resampler r(48'000, 16'000, 2);
    const audio_format format(48'000, 2, encoding::f32);
    audio in = sine(format, 1000, 48'000);
    for (std::size_t i = 1; i < in.f32().size(); i += 2) in.f32()[i] = 0;
    std::vector<float> out(r.most(in.frames()) * 2);
    out.resize(r.process(in.f32(), out) * 2);
    std::vector<float> left, right;
    for (std::size_t i = 0; i < out.size(); i += 2) {
        left.push_back(out[i]);
        right.push_back(out[i + 1]);
    }
    REQUIRE(level_at(middle(left), 16'000, 1000) == Approx(0.5).epsilon(0.02));
    REQUIRE(energy_of(right) == 0);
}

TEST_CASE("after a flush or a reset a new stream begins", "[resample]") {
    resampler r(16'000, 48'000);
    const auto first = resampled(r, 440, 320, 0.1);
    REQUIRE(resampled(r, 440, 320, 0.1) == first);
    std::vector<float> room(r.most(320));
    REQUIRE(r.process(sine({16'000, 1, encoding::f32}, 3000, 320).f32(), room) > 0);
    r.reset();
    REQUIRE(resampled(r, 440, 320, 0.1) == first);
}

TEST_CASE("the room that is asked for stays in bounds in a long stream", "[resample]") {
    resampler r(44'100, 48'000);
    std::vector<float> in(882);
    std::vector<float> out;
    for (int i = 0; i < 20'000; ++i) {
        const auto most = r.most(in.size());
        REQUIRE(most < 1200);
        out.resize(most);
        (void)r.process(in, out);
    }
}

TEST_CASE("rates that can not be are refused with a reason", "[resample]") {
    REQUIRE_THROWS_WITH(resampler(0, 16'000), Contains("from 0 to 16000 Hz"));
    REQUIRE_THROWS_WITH(resampler(8, 48'000), Contains("at most 256 times"));
    REQUIRE_THROWS_AS(resampler(16'000, 8'000, 0), std::invalid_argument);
}
