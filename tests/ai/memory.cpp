#include <catch2/catch.hpp>
#include <chrono>
#include <rtai/ai/memory/memory.hpp>
#include <rtai/core/shard.hpp>
#include <rtai/core/sim.hpp>
#include <rtai/graph/turn.hpp>
#include <string>
#include <utility>
#include <vector>

using namespace rtai;
using namespace std::chrono_literals;
using llm::memory;
using llm::memory_options;
using llm::message;
using llm::role;
using llm::tool_call;

namespace {

using lines = std::vector<std::string>;

/// "user: hello", with calls and what they belong to.
lines told(const std::vector<message>& all) {
    lines said;
    for (const auto& m : all) {
        std::string line(name_of(m.role));
        line += ": " + m.words;
        for (const auto& c : m.calls) line += " [" + c.id + "]";
        if (!m.call.empty()) line += " <" + m.call + ">";
        said.push_back(std::move(line));
    }
    return said;
}

memory_options plain(std::size_t budget = 100'000, std::size_t most = 100) {
    memory_options o;
    o.token_budget = budget;
    o.max_messages = most;
    return o;
}

tool_call named(std::string id) {
    tool_call c;
    c.id = std::move(id);
    c.name = "look";
    return c;
}

/// A turn asks for the time.
struct on_a_shard {
    sim::world world{1};
    shard::entered inside{world.first()};
};

/// A voice says `words`, a second long, of which so much was played.
void voice(turn& t, epoch of, const std::string& words, duration played) {
    t.voiced();
    auto& s = t.log().record(of).speech;
    s.begin(words);
    s.add(1s);
    s.end();
    s.played(played);
}

}  // namespace

TEST_CASE("a Chinese character is a token, four bytes of English are one", "[memory]") {
    REQUIRE(llm::estimated_tokens("") == 0);
    REQUIRE(llm::estimated_tokens("abcd efg") == 2);
    REQUIRE(llm::estimated_tokens("abcde") == 2);
    REQUIRE(llm::estimated_tokens("你好吗") == 3);
    REQUIRE(llm::estimated_tokens("\xFF\xFE") == 2);  // each byte a bad character
}

TEST_CASE("a conversation is told with its instructions first", "[memory]") {
    auto o = plain();
    o.instructions = "Be kind.";
    memory m(o);
    m.asked("hello");
    m.said(0, "Good ");
    m.said(0, "morning.");
    m.asked("and now?");
    REQUIRE(told(m.messages()) ==
            lines{"system: Be kind.", "user: hello", "assistant: Good morning.", "user: and now?"});
}

TEST_CASE("questions without an answer between them are told as one", "[memory]") {
    memory m(plain());
    m.asked("one");
    m.asked("two");
    REQUIRE(told(m.messages()) == lines{"user: one\ntwo"});
}

TEST_CASE("of an answer that nobody speaks, all that was sent counts", "[memory]") {
    const on_a_shard time;
    turn t;
    memory m(plain(), &t);
    m.asked("hello");
    m.said(t.begin(), "Good morning.");
    t.interrupt();
    REQUIRE(told(m.messages()) == lines{"user: hello", "assistant: Good morning."});
}

TEST_CASE("of an answer that was interrupted, what was heard is kept", "[memory]") {
    const on_a_shard time;
    turn t;
    memory m(plain(), &t);
    m.asked("count");
    const auto of = t.begin();
    m.said(of, "one two *three* four.");
    voice(t, of, "one two three four.", 500ms);
    t.interrupt();
    REQUIRE(told(m.messages()) == lines{"user: count", "assistant: one two"});

    SECTION("and it can still turn out to be more") {
        t.log().record(of).speech.played(800ms);
        REQUIRE(told(m.messages()).back() == "assistant: one two *three");
        t.log().record(of).speech.played(1s);
        REQUIRE(told(m.messages()).back() == "assistant: one two *three* four.");
    }
    SECTION("which stays when the log knows nothing of it any more") {
        for (int i = 0; i < 40; ++i) {
            t.note(what::thinking, t.begin());
            m.asked("again");
        }
        REQUIRE(t.heard(of) == std::nullopt);
        REQUIRE(told(m.messages())[1] == "assistant: one two");
    }
}

TEST_CASE("an answer that was cut ends with a mark if one is wanted", "[memory]") {
    const on_a_shard time;
    turn t;
    auto o = plain();
    o.cut_mark = "...";
    memory m(o, &t);
    m.asked("count");
    const auto of = t.begin();
    m.said(of, "one two three four.");
    voice(t, of, "one two three four.", 500ms);
    REQUIRE(told(m.messages()).back() == "assistant: one two three four.");  // it is being said
    t.interrupt();
    REQUIRE(told(m.messages()).back() == "assistant: one two...");
    t.log().record(of).speech.played(1s);
    REQUIRE(told(m.messages()).back() == "assistant: one two three four.");
}

TEST_CASE("an answer of which nothing was heard leaves nothing", "[memory]") {
    const on_a_shard time;
    turn t;
    memory m(plain(), &t);
    m.asked("hello");
    const auto of = t.begin();
    m.said(of, "Good morning.");
    voice(t, of, "Good morning.", 0ms);
    t.interrupt();
    m.asked("hello?");
    REQUIRE(told(m.messages()) == lines{"user: hello\nhello?"});
}

