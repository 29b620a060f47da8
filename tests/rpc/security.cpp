#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <rtai/core/io.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/rpc/channel_pool.hpp>
#include <rtai/rpc/client.hpp>
#include <string>
#include <thread>

#include "rpc/echo.hpp"

using namespace rtai;
using namespace rtai::test;

namespace {

/// An authority, and certificates for a server and a client, made for this run.
class certificates {
public:
    certificates() {
        authority("ca", "/CN=rtai test authority");
        authority("other", "/CN=somebody else");
        signed_by("ca", "server", "/CN=server", "subjectAltName=DNS:voice.test,IP:127.0.0.1");
        signed_by("ca", "client", "/CN=ann", "subjectAltName=DNS:ann.test");
        signed_by("other", "stranger", "/CN=eve", "subjectAltName=DNS:eve.test");
    }
    certificates(const certificates&) = delete;
    certificates& operator=(const certificates&) = delete;
    ~certificates() { std::filesystem::remove_all(where_); }

    std::string file(const std::string& name) const { return where_ / name; }

private:
    void run(const std::string& arguments) const {
        const std::string command = "cd '" + where_.string() + "' && openssl " + arguments + " 2>/dev/null";
        REQUIRE(std::system(command.c_str()) == 0);  // NOLINT(cert-env33-c)
    }
    void authority(const std::string& name, const std::string& subject) const {
        run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '" + subject +
            "' -keyout " + name + ".key -out " + name + ".pem");
    }
    void signed_by(const std::string& by, const std::string& name, const std::string& subject,
                   const std::string& extension) const {
        run("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '" + subject + "' -addext '" +
            extension + "' -keyout " + name + ".key -out " + name + ".csr");
        run("x509 -req -in " + name + ".csr -CA " + by + ".pem -CAkey " + by +
            ".key -CAcreateserial -days 2 -copy_extensions copy -out " + name + ".pem");
    }

    static std::filesystem::path fresh() {
        std::string name = (std::filesystem::temp_directory_path() / "rtai_rpc_XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
        return name;
    }

    std::filesystem::path where_ = fresh();
};

rpc::server_options secured(const certificates& c) {
    auto o = echo_server::local();
    o.tls.certificate = c.file("server.pem");
    o.tls.key = c.file("server.key");
    return o;
}

rpc::channel_options trusting(const certificates& c, const echo_server& s) {
    rpc::channel_options o;
    o.address = s.where();
    o.tls.use = true;
    o.tls.authority = c.file("ca.pem");
    return o;
}

task<> say_once(Echo::Stub& stub, result<Word>& said) {
    said = co_await rpc::ask(stub, &Echo::Stub::PrepareAsyncSay, word("hello"));
}

result<Word> said_to(const rpc::channel_options& o) {
    rpc::channel_pool pool(o);
    auto stub = pool.stub<Echo>();
    result<Word> said = error(std::errc::io_error);
    rpc::run(say_once(*stub, said));
    return said;
}

/// Passes bytes on, and counts them.
class relay {
public:
    explicit relay(int to) : acceptor_(io_context(), {asio::ip::address_v4::loopback(), 0}), to_(to) {}

    int port() const { return acceptor_.local_endpoint().port(); }

    task<> run() {
        auto here = co_await acceptor_.async_accept(io);
        asio::ip::tcp::socket there(io_context());
        auto connected = co_await there.async_connect(
            {asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(to_)}, io);
        if (!connected.ok()) co_return;
        co_await join(pass(*here, there, up), pass(there, *here, down));
    }

    std::size_t up = 0;
    std::size_t down = 0;

private:
    static task<> pass(asio::ip::tcp::socket& from, asio::ip::tcp::socket& into, std::size_t& count) {
        std::string bytes(65536, '\0');
        for (;;) {
            auto got = co_await from.async_read_some(asio::buffer(bytes), io);
            if (!got.ok()) co_return;
            count += *got;
            auto sent = co_await asio::async_write(into, asio::buffer(bytes, *got), io);
            if (!sent.ok()) co_return;
        }
    }

