#include <chrono>
#include <rtai/core/join.hpp>
#include <rtai/graph/edge.hpp>
#include <rtai/graph/elements/tee.hpp>
#include <utility>

#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

CO_TEST("a tee gives each value to all of its outputs, with its stamp", "[tee]") {
    rtai::tee<text> t;
    feed<text> in(t.in);
    drain<text> a(t.out), b(t.out), c(t.out);
    in.say(line("one", 4));
    in.say(line("two", 4));
    in.end();
    co_await play(t);
    for (auto* out : {&a, &b, &c}) {
        const auto got = out->take();
        REQUIRE(words_of(got) == words{"one", "two"});
        REQUIRE(in_sequence(got));
        REQUIRE(got.back().stamp.epoch == 4);
        REQUIRE(out->ended());
    }
}

CO_TEST("the samples are shared, not copied", "[tee]") {
    rtai::tee<audio> t;
    feed<audio> in(t.in);
    drain<audio> a(t.out), b(t.out);
    in.say(audio(audio_format(), 320));
    in.end();
    co_await play(t);
    const auto left = a.take();
    const auto right = b.take();
    REQUIRE(left.size() == 1);
    REQUIRE(left.front().bytes().data() == right.front().bytes().data());
}

CO_TEST("a branch that has ended does not stop the others", "[tee]") {
    rtai::tee<text> t;
    feed<text> in(t.in);
    drain<text> a(t.out), b(t.out);
    a.leave();
    in.say(line("one"));
    in.say(line("two"));
    in.end();
    co_await play(t);
    REQUIRE(words_of(b.take()) == words{"one", "two"});
}

CO_TEST("a tee ends when all of its branches have ended", "[tee]") {
    rtai::tee<text> t;
    feed<text> in(t.in);
    drain<text> a(t.out), b(t.out);
    a.leave();
    b.leave();
    in.say(line("one"));
    in.say(line("two"));
    co_await play(t);
    REQUIRE(in.to().ended());
}

CO_TEST("a tee without branches takes everything in", "[tee]") {
    rtai::tee<text> t;
    feed<text> in(t.in);
    in.say(line("one"));
    in.end();
    co_await play(t);
    REQUIRE_FALSE(t.in);
}

CO_TEST("a slow branch loses nothing", "[tee]") {
    rtai::tee<text> t;
    feed<text> in(t.in);
    drain<text> quick(t.out), slow(t.out, 1);
    for (int i = 0; i < 5; ++i) in.say(line("x"));
    in.end();
    std::size_t heard = 0;
    auto listen = [&]() -> task<> {
        while (const auto said = co_await slow.from().receive()) {
            heard += said->words.size();
            co_await sleep_for(10ms);
        }
    };
    co_await join(play(t), listen());
    REQUIRE(heard == 5);
    REQUIRE(quick.take().size() == 5);
}
