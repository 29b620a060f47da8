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

/// One answer, which goes out with the status.
template <class Responder, class Out>
class one_answer {
public:
    explicit one_answer(grpc::ServerContext& context) : respond_(&context) {}

    void headers(void* tag) { respond_.SendInitialMetadata(tag); }
    step* writing() noexcept { return nullptr; }

    void finish(const grpc::Status& status, void* tag) {
        if (status.ok()) respond_.Finish(*out_, status, tag);
        else respond_.FinishWithError(status, tag);
    }

protected:
    grpc::Status keep(result<Out> answered) {
        if (!answered) return status_of(answered.error());
        out_.emplace(std::move(*answered));
        return grpc::Status::OK;
    }

    Responder respond_;

private:
    std::optional<Out> out_;
};

/// Answers that go out as they are written, to a `Sink` that is a `writer`.
template <class Responder, class Sink>
class many_answers : protected Sink {
public:
    many_answers(call& c, grpc::ServerContext& context) : Sink(c), respond_(&context) {
        this->write_to(respond_);
    }

    void headers(void* tag) { respond_.SendInitialMetadata(tag); }
    step* writing() noexcept { return &Sink::writing(); }
    void finish(const grpc::Status& status, void* tag) { respond_.Finish(status, tag); }

protected:
    Responder respond_;
};

template <class In, class Out>
class unary_shape : public one_answer<grpc::ServerAsyncResponseWriter<Out>, Out> {
public:
    using handler = std::function<task<result<Out>>(call&, In)>;
    using responder = grpc::ServerAsyncResponseWriter<Out>;
    template <class Service>
    using request = void (Service::*)(grpc::ServerContext*, In*, responder*, grpc::CompletionQueue*,
                                      grpc::ServerCompletionQueue*, void*);

    unary_shape(call&, grpc::ServerContext& context) : one_answer<responder, Out>(context) {}

    template <class Service>
    void ask(Service& service, request<Service> method, grpc::ServerContext& context,
             grpc::ServerCompletionQueue& queue, void* tag) {
        (service.*method)(&context, &in_, &this->respond_, &queue, &queue, tag);
    }

    task<grpc::Status> handle(handler& handle_it, call& c) {
        result<Out> answered = co_await handle_it(c, std::move(in_));
        co_return this->keep(std::move(answered));
    }

private:
    In in_;
};

template <class In, class Out>
class gather_shape : public one_answer<grpc::ServerAsyncReader<Out, In>, Out>, reader<In> {
public:
    using handler = std::function<task<result<Out>>(call&, reader<In>&)>;
    using responder = grpc::ServerAsyncReader<Out, In>;
    template <class Service>
    using request = void (Service::*)(grpc::ServerContext*, responder*, grpc::CompletionQueue*,
                                      grpc::ServerCompletionQueue*, void*);

    gather_shape(call& c, grpc::ServerContext& context) : one_answer<responder, Out>(context), reader<In>(c) {
        this->read_from(this->respond_);
    }

    template <class Service>
    void ask(Service& service, request<Service> method, grpc::ServerContext& context,
             grpc::ServerCompletionQueue& queue, void* tag) {
        (service.*method)(&context, &this->respond_, &queue, &queue, tag);
    }

    task<grpc::Status> handle(handler& handle_it, call& c) {
        result<Out> answered = co_await handle_it(c, static_cast<reader<In>&>(*this));
        co_return this->keep(std::move(answered));
    }
};

template <class In, class Out>
class scatter_shape : public many_answers<grpc::ServerAsyncWriter<Out>, writer<Out>> {
public:
    using handler = std::function<task<result<>>(call&, In, writer<Out>&)>;
    using responder = grpc::ServerAsyncWriter<Out>;
    template <class Service>
    using request = void (Service::*)(grpc::ServerContext*, In*, responder*, grpc::CompletionQueue*,
                                      grpc::ServerCompletionQueue*, void*);

    scatter_shape(call& c, grpc::ServerContext& context) : many_answers<responder, writer<Out>>(c, context) {}

    template <class Service>
    void ask(Service& service, request<Service> method, grpc::ServerContext& context,
             grpc::ServerCompletionQueue& queue, void* tag) {
        (service.*method)(&context, &in_, &this->respond_, &queue, &queue, tag);
    }

    task<grpc::Status> handle(handler& handle_it, call& c) {
        result<> served = co_await handle_it(c, std::move(in_), static_cast<writer<Out>&>(*this));
        co_return status_of(served);
    }

private:
    In in_;
};

template <class In, class Out>
class talk_shape : public many_answers<grpc::ServerAsyncReaderWriter<Out, In>, stream<In, Out>> {
public:
    using handler = std::function<task<result<>>(call&, stream<In, Out>&)>;
    using responder = grpc::ServerAsyncReaderWriter<Out, In>;
    template <class Service>
    using request = void (Service::*)(grpc::ServerContext*, responder*, grpc::CompletionQueue*,
                                      grpc::ServerCompletionQueue*, void*);

    talk_shape(call& c, grpc::ServerContext& context) : many_answers<responder, stream<In, Out>>(c, context) {
        this->read_from(this->respond_);
    }

    template <class Service>
    void ask(Service& service, request<Service> method, grpc::ServerContext& context,
             grpc::ServerCompletionQueue& queue, void* tag) {
        (service.*method)(&context, &this->respond_, &queue, &queue, tag);
    }

    task<grpc::Status> handle(handler& handle_it, call& c) {
        result<> served = co_await handle_it(c, static_cast<stream<In, Out>&>(*this));
        co_return status_of(served);
    }
};

}  // namespace rtai::rpc::detail
