#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <rtai/http/listen.hpp>
#include <rtai/http/server.hpp>
#include <string>
#include <thread>
#include <unistd.h>

#include "auth/keys.hpp"
#include "gateway/running.hpp"

using namespace rtai;
using namespace rtai::test;

namespace {

json::value health_of(const running& gate) {
    const auto answer = get(gate.http("/health"));
    CHECK(answer.status == 200);
    return parse_json(answer.body).value();
}

/// What it says of one thing that the gateway depends on.
json::object dependency(const running& gate, std::string_view name) {
    const auto all = health_of(gate);
    for (const auto& d : all.at("depends_on").as_array())
        if (text_of(d, "name") == name) return d.as_object();
    return {};
}

void wait_until(const running& gate, std::string_view name, bool ok) {
    for (;;) {
        const auto d = dependency(gate, name);
        if (d.at("ok").is_bool() && d.at("ok").as_bool() == ok) return;
        std::this_thread::sleep_for(5ms);
    }
}

/// A file that goes with the test.
class file {
public:
    explicit file(const std::string& name)
        : path(std::filesystem::temp_directory_path() / (name + "." + std::to_string(::getpid()))) {}
    file(const file&) = delete;
    file& operator=(const file&) = delete;
    ~file() { remove(); }
    void write(std::string_view text) const { std::ofstream(path, std::ios::binary) << text; }
    void remove() const {
        std::error_code gone;
        std::filesystem::remove(path, gone);
    }
    const std::filesystem::path path;
};

/// Says "fail" or "ask" to the parrot, and waits until it has answered.
void tell(const running& gate, const std::string& words) {
    CHECK(talk_now(gate.socket(), {start, said(words)}, "text").has("text"));
}

/// Takes whatever is sent to it, like a collector of traces.
class collector {
public:
    explicit collector(std::uint16_t port) : thread_([this, port] { rtai::run(serve(port)); }) {
        up_.get_future().wait();
    }
    collector(const collector&) = delete;
    collector& operator=(const collector&) = delete;
    ~collector() {
        home_->post([this] { stopping_->set(); });
        thread_.join();
    }

private:
    task<> serve(std::uint16_t port) {
        event stopping;
        stopping_ = &stopping;
        home_ = shard::current();
        const http::server server([](http::exchange& x) -> task<> { return take(x); });
        http::listener listener(net::listen({"127.0.0.1", port}).value(), server);
        up_.set_value();
        co_await listener.run(stopping);
    }
    static task<> take(http::exchange& x) {
        auto told = co_await x.answer(200, "{}");
        (void)told;
    }

    std::promise<void> up_;
    event* stopping_ = nullptr;
    shard* home_ = nullptr;
    std::thread thread_;
};

}  // namespace

TEST_CASE("health counts the connections, by what they are", "[gateway]") {
    running gate(on_free_ports());
    std::thread listener([&] { (void)talk_now(gate.socket(), {start, said("tell me")}, ""); });
    const auto stub = gate.stub();
    grpc::ClientContext context;
    auto stream = stub->BiDirectionalStreaming(&context);
    proto::StreamMessage m;
    m.mutable_text()->set_data("hello");
    REQUIRE(stream->Write(m));
    REQUIRE(stream->Read(&m));
    while (health_of(gate).at("sessions").as_int64() != 2) std::this_thread::sleep_for(1ms);
    const auto all = health_of(gate).at("connections").as_object();
    CHECK(all.at("websocket").as_int64() == 1);
    CHECK(all.at("grpc").as_int64() == 1);
    CHECK(all.at("grpc_web").as_int64() == 0);
    CHECK(all.at("http").as_int64() >= 2);  // the WebSocket's, and the one that asks
    context.TryCancel();
    (void)gate.stop(0ms);
    listener.join();
}

