#pragma once

#include <grpcpp/grpcpp.h>
#include <streamingai/v1/streaming_ai.grpc.pb.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/run.hpp>
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
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/parrot.hpp"

namespace rtai::test {

using namespace std::chrono_literals;
namespace proto = streamingai::v1;

inline std::uint16_t free_port() {
    return rtai::run([]() -> task<std::uint16_t> {
        auto listening = net::listen({"127.0.0.1", 0});
        co_return listening->port();
    }());
}

inline service::gateway::options on_free_ports() {
    service::gateway::options o;
    o.listen.http.emplace();
    o.listen.http->address = "127.0.0.1";
    o.listen.http->port.number = free_port();
    o.listen.websocket.emplace();
    o.listen.grpc.emplace();
    o.listen.grpc->address = "127.0.0.1";
    o.listen.grpc->port.number = free_port();
    o.listen.grpc->shards = 1;
    o.limits.sessions_per_client = 1000;
    o.limits.requests = hertz(100'000);
    o.session.pipeline.name = "parrot";
    return o;
}

/// A gateway that runs in threads of its own.
template <class Pipeline, class Wire>
class running_with {
public:
    explicit running_with(service::gateway::options o, typename Pipeline::options p = {},
                          std::string collector = {})
        : options(std::move(o)), pipeline_(std::move(p)), collector_(std::move(collector)) {
        thread_ = std::thread([this] { rtai::run(serve()); });
        up_.get_future().wait();
        while (!reachable()) std::this_thread::sleep_for(5ms);
    }
    running_with(const running_with&) = delete;
    running_with& operator=(const running_with&) = delete;
    ~running_with() { (void)stop(0ms); }

    /// As SIGTERM does. How many sessions had to be cut off.
    std::size_t stop(duration patience) {
        if (!thread_.joinable()) return 0;
        home_->post([this, patience] { host_->ask_to_stop(patience); });
        thread_.join();
        const auto cut = host_->finish(patience);
        host_.reset();
        return cut;
    }
    /// As a second Ctrl-C does.
    std::size_t stop_at_once() {
        home_->post([this] {
            host_->ask_to_stop(duration::zero());
            scope_->cancel();
        });
        thread_.join();
        const auto cut = host_->finish(duration::zero());
        host_.reset();
        return cut;
    }
    void ask_to_stop(duration patience) {
        home_->post([this, patience] { host_->ask_to_stop(patience); });
    }

    std::string http(const std::string& path) const {
        return "http://127.0.0.1:" + std::to_string(options.listen.http->port.number) + path;
    }
    std::string socket(const std::string& query = "") const {
        return "ws://127.0.0.1:" + std::to_string(options.listen.http->port.number) + "/ws" + query;
    }
    std::unique_ptr<proto::StreamingAIService::Stub> stub() const {
        return proto::StreamingAIService::NewStub(
            grpc::CreateChannel("127.0.0.1:" + std::to_string(options.listen.grpc->port.number),
                                grpc::InsecureChannelCredentials()));
    }

    const service::gateway::options options;

private:
    task<> serve() {
        home_ = shard::current();
        co_await with_scope([this](scope& s) -> task<> { return in(s); });
    }
    task<> in(scope& s) {
        scope_ = &s;
        host_ = std::make_unique<service::host>(s, 2, [](std::string_view) { return true; });
        observe::observe_options quiet;
        quiet.logs.level = observe::log_level::error;
        if (!collector_.empty()) {
            quiet.traces.emplace();
            quiet.traces->otlp = collector_;
        }
        host_->observe_with(quiet);
        host_->start("gate", service::gateway::serve<Pipeline>(*host_, "gate", options, pipeline_, Wire()));
        up_.set_value();
        co_await s.join();
    }
    bool reachable() const {
        return rtai::run([](std::string url) -> task<bool> {
            auto r = co_await http::fetch(http::request(std::move(url)));
            co_return r.ok();
        }(http("/health")));
    }

    typename Pipeline::options pipeline_;
    std::string collector_;
    std::promise<void> up_;
    std::thread thread_;
    shard* home_ = nullptr;
    scope* scope_ = nullptr;
    std::unique_ptr<service::host> host_;
};

using running = running_with<parrot, wire_parrot>;

/// Without a status if there is no answer.
inline http::response answer_to(http::request r) {
    return rtai::run([](http::request asked) -> task<http::response> {
        auto answer = co_await http::fetch(std::move(asked));
        co_return answer.ok() ? std::move(*answer) : http::response();
    }(std::move(r)));
}
inline http::response get(const std::string& url, std::string key = {}) {
    http::request r(url);
    if (!key.empty()) r.headers.add("X-API-Key", std::move(key));
    return answer_to(std::move(r));
}

/// What a page or a program hears over a WebSocket until it has what it waits for.
struct heard {
    std::vector<json::value> told;
    std::size_t sound = 0;
    std::uint16_t code = 0;
    std::string failure;

    bool has(std::string_view type) const {
        for (const auto& t : told)
            if (text_of(t, "type") == type) return true;
        return false;
    }
};

/// Connects, says these texts, and listens until a message of type `until`, or so many bytes of sound.
inline task<heard> talk(std::string url, std::vector<std::string> say, std::string until, std::size_t sound,
                        ws::connect_options o = {}) {
    heard all;
    auto socket = co_await ws::connect(std::move(url), std::move(o));
    if (!socket) {
        all.failure = socket.error().message();
        co_return all;
    }
    co_await socket->run([&](ws::stream& s) -> task<> {
        return [](ws::stream& on, heard& into, std::vector<std::string> words, std::string last,
                  std::size_t enough) -> task<> {
            for (const auto& w : words) {
                ws::message m = ws::message::text(w);
                const bool taken = co_await on.send(std::move(m));
                if (!taken) break;
            }
            while (auto m = co_await on.receive()) {
                if (m->is_text()) into.told.push_back(*parse_json(m->text()));
                else into.sound += m->size();
                if (!last.empty() && into.has(last)) break;
                if (enough != 0 && into.sound >= enough) break;
            }
            into.code = on.end().code;
        }(s, all, say, until, sound);
    });
    co_return all;
}
inline heard talk_now(const std::string& url, std::vector<std::string> say, std::string until,
                      std::size_t sound = 0, ws::connect_options o = {}) {
    return rtai::run(talk(url, std::move(say), std::move(until), sound, std::move(o)));
}

inline const std::string start = R"({"type":"start","audio":{"rate":16000},"play":{"rate":16000}})";
inline std::string said(const std::string& words) { return R"({"type":"text","text":")" + words + "\"}"; }

}  // namespace rtai::test
