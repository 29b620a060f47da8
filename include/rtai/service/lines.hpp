#pragma once

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read_until.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <cstddef>
#include <rtai/core/event.hpp>
#include <rtai/core/io.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/schema.hpp>
#include <rtai/data/text.hpp>
#include <rtai/graph/catalogue.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/service/host.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace rtai::service {

/// A TCP server for texts: each connection is a session, each line it sends goes into the session's
/// pipeline, and each text that comes out is a line back. `nc localhost 7000` talks to it.
struct lines {
    struct listen_options {
        listen_port port{7000};
        std::string address = "127.0.0.1";
        RTAI_DESCRIBE(listen_options, port, address)
        static void notes(rtai::notes<listen_options>& about) {
            about(&listen_options::port, "0: any free one");
            about(&listen_options::address, "0.0.0.0 or :: for everyone");
        }
    };
    struct session_options {
        pipeline_name pipeline;
        std::size_t max = 1000;
        std::chrono::milliseconds idle{300'000};
        std::size_t line = 65'536;
        RTAI_DESCRIBE(session_options, pipeline, max, idle, line)
        static void notes(rtai::notes<session_options>& about) {
            about(&session_options::pipeline, "the pipeline that each session runs", required);
            about(&session_options::max, "how many sessions may live at once", range(1, 1'000'000));
            about(&session_options::idle, "a session that says nothing for so long ends",
                  range(1, 86'400'000));
            about(&session_options::line, "the longest line, in bytes", range(1, 16'777'216));
        }
    };
    struct options {
        listen_options listen;
        session_options session;
        RTAI_DESCRIBE(options, listen, session)
        static void notes(rtai::notes<options>& about) {
            about(&options::listen, "where it listens");
            about(&options::session, "what a connection is", required);
        }
    };

    /// What a pipeline is connected to.
    struct session {
        output<text> said;
        input<text> reply;
        RTAI_DESCRIBE(session, said, reply)
    };

    template <class Pipeline, class Wire>
    static task<> serve(host& h, std::string_view name, options with, typename Pipeline::options pipeline,
                        Wire wire) {
        using asio::ip::tcp;
        std::error_code failed;
        const auto address = asio::ip::make_address(with.listen.address, failed);
        if (failed)
            throw std::runtime_error(std::string(name) + ": '" + with.listen.address +
                                     "' is no IP address; use 127.0.0.1, 0.0.0.0 or ::1");
        tcp::acceptor acceptor(io_context());
        const tcp::endpoint endpoint(address, with.listen.port.number);
        acceptor.open(endpoint.protocol(), failed);
        if (!failed) acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
        if (!failed) acceptor.bind(endpoint, failed);
        if (!failed) acceptor.listen(asio::socket_base::max_listen_connections, failed);
        if (failed)
            throw std::runtime_error(std::string(name) + ": can not listen on " + with.listen.address +
                                     " port " + std::to_string(with.listen.port.number) + ": " +
                                     failed.message());
        h.say(name, "listens on " + with.listen.address + " port " +
                        std::to_string(acceptor.local_endpoint().port()));
        runtime& sessions = h.sessions();
        co_await race(accept<Pipeline>(acceptor, sessions, with, pipeline, wire), h.stopping().wait());
    }

private:
    static constexpr std::chrono::milliseconds breath{50};

    template <class Pipeline, class Wire>
    static task<> accept(asio::ip::tcp::acceptor& acceptor, runtime& sessions, options with,
                         typename Pipeline::options pipeline, Wire wire) {
        for (;;) {
            auto came = co_await acceptor.async_accept(io);
            if (!came) {
                // Out of descriptors, most likely: what lives now goes on, and the next may find room.
                co_await sleep_for(breath);
                continue;
            }
            if (sessions.sessions() >= with.session.max) {
                refuse(*came);
                continue;
            }
            const auto protocol = came->local_endpoint().protocol();
            sessions.place([fd = came->release(), protocol, &sessions, with, pipeline, wire] {
                return hold<Pipeline>(asio::ip::tcp::socket(io_context(), protocol, fd), sessions, with,
                                      pipeline, wire);
            });
        }
    }

    static void refuse(asio::ip::tcp::socket& peer) {
        static constexpr std::string_view sorry = "error: all sessions are taken, come again later\n";
        std::error_code ignored;
        peer.non_blocking(true, ignored);
        peer.write_some(asio::buffer(sorry), ignored);
    }

    template <class Pipeline, class Wire>
    static task<> hold(asio::ip::tcp::socket peer, runtime& sessions, options with,
                       typename Pipeline::options options, Wire wire) {
        session ends;
        event gone;
        Pipeline pipeline{options};
        wire(ends, pipeline);
        co_await join(hear(peer, ends, gone, with.session, sessions), pipeline.run(), say(peer, ends, gone));
    }

    /// Until the peer stops, is silent for too long, or the program is asked to end.
    static task<> hear(asio::ip::tcp::socket& peer, session& ends, event& gone, session_options with,
                       runtime& sessions) {
        co_await race(hear_lines(peer, ends, with), sessions.stopping().wait(), gone.wait());
        ends.said.disconnect();
    }

    static task<> hear_lines(asio::ip::tcp::socket& peer, session& ends, session_options with) {
        std::string buffered;
        for (;;) {
            auto dynamic = asio::dynamic_buffer(buffered, with.line + 1);
            auto got = co_await with_timeout(with.idle, asio::async_read_until(peer, dynamic, '\n', io));
            if (!got.ok()) {
                if (got.error().code == asio::error::not_found)
                    co_await complain(peer, "a line has more than " + std::to_string(with.line) + " bytes");
                else if (got.error().code == asio::error::eof && !buffered.empty())
                    co_await said(ends, std::move(buffered));
                co_return;
            }
            std::string line = buffered.substr(0, *got - 1);
            buffered.erase(0, *got);
            if (!co_await said(ends, std::move(line))) co_return;
        }
    }

    static task<bool> said(session& ends, std::string line) {
        if (line.ends_with('\r')) line.pop_back();
        text t(std::move(line));
        t.stamp.at = now();
        co_return co_await ends.said.send(std::move(t));
    }

    static task<> complain(asio::ip::tcp::socket& peer, std::string about) {
        const std::string line = "error: " + about + "\n";
        auto written = co_await asio::async_write(peer, asio::buffer(line), io);
        (void)written;
    }

    static task<> say(asio::ip::tcp::socket& peer, session& ends, event& gone) {
        std::string line;
        while (auto reply = co_await ends.reply.receive()) {
            line = std::move(reply->words);
            for (char& c : line)
                if (c == '\n') c = ' ';
            line += '\n';
            auto written = co_await asio::async_write(peer, asio::buffer(line), io);
            if (!written) break;
        }
        ends.reply.disconnect();
        gone.set();
    }
};
RTAI_SERVICE(lines, "A TCP server: one session a connection, one text a line.");

}  // namespace rtai::service
