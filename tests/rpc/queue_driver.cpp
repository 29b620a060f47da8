#include <rtai/rpc/queue_driver.hpp>

#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <rtai/core/cross_channel.hpp>
#include <rtai/core/io.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/offload.hpp>
#include <rtai/core/runtime.hpp>
#include <rtai/core/timer.hpp>
#include <string>
#include <thread>
#include <vector>

using namespace rtai;
using namespace std::chrono_literals;

namespace {

task<> sleep_and_note(duration how_long, int number, std::vector<int>& order) {
    const auto until = now() + how_long;
    co_await sleep_until(until);
    REQUIRE(now() >= until);
    order.push_back(number);
}

task<> timers() {
    std::vector<int> order;
    co_await join(sleep_and_note(30ms, 4, order), sleep_and_note(300us, 1, order),
                  sleep_and_note(5ms, 3, order), sleep_and_note(2ms, 2, order));
    REQUIRE(order == std::vector{1, 2, 3, 4});
}

task<> timers_beside_io() {
    (void)io_context();
    co_await timers();
}

task<> serve_once(asio::ip::tcp::acceptor& acceptor) {
    auto socket = co_await acceptor.async_accept(io);
    std::string text(5, '\0');
    auto got = co_await asio::async_read(*socket, asio::buffer(text), io);
    REQUIRE(got.ok());
    auto sent = co_await asio::async_write(*socket, asio::buffer(text), io);
    REQUIRE(sent.ok());
}

task<> ask_once(asio::ip::tcp::endpoint where) {
    asio::ip::tcp::socket socket(io_context());
    auto connected = co_await socket.async_connect(where, io);
    REQUIRE(connected.ok());
    std::string text = "hello";
    auto sent = co_await asio::async_write(socket, asio::buffer(text), io);
    REQUIRE(sent.ok());
    std::string back(5, '\0');
    auto got = co_await asio::async_read(socket, asio::buffer(back), io);
    REQUIRE(got.ok());
    REQUIRE(back == text);
}

task<> sockets() {
    asio::ip::tcp::acceptor acceptor(io_context(), {asio::ip::address_v4::loopback(), 0});
    co_await join(serve_once(acceptor), ask_once(acceptor.local_endpoint()));
    asio::steady_timer timer(io_context(), 3ms);
    auto waited = co_await timer.async_wait(io);
    REQUIRE(waited.ok());
}

task<> work_elsewhere() {
    worker_pool pool;
    auto there = co_await offload(pool, [] { return std::this_thread::get_id(); });
    REQUIRE(*there != std::this_thread::get_id());
    co_await sockets();
    there = co_await offload(pool, [] { return std::this_thread::get_id(); });
    REQUIRE(*there != std::this_thread::get_id());
}

task<> count_up(sender<int> out) {
    for (int i = 1; i <= 1000; ++i)
        if (!co_await out.send(i)) co_return;
}

task<> add_up(receiver<int> in, std::promise<int>& sum) {
    int total = 0;
    while (auto n = co_await in.receive()) total += *n;
    sum.set_value(total);
}

task<> ask_for_a_queue() {
    (void)rpc::queue();
    co_return;
}

}  // namespace

TEST_CASE("timers go off on a completion queue, in order and not early", "[rpc]") { rpc::run(timers()); }

TEST_CASE("timers go off beside Asio, too", "[rpc]") { rpc::run(timers_beside_io()); }

TEST_CASE("sockets and timers of Asio work on a completion queue", "[rpc]") { rpc::run(sockets()); }

TEST_CASE("other threads wake a shard that waits in its completion queue", "[rpc]") {
    rpc::run(work_elsewhere());
}

TEST_CASE("shards on completion queues talk with each other", "[rpc]") {
    runtime::options o;
    o.shards = 2;
    o.make_driver = [] { return std::make_unique<rpc::queue_driver>(); };
    runtime both(std::move(o));
    cross_channel<int> numbers(both.at(0), both.at(1), 8);
    std::promise<int> sum;
    both.place(0, [out = numbers.sender()]() mutable { return count_up(std::move(out)); });
    both.place(1, [in = numbers.receiver(), &sum]() mutable { return add_up(std::move(in), sum); });
    REQUIRE(sum.get_future().get() == 500'500);
    both.stop(5s);
}

TEST_CASE("a shard without a completion queue says how to get one", "[rpc]") {
    REQUIRE_THROWS_WITH(rtai::run(ask_for_a_queue()), Catch::Contains("rtai::rpc::run"));
    rpc::run(ask_for_a_queue());
}
