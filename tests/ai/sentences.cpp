#include <catch2/catch.hpp>
#include <chrono>
#include <cstddef>
#include <random>
#include <rtai/ai/sentences.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/timer.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

using rules = sentence_splitter::options;

rules whole_sentences() {
    rules r;
    r.min = r.first_min = 1;
    r.clause = 0;
    return r;
}

/// The sentences of a text that comes in pieces of these lengths, over and over.
words split(std::string_view all, const rules& r = whole_sentences(), std::vector<std::size_t> lengths = {}) {
    sentence_splitter s(r);
    words found;
    for (std::size_t n = 0; !all.empty(); ++n) {
        const std::size_t length = lengths.empty() ? all.size() : lengths[n % lengths.size()];
        s.put(all.substr(0, length));
        all.remove_prefix(std::min(length, all.size()));
        while (auto next = s.take()) found.push_back(*next);
    }
    s.finish();
    while (auto next = s.take()) found.push_back(*next);
    return found;
}

/// What came without waiting for the end.
words early(std::string_view all, const rules& r = whole_sentences()) {
    sentence_splitter s(r);
    s.put(all);
    words found;
    while (auto next = s.take()) found.push_back(*next);
    return found;
}

std::string joined(const words& all) {
    std::string one;
    for (const auto& w : all) one += (one.empty() ? "" : " ") + w;
    return one;
}

std::string without_space(std::string_view all) {
    std::string dense;
    for (const char c : all)
        if (c != ' ' && c != '\n') dense += c;
    return dense;
}

text piece(std::string said, epoch of = 0, bool last = false) {
    text t(std::move(said), last);
    t.stamp.epoch = of;
    return t;
}

}  // namespace

TEST_CASE("a text is cut into its sentences", "[sentences]") {
    REQUIRE(split("Hello there. How are you? Fine! And you?") ==
            words{"Hello there.", "How are you?", "Fine!", "And you?"});
    REQUIRE(split("One line\nanother\n\nand a paragraph") == words{"One line", "another", "and a paragraph"});
    REQUIRE(split("What?! Really?? Yes.") == words{"What?!", "Really??", "Yes."});
    REQUIRE(split("").empty());
    REQUIRE(split(" \n \n").empty());
}

TEST_CASE("a dot inside of a word, a number or an address does not end a sentence", "[sentences]") {
    for (const auto* whole :
         {"Pi is 3.14 or so.", "It costs 1,000.50 dollars.", "Use version 2.0.1 of it.",
          "See https://a.example/x.html?q=1&r=2 now.", "Write to ann.lee@mail.example.com today.",
          "Open main.cpp and look.", "It is 5 p.m. now.", "We meet at 5 p.m. on Monday.",
          "Dr. Smith is here.", "Fruit, e.g. apples, is good.", "The U.S. Army came.",
          "Ask J. R. R. Tolkien about it.", "St. Mary is a church.", "See fig. 5 and p. 12 there.",
          "Acme Inc. is a company.", "It is No. 5 on the list.", "On Jan. 5 we begin.",
          "Mr. and Mrs. Jones vs. Prof. Kay."}) {
        CAPTURE(whole);
        REQUIRE(split(whole) == words{whole});
    }
}

TEST_CASE("an abbreviation may end a sentence, when what follows tells so", "[sentences]") {
    REQUIRE(split("We meet at 5 p.m. Then we eat.") == words{"We meet at 5 p.m.", "Then we eat."});
    REQUIRE(split("He lives in the U.S. It is large.") == words{"He lives in the U.S.", "It is large."});
    REQUIRE(split("It was Acme Inc. They went.") == words{"It was Acme Inc.", "They went."});
    REQUIRE(split("No. I will not.") == words{"No.", "I will not."});
    REQUIRE(split("Apples, pears, etc. Then some.") == words{"Apples, pears, etc.", "Then some."});
    REQUIRE(split("World War I. Then peace.") == words{"World War I.", "Then peace."});
    REQUIRE(split("It costs 3. Take it.") == words{"It costs 3.", "Take it."});
}

TEST_CASE("one may tell it more abbreviations", "[sentences]") {
    auto r = whole_sentences();
    REQUIRE(split("The Abk. Ding works.", r).size() == 2);
    r.abbreviations = {"Abk."};
    REQUIRE(split("The Abk. Ding works.", r) == words{"The Abk. Ding works."});
}

