#include <chrono>
#include <cstdint>
#include <rtai/core/join.hpp>
#include <rtai/graph/edge.hpp>
#include <rtai/graph/elements/g711_decode.hpp>
#include <rtai/graph/elements/g711_encode.hpp>
#include <rtai/graph/elements/opus_decode.hpp>
#include <rtai/graph/elements/opus_encode.hpp>
#include <utility>
#include <vector>

#include "graph/flow.hpp"
#include "support/co_test.hpp"
#include "support/sound.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

/// A tone in pieces of 13 ms, encoded.
task<std::vector<packet>> tone_packets(audio_format f, std::size_t pieces, opus_options o = {}) {
    rtai::opus_encode e(o);
    feed<audio> in(e.in, 128, f);
    drain<packet> out(e.out, 128);
    const std::size_t frames = f.frames_in(13ms);
    for (std::size_t i = 0; i < pieces; ++i) in.say(sine(f, 440, frames, i * frames));
    in.end();
    co_await play(e);
    co_return out.take();
}

task<std::vector<audio>> decoded(std::vector<packet> packets, audio_format f) {
    rtai::opus_decode d;
    channel<packet> way(256);
    d.in.connect(way.receiver());
    drain<audio> out(d.out, 256, f);
    {
        auto to = way.sender();
        for (auto& p : packets) (void)to.try_send(std::move(p));
    }
    co_await play(d);
    co_return out.take();
}

std::vector<float> all_of(const std::vector<audio>& pieces) {
    std::vector<float> heard;
    for (const auto& a : pieces) append(heard, channel_of(a));
    return heard;
}

}  // namespace

CO_TEST("sound goes through Opus and comes out at the rate that is wanted", "[codecs]") {
    auto packets = co_await tone_packets(audio_format(48'000), 40);
    REQUIRE(packets.size() == 26);  // 520 ms
    REQUIRE(in_sequence(packets));
    const auto heard = all_of(co_await decoded(std::move(packets), audio_format(16'000)));
    REQUIRE(heard.size() == 26 * 320);
    REQUIRE(pitch_of(heard, 16'000) == Approx(440).epsilon(0.03));
}

CO_TEST("what is missing, and what is broken, is concealed", "[codecs]") {
    auto packets = co_await tone_packets(audio_format(16'000), 40);
    packets.erase(packets.begin() + 10, packets.begin() + 13);
    packets[15].bytes = buffer();
    packets[20].bytes = buffer(100'000);
    const auto heard = co_await decoded(std::move(packets), audio_format(16'000));
    REQUIRE(heard.size() == 26);
    REQUIRE(in_sequence(heard));
    REQUIRE(all_of(heard).size() == 26 * 320);
}

CO_TEST("too much that is missing leaves a gap", "[codecs]") {
    auto packets = co_await tone_packets(audio_format(16'000), 40);
    packets.erase(packets.begin() + 5, packets.begin() + 20);
    const auto heard = co_await decoded(std::move(packets), audio_format(16'000));
    REQUIRE(heard.size() == 11);
}

CO_TEST("a packet has sound of one turn", "[codecs]") {
    rtai::opus_encode e;
    feed<audio> in(e.in);
    drain<packet> out(e.out);
    for (const epoch of : {epoch{1}, epoch{1}, epoch{2}}) {
        audio a = sine(audio_format(16'000), 440, 160 * 3);
        a.stamp.epoch = of;
        in.say(std::move(a));
    }
    in.end();
    co_await play(e);
    const auto packets = out.take();
    REQUIRE(packets.size() == 5);
    for (std::size_t i = 0; i < 5; ++i) REQUIRE(packets[i].stamp.epoch == (i < 3 ? 1 : 2));
    REQUIRE(in_sequence(packets));
}

CO_TEST("with DTX silence is not sent, and not taken for loss", "[codecs]") {
    opus_options o;
    o.dtx = true;
    rtai::opus_encode e(o);
    feed<audio> in(e.in, 256);
    drain<packet> out(e.out, 256);
    for (int i = 0; i < 100; ++i) {
        audio a(audio_format(16'000), 320);
        for (auto& s : a.s16()) s = 0;
        in.say(std::move(a));
    }
    in.end();
    co_await play(e);
    const auto packets = out.take();
    REQUIRE(packets.size() < 40);
    REQUIRE(in_sequence(packets));
}

CO_TEST("sound goes through G.711", "[codecs]") {
    g711_encode e;
    g711_decode d;
    feed<audio> in(e.in);
    wire(e.out, d.in);
    drain<audio> out(d.out, 64, audio_format(8'000));
    for (std::size_t i = 0; i < 10; ++i) in.say(sine(audio_format(8'000), 440, 160, i * 160));
    in.end();
    co_await join(play(e), play(d));
    const auto got = out.take();
    REQUIRE(in_sequence(got));
    const auto heard = all_of(got);
    REQUIRE(heard.size() == 1600);
    REQUIRE(level_at(heard, 8'000, 440) == Approx(0.5).epsilon(0.02));
}
