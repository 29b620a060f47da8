#include <functional>
#include <map>
#include <rtai/core/channel.hpp>
#include <rtai/core/lanes.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/core/timer.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/co_test.hpp"

// A random graph of senders, relays and sinks over channels of every policy, with timeouts, races,
// cancellations, closes and flushes at random: whatever happens, nothing is lost, doubled, reordered,
// leaked or left waiting.

using namespace rtai;
using namespace std::chrono_literals;
using test::counted;

namespace {

struct parcel {
    parcel(int origin_, int number_) : origin(origin_), number(number_), body(number_) {}

    int origin;
    int number;
    int carrier = 0;  // who sent it into the channel it is in, and as its how-manieth
    int stamp = 0;
    counted body;
};

[[noreturn]] void violated(const std::string& what) { throw std::runtime_error(what); }

void expect(bool holds, const char* what) {
    if (!holds) violated(what);
}

/// A channel of any policy.
struct edge {
    template <class Policy>
    static edge make(channel<parcel, Policy> c) {
        auto shared = std::make_shared<channel<parcel, Policy>>(std::move(c));
        edge e;
        e.sender = [shared] { return shared->sender(); };
        e.receiver = [shared] { return shared->receiver(); };
        e.close = [shared] { shared->close(); };
        e.flush = [shared](int below) {
            shared->flush([below](const parcel& p) { return p.number < below; });
        };
        e.stats = [shared] { return shared->stats(); };
        e.blocks = Policy::policy == overflow::block;
        return e;
    }

    std::function<rtai::sender<parcel>()> sender;
    std::function<rtai::receiver<parcel>()> receiver;
    std::function<void()> close;
    std::function<void(int)> flush;
    std::function<channel_stats()> stats;
    bool blocks = true;
};

struct trial {
    explicit trial(sim::world& w) : world(w) {}

    std::uint64_t below(std::uint64_t n) { return world.random().below(n); }
    bool one_in(std::uint64_t n) { return below(n) == 0; }
    duration moment() { return std::chrono::milliseconds(below(20)); }

