#include <rtai/rpc/reconnecting.hpp>

#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <rtai/core/join.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/rpc/channel_pool.hpp>
#include <string>
#include <thread>
#include <vector>

#include "rpc/echo.hpp"
#include "rpc/process.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

using stub_of = Echo::Stub;

rpc::reconnect_options<Word> soon() {
    rpc::reconnect_options<Word> o;
    o.backoff.first = 5ms;
    o.backoff.most = 50ms;
    return o;
}

rpc::channel_options to(const std::string& where) {
    rpc::channel_options o;
    o.address = where;
    o.reconnect_after = 5ms;
    o.reconnect_at_most = 50ms;
    return o;
}

struct ends {
    channel<Word> out{64};
    channel<Word> in{64};
};

/// Says a word until it comes back.
task<> say_until_heard(const sender<Word>& out, const receiver<Word>& in, std::string text) {
    for (;;) {
        const bool sent = co_await out.send(word(text));
        REQUIRE(sent);
        for (;;) {
            auto back = co_await with_timeout(100ms, in.receive());
            if (!back.ok()) break;
            REQUIRE(back->has_value());
            if ((*back)->text() == text) co_return;
        }
    }
}

task<> through_a_kill(server_process& first, std::unique_ptr<server_process>& second, stub_of& stub) {
    ends e;
    auto out = e.out.sender();
    auto in = e.in.receiver();
    std::vector<rpc::link_state> states;
    std::vector<std::size_t> resumed;
    auto o = soon();
    o.changed = [&states](rpc::link_state s, const error*) { states.push_back(s); };
    o.resume = [&resumed](std::size_t streams) {
        resumed.push_back(streams);
        return std::vector<Word>{word("resume " + std::to_string(streams))};
    };
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(
            rpc::keep_open(stub, &stub_of::PrepareAsyncTalk, e.out.receiver(), e.in.sender(), std::move(o)));
        auto resume = co_await in.receive();
        REQUIRE(resume->text() == "resume 0");
        co_await say_until_heard(out, in, "one");
        first.end(SIGKILL);
        while (states.back() != rpc::link_state::waiting) co_await sleep_for(1ms);
        second = std::make_unique<server_process>(first.port);
        co_await say_until_heard(out, in, "two");
        REQUIRE(resumed.size() >= 2);
        REQUIRE(states.back() == rpc::link_state::up);
        s.cancel();
    });
}

task<> to_an_end(stub_of& stub, std::string last, result<>& ended, std::vector<std::string>& heard) {
    ends e;
    auto in = e.in.receiver();
    auto out = e.out.sender();
    const auto listen = [](receiver<Word> from, std::vector<std::string>& all) -> task<> {
        while (auto w = co_await from.receive()) all.push_back(w->text());
    };
    const auto link = [](stub_of& s, receiver<Word> o, sender<Word> i, result<>& end) -> task<> {
        end = co_await rpc::keep_open(s, &stub_of::PrepareAsyncTalk, std::move(o), std::move(i), soon());
    };
    bool sent = co_await out.send(word("one"));
    sent = co_await out.send(word(last));
    REQUIRE(sent);
    out.reset();
    co_await join(link(stub, e.out.receiver(), e.in.sender(), ended), listen(std::move(in), heard));
}

task<> in_vain(stub_of& stub, result<>& ended, std::vector<rpc::link_state>& states) {
    ends e;
    auto out = e.out.sender();
    auto in = e.in.receiver();
    auto o = soon();
    o.attempts = 4;
    o.changed = [&states](rpc::link_state s, const error*) { states.push_back(s); };
    ended = co_await rpc::keep_open(stub, &stub_of::PrepareAsyncTalk, e.out.receiver(), e.in.sender(),
                                    std::move(o));
}

task<> nobody_receives(stub_of& stub, result<>& ended) {
    ends e;
    auto out = e.out.sender();
    auto in = e.in.receiver();
    const auto leave = [](sender<Word> o, receiver<Word> i) -> task<> {
        bool sent = co_await o.send(word("one"));
        auto back = co_await i.receive();
        i.reset();
        sent = co_await o.send(word("two"));
        REQUIRE(sent);
        co_await o.until_ended();
    };
    const auto link = [](stub_of& s, receiver<Word> o, sender<Word> i, result<>& end) -> task<> {
        end = co_await rpc::keep_open(s, &stub_of::PrepareAsyncTalk, std::move(o), std::move(i), soon());
    };
    co_await join(leave(std::move(out), std::move(in)), link(stub, e.out.receiver(), e.in.sender(), ended));
}

}  // namespace

TEST_CASE("a stream is taken up again after its server was killed", "[rpc]") {
    server_process first;
    std::unique_ptr<server_process> second;
    rpc::channel_pool pool(to(first.where()));
    auto stub = pool.stub<Echo>();
    rpc::run(through_a_kill(first, second, *stub));
}