    asio::ip::tcp::acceptor acceptor_;
    int to_;
};

task<> say_through(int port, bool gzip, std::size_t& up, std::size_t& down) {
    relay between(port);
    rpc::channel_options o;
    o.address = "127.0.0.1:" + std::to_string(between.port());
    o.gzip = gzip;
    rpc::channel_pool pool(o);
    auto stub = pool.stub<Echo>();
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(between.run());
        Word big;
        big.set_data(std::string(1 << 20, 'x'));
        auto said = co_await rpc::ask(*stub, &Echo::Stub::PrepareAsyncSay, big);
        REQUIRE(said.value().data() == big.data());
        auto talk = co_await rpc::open(*stub, &Echo::Stub::PrepareAsyncTalk);
        const bool written = co_await talk->write(big);
        REQUIRE(written);
        auto back = co_await talk->read();
        REQUIRE(back.value().data() == big.data());
        auto end = co_await talk->finish();
        REQUIRE(end.ok());
        s.cancel();
    });
    up = between.up;
    down = between.down;
}

}  // namespace

TEST_CASE("calls go over TLS, to a server whose certificate is good", "[rpc]") {
    const certificates c;
    echo_server up(secured(c));
    REQUIRE(said_to(trusting(c, up)).ok());

    auto named = trusting(c, up);
    named.tls.name = "voice.test";
    REQUIRE(said_to(named).ok());
    named.tls.name = "somebody.else";
    REQUIRE(rpc::code_of(said_to(named).error()) == grpc::UNAVAILABLE);

    auto distrusting = trusting(c, up);
    distrusting.tls.authority = c.file("other.pem");
    REQUIRE(rpc::code_of(said_to(distrusting).error()) == grpc::UNAVAILABLE);

    auto plain = trusting(c, up);
    plain.tls.use = false;
    REQUIRE(rpc::code_of(said_to(plain).error()) == grpc::UNAVAILABLE);
    REQUIRE(said_to(trusting(c, up)).ok());
}

TEST_CASE("a server asks its clients for certificates, and knows them by name", "[rpc]") {
    const certificates c;
    std::mutex mutex;
    std::string name;
    auto o = secured(c);
    o.tls.client_authority = c.file("ca.pem");
    o.admit = [&](const rpc::call& seen) {
        const std::lock_guard lock(mutex);
        name = seen.certificate_name();
        return grpc::Status::OK;
    };
    echo_server up(std::move(o));
    auto shown = trusting(c, up);
    REQUIRE(rpc::code_of(said_to(shown).error()) == grpc::UNAVAILABLE);
    shown.tls.certificate = c.file("stranger.pem");
    shown.tls.key = c.file("stranger.key");
    REQUIRE(rpc::code_of(said_to(shown).error()) == grpc::UNAVAILABLE);
    REQUIRE(name.empty());
    shown.tls.certificate = c.file("client.pem");
    shown.tls.key = c.file("client.key");
    REQUIRE(said_to(shown).ok());
    REQUIRE(name == "ann.test");
}

TEST_CASE("files for TLS that can not be used are named", "[rpc]") {
    const certificates c;
    auto o = secured(c);
    o.tls.key = c.file("nothing.key");
    rpc::server server(o);
    REQUIRE_THAT(server.start().error().message(), Catch::Contains("nothing.key"));

    rpc::channel_options client;
    client.address = "127.0.0.1:1";
    client.tls.use = true;
    client.tls.authority = c.file("ca.csr.no");
    REQUIRE_THROWS_WITH(rpc::channel_pool(client), Catch::Contains("ca.csr.no"));
    o = secured(c);
    o.tls.certificate = c.file("ca.srl");
    rpc::server other(o);
    REQUIRE_THAT(other.start().error().message(), Catch::Contains("not in PEM"));
}

TEST_CASE("messages are compressed by the side that is asked to", "[rpc]") {
    const bool at_client = GENERATE(false, true);
    const bool at_server = GENERATE(false, true);
    auto o = echo_server::local();
    o.gzip = at_server;
    echo_server server(std::move(o));
    std::size_t up = 0;
    std::size_t down = 0;
    rpc::run(say_through(server.server.port(), at_client, up, down));
    REQUIRE((up < 100'000) == at_client);
    REQUIRE((down < 100'000) == at_server);
}
