#pragma once

#include <algorithm>
#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/io.hpp>
#include <rtai/core/run.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timer.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtai::test {

struct fake_request {
    std::string head;  ///< with the empty line
    std::string body;
    bool has(std::string_view text) const { return head.find(text) != std::string::npos; }
};

/// What is done with a request, step by step.
struct fake_answer {
    struct step {
        enum kind { send, pause, stall, cut };
        kind what;
        std::string bytes;
        std::chrono::milliseconds time{};
    };
    std::vector<step> steps;

    fake_answer&& send(std::string bytes) && {
        steps.push_back({step::send, std::move(bytes), {}});
        return std::move(*this);
    }
    fake_answer&& pause(std::chrono::milliseconds t) && {
        steps.push_back({step::pause, {}, t});
        return std::move(*this);
    }
    void add(std::string bytes) { steps.push_back({step::send, std::move(bytes), {}}); }
    void add(std::chrono::milliseconds t) { steps.push_back({step::pause, {}, t}); }
    /// Nothing more happens until the client hangs up.
    fake_answer&& stall() && {
        steps.push_back({step::stall, {}, {}});
        return std::move(*this);
    }
    fake_answer&& cut() && {
        steps.push_back({step::cut, {}, {}});
        return std::move(*this);
    }
};

inline std::string head_of(int status, std::string_view type, std::string_view more = "") {
    return "HTTP/1.1 " + std::to_string(status) + " Said\r\nContent-Type: " + std::string(type) + "\r\n" +
           std::string(more);
}

/// A whole answer, with its length.
inline fake_answer whole(int status, std::string_view body, std::string_view type = "application/json",
                         std::string_view more = "") {
    return fake_answer().send(head_of(status, type, more) + "Content-Length: " + std::to_string(body.size()) +
                              "\r\n\r\n" + std::string(body));
}

/// An answer in chunks, whose end is `last_chunk`.
inline std::string chunked_head(std::string_view type = "text/event-stream") {
    return head_of(200, type, "Transfer-Encoding: chunked\r\n") + "\r\n";
}
inline std::string chunk(std::string_view bytes) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return size + std::string(bytes) + "\r\n";
}
inline const std::string last_chunk = "0\r\n\r\n";

/// A server on a free port of this machine, in the shard that it is made on.
class fake_server {
public:
    using answerer = std::function<fake_answer(const fake_request&)>;

    explicit fake_server(answerer a)
        : answer_(std::move(a)), acceptor_(io_context(), {asio::ip::address_v4::loopback(), 0}) {
        ::setenv("no_proxy", "127.0.0.1", 1);
    }

    std::string url(std::string_view path = "/") const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + std::string(path);
    }

    task<> serve() {
        co_await with_scope([this](scope& s) -> task<> {
            while (auto accepted = co_await acceptor_.async_accept(io)) {
                ++connections;
                s.spawn(talk(std::move(*accepted)));
            }
        });
    }

    std::vector<fake_request> requests;
    int connections = 0;
    int hung_up = 0;  ///< clients that went in the middle of an answer
    std::size_t sent = 0;
    event hang_up;

private:
    task<> talk(asio::ip::tcp::socket socket) {
        std::string read;
        for (;;) {
            fake_request r;
            std::size_t end = 0;
            while ((end = read.find("\r\n\r\n")) == std::string::npos) {
                const bool still = co_await more(socket, read);
                if (!still) co_return;
            }
            r.head = read.substr(0, end + 4);
            read.erase(0, end + 4);
            std::size_t length = 0;
            if (const auto at = r.head.find("Content-Length: "); at != std::string::npos)
                length = std::strtoul(r.head.c_str() + at + 16, nullptr, 10);
            while (read.size() < length) {
                const bool still = co_await more(socket, read);
                if (!still) co_return;
            }
            r.body = read.substr(0, length);
            read.erase(0, length);
            requests.push_back(r);
            const auto answer = answer_(r);
            for (const auto& step : answer.steps) {
                if (step.what == fake_answer::step::send) {
                    const auto written = co_await asio::async_write(socket, asio::buffer(step.bytes), io);
                    if (!written) {
                        gone();
                        co_return;
                    }
                    sent += step.bytes.size();
                } else if (step.what == fake_answer::step::pause) {
                    co_await sleep_for(step.time);
                } else if (step.what == fake_answer::step::stall) {
                    while (true) {
                        const bool still = co_await more(socket, read);
                        if (!still) break;
                    }
                    gone();
                    co_return;
                } else {
                    co_return;
                }
            }
        }
    }

    void gone() {
        ++hung_up;
        hang_up.set();
    }

    static task<bool> more(asio::ip::tcp::socket& socket, std::string& into) {
        char room[16384];
        const auto got = co_await socket.async_read_some(asio::buffer(room), io);
        if (!got) co_return false;
        into.append(room, *got);
        co_return true;
    }

    answerer answer_;
    asio::ip::tcp::acceptor acceptor_;
};

/// Runs a test beside a server, in real time, on a shard of its own.
inline task<> beside(fake_server& server, std::function<task<>(fake_server&)> test) {
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(server.serve());
        co_await test(server);
        s.cancel();
    });
}

inline task<> with_server_task(fake_server::answerer answer, std::function<task<>(fake_server&)> test) {
    fake_server server(std::move(answer));
    co_await beside(server, std::move(test));
}

inline void with_server(fake_server::answerer answer, std::function<task<>(fake_server&)> test) {
    run(with_server_task(std::move(answer), std::move(test)));
}

}  // namespace rtai::test
