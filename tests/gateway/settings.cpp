#include <catch2/catch.hpp>
#include <rtai/auth/jwt.hpp>
#include <rtai/data/config.hpp>
#include <rtai/net/connect.hpp>
#include <string>

#include "auth/keys.hpp"
#include "data/told.hpp"
#include "gateway/running.hpp"

using namespace rtai;
using namespace rtai::test;

namespace {

using options = service::gateway::options;

options read_options(const std::string& yaml, problems& found) {
    return rtai::read<options>(::test::read(yaml), "gate", found);
}

/// A gateway of the spec, on free ports.
options of_spec(const std::string& yaml) {
    problems found;
    auto o = read_options(yaml, found);
    REQUIRE(::test::told(found).empty());
    const auto free = on_free_ports();
    o.listen.http->port = free.listen.http->port;
    o.listen.http->address = free.listen.http->address;
    if (o.listen.grpc) {
        o.listen.grpc->port = free.listen.grpc->port;
        o.listen.grpc->address = free.listen.grpc->address;
    }
    return o;
}

unsigned status_with(const running& gate, const std::string& name, std::string value) {
    http::request r(gate.http("/api/status"));
    r.headers.add(name, std::move(value));
    return answer_to(std::move(r)).status;
}

std::string token_of(json::object claims) { return "Bearer " + *auth::sign_jwt(claims, shared_key()); }

json::object claims_until(std::chrono::seconds from_now) {
    const auto at = std::chrono::system_clock::now() + from_now;
    return {{"sub", "alice"}, {"exp", std::chrono::system_clock::to_time_t(at)}};
}

}  // namespace

TEST_CASE("what a spec sets of a gateway's limits is what it has", "[gateway]") {
    problems found;
    const auto o = read_options(
        "listen:\n"
        "  http: { headers: 2KiB, headers_within: 3s, body_within: 4s, body_rate: 1KiB, stall: 5s }\n"
        "  grpc: { keepalive: { every: 6s, answer_within: 7s, least: 3s } }\n"
        "session: { pipeline: parrot }\n"
        "auth: { jwt: { key: 0123456789abcdef0123456789abcdef, leeway: 8s, largest: 1KiB, claims: 9 } }\n"
        "limits: { failed_logins: 2Hz }\n",
        found);
    REQUIRE(::test::told(found).empty());
    CHECK(o.listen.http->headers.bytes == 2048);
    CHECK(o.listen.http->headers_within == 3s);
    CHECK(o.listen.http->body_within == 4s);
    CHECK(o.listen.http->body_rate.bytes == 1024);
    CHECK(o.listen.http->stall == 5s);
    CHECK(o.listen.grpc->keepalive.every == 6s);
    CHECK(o.listen.grpc->keepalive.answer_within == 7s);
    CHECK(o.listen.grpc->keepalive.least == 3s);
    const auth::jwt_rules rules(*o.auth.jwt);
    CHECK(rules.leeway == 8s);
    CHECK(rules.most_bytes == 1024);
    CHECK(rules.most_claims == 9);
    CHECK(o.limits.failed_logins.value == 2);
}

TEST_CASE("limits beyond what makes sense are refused by name", "[gateway]") {
    problems found;
    (void)read_options(
        "listen: { http: { headers: 10, stall: 1ms } }\n"
        "session: { pipeline: parrot }\n"
        "auth: { jwt: { leeway: 2h } }\n",
        found);
    const auto told = ::test::told(found);
    REQUIRE(told.size() == 3);
    CHECK(told[0].find("headers") != std::string::npos);
    CHECK(told[1].find("stall") != std::string::npos);
    CHECK(told[2].find("leeway") != std::string::npos);
}

TEST_CASE("a spec's limit of headers and its patience with them hold", "[gateway]") {
    running gate(
        of_spec("listen: { http: { headers: 2KiB, headers_within: 100ms } }\n"
                "session: { pipeline: parrot }\n"));
    CHECK(status_with(gate, "X-Long", std::string(1000, 'x')) == 200);
    CHECK(status_with(gate, "X-Long", std::string(2100, 'x')) == 431);
    const auto told = rtai::run([](std::uint16_t port) -> task<std::string> {
        auto s = co_await net::connect("127.0.0.1", port);
        if (!s) co_return "no connection";
        const std::string begun = "GET /health HTTP/1.1\r\nHost: here\r\n";
        auto sent = co_await s->write(std::as_bytes(std::span(begun)));
        if (!sent) co_return "not sent";
        std::string answer(12, '\0');
        auto got = co_await s->read_some(std::as_writable_bytes(std::span(answer)));
        if (!got) co_return "not answered";
        co_return answer;
    }(gate.options.listen.http->port.number));
    CHECK(told == "HTTP/1.1 408");
}

TEST_CASE("a spec's limits of tokens hold", "[gateway]") {
    running gate(of_spec(
        "listen: { http: {} }\n"
        "session: { pipeline: parrot }\n"
        "auth: { jwt: { key: 0123456789abcdef0123456789abcdef, leeway: 1h, largest: 512, claims: 3 } }\n"));
    CHECK(status_with(gate, "Authorization", token_of(claims_until(-30min))) == 200);
    CHECK(status_with(gate, "Authorization", token_of(claims_until(-90min))) == 401);
    auto many = claims_until(1min);
    many["one"] = 1;
    CHECK(status_with(gate, "Authorization", token_of(many)) == 200);
    many["two"] = 2;
    CHECK(status_with(gate, "Authorization", token_of(many)) == 401);
    auto large = claims_until(1min);
    large["one"] = std::string(512, 'x');
    CHECK(status_with(gate, "Authorization", token_of(large)) == 401);
}

