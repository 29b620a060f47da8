#include <catch2/catch.hpp>
#include <grpcpp/grpcpp.h>
#include <streamingai/v1/streaming_ai.grpc.pb.h>

#include <atomic>
#include <chrono>
#include <future>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/data/base64.hpp>
#include <rtai/data/json.hpp>
#include <rtai/gateway/serve.hpp>
#include <rtai/http/client.hpp>
#include <rtai/http/grpc_web.hpp>
#include <rtai/net/tcp.hpp>
#include <rtai/service/host.hpp>
#include <rtai/ws/client.hpp>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/running.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;
namespace proto = streamingai::v1;

TEST_CASE("a gateway shows its page, its health and what it counts", "[gateway]") {
    running gate(on_free_ports());
    CHECK(get(gate.http("/")).body.find("<!doctype html>") == 0);
    CHECK(get(gate.http("/operator")).status == 200);
    const auto health = parse_json(get(gate.http("/health")).body);
    REQUIRE(health.ok());
    CHECK(text_of(*health, "status") == "ok");
    CHECK(get(gate.http("/ready")).status == 200);
    CHECK(get(gate.http("/metrics")).body.find("relay_sessions_total 0") != std::string::npos);
    CHECK(get(gate.http("/nothing")).status == 404);
    const auto page = get(gate.http("/"));
    CHECK(page.headers.find("Content-Security-Policy").has_value());
}

TEST_CASE("over a WebSocket words and sound go through the pipeline", "[gateway]") {
    running gate(on_free_ports());
    const auto words = talk_now(gate.socket(), {start, said("good day")}, "text");
    REQUIRE(words.failure.empty());
    REQUIRE(words.told.size() == 2);
    CHECK(text_of(words.told[0], "type") == "ready");
    CHECK(text_of(words.told[1], "text") == "good day");
    CHECK(text_of(words.told[1], "stream") == "said");
    const auto sound = talk_now(gate.socket(), {start, said("a word")}, "turn");
    CHECK(sound.sound == 50 * 640);
    CHECK(sound.has("event"));
}

TEST_CASE("what a client says that makes no sense is told, and the session lives", "[gateway]") {
    running gate(on_free_ports());
    const auto all =
        talk_now(gate.socket(),
                 {start, "{", R"({"type":"dance"})", R"({"type":"start","audio":{"codec":"mp3"}})",
                  R"({"type":"ping","id":7})", said("still here")},
                 "text");
    std::string kinds;
    for (const auto& t : all.told) kinds += std::string(text_of(t, "type")) + " ";
    CHECK(kinds == "ready error error error pong text ");
}

TEST_CASE("who shows no key, or a wrong one, does not come in", "[gateway]") {
    auto o = on_free_ports();
    o.auth.api_keys.emplace_back("open sesame, please");
    running gate(o);
    // A program is told in HTTP.
    const auto none = talk_now(gate.socket(), {}, "ready");
    CHECK(none.failure.find("401") != std::string::npos);
    // A page can only be told afterwards.
    ws::connect_options page;
    page.headers.add("Origin", "http://127.0.0.1:" + std::to_string(gate.options.listen.http->port.number));
    const auto told = talk_now(gate.socket("?token=guess"), {}, "", 0, page);
    CHECK(told.has("error"));
    CHECK(told.code == 1008);
    CHECK(told.failure.empty());
    const auto good = talk_now(gate.socket("?token=open%20sesame,%20please"), {start}, "ready", 0, page);
    CHECK(good.has("ready"));
    CHECK(get(gate.http("/api/status")).status == 401);
    CHECK(get(gate.http("/api/status"), "open sesame, please").status == 200);
    CHECK(get(gate.http("/health")).status == 200);

    const auto stub = gate.stub();
    grpc::ClientContext context;
    proto::CreateSessionResponse made;
    CHECK(stub->CreateSession(&context, {}, &made).error_code() == grpc::UNAUTHENTICATED);
    grpc::ClientContext with_key;
    with_key.AddMetadata("x-api-key", "open sesame, please");
    CHECK(stub->CreateSession(&with_key, {}, &made).ok());
    CHECK(made.session_id().size() == 32);
}

TEST_CASE("pages of other sites may not connect unless they are named", "[gateway]") {
    running gate(on_free_ports());
    ws::connect_options foreign;
    foreign.headers.add("Origin", "https://elsewhere.example");
    CHECK(talk_now(gate.socket(), {}, "ready", 0, foreign).failure.find("403") != std::string::npos);
}

