#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <rtai/ai/tts/openai.hpp>
#include <rtai/core/join.hpp>
#include <rtai/observe/session_trace.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "ai/speaking.hpp"
#include "graph/flow.hpp"
#include "http/fake_server.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

/// Samples 0, 1, 2, ... as a server sends them.
std::string pcm(std::size_t samples, std::size_t from = 0) {
    std::string bytes;
    for (std::size_t i = from; i < from + samples; ++i) {
        bytes += static_cast<char>(i & 0xFFU);
        bytes += static_cast<char>(i >> 8U & 0xFFU);
    }
    return bytes;
}

bool counts_up(const std::vector<std::int16_t>& samples) {
    for (std::size_t i = 0; i < samples.size(); ++i)
        if (samples[i] != static_cast<std::int16_t>(static_cast<std::uint16_t>(i))) return false;
    return true;
}

tts::openai::options options_for(const fake_server& s) {
    tts::openai::options o;
    o.url = s.url("/v1");
    o.key = secret("sk-hidden-1234");
    o.retries = 0;
    return o;
}

struct said {
    said() = default;
    std::vector<audio> sound;
    std::vector<moment> failures;
};

task<said> say_all(tts::openai::options o, words lines) {
    tts::openai v(std::move(o));
    feed<text> told(v.in);
    drain<audio> heard(v.out, 4096);
    drain<moment> events(v.events);
    for (auto& l : lines) told.say(line(std::move(l), 1));
    told.end();
    co_await v.run();
    said all;
    all.sound = heard.take();
    all.failures = events.take();
    co_return all;
}

}  // namespace

