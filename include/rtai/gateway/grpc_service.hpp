#pragma once

#include <streamingai/v1/streaming_ai.grpc.pb.h>

#include <any>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
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

/// Names of sessions that clients have asked for and not begun yet.
class promised_sessions {
public:
    /// Empty when there are too many.
    std::string promise(const std::string& client, time_point now) {
        const std::lock_guard lock(mutex_);
        std::erase_if(all_, [&](const auto& p) { return p.second.until < now; });
        if (all_.size() >= most) return {};
        auto id = make_session_id();
        all_.emplace(id, promised(client, later(now, std::chrono::seconds(60))));
        return id;
    }
    /// Whether this client was promised it, which is now kept.
    bool keep(const std::string& id, const std::string& client) {
        const std::lock_guard lock(mutex_);
        const auto found = all_.find(id);
        if (found == all_.end() || found->second.client != client) return false;
        all_.erase(found);
        return true;
    }

private:
    static constexpr std::size_t most = 10'000;
    struct promised {
        promised(std::string c, time_point t) : client(std::move(c)), until(t) {}
        std::string client;
        time_point until;
    };
    std::mutex mutex_;
    std::map<std::string, promised> all_;
};

/// `streamingai.v1.StreamingAIService`: each stream is a session, on the thread of its completion queue.
class grpc_edge {
public:
    grpc_edge(std::shared_ptr<front> f, const service::grpc_listen& o)
        : front_(std::move(f)), server_(options_of(*front_, o)) {
        using service = proto::StreamingAIService;
        server_.add<service>()
            .on(&service::AsyncService::RequestBiDirectionalStreaming,
                [this](rpc::call& c, grpc_connection::stream& s) { return talk(c, s); })
            .on(&service::AsyncService::RequestCreateSession,
                [this](rpc::call& c, proto::CreateSessionRequest) { return create(c); })
            .on(&service::AsyncService::RequestCloseSession,
                [this](rpc::call& c, proto::CloseSessionRequest in) { return close(c, std::move(in)); });
    }

    result<> start() { return server_.start(); }
    std::uint16_t port() const noexcept { return server_.port(); }
    /// Waits for the streams to end: not from a shard of its own.
    void stop(duration patience) { server_.stop(patience); }

private:
    static rpc::server_options options_of(front& f, const service::grpc_listen& o) {
        rpc::server_options made;
        made.address = o.address;
        made.port = o.port.number;
        made.shards = o.shards;
        made.max_message = o.message;
        made.gzip = o.gzip;
        if (o.tls) {
            made.tls.certificate = o.tls->certificate.string();
            made.tls.key = o.tls->key.string();
            made.tls.client_authority = o.tls->client_authority.string();
        }
        made.admit = [&f](rpc::call& c) { return admit(f, c); };
        return made;
    }

    static grpc::StatusCode code_of(unsigned http_status) noexcept {
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
        if (!who) return {code_of(who.why().status), who.why().words};
        auto name = c.certificate_name();
        c.identity() = name.empty() ? who->client : "certificate:" + name;
        return grpc::Status::OK;
    }

    static std::string client_of(rpc::call& c) {
        const auto* name = std::any_cast<std::string>(&c.identity());
        return name != nullptr ? *name : std::string();
    }

    task<result<>> talk(rpc::call& c, grpc_connection::stream& s) {
        const auto client = client_of(c);
        grpc_connection connection(s);
        auto asked = co_await connection.begin();
        if (asked.empty() || !promises_.keep(asked, client)) asked = make_session_id();
        auto in = front_->admit(client, "grpc", asked);
        if (!in) co_return rpc::failure(code_of(in.why().status), in.why().words);
        connection.call_it(asked);
        auto places = *in;
        co_await join(run(connection, *places->place, c.draining()), connection.carry());
        co_return result<>();
    }

    task<> run(grpc_connection& c, session& s, event& stopping) {
        const auto why = co_await front_->run(c, s, stopping);
        (void)why;
    }

    task<result<proto::CreateSessionResponse>> create(rpc::call& c) {
        if (front_->draining()) co_return rpc::failure(grpc::UNAVAILABLE, "the server is about to stop");
        auto id = promises_.promise(client_of(c), now());
        if (id.empty()) co_return rpc::failure(grpc::RESOURCE_EXHAUSTED, "too many sessions wait to begin");
        proto::CreateSessionResponse made;
        made.set_session_id(std::move(id));
        co_return made;
    }

    task<result<proto::CloseSessionResponse>> close(rpc::call& c, proto::CloseSessionRequest in) {
        const auto client = client_of(c);
        proto::CloseSessionResponse told;
        bool found = promises_.keep(in.session_id(), client);
        if (const auto s = front_->sessions().find(in.session_id()); s && s->client == client)
            found = s->post([s] {
                if (s->hang_up) s->hang_up();
            }) || found;
        told.set_success(found);
        co_return told;
    }

    std::shared_ptr<front> front_;
    promised_sessions promises_;
    rpc::server server_;
};

}  // namespace rtai::gateway
