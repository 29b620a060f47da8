#pragma once

#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/async_unary_call.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <rtai/core/event.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/task.hpp>
#include <rtai/rpc/call.hpp>
#include <rtai/rpc/detail/wire.hpp>
#include <rtai/rpc/status.hpp>
#include <rtai/rpc/stream.hpp>
#include <string>
#include <string_view>

namespace rtai::rpc {

/// As `grpc.health.v1` numbers it.
enum class serving : std::uint8_t { unknown = 0, yes = 1, no = 2, no_such_service = 3 };

namespace detail {

/// Which services are well. Safe between shards.
class health_book {
public:
    void set(const std::string& service, serving state) {
        const std::lock_guard lock(mutex_);
        if (!ending_) states_[service] = state;
    }

    std::optional<serving> of(const std::string& service) const {
        const std::lock_guard lock(mutex_);
        const auto found = states_.find(service);
        if (found == states_.end()) return std::nullopt;
        return ending_ ? serving::no : found->second;
    }

    /// From now on none is. Says whether somebody watches.
    bool end() {
        const std::lock_guard lock(mutex_);
        ending_ = true;
        return watchers_ > 0;
    }

    void watched(int more) {
        const std::lock_guard lock(mutex_);
        watchers_ += more;
    }

private:
    mutable std::mutex mutex_;
    std::map<std::string, serving> states_;
    bool ending_ = false;
    int watchers_ = 0;
};

/// The service "grpc.health.v1.Health", on bytes.
class health_service final : public grpc::Service {
public:
    static constexpr const char* name = "grpc.health.v1.Health";

    health_service() {
        using method = grpc::internal::RpcMethod;
        AddMethod(new grpc::internal::RpcServiceMethod("/grpc.health.v1.Health/Check", method::NORMAL_RPC,
                                                       nullptr));
        AddMethod(new grpc::internal::RpcServiceMethod("/grpc.health.v1.Health/Watch",
                                                       method::SERVER_STREAMING, nullptr));
        MarkMethodAsync(0);
        MarkMethodAsync(1);
    }

    void check(grpc::ServerContext* context, grpc::ByteBuffer* in,
               grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>* out, grpc::CompletionQueue* calls,
               grpc::ServerCompletionQueue* queue, void* tag) {
        RequestAsyncUnary(0, context, in, out, calls, queue, tag);
    }
    void watch(grpc::ServerContext* context, grpc::ByteBuffer* in,
               grpc::ServerAsyncWriter<grpc::ByteBuffer>* out, grpc::CompletionQueue* calls,
               grpc::ServerCompletionQueue* queue, void* tag) {
        RequestAsyncServerStreaming(1, context, in, out, calls, queue, tag);
    }
};

/// The service's name in a `HealthCheckRequest`; nothing if it is none.
inline std::optional<std::string> asked_health(std::string_view request) {
    std::string service;
    wire_reader fields(request);
    while (const auto field = fields.next())
        if (field->number == 1) service = field->bytes;
    if (!fields.good()) return std::nullopt;
    return service;
}

inline grpc::ByteBuffer health_answer(serving state) {
    wire_writer answer;
    answer.number(1, static_cast<std::uint64_t>(state));
    return buffer_of(answer.message());
}

inline error no_health_request() {
    return failure(grpc::INVALID_ARGUMENT, "this is no grpc.health.v1.HealthCheckRequest");
}

class check_health {
public:
    explicit check_health(const health_book& b) noexcept : book_(&b) {}

    task<result<grpc::ByteBuffer>> operator()(call&, grpc::ByteBuffer in) {
        const auto service = asked_health(text_of(in));
        if (!service) co_return no_health_request();
        const auto state = book_->of(*service);
        if (!state) co_return failure(grpc::NOT_FOUND, "no service '" + *service + "'");
        co_return health_answer(*state);
    }

private:
    const health_book* book_;
};

/// Tells the state at once, and again when it changes.
class watch_health {
public:
    watch_health(health_book& b, event& changed) noexcept : book_(&b), changed_(&changed) {}

    task<result<>> operator()(call& c, grpc::ByteBuffer in, writer<grpc::ByteBuffer>& out) {
        const auto service = asked_health(text_of(in));
        if (!service) co_return no_health_request();
        const watching here(*book_);
        std::optional<serving> told;
        for (;;) {
            const serving state = book_->of(*service).value_or(serving::no_such_service);
            if (told != state) {
                const auto answer = health_answer(state);
                const bool written = co_await out.write(answer);
                if (!written) co_return result<>();
                told = state;
            }
            if (c.draining().is_set()) co_return failure(grpc::UNAVAILABLE, "the server is ending");
            changed_->reset();
            co_await race(changed_->wait(), c.draining().wait());
        }
    }

private:
    class watching {
    public:
        explicit watching(health_book& b) : book_(b) { book_.watched(1); }
        watching(const watching&) = delete;
        watching& operator=(const watching&) = delete;
        ~watching() { book_.watched(-1); }

    private:
        health_book& book_;
    };

    health_book* book_;
    event* changed_;
};

}  // namespace detail
}  // namespace rtai::rpc
