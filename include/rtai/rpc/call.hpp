#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>

#include <any>
#include <chrono>
#include <coroutine>
#include <optional>
#include <rtai/core/clock.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/shard.hpp>
#include <rtai/core/task.hpp>
#include <rtai/rpc/detail/operation.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace rtai::rpc {

/// A call that a server has accepted: who calls what, what came with it, and whether it still lives.
class call : public detail::shared {
public:
    call(const std::string& method, event& d) noexcept : method_(method), draining_(d) {}

    /// "/package.Service/Method"
    const std::string& method() const noexcept { return method_; }

    /// "ipv4:127.0.0.1:50812"
    std::string peer() const { return context_.peer(); }

    /// The first value that the caller sent under this name, which is in lower case.
    std::optional<std::string_view> metadata(std::string_view name) const {
        const auto& all = context_.client_metadata();
        const auto found = all.find(grpc::string_ref(name.data(), name.size()));
        if (found == all.end()) return std::nullopt;
        return std::string_view(found->second.data(), found->second.size());
    }

    /// All that the caller sent under this name, with commas between.
    std::optional<std::string> all_metadata(std::string_view name) const {
        std::optional<std::string> all;
        const auto [from, to] =
            context_.client_metadata().equal_range(grpc::string_ref(name.data(), name.size()));
        for (auto i = from; i != to; ++i) {
            const std::string value(i->second.data(), i->second.size());
            all = all ? *all + "," + value : value;
        }
        return all;
    }

    /// The name in the certificate of a caller that has shown one.
    std::string certificate_name() const {
        const auto security = context_.auth_context();
        if (!security->IsPeerAuthenticated()) return {};
        const auto names = security->GetPeerIdentity();
        if (names.empty()) return {};
        return {names.front().data(), names.front().size()};
    }

    /// When the caller gives up: `never` if it did not say.
    time_point deadline() const {
        using namespace std::chrono;
        const auto at = context_.deadline();
        if (at == system_clock::time_point::max()) return never;
        return later(now(), duration_cast<duration>(at - system_clock::now()));
    }

    /// Is set when the caller has gone, has cancelled, or its time is over. The handler is then cancelled.
    event& cancelled() noexcept { return cancelled_; }

    /// Is set when the server is asked to end: a call that would go on for long comes to its end.
    event& draining() noexcept { return draining_; }

    /// What goes back before the first message, and what after the last. Names are in lower case; those that
    /// end with "-bin" may have any bytes as value.
    void add_header(const std::string& name, const std::string& value) {
        context_.AddInitialMetadata(name, value);
    }
    void add_trailer(const std::string& name, const std::string& value) {
        context_.AddTrailingMetadata(name, value);
    }

    /// Sends the headers now, and not with the first message.
    task<> send_headers() {
        start_headers(headers_.begin());
        co_await headers_.wait();
    }

    /// Who calls, as the check at the door found out: for the handler.
    std::any& identity() noexcept { return identity_; }

    /// Ends the call from this side, whatever is under way.
    void cancel() noexcept { context_.TryCancel(); }

    grpc::ServerContext& context() noexcept { return context_; }

protected:
    virtual void start_headers(void* tag) = 0;

    grpc::ServerContext context_;
    event cancelled_;

private:
    const std::string& method_;
    detail::step headers_{*this};
    event& draining_;
    std::any identity_;
};

/// What the check at the door sees.
using call_info = call;

}  // namespace rtai::rpc
