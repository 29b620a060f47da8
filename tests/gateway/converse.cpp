#include <rtai/core/asio_driver.hpp>
#include <rtai/gateway/converse.hpp>
#include <rtai/gateway/local_connection.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gateway/parrot.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::gateway;
using namespace std::chrono_literals;
using rtai::test::parrot;

namespace {

/// What a test needs for one session.
struct stage {
    local_connection client;
    session_list list{10};
    session_list::place place = list.add("s1", "somebody", "local", "talk");
    watcher nobody;
    event stopping;
    conversation_limits limits;
    parrot::options with;  // which the conversation refers to

    task<ending> run() {
        return converse<parrot>(client, *place, nobody, stopping, limits, with, rtai::test::wire_parrot());
    }
};

/// The next of one kind.
template <class T>
task<std::optional<T>> next(stage& s) {
    while (auto m = co_await s.client.heard())
        if (auto* found = std::get_if<T>(&*m)) co_return std::move(*found);
    co_return std::nullopt;
}

task<> say(stage& s, std::string words) {
    text t(std::move(words));
    const bool taken = co_await s.client.say(std::move(t));
    (void)taken;
}

}  // namespace

CO_TEST("a client is welcomed, and words go through the pipeline", "[gateway]") {
    stage s;
    auto [why, nothing] = co_await join(s.run(), [](stage& on) -> task<int> {
        auto hello = co_await next<welcome>(on);
        REQUIRE(hello);
        REQUIRE(hello->session == "s1");
        co_await say(on, "good day");
        auto said = co_await next<caption>(on);
        REQUIRE(said);
        REQUIRE(said->stream == "said");
        REQUIRE(said->words.words == "good day");
        on.client.finish();
        co_return 0;
    }(s));
    (void)nothing;
    REQUIRE(why == ending::done);
}

