#include <malloc.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/net/connect.hpp>
#include <rtai/net/tcp.hpp>
#include <rtai/net/tls.hpp>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "net/certificates.hpp"
#include "net/streams.hpp"
#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;
using test::read_all;
using test::read_once;
using test::say;

namespace {

const test::certificate_files& root() {
    static const auto made = test::authority();
    return made;
}

std::shared_ptr<net::tls_server> server(const std::string& name = "server", bool mutual = false) {
    const auto files = test::signed_by(root(), name);
    net::tls_server_options o(files.certificate, files.key);
    if (mutual) o.client_authority = root().certificate;
    return std::move(net::tls_server::make(std::move(o))).value();
}

std::shared_ptr<net::tls_client> client(const test::certificate_files* own = nullptr,
                                        const test::certificate_files& trusted = root()) {
    net::tls_client_options o;
    o.authority = trusted.certificate;
    if (own != nullptr) {
        o.certificate = own->certificate;
        o.key = own->key;
    }
    return std::move(net::tls_client::make(std::move(o))).value();
}

struct outcome {
    result<net::stream> server = error(std::errc::operation_canceled);
    result<net::stream> client = error(std::errc::operation_canceled);
};

/// Both sides, over a simulated link.
task<outcome> shaken(std::shared_ptr<net::tls_server> s, std::shared_ptr<net::tls_client> c,
                     std::string host = "voice.test") {
    test::simulated_pair p;
    auto [a, b] = co_await join(s->accept(std::move(p.server)), c->connect(std::move(p.client), host));
    outcome o;
    o.server = std::move(a);
    o.client = std::move(b);
    co_return o;
}

std::string why(const result<net::stream>& r) { return r ? "nothing" : r.error().message(); }

}  // namespace

