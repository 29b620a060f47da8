#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/async_unary_call.h>

#include <functional>
#include <optional>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/rpc/call.hpp>
#include <rtai/rpc/status.hpp>
#include <rtai/rpc/stream.hpp>
#include <utility>

// The four shapes of a call, as a server sees them: how one is asked for, what its handler gets, and how it
// is finished.

namespace rtai::rpc::detail {

template <class In, class Out>
class unary_shape {
public:
    using handler = std::function<task<result<Out>>(call&, In)>;
    using responder = grpc::ServerAsyncResponseWriter<Out>;
    template <class Service>
    using request = void (Service::*)(grpc::ServerContext*, In*, responder*, grpc::CompletionQueue*,
                                      grpc::ServerCompletionQueue*, void*);

    unary_shape(call&, grpc::ServerContext& context) : respond_(&context) {}

    template <class Service>
    void ask(Service& service, request<Service> method, grpc::ServerContext& context,
             grpc::ServerCompletionQueue& queue, void* tag) {
        (service.*method)(&context, &in_, &respond_, &queue, &queue, tag);
    }

    task<grpc::Status> handle(handler& handle_it, call& c) {
        result<Out> answered = co_await handle_it(c, std::move(in_));
        if (!answered) co_return status_of(answered.error());
        out_.emplace(std::move(*answered));
        co_return grpc::Status::OK;
    }

    void headers(void* tag) { respond_.SendInitialMetadata(tag); }
    step* writing() noexcept { return nullptr; }

    void finish(const grpc::Status& status, void* tag) {
        if (status.ok()) respond_.Finish(*out_, status, tag);
        else respond_.FinishWithError(status, tag);
    }

private:
    responder respond_;
    In in_;
    std::optional<Out> out_;
};

template <class In, class Out>
class gather_shape : reader<In> {
public:
    using handler = std::function<task<result<Out>>(call&, reader<In>&)>;
    using responder = grpc::ServerAsyncReader<Out, In>;
    template <class Service>
    using request = void (Service::*)(grpc::ServerContext*, responder*, grpc::CompletionQueue*,
                                      grpc::ServerCompletionQueue*, void*);

    gather_shape(call& c, grpc::ServerContext& context) : reader<In>(c), respond_(&context) {
        this->read_from(respond_);
    }

    template <class Service>
    void ask(Service& service, request<Service> method, grpc::ServerContext& context,
             grpc::ServerCompletionQueue& queue, void* tag) {
        (service.*method)(&context, &respond_, &queue, &queue, tag);
    }

    task<grpc::Status> handle(handler& handle_it, call& c) {
        result<Out> answered = co_await handle_it(c, static_cast<reader<In>&>(*this));
        if (!answered) co_return status_of(answered.error());
        out_.emplace(std::move(*answered));
        co_return grpc::Status::OK;
    }

    void headers(void* tag) { respond_.SendInitialMetadata(tag); }
    step* writing() noexcept { return nullptr; }

    void finish(const grpc::Status& status, void* tag) {
        if (status.ok()) respond_.Finish(*out_, status, tag);
        else respond_.FinishWithError(status, tag);
    }

private:
    responder respond_;
    std::optional<Out> out_;
};

template <class In, class Out>
class scatter_shape : writer<Out> {
public:
    using handler = std::function<task<result<>>(call&, In, writer<Out>&)>;
    using responder = grpc::ServerAsyncWriter<Out>;
    template <class Service>
    using request = void (Service::*)(grpc::ServerContext*, In*, responder*, grpc::CompletionQueue*,
                                      grpc::ServerCompletionQueue*, void*);

    scatter_shape(call& c, grpc::ServerContext& context) : writer<Out>(c), respond_(&context) {
        this->write_to(respond_);
    }

    template <class Service>
    void ask(Service& service, request<Service> method, grpc::ServerContext& context,
             grpc::ServerCompletionQueue& queue, void* tag) {
        (service.*method)(&context, &in_, &respond_, &queue, &queue, tag);
    }

    task<grpc::Status> handle(handler& handle_it, call& c) {
        result<> served = co_await handle_it(c, std::move(in_), static_cast<writer<Out>&>(*this));
        co_return status_of(served);
    }

    void headers(void* tag) { respond_.SendInitialMetadata(tag); }
    step* writing() noexcept { return &writer<Out>::writing(); }
    void finish(const grpc::Status& status, void* tag) { respond_.Finish(status, tag); }

private:
    responder respond_;
    In in_;
};

template <class In, class Out>
class talk_shape : stream<In, Out> {
public:
    using handler = std::function<task<result<>>(call&, stream<In, Out>&)>;
    using responder = grpc::ServerAsyncReaderWriter<Out, In>;
    template <class Service>
    using request = void (Service::*)(grpc::ServerContext*, responder*, grpc::CompletionQueue*,
                                      grpc::ServerCompletionQueue*, void*);

    talk_shape(call& c, grpc::ServerContext& context) : stream<In, Out>(c), respond_(&context) {
        this->read_from(respond_);
        this->write_to(respond_);
    }

    template <class Service>
    void ask(Service& service, request<Service> method, grpc::ServerContext& context,
             grpc::ServerCompletionQueue& queue, void* tag) {
        (service.*method)(&context, &respond_, &queue, &queue, tag);
    }

    task<grpc::Status> handle(handler& handle_it, call& c) {
        result<> served = co_await handle_it(c, static_cast<stream<In, Out>&>(*this));
        co_return status_of(served);
    }

    void headers(void* tag) { respond_.SendInitialMetadata(tag); }
    step* writing() noexcept { return &stream<In, Out>::writing(); }
    void finish(const grpc::Status& status, void* tag) { respond_.Finish(status, tag); }

private:
    responder respond_;
};

}  // namespace rtai::rpc::detail