TEST_CASE("a stream whose sender is done ends when the server has answered", "[rpc]") {
    echo_server up;
    rpc::channel_pool pool(to(up.where()));
    auto stub = pool.stub<Echo>();
    result<> ended = error(std::errc::io_error);
    std::vector<std::string> heard;
    rpc::run(to_an_end(*stub, "two", ended, heard));
    REQUIRE(ended.ok());
    REQUIRE(heard == std::vector<std::string>{"one", "two"});
}

TEST_CASE("a stream is not tried again when that is of no use, nor more often than it may be", "[rpc]") {
    auto o = echo_server::local();
    o.admit = [](rpc::call&) { return grpc::Status(grpc::UNAUTHENTICATED, "a key is needed"); };
    auto up = std::make_unique<echo_server>(std::move(o));
    rpc::channel_pool pool(to(up->where()));
    auto stub = pool.stub<Echo>();
    result<> ended;
    std::vector<rpc::link_state> states;
    rpc::run(in_vain(*stub, ended, states));
    REQUIRE(rpc::code_of(ended.error()) == grpc::UNAUTHENTICATED);
    REQUIRE(states.size() == 1);
    up.reset();
    states.clear();
    rpc::run(in_vain(*stub, ended, states));
    REQUIRE(rpc::code_of(ended.error()) == grpc::UNAVAILABLE);
    REQUIRE(std::count(states.begin(), states.end(), rpc::link_state::connecting) == 4);
}

TEST_CASE("a stream ends when nobody receives from it any more", "[rpc]") {
    echo_server up;
    rpc::channel_pool pool(to(up.where()));
    auto stub = pool.stub<Echo>();
    result<> ended = error(std::errc::io_error);
    rpc::run(nobody_receives(*stub, ended));
    REQUIRE(ended.ok());
}

TEST_CASE("waits between attempts grow to their limit, and differ", "[rpc]") {
    rpc::backoff b;
    b.first = 100ms;
    b.most = 1s;
    rpc::backoff_timer one(b, 1), other(b, 2);
    bool differ = false;
    for (const auto most : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms, 1000ms}) {
        const auto wait = one.next();
        REQUIRE(wait <= most);
        REQUIRE(wait >= most * 7 / 10);
        differ |= wait != other.next();
    }
    REQUIRE(differ);
    for (int i = 0; i < 10'000; ++i) REQUIRE(one.next() <= 1s);
    one.reset();
    REQUIRE(one.next() <= 100ms);
}

TEST_CASE("a process that is told to end by SIGTERM lets 100 live calls finish", "[rpc]") {
    server_process up;
    rpc::channel_pool pool(to(up.where()));
    auto stub = pool.stub<Echo>();
    const auto body = [](server_process& server, stub_of& s) -> task<> {
        std::vector<rpc::call_handle<rpc::client_talk<Word, Word>>> all;
        for (int i = 0; i < 100; ++i) {
            all.push_back(co_await rpc::open(s, &stub_of::PrepareAsyncTalk));
            const bool written = co_await all.back()->write(word("hello"));
            REQUIRE(written);
            auto back = co_await all.back()->read();
            REQUIRE(back.has_value());
        }
        server.tell(SIGTERM);
        for (auto& talk : all) {
            auto last = co_await talk->read();
            REQUIRE(last.value().text() == "good bye");
            auto end = co_await talk->finish();
            REQUIRE(end.ok());
        }
    };
    rpc::run(body(up, *stub));
    const int status = up.end(0);
    REQUIRE(WIFEXITED(status));
    REQUIRE(WEXITSTATUS(status) == 0);
}

TEST_CASE("a server for other tests", "[.]") {
    const char* wanted = std::getenv(server_process::variable);
    if (wanted == nullptr) return;
    sigset_t terminate;
    sigemptyset(&terminate);
    sigaddset(&terminate, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &terminate, nullptr);
    const auto talk = [](rpc::call& c, rpc::stream<Word, Word>& s) -> task<result<>> {
        for (;;) {
            auto next = co_await race(s.read(), c.draining().wait());
            if (next.index() == 1) break;
            auto& w = std::get<0>(next);
            if (!w) co_return result<>();
            const bool written = co_await s.write(*w);
            if (!written) co_return result<>();
        }
        const bool written = co_await s.write(word("good bye"));
        (void)written;
        co_return result<>();
    };
    auto o = echo_server::local();
    o.port = static_cast<std::uint16_t>(std::atoi(wanted));
    o.shards = 2;
    rpc::server server(std::move(o));
    using async = Echo::AsyncService;
    server.add<Echo>()
        .on(&async::RequestSay, say)
        .on(&async::RequestSpell, spell)
        .on(&async::RequestGather, gather)
        .on(&async::RequestTalk, talk);
    server.start().value();
    server_process::up(server.port());
    int signal = 0;
    sigwait(&terminate, &signal);
    server.stop(10s);
}
