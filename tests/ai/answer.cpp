#include <algorithm>
#include <chrono>
#include <cstring>
#include <deque>
#include <map>
#include <rtai/ai/llm/answer.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/timer.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "ai/fake_model.hpp"
#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using test::fake_model;
using test::fake_reply;
using test::line;
using test::words;

namespace {

// --- Tools ------------------------------------------------------------------------------------------------

struct errand {
    int number = 0;
    RTAI_DESCRIBE(errand, number)
};

int begun = 0, finished = 0;  // errands that survive

task<std::string> fetch_it(errand e) {
    co_await sleep_for(100ms * (5 - e.number));
    co_return "thing " + std::to_string(e.number);
}
task<std::string> order_it(errand e) {
    ++begun;
    co_await sleep_for(1s);
    ++finished;
    co_return "ordered " + std::to_string(e.number);
}

llm::answer_options with_tools() {
    llm::answer_options o;
    o.tools = {"fetch_it", "order_it"};
    return o;
}

// --- An element of a test's -------------------------------------------------------------------------------

struct talker {
    explicit talker(llm::answer_options o = {}, turn* t = nullptr, std::size_t room = 1000)
        : loop(model, std::move(o)), to(in), from(out, room), told(events, 100) {
        if (t != nullptr) {
            out.belong_to(*t);
            events.belong_to(*t);
        }
    }

    task<> run() {
        co_await loop.run(in, out, events);
        out.disconnect();
    }
    void say(std::string said) { to.say(line(std::move(said))); }

    /// What came out by now: the pieces of each answer between bars, "Good |morning|".
    std::string heard() {
        std::string all;
        for (const auto& t : from.take()) all += t.words + "|";
        return all;
    }
    std::vector<what> events_told() {
        std::vector<what> kinds;
        for (auto& m : told.take()) {
            details.push_back(m.detail);
            kinds.push_back(m.what);
        }
        return kinds;
    }
    words memory() { return test::lines_of(loop.memory().messages()); }

    fake_model model;
    llm::answerer<fake_model> loop;
    input<text> in;
    output<text> out;
    output<moment> events;
    test::feed<text> to;
    test::drain<text> from;
    test::drain<moment> told;
    words details;
};

}  // namespace

RTAI_TOOL(fetch_it, "Fetches something.");
RTAI_TOOL(order_it, "Orders something.", {.survives_interruption = true});

CO_TEST("images go with the question that comes next, and one that is too large does not", "[answer]") {
    llm::answer_options o;
    o.max_image = byte_size(10);
    talker a(o);
    a.model.replies.resize(2);
    input<image, if_wired> images;
    test::feed<image> camera(images);
    buffer small(6), large(16);
    std::memcpy(small.data(), "foobar", small.size());
    std::memset(large.data(), 0, large.size());
    camera.say(image("image/png", std::move(small)));
    camera.say(image("image/png", std::move(large)));
    a.say("what is this");
    a.to.end();
    co_await a.loop.run(a.in, a.out, a.events, &images);
    REQUIRE(a.model.asked.size() == 1);
    REQUIRE(a.model.asked[0].messages.back().images == words{"data:image/png;base64,Zm9vYmFy"});
    REQUIRE(a.events_told().front() == what::failure);
    REQUIRE(a.details.front() == "an image of 16B is left out: 'max_image' is 10B");
}

CO_TEST("a text that is final is answered piece by piece, guesses and blanks are not", "[answer]") {
    turn t;
    talker a({}, &t);
    a.model.replies.emplace_back(words{"Good ", "morning."});
    a.to.say(text("he", false));
    a.say(" \n");
    a.say("hello");
    a.to.end();
    const auto of = t.epoch();
    co_await a.run();
    const auto said = a.from.take();
    const auto kinds = a.events_told();
    REQUIRE(test::words_of(said) == words{"Good ", "morning.", ""});
    REQUIRE(test::in_sequence(said));
    for (const auto& piece : said) REQUIRE(piece.stamp.epoch == of);
    REQUIRE(!said[1].final);
    REQUIRE(said[2].final);
    REQUIRE(kinds == std::vector{what::thinking, what::first_token, what::usage});
    REQUIRE(a.details[2] == "prompt_tokens 7, answer_tokens 3");
    REQUIRE(a.memory() == words{"user: hello", "assistant: Good morning."});
    REQUIRE(t.log().find(of)->answered);
    REQUIRE(t.log().find(of)->first(what::first_token).has_value());
}

