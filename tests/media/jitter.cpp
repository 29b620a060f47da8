#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <rtai/media/jitter.hpp>
#include <set>
#include <utility>
#include <vector>

using namespace rtai;
using namespace std::chrono_literals;

namespace {

const time_point zero = time_point() + 1h;

packet sound(std::uint32_t number) {
    packet p(buffer(4), 20ms);
    p.stamp.sequence = number;
    return p;
}

struct played {
    time_point when;
    std::uint64_t sequence;
    std::uint64_t number;  // of the packet as it was sent
    bool lost;
};

/// A sender, a network and a player that looks whenever something is due.
struct call {
    explicit call(jitter_options o = {}) : buffer(o) {}

    jitter_buffer buffer;
    std::uint16_t first = 65'500;  // so that it soon begins anew
    std::uint32_t first_timestamp = 0xFFFFF000;
    std::map<std::uint64_t, time_point> arrivals;
    std::vector<played> out;
    std::multimap<time_point, std::pair<std::uint32_t, std::uint32_t>> way;  // number, timestamp

    /// A packet with this number, whose sound is from `at`, and which comes at `arrival`.
    void send(std::uint32_t number, duration at, time_point arrival) {
        way.emplace(arrival, std::pair(number, static_cast<std::uint32_t>(at / 1us * 48 / 1000)));
    }

    void run() {
        for (auto& [arrival, what] : way) {
            play_until(arrival);
            arrivals.try_emplace(what.first, arrival);
            buffer.put(static_cast<std::uint16_t>(first + what.first), first_timestamp + what.second,
                       sound(what.first), arrival);
            play(arrival);
        }
        play_until(zero + 24h);
        way.clear();
    }

    void play_until(time_point end) {
        while (const auto due = buffer.next_due()) {
            if (*due > end) break;
            play(*due);
        }
    }

    void play(time_point now) {
        while (auto item = buffer.get(now))
            out.push_back(
                {now, item.sequence, item.sound.stamp.sequence, item.is == jitter_item::kind::lost});
    }

    void check(duration most) const {
        std::uint64_t before = 0;
        std::set<std::uint64_t> seen;
        for (const auto& p : out) {
            REQUIRE(p.sequence > before);
            before = p.sequence;
            if (p.lost) continue;
            REQUIRE(seen.insert(p.number).second);
            REQUIRE(p.when >= arrivals.at(p.number));
            REQUIRE(p.when - arrivals.at(p.number) <= most);
        }
    }

    std::size_t sounds() const {
        return static_cast<std::size_t>(
            std::count_if(out.begin(), out.end(), [](const played& p) { return !p.lost; }));
    }
};

}  // namespace

TEST_CASE("on a steady network each packet waits for the start, later for the least", "[jitter]") {
    call c;
    for (std::uint32_t n = 0; n < 3000; ++n) c.send(n, n * 20ms, zero + n * 20ms + 35ms);
    c.run();
    c.check(45ms);
    REQUIRE(c.out.size() == 3000);
    REQUIRE(c.out[0].when - c.arrivals[0] >= 34ms);
    REQUIRE(c.out[0].when - c.arrivals[0] <= 44ms);
    REQUIRE(c.out[2999].when - c.arrivals[2999] == 20ms);
    const auto s = c.buffer.statistics();
    REQUIRE(s.lost + s.late + s.duplicate + s.reordered + s.dropped + s.resets == 0);
    REQUIRE(s.target == 20ms);
    REQUIRE(s.variation == 0ms);
}

TEST_CASE("the target follows jitter quickly, and comes down slowly", "[jitter]") {
    call c;
    std::mt19937 random(3);
    for (std::uint32_t n = 0; n < 500; ++n)
        c.send(n, n * 20ms, zero + n * 20ms + std::chrono::milliseconds(random() % 100));
    c.run();
    c.check(400ms);
    REQUIRE(c.buffer.target() >= 85ms);
    REQUIRE(c.buffer.target() <= 115ms);
    REQUIRE(c.buffer.statistics().reordered > 50);
    // Of the last 400, when it had learned, few are late.
    REQUIRE(c.buffer.statistics().late < 25);
    for (std::uint32_t n = 500; n < 600; ++n) c.send(n, n * 20ms, zero + n * 20ms);
    c.run();
    REQUIRE(c.buffer.target() >= 80ms);
    for (std::uint32_t n = 600; n < 3000; ++n) c.send(n, n * 20ms, zero + n * 20ms);
    c.run();
    REQUIRE(c.buffer.target() == 20ms);
    c.check(400ms);
}

