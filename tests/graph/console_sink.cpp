#include <iostream>
#include <rtai/graph/elements/console_sink.hpp>
#include <sstream>
#include <streambuf>
#include <utility>

#include "graph/flow.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;

namespace {

/// Hears what would be on the console.
class console {
public:
    console() : before_(std::cout.rdbuf(heard_.rdbuf())) {}
    console(const console&) = delete;
    console& operator=(const console&) = delete;
    ~console() { std::cout.rdbuf(before_); }
    std::string text() const { return heard_.str(); }

private:
    std::ostringstream heard_;
    std::streambuf* before_;
};

task<std::string> printed(console_sink::options o) {
    const console there;
    console_sink s(std::move(o));
    feed<text> in(s.in);
    in.say(text("hel", false));
    in.say(line("hello"));
    in.end();
    co_await play(s);
    co_return there.text();
}

}  // namespace

CO_TEST("final texts are printed behind the prefix", "[console_sink]") {
    console_sink::options o;
    o.prefix = "> ";
    const auto got = co_await printed(o);
    REQUIRE(got == "> hello\n");
}

CO_TEST("guesses are printed where they are wanted", "[console_sink]") {
    console_sink::options o;
    o.guesses = true;
    const auto got = co_await printed(o);
    REQUIRE(got == "hel\nhello\n");
}