TEST_CASE("a gateway whose server fails is degraded until the server is back", "[gateway]") {
    parrot::options o;
    o.bird.address = "https://oracle.example:8443/v1";
    running gate(on_free_ports(), o);
    CHECK(text_of(health_of(gate), "status") == "ok");
    auto oracle = dependency(gate, "bird");
    CHECK(oracle.at("ok").is_null());
    CHECK(oracle.at("address").as_string() == o.bird.address);
    CHECK_FALSE(oracle.contains("error"));

    tell(gate, "fail");
    oracle = dependency(gate, "bird");
    CHECK_FALSE(oracle.at("ok").as_bool());
    CHECK(std::string(oracle.at("error").as_string()).find("the oracle: Connection refused") == 0);
    CHECK(oracle.at("seconds_ago").as_double() >= 0);
    CHECK(text_of(health_of(gate), "status") == "degraded");
    CHECK(get(gate.http("/ready")).status == 200);

    tell(gate, "ask");
    oracle = dependency(gate, "bird");
    CHECK(oracle.at("ok").as_bool());
    CHECK_FALSE(oracle.contains("error"));
    CHECK(text_of(health_of(gate), "status") == "ok");
}

TEST_CASE("a gateway without a file that it needs is degraded until the file is back", "[gateway]") {
    const file model("rtai_health_model");
    model.write("a model");
    parrot::options o;
    o.bird.file = model.path;
    running gate(on_free_ports(), o);
    CHECK(dependency(gate, "bird").at("ok").as_bool());
    CHECK(dependency(gate, "bird").at("file").as_string() == model.path.string());
    model.remove();
    const auto gone = dependency(gate, "bird");
    CHECK_FALSE(gone.at("ok").as_bool());
    CHECK(gone.at("error").as_string() == "can not be read: No such file or directory");
    CHECK(text_of(health_of(gate), "status") == "degraded");
    model.write("a model");
    CHECK(dependency(gate, "bird").at("ok").as_bool());
}

TEST_CASE("a collector that is away makes a gateway degraded, and is shown without its password",
          "[gateway]") {
    const auto port = free_port();
    const std::string place = "127.0.0.1:" + std::to_string(port) + "/collect";
    running gate(on_free_ports(), {}, "http://user:secret@" + place + "?key=secret");
    CHECK(dependency(gate, "observe.traces").at("address").as_string() == "http://" + place);
    CHECK(dependency(gate, "observe.traces").at("ok").is_null());
    CHECK(talk_now(gate.socket(), {start, said("a word")}, "turn").has("turn"));
    wait_until(gate, "observe.traces", false);
    const auto away = dependency(gate, "observe.traces");
    CHECK(std::string(away.at("error").as_string()).find("secret") == std::string::npos);
    CHECK(get(gate.http("/health")).body.find("secret") == std::string::npos);
    const collector back(port);
    CHECK(talk_now(gate.socket(), {start, said("a word")}, "turn").has("turn"));
    wait_until(gate, "observe.traces", true);
}

TEST_CASE("a bad file of keys is told, and only operators see where it is", "[gateway]") {
    const file keys("rtai_health_keys");
    const auto good = R"({"keys":[{)" + point_pair().jwk + "}]}";
    keys.write(good);
    auto o = on_free_ports();
    o.auth.jwt.emplace();
    o.auth.jwt->algorithm = auth::signature::ES256;
    o.auth.jwt->keys = keys.path;
    o.auth.api_keys.emplace_back("open sesame, please");
    running gate(o);
    const auto in_full = [&] {
        const auto all = parse_json(get(gate.http("/health"), "open sesame, please").body).value();
        return all.at("depends_on").at(0).as_object();
    };
    CHECK(in_full().at("file").as_string() == keys.path.string());
    CHECK(in_full().at("ok").as_bool());
    keys.write("{");
    wait_until(gate, "auth.jwt", false);
    CHECK(std::string(in_full().at("error").as_string()).find("stay in use") != std::string::npos);
    const auto plain = dependency(gate, "auth.jwt");
    CHECK_FALSE(plain.contains("file"));
    CHECK_FALSE(plain.contains("error"));
    CHECK(text_of(health_of(gate), "status") == "degraded");
    keys.write(good + "\n");
    wait_until(gate, "auth.jwt", true);
}
