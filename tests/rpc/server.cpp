#include <rtai/rpc/server.hpp>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <rtai/core/join.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/core/with.hpp>
#include <string>
#include <thread>
#include <vector>

#include "rpc/echo.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

using async = Echo::AsyncService;

/// Echo, but with another way to talk.
template <class Talk>
struct server_with_talk {
    explicit server_with_talk(Talk t, rpc::server_options o = echo_server::local()) : server(std::move(o)) {
        server.add<Echo>()
            .on(&async::RequestSay, say)
            .on(&async::RequestSpell, spell)
            .on(&async::RequestGather, gather)
            .on(&async::RequestTalk, std::move(t));
        server.start().value();
    }
    std::unique_ptr<Echo::Stub> stub() const {
        return Echo::NewStub(grpc::CreateChannel("127.0.0.1:" + std::to_string(server.port()),
                                                 grpc::InsecureChannelCredentials()));
    }
    rpc::server server;
};

grpc::Status say_to(Echo::Stub& stub, const Word& in, Word* out = nullptr) {
    grpc::ClientContext c;
    Word answer;
    return stub.Say(&c, in, out != nullptr ? out : &answer);
}

/// Waits for what other threads do; a test that hangs is stopped by its runner.
template <class F>
void until(F happened) {
    while (!happened()) std::this_thread::sleep_for(1ms);
}

/// What became of handlers, counted from any thread.
struct fates {
    std::atomic<int> begun{0};
    std::atomic<int> ended{0};
};

struct fate {
    explicit fate(fates& f) noexcept : of(f) { ++of.begun; }
    fate(const fate&) = delete;
    fate& operator=(const fate&) = delete;
    ~fate() { ++of.ended; }
    fates& of;
};

/// Coroutines that live on a server's first shard.
std::int64_t coroutines_of(rpc::server& s) {
    std::promise<std::int64_t> count;
    s.shards().at(0).post([&] { count.set_value(live_coroutines); });
    return count.get_future().get();
}

}  // namespace

TEST_CASE("a server answers calls of all four shapes", "[rpc]") {
    echo_server up;
    auto stub = up.stub();
    Word answer;
    REQUIRE(say_to(*stub, word("hello"), &answer).ok());
    REQUIRE(answer.text() == "hello");
    REQUIRE(answer.number() == 1);
    {
        grpc::ClientContext c;
        auto letters = stub->Spell(&c, word("abc"));
        std::string all;
        for (Word w; letters->Read(&w);) all += w.text();
        REQUIRE(letters->Finish().ok());
        REQUIRE(all == "abc");
    }
    {
        grpc::ClientContext c;
        auto words = stub->Gather(&c, &answer);
        for (const char* w : {"a", "bc", "d"}) REQUIRE(words->Write(word(w)));
        REQUIRE(words->WritesDone());
        REQUIRE(words->Finish().ok());
        REQUIRE(answer.text() == "abcd");
        REQUIRE(answer.number() == 3);
    }
    {
        grpc::ClientContext c;
        auto talk = stub->Talk(&c);
        for (int i = 0; i < 100; ++i) {
            REQUIRE(talk->Write(word(std::to_string(i))));
            Word w;
            REQUIRE(talk->Read(&w));
            REQUIRE(w.text() == std::to_string(i));
        }
        talk->WritesDone();
        Word w;
        REQUIRE_FALSE(talk->Read(&w));
        REQUIRE(talk->Finish().ok());
    }
}

TEST_CASE("what a handler refuses reaches the caller with its code and text, in each shape", "[rpc]") {
    echo_server up;
    auto stub = up.stub();
    const auto said = say_to(*stub, word("nobody"));
    REQUIRE(said.error_code() == grpc::NOT_FOUND);
    REQUIRE(said.error_message() == "there is no 'nobody'");
    {
        grpc::ClientContext c;
        Word asked = word("ab");
        asked.set_number(1);
        auto letters = stub->Spell(&c, asked);
        int count = 0;
        for (Word w; letters->Read(&w);) ++count;
        REQUIRE(count == 2);
        REQUIRE(letters->Finish().error_code() == grpc::ABORTED);
    }
    {
        grpc::ClientContext c;
        Word answer;
        auto words = stub->Gather(&c, &answer);
        words->Write(word("enough"));
        REQUIRE(words->Finish().error_code() == grpc::OUT_OF_RANGE);
    }
    {
        grpc::ClientContext c;
        auto talk = stub->Talk(&c);
        talk->Write(word("bye"));
        Word w;
        REQUIRE_FALSE(talk->Read(&w));
        REQUIRE(talk->Finish().error_message() == "good bye");
    }
}

