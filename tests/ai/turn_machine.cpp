#include <chrono>
#include <rtai/ai/turn/turn_machine.hpp>
#include <string>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using deed = turn_machine::deed;
using state = turn_machine::state;

namespace {

time_point at(duration t) { return time_point() + t; }

/// What the machine is to do at each time that it asked for, until `end`; the first that is something.
deed by(turn_machine& m, duration end) {
    while (m.deadline() <= at(end)) {
        const deed d = m.due(m.deadline());
        if (d != deed::nothing) return d;
    }
    return deed::nothing;
}

/// Says something from 1 s to 2 s, and its words are there at once.
void say(turn_machine& m, const std::string& words) {
    REQUIRE(m.speech_started(at(1s), false, false) == deed::nothing);
    REQUIRE(m.speech_ended(at(2s)) == deed::nothing);
    REQUIRE(m.heard(words, true, false) == deed::nothing);
}

}  // namespace

TEST_CASE("a turn is over when its words are there and its delay has passed", "[turn]") {
    turn_machine m(turn_options(), true);
    say(m, "what time is it");
    REQUIRE(m.now_in() == state::waiting);
    REQUIRE(m.person_speaks());
    REQUIRE(m.deadline() == at(2500ms));
    REQUIRE(m.due(at(2499ms)) == deed::nothing);
    REQUIRE(m.due(at(2500ms)) == deed::finish);
    REQUIRE(m.take_words() == "what time is it");
    REQUIRE(m.now_in() == state::quiet);
    REQUIRE(m.deadline() == never);
}

TEST_CASE("words that come late are waited for, up to the longest delay", "[turn]") {
    turn_machine m(turn_options(), true);
    m.speech_started(at(1s), false, false);
    m.heard("what time", false, false);
    m.speech_ended(at(2s));
    REQUIRE(by(m, 4999ms) == deed::nothing);
    REQUIRE(by(m, 5s) == deed::finish);
    REQUIRE(m.take_words() == "what time");
    SECTION("and what was guessed already does not come twice") {
        REQUIRE(m.heard("what time is it", true, false) == deed::nothing);
        REQUIRE(by(m, 60s) == deed::nothing);
        REQUIRE(m.words().empty());
    }
}

TEST_CASE("words that nobody waited for any more are a turn all the same", "[turn]") {
    turn_machine m(turn_options(), true);
    m.speech_started(at(1s), false, false);
    m.speech_ended(at(2s));
    REQUIRE(by(m, 5s) == deed::give_up);
    m.heard("better late", true, false);
    REQUIRE(m.due(at(6s)) == deed::finish);
    REQUIRE(m.take_words() == "better late");
}

TEST_CASE("whoever goes on after a pause is still in the same turn", "[turn]") {
    turn_machine m(turn_options(), true);
    say(m, "tell me");
    m.speech_started(at(2300ms), false, false);
    REQUIRE(m.now_in() == state::speaking);
    REQUIRE(m.deadline() == never);
    m.speech_ended(at(3s));
    m.heard("a story", true, false);
    REQUIRE(by(m, 3500ms) == deed::finish);
    REQUIRE(m.take_words() == "tell me a story");
}

TEST_CASE("a sentence that is not finished is waited for", "[turn]") {
    for (const auto* words : {"tell me about the", "I want, um", "first this,", "well..."}) {
        turn_machine m(turn_options(), true);
        say(m, words);
        REQUIRE(by(m, 4999ms) == deed::nothing);
        REQUIRE(by(m, 5s) == deed::finish);
    }
}

TEST_CASE("speech without words is no turn", "[turn]") {
    turn_machine m(turn_options(), true);
    say(m, "");
    REQUIRE(by(m, 10s) == deed::give_up);
    REQUIRE_FALSE(m.person_speaks());
}