TEST_CASE("a packet that overtook another waits for it", "[jitter]") {
    call c;
    for (std::uint32_t n = 0; n < 100; n += 2) {
        c.send(n, n * 20ms, zero + n * 20ms + 21ms);
        c.send(n + 1, (n + 1) * 20ms, zero + n * 20ms + 20ms);
    }
    c.run();
    c.check(100ms);
    REQUIRE(c.out.size() == 100);
    REQUIRE(c.buffer.statistics().reordered == 50);
    REQUIRE(c.buffer.statistics().lost == 0);
}

TEST_CASE("what is lost is told of when its time has come, with the packet after it", "[jitter]") {
    jitter_buffer b;
    b.put(10, 0, sound(10), zero);
    REQUIRE_FALSE(b.get(zero));
    const time_point start = *b.next_due();
    REQUIRE(b.get(start).sound.stamp.sequence == 10);
    REQUIRE_FALSE(b.next_due());
    b.put(12, 1920, sound(12), zero + 40ms);
    REQUIRE_FALSE(b.get(start + 19ms));
    REQUIRE(*b.next_due() == start + 20ms);
    auto item = b.get(start + 20ms);
    REQUIRE(item.is == jitter_item::kind::lost);
    REQUIRE(item.time == 20ms);
    REQUIRE(item.next != nullptr);
    REQUIRE(item.next->stamp.sequence == 12);
    REQUIRE_FALSE(b.get(start + 20ms));
    REQUIRE_FALSE(b.put(11, 960, sound(11), zero + 75ms));
    REQUIRE(b.get(start + 40ms).sound.stamp.sequence == 12);
    const auto s = b.statistics();
    REQUIRE(s.lost == 1);
    REQUIRE(s.late == 1);
    REQUIRE(s.given == 2);
}

TEST_CASE("duplicates are dropped, before they are played and after", "[jitter]") {
    jitter_buffer b;
    REQUIRE(b.put(1, 0, sound(1), zero));
    REQUIRE_FALSE(b.put(1, 0, sound(1), zero + 1ms));
    REQUIRE(b.get(zero + 100ms));
    REQUIRE_FALSE(b.put(1, 0, sound(1), zero + 101ms));
    REQUIRE_FALSE(b.get(zero + 200ms));
    REQUIRE(b.statistics().duplicate == 2);
    REQUIRE(b.statistics().late == 0);
}

