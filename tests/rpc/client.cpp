#include <rtai/rpc/client.hpp>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <rtai/core/join.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/rpc/channel_pool.hpp>
#include <set>
#include <string>
#include <thread>

#include "rpc/echo.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

using stub_of = Echo::Stub;

rpc::channel_options to(const std::string& where) {
    rpc::channel_options o;
    o.address = where;
    return o;
}

/// Runs a client's coroutine against a server that echoes; nothing of either is left behind.
void with_echo(task<> (*body)(stub_of&)) {
    echo_server up;
    rpc::channel_pool pool(to(up.where()));
    auto stub = pool.stub<Echo>();
    const auto before = live_coroutines;
    rpc::run(body(*stub));
    REQUIRE(live_coroutines == before);
    while (up.server.calls() > 0) std::this_thread::sleep_for(1ms);
}

task<> all_shapes(stub_of& stub) {
    auto answer = co_await rpc::ask(stub, &stub_of::PrepareAsyncSay, word("hello"));
    REQUIRE(answer.value().text() == "hello");

    auto letters = co_await rpc::open(stub, &stub_of::PrepareAsyncSpell, word("abc"));
    std::string all;
    while (auto letter = co_await letters->read()) all += letter->text();
    REQUIRE(all == "abc");
    auto spelt = co_await letters->finish();
    REQUIRE(spelt.ok());

    auto words = co_await rpc::open(stub, &stub_of::PrepareAsyncGather);
    for (const char* text : {"a", "bc", "d"}) {
        const bool written = co_await words->write(word(text));
        REQUIRE(written);
    }
    auto gathered = co_await words->finish();
    REQUIRE(gathered.value().text() == "abcd");

    auto talk = co_await rpc::open(stub, &stub_of::PrepareAsyncTalk);
    for (int i = 0; i < 100; ++i) {
        const bool written = co_await talk->write(word(std::to_string(i)));
        REQUIRE(written);
        auto back = co_await talk->read();
        REQUIRE(back.value().text() == std::to_string(i));
    }
    auto end = co_await talk->finish();
    REQUIRE(end.ok());
}

task<> refusals(stub_of& stub) {
    auto said = co_await rpc::ask(stub, &stub_of::PrepareAsyncSay, word("nobody"));
    REQUIRE(rpc::code_of(said.error()) == grpc::NOT_FOUND);
    REQUIRE(said.error().message() == "there is no 'nobody': NOT_FOUND");

    Word asked = word("ab");
    asked.set_number(1);
    auto letters = co_await rpc::open(stub, &stub_of::PrepareAsyncSpell, asked);
    auto spelt = co_await letters->finish();
    REQUIRE(rpc::code_of(spelt.error()) == grpc::ABORTED);

    auto words = co_await rpc::open(stub, &stub_of::PrepareAsyncGather);
    bool written = co_await words->write(word("enough"));
    REQUIRE(written);
    auto gathered = co_await words->finish();
    REQUIRE(rpc::code_of(gathered.error()) == grpc::OUT_OF_RANGE);

    auto talk = co_await rpc::open(stub, &stub_of::PrepareAsyncTalk);
    written = co_await talk->write(word("bye"));
    auto nothing = co_await talk->read();
    REQUIRE_FALSE(nothing.has_value());
    for (int i = 0; written && i < 1000; ++i) written = co_await talk->write(word("is anybody there?"));
    REQUIRE_FALSE(written);
    auto talked = co_await talk->finish();
    REQUIRE(talked.error().text == "good bye");
}

task<> deadlines(stub_of& stub) {
    rpc::call_options o;
    o.within = 20ms;
    auto said = co_await rpc::ask(stub, &stub_of::PrepareAsyncSay, word("wait"), o);
    REQUIRE(rpc::code_of(said.error()) == grpc::DEADLINE_EXCEEDED);
    REQUIRE(said.error().code == std::errc::timed_out);
    auto talk = co_await rpc::open(stub, &stub_of::PrepareAsyncTalk, o);
    auto nothing = co_await talk->read();
    REQUIRE_FALSE(nothing.has_value());
    auto talked = co_await talk->finish();
    REQUIRE(talked.error().code == std::errc::timed_out);
}