CO_TEST("the model is told the instructions and the whole conversation", "[answer]") {
    llm::answer_options o;
    o.instructions = "Be kind.";
    o.greeting = "Hello, who is there?";
    talker a(o);
    a.model.replies.emplace_back(words{"Hi Ann."});
    a.model.replies.emplace_back(words{"Bye."});
    auto person = [&]() -> task<> {
        co_await sleep_for(1s);
        a.say("Ann");
        co_await sleep_for(1s);
        a.say("bye");
        a.to.end();
    };
    co_await join(a.run(), person());
    const auto told = test::lines_of(a.model.asked.back().messages);
    const auto heard = a.heard();
    REQUIRE(told == words{"system: Be kind.", "assistant: Hello, who is there?", "user: Ann",
                          "assistant: Hi Ann.", "user: bye"});
    REQUIRE(heard == "Hello, who is there?||Hi Ann.||Bye.||");
}

CO_TEST("texts that wait are answered together", "[answer]") {
    talker a;
    a.say("one");
    a.say("two");
    a.to.end();
    co_await a.run();
    REQUIRE(a.model.asked.size() == 1);
    REQUIRE(test::lines_of(a.model.asked[0].messages) == words{"user: one\ntwo"});
}

CO_TEST("while the person goes on speaking there is no answer yet", "[answer]") {
    turn t;
    talker a({}, &t);
    a.model.replies.emplace_back(words{"Yes."});
    std::size_t early = 0;
    auto person = [&]() -> task<> {
        t.person_speaks(true);
        a.say("well");
        co_await sleep_for(1s);
        early += a.model.asked.size();
        a.say("hello");
        co_await sleep_for(1s);
        early += a.model.asked.size();
        t.person_speaks(false);  // coughed
        co_await sleep_for(1s);
        a.to.end();
    };
    co_await join(a.run(), person());
    REQUIRE(early == 0);
    REQUIRE(a.model.asked.size() == 1);
    REQUIRE(a.memory() == words{"user: well\nhello", "assistant: Yes."});
}

CO_TEST("an interruption ends the request at once, and the next text is answered", "[answer]") {
    turn t;
    talker a({}, &t);
    a.model.replies.emplace_back(words{"one ", "two ", "three"}).pause = 1s;
    a.model.replies.emplace_back(words{"Yes?"});
    int before = 0, after = 0;
    auto person = [&]() -> task<> {
        a.say("count");
        co_await sleep_for(2500ms);
        before = a.model.open;
        t.interrupt();
        const auto at = now();
        while (a.model.open != 0 && now() == at) co_await yield();
        after = a.model.open;
        co_await sleep_for(1s);
        a.say("stop");
        a.to.end();
    };
    co_await join(a.run(), person());
    const auto heard = a.heard();
    REQUIRE(before == 1);
    REQUIRE(after == 0);
    REQUIRE(heard == "one |two |Yes?||");
    REQUIRE(test::lines_of(a.model.asked[1].messages) ==
            words{"user: count", "assistant: one two ", "user: stop"});
}

CO_TEST("a piece for which there was no room before the interruption is not remembered", "[answer]") {
    turn t;
    talker a({}, &t, 1);
    t.guard([&] { return a.from.from().flush([&](const text& x) { return t.stale(x.stamp.epoch); }); });
    a.model.replies.emplace_back(words{"one ", "two ", "three"});
    auto person = [&]() -> task<> {
        a.say("count");
        co_await sleep_for(1s);
        t.interrupt();
        co_await sleep_for(1s);
        a.to.end();
    };
    co_await join(a.run(), person());
    REQUIRE(a.memory() == words{"user: count", "assistant: one "});
    REQUIRE(a.from.take().empty());
}