TEST_CASE("a gateway takes as many sessions as it may, and tells the next", "[gateway]") {
    auto o = on_free_ports();
    o.session.max = 1;
    running gate(o);
    rtai::run([](std::string url, std::string ready) -> task<> {
        auto first = co_await ws::connect(url);
        REQUIRE(first.ok());
        co_await first->run([&](ws::stream& s) -> task<> {
            return [](ws::stream& on, std::string again, std::string is_ready) -> task<> {
                ws::message m = ws::message::text(start);
                const bool taken = co_await on.send(std::move(m));
                CHECK(taken);
                auto hello = co_await on.receive();
                CHECK(hello.has_value());
                std::vector<std::string> nothing;
                auto second = co_await talk(again, std::move(nothing), "ready", 0);
                CHECK(second.failure.find("503") != std::string::npos);
                auto r = co_await http::fetch(http::request(is_ready));
                CHECK(r->status == 503);
            }(s, url, ready);
        });
    }(gate.socket(), gate.http("/ready")));
    const auto later = talk_now(gate.socket(), {start}, "ready");
    CHECK((later.has("ready") || later.failure.find("503") != std::string::npos));
}

TEST_CASE("an operator sees live sessions and the wires in them", "[gateway]") {
    running gate(on_free_ports());
    rtai::run([](const running& g) -> task<> {
        auto socket = co_await ws::connect(g.socket());
        REQUIRE(socket.ok());
        co_await socket->run([&](ws::stream& s) -> task<> {
            return [](ws::stream& on, const running& of) -> task<> {
                ws::message m = ws::message::text(start);
                const bool taken = co_await on.send(std::move(m));
                CHECK(taken);
                auto hello = co_await on.receive();
                REQUIRE(hello.has_value());
                const auto id = std::string(text_of(*parse_json(hello->text()), "session"));
                auto status = co_await http::fetch(http::request(of.http("/api/status")));
                const auto all = parse_json(status->body);
                CHECK(all->at("sessions").as_array().size() == 1);
                CHECK(text_of(all->at("sessions").at(0), "id") == id);
                auto one = co_await http::fetch(http::request(of.http("/api/session?id=" + id)));
                const auto about = parse_json(one->body);
                CHECK(about->at("edges").as_array().size() == 1);
                auto nobody = co_await http::fetch(http::request(of.http("/api/session?id=nobody")));
                CHECK(nobody->status == 404);
            }(s, g);
        });
    }(gate));
}