TEST_CASE("a handler that throws ends its own call only, and tells the caller nothing of it", "[rpc]") {
    std::vector<std::string> told;
    std::mutex mutex;
    auto o = echo_server::local();
    o.on_failure = [&](const rpc::call& c, const std::exception_ptr& failure) {
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& e) {
            const std::lock_guard lock(mutex);
            told.push_back(c.method() + ": " + e.what());
        }
        throw std::runtime_error("a log that fails");
    };
    echo_server up(std::move(o));
    auto stub = up.stub();
    grpc::ClientContext other;
    auto living = stub->Talk(&other);
    REQUIRE(living->Write(word("first")));

    const auto said = say_to(*stub, word("throw"));
    REQUIRE(said.error_code() == grpc::INTERNAL);
    REQUIRE(said.error_message() == "the service failed");
    grpc::ClientContext c;
    auto talk = stub->Talk(&c);
    talk->Write(word("throw"));
    Word w;
    REQUIRE_FALSE(talk->Read(&w));
    REQUIRE(talk->Finish().error_code() == grpc::INTERNAL);

    REQUIRE(living->Read(&w));
    REQUIRE(living->Write(word("second")));
    REQUIRE(living->Read(&w));
    REQUIRE(w.text() == "second");
    living->WritesDone();
    REQUIRE(living->Finish().ok());
    up.server.stop(5s);
    REQUIRE(told == std::vector<std::string>{"/rtai.test.Echo/Say: the password is 1234",
                                             "/rtai.test.Echo/Talk: the password is 1234"});
}

TEST_CASE("metadata goes both ways, and a handler sees peer, method and deadline", "[rpc]") {
    const auto talk = [](rpc::call& c, rpc::stream<Word, Word>& s) -> task<result<>> {
        c.add_header("greeting", std::string(c.metadata("name").value_or("?")));
        c.add_trailer("traces-bin", std::string("\0\1", 2));
        co_await c.send_headers();
        const bool limited = c.deadline() != never && c.deadline() > now();
        const Word seen =
            word(c.method() + " " + c.peer().substr(0, 15) + (limited ? " limited" : " endless"));
        const bool written = co_await s.write(seen);
        if (!written) co_return rpc::failure(grpc::UNKNOWN, "nobody reads");
        co_return result<>();
    };
    server_with_talk up(talk);
    auto stub = up.stub();
    for (const bool limited : {true, false}) {
        grpc::ClientContext c;
        c.AddMetadata("name", "Ann");
        if (limited) c.set_deadline(std::chrono::system_clock::now() + 1min);
        auto t = stub->Talk(&c);
        t->WaitForInitialMetadata();
        REQUIRE(c.GetServerInitialMetadata().find("greeting")->second == "Ann");
        Word w;
        REQUIRE(t->Read(&w));
        REQUIRE(w.text() ==
                std::string("/rtai.test.Echo/Talk ipv4:127.0.0.1:") + (limited ? " limited" : " endless"));
        REQUIRE(t->Finish().ok());
        const auto bytes = c.GetServerTrailingMetadata().find("traces-bin")->second;
        REQUIRE(std::string(bytes.data(), bytes.size()) == std::string("\0\1", 2));
    }
}

TEST_CASE("a call whose time is over is ended at the server, too", "[rpc]") {
    fates seen;
    const auto talk = [&seen](rpc::call&, rpc::stream<Word, Word>&) -> task<result<>> {
        const fate here(seen);
        co_await sleep_for(1h);
        co_return result<>();
    };
    server_with_talk up(talk);
    auto stub = up.stub();
    grpc::ClientContext c;
    c.set_deadline(std::chrono::system_clock::now() + 50ms);
    auto t = stub->Talk(&c);
    Word w;
    REQUIRE_FALSE(t->Read(&w));
    REQUIRE(t->Finish().error_code() == grpc::DEADLINE_EXCEEDED);
    until([&] { return seen.ended == seen.begun; });
    until([&] { return up.server.calls() == 0; });
}