CO_TEST("of an answer that was spoken, memory keeps what was heard", "[answer]") {
    turn t;
    t.voiced();
    talker a({}, &t);
    a.model.replies.emplace_back(words{"one two ", "three four."});
    auto person = [&]() -> task<> {
        a.say("count");
        co_await sleep_for(1s);
        auto& s = t.log().record(t.epoch()).speech;
        s.begin("one two three four.");
        s.add(2s);
        s.end();
        s.played(600ms);
        t.interrupt();
        a.say("stop");
        a.to.end();
    };
    co_await join(a.run(), person());
    REQUIRE(test::lines_of(a.model.asked[1].messages) ==
            words{"user: count", "assistant: one", "user: stop"});
}

CO_TEST("tools run side by side, and their results come in the order of the calls", "[answer]") {
    talker a(with_tools());
    a.model.replies.emplace_back(words{"Wait. "})
        .call("fetch_it", R"({"number": 1})")
        .call("fetch_it", R"({"number": 4})", "x")
        .call("fly", "{}", "x");
    a.model.replies.emplace_back(words{"Here."});
    a.say("bring me things");
    a.to.end();
    const auto began = now();
    co_await a.run();
    const auto took = now() - began;
    const auto kinds = a.events_told();
    const auto heard = a.heard();
    REQUIRE(took == 400ms);
    REQUIRE(heard == "Wait. |Here.||");
    REQUIRE(a.model.asked.size() == 2);
    REQUIRE(a.model.asked[0].tools.size() == 2);
    const auto& told = a.model.asked[1].messages;
    REQUIRE(test::lines_of(told) == words{"user: bring me things",
                                          "assistant: Wait.  [fetch_it] [fetch_it] [fly]", "tool: thing 1",
                                          "tool: thing 4", R"(tool: {"error":"there is no tool 'fly'"})"});
    for (std::size_t i = 0; i < 3; ++i) REQUIRE(told[1].calls[i].id == told[i + 2].call);
    REQUIRE(told[2].call != told[3].call);
    REQUIRE(told[3].call != told[4].call);
    REQUIRE(std::count(kinds.begin(), kinds.end(), what::tool) == 6);
    REQUIRE(std::count(kinds.begin(), kinds.end(), what::first_token) == 1);
    REQUIRE(std::count(a.details.begin(), a.details.end(), R"(fetch_it {"number": 1})") == 1);
    REQUIRE(std::count(a.details.begin(), a.details.end(), "fetch_it -> thing 1") == 1);
}

CO_TEST("a model that only calls tools is asked without them in the end", "[answer]") {
    auto o = with_tools();
    o.max_rounds = 2;
    o.max_calls = 1;
    talker a(o);
    for (int i = 0; i < 5; ++i) a.model.replies.emplace_back(words{}).call("fetch_it").call("fetch_it");
    a.say("go");
    a.to.end();
    co_await a.run();
    const auto heard = a.heard();
    (void)a.events_told();
    REQUIRE(a.model.asked.size() == 3);
    REQUIRE(a.model.asked[2].tools.empty());
    REQUIRE(a.model.asked[2].messages.size() == 5);  // a question, two calls, two results
    REQUIRE(heard == "Sorry, I can not answer just now.||");
    REQUIRE(std::count(a.details.begin(), a.details.end(),
                       "the model said nothing: it wants tools and may not call any more") == 1);
    REQUIRE(std::count(a.details.begin(), a.details.end(), "left out 1 calls: a reply may have 1") == 2);
}

CO_TEST("an interruption cancels tools, but not those that survive it", "[answer]") {
    begun = finished = 0;
    turn t;
    talker a(with_tools(), &t);
    a.model.replies.emplace_back(words{}).call("fetch_it").call("order_it", R"({"number": 9})");
    words early;
    auto person = [&]() -> task<> {
        a.say("order it");
        co_await sleep_for(200ms);
        t.interrupt();
        a.say("wait");
        co_await sleep_for(10ms);
        early = test::lines_of(a.model.asked.back().messages);
        co_await sleep_for(2s);
        a.say("well?");
        a.to.end();
    };
    co_await join(a.run(), person());
    const words calls{"user: order it", "assistant:  [fetch_it] [order_it]",
                      R"(tool: {"error":"the person interrupted before this was done"})"};
    REQUIRE(begun == 1);
    REQUIRE(finished == 1);
    REQUIRE(std::equal(calls.begin(), calls.end(), early.begin()));
    REQUIRE(early[3] == R"(tool: {"status": "not finished yet"})");
    REQUIRE(early[4] == "user: wait");
    REQUIRE(test::lines_of(a.model.asked.back().messages)[3] == "tool: ordered 9");
}

