#pragma once

#include <grpcpp/create_channel.h>

#include <memory>
#include <rtai/rpc/server.hpp>
#include <string>
#include <utility>

#include "tests/rpc/echo.grpc.pb.h"

namespace rtai::test {

inline Word word(std::string text) {
    Word w;
    w.set_text(std::move(text));
    return w;
}

inline task<result<Word>> say(rpc::call&, Word in) {
    if (in.text() == "nobody") co_return rpc::failure(grpc::NOT_FOUND, "there is no 'nobody'");
    if (in.text() == "throw") throw std::runtime_error("the password is 1234");
    if (in.text() == "wait") co_await sleep_for(std::chrono::hours(1));
    in.set_number(in.number() + 1);
    co_return in;
}

inline task<result<>> spell(rpc::call&, Word in, rpc::writer<Word>& out) {
    for (const char c : in.text()) {
        const Word letter = word(std::string(1, c));
        if (!co_await out.write(letter)) break;
    }
    if (in.number() != 0) co_return rpc::failure(grpc::ABORTED, "as was asked");
    co_return result<>();
}

inline task<result<Word>> gather(rpc::call&, rpc::reader<Word>& in) {
    Word all;
    while (auto w = co_await in.read()) {
        if (w->text() == "enough") co_return rpc::failure(grpc::OUT_OF_RANGE, "enough");
        all.set_text(all.text() + w->text());
        all.set_number(all.number() + 1);
    }
    co_return all;
}

inline task<result<>> talk(rpc::call&, rpc::stream<Word, Word>& s) {
    while (auto w = co_await s.read()) {
        if (w->text() == "throw") throw std::runtime_error("the password is 1234");
        if (w->text() == "bye") co_return rpc::failure(grpc::ABORTED, "good bye");
        if (!co_await s.write(*w)) break;
    }
    co_return result<>();
}

/// A server on this machine, on any port, with handlers that echo.
class echo_server {
public:
    static rpc::server_options local() {
        rpc::server_options o;
        o.address = "127.0.0.1";
        o.port = 0;
        o.shards = 1;
        o.on_failure = nullptr;
        return o;
    }

    explicit echo_server(rpc::server_options o = local()) : server(std::move(o)) {
        using async = Echo::AsyncService;
        server.add<Echo>()
            .on(&async::RequestSay, say)
            .on(&async::RequestSpell, spell)
            .on(&async::RequestGather, gather)
            .on(&async::RequestTalk, talk);
        server.start().value();
    }

    std::string where() const { return "127.0.0.1:" + std::to_string(server.port()); }
    std::unique_ptr<Echo::Stub> stub() const {
        return Echo::NewStub(grpc::CreateChannel(where(), grpc::InsecureChannelCredentials()));
    }

    rpc::server server;
};

}  // namespace rtai::test
