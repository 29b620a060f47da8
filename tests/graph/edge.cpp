#include <rtai/graph/edge.hpp>
#include <rtai/graph/turn.hpp>
#include <type_traits>
#include <utility>

#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;

TEST_CASE("a wire has the size and the policy that are usual for its type", "[edge]") {
    edge<text> words_between;
    edge<audio> sound_between;
    edge<text, latest> newest;
    edge<text> small(edge_options{2});
    REQUIRE(words_between.stats().capacity == 64);
    REQUIRE(sound_between.stats().capacity == 50);
    REQUIRE(newest.stats().capacity == 1);
    REQUIRE(small.stats().capacity == 2);
    REQUIRE_FALSE(std::is_move_constructible_v<edge<text>>);
}

CO_TEST("a wire carries values from several outputs, and ends with the last of them", "[edge]") {
    edge<text> between;
    output<text> first;
    outputs<text> others;
    input<text> in;
    between.from(first);
    between.from(others);
    between.into(in);
    REQUIRE(first.try_send(line("one")) == offered::sent);
    REQUIRE(others.all().front().try_send(line("two")) == offered::sent);
    first.disconnect();
    auto one = co_await in.receive();
    auto two = co_await in.receive();
    REQUIRE(one->words == "one");
    REQUIRE(two->words == "two");
    others.disconnect();
    auto end = co_await in.receive();
    REQUIRE_FALSE(end);
}

TEST_CASE("a wire tells both sides the planned format", "[edge]") {
    const audio_format planned(24'000, 1, encoding::f32);
    edge<audio> between({}, planned);
    output<audio> out;
    inputs<audio> ins;
    between.from(out);
    between.into(ins);
    REQUIRE(between.format() == planned);
    REQUIRE(out.format() == planned);
    REQUIRE(ins.all().front().format() == planned);
}

TEST_CASE("a flush throws away only what belongs to a turn that is over", "[edge]") {
    turn t;
    edge<text> between;
    output<text> out;
    input<text> in;
    between.from(out);
    between.into(in);
    const auto old = t.epoch();
    for (const auto of : {old, epoch{0}, old, old + 1}) (void)out.try_send(line(std::to_string(of), of));
    REQUIRE(between.flush(t) == 0);
    REQUIRE(t.interrupt() == 0);  // nothing is guarded
    REQUIRE(between.flush(t) == 2);
    REQUIRE(in.try_receive()->words == "0");
    REQUIRE(in.try_receive()->stamp.epoch == old + 1);
    REQUIRE(between.stats().flushed == 2);
}

TEST_CASE("an interruption empties the wires that are guarded, and counts what was in them", "[edge]") {
    turn t;
    edge<text> one, two;
    edge<audio> three;
    edge<int> unstamped;
    output<text> to_one, to_two;
    output<audio> to_three;
    output<int> to_unstamped;
    one.from(to_one);
    two.from(to_two);
    three.from(to_three);
    unstamped.from(to_unstamped);
    input<text> from_one, from_two;
    input<audio> from_three;
    input<int> from_unstamped;
    one.into(from_one);
    two.into(from_two);
    three.into(from_three);
    unstamped.into(from_unstamped);
    one.guard(t);
    three.guard(t);
    unstamped.guard(t);
    (void)to_one.try_send(line("a", t.epoch()));
    (void)to_one.try_send(line("b", t.epoch()));
    (void)to_two.try_send(line("c", t.epoch()));
    audio sound(audio_format(), 320);
    sound.stamp.epoch = t.epoch();
    (void)to_three.try_send(std::move(sound));
    (void)to_unstamped.try_send(5);
    REQUIRE(t.interrupt() == 3);
    REQUIRE(t.dropped() == 3);
    REQUIRE_FALSE(from_one.try_receive());
    REQUIRE(from_two.try_receive());
    REQUIRE_FALSE(from_three.try_receive());
    REQUIRE(from_unstamped.try_receive() == 5);
}

CO_TEST("two ports can be wired by hand", "[edge]") {
    output<text> out;
    input<text, if_wired> in;
    wire(out, in);
    text said("hello");
    const bool sent = co_await out.send(std::move(said));
    auto heard = co_await in.receive();
    REQUIRE(sent);
    REQUIRE(heard->words == "hello");
}