CO_TEST("a tool that survives is waited for when the conversation ends", "[answer]") {
    begun = finished = 0;
    turn t;
    talker a(with_tools(), &t);
    a.model.replies.emplace_back(words{}).call("order_it");
    auto person = [&]() -> task<> {
        a.say("order it");
        co_await sleep_for(200ms);
        t.interrupt();
        a.to.end();
    };
    co_await join(a.run(), person());
    REQUIRE(finished == 1);
}

CO_TEST("a model that fails, throws or says nothing costs one answer", "[answer]") {
    turn t;
    talker a({}, &t);
    a.model.replies.emplace_back().failure = "connect to the model";
    a.model.replies.emplace_back(words{"The sky is"}).exception = "no sky";
    a.model.replies.emplace_back(words{"never"}).pause = 1min;
    a.model.replies.emplace_back(words{"Fine."});
    auto person = [&]() -> task<> {
        for (const auto* said : {"one", "two", "three", "four"}) {
            a.say(said);
            co_await sleep_for(40s);
        }
        a.to.end();
    };
    co_await join(a.run(), person());
    const auto heard = a.heard();
    const auto kinds = a.events_told();
    const std::string sorry = "Sorry, I can not answer just now.";
    REQUIRE(heard == sorry + "||The sky is| " + sorry + "||" + sorry + "||Fine.||");
    REQUIRE(std::count(kinds.begin(), kinds.end(), what::failure) == 3);
    REQUIRE(a.details[1] == "connect to the model: Connection refused");
    REQUIRE(std::count(a.details.begin(), a.details.end(), "no sky") == 1);
    REQUIRE(std::count(a.details.begin(), a.details.end(), "the model said nothing for 30s") == 1);
}

CO_TEST("a model that ends without a word has failed, and one that has said something has not", "[answer]") {
    talker a(with_tools());
    a.model.replies.emplace_back(words{}).finish = "length";
    a.model.replies.emplace_back(words{"Let me see."}).call("fetch_it", R"({"number":5})");
    a.model.replies.emplace_back(words{}).finish = "stop";
    a.model.replies.emplace_back(words{}).call("fetch_it", R"({"number":5})");
    a.model.replies.emplace_back(words{}).finish = "content_filter";
    auto person = [&]() -> task<> {
        for (const auto* said : {"one", "two", "three"}) {
            a.say(said);
            co_await sleep_for(10s);
        }
        a.to.end();
    };
    co_await join(a.run(), person());
    const std::string sorry = "Sorry, I can not answer just now.";
    const auto heard = a.heard();
    const auto kinds = a.events_told();
    REQUIRE(heard == sorry + "||Let me see.||" + sorry + "||");
    REQUIRE(std::count(kinds.begin(), kinds.end(), what::failure) == 2);
    for (const auto* told :
         {"the model said nothing (finish: length)", "the model said nothing (finish: content_filter)"})
        REQUIRE(std::count(a.details.begin(), a.details.end(), told) == 1);
}

CO_TEST("nobody who does not read the events holds up an answer", "[answer]") {
    talker a;
    test::drain<moment> small(a.events, 1);
    for (int i = 0; i < 3; ++i) a.model.replies.emplace_back(words{"x"});
    auto person = [&]() -> task<> {
        for (int i = 0; i < 3; ++i) {
            a.say("go");
            co_await sleep_for(1s);
        }
        a.to.end();
    };
    co_await join(a.run(), person());
    const auto heard = a.heard();
    REQUIRE(heard == "x||x||x||");
}

