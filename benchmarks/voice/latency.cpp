#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "bare.hpp"
#include "live.hpp"
#include "questions.hpp"

namespace bench {
namespace {

using namespace std::chrono_literals;

double milliseconds(rtai::duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

/// Of the turns of some sessions, spread over shards: the times from the decision that the person has
/// finished to the first sound of the answer.
struct turns {
    live_outcome answer;  ///< from there
    live_outcome whole;   ///< from the end of speech, without the time that is waited to be sure of it
    double withheld = 0;  ///< the part of the time in which other programs had the core, in per cent
};

/// Short turns, for there are to be many.
const scene& chat() {
    static const scene once = [] {
        scene s(500ms, 300ms, 1000ms);
        s.wait = 100ms;
        return s;
    }();
    return once;
}

void measure_shard(int sessions, rtai::duration how_long, turns& found) {
    live_outcome out;
    rtai::run(run_live(chat(), sessions, how_long, 1000ms, nullptr, out, [&](const session& one) {
        const auto& records = one.turn.log().records();
        for (std::size_t i = 1; i < records.size(); ++i) {  // the first makes what later ones need
            const auto spent = records[i].latency();
            const auto decided = records[i].last(rtai::what::end_of_turn);
            if (!spent || !decided) continue;
            found.answer.values.push_back(
                milliseconds(*records[i].first(rtai::what::playout_start) - *decided));
            found.whole.values.push_back(milliseconds(spent->total() - chat().wait));
        }
    }));
    found.withheld = out.kept / milliseconds(how_long) * 100;
}

turns measure_turns(int sessions, rtai::duration how_long, unsigned shards) {
    std::deque<turns> found(shards);
    std::vector<std::thread> threads;
    for (int i = 0, n = static_cast<int>(shards); i < n; ++i)
        threads.emplace_back(measure_shard, sessions * (i + 1) / n - sessions * i / n, how_long,
                             std::ref(found[static_cast<std::size_t>(i)]));
    for (auto& t : threads) t.join();
    turns all;
    for (auto& f : found) {
        all.withheld = std::max(all.withheld, f.withheld);
        all.answer.values.insert(all.answer.values.end(), f.answer.values.begin(), f.answer.values.end());
        all.whole.values.insert(all.whole.values.end(), f.whole.values.begin(), f.whole.values.end());
    }
    return all;
}

}  // namespace

/// What does the framework itself add to the time until a person is answered? Everybody behind it answers at
/// once, so the rest is its own.
void latency(sheet& s) {
    (void)silero_weights();
    (void)chat();
    const unsigned cores = std::clamp(std::thread::hardware_concurrency(), 1U, 100U);
    auto one = measure_turns(1, 25s, 1), many = measure_turns(100, 10s, cores);
    const auto rows = [&](const std::string& key, live_outcome& of_one, live_outcome& of_many) {
        const auto row = [](std::string name, std::string label, double value) {
            return contender{std::move(name), std::move(label), role::ours, {[value] { return value; }}};
        };
        const std::string shards = "100 sessions on " + std::to_string(cores) + " cores, ";
        return std::vector<contender>{
            row(key + ".p50", "1 session, median", of_one.share(0.5)),
            row(key + ".p99", "1 session, 99 %", of_one.share(0.99)),
            row(key + ".100.p50", shards + "median", of_many.share(0.5)),
            row(key + ".100.p99", shards + "99 %", of_many.share(0.99)),
        };
    };
    s.measure("From the decision that it is the machine's turn to its first sound", "milliseconds",
              rows("framework_turn_latency_ms", one.answer, many.answer));
    s.measure("From the end of speech, without the 100 ms until it counts as such", "milliseconds",
              rows("turn_latency_ms", one.whole, many.whole));
    s.measure("Meanwhile other programs had the core: what they took is in the figures above", "per cent",
              {{"core_withheld_percent", "100 sessions", role::ours, {[&many] { return many.withheld; }}}});
    s.at_most("the framework's part of a turn, 99 % of 100 sessions", s["framework_turn_latency_ms.100.p99"],
              2, " ms");
}

}  // namespace bench