task<> talk_for_ever(stub_of& stub, int stage) {
    auto talk = co_await rpc::open(stub, &stub_of::PrepareAsyncTalk);
    if (stage == 1) co_await sleep_for(1h);
    bool written = co_await talk->write(word("hello"));
    auto back = co_await talk->read();
    if (stage == 2) back = co_await talk->read();
    Word big;
    big.set_data(std::string(1 << 20, 'x'));
    while (written && stage == 3) written = co_await talk->write(big);
    if (stage == 4) co_await talk->done_writing();
    co_await sleep_for(1h);
}

/// Whatever is dropped is cancelled at the server as well: `with_echo` waits for that.
task<> dropped_at_any_stage(stub_of& stub) {
    for (int stage = 0; stage <= 5; ++stage) {
        auto over = co_await with_timeout(10ms, talk_for_ever(stub, stage));
        REQUIRE_FALSE(over.ok());
    }
    for (const auto after : {0us, 100us, 300us, 1000us, 5000us}) {
        auto said = co_await with_timeout(after, rpc::ask(stub, &stub_of::PrepareAsyncSay, word("wait")));
        REQUIRE(said.error().code == std::errc::timed_out);
    }
    for (const auto after : {0us, 50us, 100us, 200us, 400us, 800us})
        (void)co_await with_timeout(after, talk_for_ever(stub, 2));
}

task<> cancelled_by_hand(stub_of& stub) {
    auto talk = co_await rpc::open(stub, &stub_of::PrepareAsyncTalk);
    talk->cancel();
    auto nothing = co_await talk->read();
    REQUIRE_FALSE(nothing.has_value());
    auto end = co_await talk->finish();
    REQUIRE(end.error().code == std::errc::operation_canceled);
}

task<> sticky_reads(stub_of& stub) {
    auto talk = co_await rpc::open(stub, &stub_of::PrepareAsyncTalk);
    for (int i = 0; i < 20; ++i) {
        auto early = co_await with_timeout(1ms, talk->read());
        REQUIRE_FALSE(early.ok());
        const bool written = co_await talk->write(word(std::to_string(i)));
        REQUIRE(written);
        auto back = co_await talk->read();
        REQUIRE(back.value().text() == std::to_string(i));
    }
    auto end = co_await talk->finish();
    REQUIRE(end.ok());
}

task<> left_unread(stub_of& stub) {
    auto talk = co_await rpc::open(stub, &stub_of::PrepareAsyncTalk);
    for (int i = 0; i < 10; ++i) {
        const bool written = co_await talk->write(word("hello"));
        REQUIRE(written);
    }
    auto end = co_await talk->finish();
    REQUIRE(end.ok());
    const bool written = co_await talk->write(word("too late"));
    REQUIRE_FALSE(written);
    end = co_await talk->finish();
    REQUIRE(end.ok());
}

task<> many_calls(stub_of& stub) {
    const auto one = [](stub_of& s, int n) -> task<int> {
        Word w = word("hello");
        w.set_number(n);
        auto answer = co_await rpc::ask(s, &stub_of::PrepareAsyncSay, std::move(w));
        co_return static_cast<int>(answer.value().number());
    };
    for (int round = 0; round < 100; ++round) {
        std::vector<task<int>> all;
        for (int i = 0; i < 100; ++i) all.push_back(one(stub, i));
        const auto numbers = co_await join(std::move(all));
        for (std::size_t i = 0; i < 100; ++i) REQUIRE(numbers[i] == static_cast<int>(i) + 1);
    }
}

task<> say_who(rpc::channel_pool& pool, int times) {
    for (int i = 0; i < times; ++i) {
        auto stub = pool.stub<Echo>();
        auto answer = co_await rpc::ask(*stub, &stub_of::PrepareAsyncSay, word("hello"));
        REQUIRE(answer.ok());
    }
}

}  // namespace

