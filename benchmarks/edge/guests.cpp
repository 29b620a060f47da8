#include "guests.hpp"

#include <streamingai/v1/streaming_ai.grpc.pb.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <exception>
#include <iostream>
#include <memory>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/http/client.hpp>
#include <rtai/net/connect.hpp>
#include <rtai/rpc/channel_pool.hpp>
#include <rtai/rpc/client.hpp>
#include <rtai/ws.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "party.hpp"

namespace bench {
namespace {

using namespace rtai;
using namespace std::chrono_literals;
namespace proto = streamingai::v1;
using clock = std::chrono::steady_clock;

struct invitation {
    explicit invitation(std::istream& words) {
        int kind = 0;
        std::int64_t ms = 0;
        words >> kind >> port >> first >> count >> of >> ms >> watched;
        over = static_cast<carrier>(kind);
        how_long = std::chrono::milliseconds(ms);
    }

    carrier over{};
    std::uint16_t port = 0;
    std::size_t first = 0, count = 0, of = 0;  ///< which of all clients are here
    std::chrono::milliseconds how_long{};
    std::string watched;
};

/// A frame carries in its first bytes when it was sent.
class party_group {
public:
    explicit party_group(const invitation& i) : invited_(i) {
        const auto frames = i.count * static_cast<std::size_t>(i.how_long / frame_time);
        trips_.reserve(frames);
        late_.reserve(frames);
    }

    /// To be awaited beside the guests.
    task<> host() {
        const auto give_up = now() + 30s;
        while (arrived_ < invited_.count) {
            if (now() > give_up)
                throw std::runtime_error("of " + std::to_string(invited_.count) + " sessions " +
                                         std::to_string(arrived_) + " began");
            co_await sleep_for(1ms);
        }
        std::cout << all_there << "\n" << std::flush;
        // Nothing goes on here that the wait for this line could hold up.
        clock::rep begin = 0;
        std::cin >> begin;
        begin_ = clock::time_point(clock::duration(begin));
        go_.set();
        co_await sleep_for(begin_ - clock::now() + invited_.how_long + last_wait);
    }

    /// A guest is there; then everybody waits for everybody.
    task<> arrive() {
        ++arrived_;
        co_await go_.wait();
    }

    /// What the `k`th guest of these says. `send` is given the bytes, and gives a task of whether it goes on.
    template <class Send>
    task<> speak(std::size_t k, Send send) {
        std::vector<std::byte> frame(frame_bytes);
        const auto turn = static_cast<int>(invited_.first + k), of = static_cast<int>(invited_.of);
        auto due = begin_ + clock::duration(frame_time) * turn / of;
        for (const auto end = begin_ + invited_.how_long; due < end; due += frame_time) {
            co_await sleep_for(due - clock::now());
            const auto at = clock::now();
            if (at > end + frame_time) break;  // who can not keep up says less
            late_.push_back(std::chrono::duration<float, std::micro>(at - due).count());
            const auto number = at.time_since_epoch().count();
            std::memcpy(frame.data(), &number, sizeof number);
            const bool goes_on = co_await send(std::span<const std::byte>(frame));
            if (!goes_on) co_return;
        }
        event never_comes;
        co_await never_comes.wait();
    }

    void hear(std::span<const std::byte> frame) {
        clock::rep at = 0;
        if (frame.size() != frame_bytes) return;
        std::memcpy(&at, frame.data(), sizeof at);
        const clock::time_point then{clock::duration(at)};
        trips_.push_back(std::chrono::duration<float, std::micro>(clock::now() - then).count());
    }

    void tell() const {
        for (const auto* times : {&trips_, &late_}) {
            const std::uint64_t count = times->size();
            std::fwrite(&count, sizeof count, 1, stdout);
            std::fwrite(times->data(), sizeof(float), times->size(), stdout);
        }
        std::fflush(stdout);
    }

private:
    const invitation& invited_;
    std::size_t arrived_ = 0;
    event go_;
    clock::time_point begin_;
    std::vector<float> trips_;  // microseconds
    std::vector<float> late_;
};

class websocket_guest {
public:
    websocket_guest(party_group& p, std::size_t k) : party_(p), number_(k) {}

    task<> run(std::uint16_t port) {
        ws::connect_options o;
        o.deadline = 20s;
        auto socket = co_await ws::connect("ws://" + server_process::address(port) + "/ws", std::move(o));
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

    party_group& party_;
    std::size_t number_;
};

class grpc_guest {
public:
    grpc_guest(party_group& p, std::size_t k) : party_(p), number_(k) {}

    task<> run(std::uint16_t port, bool is_gateway) {
        rpc::channel_options o;
        o.address = server_process::address(port);
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

    party_group& party_;
    std::size_t number_;
};

class tcp_guest {
public:
    tcp_guest(party_group& p, std::size_t k) : party_(p), number_(k) {}

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
        std::vector<std::byte> bytes(frame_bytes);
        for (std::size_t have = 0;;) {
            auto got = co_await on.read_some(std::span(bytes).subspan(have));
            if (!got || *got == 0) throw std::runtime_error("an echo ended");
            have += *got;
            if (have < bytes.size()) continue;
            party_.hear(bytes);
            have = 0;
        }
    }

    party_group& party_;
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

task<> invite(scope& s, party_group& p, const invitation& i) {
    std::deque<websocket_guest> by_websocket;
    std::deque<grpc_guest> by_grpc;
    std::deque<tcp_guest> by_tcp;
    co_await with_scope([&](scope& guests) -> task<> {
        for (std::size_t k = 0; k < i.count; ++k) {
            switch (i.over) {
                case carrier::websocket:
                    guests.spawn(by_websocket.emplace_back(p, k).run(i.port));
                    break;
                case carrier::tcp:
                    guests.spawn(by_tcp.emplace_back(p, k).run(i.port));
                    break;
                case carrier::grpc:
                case carrier::bare_grpc:
                    guests.spawn(by_grpc.emplace_back(p, k).run(i.port, i.over == carrier::grpc));
                    break;
            }
            if (k % 20 == 19) co_await sleep_for(5ms);
        }
        if (!i.watched.empty()) s.spawn(look_at_metrics(i.watched));
        co_await p.host();
        guests.cancel();
    });
    s.cancel();
}

task<> come(party_group& p, const invitation& i) {
    co_await with_scope([&](scope& s) -> task<> { return invite(s, p, i); });
}

}  // namespace

void be_guests(std::istream& words) {
    const invitation i(words);
    party_group p(i);
    try {
        if (i.over == carrier::grpc || i.over == carrier::bare_grpc) rpc::run(come(p, i));
        else rtai::run(come(p, i));
    } catch (const std::exception& e) {
        std::cout << e.what() << "\n" << std::flush;
        throw;
    }
    p.tell();
}

}  // namespace bench