CO_TEST("sound comes back in the rate that the pipeline has, whatever the client's is", "[gateway]") {
    stage s;
    auto [why, frames] = co_await join(s.run(), [](stage& on) -> task<std::size_t> {
        for (int i = 0; i < 20; ++i) {
            audio a(audio_format(48'000, 2), 960);
            for (auto& v : a.s16()) v = 500;
            const bool taken = co_await on.client.say(std::move(a));
            (void)taken;
        }
        on.client.finish();
        std::size_t sum = 0;
        for (;;) {
            auto a = co_await next<audio>(on);
            if (!a) co_return sum;
            if (a->format.rate == 16'000 && a->format.channels == 1) sum += a->frames();
        }
    }(s));
    REQUIRE(why == ending::done);
    REQUIRE(frames > 5800);
    REQUIRE(frames <= 6400);
}

CO_TEST("what breaks in a pipeline ends the session with words, and without details", "[gateway]") {
    stage s;
    auto [why, told] = co_await join(s.run(), [](stage& on) -> task<bool> {
        co_await say(on, "break");
        auto t = co_await next<trouble>(on);
        REQUIRE(t);
        REQUIRE(t->fatal);
        REQUIRE(t->message.find("parrot") == std::string::npos);
        co_return true;
    }(s));
    REQUIRE(why == ending::failed);
    REQUIRE(told);
}

CO_TEST("an interruption is told, and no sound of that turn follows", "[gateway]") {
    stage s;
    auto [why, stale] = co_await join(s.run(), [](stage& on) -> task<int> {
        co_await say(on, "tell me");
        auto first = co_await next<audio>(on);
        REQUIRE(first);
        co_await sleep_for(300ms);
        control stop(order::flush);
        const bool taken = co_await on.client.say(std::move(stop));
        (void)taken;
        int after = 0;
        bool interrupted = false;
        on.client.finish();
        while (auto m = co_await on.client.heard()) {
            if (auto* h = std::get_if<happening>(&*m))
                interrupted = interrupted || h->what.what == what::interruption;
            if (std::holds_alternative<audio>(*m) && interrupted) ++after;
        }
        REQUIRE(interrupted);
        co_return after;
    }(s));
    REQUIRE(why == ending::done);
    REQUIRE(stale == 0);
}

CO_TEST("a client that leaves ends its session at once", "[gateway]") {
    stage s;
    const auto begin = now();
    auto [why, nothing] = co_await join(s.run(), [](stage& on) -> task<int> {
        co_await say(on, "tell me");
        auto first = co_await next<audio>(on);
        REQUIRE(first);
        on.client.leave();
        co_return 0;
    }(s));
    (void)nothing;
    REQUIRE(why == ending::gone);
    REQUIRE(now() - begin < 1s);
}

CO_TEST("a client that says nothing for too long is told so, and the session ends", "[gateway]") {
    stage s;
    s.limits.idle = 2s;
    auto [why, told] = co_await join(s.run(), [](stage& on) -> task<bool> {
        auto t = co_await next<trouble>(on);
        co_return t && t->code == "idle";
    }(s));
    REQUIRE(why == ending::idle);
    REQUIRE(told);
}

CO_TEST("asked to stop, a session first says what it was saying", "[gateway]") {
    stage s;
    auto [why, frames] = co_await join(s.run(), [](stage& on) -> task<int> {
        co_await say(on, "tell me");
        auto first = co_await next<audio>(on);
        REQUIRE(first);
        on.stopping.set();
        int count = 1;
        for (;;) {
            auto a = co_await next<audio>(on);
            if (!a) co_return count;
            ++count;
        }
    }(s));
    REQUIRE(why == ending::drain);
    REQUIRE(frames >= 500);
}

CO_TEST("a text that is too long, and what the pipeline does not take, are told and dropped", "[gateway]") {
    stage s;
    s.limits.text = 10;
    auto [why, codes] = co_await join(s.run(), [](stage& on) -> task<std::vector<std::string>> {
        co_await say(on, "ten bytes.");
        co_await say(on, "eleven byte");
        for (int i = 0; i < 2; ++i) {
            image picture("image/png", buffer(8));
            const bool taken = co_await on.client.say(std::move(picture));
            (void)taken;
        }
        on.client.finish();
        std::vector<std::string> heard;
        while (auto m = co_await on.client.heard()) {
            if (auto* t = std::get_if<trouble>(&*m)) heard.push_back(t->code);
            if (auto* c = std::get_if<caption>(&*m)) heard.push_back(c->words.words);
        }
        co_return heard;
    }(s));
    REQUIRE(why == ending::done);
    std::sort(codes.begin(), codes.end());
    REQUIRE(codes == std::vector<std::string>{"not_taken", "ten bytes.", "too_long"});
}

CO_TEST("whoever looks on sees wires and turns", "[gateway]") {
    stage s;
    auto [why, seen] = co_await join(s.run(), [](stage& on) -> task<json::value> {
        co_await say(on, "tell me");
        auto first = co_await next<audio>(on);
        REQUIRE(first);
        json::value all = on.place->inspect();
        on.client.leave();
        co_return all;
    }(s));
    (void)why;
    REQUIRE(seen.at("id").as_string() == "s1");
    REQUIRE(seen.at("edges").as_array().size() == 1);
    REQUIRE(seen.at("edges").at(0).at("type").as_string() == "audio");
    REQUIRE(seen.at("turns").as_array().size() == 1);
    REQUIRE(seen.at("turns").at(0).at("asked").as_string() == "tell me");
    REQUIRE(!s.place->inspect);
}

TEST_CASE("a gateway holds as many sessions as it may, and no more", "[gateway]") {
    rtai::run([]() -> task<> {
        session_list list(2);
        auto a = list.add("a", "x", "local", "p");
        {
            auto b = list.add("b", "x", "local", "p");
            auto c = list.add("c", "x", "local", "p");
            CHECK(b);
            CHECK(!c);
            CHECK(list.refused() == 1);
        }
        auto d = list.add("d", "x", "local", "p");
        CHECK(d);
        CHECK(list.size() == 2);
        CHECK(list.find("d") != nullptr);
        CHECK(list.find("b") == nullptr);
        CHECK(make_session_id() != make_session_id());
        CHECK(make_session_id().size() == 32);
        co_return;
    }());
}

namespace {

/// Counts what it is told.
struct counting final : watcher {
    int begun = 0;
    int over = 0;
    void began(const session&) override { ++begun; }
    void ended(const session&, ending, std::string_view) override { ++over; }
};

/// Words in, words out, and no sound.
struct mute_parrot {
    struct options {
        RTAI_DESCRIBE(options)
    };
    explicit mute_parrot(const options&) {}
    input<text> typed;
    output<text> said;
    RTAI_DESCRIBE(mute_parrot, typed, said)
    task<> run() {
        while (auto t = co_await typed.receive())
            if (!co_await said.send(std::move(*t))) co_return;
    }
};

}  // namespace

CO_TEST("a pipeline without sound converses in words, and its end is the session's", "[gateway]") {
    stage s;
    const auto with_words = [](service::conversation& ends, mute_parrot& p) {
        wire(ends.text_in, p.typed);
        wire(p.said, ends.text_out["said"]);
    };
    auto [why, words] = co_await join(converse<mute_parrot>(s.client, *s.place, s.nobody, s.stopping,
                                                            s.limits, mute_parrot::options(), with_words),
                                      [](stage& on) -> task<std::string> {
                                          co_await say(on, "good day");
                                          auto said = co_await next<caption>(on);
                                          on.client.finish();
                                          co_return said ? said->words.words : std::string();
                                      }(s));
    REQUIRE(why == ending::done);
    REQUIRE(words == "good day");
}

CO_TEST("whoever looks on is told of the end of a session that was cut off, too", "[gateway]") {
    counting seen;
    {
        stage s;
        auto cut = co_await with_timeout(1s, converse<parrot>(s.client, *s.place, seen, s.stopping, s.limits,
                                                              parrot::options(), rtai::test::wire_parrot()));
        REQUIRE(!cut.ok());
    }
    REQUIRE(seen.begun == 1);
    REQUIRE(seen.over == 1);
}

namespace {

/// Keeps spans.
struct tracing final : watcher {
    observe::tracer spans{[] {
        observe::tracer::settings s;
        s.on = true;
        s.share = 0;  // the client decides
        return s;
    }()};
    observe::tracer* traces() noexcept override { return &spans; }
};

const std::string trace_of_client = "4bf92f3577b34da6a3ce929d0e0e4736";
observe::trace_caller client_in_trace() {
    observe::trace_caller c;
    c.context = *observe::parse_traceparent("00-" + trace_of_client + "-00f067aa0ba902b7-01");
    return c;
}

}  // namespace

CO_TEST("a session that is traced names its trace, and is a span from its beginning to its end",
        "[gateway]") {
    tracing seen;
    stage s;
    s.place->caller = client_in_trace();
    auto [why, named] = co_await join(
        converse<parrot>(s.client, *s.place, seen, s.stopping, s.limits, s.with, rtai::test::wire_parrot()),
        [](stage& on) -> task<std::string> {
            auto hello = co_await next<welcome>(on);
            co_await sleep_for(100ms);
            on.client.finish();
            co_return hello ? hello->trace : std::string();
        }(s));
    REQUIRE(why == ending::done);
    REQUIRE(named == trace_of_client);
    const auto spans = seen.spans.take(9);
    REQUIRE(spans.size() == 1);
    REQUIRE(spans[0].name == "session");
    REQUIRE(to_text(spans[0].parent) == "00f067aa0ba902b7");
    REQUIRE(spans[0].end - spans[0].start >= 100ms);
    REQUIRE(spans[0].attributes.size() == 3);
}

CO_TEST("the span of a session that was cut off ends with it, and without a client's trace there is none",
        "[gateway]") {
    tracing seen;
    for (const bool traced : {true, false}) {
        stage s;
        if (traced) s.place->caller = client_in_trace();
        auto cut = co_await with_timeout(1s, converse<parrot>(s.client, *s.place, seen, s.stopping, s.limits,
                                                              s.with, rtai::test::wire_parrot()));
        REQUIRE(!cut.ok());
        REQUIRE(seen.spans.waiting() == 1);
    }
    REQUIRE(to_text(seen.spans.take(1).at(0).context.trace) == trace_of_client);
}
