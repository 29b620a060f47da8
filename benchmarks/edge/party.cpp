#include "party.hpp"

#include <streamingai/v1/streaming_ai.grpc.pb.h>

#include <array>
#include <optional>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/http/client.hpp>
#include <rtai/net/connect.hpp>
#include <rtai/rpc/channel_pool.hpp>
#include <rtai/rpc/client.hpp>
#include <rtai/ws.hpp>
#include <stdexcept>

namespace bench {

using namespace rtai;
using namespace std::chrono_literals;
namespace proto = streamingai::v1;

task<> party::host() {
    trips.reserve(guests_ * frames_);
    const auto give_up = now() + patience;
    while (arrived_ < guests_) {
        if (now() > give_up)
            throw std::runtime_error("of " + std::to_string(guests_) + " sessions " +
                                     std::to_string(arrived_) + " began");
        co_await sleep_for(1ms);
    }
    begin_ = now() + 50ms;
    end_ = begin_ + static_cast<int>(frames_ + 1) * frame_time;
    go_.set();
    co_await sleep_until(begin_);
    const double cpu = server_.cpu();
    const auto from = now();
    co_await sleep_until(end_ + last_wait / 2);
    const double used = server_.cpu() - cpu;
    const auto seconds = std::chrono::duration<double>(now() - from).count();
    const auto due = static_cast<double>(guests_ * frames_);
    cpu_of_frame = used / static_cast<double>(std::max<std::size_t>(trips.size(), 1));
    cpu_of_session = used / static_cast<double>(guests_) / seconds;
    came_back = static_cast<double>(trips.size()) / due;
}

namespace {

class websocket_guest {
public:
    websocket_guest(party& p, std::size_t k) : party_(p), number_(k) {}

    task<> run(std::string url) {
        ws::connect_options o;
        o.deadline = 20s;
        auto socket = co_await ws::connect(std::move(url), std::move(o));
        if (!socket) throw std::runtime_error(socket.error().message());
        co_await socket->run([this](ws::stream& on) { return talk(on); });
    }

private:
    task<> talk(ws::stream& on) {
        ws::message start =
            ws::message::text(R"({"type":"start","audio":{"rate":16000},"play":{"rate":16000}})");
        (void)co_await on.send(std::move(start));
        auto ready = co_await on.receive();
        if (!ready) throw std::runtime_error("a session ended: " + on.end().reason);
        co_await party_.arrive();
        auto send = [&on](std::span<const std::byte> frame) { return on.send(ws::message::binary(frame)); };
        co_await race(party_.speak(number_, send), listen(on));
    }
    task<> listen(ws::stream& on) {
        while (auto m = co_await on.receive())
            if (!m->is_text()) party_.hear(m->bytes());
        throw std::runtime_error("a session ended: " + on.end().reason);
    }

    party& party_;
    std::size_t number_;
};

class grpc_guest {
public:
    grpc_guest(party& p, std::size_t k) : party_(p), number_(k) {}

    task<> run(std::string where, bool is_gateway) {
        rpc::channel_options o;
        o.address = std::move(where);
        rpc::channel_pool pool(o);
        const auto stub = pool.stub<proto::StreamingAIService>();
        auto call =
            co_await rpc::open(*stub, &proto::StreamingAIService::Stub::PrepareAsyncBiDirectionalStreaming);
        auto& on = *call;
        if (is_gateway) {
            proto::StreamMessage hello;
            (*hello.mutable_control()->mutable_config()->mutable_settings())["play.rate"] = "16000";
            hello.mutable_control()->set_control_type(proto::CONTROL_TYPE_CONFIG);
            (void)co_await on.write(hello);
            auto ready = co_await on.read();
            if (!ready) throw std::runtime_error("a session did not begin");
        }
        co_await party_.arrive();
        auto send = [this, &on](std::span<const std::byte> frame) { return say(on, frame); };
        co_await race(party_.speak(number_, send), listen(on));
    }

private:
    template <class Talk>
    task<bool> say(Talk& on, std::span<const std::byte> frame) {
        proto::StreamMessage m;
        m.set_type(proto::MESSAGE_TYPE_AUDIO);
        auto& a = *m.mutable_audio();
        a.set_data(frame.data(), frame.size());
        a.set_sample_rate(16'000);
        a.set_channels(1);
        const bool goes_on = co_await on.write(m);
        co_return goes_on;
    }
    template <class Talk>
    task<> listen(Talk& on) {
        while (auto m = co_await on.read())
            if (m->has_audio()) party_.hear(std::as_bytes(std::span(m->audio().data())));
        throw std::runtime_error("a session ended");
    }

    party& party_;
    std::size_t number_;
};

class tcp_guest {
public:
    tcp_guest(party& p, std::size_t k) : party_(p), number_(k) {}