CO_TEST("when nobody listens any more the request ends, and so does the element", "[answer]") {
    talker a({}, nullptr, 1);
    a.model.replies.emplace_back(words{"a", "b", "c", "d"}).pause = 1s;
    auto person = [&]() -> task<> {
        a.say("go");
        co_await sleep_for(1500ms);
        a.from.leave();
    };
    const auto began = now();
    co_await join(a.run(), person());
    const auto took = now() - began;
    REQUIRE(a.model.open == 0);
    REQUIRE(took == 2s);
}

CO_TEST("a slow listener holds up the model, and that is no failure", "[answer]") {
    talker a({}, nullptr, 1);
    words many(40, "x");
    a.model.replies.emplace_back(std::move(many));
    a.say("go");
    a.to.end();
    std::string heard;
    auto listen = [&]() -> task<> {
        while (auto t = co_await a.from.from().receive()) {
            heard += t->words;
            co_await sleep_for(1min);
        }
    };
    co_await join(a.run(), listen());
    const auto kinds = a.events_told();
    REQUIRE(heard == std::string(40, 'x'));
    REQUIRE(std::count(kinds.begin(), kinds.end(), what::failure) == 0);
}

CO_TEST("a tool that is not there is told at start", "[answer]") {
    llm::answer_options o;
    o.tools = {"fetch"};
    talker a(o);
    std::string why;
    try {
        co_await a.run();
    } catch (const std::runtime_error& e) {
        why = e.what();
    }
    REQUIRE(why.find("there is no tool 'fetch'") == 0);
}

// --- At random --------------------------------------------------------------------------------------------

namespace {

void expect(bool holds, const char* what) {
    if (!holds) throw std::runtime_error(what);
}

std::string without_spaces(std::string s) {
    std::erase_if(s, [](char c) { return c == ' ' || c == '\n'; });
    return s;
}

struct trial;

struct random_model {
    explicit random_model(trial& t) noexcept : in(t) {}
    task<result<llm::reply>> ask(llm::request r, sender<std::string> pieces);
    trial& in;
};

/// A conversation in which everything happens at any time.
struct trial {
    explicit trial(sim::world& w)
        : world(w), model(*this), loop(model, options()), to(in), spoken(1 + below(8)) {
        out.connect(spoken.sender());
        out.belong_to(t);
        events.belong_to(t);
        t.guard([this] {
            return spoken.flush([this](const text& piece) { return t.stale(piece.stamp.epoch); });
        });
        if (voiced) t.voiced();
    }

    static llm::answer_options options() {
        auto o = with_tools();
        o.token_budget = 10'000'000;
        o.max_messages = 100'000;
        return o;
    }

    std::uint64_t below(std::uint64_t n) { return world.random().below(n); }
    duration moment_of(std::uint64_t most = 200) { return std::chrono::milliseconds(below(most)); }

    task<> person() {
        const auto count = 1 + below(below(4) == 0 ? 200 : 30);
        for (std::uint64_t i = 0; i < count; ++i) {
            co_await sleep_for(moment_of(1000));
            switch (below(5)) {
                case 0:
                    interrupt();
                    break;
                case 1:
                    to.say(text("guess", false));
                    break;
                case 2:
                    t.person_speaks(true);
                    if (below(2) == 0) interrupt();
                    co_await sleep_for(moment_of());
                    say();
                    if (below(2) == 0) co_await sleep_for(moment_of(50));
                    t.person_speaks(false);
                    break;
                default:
                    say();
            }
        }
        // The last is left in peace, and has to be answered.
        co_await sleep_for(moment_of(1000));
        interrupt();
        say();
        const auto ended = answers_ended;
        const auto since = now();
        while (answers_ended == ended) {
            expect(now() - since < 10min, "the last text was not answered");
            co_await sleep_for(100ms);
        }
        to.end();
    }
    void interrupt() {
        interrupted_at = now();
        t.interrupt();
    }
    void say() {
        std::string words = "q" + std::to_string(questions++);
        asked += words;
        to.say(line(std::move(words)));
    }