TEST_CASE("after a pause of the sender nothing is lost and nothing waits longer", "[jitter]") {
    // Nothing is sent for a while: the numbers go on, the timestamps jump.
    for (const auto pause : {100ms, 1'000ms, 30'000ms, 600'000ms}) {
        CAPTURE(pause.count());
        call c;
        std::uint32_t n = 0;
        for (; n < 100; ++n) c.send(n, n * 20ms, zero + n * 20ms);
        for (; n < 200; ++n) c.send(n, n * 20ms + pause, zero + n * 20ms + pause);
        c.run();
        c.check(45ms);
        REQUIRE(c.sounds() == 200);
        REQUIRE(c.buffer.statistics().lost == 0);
    }
    SECTION("also where its timestamps stand still meanwhile") {
        call c;
        std::uint32_t n = 0;
        for (; n < 100; ++n) c.send(n, n * 20ms, zero + n * 20ms);
        for (; n < 200; ++n) c.send(n, n * 20ms, zero + n * 20ms + 10s);
        c.run();
        c.check(400ms);
        REQUIRE(c.sounds() == 200);
        REQUIRE(c.buffer.target() <= 50ms);
    }
}

TEST_CASE("a burst after an outage comes out in order, and the delay goes back", "[jitter]") {
    call c;
    for (std::uint32_t n = 0; n < 1000; ++n) {
        const auto at = n * 20ms;
        // From 4 s on the network holds everything for 600 ms.
        c.send(n, at, zero + (at >= 4s && at < 4600ms ? 4599ms + n * 1us : at));
    }
    c.run();
    c.check(400ms);
    REQUIRE(c.sounds() == 1000);
    REQUIRE(c.out.back().when - c.arrivals[999] <= 400ms);
    REQUIRE(c.buffer.statistics().lost == 0);
}

TEST_CASE("a clock that drifts does not empty the buffer or fill it", "[jitter]") {
    for (const double drift : {-0.0005, 0.0005}) {
        CAPTURE(drift);
        call c;
        std::mt19937 random(5);
        for (std::uint32_t n = 0; n < 30'000; ++n) {
            const auto at = std::chrono::duration_cast<duration>(n * 20ms * (1 + drift));
            c.send(n, n * 20ms, zero + at + std::chrono::milliseconds(random() % 20));
        }
        c.run();
        c.check(80ms);
        REQUIRE(c.buffer.target() <= 45ms);
        REQUIRE(c.buffer.statistics().lost < 30);
    }
}

TEST_CASE("another stream begins after two packets of it, a single stray is left out", "[jitter]") {
    jitter_buffer b;
    for (std::uint16_t n = 0; n < 10; ++n) b.put(n, n * 960U, sound(n), zero + n * 20ms);
    b.put(30'000, 5, sound(77), zero + 200ms);
    for (std::uint16_t n = 10; n < 12; ++n) b.put(n, n * 960U, sound(n), zero + n * 20ms);
    std::vector<std::uint64_t> numbers;
    std::uint64_t before = 0;
    const auto take = [&](time_point now) {
        while (auto item = b.get(now)) {
            REQUIRE(item.sequence > before);
            before = item.sequence;
            numbers.push_back(item.sound.stamp.sequence);
        }
    };
    take(zero + 1s);
    REQUIRE(numbers.size() == 12);
    REQUIRE(b.statistics().resets == 0);
    numbers.clear();
    for (std::uint16_t n = 0; n < 10; ++n)
        b.put(static_cast<std::uint16_t>(40'000 + n), 123'456'789U + n * 960U, sound(n),
              zero + 2s + n * 20ms);
    take(zero + 3s);
    REQUIRE(numbers == std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    REQUIRE(b.statistics().resets == 1);
    REQUIRE(b.statistics().lost == 0);
}

TEST_CASE("of a long loss only the first are told", "[jitter]") {
    jitter_options o;
    o.conceal = 3;
    jitter_buffer b(o);
    b.put(0, 0, sound(0), zero);
    REQUIRE(b.get(zero + 1s));
    b.put(101, 101 * 960, sound(101), zero + 101 * 20ms);
    std::size_t sounds = 0, lost = 0;
    while (auto item = b.get(zero + 10s)) (item.is == jitter_item::kind::lost ? lost : sounds) += 1;
    REQUIRE(sounds == 1);
    REQUIRE(lost == 3);
    REQUIRE(b.statistics().lost == 100);
}

TEST_CASE("whatever the network does, the order holds, no packet comes twice and none waits too long",
          "[jitter]") {
    for (std::uint32_t seed = 1; seed <= 400; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        jitter_options o;
        o.most = std::chrono::milliseconds(100 + random() % 500);
        call c(o);
        c.first = static_cast<std::uint16_t>(random());
        c.first_timestamp = static_cast<std::uint32_t>(random());
        const std::uint64_t loss = random() % 21, twice = random() % 5, jitter = 1 + random() % 200;
        const double drift = 1 + (static_cast<double>(random() % 2001) - 1000) * 1e-6;
        duration pause{}, held{};
        std::size_t lost = 0;
        constexpr std::uint32_t count = 400;
        for (std::uint32_t n = 0; n < count; ++n) {
            if (random() % 100 == 0) pause += std::chrono::milliseconds(random() % 3000);
            if (random() % 50 == 0) held = std::chrono::milliseconds(random() % 500);
            held = std::max<duration>(held - 20ms, 0ms);
            const duration at = n * 20ms + pause;
            const auto arrival = zero + std::chrono::duration_cast<duration>(at * drift) + held +
                                 std::chrono::microseconds(random() % (jitter * 1000));
            if (random() % 100 < loss) {
                ++lost;
                continue;
            }
            c.send(n, at, arrival);
            if (random() % 100 < twice) c.send(n, at, arrival + std::chrono::milliseconds(random() % 300));
        }
        c.run();
        c.check(o.most);
        const auto s = c.buffer.statistics();
        REQUIRE(s.given == c.sounds());
        REQUIRE(s.given + s.late + s.duplicate + s.dropped == s.received);
        REQUIRE(s.resets == 0);
        REQUIRE(c.buffer.size() == 0);
        if (jitter < 80) REQUIRE(c.sounds() + lost >= count * 7 / 10);
        REQUIRE(s.target <= o.most);
    }
}