    sim::world& world;
    std::vector<edge> edges;
    int carriers = 0;
    bool disturbed = false;  // something was cancelled, closed or flushed: values may end on their way
    std::vector<int> sent_by_origin;
    std::set<std::pair<int, int>> arrived;
};

/// What one end of a channel has seen of each of those who send into it.
class order_check {
public:
    void operator()(const parcel& p) {
        expect(p.body.value == p.number, "a value arrived that was moved from");
        auto [last, is_new] = last_.try_emplace(p.carrier, p.stamp);
        expect(is_new || last->second < p.stamp, "values of one sender were reordered or doubled");
        last->second = p.stamp;
    }

private:
    std::map<int, int> last_;
};

/// Sends in one of several ways; false when nobody receives any more.
task<bool> deliver(trial& t, const sender<parcel>& out, parcel& p, int carrier, int& stamp) {
    p.carrier = carrier;
    p.stamp = ++stamp;
    switch (t.below(4)) {
        case 0:
            for (;;) {
                const auto sent = co_await with_timeout(t.moment(), out.send(std::move(p)));
                if (sent.ok()) co_return *sent;
                expect(p.body.value == p.number, "a send that was given up took its value");
            }
        case 1: {
            const auto result = out.try_send(std::move(p));
            if (result == offered::ended) co_return false;
            if (result != offered::full) co_return true;
            expect(p.body.value == p.number, "a send that found no room took its value");
            break;
        }
        case 2:
            co_await sleep_for(t.moment());
            break;
        default:
            break;
    }
    co_return co_await out.send(std::move(p));
}

/// Receives in one of several ways; nothing at the end of the stream.
task<std::optional<parcel>> fetch(trial& t, const receiver<parcel>& in) {
    switch (t.below(4)) {
        case 0:
            for (;;) {
                auto got = co_await with_timeout(t.moment(), in.receive());
                if (got.ok()) co_return std::move(*got);
            }
        case 1:
            if (auto got = in.try_receive()) co_return got;
            break;
        case 2: {
            auto got = co_await race(in.receive(), in.receive());
            if (got.index() == 0) co_return std::get<0>(std::move(got));
            co_return std::get<1>(std::move(got));
        }
        default:
            break;
    }
    co_return co_await in.receive();
}

task<> source(trial& t, sender<parcel> out, int origin, int count) {
    const int carrier = ++t.carriers;
    int stamp = 0;
    for (int i = 0; i < count; ++i) {
        parcel p(origin, i);
        t.sent_by_origin[static_cast<std::size_t>(origin)] = i + 1;
        if (!co_await deliver(t, out, p, carrier, stamp)) co_return;
    }
}

task<> relay(trial& t, receiver<parcel> in, sender<parcel> out) {
    const int carrier = ++t.carriers;
    int stamp = 0;
    order_check in_order;
    while (auto p = co_await fetch(t, in)) {
        in_order(*p);
        if (t.one_in(5)) co_await yield();
        if (!co_await deliver(t, out, *p, carrier, stamp)) co_return;
    }
}

task<> sink(trial& t, receiver<parcel> in) {
    order_check in_order;
    while (auto p = co_await fetch(t, in)) {
        in_order(*p);
        expect(t.arrived.emplace(p->origin, p->number).second, "a value arrived twice");
        if (t.one_in(3)) co_await sleep_for(t.moment());
    }
}

task<> sink_of_two(trial& t, receiver<parcel> first, receiver<parcel> second) {
    lanes in(std::move(first), std::move(second));
    order_check in_order[2];
    while (auto next = co_await in.receive()) {
        const std::size_t lane = next->index();
        auto& p = lane == 0 ? std::get<0>(*next) : std::get<1>(*next);
        in_order[lane](p);
        expect(t.arrived.emplace(p.origin, p.number).second, "a value arrived twice");
        if (t.one_in(3)) co_await sleep_for(t.moment());
    }
}

task<> trouble(trial& t, scope& outer, scope& inner) {
    const auto events = t.below(4);
    for (std::uint64_t i = 0; i < events; ++i) {
        co_await sleep_for(t.moment() * 3);
        edge& e = t.edges[t.below(t.edges.size())];
        t.disturbed = true;
        switch (t.below(6)) {
            case 0:
                e.close();
                break;
            case 1:
                outer.cancel();
                break;
            case 2:
                inner.cancel();
                break;
            default:
                e.flush(static_cast<int>(t.below(20)));
                break;
        }
    }
}

edge random_edge(trial& t) {
    const std::size_t capacity = 1 + t.below(6);
    switch (t.below(8)) {
        case 0:
            return edge::make(channel<parcel, drop_oldest>(capacity));
        case 1:
            return edge::make(channel<parcel, drop_newest>(capacity));
        case 2:
            return edge::make(channel<parcel, latest>());
        default:
            return edge::make(channel<parcel>(capacity));
    }
}

/// Everybody's work, before it is spawned.
std::vector<task<>> random_graph(trial& t) {
    std::vector<task<>> work;
    const std::size_t count = 1 + t.below(5);
    std::vector<sender<parcel>> anchors;  // someone has to have been able to send, for a stream to end
    for (std::size_t i = 0; i < count; ++i) {
        t.edges.push_back(random_edge(t));
        anchors.push_back(t.edges.back().sender());
    }

    const std::size_t sources = 1 + t.below(4);
    t.sent_by_origin.resize(sources);
    for (std::size_t i = 0; i < sources; ++i)
        work.push_back(
            source(t, t.edges[t.below(count)].sender(), static_cast<int>(i), static_cast<int>(t.below(30))));

    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t readers = 1 + t.below(3);
        for (std::size_t r = 0; r < readers; ++r) {
            auto in = t.edges[i].receiver();
            if (i + 1 < count && t.one_in(2))
                work.push_back(relay(t, std::move(in), t.edges[i + 1 + t.below(count - i - 1)].sender()));
            else if (t.one_in(4)) work.push_back(sink_of_two(t, in, in));
            else work.push_back(sink(t, std::move(in)));
        }
    }
    return work;
}

task<> run_graph(trial& t) {
    std::vector<task<>> work = random_graph(t);
    co_await with_scope([&](scope& outer) -> task<> {
        co_await with_scope([&](scope& inner) -> task<> {
            for (auto& w : work) (t.one_in(2) ? outer : inner).spawn(std::move(w));
            co_await trouble(t, outer, inner);
        });
    });
}

void check_books(const trial& t) {
    bool may_drop = t.disturbed;
    for (const edge& e : t.edges) {
        const channel_stats s = e.stats();
        expect(s.depth == 0, "values were left in a channel without receivers");
        expect(s.sent >= s.received + s.flushed, "more values left a channel than entered it");
        if (e.blocks) expect(s.dropped == 0, "a blocking channel dropped a value");
        else may_drop = true;
        if (!may_drop) expect(s.sent == s.received, "a value was lost in a channel");
    }
    if (may_drop) return;
    for (std::size_t origin = 0; origin < t.sent_by_origin.size(); ++origin)
        for (int i = 0; i < t.sent_by_origin[origin]; ++i)
            expect(t.arrived.contains({static_cast<int>(origin), i}), "a value was lost on its way");
}

void one_trial(std::uint64_t seed) {
    const test::balance before;
    {
        sim::world w(seed);
        trial t(w);
        w.run(run_graph(t));
        check_books(t);
    }
    before.check();
}

}  // namespace

TEST_CASE("in 10,000 random graphs nothing is lost, doubled, reordered, leaked or left waiting",
          "[channel][long]") {
    sim::for_seeds(10'000, one_trial);
    SUCCEED();
}
