#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <rtai/ai/stt/openai.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/observe/session_trace.hpp>
#include <string>
#include <utility>
#include <vector>

#include "ai/voice.hpp"
#include "graph/flow.hpp"
#include "http/fake_server.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

struct outcome {
    std::vector<text> texts;
    std::vector<moment> failures;
};

/// Sends stretches of speech of 200 ms through the element, one after the other.
task<outcome> speak_to(stt::openai& e, int stretches = 1) {
    outcome made;
    channel<audio> sound(256);
    channel<moment> edges(16), told(16);
    channel<text> said(16);
    e.in.connect(sound.receiver(), audio_format(16'000));
    e.speech.connect(edges.receiver());
    e.out.connect(said.sender());
    e.events.connect(told.sender());
    {
        const auto to = sound.sender();
        const auto tell = edges.sender();
        const time_point start = now();
        const auto piece = [&](duration at) {
            const std::vector<std::int16_t> samples(1600, static_cast<std::int16_t>(at / 1ms));
            return piece_of(samples, 16'000, start + at);
        };
        for (int i = 0; i < stretches; ++i) {
            const duration from = i * 1000ms;
            moment begin(what::speech_start), end(what::speech_end);
            begin.stamp.at = start + from + 400ms;
            end.stamp.at = start + from + 600ms;
            (void)tell.try_send(std::move(begin));
            (void)tell.try_send(std::move(end));
            for (duration at{}; at < 1000ms; at += 100ms) (void)to.try_send(piece(from + at));
        }
    }
    auto collect = [](auto from, auto& into) -> task<> {
        while (auto v = co_await from.receive()) into.push_back(std::move(*v));
    };
    co_await join(play(e), collect(said.receiver(), made.texts), collect(told.receiver(), made.failures));
    co_return made;
}

stt::openai::options at(fake_server& server) {
    stt::openai::options o;
    o.url = server.url("/v1");
    o.key = secret("sk-hidden");
    return o;
}

}  // namespace

TEST_CASE("an utterance is sent as a file, and its words come back", "[stt_openai]") {
    with_server(
        [](const fake_request&) { return whole(200, R"({"text":" Hello there. "})"); },
        [](fake_server& server) -> task<> {
            auto o = at(server);
            o.language = "en";
            o.prompt = "Zaphod";
            stt::openai e(o);
            const auto got = co_await speak_to(e);
            REQUIRE(words_of(got.texts) == words{"Hello there."});
            REQUIRE(got.texts[0].final);
            REQUIRE(got.failures.empty());
            REQUIRE(server.requests.size() == 1);
            const auto& r = server.requests[0];
            REQUIRE(r.head.starts_with("POST /v1/audio/transcriptions "));
            REQUIRE(r.has("Authorization: Bearer sk-hidden"));
            REQUIRE(r.has("multipart/form-data"));
            for (const auto* part : {"name=\"file\"; filename=\"utterance.wav\"", "audio/wav", "whisper-1",
                                     "name=\"response_format\"", "name=\"language\"", "Zaphod"})
                REQUIRE_THAT(r.body, Contains(part));
            const auto wav = r.body.find("RIFF");
            REQUIRE(wav != std::string::npos);
            // 300 ms before the speech, its 200 ms, and 100 ms more.
            const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(r.body[wav + i]); };
            REQUIRE(byte(40) + 256U * byte(41) == 600 * 32);
            REQUIRE(byte(24) + 256U * byte(25) == 16'000);
        });
}

TEST_CASE("a verbose answer has the times of words, and how certain they are", "[stt_openai]") {
    with_server(
        [](const fake_request&) {
            return whole(200, R"({"text":"Hello there","words":[{"word":"Hello","start":0.3,"end":0.4},
                {"word":"there","start":0.45,"end":0.6},{"word":3},{}],
                "segments":[{"start":0,"end":1,"avg_logprob":-0.1053605,"no_speech_prob":0.01}]})");
        },
        [](fake_server& server) -> task<> {
            auto o = at(server);
            o.word_times = true;
            stt::openai e(o);
            const auto got = co_await speak_to(e);
            REQUIRE(words_of(got.texts) == words{"Hello there"});
            REQUIRE(got.texts[0].confidence == Approx(0.9));
            const auto& timing = got.texts[0].timing;
            REQUIRE(timing.size() == 2);
            REQUIRE(timing[0].from == 0ms);  // the pre-roll does not count
            REQUIRE(timing[1].word == "there");
            REQUIRE(timing[1].from == 150ms);
            REQUIRE(timing[1].to == 300ms);
            REQUIRE_THAT(server.requests[0].body,
                         Contains("verbose_json") && Contains("timestamp_granularities[]"));
        });
}

