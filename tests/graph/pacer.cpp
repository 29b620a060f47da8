#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <rtai/core/join.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/graph/edge.hpp>
#include <rtai/graph/elements/pacer.hpp>
#include <utility>
#include <vector>

#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

constexpr audio_format telephone(8'000);

/// So much sound, as loud as its epoch says.
audio sound_of(duration time, epoch of = 1) {
    audio a(telephone, telephone.frames_in(time));
    a.stamp.epoch = of;
    std::ranges::fill(a.s16(), static_cast<std::int16_t>(1000 * of + 1000));
    return a;
}

using heard = std::vector<arrival<audio>>;
using told = std::vector<arrival<moment>>;

/// A pacer between channels, with somebody who hears.
struct under_test {
    explicit under_test(pacer::options o = {}, std::size_t room = 1024)
        : p(o), in(p.in, 1024), orders(p.control), sound_edge(edge_of(room)) {
        sound_edge.from(p.out);
        sound_edge.into(ear);
        moments.from(p.played);
        moments.into(log);
        p.out.belong_to(t);
        p.played.belong_to(t);
        sound_edge.guard(t);
        moments.guard(t);
    }

    static edge_options edge_of(std::size_t room) {
        edge_options o;
        o.capacity = room;
        return o;
    }

    void tell(order o) { orders.say(control(o)); }
    void end() {
        in.end();
        orders.end();
    }

    /// Plays, and notes what is heard and told, while the script runs.
    task<> with(task<> script) {
        co_await join(play(p), note_arrivals(ear.stream(), got), note_arrivals(log.stream(), said),
                      std::move(script));
    }

    std::size_t count(what w) const {
        return static_cast<std::size_t>(
            std::count_if(said.begin(), said.end(), [&](const auto& a) { return a.value.what == w; }));
    }

    turn t;
    pacer p;
    feed<audio> in;
    feed<control> orders;
    edge<audio> sound_edge;
    edge<moment> moments;
    input<audio> ear;
    input<moment> log;
    heard got;
    told said;
};

std::vector<duration> times(const heard& all) {
    std::vector<duration> when;
    for (const auto& a : all) when.push_back(a.when);
    return when;
}

std::vector<duration> every_20ms(std::size_t count, duration from = 0ms) {
    std::vector<duration> when;
    for (std::size_t i = 0; i < count; ++i) when.push_back(from + i * 20ms);
    return when;
}

}  // namespace

CO_TEST("frames leave every 20 ms, the first at once, however fast they come", "[pacer]") {
    under_test u;
    auto script = [&]() -> task<> {
        u.in.say(sound_of(1s));
        u.end();
        co_return;
    };
    co_await u.with(script());
    REQUIRE(times(u.got) == every_20ms(50));
    REQUIRE(in_sequence(std::vector<audio>{u.got[0].value, u.got[1].value}));
    for (const auto& a : u.got) {
        REQUIRE(a.value.frames() == 160);
        REQUIRE(a.value.stamp.epoch == 1);
    }
    REQUIRE(u.said.size() == 2);
    REQUIRE(u.said[0].value.what == what::playout_start);
    REQUIRE(u.said[0].value.samples == 0);
    REQUIRE(u.said[1].value.what == what::playout_end);
    REQUIRE(u.said[1].value.samples == 8000);
    REQUIRE(u.said[1].value.of == 1);
    REQUIRE(u.said[1].value.stamp.epoch == 0);
    REQUIRE(u.said[1].when == 1s);
    REQUIRE(u.said[1].value.stamp.at - u.said[0].value.stamp.at == 1s);
}

CO_TEST("pieces of any length at any time leave evenly", "[pacer]") {
    under_test u;
    auto script = [&]() -> task<> {
        for (int i = 0; i < 40; ++i) {
            u.in.say(sound_of((i * 7 % 13 + 1) * 5ms));
            co_await sleep_for(i % 4 * 7ms);
        }
        u.end();
    };
    co_await u.with(script());
    REQUIRE(u.got.size() > 60);
    const duration first = u.got.front().when;
    REQUIRE(first <= 20ms);
    REQUIRE(times(u.got) == every_20ms(u.got.size(), first));
}

