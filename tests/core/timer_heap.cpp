#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <rtai/core/detail/random.hpp>
#include <rtai/core/detail/timer_heap.hpp>
#include <vector>

using namespace rtai;
using namespace rtai::detail;

namespace {

time_point at(std::uint64_t n) { return time_point(duration(static_cast<duration::rep>(n))); }

}  // namespace

TEST_CASE("an empty heap of timers waits for ever", "[timer_heap]") {
    const timer_heap heap;
    REQUIRE(heap.empty());
    REQUIRE(heap.next() == never);
}

TEST_CASE("timers of the same time keep the order in which they were set", "[timer_heap]") {
    timer_heap heap;
    std::deque<timer_entry> entries(50);
    for (auto& e : entries) {
        e.when = at(7);
        heap.insert(e);
    }
    for (auto& e : entries) REQUIRE(&heap.pop() == &e);
    REQUIRE(heap.empty());
}

TEST_CASE("whatever is set and removed, timers come out in order", "[timer_heap]") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        detail::random random(seed);
        timer_heap heap;
        std::deque<timer_entry> entries;
        std::vector<timer_entry*> inside;
        for (int i = 0; i < 300; ++i) {
            if (inside.empty() || random.chance(0.6)) {
                auto& e = entries.emplace_back();
                e.when = at(random.below(100));
                heap.insert(e);
                inside.push_back(&e);
            } else {
                const auto which = static_cast<std::ptrdiff_t>(random.below(inside.size()));
                heap.remove(*inside[static_cast<std::size_t>(which)]);
                inside.erase(inside.begin() + which);
            }
            REQUIRE(heap.size() == inside.size());
        }
        std::stable_sort(inside.begin(), inside.end(),
                         [](const timer_entry* a, const timer_entry* b) { return a->when < b->when; });
        for (const timer_entry* expected : inside) {
            REQUIRE(heap.next() == expected->when);
            REQUIRE(&heap.pop() == expected);
        }
        REQUIRE(heap.empty());
    }
}