    /// Speaks what comes: a piece is heard or it is not.
    task<> voice() {
        const auto from = spoken.receiver();
        while (auto piece = co_await from.receive()) {
            const epoch of = piece->stamp.epoch;
            expect(!t.stale(of), "a piece of an answer that is over came out");
            expect(of >= last, "pieces came out of order");
            last = of;
            if (piece->final) ++answers_ended;
            if (piece->words.empty()) continue;
            auto& s = t.log().record(of).speech;
            s.begin(piece->words);
            s.add(10ms);
            s.end();
            auto played = moment_of(30) + 1ms;
            auto first = co_await race(sleep_for(played), t.interrupted());
            if (first.index() == 1) continue;
            auto& said = t.log().record(of).speech;
            said.played(said.length());
            heard += piece->words;
        }
    }

    task<> run() {
        auto work = [](trial& me) -> task<> {
            co_await me.loop.run(me.in, me.out, me.events);
            me.out.disconnect();
        };
        co_await join(work(*this), person(), voice());
        check();
    }

    void check() {
        expect(open == 0, "a request is still open");
        expect(!lived_on, "a request lived on after an interruption");
        expect(begun == finished, "a tool that survives did not");
        std::string told_asked, told_heard;
        std::size_t results = 0;
        for (const auto& m : loop.memory().messages()) {
            if (m.role == llm::role::tool) {
                expect(results-- > 0, "a result without a call");
                expect(m.words != llm::memory::unknown_yet, "a result that never came");
                continue;
            }
            expect(results == 0, "a call without a result");
            if (m.role == llm::role::user) told_asked += m.words;
            else told_heard += m.words;
            results = m.calls.size();
        }
        expect(results == 0, "a call without a result");
        expect(without_spaces(told_asked) == asked, "the person's words were lost or doubled");
        if (voiced)
            expect(without_spaces(told_heard) == without_spaces(heard), "memory is not what was heard");
    }

    sim::world& world;
    turn t;
    input<text> in;
    output<text> out;
    output<moment> events;
    random_model model;
    llm::answerer<random_model> loop;
    test::feed<text> to;
    channel<text> spoken;
    bool voiced = below(4) != 0;
    int open = 0, next_word = 0, questions = 0, answers_ended = 0;
    epoch last = 0;
    time_point interrupted_at{};
    bool lived_on = false;
    std::string asked, heard;
};

task<result<llm::reply>> random_model::ask(llm::request r, sender<std::string> pieces) {
    ++in.open;
    struct close {
        int& n;
        ~close() { --n; }
    } const closed{in.open};
    const epoch of = in.t.epoch();
    // In the step of the interruption it may still be its turn, but not later.
    const auto look = [&] {
        if (in.t.stale(of) && now() != in.interrupted_at) in.lived_on = true;
    };
    co_await sleep_for(in.moment_of());
    look();
    const auto count = in.below(6);
    for (std::uint64_t i = 0; i < count; ++i) {
        std::string piece = "w" + std::to_string(in.next_word++) + (in.below(2) == 0 ? " " : "");
        if (!co_await pieces.send(std::move(piece))) co_return llm::reply();
        look();
        if (in.below(2) == 0) co_await sleep_for(in.moment_of());
        look();
    }
    llm::reply end;
    const auto how = in.below(12);
    if (how == 0) throw std::runtime_error("thrown");
    if (how == 1) co_return error(std::errc::connection_reset, "failed");
    if (how < 5 && !r.tools.empty()) {
        const auto calls = 1 + in.below(3);
        for (std::uint64_t i = 0; i < calls; ++i) {
            llm::tool_call c;
            c.name = in.below(2) == 0 ? "fetch_it" : in.below(2) == 0 ? "order_it" : "nothing";
            c.arguments = in.below(4) == 0 ? "{" : R"({"number": )" + std::to_string(in.below(5)) + "}";
            end.calls.push_back(std::move(c));
        }
    }
    co_return end;
}

task<> one_conversation(trial& t) { co_await t.run(); }

}  // namespace

TEST_CASE("whatever happens when, no old piece comes out, no text is lost, and memory is what was heard",
          "[answer][long]") {
    sim::for_seeds(500, [](std::uint64_t seed) {
        begun = finished = 0;
        const test::balance before;
        {
            sim::world w(seed);
            trial t(w);
            w.run(one_conversation(t));
        }
        before.check();
    });
    SUCCEED();
}