TEST_CASE("a caller that cancels ends its handler, at whatever it is", "[rpc]") {
    enum stage { reading, sleeping, writing, tearing_down };
    const auto at = GENERATE(reading, sleeping, writing, tearing_down);
    fates seen;
    const auto talk = [&seen, at](rpc::call&, rpc::stream<Word, Word>& s) -> task<result<>> {
        const fate here(seen);
        const Word begun = word("begun");
        const bool written = co_await s.write(begun);
        if (!written) co_return result<>();
        if (at == sleeping) co_await sleep_for(1h);
        if (at == writing) {
            Word big;
            big.set_data(std::string(1 << 20, 'x'));
            for (;;) {
                const bool more = co_await s.write(big);
                if (!more) co_await sleep_for(1h);
            }
        }
        if (at == tearing_down) {
            const auto body = [](int) -> task<> { co_await sleep_for(1h); };
            const auto teardown = [](int) -> task<> { co_await sleep_for(5ms); };
            co_await with(1, body, teardown);
        }
        while (auto w = co_await s.read()) {
        }
        co_await sleep_for(1h);
        co_return result<>();
    };
    server_with_talk up(talk);
    auto stub = up.stub();
    REQUIRE(say_to(*stub, word("warm")).ok());
    until([&] { return up.server.calls() == 0; });
    const auto idle = coroutines_of(up.server);
    grpc::ClientContext c;
    auto t = stub->Talk(&c);
    Word w;
    REQUIRE(t->Read(&w));
    REQUIRE(seen.begun == 1);
    c.TryCancel();
    REQUIRE(t->Finish().error_code() == grpc::CANCELLED);
    until([&] { return seen.ended == 1; });
    until([&] { return up.server.calls() == 0; });
    until([&] { return coroutines_of(up.server) == idle; });
}

TEST_CASE("a handler hears that its call is cancelled where it asks", "[rpc]") {
    std::promise<void> heard;
    const auto talk = [&heard](rpc::call& c, rpc::stream<Word, Word>&) -> task<result<>> {
        c.cancel();
        const auto body = [](rpc::call*) -> task<> { co_await sleep_for(1h); };
        const auto teardown = [&heard](rpc::call* of) -> task<> {
            co_await of->cancelled().wait();
            heard.set_value();
        };
        co_await with(&c, body, teardown);
        co_return result<>();
    };
    server_with_talk up(talk);
    auto stub = up.stub();
    grpc::ClientContext c;
    auto t = stub->Talk(&c);
    REQUIRE(t->Finish().error_code() == grpc::CANCELLED);
    heard.get_future().get();
}

TEST_CASE("a read that was given up loses no message", "[rpc]") {
    const auto talk = [](rpc::call&, rpc::stream<Word, Word>& s) -> task<result<>> {
        int timeouts = 0;
        for (;;) {
            auto w = co_await with_timeout(2ms, s.read());
            if (!w.ok()) {
                ++timeouts;
                continue;
            }
            if (!*w) break;
            Word back = std::move(**w);
            back.set_number(timeouts);
            const bool written = co_await s.write(back);
            if (!written) break;
        }
        co_return result<>();
    };
    server_with_talk up(talk);
    auto stub = up.stub();
    grpc::ClientContext c;
    auto t = stub->Talk(&c);
    std::int64_t timeouts = 0;
    for (int i = 0; i < 50; ++i) {
        if (i % 10 == 0) std::this_thread::sleep_for(10ms);
        REQUIRE(t->Write(word(std::to_string(i))));
        Word w;
        REQUIRE(t->Read(&w));
        REQUIRE(w.text() == std::to_string(i));
        timeouts = w.number();
    }
    REQUIRE(timeouts > 0);
    t->WritesDone();
    REQUIRE(t->Finish().ok());
}

TEST_CASE("a second coroutine that reads a call is told that there can be only one", "[rpc]") {
    const auto talk = [](rpc::call&, rpc::stream<Word, Word>& s) -> task<result<>> {
        const auto one = [](rpc::stream<Word, Word>& of) -> task<> { (void)co_await of.read(); };
        std::string why;
        try {
            co_await join(one(s), one(s));
        } catch (const std::logic_error& e) {
            why = e.what();
        }
        const Word told = word(why);
        const bool written = co_await s.write(told);
        if (!written) co_return rpc::failure(grpc::UNKNOWN, "nobody reads");
        co_return result<>();
    };
    server_with_talk up(talk);
    auto stub = up.stub();
    grpc::ClientContext c;
    auto t = stub->Talk(&c);
    Word w;
    REQUIRE(t->Read(&w));
    REQUIRE_THAT(w.text(), Catch::Contains("read by one coroutine"));
    REQUIRE(t->Finish().ok());
}

