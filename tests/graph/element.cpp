#include <catch2/catch.hpp>
#include <cctype>
#include <rtai/core/join.hpp>
#include <rtai/graph/edge.hpp>
#include <rtai/graph/element.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;

namespace {

struct shout {
    input<text> in;
    output<text> out;
    RTAI_DESCRIBE(shout, in, out)

    task<> run() {
        while (auto said = co_await in.receive()) {
            for (char& c : said->words) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
            if (!co_await out.send(std::move(*said))) co_return;
        }
    }
};

struct sink {
    struct options {
        bool there = true;
        RTAI_DESCRIBE(options, there)
    };
    static result<> available(const options& o) {
        if (o.there) return {};
        return error(std::errc::no_such_file_or_directory, "the model is missing");
    }

    explicit sink(options) {}
    input<text> in;
    RTAI_DESCRIBE(sink, in)

    task<> run() {
        while (const auto said = co_await in.receive()) count += said->words.empty() ? 0 : 1;
    }
    int count = 0;
};

struct fails {
    input<text> in;
    output<text> out;
    RTAI_DESCRIBE(fails, in, out)

    task<> run() {
        (void)co_await in.receive();
        throw std::runtime_error("it broke");
    }
};

}  // namespace

static_assert(element<shout> && element<sink>);
static_assert(!element<text>);

CO_TEST("an element that was played lets go of its streams", "[element]") {
    shout e;
    feed<text> in(e.in);
    drain<text> out(e.out);
    in.say(line("hello"));
    in.end();
    co_await play(e);
    REQUIRE(words_of(out.take()) == words{"HELLO"});
    REQUIRE(out.ended());
    REQUIRE_FALSE(e.in);
    REQUIRE_FALSE(e.out);
}

CO_TEST("elements in a row end one after the other", "[element]") {
    shout first;
    shout second;
    sink last{sink::options()};
    feed<text> in(first.in);
    wire(first.out, second.in);
    wire(second.out, last.in);
    for (int i = 0; i < 3; ++i) in.say(line("x"));
    in.end();
    co_await join(play(first), play(second), play(last));
    REQUIRE(last.count == 3);
}

CO_TEST("when nobody receives any more, the elements before it end too", "[element]") {
    shout first;
    shout second;
    feed<text> in(first.in);
    wire(first.out, second.in);
    drain<text> out(second.out);
    out.leave();
    for (int i = 0; i < 3; ++i) in.say(line("x"));
    auto go_on = [&]() -> task<> {
        for (;;) {
            text more("more");
            if (!co_await in.to().send(std::move(more))) co_return;
        }
    };
    co_await join(play(first), play(second), go_on());
    REQUIRE(in.to().ended());
}

CO_TEST("an element that is not wanted is passed by", "[element]") {
    shout e;
    feed<text> in(e.in);
    drain<text> out(e.out);
    in.say(line("hello"));
    in.end();
    co_await play_if(false, e, "e");
    REQUIRE(words_of(out.take()) == words{"hello"});
    REQUIRE(out.ended());
}

CO_TEST("an element that is wanted runs", "[element]") {
    shout e;
    feed<text> in(e.in);
    drain<text> out(e.out);
    in.say(line("hello"));
    in.end();
    co_await play_if(true, e, "e");
    REQUIRE(words_of(out.take()) == words{"HELLO"});
}

CO_TEST("a sink that is not wanted ends its stream", "[element]") {
    sink e{sink::options()};
    feed<text> in(e.in);
    in.say(line("hello"));
    co_await play_if(false, e, "e");
    REQUIRE(e.count == 0);
    REQUIRE(in.to().ended());
}

CO_TEST("a failure of an element comes out of its graph", "[element]") {
    shout first;
    fails second;
    feed<text> in(first.in);
    wire(first.out, second.in);
    in.say(line("hello"));
    std::string said;
    try {
        co_await join(play(first), play(second));
    } catch (const std::runtime_error& e) {
        said = e.what();
    }
    REQUIRE(said == "it broke");
}

TEST_CASE("the ports of an element are found by name", "[element]") {
    shout e;
    words names;
    for_each_port(e, [&](std::string_view name, auto&) { names.emplace_back(name); });
    REQUIRE(names == words{"in", "out"});
}

TEST_CASE("an element tells whether it can work here, and one that has nothing to say can", "[element]") {
    sink::options missing;
    missing.there = false;
    REQUIRE(available<sink>({}));
    REQUIRE(available<sink>(missing).error().message() == "the model is missing: No such file or directory");
    REQUIRE(available<shout>({}));
}