    task<> run(std::uint16_t port) {
        auto connected = co_await net::connect("127.0.0.1", port, 20s);
        if (!connected) throw std::runtime_error(connected.error().message());
        auto on = std::move(*connected);
        co_await party_.arrive();
        auto send = [&on](std::span<const std::byte> frame) { return say(on, frame); };
        co_await race(party_.speak(number_, send), listen(on));
    }

private:
    static task<bool> say(net::stream& on, std::span<const std::byte> frame) {
        auto written = co_await on.write(frame);
        co_return written.ok();
    }
    task<> listen(net::stream& on) {
        std::vector<std::byte> bytes(party::frame_bytes);
        for (std::size_t have = 0;;) {
            auto got = co_await on.read_some(std::span(bytes).subspan(have));
            if (!got || *got == 0) throw std::runtime_error("an echo ended");
            have += *got;
            if (have < bytes.size()) continue;
            party_.hear(bytes);
            have = 0;
        }
    }

    party& party_;
    std::size_t number_;
};

/// As a Prometheus in a hurry does.
task<> look_at_metrics(std::string url) {
    for (;;) {
        co_await sleep_for(500ms);
        http::request r(url);
        auto text = co_await http::fetch(std::move(r));
        (void)text;
    }
}

task<> invite(scope& s, party& p, carrier over, const server_process& server, const std::string& watched) {
    std::vector<websocket_guest> by_websocket;
    std::vector<grpc_guest> by_grpc;
    std::vector<tcp_guest> by_tcp;
    co_await with_scope([&](scope& guests) -> task<> {
        by_websocket.reserve(p.guests());
        by_grpc.reserve(p.guests());
        by_tcp.reserve(p.guests());
        for (std::size_t k = 0; k < p.guests(); ++k) {
            if (over == carrier::websocket)
                guests.spawn(by_websocket.emplace_back(p, k).run(server.url("ws", "/ws")));
            else if (over == carrier::tcp) guests.spawn(by_tcp.emplace_back(p, k).run(server.port));
            else if (over == carrier::grpc)
                guests.spawn(
                    by_grpc.emplace_back(p, k).run("127.0.0.1:" + std::to_string(server.second_port), true));
            else
                guests.spawn(
                    by_grpc.emplace_back(p, k).run("127.0.0.1:" + std::to_string(server.port), false));
            if (k % 20 == 19) co_await sleep_for(5ms);
        }
        if (!watched.empty()) s.spawn(look_at_metrics(watched));
        co_await p.host();
        co_await guests.join();
    });
    s.cancel();
}

task<> hold(party& p, carrier over, const server_process& server, const std::string& watched) {
    co_await with_scope([&](scope& s) -> task<> { return invite(s, p, over, server, watched); });
}

}  // namespace

std::unique_ptr<party> hold_party(carrier over, const server_process& server, std::size_t guests,
                                  rtai::duration how_long, const std::string& watched) {
    auto p = std::make_unique<party>(server, guests, how_long);
    if (over == carrier::grpc || over == carrier::bare_grpc) rpc::run(hold(*p, over, server, watched));
    else rtai::run(hold(*p, over, server, watched));
    return p;
}

}  // namespace bench