TEST_CASE("quotes and brackets that close belong to the sentence before them", "[sentences]") {
    REQUIRE(split("He said \"Stop.\" Then he left.") == words{"He said \"Stop.\"", "Then he left."});
    REQUIRE(split("(It was late.) We went.") == words{"(It was late.)", "We went."});
    REQUIRE(split("\"Really?\" he asked. \"Yes.\"") == words{"\"Really?\" he asked.", "\"Yes.\""});
    REQUIRE(split("他说：「走吧。」然后走了。") == words{"他说：「走吧。」", "然后走了。"});
}

TEST_CASE("an ellipsis ends a sentence only before a capital letter", "[sentences]") {
    REQUIRE(split("Well... maybe not. So...") == words{"Well... maybe not.", "So..."});
    REQUIRE(split("Wait... Now go.") == words{"Wait...", "Now go."});
    REQUIRE(split("Well… maybe. Hm… Yes.") == words{"Well… maybe.", "Hm…", "Yes."});
    REQUIRE(split("等等……好的。") == words{"等等……", "好的。"});
}

TEST_CASE("other scripts end sentences in their own way", "[sentences]") {
    REQUIRE(split("你好。今天天气怎么样？很好！走吧；再见") ==
            words{"你好。", "今天天气怎么样？", "很好！", "走吧；", "再见"});
    REQUIRE(split("こんにちは。元気ですか？") == words{"こんにちは。", "元気ですか？"});
    REQUIRE(split("كيف حالك؟ أنا بخير۔ شكرا") == words{"كيف حالك؟", "أنا بخير۔", "شكرا"});
    REQUIRE(split("मैं ठीक हूँ। आप कैसे हैं?") == words{"मैं ठीक हूँ।", "आप कैसे हैं?"});
}

TEST_CASE("the mark of a list is no sentence", "[sentences]") {
    REQUIRE(split("Do this:\n1. Open it.\n2. Close it.\n- one\n- two") ==
            words{"Do this:", "1. Open it.", "2. Close it.", "one", "two"});
    auto raw = whole_sentences();
    raw.plain = false;
    REQUIRE(split("- one\n- two", raw) == words{"- one", "- two"});
}

TEST_CASE("what is not to be spoken is left out", "[sentences]") {
    REQUIRE(joined(split("# Title\n**Bold** and *thin* and `code`.")) == "Title Bold and thin and code.");
    REQUIRE(joined(split("See [the page](https://a.example/(x) now.")) == "See the page now.");
    REQUIRE(joined(split("![A cat](cat.png) sits.")) == "A cat sits.");
    REQUIRE(joined(split("A list [1] and [2].")) == "A list [1] and [2].");
    REQUIRE(joined(split("Great! 🎉 Well done 👍🏽.")) == "Great! Well done .");
    REQUIRE(joined(split("> quoted\n---\nsnake_case is _kept_, 2 * 3 is 6, C# is #1.")) ==
            "quoted snake_case is kept, 2 * 3 is 6, C# is #1.");
    REQUIRE(joined(split("```cpp\nint x;\n```\nDone.")) == "int x; Done.");
    REQUIRE(joined(split("5 \\* 3 is ~~14~~ 15")) == "5 * 3 is 14 15");
    REQUIRE(split("🎉").empty());
    auto raw = whole_sentences();
    raw.plain = false;
    REQUIRE(joined(split("**Bold** 🎉 [a](b)", raw)) == "**Bold** 🎉 [a](b)");
}

TEST_CASE("a short sentence is joined to the next", "[sentences]") {
    rules r;
    r.clause = 0;
    REQUIRE(split("Yes. Of course. It is a fine day. Ok. Go on with it.", r) ==
            words{"Yes.", "Of course.", "It is a fine day.", "Ok. Go on with it."});
    r.first_min = 10;
    REQUIRE(split("Yes. Of course.", r) == words{"Yes. Of course."});
}