TEST_CASE("many coroutines write through a channel, and nothing is lost", "[rpc]") {
    const auto talk = [](rpc::call&, rpc::stream<Word, Word>& s) -> task<result<>> {
        const auto tell = [](sender<Word> out, int from) -> task<> {
            for (int i = from; i < from + 1000; ++i) {
                Word w;
                w.set_number(i);
                const bool sent = co_await out.send(std::move(w));
                if (!sent) co_return;
            }
        };
        channel<Word> queue(16);
        co_await join(s.write_from(queue.receiver()), tell(queue.sender(), 0), tell(queue.sender(), 1000),
                      tell(queue.sender(), 2000));
        co_return result<>();
    };
    server_with_talk up(talk);
    auto stub = up.stub();
    grpc::ClientContext c;
    auto t = stub->Talk(&c);
    std::vector<bool> seen(3000, false);
    int count = 0;
    for (Word w; t->Read(&w); ++count) seen[static_cast<std::size_t>(w.number())] = true;
    REQUIRE(t->Finish().ok());
    REQUIRE(count == 3000);
    REQUIRE(std::find(seen.begin(), seen.end(), false) == seen.end());
}

TEST_CASE("a caller that does not read slows its handler, and holds up the end only so long", "[rpc]") {
    std::atomic<int> written{0};
    const auto talk = [&written](rpc::call&, rpc::stream<Word, Word>& s) -> task<result<>> {
        Word big;
        big.set_data(std::string(1 << 20, 'x'));
        for (int i = 0; i < 1000; ++i) {
            auto sent = co_await with_timeout(100ms, s.write(big));
            if (!sent.ok()) co_return result<>();
            if (!*sent) co_return rpc::failure(grpc::UNKNOWN, "over too soon");
            ++written;
        }
        co_return result<>();
    };
    auto o = echo_server::local();
    o.finish_limit = 100ms;
    server_with_talk up(talk, std::move(o));
    auto stub = up.stub();
    grpc::ClientContext c;
    auto t = stub->Talk(&c);
    until([&] { return up.server.calls() == 1; });
    until([&] { return up.server.calls() == 0; });
    REQUIRE(written < 100);
}

TEST_CASE("the check at the door comes before the handler, and tells it who it is", "[rpc]") {
    fates seen;
    std::atomic<int> ended{0};
    auto o = echo_server::local();
    o.admit = [](rpc::call& c) {
        const auto key = c.metadata("x-api-key");
        if (!key) return grpc::Status(grpc::UNAUTHENTICATED, "a key is needed");
        c.identity() = std::string(*key);
        return grpc::Status::OK;
    };
    o.ended = [&ended](const rpc::call&) { ++ended; };
    const auto talk = [&seen](rpc::call& c, rpc::stream<Word, Word>& s) -> task<result<>> {
        const fate here(seen);
        const Word who = word(std::any_cast<std::string>(c.identity()));
        const bool written = co_await s.write(who);
        if (!written) co_return rpc::failure(grpc::UNKNOWN, "nobody reads");
        co_return result<>();
    };
    server_with_talk up(talk, std::move(o));
    auto stub = up.stub();
    {
        grpc::ClientContext c;
        auto t = stub->Talk(&c);
        Word w;
        REQUIRE_FALSE(t->Read(&w));
        const auto end = t->Finish();
        REQUIRE(end.error_code() == grpc::UNAUTHENTICATED);
        REQUIRE(end.error_message() == "a key is needed");
        REQUIRE(say_to(*stub, word("hello")).error_code() == grpc::UNAUTHENTICATED);
        REQUIRE(seen.begun == 0);
        REQUIRE(ended == 0);
    }
    grpc::ClientContext c;
    c.AddMetadata("x-api-key", "ann");
    auto t = stub->Talk(&c);
    Word w;
    REQUIRE(t->Read(&w));
    REQUIRE(w.text() == "ann");
    REQUIRE(t->Finish().ok());
    until([&] { return ended == 1; });
}