TEST_CASE("a client makes calls of all four shapes", "[rpc]") { with_echo(all_shapes); }

TEST_CASE("a client is told the code and the text of a refusal", "[rpc]") { with_echo(refusals); }

TEST_CASE("a call that takes too long ends with its deadline", "[rpc]") { with_echo(deadlines); }

TEST_CASE("a call that is dropped is cancelled, at whatever stage", "[rpc]") {
    with_echo(dropped_at_any_stage);
}

TEST_CASE("a call can be cancelled and then says so", "[rpc]") { with_echo(cancelled_by_hand); }

TEST_CASE("a client's read that was given up loses no message", "[rpc]") { with_echo(sticky_reads); }

TEST_CASE("finish drops what nobody reads", "[rpc]") { with_echo(left_unread); }

TEST_CASE("10,000 calls, 100 at a time, leave nothing behind at the client", "[rpc]") {
    with_echo(many_calls);
}

TEST_CASE("a client's metadata arrives, and it sees the server's", "[rpc]") {
    auto o = echo_server::local();
    o.admit = [](rpc::call& c) {
        c.add_header("heard", std::string(c.metadata("name").value_or("?")));
        c.add_trailer("left", "nothing");
        return grpc::Status::OK;
    };
    echo_server up(std::move(o));
    rpc::channel_pool pool(to(up.where()));
    auto stub = pool.stub<Echo>();
    const auto body = [](stub_of& s) -> task<> {
        rpc::call_options with_name;
        with_name.headers.emplace("name", "Ann");
        auto talk = co_await rpc::open(s, &stub_of::PrepareAsyncTalk, with_name);
        const bool written = co_await talk->write(word("hello"));
        REQUIRE(written);
        auto back = co_await talk->read();
        REQUIRE(back.has_value());
        REQUIRE(talk->headers().find("heard")->second == "Ann");
        auto end = co_await talk->finish();
        REQUIRE(end.ok());
        REQUIRE(talk->trailers().find("left")->second == "nothing");
    };
    rpc::run(body(*stub));
}

TEST_CASE("a call tells the server of the trace that it is part of, and is a span", "[rpc]") {
    auto o = echo_server::local();
    o.admit = [](rpc::call& c) {
        c.add_trailer("parent", c.all_metadata("traceparent").value_or("none"));
        c.add_trailer("state", c.all_metadata("tracestate").value_or("none"));
        return grpc::Status::OK;
    };
    echo_server up(std::move(o));
    rpc::channel_pool pool(to(up.where()));
    auto stub = pool.stub<Echo>();
    const auto talk = [](stub_of& s) -> task<std::string> {
        auto open = co_await rpc::open(s, &stub_of::PrepareAsyncTalk);
        auto end = co_await open->finish();
        REQUIRE(end.ok());
        REQUIRE(open->trailers().find("state")->second ==
                (open->trailers().find("parent")->second == "none" ? "none" : "rojo=1"));
        co_return open->trailers().find("parent")->second;
    };
    const auto whole = [&talk](stub_of& s) -> task<> {
        auto outside = co_await talk(s);
        REQUIRE(outside == "none");
        observe::tracer::settings on;
        on.on = true;
        observe::tracer t(on);
        auto asked = t.begin("question");
        observe::trace_place here(t, asked.context(), "rojo=1");
        auto talking = talk(s);
        auto inside = co_await with_inherited(here, std::move(talking));
        auto refused = rpc::ask(s, &stub_of::PrepareAsyncSay, word("nobody"));
        auto no = co_await with_inherited(here, std::move(refused));
        REQUIRE_FALSE(no.ok());
        const auto spans = t.take(9);
        REQUIRE(spans.size() == 2);
        REQUIRE(inside == observe::to_traceparent(spans[0].context));
        REQUIRE(spans[0].parent == asked.context().span);
        REQUIRE(spans[0].kind == observe::span_kind::client);
        REQUIRE_FALSE(spans[0].failed);
        REQUIRE(spans[1].failure == "there is no 'nobody'");
    };
    rpc::run(whole(*stub));
}

