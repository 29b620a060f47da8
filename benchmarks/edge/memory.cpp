#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/ws.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "peers.hpp"
#include "questions.hpp"

namespace bench {
namespace {

using namespace rtai;
using namespace std::chrono_literals;

/// Quiet connections, held for as long as the server's memory is looked at.
class crowd {
public:
    crowd(const server_process& s, const std::string& path, bool starts, std::size_t count)
        : server_(s), url_(s.url("ws", path)), starts_(starts), count_(count) {}

    task<> run() {
        co_await with_scope([this](scope& s) -> task<> { return gather(s); });
    }

    /// KiB each.
    double memory = 0;

private:
    task<> gather(scope& s) {
        // What the first one brings stays, however many follow.
        co_await add(s, count_ / 100 + 1);
        const double before = server_.memory();
        const auto first = open_;
        co_await add(s, count_);
        memory = (server_.memory() - before) / static_cast<double>(open_ - first);
        s.cancel();
    }

    task<> add(scope& s, std::size_t until) {
        const auto give_up = now() + 60s;
        for (; begun_ < until; ++begun_) {
            s.spawn(hold());
            while (begun_ > open_ + 100) co_await sleep_for(1ms);
        }
        while (open_ < until) {
            if (now() > give_up)
                throw std::runtime_error(std::to_string(open_) + " connections were made, and no more");
            co_await sleep_for(1ms);
        }
        co_await sleep_for(100ms);
    }

    task<> hold() {
        ws::connect_options o;
        o.deadline = 60s;
        auto socket = co_await ws::connect(url_, std::move(o));
        if (!socket) throw std::runtime_error(socket.error().message());
        co_await socket->run([this](ws::stream& on) { return wait(on); });
    }
    task<> wait(ws::stream& on) {
        if (starts_) {
            ws::message m = ws::message::text(R"({"type":"start","audio":{"rate":16000}})");
            (void)co_await on.send(std::move(m));
            auto ready = co_await on.receive();
            if (!ready) throw std::runtime_error("a session ended: " + on.end().reason);
        }
        ++open_;
        while (auto m = co_await on.receive()) {
        }
    }

    const server_process& server_;
    std::string url_;
    bool starts_;
    std::size_t count_;
    std::size_t begun_ = 0;
    std::size_t open_ = 0;
};

double memory_of(const server_process& server, const std::string& path, bool starts, std::size_t count) {
    crowd c(server, path, starts, count);
    rtai::run(c.run());
    return c.memory;
}

std::size_t most_connections(const options& o) {
    rlimit most{};
    (void)::getrlimit(RLIMIT_NOFILE, &most);
    const std::size_t wanted = o.quick ? 1000 : 10'000;
    return std::min<std::size_t>(wanted, most.rlim_cur > 600 ? most.rlim_cur - 500 : 100);
}

}  // namespace

/// What a connection costs that says nothing.
void idle_memory(sheet& s) {
    const auto count = most_connections(s.asked());
    std::vector<gathered> all;
    all.push_back({"idle_connection_kib.session", "a session in rtai's gateway", role::ours, {}});
    {
        const auto gateway = server_process::own("gateway usual");
        all.back().samples.push_back(memory_of(gateway, "/ws", true, count));
    }
    for (const auto& k : websocket_servers()) {
        all.push_back({"idle_connection_kib." + k.key, k.label, k.role, {}});
        if (!k.start) continue;
        const auto server = k.start();
        all.back().samples.push_back(memory_of(server, "/echo", false, count));
    }
    s.show("Memory of the server for each of " + std::to_string(count) + " idle WebSockets", "KiB",
           std::move(all));
    s.at_most("an idle WebSocket", s["idle_connection_kib.rtai"], 32, " KiB");
    s.at_most("an idle session in the gateway", s["idle_connection_kib.session"], 32, " KiB");
}

}  // namespace bench