CO_TEST("what is said over TLS arrives, both ways at once, in any sizes", "[net][tls]") {
    auto o = co_await shaken(server(), client());
    REQUIRE(why(o.server) == "nothing");
    REQUIRE(why(o.client) == "nothing");
    REQUIRE(o.client->secure());
    REQUIRE(o.client->peer() == "server");
    const std::string much(100'000, 'm'), little = "l";
    auto [said, heard, answered, got] =
        co_await join(test::say_and_finish(*o.client, much), read_all(*o.client),
                      test::say_and_finish(*o.server, little), read_all(*o.server));
    REQUIRE(said.ok());
    REQUIRE(answered.ok());
    REQUIRE(heard == little);
    REQUIRE(got == much);
}

CO_TEST("a stream that ends without saying so is not a good end", "[net][tls]") {
    auto o = co_await shaken(server(), client());
    auto said = co_await say(*o.client, "half a");
    REQUIRE(said.ok());
    auto half = co_await read_once(*o.server);
    REQUIRE(half == "half a");
    o.client->close();
    auto rest = co_await read_all(*o.server);
    REQUIRE_FALSE(rest.empty());
}

CO_TEST("a handshake that does not come is given up", "[net][tls]") {
    test::simulated_pair p;
    auto s = server();
    auto none = co_await s->accept(std::move(p.server));
    REQUIRE(why(none) == "TLS with client: no handshake within 10000 ms: Connection timed out");
}

CO_TEST("what is no TLS is told so", "[net][tls]") {
    test::simulated_pair p;
    auto s = server();
    auto [none, said] =
        co_await join(s->accept(std::move(p.server)), say(p.client, "GET / HTTP/1.1\r\n\r\n"));
    REQUIRE(why(none).starts_with("TLS with client: http request"));
}

CO_TEST("a client that hangs up in the handshake is an error", "[net][tls]") {
    test::simulated_pair p;
    auto s = server();
    auto [none, done] = co_await join(s->accept(std::move(p.server)), p.client.finish());
    REQUIRE(why(none).starts_with("TLS with client: it hung up during the handshake"));
}

CO_TEST("a server whose name or signer is not the right one is not believed", "[net][tls]") {
    auto other_name = co_await shaken(server(), client(), "bank.test");
    REQUIRE(why(other_name.client).find("certificate verify failed (hostname mismatch)") !=
            std::string::npos);
    REQUIRE_FALSE(other_name.server.ok());
    auto other_number = co_await shaken(server(), client(), "127.0.0.2");
    REQUIRE(why(other_number.client).find("(IP address mismatch)") != std::string::npos);
    auto number = co_await shaken(server(), client(), "127.0.0.1");
    REQUIRE(number.client.ok());
    static const auto stranger = test::authority("stranger");
    auto other_signer = co_await shaken(server(), client(nullptr, stranger));
    REQUIRE(why(other_signer.client).find("certificate verify failed") != std::string::npos);
}

CO_TEST("mutual TLS wants a certificate that its authority signed", "[net][tls]") {
    static const auto guest = test::signed_by(root(), "guest");
    auto known = co_await shaken(server("server", true), client(&guest));
    REQUIRE(why(known.server) == "nothing");
    REQUIRE(why(known.client) == "nothing");
    auto unknown = co_await shaken(server("server", true), client());
    REQUIRE(why(unknown.server).find("peer did not return a certificate") != std::string::npos);
    static const auto others = test::authority("others");
    static const auto forged = test::signed_by(others, "forged");
    auto stranger = co_await shaken(server("server", true), client(&forged));
    REQUIRE(why(stranger.server).find("certificate verify failed") != std::string::npos);
}

TEST_CASE("errors about files of TLS say which file and why", "[net][tls]") {
    const auto files = test::signed_by(root(), "server");
    const auto other = test::signed_by(root(), "other");
    const auto words = [](const net::tls_server_options& o) {
        const auto made = net::tls_server::make(o);
        return made ? "nothing" : made.error().text;
    };
    const auto junk = test::temporary("junk.pem");
    test::write_file(junk, "no certificate");
    REQUIRE(words({files.certificate, files.key}) == "nothing");
    REQUIRE(words({"/nowhere.pem", files.key}) ==
            "TLS: the certificate '/nowhere.pem': there is no such file");
    REQUIRE(words({files.certificate, "/tmp"}) == "TLS: the key '/tmp': that is a directory");
    REQUIRE(words({junk, files.key})
                .starts_with("TLS: the certificate '" + junk.string() + "': is no certificate in PEM ("));
    REQUIRE(words({files.certificate, junk})
                .starts_with("TLS: the key '" + junk.string() + "': is no private key in PEM"));
    REQUIRE(words({files.certificate, other.key}) == "TLS: the key '" + other.key.string() +
                                                         "': is not that of the certificate '" +
                                                         files.certificate.string() + "'");
    REQUIRE(words({files.certificate, files.key, junk}).starts_with("TLS: the authority '"));
}

TEST_CASE("a certificate is replaced while the server runs", "[net][tls]") {
    const auto first = test::signed_by(root(), "first", "DNS:first.test");
    const auto second = test::signed_by(root(), "second", "DNS:second.test");
    const auto certificate = test::temporary("now.pem"), key = test::temporary("now.key");
    const auto use = [&](const test::certificate_files& f) {
        std::filesystem::copy_file(f.certificate, certificate,
                                   std::filesystem::copy_options::overwrite_existing);
        std::filesystem::copy_file(f.key, key, std::filesystem::copy_options::overwrite_existing);
    };
    use(first);
    sim::world w;
    test::current_world = &w;
    auto s = std::move(net::tls_server::make({certificate, key})).value();
    const auto answers_for = [&](const char* host) { return w.run(shaken(s, client(), host)).client.ok(); };
    REQUIRE(answers_for("first.test"));
    use(second);
    REQUIRE(answers_for("first.test"));
    REQUIRE(s->reload().ok());
    REQUIRE(answers_for("second.test"));
    REQUIRE_FALSE(answers_for("first.test"));
    test::write_file(key, "broken");
    REQUIRE_FALSE(s->reload().ok());
    REQUIRE(answers_for("second.test"));
}

TEST_CASE("TLS over TCP speaks with the openssl tool, and not below 1.2", "[net][tls]") {
    run([]() -> task<> {
        auto door = std::move(net::listen({"127.0.0.1", 0})).value();
        const auto log = test::temporary("s_client.log").string();
        const auto dial = [&](const std::string& version) {
            return std::system(("(echo hello; sleep 0.3) | timeout 10 openssl s_client -connect 127.0.0.1:" +
                                std::to_string(door.port()) + " -CAfile " + root().certificate.string() +
                                " -verify_return_error -quiet " + version + " >" + log + " 2>&1 &")
                                   .c_str());
        };
        auto s = server();
        for (const std::string version : {"-tls1_2", "-tls1_3"}) {
            REQUIRE(dial(version) == 0);
            auto came = co_await door.accept();
            auto secret = co_await s->accept(std::move(came).value().open());
            REQUIRE(why(secret) == "nothing");
            auto said = co_await read_once(*secret);
            REQUIRE(said == "hello\n");
        }
        REQUIRE(dial("-tls1_1 -cipher DEFAULT@SECLEVEL=0") == 0);
        auto came = co_await door.accept();
        auto old = co_await s->accept(std::move(came).value().open());
        REQUIRE(why(old).find("unsupported protocol") != std::string::npos);
    }());
}

namespace {

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr int comers = 1000;
#else
constexpr int comers = 10'000;
#endif

/// What would grow if something stayed.
struct holdings {
    std::size_t memory = ::mallinfo2().uordblks;
    std::size_t descriptors = count_descriptors();
    std::int64_t coroutines = live_coroutines;

    static std::size_t count_descriptors() {
        std::size_t n = 0;
        for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++n;
        return n;
    }
};

/// Says what it hears, on connections of which it counts those there are.
class echo_server {
public:
    echo_server() : door_(std::move(net::listen({"127.0.0.1", 0})).value()), tls_(server()) {}

    task<> run(scope& s) {
        for (;;) {
            auto came = co_await door_.accept();
            ++connections_;
            s.spawn(serve(std::move(came).value()));
        }
    }
    std::uint16_t port() const { return door_.port(); }

    task<> until_idle() {
        while (connections_ > 0) co_await sleep_for(1ms);
    }

private:
    task<> serve(net::connection c) {
        co_await talk(std::move(c).open());
        --connections_;
    }
    task<> talk(net::stream plain) {
        auto secret = co_await tls_->accept(std::move(plain));
        if (!secret) co_return;
        std::vector<std::byte> bytes(20'000);
        for (;;) {
            auto got = co_await secret->read_some(bytes);
            if (!got) co_return;
            if (*got == 0) break;
            auto said = co_await secret->write(std::span(bytes).first(*got));
            if (!said) co_return;
        }
        (void)co_await secret->finish();
    }

    net::acceptor door_;
    std::shared_ptr<net::tls_server> tls_;
    int connections_ = 0;
};

/// Clients of each kind there is, one after the other.
class comers_and_goers {
public:
    explicit comers_and_goers(std::uint16_t port)
        : port_(port), believes_(client()), doubts_(client(nullptr, stranger())) {}

    /// Several at once.
    task<> come(int count) {
        left_ = count;
        std::vector<task<>> all;
        for (int i = 0; i < 16; ++i) all.push_back(come_again());
        co_await join(std::move(all));
    }

    int answered = 0;
    int refused = 0;

private:
    static const test::certificate_files& stranger() {
        static const auto made = test::authority("a_stranger");
        return made;
    }

    task<> come_again() {
        while (left_ > 0) {
            const int kind = --left_ % 6;
            auto plain = co_await net::connect("127.0.0.1", port_);
            if (kind == 0) continue;  // without a word
            if (kind == 1) {          // in the middle of the handshake
                const std::string half("\x16\x03\x01\x02\x00\x01\x00", 7);
                (void)co_await say(*plain, half);
                continue;
            }
            const auto& tls = kind == 2 ? doubts_ : believes_;
            auto secret = co_await tls->connect(std::move(*plain), "127.0.0.1");
            if (kind == 2) refused += secret ? 0 : 1;
            else co_await talk(std::move(secret).value(), kind);
        }
    }

    task<> talk(net::stream s, int kind) {
        if (kind == 3) co_return;  // without goodbye
        const std::string words(kind == 4 ? 40'000 : 40, 'w');
        auto said = co_await say(s, words);
        if (kind == 4) co_return;  // while the answer comes
        auto answer = co_await read_once(s);
        (void)co_await s.finish();
        const auto rest = co_await read_all(s);
        if (said && answer == words && rest.empty()) ++answered;
    }

    std::uint16_t port_;
    std::shared_ptr<net::tls_client> believes_, doubts_;
    int left_ = 0;
};

task<> cycle(scope& s, echo_server& e) {
    s.spawn(e.run(s));
    comers_and_goers clients(e.port());
    co_await clients.come(300);
    co_await e.until_idle();
    const holdings before;
    clients.answered = clients.refused = 0;
    co_await clients.come(comers);
    co_await e.until_idle();
    const holdings after;
    s.cancel();
    REQUIRE(clients.answered >= comers / 6);
    REQUIRE(clients.refused >= comers / 6);
    REQUIRE(after.descriptors == before.descriptors);
    REQUIRE(after.coroutines == before.coroutines);
    REQUIRE(after.memory < before.memory + 200'000);
}

}  // namespace

TEST_CASE("TLS connections come and go in all ways there are, and leave nothing behind", "[net][tls][long]") {
    run([]() -> task<> {
        echo_server e;
        co_await with_scope([&e](scope& s) -> task<> { return cycle(s, e); });
    }());
}
