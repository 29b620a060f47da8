#include "roles.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <rtai/gateway/edge.hpp>
#include <rtai/graph/generated.hpp>
#include <rtai/http/listen.hpp>
#include <rtai/net/connect.hpp>
#include <rtai/rpc/server.hpp>
#include <rtai/ws.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bare_echo.hpp"
#include "child.hpp"
#include "guests.hpp"
#include "mirror.hpp"
#include "own_part.hpp"

namespace bench {
namespace {

using namespace rtai;
using namespace std::chrono_literals;

void tell_ports(unsigned first, unsigned second = 0) {
    std::printf("port %u %u\n", first, second);
    std::fflush(stdout);
}

/// Where the log goes: a file in memory, as a disk's speed is not asked for.
void hide_errors() {
    const int log = ::memfd_create("log", 0);
    if (log < 0 || ::dup2(log, STDERR_FILENO) < 0) throw std::runtime_error("no file for the log");
}

service::gateway::options gateway_options(const std::string& certificate) {
    service::gateway::options o;
    o.listen.http.emplace();
    o.listen.http->address = "127.0.0.1";
    o.listen.websocket.emplace();
    o.listen.grpc.emplace();
    o.listen.grpc->address = "127.0.0.1";
    o.listen.grpc->shards = 1;
    o.limits.sessions_per_client = 20'000;
    o.limits.requests = hertz(1'000'000);
    o.session.max = 20'000;
    o.session.pipeline.name = "mirror";
    if (certificate.empty()) return o;
    auto& tls = o.listen.http->tls.emplace();
    tls.certificate = certificate + ".pem";
    tls.key = certificate + ".key";
    o.listen.grpc->tls = tls;
    return o;
}

/// One that nobody has at the moment.
std::uint16_t free_port() {
    auto listening = net::listen(net::listen_options());
    return listening.value().port();
}

task<> tell_when_up(std::uint16_t http, std::uint16_t grpc) {
    for (const auto port : {http, grpc})
        for (;;) {
            auto connected = co_await net::connect("127.0.0.1", port, 1s);
            if (connected) break;
            co_await sleep_for(5ms);
        }
    tell_ports(http, grpc);
}

task<gateway::ending> mirror_session(gateway::connection& c, gateway::session& of, gateway::watcher& w,
                                     event& stopping) {
    return gateway::converse<mirror>(c, of, w, stopping, gateway::conversation_limits(), mirror::options(),
                                     wire_mirror());
}

/// The same, and nobody looks.
task<gateway::ending> unseen_session(gateway::connection& c, gateway::session& of, gateway::watcher&,
                                     event& stopping) {
    static gateway::watcher nobody;
    return mirror_session(c, of, nobody, stopping);
}

task<> serve_gateway(const std::string& how, const std::string& more) {
    co_await with_scope([&](scope& s) -> task<> {
        service::host h(s, 1, [](std::string_view) { return true; });
        observe::observe_options o;
        if (how == "told") {
            o.logs.level = observe::log_level::debug;
            o.traces.emplace();
            o.traces->otlp = more;
        }
        h.observe_with(o);
        auto options = gateway_options(how == "tls" ? more : std::string());
        const auto http = free_port(), grpc = free_port();
        options.listen.http->port.number = http;
        options.listen.grpc->port.number = grpc;
        s.spawn(tell_when_up(http, grpc));
        hide_errors();
        const gateway::run_session run = how == "untold" ? unseen_session : mirror_session;
        std::vector<observe::need> needs;
        co_await gateway::serve(h, "bench", options, run, std::move(needs));
    });
}

task<> echo_messages(ws::stream& s) {
    while (auto m = co_await s.receive()) {
        const bool sent = co_await s.send(std::move(*m));
        if (!sent) co_return;
    }
}

task<> upgrade(http::exchange& x) {
    ws::handshake_options any;
    ws::options limits;
    auto socket = co_await ws::accept(x, std::move(any), limits);
    if (socket) co_await socket->run(echo_messages);
}

task<> serve_websocket(const std::string& certificate) {
    http::server_options o;
    o.connections = 20'000;
    http::server pages(upgrade, o);
    auto listening = net::listen(net::listen_options());
    std::shared_ptr<net::tls_server> tls;
    if (!certificate.empty()) {
        net::tls_server_options files(certificate + ".pem", certificate + ".key");
        tls = net::tls_server::make(std::move(files)).value();
    }
    http::listener door(std::move(listening).value(), pages, tls);
    tell_ports(door.port());
    event never;
    co_await door.run(never);
}

task<result<>> echo_calls(rpc::call&, rpc::stream<proto::StreamMessage, proto::StreamMessage>& s) {
    for (;;) {
        auto message = co_await s.read();
        if (!message) break;
        const bool written = co_await s.write(*message);
        if (!written) break;
    }
    co_return result<>();
}

template <class In, class Out>
task<result<Out>> nothing(rpc::call&, In) {
    co_return Out();
}

/// The same, as coroutines, each with one completion queue on one thread.
void serve_grpc(bool with_sockets) {
    rpc::server_options options;
    options.address = "127.0.0.1";
    options.port = 0;
    options.shards = 1;
    rpc::server server(options);
    using async = proto::StreamingAIService::AsyncService;
    server.add<proto::StreamingAIService>()
        .on(&async::RequestBiDirectionalStreaming, echo_calls)
        .on(&async::RequestCreateSession, nothing<proto::CreateSessionRequest, proto::CreateSessionResponse>)
        .on(&async::RequestCloseSession, nothing<proto::CloseSessionRequest, proto::CloseSessionResponse>);
    server.start().value();
    // As a session that calls other services over HTTP would have it.
    if (with_sockets)
        server.shards().place(0, []() -> task<> {
            (void)io_context();
            co_return;
        });
    tell_ports(static_cast<unsigned>(server.port()));
    for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

void serve_bare_grpc(const std::string& certificate) {
    rpc::server_tls files;
    if (!certificate.empty()) {
        files.certificate = certificate + ".pem";
        files.key = certificate + ".key";
    }
    bare_echo server(rpc::detail::credentials_for(files).value());
    tell_ports(static_cast<unsigned>(server.port));
    server.run();
}

/// What no framework can be cheaper than.
void serve_tcp() {
    const int door = ::socket(AF_INET, SOCK_STREAM, 0), poll = ::epoll_create1(0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    auto* address = reinterpret_cast<sockaddr*>(&where);
    if (::bind(door, address, size) != 0 || ::listen(door, 1024) != 0 ||
        ::getsockname(door, address, &size) != 0)
        throw std::runtime_error("cannot listen");
    const auto watch = [poll](int descriptor) {
        epoll_event e{};
        e.events = EPOLLIN;
        e.data.fd = descriptor;
        (void)::epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &e);
    };
    watch(door);
    tell_ports(ntohs(where.sin_port));
    std::array<epoll_event, 64> events{};
    std::array<char, 4096> bytes{};
    for (;;) {
        const int count = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i) {
            const int from = events[static_cast<std::size_t>(i)].data.fd;
            if (from == door) {
                const int came = ::accept4(door, nullptr, nullptr, 0);
                const int yes = 1;
                (void)::setsockopt(came, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
                watch(came);
                continue;
            }
            const auto got = ::recv(from, bytes.data(), bytes.size(), 0);
            // There is always room for so little.
            if (got <= 0 || ::send(from, bytes.data(), static_cast<std::size_t>(got), 0) != got)
                ::close(from);
        }
    }
}

}  // namespace

void play(const std::string& role) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::istringstream words(role);
    std::string what;
    words >> what;
    try {
        if (what == "guests") {
            be_guests(words);
            std::_Exit(0);
        }
        own_part::begin(child::shared_descriptor);
        std::string how, more;
        words >> how >> more;
        if (what == "gateway") rtai::run(serve_gateway(how, more));
        else if (what == "websocket") rtai::run(serve_websocket(how));
        else if (what == "tcp") serve_tcp();
        else if (what == "grpc" && how == "bare") serve_bare_grpc(more);
        else if (what == "grpc") serve_grpc(how == "fused");
        throw std::runtime_error("there is no such role: " + role);
    } catch (const std::exception& e) {
        std::cerr << "bench_edge: " << e.what() << '\n';
        std::_Exit(1);
    }
}

}  // namespace bench