TEST_CASE("what the server refuses is told, and the next utterance is asked anew", "[stt_openai]") {
    int count = 0;
    with_server(
        [&count](const fake_request&) {
            return ++count == 1 ? whole(401, R"({"error":{"message":"Incorrect API key"}})")
                                : whole(200, R"({"text":"two"})");
        },
        [](fake_server& server) -> task<> {
            stt::openai e(at(server));
            const auto got = co_await speak_to(e, 2);
            REQUIRE(words_of(got.texts) == words{"", "two"});
            REQUIRE(got.failures.size() == 1);
            REQUIRE_THAT(got.failures[0].detail, Contains("401") && Contains("Incorrect API key") &&
                                                     Contains("/v1/audio/transcriptions") &&
                                                     !Contains("hidden"));
        });
}

TEST_CASE("a busy server is asked again", "[stt_openai]") {
    int count = 0;
    with_server(
        [&count](const fake_request&) {
            return ++count == 1 ? whole(503, "busy", "text/plain") : whole(200, R"({"text":"fine"})");
        },
        [](fake_server& server) -> task<> {
            stt::openai e(at(server));
            const auto got = co_await speak_to(e);
            REQUIRE(words_of(got.texts) == words{"fine"});
            REQUIRE(server.requests.size() == 2);
        });
}

TEST_CASE("a server that wants to be left alone for too long is not waited for", "[stt_openai]") {
    with_server(
        [](const fake_request&) { return whole(429, "slow down", "text/plain", "Retry-After: 3600\r\n"); },
        [](fake_server& server) -> task<> {
            stt::openai e(at(server));
            const auto got = co_await speak_to(e);
            REQUIRE(words_of(got.texts) == words{""});
            REQUIRE_THAT(got.failures.at(0).detail, Contains("status 429: slow down"));
        });
}

TEST_CASE("answers that are none are failures", "[stt_openai]") {
    for (const auto* body : {"", "no JSON", "{}", R"({"text":3})", "[1,2"}) {
        CAPTURE(body);
        with_server([body](const fake_request&) { return whole(200, body); },
                    [](fake_server& server) -> task<> {
                        stt::openai e(at(server));
                        const auto got = co_await speak_to(e);
                        REQUIRE(words_of(got.texts) == words{""});
                        REQUIRE(got.failures.size() == 1);
                    });
    }
}

TEST_CASE("a server that does not answer is given up", "[stt_openai]") {
    with_server([](const fake_request&) { return fake_answer().stall(); },
                [](fake_server& server) -> task<> {
                    auto o = at(server);
                    o.patience = 200ms;
                    stt::openai e(o);
                    const auto got = co_await speak_to(e);
                    REQUIRE(words_of(got.texts) == words{""});
                    REQUIRE_THAT(got.failures.at(0).detail, Contains("200 ms"));
                });
}

TEST_CASE("a server that is not there is a failure", "[stt_openai]") {
    with_server([](const fake_request&) { return fake_answer().cut(); },
                [](fake_server& server) -> task<> {
                    auto o = at(server);
                    o.retries = 0;
                    stt::openai e(o);
                    const auto got = co_await speak_to(e);
                    REQUIRE(words_of(got.texts) == words{""});
                    REQUIRE(got.failures.size() == 1);
                });
}

TEST_CASE("what Whisper itself doubts is no speech", "[stt_openai]") {
    const auto doubted = stt::read_transcription(
        R"({"text":"Thank you.","segments":[{"avg_logprob":-1.5,"no_speech_prob":0.9}]})");
    REQUIRE(doubted);
    REQUIRE(doubted->words.empty());
    const auto sure = stt::read_transcription(
        R"({"text":"Thank you.","segments":[{"avg_logprob":-0.2,"no_speech_prob":0.9}]})");
    REQUIRE(sure->words == "Thank you.");
}

