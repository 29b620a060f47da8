#include <malloc.h>
#include <openssl/ssl.h>
#include <streamingai/v1/streaming_ai.grpc.pb.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/net/tls.hpp>
#include <rtai/rpc/channel_pool.hpp>
#include <rtai/rpc/client.hpp>
#include <rtai/ws.hpp>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "certificate.hpp"
#include "peers.hpp"
#include "questions.hpp"

namespace bench {
namespace {

using namespace rtai;
using namespace std::chrono_literals;
namespace proto = streamingai::v1;

/// How a quiet client comes, and what it says before it is quiet.
struct manner {
    explicit manner(bool is_session, std::string c = {})
        : starts_session(is_session), certificate(std::move(c)) {}

    bool starts_session;
    std::string certificate;  ///< of a server that speaks TLS, as certificate.hpp has it
};

/// Quiet connections, held for as long as the server's memory is looked at.
class crowd {
public:
    crowd(const server_process& s, manner m, std::size_t count)
        : server_(s), manner_(std::move(m)), count_(count) {}
    crowd(const crowd&) = delete;
    crowd& operator=(const crowd&) = delete;
    virtual ~crowd() = default;

    task<> run() {
        co_await with_scope([this](scope& s) -> task<> { return gather(s); });
    }

    /// KiB each.
    double memory = 0;

protected:
    /// Comes, calls `is_quiet` and stays.
    virtual task<> hold() = 0;
    void is_quiet() noexcept { ++open_; }

    const server_process& server_;
    manner manner_;

private:
    task<> gather(scope& s) {
        // What the first ones bring stays, however many follow.
        co_await add(s, count_ / 100 + 1);
        const double before = server_.memory();
        const auto first = open_;
        co_await add(s, count_);
        memory = (server_.memory() - before) / static_cast<double>(open_ - first);
        s.cancel();
    }

    task<> add(scope& s, std::size_t until) {
        const auto give_up = now() + 120s;
        while (open_ < until) {
            if (now() > give_up)
                throw std::runtime_error(std::to_string(open_) + " connections were made, and no more");
            for (; begun_ < until && begun_ < open_ + at_once; ++begun_) s.spawn(hold());
            co_await sleep_for(1ms);
        }
        co_await sleep_for(200ms);
    }

    static constexpr std::size_t at_once = 100;

    std::size_t count_;
    std::size_t begun_ = 0;
    std::size_t open_ = 0;
};

class websocket_crowd final : public crowd {
public:
    websocket_crowd(const server_process& s, manner m, std::size_t count) : crowd(s, std::move(m), count) {
        const bool secret = !manner_.certificate.empty();
        url_ = server_.url(secret ? "wss" : "ws", manner_.starts_session ? "/ws" : "/echo");
        if (!secret) return;
        net::tls_client_options o;
        o.authority = manner_.certificate + ".pem";
        tls_ = net::tls_client::make(o).value();
    }

private:
    task<> hold() override {
        ws::connect_options o;
        o.deadline = 60s;
        o.tls = tls_;
        auto socket = co_await ws::connect(url_, std::move(o));
        if (!socket) throw std::runtime_error(socket.error().message());
        co_await socket->run([this](ws::stream& on) { return wait(on); });
    }
    task<> wait(ws::stream& on) {
        if (manner_.starts_session) {
            ws::message m = ws::message::text(R"({"type":"start","audio":{"rate":16000}})");
            (void)co_await on.send(std::move(m));
            auto ready = co_await on.receive();
            if (!ready) throw std::runtime_error("a session ended: " + on.end().reason);
        }
        is_quiet();
        while (auto m = co_await on.receive()) {
        }
    }

