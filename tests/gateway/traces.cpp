// A trace from a client through a session to the servers that it asks, and to a collector.

#include <algorithm>
#include <catch2/catch.hpp>
#include <mutex>
#include <rtai/ai/llm/openai.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/http/exchange.hpp>
#include <rtai/http/listen.hpp>
#include <rtai/http/server.hpp>
#include <rtai/observe/trace_context.hpp>
#include <string>
#include <thread>
#include <vector>

#include "gateway/running.hpp"

using namespace rtai;
using namespace rtai::test;

namespace {

/// Notes when somebody has stopped speaking, as one does who listens.
struct listener {
    input<text> in;
    output<text> out;
    RTAI_DESCRIBE(listener, in, out)

    task<> run() {
        while (auto t = co_await in.receive()) {
            auto& turn = *out.turn();
            const auto of = turn.upcoming();
            turn.note(what::speech_end, of);
            co_await sleep_for(5ms);
            turn.note(what::heard, of, t->words);
            turn.note(what::end_of_turn, of, t->words);
            if (!co_await out.send(std::move(*t))) co_return;
        }
    }
};

/// Makes 100 ms of sound when an answer is complete.
struct mouth {
    input<text> in;
    output<audio> out;
    RTAI_DESCRIBE(mouth, in, out)

    task<> run() {
        while (auto t = co_await in.receive())
            if (t->final) co_await speak(t->stamp.epoch);
    }
    task<> speak(epoch of) {
        auto& turn = *out.turn();
        turn.voiced();
        turn.log().record(of).speech.begin("an answer");
        turn.note(what::first_audio, of);
        for (int i = 0; i < 5; ++i) {
            audio a(audio_format(), 320);
            a.stamp.epoch = of;
            turn.log().record(of).speech.add(a.time());
            const bool goes_on = co_await out.send(std::move(a));
            if (!goes_on) co_return;
        }
        turn.log().record(of).speech.end();
        turn.log().record(of).speech.close();
    }
};

/// Asks a model what it is told, and says the answer.
struct thinker {
    struct options {
        llm::openai::options llm;
        RTAI_DESCRIBE(options, llm)
    };
    explicit thinker(const options& o) : llm(o.llm) {}

    input<text> typed;
    output<audio> speaker;
    RTAI_DESCRIBE(thinker, typed, speaker)

    rtai::turn turn;
    listener ear;
    llm::openai llm;
    mouth voice;
    rtai::pacer pacer;
    edge<text, block> ear_to_llm, llm_to_voice;
    edge<audio, block> voice_to_pacer;

    task<> run() {
        ear.in.take(typed);
        ear_to_llm.from(ear.out);
        ear_to_llm.into(llm.in);
        llm_to_voice.from(llm.out);
        llm_to_voice.into(voice.in);
        voice_to_pacer.from(voice.out);
        voice_to_pacer.into(pacer.in);
        pacer.out.take(speaker);
        belong_to(turn, ear, llm, voice, pacer, ear_to_llm, llm_to_voice, voice_to_pacer);
        co_await join(play(ear, "ear"), play(llm, "llm"), play(voice, "voice"), play(pacer, "pacer"));
    }
};

struct wire_thinker {
    void operator()(service::conversation& ends, thinker& p) const {
        wire(ends.text_in, p.typed);
        wire<block>(p.speaker, ends.audio_out, audio_format());
    }
};

/// A collector of traces and a language model, which keep what they were sent.
class fake_servers {
public:
    fake_servers() : thread_([this] { rtai::run(serve()); }) { port_ = up_.get_future().get(); }
    fake_servers(const fake_servers&) = delete;
    fake_servers& operator=(const fake_servers&) = delete;
    ~fake_servers() {
        home_->post([this] { stopping_->set(); });
        thread_.join();
    }

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }
    std::string collector() const { return url() + "/traces"; }