TEST_CASE("over gRPC a session is created, talks, and is closed", "[gateway]") {
    running gate(on_free_ports());
    const auto stub = gate.stub();
    proto::CreateSessionResponse made;
    {
        grpc::ClientContext context;
        REQUIRE(stub->CreateSession(&context, {}, &made).ok());
    }
    grpc::ClientContext context;
    auto stream = stub->BiDirectionalStreaming(&context);
    proto::StreamMessage out;
    out.set_session_id(made.session_id());
    out.mutable_text()->set_data("good day");
    REQUIRE(stream->Write(out));
    proto::StreamMessage in;
    REQUIRE(stream->Read(&in));
    CHECK(in.session_id() == made.session_id());
    CHECK(in.control().state_change().state() == proto::CONNECTION_STATE_CONNECTED);
    REQUIRE(stream->Read(&in));
    CHECK(in.text().data() == "good day");
    CHECK(in.metadata().at("stream") == "said");

    out.Clear();
    out.mutable_control()->set_control_type(proto::CONTROL_TYPE_PING);
    REQUIRE(stream->Write(out));
    REQUIRE(stream->Read(&in));
    CHECK(in.control().control_type() == proto::CONTROL_TYPE_PONG);

    out.Clear();
    out.mutable_audio()->set_data(std::string(640, '\1'));
    out.mutable_audio()->set_sample_rate(16'000);
    REQUIRE(stream->Write(out));
    const auto read_past_events = [&] {
        while (stream->Read(&in))
            if (in.text().text_type() != "json") return true;
        return false;
    };
    REQUIRE(read_past_events());
    CHECK(in.audio().data().size() == 640);
    CHECK(in.audio().duration_ms() == 20);

    out.mutable_audio()->set_codec("mp3");
    REQUIRE(stream->Write(out));
    REQUIRE(read_past_events());
    CHECK(in.control().error().code() == "bad_message");

    grpc::ClientContext closing;
    proto::CloseSessionRequest which;
    which.set_session_id(made.session_id());
    proto::CloseSessionResponse closed;
    REQUIRE(stub->CloseSession(&closing, which, &closed).ok());
    CHECK(closed.success());
    while (stream->Read(&in)) {
    }
    CHECK(in.control().state_change().state() == proto::CONNECTION_STATE_DISCONNECTED);
    CHECK(stream->Finish().ok());
    grpc::ClientContext again;
    REQUIRE(stub->CloseSession(&again, which, &closed).ok());
    CHECK(!closed.success());
}

TEST_CASE("a browser talks gRPC-Web to the same service, in both encodings", "[gateway]") {
    running gate(on_free_ports());
    const auto ask = [&](const std::string& method, const google::protobuf::Message& m, bool text) {
        http::request r(gate.http("/streamingai.v1.StreamingAIService/" + method));
        r.method = "POST";
        r.headers.add("Content-Type",
                      text ? "application/grpc-web-text+proto" : "application/grpc-web+proto");
        r.body = http::grpc_web::frame_text(m.SerializeAsString(), false);
        if (text) r.body = to_base64(std::as_bytes(std::span(r.body)));
        const auto answer = rtai::run([](http::request asked) -> task<http::response> {
            auto a = co_await http::fetch(std::move(asked));
            co_return a.ok() ? std::move(*a) : http::response();
        }(std::move(r)));
        CHECK(answer.status == 200);
        std::vector<http::grpc_web::frame> frames;
        http::grpc_web::reader reader(text ? http::grpc_web::encoding::text
                                           : http::grpc_web::encoding::binary);
        CHECK(
            reader.feed(answer.body, [&](http::grpc_web::frame f) { frames.push_back(std::move(f)); }).ok());
        CHECK(reader.finish().ok());
        return frames;
    };
    for (const bool text : {false, true}) {
        const auto made = ask("CreateSession", proto::CreateSessionRequest(), text);
        REQUIRE(made.size() == 2);
        proto::CreateSessionResponse session;
        REQUIRE(session.ParseFromString(made[0].bytes));
        CHECK(made[1].trailers);
        CHECK(made[1].bytes.find("grpc-status: 0") == 0);

        proto::StreamMessage question;
        question.set_session_id(session.session_id());
        question.mutable_text()->set_data("good day");
        const auto said = ask("BiDirectionalStreaming", question, text);
        std::string words;
        for (const auto& f : said) {
            proto::StreamMessage m;
            if (f.trailers || !m.ParseFromString(f.bytes)) continue;
            CHECK(m.session_id() == session.session_id());
            if (m.text().text_type() == "plain") words += m.text().data();
        }
        CHECK(words == "good day");
        REQUIRE(!said.empty());
        CHECK(said.back().bytes.find("grpc-status: 0") == 0);
    }
    const auto nothing = ask("Dance", proto::CreateSessionRequest(), false);
    REQUIRE(nothing.size() == 1);
    CHECK(nothing[0].bytes.find("grpc-status: 12") == 0);
}

TEST_CASE("asked to stop with a hundred calls under way, a gateway lets them finish", "[gateway]") {
    running gate(on_free_ports());
    std::atomic<int> begun{0};
    std::atomic<int> whole{0};
    std::thread sockets([&] {
        rtai::run([](const running& g, std::atomic<int>& b, std::atomic<int>& w) -> task<> {
            std::vector<task<>> all;
            for (int i = 0; i < 50; ++i)
                all.push_back([](const running& of, std::atomic<int>& on, std::atomic<int>& done) -> task<> {
                    auto first = co_await ws::connect(of.socket());
                    if (!first) co_return;
                    std::size_t sound = 0;
                    std::uint16_t code = 0;
                    co_await first->run([&](ws::stream& s) -> task<> {
                        return [](ws::stream& st, std::atomic<int>& o, std::size_t& n,
                                  std::uint16_t& c) -> task<> {
                            const std::vector<std::string> words{start, said("a word")};
                            for (const auto& text : words) {
                                ws::message m = ws::message::text(text);
                                const bool taken = co_await st.send(std::move(m));
                                if (!taken) co_return;
                            }
                            bool first_sound = true;
                            while (auto m = co_await st.receive()) {
                                if (m->is_text()) continue;
                                if (std::exchange(first_sound, false)) ++o;
                                n += m->size();
                            }
                            c = st.end().code;
                        }(s, on, sound, code);
                    });
                    if (sound == 50 * 640 && code == 1001) ++done;
                }(g, b, w));
            co_await join(std::move(all));
        }(gate, begun, whole));
    });
    std::vector<std::thread> calls;
    const auto stub = gate.stub();
    for (int i = 0; i < 50; ++i)
        calls.emplace_back([&] {
            grpc::ClientContext context;
            auto stream = stub->BiDirectionalStreaming(&context);
            proto::StreamMessage m;
            m.mutable_text()->set_data("a word");
            if (!stream->Write(m)) return;
            std::size_t sound = 0;
            std::string why;
            while (stream->Read(&m)) {
                if (m.has_audio() && sound == 0) ++begun;
                sound += m.audio().data().size();
                if (m.metadata().contains("reason")) why = m.metadata().at("reason");
            }
            if (sound == 50 * 640 && why == "drain" && stream->Finish().ok()) ++whole;
        });
    while (begun < 100) std::this_thread::sleep_for(1ms);
    CHECK(gate.stop(20s) == 0);
    sockets.join();
    for (auto& c : calls) c.join();
    CHECK(whole == 100);
}
