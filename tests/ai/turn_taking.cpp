#include <chrono>
#include <optional>
#include <rtai/ai/turn/turn_taking.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/graph/turn.hpp>
#include <string>
#include <utility>

#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

/// The element with somebody on all its sides, and a turn.
struct conversation {
    explicit conversation(turn_options o = {}, bool can_hold = true)
        : turn(std::move(o)), speech(taking.speech), words(taking.in), said(taking.out) {
        if (can_hold) orders.emplace(taking.orders);
        for_each_port(taking, [this](std::string_view, auto& p) {
            if constexpr (requires { p.belong_to(turn); }) p.belong_to(turn);
        });
    }

    void start() { speech.say(moment_now(what::speech_start)); }
    void stop() { speech.say(moment_now(what::speech_end)); }
    void hear(std::string w, bool last = true) { words.say(text(std::move(w), last)); }
    void end() {
        speech.end();
        words.end();
    }

    static moment moment_now(what w) {
        moment m(w);
        m.stamp.at = now();
        return m;
    }

    rtai::turn turn;
    turn_taking taking;
    feed<moment> speech;
    feed<text> words;
    drain<text> said;
    std::optional<drain<control>> orders;
};

std::vector<order> orders_of(conversation& c) {
    std::vector<order> all;
    for (const auto& o : c.orders->take()) all.push_back(o.order);
    return all;
}

}  // namespace

CO_TEST("what a person says is passed on when the turn is over", "[turn]") {
    conversation c;
    auto talk = [&]() -> task<> {
        c.start();
        co_await sleep_for(1s);
        c.hear("what time", false);
        c.stop();
        co_await sleep_for(40ms);
        c.hear("what time is it");
        co_await sleep_for(1ms);
        REQUIRE(c.turn.person_speaks());
        co_await sleep_for(450ms);
        REQUIRE(c.said.take().empty());
        co_await sleep_for(20ms);
        const auto all = c.said.take();
        REQUIRE(all.size() == 1);
        REQUIRE(all[0].words == "what time is it");
        REQUIRE(all[0].final);
        REQUIRE(all[0].stamp.epoch == 0);
        REQUIRE_FALSE(c.turn.person_speaks());
        c.end();
    };
    co_await join(c.taking.run(), talk());
    const auto* r = c.turn.log().find(1);
    REQUIRE(r != nullptr);
    REQUIRE(r->asked == "what time is it");
    REQUIRE(*r->first(what::end_of_turn) - *r->first(what::speech_end) == 500ms);
    REQUIRE(*r->first(what::heard) - *r->first(what::speech_end) == 40ms);
}

CO_TEST("an interruption is held first, and made certain by words", "[turn]") {
    conversation c;
    const epoch answer = c.turn.begin();
    auto talk = [&]() -> task<> {
        c.start();
        co_await sleep_for(119ms);
        REQUIRE(orders_of(c).empty());
        co_await sleep_for(2ms);
        REQUIRE(orders_of(c) == std::vector{order::pause});
        REQUIRE_FALSE(c.turn.stale(answer));
        c.hear("stop", false);
        co_await sleep_for(1ms);
        REQUIRE(c.turn.stale(answer));
        REQUIRE(orders_of(c) == std::vector{order::resume});
        REQUIRE(c.turn.person_speaks());
        c.stop();
        c.hear("stop it");
        co_await sleep_for(1s);
        REQUIRE(c.said.take().at(0).words == "stop it");
        c.end();
    };
    co_await join(c.taking.run(), talk());
    REQUIRE(c.turn.log().find(answer)->interrupted);
    REQUIRE(c.turn.log().find(answer + 1)->asked == "stop it");
}