TEST_CASE("an answer with tools in it shares what was heard among its parts", "[memory]") {
    const on_a_shard time;
    turn t;
    memory m(plain(), &t);
    m.asked("weather?");
    const auto of = t.begin();
    m.said(of, "Let me see. ");
    const auto key = m.called(of, {named("a"), named("b")});
    m.result_of(key, 1, "cold");
    m.said(of, "It is cold and windy.");
    voice(t, of, "Let me see.", 0ms);
    auto& s = t.log().record(of).speech;
    s.begin("It is cold and windy.");
    s.add(1s);
    s.end();

    s.played(0ms);
    REQUIRE(told(m.messages())[1] == "assistant: Let me see.  [a] [b]");  // it is being said
    t.interrupt();
    REQUIRE(told(m.messages()) == lines{"user: weather?", "assistant:  [a] [b]",
                                        R"(tool: {"status": "not finished yet"} <a>)", "tool: cold <b>"});
    s.played(1s);
    REQUIRE(told(m.messages())[1] == "assistant: Let me see.  [a] [b]");
    s.played(1600ms);
    REQUIRE(told(m.messages()).back() == "assistant: It is cold");
    m.result_of(key, 0, "late");
    REQUIRE(told(m.messages())[2] == "tool: late <a>");
}

TEST_CASE("what was said in other words than written is kept as it was said", "[memory]") {
    const on_a_shard time;
    turn t;
    memory m(plain(), &t);
    m.asked("how much?");
    const auto of = t.begin();
    m.said(of, "It is 5 EUR.");
    voice(t, of, "It is five euros.", 1s);
    t.interrupt();
    REQUIRE(told(m.messages()).back() == "assistant: It is five euros.");
}

TEST_CASE("the oldest questions are forgotten with their answers", "[memory]") {
    auto o = plain(40);
    o.instructions = "12345678";  // 2 tokens and 4 around them
    memory m(o);
    for (int i = 0; i < 10; ++i) {
        m.asked("question");
        m.said(0, "answer " + std::to_string(i));
    }
    m.asked("last");
    // 6 + 12 + 12 + 5
    REQUIRE(told(m.messages()) == lines{"system: 12345678", "user: question", "assistant: answer 8",
                                        "user: question", "assistant: answer 9", "user: last"});
    REQUIRE(m.messages(10).size() == 4);
}

TEST_CASE("the person's last words and the instructions are never forgotten", "[memory]") {
    auto o = plain(1, 1);
    o.instructions = "Be kind.";
    memory m(o);
    m.asked("first");
    m.said(0, "answer");
    m.asked(std::string(10'000, 'x'));
    const auto all = m.messages();
    REQUIRE(all.size() == 2);
    REQUIRE(all[0].role == role::system);
    REQUIRE(all[1].words.size() == 10'000);
}

TEST_CASE("there are never more messages than allowed", "[memory]") {
    memory m(plain(100'000, 5));
    for (int i = 0; i < 1000; ++i) {
        m.asked("q");
        m.said(0, "a");
    }
    REQUIRE(m.messages().size() == 4);
}

TEST_CASE("a result is never told without its call, nor a call without its result", "[memory]") {
    for (std::size_t budget = 1; budget < 200; budget += 3) {
        memory m(plain(budget));
        for (int i = 0; i < 5; ++i) {
            const std::string n = std::to_string(i);
            m.asked("question " + n);
            for (const auto* part : {"a", "b", "c"}) {
                m.said(0, "wait");
                const auto key = m.called(0, {named(part + n), named(part + n + "x")});
                m.result_of(key, 0, "fine");
                m.result_of(key, 1, "fine");
            }
            if (i < 4) m.said(0, "it is fine");
        }
        const auto all = m.messages();
        std::vector<std::string> open;
        std::size_t questions = 0;
        for (const auto& one : all) {
            if (one.role == role::tool) {
                REQUIRE(!open.empty());
                REQUIRE(one.call == open.front());
                open.erase(open.begin());
                continue;
            }
            REQUIRE(open.empty());
            for (const auto& c : one.calls) open.push_back(c.id);
            questions += one.role == role::user ? 1 : 0;
        }
        REQUIRE(open.empty());
        REQUIRE(questions >= 1);
        REQUIRE(all.front().role == role::user);
        // The newest calls are what the model needs now.
        REQUIRE(all.back().call == "c4x");
    }
}

TEST_CASE("what was forgotten of a long answer does not change what was heard of the rest", "[memory]") {
    const on_a_shard time;
    turn t;
    memory m(plain(60), &t);
    m.asked("go");
    const auto of = t.begin();
    std::string all;
    for (int i = 0; i < 6; ++i) {
        const std::string words = "Step " + std::to_string(i) + " is done. ";
        m.said(of, words);
        all += words;
        m.result_of(m.called(of, {named("c" + std::to_string(i))}), 0, "ok");
        voice(t, of, words, 1s * (i + 1));
    }
    const auto kept = told(m.messages());
    REQUIRE(kept.size() < 10);
    REQUIRE(kept[kept.size() - 2] == "assistant: Step 5 is done.  [c5]");
}

TEST_CASE("tokens are counted by whoever can", "[memory]") {
    auto o = plain(50);
    o.count = [](std::string_view) { return std::size_t{40}; };
    memory m(o);
    m.asked("a");
    m.said(0, "b");
    m.asked("c");
    REQUIRE(told(m.messages()) == lines{"user: c"});
}
