// The pieces of code in docs/grpc.md, at work.

#include <catch2/catch.hpp>
#include <chrono>
#include <rtai/core/join.hpp>
#include <rtai/rpc.hpp>
#include <string>
#include <utility>

#include "tests/rpc/echo.grpc.pb.h"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

// [handlers]
task<result<Word>> say(rpc::call&, Word in) {
    if (in.text().empty()) co_return rpc::failure(grpc::INVALID_ARGUMENT, "a word needs a text");
    in.set_number(in.number() + 1);
    co_return in;
}

task<result<>> spell(rpc::call&, Word in, rpc::writer<Word>& out) {
    for (const char c : in.text()) {
        Word letter;
        letter.set_text(std::string(1, c));
        if (!co_await out.write(letter)) break;  // the caller has gone
    }
    co_return result<>();
}

task<result<Word>> gather(rpc::call&, rpc::reader<Word>& in) {
    Word all;
    while (auto word = co_await in.read()) all.set_text(all.text() + word->text());
    co_return all;
}

task<result<>> talk(rpc::call& c, rpc::stream<Word, Word>& s) {
    while (auto word = co_await s.read()) {
        if (c.draining().is_set()) co_return rpc::failure(grpc::UNAVAILABLE, "come back later");
        if (!co_await s.write(*word)) break;
    }
    co_return result<>();
}
// [/handlers]

// [server]
void serve(rpc::server& server) {
    using async = Echo::AsyncService;
    server.add<Echo>()
        .on(&async::RequestSay, say)
        .on(&async::RequestSpell, spell)
        .on(&async::RequestGather, gather)
        .on(&async::RequestTalk, talk);
    server.start().value();  // throws what `start` says if it can not listen
}
// [/server]

// [channel]
task<> numbers(sender<Word> out) {
    for (int i = 0; i < 100; ++i) {
        Word w;
        w.set_number(i);
        if (!co_await out.send(std::move(w))) co_return;
    }
}

task<result<>> two_at_once(rpc::call&, rpc::stream<Word, Word>& s) {
    channel<Word> queue(16);
    co_await join(s.write_from(queue.receiver()), numbers(queue.sender()), numbers(queue.sender()));
    co_return result<>();
}
// [/channel]

// [client]
task<std::string> converse(rpc::channel_pool& pool) {
    auto stub = pool.stub<Echo>();
    Word word;
    word.set_text("hello");

    result<Word> answer = co_await rpc::ask(*stub, &Echo::Stub::PrepareAsyncSay, word);
    if (!answer) co_return answer.error().message();

    rpc::call_options options;
    options.within = 10s;
    options.headers.emplace("authorization", "Bearer ...");
    auto talk = co_await rpc::open(*stub, &Echo::Stub::PrepareAsyncTalk, options);
    const bool written = co_await talk->write(*answer);
    auto back = co_await talk->read();
    result<> end = co_await talk->finish();
    if (!written || !back || !end) co_return "it broke off";
    co_return back->text();
}
// [/client]

// [reconnect]
task<result<>> stay_in_touch(Echo::Stub& stub, receiver<Word> said, sender<Word> heard, std::string session) {
    rpc::reconnect_options<Word> options;
    options.resume = [session](std::size_t) {
        Word first;
        first.set_text("session " + session);
        return std::vector<Word>{first};
    };
    co_return co_await rpc::keep_open(stub, &Echo::Stub::PrepareAsyncTalk, std::move(said), std::move(heard),
                                      std::move(options));
}
// [/reconnect]

task<> count(Echo::Stub& stub, int& words) {
    auto talk = co_await rpc::open(stub, &Echo::Stub::PrepareAsyncTalk);
    while (auto word = co_await talk->read()) ++words;
}

task<> in_touch(Echo::Stub& stub, std::string& first) {
    channel<Word> said(8);
    channel<Word> heard(8);
    {
        const auto none = said.sender();
    }
    auto in = heard.receiver();
    const auto note = [](receiver<Word> from, std::string& text) -> task<> {
        auto word = co_await from.receive();
        if (word) text = word->text();
    };
    (void)co_await join(stay_in_touch(stub, said.receiver(), heard.sender(), "7"),
                        note(std::move(in), first));
}

rpc::server_options local() {
    rpc::server_options o;
    o.address = "127.0.0.1";
    o.port = 0;
    o.shards = 1;
    return o;
}

rpc::channel_options to(const rpc::server& s) {
    rpc::channel_options o;
    o.address = "127.0.0.1:" + std::to_string(s.port());
    return o;
}

}  // namespace

TEST_CASE("the pieces of docs/grpc.md do what they say", "[rpc]") {
    rpc::server server(local());
    serve(server);
    rpc::channel_pool pool(to(server));
    REQUIRE(rpc::run(converse(pool)) == "hello");
    auto stub = pool.stub<Echo>();
    std::string first;
    rpc::run(in_touch(*stub, first));
    REQUIRE(first == "session 7");
}

TEST_CASE("handlers that write through a channel lose nothing", "[rpc]") {
    rpc::server server(local());
    using async = Echo::AsyncService;
    server.add<Echo>()
        .on(&async::RequestSay, say)
        .on(&async::RequestSpell, spell)
        .on(&async::RequestGather, gather)
        .on(&async::RequestTalk, two_at_once);
    server.start().value();
    rpc::channel_pool pool(to(server));
    auto stub = pool.stub<Echo>();
    int words = 0;
    rpc::run(count(*stub, words));
    REQUIRE(words == 200);
}
