#include <array>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/read.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <rtai/core/io.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/core/timer.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using asio::ip::tcp;
using test::counted;

namespace {

tcp::acceptor listen_on_loopback() {
    return tcp::acceptor(io_context(), tcp::endpoint(asio::ip::address_v4::loopback(), 0));
}

struct connected {
    connected(tcp::socket a, tcp::socket b) noexcept : near(std::move(a)), far(std::move(b)) {}
    tcp::socket near;
    tcp::socket far;
};

task<tcp::socket> accept(tcp::acceptor& from) {
    auto accepted = co_await from.async_accept(io);
    co_return std::move(*accepted);
}

task<tcp::socket> connect(tcp::endpoint to) {
    tcp::socket socket(io_context());
    auto done = co_await socket.async_connect(to, io);
    done.value();
    co_return socket;
}

task<connected> make_pair_of_sockets() {
    auto acceptor = listen_on_loopback();
    auto [near, far] = co_await join(connect(acceptor.local_endpoint()), accept(acceptor));
    co_return connected(std::move(near), std::move(far));
}

task<> echo(tcp::socket& socket) {
    std::array<char, 64> bytes{};
    for (;;) {
        auto count = co_await socket.async_read_some(asio::buffer(bytes), io);
        if (!count) break;
        auto written = co_await asio::async_write(socket, asio::buffer(bytes.data(), *count), io);
        if (!written) break;
    }
    std::error_code ignored;
    socket.shutdown(tcp::socket::shutdown_send, ignored);
}

/// An operation that the test completes when it likes.
template <class Signature>
struct manual {
    std::function<Signature> complete;
    bool begun = false;

    auto begin() {
        return asio::async_initiate<const io_token&, Signature>(
            [this](auto handler) {
                begun = true;
                complete = std::move(handler);
            },
            io);
    }
};

/// One that completes at once.
template <class... Args>
auto done_at_once(Args... args) {
    return asio::async_initiate<const io_token&, void(Args...)>(
        [](auto handler, Args... a) { std::move(handler)(std::move(a)...); }, io, std::move(args)...);
}

/// One that ends only when it is cancelled, and then inside of that.
auto until_cancelled(int& cancelled) {
    return asio::async_initiate<const io_token&, void(std::error_code)>(
        [&cancelled](auto handler) {
            auto slot = handler.get_cancellation_slot();
            slot.assign([&cancelled, handler](asio::cancellation_type) mutable {
                ++cancelled;
                handler(std::make_error_code(std::errc::operation_canceled));
            });
        },
        io);
}

}  // namespace

// --- Over the loopback ---------------------------------------------------------------------------------