TEST_CASE("a long sentence is cut at a clause, or between words", "[sentences]") {
    auto r = whole_sentences();
    r.max = 20;
    REQUIRE(split("one two three, four five six seven", r) == words{"one two three,", "four five six seven"});
    REQUIRE(split("one two three four five six seven", r) == words{"one two three four", "five six seven"});
    REQUIRE(split("天地玄黄宇宙洪荒日月盈昃，辰宿列张寒来暑往秋收冬藏", r) ==
            words{"天地玄黄宇宙洪荒日月盈昃，", "辰宿列张寒来暑往秋收冬藏"});
    for (const auto& s : split(std::string(500, 'x') + " " + std::string(50, '!') + "end", r))
        REQUIRE(detail::count_characters(s) <= 20);
}

TEST_CASE("the first sentence may be a clause, the others not", "[sentences]") {
    const rules r;
    REQUIRE(split("Well, that is a good question, and here is, I think, the answer.", r) ==
            words{"Well, that is a good question,", "and here is, I think, the answer."});
    REQUIRE(split("You will need 1,000,000 dollars for that.", r) ==
            words{"You will need 1,000,000 dollars for that."});
    REQUIRE(split("这是一个很好的问题，我来回答。", r) == words{"这是一个很好的问题，", "我来回答。"});
    REQUIRE(split("That is a good idea – as far as I see – of yours.", r) ==
            words{"That is a good idea –", "as far as I see – of yours."});
    REQUIRE(split("The meeting is at 10:30 tomorrow.", r) == words{"The meeting is at 10:30 tomorrow."});
}

TEST_CASE("a sentence that is certain does not wait", "[sentences]") {
    REQUIRE(early("Really? ") == words{"Really?"});
    REQUIRE(early("Hello there. ") == words{"Hello there."});
    REQUIRE(early("Hello there\n") == words{"Hello there"});
    REQUIRE(early("Well, that is a good question, ", rules()) == words{"Well, that is a good question,"});
    REQUIRE(early("It is 3.").empty());
    REQUIRE(early("It is Dr. ").empty());
    REQUIRE(early("At 5 p.m. ").empty());
}

TEST_CASE("what waits too long goes, to its last whole word", "[sentences]") {
    const auto flushed = [](std::string_view all) {
        sentence_splitter s(whole_sentences());
        s.put(all);
        words found;
        while (auto next = s.flush()) found.push_back(*next);
        return found;
    };
    REQUIRE(flushed("Let me look for th") == words{"Let me look for"});
    REQUIRE(flushed("Let me look.") == words{"Let me look."});
    REQUIRE(flushed("Let me look!") == words{"Let me look!"});
    REQUIRE(flushed("word").empty());
    REQUIRE(flushed("It is 3.") == words{"It is"});
    REQUIRE(flushed("我看看") == words{"我看看"});
    REQUIRE(flushed("Go \xE4\xBD") == words{"Go"});
    REQUIRE(flushed("").empty());
}

TEST_CASE("the sentences do not depend on the pieces that a text comes in", "[sentences]") {
    const std::vector<std::string> parts = {
        "Hello", " there",   ". ",   "Dr.",  " Smith", "e.g. ",        "3.14", " 5 p.m. ", "U.S. ",
        "It ",   "\n",       "\n\n", "1. ",  "- ",     "# ",           "**",   "*",        "_",
        "`",     "```cpp\n", "[",    "](",   ")",      "a link](x.y)", "!",    "?",        "...",
        "…",     "\"",       "”",    "」",   "。",     "？",           "，",   ", ",       "; ",
        "你好",  "天气",     "🎉",   "👍🏽", "\xE4",   "\xFF",         "\\",   "~",        "https://a.b/c?d",
        "--",    "—",        " – ",  " ",    "  ",     "a.b@c.de ",    "x",    "Yes. ",    "No. ",
        "\r\n",  "\t",       "!?",   "।",    "؟ ",     "ends. Now",    "é",    "> ",       "etc. ",
        "I. ",   "(",        "."};
    std::mt19937 random(20'261'121);
    for (int round = 0; round < 3000; ++round) {
        std::string all;
        const auto count = 1 + random() % 40;
        for (unsigned i = 0; i < count; ++i) all += parts[random() % parts.size()];
        rules r;
        if (round % 4 == 1) r = whole_sentences();
        if (round % 4 == 2) r.max = 20 + random() % 30;
        r.plain = round % 3 != 0;
        const words whole = split(all, r);
        CAPTURE(all, r.max, r.plain);
        REQUIRE(split(all, r, {1}) == whole);
        std::vector<std::size_t> lengths;
        for (int i = 0; i < 7; ++i) lengths.push_back(1 + random() % 9);
        REQUIRE(split(all, r, lengths) == whole);

        // Nothing is lost, added or too long.
        detail::plain_text filter(r.plain);
        filter.put(all);
        filter.end();
        std::string plain;
        filter.move_to(plain);
        std::string together;
        for (const auto& s : whole) {
            REQUIRE(!s.empty());
            REQUIRE(detail::count_characters(s) <= r.max);
            REQUIRE(s.front() != ' ');
            REQUIRE(s.back() != ' ');
            together += s;
        }
        REQUIRE(without_space(together) == without_space(plain));
    }
}

