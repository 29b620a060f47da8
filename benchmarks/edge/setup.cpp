#include <grpcpp/grpcpp.h>
#include <streamingai/v1/streaming_ai.grpc.pb.h>

#include <array>
#include <chrono>
#include <rtai/core/asio_driver.hpp>
#include <rtai/net/connect.hpp>
#include <rtai/ws.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../support/measures.hpp"
#include "process.hpp"
#include "questions.hpp"

namespace bench {
namespace {

using namespace rtai;
using namespace std::chrono_literals;
namespace proto = streamingai::v1;
using clock = std::chrono::steady_clock;

double since(clock::time_point begun) {
    return std::chrono::duration<double, std::micro>(clock::now() - begun).count();
}

task<> until_ready(ws::stream& on, clock::time_point begun, std::vector<double>& times) {
    ws::message start = ws::message::text(R"({"type":"start","audio":{"rate":16000},"play":{"rate":16000}})");
    (void)co_await on.send(std::move(start));
    auto ready = co_await on.receive();
    if (!ready) throw std::runtime_error("a session ended: " + on.end().reason);
    times.push_back(since(begun));
}

task<> over_websocket(std::string url, int count, std::vector<double>& times) {
    for (int i = 0; i < count; ++i) {
        const auto begun = clock::now();
        auto socket = co_await ws::connect(url);
        if (!socket) throw std::runtime_error(socket.error().message());
        auto body = [begun, &times](ws::stream& on) { return until_ready(on, begun, times); };
        co_await socket->run(body);
    }
}

task<> over_tcp(std::uint16_t port, int count, std::vector<double>& times) {
    std::array<std::byte, 640> bytes{};
    for (int i = 0; i < count; ++i) {
        const auto begun = clock::now();
        auto connected = co_await net::connect("127.0.0.1", port, 10s);
        if (!connected) throw std::runtime_error(connected.error().message());
        auto written = co_await connected->write(bytes);
        auto got = co_await connected->read_some(bytes);
        if (!written || !got || *got == 0) throw std::runtime_error("an echo ended");
        times.push_back(since(begun));
    }
}

/// With gRPC's own client, a new connection each time.
void over_grpc(const std::string& where, int count, std::vector<double>& times) {
    for (int i = 0; i < count; ++i) {
        const auto begun = clock::now();
        grpc::ChannelArguments own_connection;
        own_connection.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
        const auto stub = proto::StreamingAIService::NewStub(
            grpc::CreateCustomChannel(where, grpc::InsecureChannelCredentials(), own_connection));
        grpc::ClientContext context;
        const auto talk = stub->BiDirectionalStreaming(&context);
        proto::StreamMessage m;
        m.mutable_control()->set_control_type(proto::CONTROL_TYPE_CONFIG);
        m.mutable_control()->mutable_config();
        if (!talk->Write(m) || !talk->Read(&m)) throw std::runtime_error("a stream did not begin");
        times.push_back(since(begun));
        context.TryCancel();
    }
}

}  // namespace

/// From nothing to the first word of the server.
void set_up(sheet& s) {
    const int count = s.asked().quick ? 50 : 100;
    const auto gateway = server_process::own("gateway usual"), tcp = server_process::own("tcp"),
               grpc = server_process::own("grpc bare");
    const auto at = &server_process::address;
    const std::array<contender, 4> kinds{
        {{"websocket", "WebSocket, to a session that is ready", role::ours, {}},
         {"grpc", "gRPC, the same", role::ours, {}},
         {"bare_grpc", "gRPC's C++ interface, to the first echo", role::peer, {}},
         {"tcp", "TCP, to the first echo", role::bound, {}}}};
    std::vector<gathered> p50, p99;
    for (const auto& k : kinds) {
        p50.push_back({"set_up_us.p50." + k.key, k.label, k.role, {}});
        p99.push_back({"set_up_us.p99." + k.key, k.label, k.role, {}});
    }
    for (int round = -1; round < s.asked().rounds; ++round) {
        std::array<std::vector<double>, 4> times;
        rtai::run(over_websocket(gateway.url("ws", "/ws"), count, times[0]));
        over_grpc(at(gateway.second_port), count, times[1]);
        over_grpc(at(grpc.port), count, times[2]);
        rtai::run(over_tcp(tcp.port, count, times[3]));
        for (std::size_t i = 0; round >= 0 && i < times.size(); ++i) {
            p50[i].samples.push_back(share_of(times[i], 0.5));
            p99[i].samples.push_back(share_of(times[i], 0.99));
        }
    }
    s.show("A new connection: half of them take less", "microseconds", std::move(p50));
    s.show("The same: 99 % of them take less", "microseconds", std::move(p99));
    // What the service that this one follows is said to take is 100 ms.
    s.at_most("a session over a new WebSocket, 99 %", s["set_up_us.p99.websocket"], 10'000, " us");
    s.at_most("a session over a new channel of gRPC, 99 %", s["set_up_us.p99.grpc"], 10'000, " us");
}

}  // namespace bench