TEST_CASE("without a server a call fails at once, or waits for one if it is asked to", "[rpc]") {
    int port = 0;
    {
        const echo_server gone;
        port = gone.server.port();
    }
    rpc::channel_pool pool(to("127.0.0.1:" + std::to_string(port)));
    auto stub = pool.stub<Echo>();
    const auto fails = [](stub_of& s) -> task<> {
        auto said = co_await rpc::ask(s, &stub_of::PrepareAsyncSay, word("hello"));
        REQUIRE(rpc::code_of(said.error()) == grpc::UNAVAILABLE);
        auto talk = co_await rpc::open(s, &stub_of::PrepareAsyncTalk);
        const bool written = co_await talk->write(word("hello"));
        (void)written;
        auto end = co_await talk->finish();
        REQUIRE(rpc::code_of(end.error()) == grpc::UNAVAILABLE);
    };
    rpc::run(fails(*stub));
    std::unique_ptr<echo_server> late;
    std::thread starting([&] {
        std::this_thread::sleep_for(50ms);
        auto o = echo_server::local();
        o.port = static_cast<std::uint16_t>(port);
        late = std::make_unique<echo_server>(std::move(o));
    });
    const auto waits = [](stub_of& s) -> task<> {
        rpc::call_options patient;
        patient.wait_for_server = true;
        auto said = co_await rpc::ask(s, &stub_of::PrepareAsyncSay, word("hello"), patient);
        REQUIRE(said.ok());
    };
    rpc::run(waits(*stub));
    starting.join();
}

TEST_CASE("a pool spreads calls over its connections", "[rpc]") {
    std::mutex mutex;
    std::set<std::string> peers;
    auto o = echo_server::local();
    o.admit = [&](const rpc::call& c) {
        const std::lock_guard lock(mutex);
        peers.insert(c.peer());
        return grpc::Status::OK;
    };
    echo_server up(std::move(o));
    auto several = to(up.where());
    several.connections = 3;
    rpc::channel_pool pool(several);
    rpc::run(say_who(pool, 9));
    REQUIRE(peers.size() == 3);
}

TEST_CASE("of several servers all are asked, and one that ends is asked no more before it refuses", "[rpc]") {
    std::atomic<int> asked[2] = {0, 0};
    std::unique_ptr<echo_server> up[2];
    for (int i = 0; i < 2; ++i) {
        auto o = echo_server::local();
        o.linger = 500ms;
        o.admit = [&asked, i](const rpc::call&) {
            ++asked[i];
            return grpc::Status::OK;
        };
        up[i] = std::make_unique<echo_server>(std::move(o));
    }
    auto both = to("ipv4:" + up[0]->where() + "," + up[1]->where());
    both.balance = rpc::balance::turns;
    rpc::channel_pool pool(both);
    const auto until_asked = [&](int which) {
        for (const int before = asked[which]; asked[which] == before;) rpc::run(say_who(pool, 1));
    };
    until_asked(0);
    until_asked(1);
    rpc::run(say_who(pool, 50));
    std::thread stopping([&] { up[0]->server.stop(10s); });
    rpc::run(say_who(pool, 500));  // each of them is answered
    stopping.join();
    rpc::run(say_who(pool, 20));
}

TEST_CASE("calls that are under way when their shard ends are cancelled", "[rpc]") {
    echo_server up;
    rpc::channel_pool pool(to(up.where()));
    auto stub = pool.stub<Echo>();
    {
        runtime::options o;
        o.shards = 1;
        o.make_driver = [] { return std::make_unique<rpc::queue_driver>(); };
        runtime clients(std::move(o));
        for (int i = 0; i < 20; ++i) clients.place([&] { return talk_for_ever(*stub, 2); });
        while (up.server.calls() < 20) std::this_thread::sleep_for(1ms);
        clients.stop(0ms);
    }
    while (up.server.calls() > 0) std::this_thread::sleep_for(1ms);
}
