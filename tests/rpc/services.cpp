#include <catch2/catch.hpp>
#include <chrono>
#include <google/protobuf/descriptor.pb.h>
#include <map>
#include <rtai/rpc/channel_pool.hpp>
#include <rtai/rpc/client.hpp>
#include <rtai/rpc/detail/wire.hpp>
#include <set>
#include <string>
#include <thread>

#include "rpc/echo.hpp"
#include "rpc/raw.hpp"

using namespace rtai;
using namespace rtai::test;
using rpc::detail::buffer_of;
using rpc::detail::text_of;
using rpc::detail::wire_reader;
using rpc::detail::wire_writer;
using namespace std::chrono_literals;

namespace {

grpc::ByteBuffer about(const std::string& service) {
    wire_writer w;
    if (!service.empty()) w.bytes(1, service);
    return buffer_of(w.message());
}

rpc::serving state_in(const grpc::ByteBuffer& answer) {
    const std::string text = text_of(answer);
    wire_reader fields(text);
    rpc::serving state{};
    while (auto f = fields.next()) state = static_cast<rpc::serving>(f->value);
    REQUIRE(fields.good());
    return state;
}

task<> checks(rpc::server& server, raw_stub& stub) {
    for (const char* name : {"", "rtai.test.Echo"}) {
        auto well = co_await rpc::ask(stub, &raw_stub::ask, about(name));
        REQUIRE(state_in(well.value()) == rpc::serving::yes);
    }
    auto unknown = co_await rpc::ask(stub, &raw_stub::ask, about("nobody"));
    REQUIRE(rpc::code_of(unknown.error()) == grpc::NOT_FOUND);
    auto broken = co_await rpc::ask(stub, &raw_stub::ask, buffer_of("\xff\xff"));
    REQUIRE(rpc::code_of(broken.error()) == grpc::INVALID_ARGUMENT);
    server.set_health("rtai.test.Echo", rpc::serving::no);
    auto ill = co_await rpc::ask(stub, &raw_stub::ask, about("rtai.test.Echo"));
    REQUIRE(state_in(ill.value()) == rpc::serving::no);
}

using watcher = rpc::call_handle<rpc::client_reader<grpc::ByteBuffer>>;

/// Watching streams one way; on the wire that is a talk in which one side says one thing.
task<> watches(rpc::server& server, raw_stub& stub, std::thread& stopping) {
    auto watch = co_await rpc::open(stub, &raw_stub::talk);
    const auto asked = about("rtai.test.Echo");
    const bool written = co_await watch->write(asked);
    REQUIRE(written);
    co_await watch->done_writing();
    for (const auto state : {rpc::serving::yes, rpc::serving::no, rpc::serving::yes}) {
        server.set_health("rtai.test.Echo", state);
        auto told = co_await watch->read();
        REQUIRE(state_in(told.value()) == state);
    }
    stopping = std::thread([&server] { server.stop(10s); });
    auto last = co_await watch->read();
    REQUIRE(state_in(last.value()) == rpc::serving::no);
    auto end = co_await watch->finish();
    REQUIRE(rpc::code_of(end.error()) == grpc::UNAVAILABLE);
}

/// The answer's fields, by number.
task<std::map<std::uint32_t, std::string>> reflected(raw_stub& stub, std::uint32_t question,
                                                     std::string what) {
    wire_writer w;
    w.bytes(1, "a host");
    w.bytes(question, what);
    auto talk = co_await rpc::open(stub, &raw_stub::talk);
    const auto asked = buffer_of(w.message());
    const bool written = co_await talk->write(asked);
    REQUIRE(written);
    auto back = co_await talk->read();
    const std::string text = text_of(back.value());
    auto end = co_await talk->finish();
    REQUIRE(end.ok());
    std::map<std::uint32_t, std::string> fields;
    wire_reader all(text);
    while (auto f = all.next()) fields[f->number] = std::string(f->bytes);
    REQUIRE(all.good());
    REQUIRE(fields[1] == "a host");
    REQUIRE(fields[2] == w.message());
    co_return fields;
}

std::set<std::string> strings(const std::string& message) {
    std::set<std::string> all;
    wire_reader fields(message);
    while (auto f = fields.next()) all.emplace(f->bytes);
    return all;
}

task<> reflects(raw_stub& stub) {
    auto listed = co_await reflected(stub, 7, "");
    std::set<std::string> names;
    for (const auto& service : strings(listed[6])) names.merge(strings(service));
    REQUIRE(names == std::set<std::string>{"rtai.test.Echo", "grpc.health.v1.Health",
                                           "grpc.reflection.v1.ServerReflection",
                                           "grpc.reflection.v1alpha.ServerReflection"});
    auto file = co_await reflected(stub, 4, "rtai.test.Echo");
    const auto protos = strings(file[4]);
    REQUIRE(protos.size() == 1);
    google::protobuf::FileDescriptorProto proto;
    REQUIRE(proto.ParseFromString(*protos.begin()));
    REQUIRE(proto.service(0).name() == "Echo");
    auto same = co_await reflected(stub, 3, proto.name());
    REQUIRE(same[4] == file[4]);
    for (const std::uint32_t question : {3U, 4U, 5U, 6U}) {
        auto unknown = co_await reflected(stub, question, question == 5 ? "" : "no.such.thing");
        REQUIRE_FALSE(unknown[7].empty());
    }
    auto strange = co_await reflected(stub, 9, "");
    REQUIRE_FALSE(strange[7].empty());
}

std::shared_ptr<grpc::Channel> channel_to(const echo_server& s) {
    return grpc::CreateChannel(s.where(), grpc::InsecureChannelCredentials());
}

}  // namespace

