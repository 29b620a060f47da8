#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstddef>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/running.hpp"

using namespace rtai;
using namespace rtai::test;

namespace {

/// As a client asks for a WebSocket, so that the answer can be looked at.
http::response ask_for_socket(const running& gate) {
    http::request r(gate.http("/ws"));
    r.headers.add("Connection", "Upgrade");
    r.headers.add("Upgrade", "websocket");
    r.headers.add("Sec-WebSocket-Version", "13");
    r.headers.add("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==");
    return answer_to(std::move(r));
}

http::response create_session_from_browser(const running& gate) {
    http::request r(gate.http("/streamingai.v1.StreamingAIService/CreateSession"));
    r.method = "POST";
    r.headers.add("Content-Type", "application/grpc-web+proto");
    r.body = http::grpc_web::frame_text("", false);
    return answer_to(std::move(r));
}

/// A gateway that ends waits for those that speak, and for no others.
void wait_until_speaking(const running& gate, std::ptrdiff_t sessions) {
    for (;;) {
        const auto status = parse_json(get(gate.http("/api/status")).body);
        if (!status.ok()) continue;
        const auto& all = status->at("sessions").as_array();
        const auto speaks = [](const json::value& s) { return s.at("state").as_string() == "speaking"; };
        if (std::count_if(all.begin(), all.end(), speaks) == sessions) return;
        std::this_thread::sleep_for(1ms);
    }
}

task<> hear(ws::stream& s, std::promise<void>& speaks) {
    for (const auto& words : std::vector<std::string>{start, said("tell me")}) {
        ws::message m = ws::message::text(words);
        (void)co_await s.send(std::move(m));
    }
    bool told = false;
    while (auto m = co_await s.receive())
        if (!m->is_text() && !std::exchange(told, true)) speaks.set_value();
}

/// Listens until the server ends it, and tells when it speaks: nobody else is connected then.
task<> listen_alone(std::string url, std::promise<void>& speaks) {
    auto socket = co_await ws::connect(std::move(url));
    co_await socket->run([&](ws::stream& s) { return hear(s, speaks); });
}

}  // namespace

TEST_CASE("as long as sessions live, a gateway that ends says so, and takes nobody", "[gateway]") {
    running gate(on_free_ports());
    std::atomic<std::uint16_t> code{0};
    std::thread listener([&] {
        const auto all = talk_now(gate.socket(), {start, said("tell me")}, "");
        code = all.code;
    });
    const auto stub = gate.stub();
    grpc::ClientContext context;
    auto stream = stub->BiDirectionalStreaming(&context);
    proto::StreamMessage m;
    m.mutable_text()->set_data("tell me");
    REQUIRE(stream->Write(m));
    wait_until_speaking(gate, 2);
    gate.ask_to_stop(1h);
    while (get(gate.http("/ready")).status != 503) std::this_thread::sleep_for(1ms);

    // Asked twice, so that both are answered by those who take over while it drains.
    for (int i = 0; i < 2; ++i) {
        CHECK(get(gate.http("/ready")).body.find("the server is about to stop") != std::string::npos);
        const auto health = get(gate.http("/health"));
        CHECK(health.status == 200);
        CHECK(text_of(*parse_json(health.body), "status") == "draining");
        CHECK(get(gate.http("/metrics")).body.find("relay_sessions_active 2") != std::string::npos);
        CHECK(get(gate.http("/api/status")).status == 200);
        const auto socket = ask_for_socket(gate);
        CHECK(socket.status == 503);
        CHECK(socket.headers.find("Retry-After") == "1");
        const auto session = create_session_from_browser(gate);
        CHECK(session.status == 503);
        CHECK(session.headers.find("Retry-After") == "1");
        CHECK(session.headers.find("Grpc-Status") == "14");
        grpc::ClientContext late;
        proto::CreateSessionResponse made;
        CHECK(stub->CreateSession(&late, {}, &made).error_code() == grpc::UNAVAILABLE);
    }
    // A page can only be told afterwards.
    ws::connect_options page;
    page.headers.add("Origin", "http://127.0.0.1:" + std::to_string(gate.options.listen.http->port.number));
    const auto told = talk_now(gate.socket(), {}, "", 0, page);
    CHECK(told.has("error"));
    CHECK(told.code == 1013);

    // Asked twice, it has an hour no longer.
    CHECK(gate.stop_at_once() == 1);
    listener.join();
    while (stream->Read(&m)) {
    }
    CHECK_FALSE(stream->Finish().ok());
    CHECK(code != 1001);
    CHECK(get(gate.http("/health")).status == 0);
}

TEST_CASE("when its last session has ended, a gateway is gone, whatever patience it has", "[gateway]") {
    running gate(on_free_ports());
    std::atomic<std::uint16_t> code{0};
    std::thread listener([&] {
        const auto all = talk_now(gate.socket(), {start, said("a word")}, "");
        code = all.code;
    });
    wait_until_speaking(gate, 1);
    CHECK(gate.stop(1h) == 0);
    listener.join();
    CHECK(code == 1001);
    CHECK(get(gate.http("/health")).status == 0);
}

TEST_CASE("a gateway without patience cuts its sessions off", "[gateway]") {
    running gate(on_free_ports());
    std::promise<void> speaks;
    std::thread listener([&] { rtai::run(listen_alone(gate.socket(), speaks)); });
    speaks.get_future().wait();
    CHECK(gate.stop(0ms) == 1);
    listener.join();
}
