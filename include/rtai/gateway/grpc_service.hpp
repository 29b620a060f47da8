#pragma once

#include <streamingai/v1/streaming_ai.grpc.pb.h>

#include <any>
#include <cstdint>
#include <memory>
#include <optional>
#include <rtai/auth/guard.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/task.hpp>
#include <rtai/gateway/front.hpp>
#include <rtai/gateway/grpc_connection.hpp>
#include <rtai/rpc/server.hpp>
#include <rtai/rpc/status.hpp>
#include <rtai/service/options.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace rtai::gateway {

/// As gRPC says what HTTP says with a status.
inline grpc::StatusCode grpc_code_of(unsigned http_status) noexcept {
    switch (http_status) {
        case 400:
            return grpc::INVALID_ARGUMENT;
        case 401:
            return grpc::UNAUTHENTICATED;
        case 403:
            return grpc::PERMISSION_DENIED;
        case 429:
            return grpc::RESOURCE_EXHAUSTED;
        default:
            return grpc::UNAVAILABLE;
    }
}

/// How a client wants to hear the session that it asks for.
inline result<wire_format> wanted_sound(const proto::CreateSessionRequest& in) {
    wire_format f;
    for (const auto& [name, value] : in.config()) {
        auto known = read_setting(f, name, value);
        if (!known) return rpc::failure(grpc::INVALID_ARGUMENT, "config: " + known.error().text);
        if (!*known)
            return rpc::failure(grpc::INVALID_ARGUMENT,
                                "config: there is no '" + shown_value(name) +
                                    "'; there is play.codec, play.rate and play.channels");
    }
    if (const auto mistake = f.mistake(); !mistake.empty())
        return rpc::failure(grpc::INVALID_ARGUMENT, "config: " + mistake);
    return f;
}

inline result<proto::CreateSessionResponse> created(front& f, const std::string& client,
                                                    const proto::CreateSessionRequest& in) {
    if (f.draining()) return rpc::failure(grpc::UNAVAILABLE, "the server is about to stop");
    const auto play = wanted_sound(in);
    if (!play) return play.error();
    auto id = f.promised().promise(client, *play, now());
    if (id.empty()) return rpc::failure(grpc::RESOURCE_EXHAUSTED, "too many sessions wait to begin");
    proto::CreateSessionResponse made;
    made.set_session_id(std::move(id));
    return made;
}

/// A client ends only its own sessions.
inline result<proto::CloseSessionResponse> closed(front& f, const std::string& client,
                                                  const proto::CloseSessionRequest& which) {
    proto::CloseSessionResponse told;
    bool found = f.promised().keep(which.session_id(), client).has_value();
    if (const auto s = f.sessions().find(which.session_id()); s && s->client == client)
        found = s->post([s] {
            if (s->hang_up) s->hang_up();
        }) || found;
    told.set_success(found);
    return told;
}

/// `streamingai.v1.StreamingAIService`: each stream is a session, on the thread of its completion queue.
class grpc_edge {
public:
    grpc_edge(std::shared_ptr<front> f, const service::grpc_listen& o)
        : front_(std::move(f)), server_(options_of(*front_, o)) {
        using service = proto::StreamingAIService;
        server_.add<service>()
            .on(&service::AsyncService::RequestBiDirectionalStreaming,
                [this](rpc::call& c, rpc::stream<proto::StreamMessage, proto::StreamMessage>& s) {
                    return talk(c, s);
                })
            .on(&service::AsyncService::RequestCreateSession,
                [this](rpc::call& c, proto::CreateSessionRequest in) { return create(c, std::move(in)); })
            .on(&service::AsyncService::RequestCloseSession,
                [this](rpc::call& c, proto::CloseSessionRequest in) { return close(c, std::move(in)); });
    }

    result<> start() { return server_.start(); }
    std::uint16_t port() const noexcept { return server_.port(); }
    /// Waits for the streams to end: not from a shard of its own.
    void stop(duration patience) { server_.stop(patience); }
    /// From any thread: a stop under way waits no longer.
    void hurry() noexcept { server_.hurry(); }

private:
    static rpc::server_options options_of(front& f, const service::grpc_listen& o) {
        rpc::server_options made;
        made.address = o.address;
        made.port = o.port.number;
        made.shards = o.shards;
        made.max_message = o.message;
        made.gzip = o.gzip;
        made.keepalive.every = o.keepalive.every;
        made.keepalive.answer_within = o.keepalive.answer_within;
        made.keepalive.least = o.keepalive.least;
        if (o.tls) {
            made.tls.certificate = o.tls->certificate.string();
            made.tls.key = o.tls->key.string();
            made.tls.client_authority = o.tls->client_authority.string();
        }
        made.admit = [&f](rpc::call& c) { return admit(f, c); };
        return made;
    }

    /// "127.0.0.1:50812" of "ipv4:127.0.0.1:50812"
    static std::string address_of(std::string peer) {
        for (const std::string_view kind : {"ipv4:", "ipv6:"})
            if (peer.starts_with(kind)) peer.erase(0, kind.size());
        return peer;
    }

    static grpc::Status admit(front& f, rpc::call& c) {
        const auto address = address_of(c.peer());
        auth::credentials shown;
        shown.authorization = c.metadata("authorization").value_or("");
        shown.api_key = c.metadata("x-api-key").value_or("");
        shown.address = address;
        auto who = f.check(shown);
        if (!who) return {grpc_code_of(who.why().status), who.why().words};
        auto name = c.certificate_name();
        c.identity() = name.empty() ? who->client : "certificate:" + name;
        return grpc::Status::OK;
    }

    static observe::trace_caller trace_of(rpc::call& c) {
        return observe::caller_of([&c](std::string_view name) { return c.all_metadata(name); });
    }

    static std::string client_of(rpc::call& c) {
        const auto* name = std::any_cast<std::string>(&c.identity());
        return name != nullptr ? *name : std::string();
    }

    task<result<>> talk(rpc::call& c, rpc::stream<proto::StreamMessage, proto::StreamMessage>& s) {
        const auto client = client_of(c);
        grpc_connection<rpc::stream<proto::StreamMessage, proto::StreamMessage>> connection(s, "grpc");
        auto asked = co_await connection.begin();
        const auto play = front_->promised().keep(asked, client);
        if (!play) asked = make_session_id();
        auto in = front_->admit(client, "grpc", asked);
        if (!in) co_return rpc::failure(grpc_code_of(in.why().status), in.why().words);
        connection.call_it(asked, play.value_or(wire_format()));
        const auto places = std::move(*in);
        places->place->caller = trace_of(c);
        co_await join(run(connection, *places->place, c.draining()), connection.carry());
        co_return result<>();
    }

    task<> run(connection& c, session& s, event& stopping) {
        const auto why = co_await front_->run(c, s, stopping);
        (void)why;
    }

    task<result<proto::CreateSessionResponse>> create(rpc::call& c, proto::CreateSessionRequest in) {
        co_return created(*front_, client_of(c), in);
    }
    task<result<proto::CloseSessionResponse>> close(rpc::call& c, proto::CloseSessionRequest in) {
        co_return closed(*front_, client_of(c), in);
    }

    std::shared_ptr<front> front_;
    rpc::server server_;
};

}  // namespace rtai::gateway