TEST_CASE("a limit at the door gives its places back", "[rpc]") {
    std::atomic<int> inside{0};
    auto o = echo_server::local();
    o.admit = [&inside](rpc::call&) {
        if (++inside <= 2) return grpc::Status::OK;
        --inside;
        return grpc::Status(grpc::RESOURCE_EXHAUSTED, "two calls at a time");
    };
    o.ended = [&inside](const rpc::call&) { --inside; };
    echo_server up(std::move(o));
    auto stub = up.stub();
    for (int round = 0; round < 3; ++round) {
        grpc::ClientContext a, b;
        auto first = stub->Talk(&a);
        auto second = stub->Talk(&b);
        until([&] { return inside == 2; });
        REQUIRE(say_to(*stub, word("hello")).error_code() == grpc::RESOURCE_EXHAUSTED);
        a.TryCancel();
        REQUIRE(first->Finish().error_code() == grpc::CANCELLED);
        until([&] { return inside == 1; });
        REQUIRE(say_to(*stub, word("hello")).ok());
        second->WritesDone();
        REQUIRE(second->Finish().ok());
        until([&] { return inside == 0; });
    }
}

TEST_CASE("messages may be as large as the limit, and no larger", "[rpc]") {
    auto o = echo_server::local();
    const std::size_t limit = GENERATE(std::size_t{100'000}, std::size_t{50} << 20U);
    o.max_message = byte_size(limit);
    echo_server up(std::move(o));
    grpc::ChannelArguments any;
    any.SetMaxReceiveMessageSize(-1);
    auto stub = Echo::NewStub(grpc::CreateCustomChannel(up.where(), grpc::InsecureChannelCredentials(), any));
    const auto of_size = [](std::size_t wanted) {
        Word w;
        w.set_data(std::string(wanted, 'x'));
        w.set_number(-1);  // the server makes 0 of it, which takes no room
        w.mutable_data()->resize(2 * wanted - w.ByteSizeLong());
        return w;
    };
    REQUIRE(of_size(limit).ByteSizeLong() == limit);
    REQUIRE(say_to(*stub, of_size(limit - 1)).ok());
    REQUIRE(say_to(*stub, of_size(limit)).ok());
    REQUIRE(say_to(*stub, of_size(limit + 1)).error_code() == grpc::RESOURCE_EXHAUSTED);
    REQUIRE(say_to(*stub, word("still here")).ok());
}

TEST_CASE("a server is told what it lacks before it serves", "[rpc]") {
    rpc::server lacking(echo_server::local());
    auto echo = lacking.add<Echo>();
    echo.on(&async::RequestSay, say);
    REQUIRE_THROWS_WITH(echo.on(&async::RequestSay, say),
                        Catch::Contains("rtai.test.Echo.Say has two handlers"));
    REQUIRE_THROWS_WITH(lacking.start(), Catch::Contains("rtai.test.Echo.Spell has no handler"));

    echo_server first;
    REQUIRE_THROWS_WITH(first.server.start(), Catch::Contains("started once"));
    auto o = echo_server::local();
    o.port = first.server.port();
    rpc::server second(std::move(o));
    const auto started = second.start();
    REQUIRE_FALSE(started.ok());
    REQUIRE_THAT(started.error().message(), Catch::Contains(std::to_string(first.server.port())));

    auto t = echo_server::local();
    t.tls.certificate = "/nowhere/a.pem";
    t.tls.key = "/nowhere/b.pem";
    rpc::server third(std::move(t));
    const auto secured = third.start();
    REQUIRE_FALSE(secured.ok());
    REQUIRE_THAT(secured.error().message(), Catch::Contains("certificate '/nowhere/a.pem'"));
}

TEST_CASE("a server that ends lets live calls finish", "[rpc]") {
    const auto talk = [](rpc::call& c, rpc::stream<Word, Word>& s) -> task<result<>> {
        for (;;) {
            auto next = co_await race(s.read(), c.draining().wait());
            if (next.index() == 1) break;
            auto& w = std::get<0>(next);
            if (!w) co_return result<>();
            const bool written = co_await s.write(*w);
            if (!written) co_return result<>();
        }
        const Word last = word("good bye");
        const bool written = co_await s.write(last);
        if (!written) co_return rpc::failure(grpc::UNKNOWN, "nobody reads");
        co_return result<>();
    };
    auto o = echo_server::local();
    o.shards = 2;
    server_with_talk up(talk, std::move(o));
    constexpr int count = 100;
    std::vector<grpc::ClientContext> contexts(count);
    std::vector<std::unique_ptr<grpc::ClientReaderWriter<Word, Word>>> calls;
    auto stub = up.stub();
    Word w;
    for (auto& c : contexts) {
        calls.push_back(stub->Talk(&c));
        REQUIRE(calls.back()->Write(word("hello")));
        REQUIRE(calls.back()->Read(&w));
    }
    REQUIRE(up.server.calls() == count);
    std::thread stopping([&] { up.server.stop(10s); });
    for (auto& c : calls) {
        REQUIRE(c->Read(&w));
        REQUIRE(w.text() == "good bye");
        REQUIRE_FALSE(c->Read(&w));
        const grpc::Status over = c->Finish();
        CAPTURE(over.error_message());
        CHECK(over.ok());
    }
    stopping.join();
    REQUIRE(say_to(*stub, word("too late")).error_code() == grpc::UNAVAILABLE);
}

TEST_CASE("calls that do not end when the server does are cancelled", "[rpc]") {
    fates seen;
    const auto talk = [&seen](rpc::call&, rpc::stream<Word, Word>& s) -> task<result<>> {
        const fate here(seen);
        const Word hello = word("hello");
        const bool written = co_await s.write(hello);
        if (written) co_await sleep_for(1h);
        co_return result<>();
    };
    server_with_talk up(talk);
    auto stub = up.stub();
    std::vector<grpc::ClientContext> contexts(100);
    std::vector<std::unique_ptr<grpc::ClientReaderWriter<Word, Word>>> calls;
    Word w;
    for (auto& c : contexts) {
        calls.push_back(stub->Talk(&c));
        REQUIRE(calls.back()->Read(&w));
    }
    const auto patience = GENERATE(0ms, 50ms);
    up.server.stop(patience);
    REQUIRE(seen.begun == 100);
    REQUIRE(seen.ended == 100);
    for (auto& c : calls) {
        REQUIRE_FALSE(c->Read(&w));
        REQUIRE_FALSE(c->Finish().ok());
    }
}

TEST_CASE("a server that ends turns new calls away while it waits for the others", "[rpc]") {
    const auto talk = [](rpc::call&, rpc::stream<Word, Word>& s) -> task<result<>> {
        while (auto w = co_await s.read()) {
            const bool written = co_await s.write(*w);
            if (!written) break;
        }
        co_return result<>();
    };
    server_with_talk up(talk);
    auto stub = up.stub();
    grpc::ClientContext context;
    auto live = stub->Talk(&context);
    Word w;
    REQUIRE(live->Write(word("hello")));
    REQUIRE(live->Read(&w));
    std::thread stopping([&] { up.server.stop(1h); });
    until([&] { return say_to(*stub, word("too late")).error_code() == grpc::UNAVAILABLE; });
    REQUIRE(live->Write(word("still there?")));
    REQUIRE(live->Read(&w));
    REQUIRE(w.text() == "still there?");
    SECTION("and ends with the last of them") {
        live->WritesDone();
        REQUIRE_FALSE(live->Read(&w));
        REQUIRE(live->Finish().ok());
    }
    SECTION("or when somebody is in a hurry") {
        up.server.hurry();
        REQUIRE_FALSE(live->Read(&w));
        REQUIRE_FALSE(live->Finish().ok());
    }
    stopping.join();
}

TEST_CASE("10,000 short calls leave nothing behind", "[rpc]") {
    echo_server up;
    auto stub = up.stub();
    REQUIRE(say_to(*stub, word("warm")).ok());
    until([&] { return up.server.calls() == 0; });
    const auto before = coroutines_of(up.server);
    for (int i = 0; i < 10'000; ++i)
        if (!say_to(*stub, word("hello")).ok()) FAIL("call " << i);
    until([&] { return up.server.calls() == 0; });
    until([&] { return coroutines_of(up.server) == before; });
}

TEST_CASE("1,000 clients that come and go leave nothing behind", "[rpc]") {
    echo_server up;
    REQUIRE(say_to(*up.stub(), word("warm")).ok());
    until([&] { return up.server.calls() == 0; });
    const auto before = coroutines_of(up.server);
    for (int i = 0; i < 1000; ++i) {
        grpc::ChannelArguments alone;
        alone.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
        auto stub =
            Echo::NewStub(grpc::CreateCustomChannel(up.where(), grpc::InsecureChannelCredentials(), alone));
        grpc::ClientContext c;
        auto t = stub->Talk(&c);
        Word w;
        if (!t->Write(word("hello")) || !t->Read(&w)) FAIL("client " << i);
        if (i % 2 == 0) c.TryCancel();
        else t->WritesDone();
        (void)t->Finish();
    }
    until([&] { return up.server.calls() == 0; });
    until([&] { return coroutines_of(up.server) == before; });
}
