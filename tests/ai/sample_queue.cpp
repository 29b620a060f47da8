#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <rtai/ai/detail/sample_queue.hpp>
#include <vector>

using rtai::detail::sample_queue;

TEST_CASE("a queue of samples gives them back in order, in one piece", "[sample_queue]") {
    std::mt19937 random(1);
    const auto below = [&](std::uint32_t n) { return static_cast<std::size_t>(random() % n); };
    sample_queue queue;
    std::deque<std::int16_t> expected;
    std::int16_t next = 0;
    for (int i = 0; i < 20'000; ++i) {
        switch (below(8)) {
            case 0:
                queue.put_silence(static_cast<std::size_t>(i % 50));
                expected.insert(expected.end(), static_cast<std::size_t>(i % 50), 0);
                break;
            case 1:
            case 2:
            case 3: {
                std::vector<std::int16_t> some(below(400));
                for (auto& s : some) s = next++;
                queue.put(some);
                expected.insert(expected.end(), some.begin(), some.end());
                break;
            }
            case 4:
                if (i % 1000 == 0) {
                    queue.clear();
                    expected.clear();
                }
                break;
            default: {
                // More than there is, too.
                const std::size_t count = below(500);
                queue.drop(count);
                const auto gone = std::min(count, expected.size());
                expected.erase(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(gone));
            }
        }
        REQUIRE(queue.size() == expected.size());
        REQUIRE(queue.empty() == expected.empty());
        REQUIRE(std::equal(expected.begin(), expected.end(), queue.samples().begin(), queue.samples().end()));
    }
}