TEST_CASE("a server speaks, and its sound is cut anywhere", "[tts_openai]") {
    const auto answer = [](const fake_request&) {
        const std::string bytes = pcm(24'000);
        auto a = fake_answer().send(chunked_head("audio/pcm"));
        std::size_t at = 0;
        for (const std::size_t length : {1U, 1U, 1U, 4U, 777U, 3U, 10'001U, 1U})
            std::move(a)
                .send(chunk(std::string_view(bytes).substr(std::exchange(at, at + length), length)))
                .pause(1ms);
        return std::move(a).send(chunk(std::string_view(bytes).substr(at)) + last_chunk);
    };
    with_server(answer, [](fake_server& s) -> task<> {
        auto o = options_for(s);
        o.voice = "nova";
        o.speed = 1.5;
        o.instructions = "calm";
        words lines = {"Say \"this\" \xFF now."};
        const auto all = co_await say_all(std::move(o), std::move(lines));
        for (const auto& f : all.failures) FAIL(f.detail);
        REQUIRE(length_of(all.sound) == 1s);
        REQUIRE(counts_up(samples_of(all.sound)));
        REQUIRE(all.sound.front().format == audio_format(24'000));
        REQUIRE(s.requests.size() == 1);
        REQUIRE(s.requests[0].has("POST /v1/audio/speech HTTP/1.1"));
        REQUIRE(s.requests[0].has("Bearer sk-hidden-1234"));
        const auto asked = parse_json(s.requests[0].body);
        REQUIRE(asked.ok());
        const auto& body = asked->as_object();
        REQUIRE(body.at("input").as_string() == "Say \"this\"  now.");
        REQUIRE(body.at("voice").as_string() == "nova");
        REQUIRE(body.at("model").as_string() == "gpt-4o-mini-tts");
        REQUIRE(body.at("response_format").as_string() == "pcm");
        REQUIRE(body.at("speed").as_double() == 1.5);
        REQUIRE(body.at("instructions").as_string() == "calm");
    });
}

TEST_CASE("what a server has against a sentence is told in its words, without the key", "[tts_openai]") {
    const auto answer = [](const fake_request&) {
        return whole(
            401, R"({"error": {"message": "Incorrect API key provided: sk-hidden-1234 (sk-h****1234)."}})");
    };
    with_server(answer, [](fake_server& s) -> task<> {
        words lines = {"One.", "Two."};
        const auto all = co_await say_all(options_for(s), std::move(lines));
        REQUIRE(all.sound.empty());
        REQUIRE(all.failures.size() == 2);
        const auto& told = all.failures[0].detail;
        REQUIRE(told.find("tts.openai: http://127.0.0.1:") == 0);
        REQUIRE(told.find("status 401: Incorrect API key provided") != std::string::npos);
        REQUIRE(told.find("sk-h") == std::string::npos);
        REQUIRE(told.find("1234") == std::string::npos);
    });
}

TEST_CASE("an answer that is no sound is a failure", "[tts_openai]") {
    int n = 0;
    const auto answer = [&n](const fake_request&) {
        switch (n++) {
            case 0:
                return whole(200, R"({"detail": "no such voice"})");
            case 1:
                return whole(200, "", "audio/pcm");
            case 2:
                return whole(200, "abc", "audio/pcm");
            case 3:
                return whole(500, "<html>oh</html>", "text/html");
            case 4:
                return fake_answer().send(chunked_head("audio/pcm") + chunk(pcm(2400))).cut();
            default:
                return whole(200, pcm(2400), "audio/pcm");
        }
    };
    with_server(answer, [](fake_server& s) -> task<> {
        words lines = {"a", "b", "c", "d", "e", "f"};
        const auto all = co_await say_all(options_for(s), std::move(lines));
        REQUIRE(all.failures.size() == 5);
        REQUIRE(all.failures[0].detail.find("no such voice") != std::string::npos);
        REQUIRE(all.failures[1].detail.find("it sent no sound") != std::string::npos);
        REQUIRE(all.failures[2].detail.find("half a sample") != std::string::npos);
        REQUIRE(all.failures[3].detail.find("status 500") != std::string::npos);
        REQUIRE(all.failures[3].detail.find("html") == std::string::npos);
        REQUIRE(samples_of(all.sound).size() == 1 + 2400 + 2400);
    });
}

TEST_CASE("what may help is tried again", "[tts_openai]") {
    int n = 0;
    const auto answer = [&n](const fake_request&) {
        if (n++ == 0) return whole(503, "busy", "text/plain", "Retry-After: 0\r\n");
        return whole(200, pcm(480), "audio/pcm");
    };
    with_server(answer, [](fake_server& s) -> task<> {
        auto o = options_for(s);
        o.retries = 1;
        words lines = {"Hello."};
        const auto all = co_await say_all(std::move(o), std::move(lines));
        REQUIRE(all.failures.empty());
        REQUIRE(length_of(all.sound) == 20ms);
    });
}

TEST_CASE("a server that is down or says nothing is a failure", "[tts_openai]") {
    const auto answer = [](const fake_request& r) {
        if (r.body.find("begin") == std::string::npos) return fake_answer().stall();
        return fake_answer().send(chunked_head("audio/pcm") + chunk(pcm(480))).stall();
    };
    with_server(answer, [](fake_server& s) -> task<> {
        auto o = options_for(s);
        o.first_sound_timeout = 50ms;
        o.idle_timeout = 50ms;
        words lines = {"Hello.", "begin"};
        const auto all = co_await say_all(o, std::move(lines));
        REQUIRE(all.failures.size() == 2);
        REQUIRE(length_of(all.sound) == 20ms);
        o.url = "http://127.0.0.1:1/v1";
        words again = {"Hello."};
        const auto none = co_await say_all(o, std::move(again));
        REQUIRE(none.failures.size() == 1);
    });
}

TEST_CASE("a server that never comes to an end is given up", "[tts_openai]") {
    const auto answer = [](const fake_request&) {
        auto a = fake_answer().send(chunked_head("audio/pcm"));
        for (int i = 0; i < 1000; ++i) std::move(a).send(chunk(pcm(240))).pause(5ms);
        return std::move(a).send(std::string(last_chunk));
    };
    with_server(answer, [](fake_server& s) -> task<> {
        auto o = options_for(s);
        o.total_timeout = 60ms;
        words lines = {"Hello."};
        const auto all = co_await say_all(o, std::move(lines));
        REQUIRE(all.failures.size() == 1);
        REQUIRE(all.failures[0].detail.find(": the sentence was not made within 60ms") != std::string::npos);
        REQUIRE(length_of(all.sound) < 5s);
    });
}

TEST_CASE("the query of an address stays behind the path of speech", "[tts_openai]") {
    with_server([](const fake_request&) { return whole(200, pcm(480), "audio/pcm"); },
                [](fake_server& s) -> task<> {
                    auto o = options_for(s);
                    o.url = s.url("/v1?api-version=7");
                    words lines = {"Hello."};
                    const auto all = co_await say_all(o, std::move(lines));
                    REQUIRE(all.failures.empty());
                    REQUIRE(s.requests.at(0).has("POST /v1/audio/speech?api-version=7 HTTP"));
                });
}

TEST_CASE("an interruption hangs up", "[tts_openai]") {
    const auto answer = [](const fake_request&) {
        return fake_answer().send(chunked_head("audio/pcm") + chunk(pcm(480))).stall();
    };
    with_server(answer, [](fake_server& s) -> task<> {
        tts::openai v(options_for(s));
        turn t;
        t.begin();
        feed<text> told(v.in);
        channel<audio> sent(16);
        v.out.connect(sent.sender());
        v.out.belong_to(t);
        told.say(line("Hello.", 1));
        told.end();
        auto interrupt = [&](receiver<audio> from) -> task<> {
            (void)co_await from.receive();
            t.interrupt();
        };
        co_await join(play(v), interrupt(sent.receiver()));
        co_await s.hang_up.wait();
        REQUIRE(s.hung_up == 1);
    });
}

TEST_CASE("a voice of OpenAI's needs a key, and an address", "[tts_openai]") {
    tts::openai::options o;
    REQUIRE(!tts::openai::available(o).ok());
    o.key = secret("x");
    REQUIRE(tts::openai::available(o).ok());
    o.url = "ftp://x";
    REQUIRE(tts::openai::available(o).error().text.find("'ftp://x'") != std::string::npos);
    o.url = "http://localhost:8000/v1";
    o.key = secret();
    REQUIRE(tts::openai::available(o).ok());
}

CO_TEST("in simulated time there is no server, which is a failure", "[tts_openai]") {
    words lines = {"Hello."};
    tts::openai::options o;
    const auto all = co_await say_all(std::move(o), std::move(lines));
    REQUIRE(all.failures.size() == 1);
}

TEST_CASE("a server that speaks is told of the turn, and each try is a span", "[tts_openai]") {
    int tries = 0;
    const auto answer = [&tries](const fake_request&) {
        if (tries++ == 0) return whole(503, "busy");
        return fake_answer().send(chunked_head("audio/pcm") + chunk(pcm(2400)) + last_chunk);
    };
    with_server(answer, [](fake_server& s) -> task<> {
        observe::tracer::settings on;
        on.on = true;
        observe::tracer t(on);
        const auto session = observe::session_trace::begin(&t, observe::trace_caller(), "7f3a");
        turn conversation;
        auto o = options_for(s);
        o.retries = 1;
        tts::openai v(std::move(o));
        v.out.belong_to(conversation);
        feed<text> told(v.in);
        drain<audio> heard(v.out, 4096);
        told.say(line("One sentence.", 1));
        told.end();
        auto place = session->place();
        auto speaking = v.run();
        co_await with_inherited(place, std::move(speaking));
        const auto spans = t.take(9);
        REQUIRE(spans.size() == 2);
        for (std::size_t i = 0; i < 2; ++i) {
            REQUIRE(spans[i].parent == session->turn(1).span);
            REQUIRE(s.requests.at(i).has("traceparent: " + observe::to_traceparent(spans[i].context)));
        }
        REQUIRE(spans[0].failure == "status 503");
        REQUIRE_FALSE(spans[1].failed);
    });
}