CO_TEST("an answer goes out sentence by sentence, with the epoch of its pieces", "[sentences]") {
    sentences s;
    feed<text> said(s.in);
    drain<text> heard(s.out);
    for (const auto* p : {"Good mor", "ning to you. What", " can I do for you", "?"}) said.say(piece(p, 3));
    said.say(piece("", 3, true));
    said.end();
    co_await s.run();
    const auto all = heard.take();
    REQUIRE(words_of(all) == words{"Good morning to you.", "What can I do for you?"});
    REQUIRE(!all[0].final);
    REQUIRE(all[1].final);
    REQUIRE(all[0].stamp.epoch == 3);
    REQUIRE(all[1].stamp.epoch == 3);
    REQUIRE(in_sequence(all));
}

CO_TEST("an answer that ends with nothing left over ends with an empty text", "[sentences]") {
    sentences s;
    feed<text> said(s.in);
    drain<text> heard(s.out);
    said.say(piece("Good morning to you. ", 1));
    said.say(piece("", 1, true));
    said.say(piece("", 2, true));
    said.end();
    co_await s.run();
    const auto all = heard.take();
    REQUIRE(words_of(all) == words{"Good morning to you.", "", ""});
    REQUIRE(!all[0].final);
    REQUIRE(all[1].final);
    REQUIRE(all[1].stamp.epoch == 1);
    REQUIRE(all[2].stamp.epoch == 2);
}

CO_TEST("a new answer throws away what is left of an older one", "[sentences]") {
    sentences s;
    feed<text> said(s.in);
    drain<text> heard(s.out);
    said.say(piece("This was never fin", 1));
    said.say(piece("But this is.", 2, true));
    said.end();
    co_await s.run();
    REQUIRE(words_of(heard.take()) == words{"But this is."});
}

CO_TEST("a stream that ends in the middle of an answer ends that", "[sentences]") {
    sentences s;
    feed<text> said(s.in);
    drain<text> heard(s.out);
    said.say(piece("One sentence here. And a", 1));
    said.end();
    co_await s.run();
    const auto all = heard.take();
    REQUIRE(words_of(all) == words{"One sentence here.", "And a"});
    REQUIRE(all[1].final);
}

CO_TEST("what waits goes when the model pauses", "[sentences]") {
    sentences s;
    channel<text> said(8), sent(8);
    s.in.connect(said.receiver());
    s.out.connect(sent.sender());
    std::vector<arrival<text>> heard;
    auto model = [](sender<text> to) -> task<> {
        text first = piece("Let me look for it", 1);
        (void)co_await to.send(std::move(first));
        co_await sleep_for(2s);
        text rest = piece(" in the book.", 1, true);
        (void)co_await to.send(std::move(rest));
    };
    co_await join(play(s), model(said.sender()), note_arrivals(sent.receiver(), heard));
    REQUIRE(heard.size() == 2);
    REQUIRE(heard[0].value.words == "Let me look for");
    REQUIRE(heard[0].when == 800ms);
    REQUIRE(heard[1].value.words == "it in the book.");
    REQUIRE(heard[1].when == 2s);
}

CO_TEST("the first sentence of a turn is noted once", "[sentences]") {
    sentences s;
    turn t;
    feed<text> said(s.in);
    drain<text> heard(s.out);
    s.out.belong_to(t);
    said.say(piece("🎉 ", 1));
    said.say(piece("Good morning to you. How are you today? ", 1));
    said.say(piece("", 1, true));
    said.end();
    co_await s.run();
    const auto* record = t.log().find(1);
    REQUIRE(record != nullptr);
    std::size_t noted = 0;
    for (const auto& m : record->moments) noted += m.what == what::first_sentence ? 1 : 0;
    REQUIRE(noted == 1);
}
