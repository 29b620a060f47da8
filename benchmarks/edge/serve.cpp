#include "serve.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <rtai/gateway/edge.hpp>
#include <rtai/graph/generated.hpp>
#include <rtai/http/listen.hpp>
#include <rtai/ws.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

#include "grpc_stream.hpp"
#include "mirror.hpp"

namespace bench {
namespace {

using namespace rtai;

void tell_ports(unsigned first, unsigned second = 0) {
    std::printf("port %u %u\n", first, second);
    std::fflush(stdout);
}

/// Where the log goes: a file in memory, as a disk's speed is not asked for.
void hide_errors() {
    const int log = ::memfd_create("log", 0);
    if (log < 0 || ::dup2(log, STDERR_FILENO) < 0) throw std::runtime_error("no file for the log");
}

service::gateway::options gateway_options() {
    service::gateway::options o;
    o.listen.http.emplace();
    o.listen.http->address = "127.0.0.1";
    o.listen.http->port.number = 0;
    o.listen.websocket.emplace();
    o.listen.grpc.emplace();
    o.listen.grpc->address = "127.0.0.1";
    o.listen.grpc->port.number = 0;
    o.listen.grpc->shards = 1;
    o.limits.sessions_per_client = 20'000;
    o.limits.requests = hertz(1'000'000);
    o.session.max = 20'000;
    o.session.pipeline.name = "mirror";
    return o;
}

/// As service::gateway does it, but that the watcher can be left out.
task<> serve_gateway(const std::string& how, const std::string& collector) {
    co_await with_scope([&](scope& s) -> task<> {
        service::host h(s, 1, [](std::string_view) { return true; });
        observe::observe_options o;
        if (how == "told") {
            o.logs.level = observe::log_level::debug;
            o.traces.emplace();
            o.traces->otlp = collector;
        }
        h.observe_with(o);
        const auto options = gateway_options();
        const auto tells = how == "untold" ? nullptr : std::make_shared<gateway::telemetry>("bench", o);
        std::shared_ptr<gateway::watcher> watcher = tells;
        if (!watcher) watcher = std::make_shared<gateway::watcher>();
        auto run = [](gateway::connection& c, gateway::session& of, gateway::watcher& w, event& stopping) {
            return gateway::converse<mirror>(c, of, w, stopping, gateway::conversation_limits(),
                                             mirror::options(), wire_mirror());
        };
        const auto all = std::make_shared<gateway::front>("bench", options, watcher, run);
        if (tells) all->metrics = [tells] { return tells->text(); };
        gateway::grpc_edge grpc(all, *options.listen.grpc);
        grpc.start().value();
        auto listening = net::listen(net::listen_options());
        auto& door = listening.value();
        const auto edge =
            std::make_shared<gateway::detail::http_edge>(all, h.sessions(), *options.listen.http);
        tell_ports(door.port(), grpc.port());
        hide_errors();
        if (!tells) {
            co_await edge->accept(door);
            co_return;
        }
        const gateway::detail::tell_tales telling(h, "bench", *tells);
        co_await join(edge->accept(door), telling.run());
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

task<> serve_websocket() {
    http::server_options o;
    o.connections = 20'000;
    http::server pages(upgrade, o);
    auto listening = net::listen(net::listen_options());
    http::listener door(std::move(listening).value(), pages);
    tell_ports(door.port());
    event never;
    co_await door.run(never);
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
            const auto got = ::read(from, bytes.data(), bytes.size());
            // There is always room for so little.
            if (got <= 0 || ::write(from, bytes.data(), static_cast<std::size_t>(got)) != got) ::close(from);
        }
    }
}

}  // namespace

void serve(const std::string& kind) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::signal(SIGPIPE, SIG_IGN);
    std::istringstream words(kind);
    std::string what, how, collector;
    words >> what >> how >> collector;
    try {
        if (what == "gateway") rtai::run(serve_gateway(how, collector));
        else if (what == "websocket") rtai::run(serve_websocket());
        else if (what == "tcp") serve_tcp();
        else if (what == "grpc") {
            bare_echo server;
            tell_ports(static_cast<unsigned>(server.port));
            server.run();
        }
        throw std::runtime_error("no such server: " + kind);
    } catch (const std::exception& e) {
        std::cerr << "bench_edge: " << e.what() << '\n';
        std::_Exit(1);
    }
}

}  // namespace bench