TEST_CASE("a server says whether it and its services are well", "[rpc]") {
    auto o = echo_server::local();
    o.admit = [](rpc::call&) { return grpc::Status(grpc::UNAUTHENTICATED, "health needs no key"); };
    echo_server up(std::move(o));
    raw_stub stub(channel_to(up), "/grpc.health.v1.Health/Check");
    rpc::run(checks(up.server, stub));
}

TEST_CASE("who watches a service's health is told of each change, and of the end", "[rpc]") {
    auto o = echo_server::local();
    o.shards = 2;
    echo_server up(std::move(o));
    raw_stub stub(channel_to(up), "/grpc.health.v1.Health/Watch");
    std::thread stopping;
    rpc::run(watches(up.server, stub, stopping));
    stopping.join();
}

TEST_CASE("a server tells which services and messages it has", "[rpc]") {
    echo_server up;
    for (const char* of_version : {"v1", "v1alpha"}) {
        raw_stub stub(channel_to(up), "/grpc.reflection." + std::string(of_version) +
                                          ".ServerReflection/ServerReflectionInfo");
        rpc::run(reflects(stub));
    }
}

TEST_CASE("a broken message is taken apart up to where it breaks", "[rpc]") {
    wire_writer w;
    w.number(1, 300);
    w.bytes(2, "hello");
    w.number(536'870'911, ~std::uint64_t{0});
    const std::string whole = w.message();
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        wire_reader fields(std::string_view(whole).substr(0, size));
        int count = 0;
        while (auto f = fields.next()) {
            ++count;
            if (f->number == 1) REQUIRE(f->value == 300);
            if (f->number == 2) REQUIRE(f->bytes == "hello");
            if (f->number > 2) REQUIRE(f->value == ~std::uint64_t{0});
        }
        const bool at_border = size == 0 || size == 3 || size == 10 || size == whole.size();
        REQUIRE(fields.good() == at_border);
        REQUIRE(count == (size < 3 ? 0 : size < 10 ? 1 : size < whole.size() ? 2 : 3));
    }
    for (const char* bad :
         {"\x0b", "\x0e", "\x01\x80", "\x12\x7f", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"}) {
        wire_reader fields(bad);
        while (fields.next()) {
        }
        REQUIRE_FALSE(fields.good());
    }
}