TEST_CASE("speech while the machine answers holds it, and words interrupt it", "[turn]") {
    turn_machine m(turn_options(), true);
    m.speech_started(at(1s), true, true);
    REQUIRE(m.now_in() == state::doubt);
    REQUIRE_FALSE(m.person_speaks());
    REQUIRE(m.deadline() == at(1120ms));
    REQUIRE(m.due(at(1120ms)) == deed::hold);
    REQUIRE(m.heard("stop", false, true) == deed::interrupt);
    REQUIRE(m.now_in() == state::speaking);
    m.speech_ended(at(2s));
    m.heard("stop it", true, false);
    REQUIRE(by(m, 2500ms) == deed::finish);
    REQUIRE(m.take_words() == "stop it");
}

TEST_CASE("what holds the machine and has no words lets it go on", "[turn]") {
    turn_machine m(turn_options(), true);
    m.speech_started(at(1s), true, true);
    REQUIRE(by(m, 1200ms) == deed::hold);
    m.speech_ended(at(1500ms));
    SECTION("at once when the recogniser says so") { REQUIRE(m.heard("", true, true) == deed::resume); }
    SECTION("after a while when it says nothing") {
        REQUIRE(m.deadline() == at(3500ms));
        REQUIRE(m.due(at(3500ms)) == deed::resume);
        SECTION("and words that come then interrupt after all") {
            REQUIRE(m.heard("wait a moment", true, true) == deed::interrupt);
            REQUIRE(by(m, 4s) == deed::finish);
            REQUIRE(m.take_words() == "wait a moment");
        }
    }
    SECTION("and so do words that only tell that somebody listens") {
        REQUIRE(m.heard("Uh-huh, okay.", true, true) == deed::resume);
        REQUIRE(m.words().empty());
    }
    REQUIRE_FALSE(m.person_speaks());
}

TEST_CASE("a cough is too short to hold the machine", "[turn]") {
    turn_machine m(turn_options(), true);
    m.speech_started(at(1s), true, true);
    m.speech_ended(at(1100ms));
    REQUIRE(by(m, 2s) == deed::nothing);
    REQUIRE(m.heard("", true, true) == deed::nothing);
    REQUIRE(m.now_in() == state::quiet);
}

TEST_CASE("a short word interrupts once it is understood", "[turn]") {
    turn_machine m(turn_options(), true);
    m.speech_started(at(1s), true, true);
    m.speech_ended(at(1100ms));
    REQUIRE(m.heard("no", true, true) == deed::interrupt);
    REQUIRE(m.person_speaks());
}

TEST_CASE("where nothing can be held, speech interrupts by its length", "[turn]") {
    turn_options o;
    bool can_hold = false;
    SECTION("because there is no way to") {}
    SECTION("because it is not wanted") {
        o.resume_after = 0ms;
        can_hold = true;
    }
    turn_machine m(o, can_hold);
    m.speech_started(at(1s), true, true);
    REQUIRE(by(m, 1120ms) == deed::interrupt);
    REQUIRE(m.now_in() == state::speaking);
}

TEST_CASE("as many words as are wanted interrupt, and fewer do not", "[turn]") {
    turn_options o;
    o.min_words = 3;
    turn_machine m(o, true);
    m.speech_started(at(1s), true, true);
    REQUIRE(by(m, 10s) == deed::nothing);
    REQUIRE(m.heard("can you", false, true) == deed::nothing);
    SECTION("three") { REQUIRE(m.heard("can you stop", false, true) == deed::interrupt); }
    SECTION("two") {
        m.speech_ended(at(2s));
        REQUIRE(m.heard("can you", true, true) == deed::nothing);
        REQUIRE(m.now_in() == state::quiet);
        REQUIRE(m.words().empty());
    }
    SECTION("two, when the machine has ended meanwhile, are a turn") {
        m.speech_ended(at(2s));
        REQUIRE(m.heard("can you", true, false) == deed::nothing);
        REQUIRE(by(m, 2500ms) == deed::finish);
        REQUIRE(m.take_words() == "can you");
    }
}

TEST_CASE("a muted person is not heard while the machine answers", "[turn]") {
    turn_options o;
    o.mute = mute::always;
    bool first = false;
    SECTION("ever") {}
    SECTION("for the first time") {
        o.mute = mute::first_answer;
        first = true;
    }
    turn_machine m(o, true);
    m.speech_started(at(1s), true, first);
    REQUIRE(m.ignores_next());
    m.speech_ended(at(3s));
    REQUIRE(m.heard("listen to me", true, true) == deed::nothing);
    REQUIRE(by(m, 10s) == deed::nothing);
    say(m, "and now");
    REQUIRE(by(m, 10s) == deed::finish);
    REQUIRE(m.take_words() == "and now");
}