CO_TEST("after a gap it goes on at once, and tells the end where it was", "[pacer]") {
    under_test u;
    auto script = [&]() -> task<> {
        u.in.say(sound_of(50ms));
        co_await sleep_for(133ms);
        u.in.say(sound_of(40ms));
        co_await sleep_for(1s);
        u.in.say(sound_of(20ms));
        u.end();
    };
    co_await u.with(script());
    // The rest of the first is filled up with silence rather than held back.
    const std::vector<duration> expected{0ms, 20ms, 40ms, 133ms, 153ms, 1133ms};
    REQUIRE(times(u.got) == expected);
    REQUIRE(u.got[2].value.s16()[79] == 2000);
    REQUIRE(u.got[2].value.s16()[80] == 0);
    // 93 ms are less than the gap that ends it.
    REQUIRE(u.said.size() == 4);
    REQUIRE(u.said[1].value.what == what::playout_end);
    REQUIRE(u.said[1].when == 373ms);
    REQUIRE(u.said[1].value.samples == 720);
    REQUIRE(u.said[1].value.stamp.at - u.said[0].value.stamp.at == 173ms);
    REQUIRE(u.said[2].value.what == what::playout_start);
    REQUIRE(u.said[3].value.samples == 880);
}

CO_TEST("a short beginning waits for a frame's time, not longer", "[pacer]") {
    under_test u;
    auto script = [&]() -> task<> {
        u.in.say(sound_of(5ms));
        co_await sleep_for(100ms);
        u.in.say(sound_of(5ms));
        co_await sleep_for(3ms);
        u.in.say(sound_of(15ms));
        co_await sleep_for(1s);
        u.end();
    };
    co_await u.with(script());
    const std::vector<duration> expected{20ms, 103ms};
    REQUIRE(times(u.got) == expected);
}

CO_TEST("a pause holds what waits, and a resume goes on with the next sample", "[pacer]") {
    under_test u;
    auto script = [&]() -> task<> {
        u.in.say(sound_of(100ms));
        co_await sleep_for(30ms);
        u.tell(order::pause);
        co_await sleep_for(500ms);
        u.tell(order::resume);
        co_await sleep_for(10ms);
        u.end();
    };
    co_await u.with(script());
    const std::vector<duration> expected{0ms, 20ms, 530ms, 550ms, 570ms};
    REQUIRE(times(u.got) == expected);
    REQUIRE(u.said.size() == 2);
    REQUIRE(u.said[1].value.samples == 800);
}

CO_TEST("a pause that nobody can end ends with its orders", "[pacer]") {
    under_test u;
    u.tell(order::pause);
    u.in.say(sound_of(20ms));
    auto script = [&]() -> task<> {
        co_await sleep_for(50ms);
        u.end();
    };
    co_await u.with(script());
    REQUIRE(times(u.got) == std::vector<duration>{50ms});
}

CO_TEST("a flush lets one frame fade out, and tells how much was played", "[pacer]") {
    under_test u;
    auto script = [&]() -> task<> {
        u.in.say(sound_of(500ms));
        co_await sleep_for(105ms);
        u.tell(order::flush);
        co_await sleep_for(1s);
        u.in.say(sound_of(20ms));
        u.end();
    };
    co_await u.with(script());
    auto expected = every_20ms(7);
    expected.push_back(1105ms);
    REQUIRE(times(u.got) == expected);
    const audio& fade = u.got[6].value;
    REQUIRE(fade.s16()[0] == 2000);
    REQUIRE(fade.s16()[80] == Approx(1000).epsilon(0.02));
    REQUIRE(fade.s16()[159] == 0);
    REQUIRE(u.said[1].value.what == what::interruption);
    REQUIRE(u.said[1].when == 105ms);
    REQUIRE(u.said[1].value.samples == 7 * 160);
    REQUIRE(u.said[1].value.of == 1);
}

CO_TEST("a stop fades and ends, though the input goes on", "[pacer]") {
    under_test u;
    auto script = [&]() -> task<> {
        u.in.say(sound_of(500ms));
        co_await sleep_for(25ms);
        u.tell(order::stop);
    };
    co_await u.with(script());
    REQUIRE(times(u.got) == every_20ms(3));
    REQUIRE(u.got[2].value.s16()[159] == 0);
    REQUIRE(u.in.to().ended());
}

CO_TEST("silence is sent when it is wanted", "[pacer]") {
    pacer::options o;
    o.silence = true;
    under_test u(o);
    auto script = [&]() -> task<> {
        co_await sleep_for(30ms);
        u.in.say(sound_of(40ms));
        co_await sleep_for(395ms);
        u.in.say(sound_of(40ms));
        u.end();
    };
    co_await u.with(script());
    REQUIRE(times(u.got) == every_20ms(22, 30ms));
    for (std::size_t i = 0; i < 22; ++i) REQUIRE(u.got[i].value.s16()[0] == (i < 2 || i >= 20 ? 2000 : 0));
    REQUIRE(u.said.size() == 4);
    REQUIRE(u.said[1].value.samples == 320);
    REQUIRE(u.said[1].value.stamp.at - u.said[0].value.stamp.at == 40ms);
}

