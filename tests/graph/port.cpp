#include <chrono>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/graph/edge.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/graph/turn.hpp>
#include <utility>

#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

task<> say(const output<text>& out, text said, int& done) {
    const bool heard = co_await out.send(std::move(said));
    done += heard ? 1 : 100;
}

}  // namespace

CO_TEST("what is put into an unconnected output goes nowhere, and the element goes on", "[port]") {
    output<text> out;
    text said("nobody hears this");
    const bool go_on = co_await out.send(std::move(said));
    REQUIRE(go_on);
    REQUIRE(out.try_send(line("nor this")) == offered::dropped);
    REQUIRE_FALSE(out);
    REQUIRE_FALSE(out.ended());
}

TEST_CASE("an unconnected input has nothing", "[port]") {
    const input<text> in;
    REQUIRE_FALSE(in);
    REQUIRE_FALSE(in.try_receive());
}

CO_TEST("an output whose receivers are gone says so, and the value stays with the sender", "[port]") {
    output<text> out;
    drain<text> there(out);
    there.leave();
    text said("too late");
    const bool go_on = co_await out.send(std::move(said));
    REQUIRE_FALSE(go_on);
    REQUIRE(out.ended());
    REQUIRE(said.words == "too late");
}

CO_TEST("a pipeline's ports are taken over by the elements at its ends", "[port]") {
    const audio_format planned(48'000, 2);
    turn t;
    input<audio, rates<48'000>> outer_in;
    output<audio, can_wait> outer_out;
    feed<audio> from(outer_in, 4, planned);
    drain<audio> to(outer_out, 4, planned);
    outer_out.belong_to(t);

    input<audio> in;
    output<audio> out;
    in.take(outer_in);
    out.take(outer_out);
    REQUIRE_FALSE(outer_in);
    REQUIRE_FALSE(outer_out);
    REQUIRE(in.format() == planned);
    REQUIRE(out.format() == planned);
    REQUIRE(out.turn() == &t);

    from.say(audio(planned, 960));
    from.end();
    auto piece = co_await in.receive();
    REQUIRE(piece);
    const bool sent = co_await out.send(std::move(*piece));
    REQUIRE(sent);
    auto end = co_await in.receive();
    REQUIRE_FALSE(end);
    out.disconnect();
    REQUIRE(to.take().size() == 1);
    REQUIRE(to.ended());
}

CO_TEST("many outputs and inputs are taken over side by side", "[port]") {
    output<text> first, second;
    input<text> left, right;
    drain<text> a(first), b(second);
    feed<text> c(left), d(right);
    outputs<text> outs;
    inputs<text> ins;
    outs.take(first);
    outs.take(second);
    ins.take(left);
    ins.take(right);
    for (const auto& o : outs.all()) {
        text said("hello");
        const bool sent = co_await o.send(std::move(said));
        REQUIRE(sent);
    }
    REQUIRE(words_of(a.take()) == words{"hello"});
    REQUIRE(words_of(b.take()) == words{"hello"});
    c.say(line("left"));
    d.say(line("right"));
    REQUIRE(ins.all().at(0).try_receive()->words == "left");
    REQUIRE(ins.all().at(1).try_receive()->words == "right");
    outs.disconnect();
    ins.disconnect();
    REQUIRE(a.ended());
    REQUIRE(c.to().ended());
}

CO_TEST("what belongs to a turn that is over does not enter a channel", "[port]") {
    turn t;
    output<text> out;
    drain<text> heard(out);
    out.belong_to(t);
    const auto old = t.epoch();
    t.interrupt();
    text stale = line("old", old);
    text fresh = line("new", t.epoch());
    text timeless = line("always");
    const bool first = co_await out.send(std::move(stale));
    const bool second = co_await out.send(std::move(fresh));
    const bool third = co_await out.send(std::move(timeless));
    REQUIRE(first);
    REQUIRE(second);
    REQUIRE(third);
    REQUIRE(out.try_send(line("old", old)) == offered::dropped);
    REQUIRE(out.try_send(line("new", t.epoch())) == offered::sent);
    REQUIRE(words_of(heard.take()) == words{"new", "always", "new"});
    REQUIRE(t.dropped() == 2);
}

CO_TEST("a sender that waits for room drops its value if its turn ends meanwhile", "[port]") {
    turn t;
    output<text> out;
    drain<text> heard(out, 1);
    out.belong_to(t);
    REQUIRE(out.try_send(line("first")) == offered::sent);
    int done = 0;
    auto interrupt = [&]() -> task<> {
        co_await sleep_for(1ms);
        t.interrupt();
        co_await sleep_for(1ms);
        auto first = co_await heard.from().receive();
        co_await sleep_for(1ms);
        // Its place is free for what comes next.
        (void)out.try_send(line("next", t.epoch()));
        auto next = co_await heard.from().receive();
        REQUIRE(first->words == "first");
        REQUIRE(next->words == "next");
    };
    co_await join(say(out, line("stale", t.epoch()), done), interrupt());
    REQUIRE(done == 1);
    REQUIRE(t.dropped() == 1);
    REQUIRE(heard.take().empty());
}

CO_TEST("of several senders that wait, only those of the old turn are dropped", "[port]") {
    turn t;
    edge<text> between(edge_options{1});
    output<text> out;
    input<text> in;
    between.from(out);
    between.into(in);
    between.guard(t);
    out.belong_to(t);
    int done = 0;
    auto interrupt = [&]() -> task<> {
        co_await sleep_for(1ms);
        REQUIRE(between.stats().depth == 1);
        t.interrupt();
        co_await sleep_for(1ms);
        auto first = co_await in.receive();
        auto second = co_await in.receive();
        REQUIRE(first->words.starts_with("kept"));
        REQUIRE(second->words.starts_with("kept"));
        co_await sleep_for(1ms);
        REQUIRE_FALSE(in.try_receive());
    };
    const auto old = t.epoch();
    co_await join(say(out, line("stale 1", old), done), say(out, line("kept 1"), done),
                  say(out, line("stale 2", old), done), say(out, line("kept 2"), done), interrupt());
    REQUIRE(done == 4);
    REQUIRE(t.dropped() == 2);
}

CO_TEST("a send that lost a race has not happened", "[port]") {
    output<text> out;
    drain<text> heard(out, 1);
    REQUIRE(out.try_send(line("first")) == offered::sent);
    text second("second");
    auto winner = co_await race(out.send(std::move(second)), sleep_for(1ms));
    REQUIRE(winner.index() == 1);
    REQUIRE(second.words == "second");
    REQUIRE(words_of(heard.take()) == words{"first"});
}

TEST_CASE("a turn is known to the outputs that are wired after it was told", "[port]") {
    turn t;
    outputs<text> outs;
    outs.belong_to(t);
    drain<text> heard(outs);
    REQUIRE(outs.all().front().turn() == &t);
}

TEST_CASE("a port says what it takes", "[port]") {
    using picky = input<audio, rates<16'000, 8'000>, channels<1>, encodings<encoding::s16>, if_wired>;
    const auto f = picky::accepts();
    REQUIRE(f.rates == std::vector<std::uint32_t>{16'000, 8'000});
    REQUIRE(f.channels == std::vector<std::uint8_t>{1});
    REQUIRE(f.encodings == std::vector<encoding>{encoding::s16});
    REQUIRE(picky::may_be_unwired);
    REQUIRE(input<audio>::accepts().rates.empty());
    REQUIRE(output<audio, can_wait>::waits);
    REQUIRE(output<audio, as_received>::follows_input);
    REQUIRE(fits<output<audio, can_wait>, picky>);
    REQUIRE_FALSE(fits<output<text>, picky>);
    REQUIRE_FALSE(fits<picky, picky>);
}
