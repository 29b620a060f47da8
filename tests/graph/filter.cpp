#include <rtai/graph/elements/filter.hpp>
#include <type_traits>
#include <utility>

#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;

namespace {

bool is_long(const text& t) noexcept { return t.words.size() > 3; }

}  // namespace

static_assert(std::is_same_v<filter<is_long>::value_type, text>);
static_assert(decltype(filter<is_long>::out)::follows_input);

CO_TEST("a filter passes on what its function wants, with its stamp", "[filter]") {
    filter<is_long> f;
    feed<text> in(f.in);
    drain<text> out(f.out);
    for (const auto* said : {"yes", "maybe", "no", "never"}) in.say(line(said, 2));
    in.end();
    co_await play(f);
    const auto got = out.take();
    REQUIRE(words_of(got) == words{"maybe", "never"});
    REQUIRE(got[1].stamp.sequence == 3);
    REQUIRE(got[1].stamp.epoch == 2);
    REQUIRE(out.ended());
}

CO_TEST("a lambda that captures nothing can be a filter", "[filter]") {
    constexpr auto long_enough = [](const audio& a) { return a.frames() > 100; };
    filter<long_enough> f;
    feed<audio> in(f.in);
    drain<audio> out(f.out);
    in.say(audio(audio_format(), 50));
    in.say(audio(audio_format(), 320));
    in.end();
    co_await play(f);
    REQUIRE(out.take().size() == 1);
}

CO_TEST("a filter ends when nobody receives", "[filter]") {
    filter<is_long> f;
    feed<text> in(f.in);
    drain<text> out(f.out);
    out.leave();
    in.say(line("no"));
    in.say(line("never"));
    co_await play(f);
    REQUIRE(in.to().ended());
}