CO_TEST("after a false interruption the machine goes on, and nothing was said", "[turn]") {
    conversation c;
    const epoch answer = c.turn.begin();
    auto talk = [&]() -> task<> {
        c.start();
        co_await sleep_for(300ms);
        c.stop();
        c.hear("uh-huh");
        co_await sleep_for(1ms);
        REQUIRE(orders_of(c) == std::vector{order::pause, order::resume});
        REQUIRE_FALSE(c.turn.stale(answer));
        co_await sleep_for(5s);
        REQUIRE(c.said.take().empty());
        c.end();
    };
    co_await join(c.taking.run(), talk());
}

CO_TEST("a machine that was held as it ended is let go, whatever comes of it", "[turn]") {
    conversation c;
    const epoch answer = c.turn.begin();
    auto talk = [&]() -> task<> {
        c.start();
        co_await sleep_for(130ms);
        c.turn.finish(answer);
        co_await sleep_for(500ms);
        c.stop();
        c.hear("and now");
        co_await sleep_for(2s);
        REQUIRE(orders_of(c) == std::vector{order::pause, order::resume});
        REQUIRE(c.said.take().at(0).words == "and now");
        c.end();
    };
    co_await join(c.taking.run(), talk());
}

CO_TEST("where nothing takes orders, speech interrupts by its length", "[turn]") {
    conversation c(turn_options(), false);
    const epoch answer = c.turn.begin();
    auto talk = [&]() -> task<> {
        c.start();
        co_await sleep_for(121ms);
        REQUIRE(c.turn.stale(answer));
        c.stop();
        c.hear("no");
        c.end();
    };
    co_await join(c.taking.run(), talk());
    REQUIRE(c.said.take().at(0).words == "no");
}

CO_TEST("who writes interrupts at once", "[turn]") {
    conversation c;
    feed<text> keyboard(c.taking.typed);
    const epoch answer = c.turn.begin();
    auto talk = [&]() -> task<> {
        keyboard.say(text("never mind"));
        co_await sleep_for(1ms);
        REQUIRE(c.turn.stale(answer));
        REQUIRE(c.said.take().at(0).words == "never mind");
        c.end();
        keyboard.say(text("and goodbye"));
        keyboard.end();
    };
    co_await join(c.taking.run(), talk());
    REQUIRE(c.said.take().at(0).words == "and goodbye");
}

CO_TEST("a profile is chosen by a control, and one that is not there is told of", "[turn]") {
    turn_options o;
    o.profiles["spelling"].min_delay = 2s;
    conversation c(std::move(o));
    feed<control> orders(c.taking.control);
    auto talk = [&]() -> task<> {
        orders.say(control(order::custom, "profile spelling"));
        c.start();
        c.stop();
        c.hear("a b");
        co_await sleep_for(1900ms);
        REQUIRE(c.said.take().empty());
        co_await sleep_for(200ms);
        REQUIRE(c.said.take().size() == 1);
        orders.say(control(order::custom, "profile speling"));
        orders.end();
        c.end();
    };
    co_await join(c.taking.run(), talk());
    REQUIRE(c.turn.log().find(1)->first(what::failure));
}

CO_TEST("what was said before the end of all is not lost", "[turn]") {
    conversation c;
    auto talk = [&]() -> task<> {
        c.start();
        co_await sleep_for(1s);
        c.stop();
        c.hear("goodbye");
        c.end();
    };
    co_await join(c.taking.run(), talk());
    REQUIRE(c.said.take().at(0).words == "goodbye");
}

CO_TEST("when nobody takes the words any more, the element ends", "[turn]") {
    conversation c;
    auto talk = [&]() -> task<> {
        c.said.leave();
        c.start();
        c.stop();
        c.hear("hello");
        co_await sleep_for(1s);
    };
    co_await join(c.taking.run(), talk());
}

CO_TEST("outside of a turn it says what is missing", "[turn]") {
    turn_taking taking;
    feed<moment> speech(taking.speech);
    feed<text> words(taking.in);
    std::string told;
    try {
        co_await taking.run();
    } catch (const std::logic_error& e) {
        told = e.what();
    }
    REQUIRE(told == "turn_taking has no turn: give its pipeline a 'turn:'");
}