TEST_CASE("after too many log-ins that failed nobody of that address is let in for a while", "[gateway]") {
    running gate(
        of_spec("listen: { http: {}, websocket: {}, grpc: {} }\n"
                "session: { pipeline: parrot }\n"
                "auth: { api_keys: [\"open sesame, please\"] }\n"
                "limits: { failed_logins: 0.001Hz, requests: 0Hz }\n"));
    // Who is let in, or shows nothing, does not count.
    for (int i = 0; i < 10; ++i) {
        CHECK(status_with(gate, "X-API-Key", "open sesame, please") == 200);
        CHECK(get(gate.http("/api/status")).status == 401);
        CHECK(get(gate.http("/health")).status == 200);
    }
    CHECK(status_with(gate, "X-API-Key", "a guess") == 401);
    http::request again(gate.http("/api/status"));
    again.headers.add("X-API-Key", "another guess");
    const auto told = answer_to(std::move(again));
    CHECK(told.status == 429);
    CHECK(told.headers.find("Retry-After").has_value());
    CHECK(status_with(gate, "X-API-Key", "open sesame, please") == 429);
    CHECK(talk_now(gate.socket("?token=guess"), {}, "ready").failure.find("429") != std::string::npos);
    grpc::ClientContext context;
    context.AddMetadata("x-api-key", "a guess");
    proto::CreateSessionResponse made;
    CHECK(gate.stub()->CreateSession(&context, {}, &made).error_code() == grpc::RESOURCE_EXHAUSTED);
}

TEST_CASE("a session is created as its config asks, over gRPC", "[gateway]") {
    running gate(on_free_ports());
    const auto stub = gate.stub();
    const auto create = [&](const std::string& name, const std::string& value) {
        grpc::ClientContext context;
        proto::CreateSessionRequest asked;
        (*asked.mutable_config())[name] = value;
        proto::CreateSessionResponse made;
        return stub->CreateSession(&context, asked, &made);
    };
    const auto unknown = create("language", "en");
    CHECK(unknown.error_code() == grpc::INVALID_ARGUMENT);
    CHECK(unknown.error_message() ==
          "config: there is no 'language'; there is play.codec, play.rate and play.channels");
    CHECK(create("play.codec", "mp3").error_message() == "config: 'play.codec' is pcm or opus, not 'mp3'");
    CHECK(create("play.rate", "fast").error_message() == "config: 'play.rate' is a number, not 'fast'");
    CHECK(create("play.rate", "8k").error_code() == grpc::INVALID_ARGUMENT);
    CHECK(create("play.rate", "100").error_message().find("8000 to 192000") != std::string::npos);
    CHECK(create("play.channels", "3").error_code() == grpc::INVALID_ARGUMENT);
    CHECK(create("play.channels", "2").ok());

    proto::CreateSessionRequest asked;
    (*asked.mutable_config())["play.codec"] = "opus";
    (*asked.mutable_config())["play.rate"] = "24000";
    proto::CreateSessionResponse made;
    {
        grpc::ClientContext context;
        REQUIRE(stub->CreateSession(&context, asked, &made).ok());
    }
    grpc::ClientContext context;
    auto stream = stub->BiDirectionalStreaming(&context);
    proto::StreamMessage m;
    m.set_session_id(made.session_id());
    // What the first message says comes after what the session was created with.
    (*m.mutable_control()->mutable_config()->mutable_settings())["play.rate"] = "8000";
    REQUIRE(stream->Write(m));
    REQUIRE(stream->Read(&m));
    CHECK(m.metadata().at("play.codec") == "opus");
    CHECK(m.metadata().at("play.rate") == "8000");
    context.TryCancel();
}

TEST_CASE("a session is created as its config asks, over gRPC-Web", "[gateway]") {
    running gate(on_free_ports());
    const auto ask = [&](const std::string& method, const google::protobuf::Message& m) {
        http::request r(gate.http("/streamingai.v1.StreamingAIService/" + method));
        r.method = "POST";
        r.headers.add("Content-Type", "application/grpc-web+proto");
        r.body = http::grpc_web::frame_text(m.SerializeAsString(), false);
        std::vector<http::grpc_web::frame> frames;
        http::grpc_web::reader reader(http::grpc_web::encoding::binary);
        const auto answer = answer_to(std::move(r));
        CHECK(
            reader.feed(answer.body, [&](http::grpc_web::frame f) { frames.push_back(std::move(f)); }).ok());
        REQUIRE_FALSE(frames.empty());
        return frames;
    };
    proto::CreateSessionRequest asked;
    (*asked.mutable_config())["colour"] = "blue";
    const auto refused = ask("CreateSession", asked);
    CHECK(refused.back().bytes.find("grpc-status: 3") == 0);
    CHECK(refused.back().bytes.find("colour") != std::string::npos);
    asked.clear_config();
    (*asked.mutable_config())["play.rate"] = "24000";
    const auto made = ask("CreateSession", asked);
    proto::CreateSessionResponse session;
    REQUIRE(session.ParseFromString(made.front().bytes));
    proto::StreamMessage question;
    question.set_session_id(session.session_id());
    question.mutable_text()->set_data("hello");
    const auto heard = ask("BiDirectionalStreaming", question);
    proto::StreamMessage welcome;
    REQUIRE(welcome.ParseFromString(heard.front().bytes));
    CHECK(welcome.session_id() == session.session_id());
    CHECK(welcome.metadata().at("play.rate") == "24000");
}