CO_TEST("it takes no more than it may, and the rest waits before it", "[pacer]") {
    pacer::options o;
    o.most = 100ms;
    under_test u(o);
    auto script = [&]() -> task<> {
        for (int i = 0; i < 50; ++i) u.in.say(sound_of(20ms));
        co_await sleep_for(1ms);
        // One plays, five wait in it.
        const auto depth = u.in.to().stats().depth;
        REQUIRE(depth >= 44);
        u.end();
    };
    co_await u.with(script());
    REQUIRE(times(u.got) == every_20ms(50));
}

CO_TEST("without room behind it sound is late, not lost", "[pacer]") {
    pacer p;
    feed<audio> in(p.in);
    drain<audio> out(p.out, 1);
    in.say(sound_of(100ms));
    in.end();
    std::size_t samples = 0;
    auto listen = [&]() -> task<> {
        while (auto a = co_await out.from().receive()) {
            samples += a->frames();
            co_await sleep_for(90ms);
        }
    };
    co_await join(play(p), listen());
    REQUIRE(samples == 800);
}

CO_TEST("a pacer ends when nobody listens", "[pacer]") {
    pacer p;
    feed<audio> in(p.in);
    drain<audio> out(p.out);
    out.leave();
    in.say(sound_of(100ms));
    co_await play(p);
    REQUIRE(in.to().ended());
}

namespace {

/// Turns of random sound, each interrupted at a random time; checks what is heard against what is told.
task<> interruptions(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    pacer::options o;
    o.silence = random() % 4 == 0;
    under_test u(o, random() % 2 == 0 ? 50 : 3);
    std::vector<time_point> when;
    const time_point start = now();
    auto script = [&]() -> task<> {
        // Half of the time all is on a grid, so that much happens at once.
        const auto grid = random() % 2 == 0 ? 5000U : 1U;
        const auto turns = 1 + random() % 5;
        for (std::uint64_t n = 0; n < turns; ++n) {
            const auto until = now() + std::chrono::microseconds(random() % 300'000 / grid * grid);
            while (now() < until) {
                u.in.say(sound_of(std::chrono::microseconds(random() % 100'000), u.t.epoch()));
                const auto pause = std::chrono::microseconds(random() % 40'000 / grid * grid);
                co_await sleep_until(std::min(now() + pause, until));
                if (random() % 8 == 0) u.tell(order::pause);
                if (random() % 4 == 0) u.tell(order::resume);
            }
            if (random() % 2 == 0) u.in.say(sound_of(7ms, u.t.epoch()));
            u.t.interrupt();
            when.push_back(now());
            u.tell(order::resume);
        }
        u.in.say(sound_of(33ms, u.t.epoch()));
        u.end();
    };
    co_await u.with(script());

    std::vector<std::uint64_t> samples(when.size() + 2);  // of each epoch
    time_point before = start - 1h;
    for (const auto& a : u.got) {
        const time_point at = start + a.when;
        REQUIRE(at - before >= 20ms);
        before = at;
        // Which turn it is of can be heard.
        const int level = a.value.s16()[0];
        if (level == 0) continue;
        const auto of = static_cast<std::size_t>(level / 1000 - 1);
        for (const auto s : a.value.s16())
            if (a.value.stamp.epoch != 0) samples.at(of) += s != 0 ? 1U : 0U;
        if (of > when.size()) continue;
        // After its turn's end one frame at most, and that fades.
        if (at > when.at(of - 1)) {
            REQUIRE(a.value.stamp.epoch == 0);
            REQUIRE(at - when.at(of - 1) <= 20ms);
            REQUIRE(a.value.s16()[159] == 0);
        }
    }
    // The fades, whose last sample is silent like what fills up a frame: from what was told.
    std::vector<std::uint64_t> told_of(samples.size());
    std::size_t fades = 0;
    for (const auto& m : u.said) told_of.at(m.value.of) = std::max(told_of.at(m.value.of), m.value.samples);
    for (const auto& a : u.got) fades += a.value.stamp.epoch == 0 && a.value.s16()[0] != 0 ? 1U : 0U;
    std::size_t differ = 0;
    for (std::size_t of = 1; of < samples.size(); ++of) {
        REQUIRE(told_of[of] >= samples[of]);
        REQUIRE(told_of[of] - samples[of] <= 160);
        differ += told_of[of] != samples[of] ? 1U : 0U;
    }
    REQUIRE(differ == fades);
    REQUIRE(samples.back() == 264);
}

}  // namespace

TEST_CASE("whenever it is interrupted, nothing stale is heard after the fade, and each sample is counted",
          "[pacer]") {
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
        CAPTURE(seed);
        const balance before;
        {
            in_world in(seed);
            in.w.run(interruptions(seed));
        }
        before.check();
    }
}
