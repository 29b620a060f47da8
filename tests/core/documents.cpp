// The pieces of code in docs/core.md, at work.

#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <rtai/core.hpp>
#include <rtai/core/sim.hpp>
#include <rtai/core/sim_link.hpp>
#include <string>
#include <thread>
#include <vector>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;

namespace {

// [task]
task<int> word_count(std::string text) {
    int words = text.empty() ? 0 : 1;
    for (char c : text) words += c == ' ' ? 1 : 0;
    co_return words;
}

task<bool> is_long(std::string text) { co_return co_await word_count(std::move(text)) > 3; }
// [/task]

// [channel]
task<> upper(receiver<std::string> in, sender<std::string> out) {
    while (auto text = co_await in.receive()) {  // nothing: the stream has ended
        for (char& c : *text) c = static_cast<char>(std::toupper(c));
        if (!co_await out.send(std::move(*text))) co_return;  // false: nobody receives any more
    }
}
// [/channel]

task<> say(sender<std::string> out, std::vector<std::string> texts) {
    for (auto& text : texts)
        if (!co_await out.send(std::move(text))) co_return;
}

task<std::vector<std::string>> hear(receiver<std::string> in) {
    std::vector<std::string> texts;
    while (auto text = co_await in.receive()) texts.push_back(std::move(*text));
    co_return texts;
}

// [join]
task<std::vector<std::string>> shout(std::vector<std::string> texts) {
    channel<std::string> plain(8);
    channel<std::string, drop_oldest> loud(64);
    auto [said, raised, heard] = co_await join(say(plain.sender(), std::move(texts)),
                                               upper(plain.receiver(), loud.sender()), hear(loud.receiver()));
    co_return heard;
}
// [/join]

// [race]
task<std::string> next_or_silence(const receiver<std::string>& in) {
    auto text = co_await with_timeout(300ms, in.receive());
    if (!text) co_return "(silence)";  // timed out; whatever comes now is still in the channel
    co_return text->value_or("(end)");
}
// [/race]

// [scope]
task<int> greet_all(int guests) {
    int greeted = 0;
    auto greet = [&greeted](int number) -> task<> {
        co_await sleep_for(number * 1ms);
        ++greeted;
    };
    co_await with_scope([&](scope& s) -> task<> {
        for (int i = 0; i < guests; ++i) s.spawn(greet(i));
        co_await s.join();
    });
    co_return greeted;
}
// [/scope]

struct call_leg {
    explicit call_leg(std::vector<std::string>& l) : log(&l) {}
    task<> talk() {
        log->push_back("talking");
        co_await sleep_for(1h);
    }
    task<> say_goodbye() {
        co_await sleep_for(20ms);
        log->push_back("goodbye");
    }
    std::vector<std::string>* log;
};

// [with]
task<> call(call_leg leg) {
    co_await with(
        std::move(leg), [](call_leg& l) -> task<> { return l.talk(); },
        [](call_leg& l) -> task<> { return l.say_goodbye(); });
}
// [/with]

// [lanes]
task<std::vector<std::string>> control_first(receiver<int> control, receiver<std::string> audio) {
    std::vector<std::string> order;
    lanes in(std::move(control), std::move(audio));
    while (auto next = co_await in.receive()) order.push_back(next->index() == 0 ? "control" : "audio");
    co_return order;
}
// [/lanes]

// [offload]
task<std::string> recognise(worker_pool& pool, std::vector<float> samples) {
    auto heard = co_await offload(pool, [&](const stop_flag& stop) -> std::string {
        for (float sample : samples)
            if (stop.requested() || sample > 1) return "clipped";
        return "clear";
    });
    co_return heard.ok() ? *heard : heard.error().message();  // the pool's queue was full
}
// [/offload]

// [io]
task<std::string> fetch(asio::ip::tcp::endpoint from) {
    asio::ip::tcp::socket socket(io_context());
    if (auto connected = co_await socket.async_connect(from, io); !connected)
        co_return connected.error().message();
    std::string text(100, '\0');
    auto size = co_await with_timeout(1s, socket.async_read_some(asio::buffer(text), io));
    co_return size.ok() ? text.substr(0, *size) : size.error().message();
}
// [/io]

task<> serve_once(asio::ip::tcp::acceptor& acceptor) {
    auto socket = co_await acceptor.async_accept(io);
    auto written = co_await asio::async_write(*socket, asio::buffer("hello", 5), io);
    REQUIRE(written.ok());
}

task<std::string> fetch_from_here() {
    asio::ip::tcp::acceptor acceptor(io_context(),
                                     asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    auto [served, text] = co_await join(serve_once(acceptor), fetch(acceptor.local_endpoint()));
    co_return text;
}

task<> count_up(sender<int> out) {
    for (int i = 1; i <= 100; ++i)
        if (!co_await out.send(i)) co_return;
}

task<> add_up(receiver<int> in, std::promise<int>& sum) {
    int total = 0;
    while (auto number = co_await in.receive()) total += *number;
    sum.set_value(total);
}

// [sim]
task<> send_once(sim::datagrams path) {
    path.send(buffer(640));
    co_return;
}

task<duration> travel_time(sim::world& world) {
    sim::conditions network;
    network.latency = 40ms;
    sim::datagram_link link(world, world.first(), world.first(), network);
    auto here = link.end_a();
    co_await join(send_once(link.end_b()), here.receive());
    co_return world.elapsed();
}
// [/sim]

}  // namespace

CO_TEST("the documents' tasks, channels and joins work as they are printed", "[documents]") {
    const bool is_it = co_await is_long("what a lovely day");
    REQUIRE(is_it);
    std::vector<std::string> texts{"hello", "world"};
    const auto heard = co_await shout(std::move(texts));
    REQUIRE(heard == std::vector<std::string>{"HELLO", "WORLD"});
}

CO_TEST("the documents' timeout gives up on silence and on nothing else", "[documents]") {
    channel<std::string> c(2);
    auto out = c.sender();
    auto in = c.receiver();
    const auto nothing = co_await next_or_silence(in);
    REQUIRE(out.try_send("hi") == offered::sent);
    const auto something = co_await next_or_silence(in);
    out.reset();
    const auto end = co_await next_or_silence(in);
    REQUIRE(nothing == "(silence)");
    REQUIRE(something == "hi");
    REQUIRE(end == "(end)");
}

CO_TEST("the documents' scope greets everybody", "[documents]") {
    const int greeted = co_await greet_all(5);
    REQUIRE(greeted == 5);
}

CO_TEST("the documents' teardown runs though the call is given up", "[documents]") {
    std::vector<std::string> log;
    auto outcome = co_await with_timeout(50ms, call(call_leg(log)));
    REQUIRE(!outcome.ok());
    REQUIRE(log == std::vector<std::string>{"talking", "goodbye"});
}

CO_TEST("the documents' lanes bring control before audio", "[documents]") {
    channel<int> control(2);
    channel<std::string> audio(2);
    REQUIRE(audio.sender().try_send("frame") == offered::sent);
    REQUIRE(control.sender().try_send(1) == offered::sent);
    const auto order = co_await control_first(control.receiver(), audio.receiver());
    REQUIRE(order == std::vector<std::string>{"control", "audio"});
}

TEST_CASE("the documents' offload, I/O and simulation work as they are printed", "[documents]") {
    worker_pool pool;
    REQUIRE(run(recognise(pool, {0.5F, 0.25F})) == "clear");
    REQUIRE(run(fetch_from_here()) == "hello");
    sim::world world;
    REQUIRE(world.run(travel_time(world)) == 40ms);
}

TEST_CASE("the documents' sessions on shards count to 5050", "[documents]") {
    std::promise<int> sum;
    // [runtime]
    runtime server(2);  // two shards, each a thread
    cross_channel<int> numbers(server.at(0), server.at(1), 64);
    server.place(0, [out = numbers.sender()]() mutable { return count_up(std::move(out)); });
    server.place(1, [in = numbers.receiver(), &sum]() mutable { return add_up(std::move(in), sum); });
    REQUIRE(sum.get_future().get() == 5050);
    server.stop(5s);  // sessions may end in their own time; after 5 s they are cancelled
    // [/runtime]
}