TEST_CASE("what goes over a socket comes back from an echo", "[io]") {
    auto talk = []() -> task<std::string> {
        auto sockets = co_await make_pair_of_sockets();
        auto speak = [](tcp::socket& socket) -> task<std::string> {
            const std::string text(10'000, 'x');
            std::string heard(text.size(), ' ');
            auto [written, read] = co_await join(asio::async_write(socket, asio::buffer(text), io),
                                                 asio::async_read(socket, asio::buffer(heard), io));
            socket.shutdown(tcp::socket::shutdown_send);
            char more = 0;
            auto end = co_await asio::async_read(socket, asio::buffer(&more, 1), io);
            if (!written.ok() || !read.ok() || end.ok() || end.error().code != asio::error::eof) co_return "";
            co_return heard;
        };
        auto [heard, nothing] = co_await join(speak(sockets.near), echo(sockets.far));
        co_return heard;
    };
    REQUIRE(run(talk()) == std::string(10'000, 'x'));
}

TEST_CASE("an operation that fails gives its error as a result", "[io]") {
    auto try_to_connect = []() -> task<std::error_code> {
        tcp::endpoint nobody;
        {
            auto acceptor = listen_on_loopback();
            nobody = acceptor.local_endpoint();
        }
        tcp::socket socket(io_context());
        result<> done = co_await socket.async_connect(nobody, io);
        co_return done.ok() ? std::error_code() : done.error().code;
    };
    REQUIRE(run(try_to_connect()) == std::errc::connection_refused);
}

TEST_CASE("a read that is given up lets go of its socket, which can be read again", "[io]") {
    auto give_up = []() -> task<std::string> {
        auto sockets = co_await make_pair_of_sockets();
        std::array<char, 16> bytes{};
        auto read = [](tcp::socket& socket, std::array<char, 16>& into) -> task<std::size_t> {
            auto count = co_await socket.async_read_some(asio::buffer(into), io);
            co_return count.ok() ? *count : 0;
        };
        for (int i = 0; i < 3; ++i) {
            auto late = co_await with_timeout(1ms, read(sockets.near, bytes));
            if (late.ok()) co_return "read what nobody wrote";
        }
        auto written = co_await asio::async_write(sockets.far, asio::buffer("hello", 5), io);
        if (!written) co_return "not written";
        const std::size_t count = co_await read(sockets.near, bytes);
        co_return std::string(bytes.data(), count);
    };
    REQUIRE(run(give_up()) == "hello");
}

TEST_CASE("many reads are cancelled at once", "[io]") {
    auto cancel_all = []() -> task<std::size_t> {
        auto sockets = co_await make_pair_of_sockets();
        auto acceptor = listen_on_loopback();
        auto never_accept = [](tcp::acceptor& from) -> task<> { (void)co_await from.async_accept(io); };
        std::size_t left = 1;
        co_await with_scope([&](scope& s) -> task<> {
            s.spawn(echo(sockets.near));
            s.spawn(echo(sockets.far));
            s.spawn(never_accept(acceptor));
            s.spawn(never_accept(acceptor));
            co_await sleep_for(1ms);
            s.cancel();
            co_await s.join();
            left = s.size();
        });
        co_return left;
    };
    const auto frames = live_coroutines;
    REQUIRE(run(cancel_all()) == 0);
    REQUIRE(live_coroutines == frames);
}

TEST_CASE("Asio's timers and posts are awaited like all else", "[io]") {
    auto wait = []() -> task<bool> {
        asio::steady_timer timer(io_context(), 1ms);
        result<> done = co_await timer.async_wait(io);
        co_await asio::post(io_context(), io);
        timer.expires_after(1h);
        auto waiting = [](asio::steady_timer& t) -> task<> { (void)co_await t.async_wait(io); };
        auto late = co_await with_timeout(1ms, waiting(timer));
        co_return done.ok() && !late.ok();
    };
    REQUIRE(run(wait()));
}

TEST_CASE("a read that fails half-way tells how far it came, if asked for all", "[io]") {
    auto read_too_much = []() -> task<std::size_t> {
        auto sockets = co_await make_pair_of_sockets();
        (void)co_await asio::async_write(sockets.far, asio::buffer("hello", 5), io);
        sockets.far.close();
        std::array<char, 16> bytes{};
        auto [error, count] = co_await asio::async_read(sockets.near, asio::buffer(bytes), io_raw);
        co_return error == asio::error::eof ? count : 0;
    };
    REQUIRE(run(read_too_much()) == 5);
}

// --- Completion ----------------------------------------------------------------------------------------

TEST_CASE("an operation that completes at once does not suspend", "[io]") {
    auto check = []() -> task<> {
        const auto steps = this_shard().steps();
        const int number = co_await done_at_once(7);
        REQUIRE(number == 7);
        co_await done_at_once();
        REQUIRE(this_shard().steps() == steps);
    };
    run(check());
}

TEST_CASE("a million operations that complete at once keep the stack flat", "[io]") {
    auto many = []() -> task<int> {
        int sum = 0;
        for (int i = 0; i < 1'000'000; ++i) sum += co_await done_at_once(1);
        co_return sum;
    };
    REQUIRE(run(many()) == 1'000'000);
}

TEST_CASE("an operation's values come as what its signature says", "[io]") {
    auto check = []() -> task<> {
        auto two = co_await done_at_once(7, std::string("seven"));
        STATIC_REQUIRE(std::is_same_v<decltype(two), std::tuple<int, std::string>>);
        REQUIRE(std::get<1>(two) == "seven");

        auto fine = co_await done_at_once(std::error_code());
        STATIC_REQUIRE(std::is_same_v<decltype(fine), result<>>);
        REQUIRE(fine.ok());

        auto number = co_await done_at_once(std::error_code(), 7);
        STATIC_REQUIRE(std::is_same_v<decltype(number), result<int>>);
        REQUIRE(*number == 7);

        auto several = co_await done_at_once(std::error_code(), 7, 8);
        STATIC_REQUIRE(std::is_same_v<decltype(several), result<std::tuple<int, int>>>);
        REQUIRE(std::get<1>(*several) == 8);

        auto failed = co_await done_at_once(std::make_error_code(std::errc::io_error), 7);
        REQUIRE(failed.error().code == std::errc::io_error);

        auto held = co_await done_at_once(std::error_code(), std::make_unique<counted>(9));
        REQUIRE((*held)->value == 9);
    };
    const test::balance before;
    run(check());
    before.check();
}

TEST_CASE("an operation's exception is thrown where it is awaited", "[io]") {
    auto check = []() -> task<> {
        const int number = co_await done_at_once(std::exception_ptr(), 7);
        REQUIRE(number == 7);
        co_await done_at_once(std::exception_ptr());
        auto failure = std::make_exception_ptr(std::runtime_error("failed as planned"));
        (void)co_await done_at_once(failure, 7);
    };
    REQUIRE_THROWS_WITH(run(check()), "failed as planned");
}

TEST_CASE("an operation that completes later lets others run until then", "[io]") {
    auto await_it = []() -> task<int> {
        manual<void(int)> operation;
        auto complete = [](manual<void(int)>& op) -> task<> {
            while (!op.begun) co_await yield();
            op.complete(7);
        };
        auto [number, nothing] = co_await join(operation.begin(), complete(operation));
        co_return number;
    };
    const test::balance before;
    REQUIRE(run(await_it()) == 7);
    before.check();
}

TEST_CASE("an operation that completes while it is being cancelled", "[io]") {
    auto cancel = []() -> task<int> {
        int cancelled = 0;
        auto wait = [](int& c) -> task<> {
            const counted alive(1);
            (void)co_await until_cancelled(c);
        };
        auto first = co_await race(sleep_for(1ms), wait(cancelled));
        REQUIRE(first.index() == 0);
        co_return cancelled;
    };
    const test::balance before;
    REQUIRE(run(cancel()) == 1);
    before.check();
}

TEST_CASE("an operation that takes its time to be cancelled is waited for", "[io]") {
    auto await_it = []() -> task<bool> {
        manual<void(int)> operation;
        bool waited = false;
        co_await with_scope([&](scope& outer) -> task<> {
            auto complete_later = [](manual<void(int)>& op, bool& w) -> task<> {
                co_await sleep_for(5ms);
                w = true;
                op.complete(7);
            };
            auto wait = [](manual<void(int)>& op) -> task<> { (void)co_await op.begin(); };
            outer.spawn(complete_later(operation, waited));
            auto first = co_await race(sleep_for(1ms), wait(operation));
            REQUIRE(first.index() == 0);
            REQUIRE(waited);
        });
        co_return waited;
    };
    const test::balance before;
    REQUIRE(run(await_it()));
    before.check();
}

TEST_CASE("on a simulated shard there is no Asio context, and asking for it says what to use", "[io]") {
    auto ask = []() -> task<> {
        (void)io_context();
        co_return;
    };
    auto operate = []() -> task<> { co_await done_at_once(); };
    REQUIRE_THROWS_WITH(sim::run(ask()), Catch::Contains("rtai/core/sim_link.hpp"));
    REQUIRE_THROWS_WITH(sim::run(operate()), Catch::Contains("rtai/core/sim_link.hpp"));
}