TEST_CASE("the marks of noises are no words", "[stt_openai]") {
    for (const std::string noise : {"[BLANK_AUDIO]", " [Music] ", "(coughs)", "♪", "♪♪ (music) ♪", "*sighs*",
                                    "...", "[Music] [APPLAUSE].", "（音楽）", "[", ""}) {
        CAPTURE(noise);
        const auto t = stt::read_transcription(json::serialize(json::object{{"text", noise}}));
        REQUIRE(t);
        REQUIRE(t->words.empty());
    }
    for (const std::string said :
         {"[Music] Hello.", "Yes (I think)", "♪ la la ♪", "7", "Ä", "你好", "(no", "5 * 3 * 2"}) {
        CAPTURE(said);
        REQUIRE(stt::read_transcription(json::serialize(json::object{{"text", said}}))->words == said);
    }
}

TEST_CASE("what a server repeats of the key is not told", "[stt_openai]") {
    for (const std::string body :
         {R"({"error":{"message":"Incorrect API key provided: sk-hidden (sk-h****dden)."}})",
          "no such key: sk-hidden, sk-h**dden", R"({"error":{"key":"sk-hidden"}})"}) {
        CAPTURE(body);
        with_server([&body](const fake_request&) { return whole(401, body); },
                    [](fake_server& server) -> task<> {
                        stt::openai e(at(server));
                        const auto got = co_await speak_to(e);
                        REQUIRE_THAT(got.failures.at(0).detail,
                                     Contains("status 401: ") && !Contains("sk-h") && !Contains("dden"));
                    });
    }
}

TEST_CASE("the query of the address stays behind its path", "[stt_openai]") {
    with_server([](const fake_request&) { return whole(200, R"({"text":"fine"})"); },
                [](fake_server& server) -> task<> {
                    auto o = at(server);
                    o.url = server.url("/v1/?api-version=7");
                    stt::openai e(o);
                    const auto got = co_await speak_to(e);
                    REQUIRE(words_of(got.texts) == words{"fine"});
                    REQUIRE(server.requests.at(0).head.starts_with(
                        "POST /v1/audio/transcriptions?api-version=7 HTTP"));
                });
}

TEST_CASE("figures that can not be are no times", "[stt_openai]") {
    const auto t = stt::read_transcription(
        R"({"text":"a b c","words":[{"word":"a","start":-1,"end":1e300},{"word":"b","start":5,"end":1}],
            "segments":[{"avg_logprob":900,"start":1e300,"end":-1e300}]})");
    REQUIRE(t);
    REQUIRE(t->timing.size() == 2);
    REQUIRE(t->timing[0].from == 0ms);
    REQUIRE(t->timing[1].to == t->timing[1].from);
    REQUIRE(t->confidence <= 1);
}

TEST_CASE("without a key OpenAI is not asked", "[stt_openai]") {
    stt::openai::options o;
    REQUIRE_THAT(available<stt::openai>(o).error().message(), Contains("OPENAI_API_KEY"));
    o.key = secret("k");
    REQUIRE(available<stt::openai>(o));
    o.url = "https://api.openai.com.example.org/v1";
    o.key = secret();
    REQUIRE(available<stt::openai>(o));
    o.url = "ftp://x";
    REQUIRE_THAT(available<stt::openai>(o).error().message(), Contains("ftp://x"));
}

TEST_CASE("the server that is asked for words is told of the turn that they belong to", "[stt_openai]") {
    with_server([](const fake_request&) { return whole(200, R"({"text":"Hello."})"); },
                [](fake_server& s) -> task<> {
                    observe::tracer::settings on;
                    on.on = true;
                    observe::tracer t(on);
                    const auto session = observe::session_trace::begin(&t, observe::trace_caller(), "7f3a");
                    turn conversation;
                    stt::openai e(at(s));
                    e.out.belong_to(conversation);
                    auto place = session->place();
                    auto speaking = speak_to(e);
                    auto made = co_await with_inherited(place, std::move(speaking));
                    REQUIRE(made.texts.size() == 1);
                    const auto spans = t.take(9);
                    REQUIRE(spans.size() == 1);
                    REQUIRE(spans[0].parent == session->turn(1).span);
                    REQUIRE(s.requests[0].has("traceparent: " + observe::to_traceparent(spans[0].context)));
                });
}