    std::string url_;
    std::shared_ptr<net::tls_client> tls_;
};

/// Each with a connection of its own, and a stream on it.
class grpc_crowd final : public crowd {
public:
    using crowd::crowd;

private:
    task<> hold() override {
        rpc::channel_options o;
        o.address = server_process::address(manner_.starts_session ? server_.second_port : server_.port);
        o.keepalive.every = 10min;  // else the clients ask all the time, and it is not quiet
        if (!manner_.certificate.empty()) {
            o.tls.use = true;
            o.tls.authority = manner_.certificate + ".pem";
        }
        rpc::channel_pool pool(o);
        const auto stub = pool.stub<proto::StreamingAIService>();
        auto call =
            co_await rpc::open(*stub, &proto::StreamingAIService::Stub::PrepareAsyncBiDirectionalStreaming);
        auto& on = *call;
        proto::StreamMessage hello;
        hello.mutable_control()->set_control_type(proto::CONTROL_TYPE_CONFIG);
        hello.mutable_control()->mutable_config();
        (void)co_await on.write(hello);
        auto answer = co_await on.read();
        if (!answer) throw std::runtime_error("a stream did not begin");
        is_quiet();
        for (;;) {
            auto more = co_await on.read();
            if (!more) co_return;
        }
    }
};

template <class Crowd>
double memory_of(const server_process& server, manner m, std::size_t count) {
    Crowd c(server, std::move(m), count);
    if constexpr (std::is_same_v<Crowd, grpc_crowd>) rpc::run(c.run());
    else rtai::run(c.run());
    return c.memory;
}

/// KiB that OpenSSL keeps for a connection on which nothing happens, set up as ours are, whoever uses it.
double openssl_alone(const std::string& certificate, bool release) {
    constexpr std::size_t count = 1000;
    const std::shared_ptr<SSL_CTX> at_server(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free),
        at_client(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
    SSL_CTX_use_certificate_chain_file(at_server.get(), (certificate + ".pem").c_str());
    SSL_CTX_use_PrivateKey_file(at_server.get(), (certificate + ".key").c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_set_session_cache_mode(at_server.get(), SSL_SESS_CACHE_OFF);
    if (release) SSL_CTX_set_mode(at_server.get(), SSL_MODE_RELEASE_BUFFERS);
    const auto in_use = [] { return static_cast<double>(::mallinfo2().uordblks); };
    const auto shake_hands = [&] {
        const std::shared_ptr<SSL> client(SSL_new(at_client.get()), &SSL_free);
        std::shared_ptr<SSL> server(SSL_new(at_server.get()), &SSL_free);
        BIO *here = nullptr, *there = nullptr;
        BIO_new_bio_pair(&here, 1 << 16, &there, 1 << 16);
        SSL_set_bio(client.get(), here, here);
        SSL_set_bio(server.get(), there, there);
        SSL_set_connect_state(client.get());
        SSL_set_accept_state(server.get());
        for (bool done = false; !done;) {
            const bool client_done = SSL_do_handshake(client.get()) == 1;
            done = SSL_do_handshake(server.get()) == 1 && client_done;
        }
        // A message each way, after which both wait.
        std::size_t got = 0;
        std::array<char, 64> word{};
        for (auto [from, to] :
             {std::pair(client.get(), server.get()), std::pair(server.get(), client.get())}) {
            SSL_write_ex(from, word.data(), word.size(), &got);
            while (SSL_read_ex(to, word.data(), word.size(), &got) == 1) {
            }
        }
        SSL_set_bio(server.get(), nullptr, nullptr);
        return server;
    };
    std::vector<std::shared_ptr<SSL>> all;
    all.reserve(count);
    (void)shake_hands();
    const double before = in_use();
    while (all.size() < count) all.push_back(shake_hands());
    return (in_use() - before) / count / 1024;
}

std::size_t most_connections(const options& o) {
    rlimit most{};
    (void)::getrlimit(RLIMIT_NOFILE, &most);
    const std::size_t wanted = o.quick ? 1000 : 10'000;
    return std::min<std::size_t>(wanted, most.rlim_cur > 600 ? most.rlim_cur - 500 : 100);
}

/// A measurement that is not to spoil the others.
template <class F>
std::vector<double> sample(const std::string& what, F measure) {
    try {
        return {measure()};
    } catch (const std::exception& e) {
        std::cerr << "bench_edge: " << what << " is left out: " << e.what() << '\n';
        return {};
    }
}

void idle_websockets(sheet& s, std::size_t count, const std::string& pem) {
    std::vector<gathered> all;
    const auto add = [&](const std::string& key, const std::string& label, enum role r, auto start,
                         manner m) {
        const std::string name = "idle_connection_kib." + key;
        all.push_back({name, label, r, {}});
        if (!start) return;
        all.back().samples = sample(label, [&] {
            const auto server = start();
            return memory_of<websocket_crowd>(server, m, count);
        });
    };
    using starter = std::function<server_process()>;
    const auto own = [](const std::string& kind) -> starter {
        return [kind] { return server_process::own(kind); };
    };
    add("session", "a session in rtai's gateway", role::ours, own("gateway usual"), manner(true));
    add("session_tls", "the same over TLS", role::ours, own("gateway tls " + pem), manner(true, pem));
    for (const auto& k : websocket_servers()) add(k.key, k.label, k.role, k.start, manner(false));
    add("rtai_tls", "rtai over TLS", role::ours, own("websocket " + pem), manner(false, pem));
    all.push_back({"idle_connection_kib.openssl",
                   "OpenSSL alone, for one that waits",
                   role::bound,
                   {openssl_alone(pem, true)}});
    all.push_back({"idle_connection_kib.openssl_buffers",
                   "the same, as it is when nothing is set",
                   role::bound,
                   {openssl_alone(pem, false)}});
    s.show("Memory of the server for each of " + std::to_string(count) + " idle WebSockets", "KiB",
           std::move(all));
}

void idle_streams(sheet& s, std::size_t count, const std::string& pem) {
    std::vector<gathered> all;
    const auto add = [&](const std::string& key, const std::string& label, enum role r,
                         const std::string& kind, manner m) {
        all.push_back({"idle_stream_kib." + key, label, r, {}});
        all.back().samples = sample(label, [&] {
            const auto server = server_process::own(kind);
            return memory_of<grpc_crowd>(server, m, count);
        });
    };
    add("session", "a session in rtai's gateway", role::ours, "gateway usual", manner(true));
    add("session_tls", "the same over TLS", role::ours, "gateway tls " + pem, manner(true, pem));
    add("bare", "gRPC's C++ interface, an echo", role::peer, "grpc bare", manner(false));
    add("bare_tls", "the same over TLS", role::peer, "grpc bare " + pem, manner(false, pem));
    s.show("Memory of the server for each of " + std::to_string(count) +
               " idle streams of gRPC, each on a connection of its own",
           "KiB", std::move(all));
}

}  // namespace

/// What a connection costs that says nothing.
void idle_memory(sheet& s) {
    const certificate c;
    const auto count = most_connections(s.asked());
    idle_websockets(s, count, c.prefix);
    idle_streams(s, count, c.prefix);
    const auto beyond = [&](const std::string& a, const std::string& b) -> std::optional<double> {
        if (!s[a] || !s[b]) return std::nullopt;
        return *s[a] - *s[b];
    };
    s.at_most("an idle WebSocket", s["idle_connection_kib.rtai"], 32, " KiB");
    s.at_most("an idle WebSocket over TLS", s["idle_connection_kib.rtai_tls"], 32, " KiB");
    s.at_most("an idle session in the gateway", s["idle_connection_kib.session"], 32, " KiB");
    auto tls = beyond("idle_connection_kib.session_tls", "idle_connection_kib.session");
    if (tls) *tls -= s["idle_connection_kib.openssl"].value_or(0);
    s.at_most("TLS of a session, beyond what OpenSSL takes", tls, 4, " KiB");
    s.at_most("a session over gRPC, beyond what gRPC takes",
              beyond("idle_stream_kib.session", "idle_stream_kib.bare"), 32, " KiB");
}

}  // namespace bench