    /// All spans of a trace, until now.
    std::vector<json::object> spans(const std::string& trace) {
        const std::lock_guard lock(mutex_);
        std::vector<json::object> of_it;
        for (const auto& s : spans_)
            if (std::string_view(s.at("traceId").as_string()) == trace) of_it.push_back(s);
        return of_it;
    }
    /// What the model was told of the trace that it was asked in: the parent, and what goes with it.
    std::vector<std::pair<std::string, std::string>> asked() {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

private:
    task<> serve() {
        event stopping;
        stopping_ = &stopping;
        home_ = shard::current();
        http::server all([this](http::exchange& x) { return answer(x); });
        auto listening = net::listen({"127.0.0.1", 0});
        http::listener door(std::move(listening).value(), all);
        up_.set_value(door.port());
        co_await door.run(stopping);
    }
    task<> answer(http::exchange& x) {
        auto body = co_await x.body();
        http::response r = http::make_response(200, "{}");
        if (x.path() == "/v1/traces") keep_spans(*body);
        else {
            const std::lock_guard lock(mutex_);
            asked_.emplace_back(x.head().header("traceparent").value_or(""),
                                x.head().header("tracestate").value_or(""));
            r = http::make_response(200,
                                    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Yes.\"},"
                                    "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
                                    "text/event-stream");
        }
        auto written = co_await x.answer(std::move(r));
        (void)written;
    }
    void keep_spans(const std::string& body) {
        const auto read = parse_json(body);
        const std::lock_guard lock(mutex_);
        for (const auto& s : read->at_pointer("/resourceSpans/0/scopeSpans/0/spans").as_array())
            spans_.push_back(s.as_object());
    }

    std::promise<std::uint16_t> up_;
    event* stopping_ = nullptr;
    shard* home_ = nullptr;
    std::mutex mutex_;
    std::vector<json::object> spans_;
    std::vector<std::pair<std::string, std::string>> asked_;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

thinker::options asking(const fake_servers& s) {
    thinker::options o;
    o.llm.url = s.url();
    o.llm.model = "fake";
    return o;
}

using thinking_gate = running_with<thinker, wire_thinker>;

const std::string client_span = "00f067aa0ba902b7";
std::string parent_in(const std::string& trace) { return "00-" + trace + "-" + client_span + "-01"; }

std::string text_in(const json::object& span, const char* name) {
    const auto* found = span.if_contains(name);
    return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
}

/// The session of a trace, a turn in it, the turn's stages, and the request to the model: one in the other.
void check_spans(fake_servers& servers, const std::string& trace, const std::string& parent) {
    const auto all = servers.spans(trace);
    const auto named = [&](std::string_view name) -> json::object {
        for (const auto& s : all)
            if (text_in(s, "name") == name) return s;
        return {};
    };
    const auto session = named("session"), turn = named("turn"), call = named("HTTP request");
    REQUIRE_FALSE(session.empty());
    REQUIRE_FALSE(turn.empty());
    REQUIRE_FALSE(call.empty());
    CHECK(text_in(session, "parentSpanId") == parent);
    CHECK(text_in(turn, "parentSpanId") == text_in(session, "spanId"));
    CHECK(text_in(call, "parentSpanId") == text_in(turn, "spanId"));
    for (const auto* stage : {"transcription", "endpointing", "thinking", "sentence", "synthesis", "playout"})
        CHECK(text_in(named(stage), "parentSpanId") == text_in(turn, "spanId"));
    // The model was told of the request's own span.
    const auto asked = servers.asked();
    const auto told = "00-" + trace + "-" + text_in(call, "spanId") + "-01";
    CHECK(std::any_of(asked.begin(), asked.end(), [&](const auto& a) { return a.first == told; }));
}

}  // namespace

TEST_CASE("a trace goes from a client over a WebSocket through its session to the model",
          "[gateway][trace]") {
    fake_servers servers;
    thinking_gate gate(on_free_ports(), asking(servers), servers.collector());
    const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    ws::connect_options o;
    o.headers.add("traceparent", parent_in(trace));
    o.headers.add("tracestate", "rojo=1");
    o.headers.add("tracestate", "congo=2");
    const auto all = talk_now(gate.socket(), {start, said("are you there")}, "turn", 0, o);
    REQUIRE(all.failure.empty());
    REQUIRE_FALSE(all.told.empty());
    CHECK(text_of(all.told[0], "trace") == trace);
    CHECK(all.has("turn"));
    (void)gate.stop(2s);
    check_spans(servers, trace, client_span);
    REQUIRE(servers.asked().size() == 1);
    CHECK(servers.asked()[0].second == "rojo=1,congo=2");
}

TEST_CASE("a page says in its address what it is part of; what is wrong begins a trace", "[gateway][trace]") {
    fake_servers servers;
    thinking_gate gate(on_free_ports(), asking(servers), servers.collector());
    const std::string trace = "00000000000000000000000000000abc";
    const auto page =
        talk_now(gate.socket("?traceparent=" + parent_in(trace)), {start, said("hello")}, "turn");
    REQUIRE_FALSE(page.told.empty());
    CHECK(text_of(page.told[0], "trace") == trace);
    const auto wrong = talk_now(gate.socket("?traceparent=00-0-0-00"), {start, said("hello")}, "turn");
    REQUIRE_FALSE(wrong.told.empty());
    const std::string own(text_of(wrong.told[0], "trace"));
    CHECK(own.size() == 32);
    (void)gate.stop(2s);
    check_spans(servers, trace, client_span);
    check_spans(servers, own, "");
}

TEST_CASE("a client that keeps no trace is not kept, but its peers are told", "[gateway][trace]") {
    fake_servers servers;
    thinking_gate gate(on_free_ports(), asking(servers), servers.collector());
    const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    const auto all = talk_now(gate.socket("?traceparent=00-" + trace + "-" + client_span + "-00"),
                              {start, said("hello")}, "turn");
    REQUIRE_FALSE(all.told.empty());
    CHECK(text_of(all.told[0], "trace").empty());
    (void)gate.stop(2s);
    CHECK(servers.spans(trace).empty());
    REQUIRE(servers.asked().size() == 1);
    CHECK(servers.asked()[0].first.starts_with("00-" + trace));
    CHECK(servers.asked()[0].first.ends_with("-00"));
}

TEST_CASE("without a collector a client's trace goes through as it is, and without both there is none",
          "[gateway][trace]") {
    fake_servers servers;
    thinking_gate gate(on_free_ports(), asking(servers));
    const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    (void)talk_now(gate.socket("?traceparent=" + parent_in(trace)), {start, said("hello")}, "turn");
    (void)talk_now(gate.socket(), {start, said("hello")}, "turn");
    (void)gate.stop(2s);
    REQUIRE(servers.asked().size() == 2);
    CHECK(servers.asked()[0].first == parent_in(trace));
    CHECK(servers.asked()[1].first.empty());
}

TEST_CASE("the same over gRPC and over gRPC-Web", "[gateway][trace]") {
    fake_servers servers;
    thinking_gate gate(on_free_ports(), asking(servers), servers.collector());
    const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736", of_web = "0000000000000000000000000000beef";
    proto::StreamMessage out;
    out.mutable_text()->set_data("are you there");
    {
        const auto stub = gate.stub();
        grpc::ClientContext context;
        context.AddMetadata("traceparent", parent_in(trace));
        context.AddMetadata("tracestate", "rojo=1");
        auto stream = stub->BiDirectionalStreaming(&context);
        REQUIRE(stream->Write(out));
        proto::StreamMessage in;
        REQUIRE(stream->Read(&in));
        CHECK(in.metadata().at("trace") == trace);
        bool over = false;
        while (!over && stream->Read(&in))
            over = in.text().text_type() == "json" && in.text().data().find("\"turn\",") != std::string::npos;
        CHECK(over);
        stream->WritesDone();
        while (stream->Read(&in)) {
        }
        CHECK(stream->Finish().ok());
    }
    http::request r(gate.http("/streamingai.v1.StreamingAIService/BiDirectionalStreaming"));
    r.method = "POST";
    r.headers.add("Content-Type", "application/grpc-web+proto");
    r.headers.add("Traceparent", parent_in(of_web));
    r.body = http::grpc_web::frame_text(out.SerializeAsString(), false);
    CHECK(answer_to(r).status == 200);
    (void)gate.stop(2s);
    check_spans(servers, trace, client_span);
    check_spans(servers, of_web, client_span);
    REQUIRE(servers.asked().size() == 2);
    CHECK(servers.asked()[0].second == "rojo=1");
}