TEST_CASE("after the first answer a person who was muted may interrupt", "[turn]") {
    turn_options o;
    o.mute = mute::first_answer;
    turn_machine m(o, true);
    m.speech_started(at(1s), true, false);
    REQUIRE(by(m, 2s) == deed::hold);
}

TEST_CASE("a profile changes what it names until another is chosen", "[turn]") {
    turn_options o;
    o.profiles["spelling"].min_delay = 2000ms;
    turn_machine m(o, true);
    REQUIRE(m.use("spelling"));
    say(m, "a b c");
    REQUIRE(m.deadline() == at(4s));
    REQUIRE(m.use(""));
    REQUIRE(m.deadline() == at(2500ms));
    REQUIRE_FALSE(m.use("speling"));
    REQUIRE(m.deadline() == at(2500ms));
}

TEST_CASE("what is typed is a turn at once, unless the person speaks as well", "[turn]") {
    turn_machine m(turn_options(), true);
    REQUIRE(m.typed("hello") == deed::finish);
    REQUIRE(m.take_words() == "hello");
    m.speech_started(at(1s), false, false);
    REQUIRE(m.typed("look at") == deed::nothing);
    m.speech_ended(at(2s));
    m.heard("this here", true, false);
    REQUIRE(by(m, 2500ms) == deed::finish);
    REQUIRE(m.take_words() == "look at this here");
}

TEST_CASE("what is typed while somebody makes a noise interrupts, and is not lost", "[turn]") {
    turn_machine m(turn_options(), true);
    m.speech_started(at(1s), true, true);
    REQUIRE(by(m, 1200ms) == deed::hold);
    REQUIRE(m.typed("okay") == deed::interrupt);
    m.speech_ended(at(2s));
    m.heard("", true, false);
    REQUIRE(by(m, 3s) == deed::finish);
    REQUIRE(m.take_words() == "okay");
}

TEST_CASE("what was guessed and then typed does not come twice", "[turn]") {
    turn_machine m(turn_options(), true);
    m.speech_started(at(1s), false, false);
    m.heard("hello", false, false);
    m.speech_ended(at(2s));
    REQUIRE(m.typed("world") == deed::finish);
    REQUIRE(m.take_words() == "hello world");
    REQUIRE(m.heard("hello", true, true) == deed::nothing);
    REQUIRE(m.words().empty());
}

TEST_CASE("a noise that does not end lets the machine go on, and words in it interrupt", "[turn]") {
    turn_machine m(turn_options(), true);
    m.speech_started(at(1s), true, true);
    REQUIRE(by(m, 1200ms) == deed::hold);
    REQUIRE(m.deadline() == at(5s));
    REQUIRE(m.due(at(5s)) == deed::resume);
    REQUIRE(m.heard("is anybody there", false, true) == deed::interrupt);
}

TEST_CASE("of long speech that comes in parts no part is the last while it goes on", "[turn]") {
    turn_machine m(turn_options(), true);
    m.speech_started(at(1s), false, false);
    m.heard("a long", true, false);
    m.heard("story", false, false);
    m.speech_ended(at(60s));
    REQUIRE(by(m, 62s) == deed::nothing);
    m.heard("story indeed", true, false);
    REQUIRE(m.due(at(62s)) == deed::finish);
    REQUIRE(m.take_words() == "a long story indeed");
}

TEST_CASE("when nobody will speak any more the turn is over with what was said", "[turn]") {
    turn_machine m(turn_options(), true);
    say(m, "goodbye");
    REQUIRE(m.end() == deed::finish);
    REQUIRE(m.take_words() == "goodbye");
    REQUIRE(m.end() == deed::nothing);
    m.speech_started(at(5s), true, false);
    REQUIRE(by(m, 6s) == deed::hold);
    REQUIRE(m.end() == deed::resume);
}
