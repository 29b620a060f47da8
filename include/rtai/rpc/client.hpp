#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/async_unary_call.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <rtai/core/clock.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/observe/trace_place.hpp>
#include <rtai/rpc/detail/operation.hpp>
#include <rtai/rpc/queue_driver.hpp>
#include <rtai/rpc/status.hpp>
#include <rtai/rpc/stream.hpp>
#include <string>
#include <utility>

namespace rtai::rpc {

/// Names and values that go with a call; those whose name ends with "-bin" may have any bytes.
using metadata = std::multimap<std::string, std::string>;

struct call_options {
    call_options() = default;

    /// Until when there must be an end. A call of one question and one answer has 30 s if nothing is said,
    /// the others have no limit.
    std::optional<duration> within;
    rpc::metadata headers;
    /// Waits for a server that is not there, instead of failing at once.
    bool wait_for_server = false;
};

inline constexpr std::chrono::seconds default_deadline{30};

namespace detail {

/// What all calls of a client have in common.
class client_call : public shared {
public:
    /// Ends the call, whatever is under way.
    void cancel() noexcept { context_.TryCancel(); }

    /// What the server sent ahead, when something has been received, and at the end, when it has finished.
    rpc::metadata headers() const { return copy(context_.GetServerInitialMetadata()); }
    rpc::metadata trailers() const { return copy(context_.GetServerTrailingMetadata()); }

    grpc::ClientContext& context() noexcept { return context_; }

    /// Whether it is certain how it ended: if not, dropping it cancels it.
    bool finished() const noexcept { return finish_begun_ && !finishing_.busy(); }

    /// Before it is started: it is a request in a trace, and tells the server so.
    void trace(observe::traced_call c) {
        c.tell([this](const char* name, const std::string& value) { context_.AddMetadata(name, value); });
        span_ = std::move(c.span);
    }
    /// Nobody waits for it any more.
    void end_trace() noexcept { span_.end(); }

protected:
    client_call(const call_options& o, std::optional<duration> within) {
        using clock = std::chrono::system_clock;
        if (within)
            context_.set_deadline(clock::now() + std::chrono::duration_cast<clock::duration>(*within));
        for (const auto& [name, value] : o.headers) context_.AddMetadata(name, value);
        context_.set_wait_for_ready(o.wait_for_server);
    }

    /// What it came to.
    result<> ended() {
        if (!status_.ok()) span_.fail(status_.error_message());
        span_.set({"rpc.grpc.status_code", static_cast<int>(status_.error_code())});
        span_.end();
        return result_of(status_);
    }

    static rpc::metadata copy(const std::multimap<grpc::string_ref, grpc::string_ref>& from) {
        rpc::metadata all;
        for (const auto& [name, value] : from)
            all.emplace(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
        return all;
    }

    grpc::ClientContext context_;
    grpc::Status status_;
    step starting_{*this};
    step finishing_{*this};
    bool finish_begun_ = false;
    observe::span span_;
};

}  // namespace detail

/// A call that a client has made. Dropping it cancels it.
template <class Call>
class call_handle {
public:
    explicit call_handle(Call* c) noexcept : call_(c) {}
    call_handle(call_handle&&) = default;
    call_handle& operator=(call_handle&&) = default;
    ~call_handle() {
        if (!call_) return;
        if (!call_->finished()) call_->cancel();
        call_->end_trace();
    }

    Call* operator->() const noexcept { return &*call_; }
    Call& operator*() const noexcept { return *call_; }

private:
    detail::hold<Call> call_;
};

/// A call with messages both ways.
template <class In, class Out>
class client_talk final : public detail::client_call, public stream<In, Out> {
public:
    explicit client_talk(const call_options& o)
        : client_call(o, o.within), stream<In, Out>(static_cast<shared&>(*this)) {}

    template <class Stub, class Method>
    detail::step_await start(Stub& stub, Method prepare) {
        call_ = (stub.*prepare)(&context_, &queue());
        this->read_from(*call_);
        this->write_to(*call_);
        call_->StartCall(starting_.begin());
        return starting_.wait();
    }

    /// Nothing more will be written.
    task<> done_writing() {
        co_await this->writing().wait();
        if (this->close_writer()) call_->WritesDone(this->writing().begin());
    }

    /// Finishes writing, drops what is left to read, and says how the call ended.
    task<result<>> finish() {
        co_await done_writing();
        while (auto left = co_await this->read()) {
        }
        if (!std::exchange(finish_begun_, true)) call_->Finish(&status_, finishing_.begin());
        co_await finishing_.wait();
        co_return ended();
    }

private:
    std::unique_ptr<grpc::ClientAsyncReaderWriter<Out, In>> call_;
};

/// A call with one question and many answers.
template <class In>
class client_reader final : public detail::client_call, public reader<In> {
public:
    explicit client_reader(const call_options& o)
        : client_call(o, o.within), reader<In>(static_cast<shared&>(*this)) {}

    template <class Stub, class Method, class Out>
    detail::step_await start(Stub& stub, Method prepare, const Out& question) {
        call_ = (stub.*prepare)(&context_, question, &queue());
        this->read_from(*call_);
        call_->StartCall(starting_.begin());
        return starting_.wait();
    }

    /// Drops what is left to read, and says how the call ended.
    task<result<>> finish() {
        while (auto left = co_await this->read()) {
        }
        if (!std::exchange(finish_begun_, true)) call_->Finish(&status_, finishing_.begin());
        co_await finishing_.wait();
        co_return ended();
    }

private:
    std::unique_ptr<grpc::ClientAsyncReader<In>> call_;
};

/// A call with many questions and one answer.
template <class In, class Out>
class client_writer final : public detail::client_call, public writer<Out> {
public:
    explicit client_writer(const call_options& o)
        : client_call(o, o.within), writer<Out>(static_cast<shared&>(*this)) {}

    template <class Stub, class Method>
    detail::step_await start(Stub& stub, Method prepare) {
        call_ = (stub.*prepare)(&context_, &answer_, &queue());
        this->write_to(*call_);
        call_->StartCall(starting_.begin());
        return starting_.wait();
    }

    /// Finishes writing and gives the answer, once.
    task<result<In>> finish() {
        co_await this->writing().wait();
        if (this->close_writer()) call_->WritesDone(this->writing().begin());
        if (!std::exchange(finish_begun_, true)) call_->Finish(&status_, finishing_.begin());
        co_await finishing_.wait();
        if (auto good = ended(); !good) co_return good.error();
        co_return std::move(answer_);
    }

private:
    std::unique_ptr<grpc::ClientAsyncWriter<Out>> call_;
    In answer_;
};

namespace detail {

/// A call with one question and one answer.
template <class Out>
class client_question final : public client_call {
public:
    explicit client_question(const call_options& o)
        : client_call(o, o.within ? o.within : default_deadline) {}

    template <class Stub, class Method, class In>
    step_await start(Stub& stub, Method prepare, const In& question) {
        call_ = (stub.*prepare)(&context_, question, &queue());
        call_->StartCall();
        finish_begun_ = true;
        call_->Finish(&answer_, &status_, finishing_.begin());
        return finishing_.wait();
    }

    result<Out> answer() {
        if (auto good = ended(); !good) return good.error();
        return std::move(answer_);
    }

private:
    std::unique_ptr<grpc::ClientAsyncResponseReader<Out>> call_;
    Out answer_;
};

}  // namespace detail

/// One question, one answer. The stub must live until then.
///
///     result<Word> answer = co_await rpc::ask(*stub, &Echo::Stub::PrepareAsyncSay, question);
template <class Stub, class In, class Out>
task<result<Out>> ask(Stub& stub,
                      std::unique_ptr<grpc::ClientAsyncResponseReader<Out>> (Stub::*prepare)(
                          grpc::ClientContext*, const In&, grpc::CompletionQueue*),
                      std::type_identity_t<In> question, call_options o = {}) {
    call_handle<detail::client_question<Out>> c(new detail::client_question<Out>(o));
    auto traced = co_await observe::begin_call("gRPC call");
    c->trace(std::move(traced));
    co_await c->start(stub, prepare, question);
    co_return c->answer();
}

/// Opens a stream. How it went is told by its `finish`.
///
///     auto talk = co_await rpc::open(*stub, &Echo::Stub::PrepareAsyncTalk);
///     co_await talk->write(word);
///     while (auto answer = co_await talk->read()) ...
///     result<> end = co_await talk->finish();
template <class Stub, class In, class Out>
task<call_handle<client_talk<In, Out>>> open(
    Stub& stub,
    std::unique_ptr<grpc::ClientAsyncReaderWriter<Out, In>> (Stub::*prepare)(grpc::ClientContext*,
                                                                             grpc::CompletionQueue*),
    call_options o = {}) {
    call_handle<client_talk<In, Out>> c(new client_talk<In, Out>(o));
    auto traced = co_await observe::begin_call("gRPC call");
    c->trace(std::move(traced));
    co_await c->start(stub, prepare);
    co_return c;
}

template <class Stub, class In, class Out>
task<call_handle<client_reader<In>>> open(Stub& stub,
                                          std::unique_ptr<grpc::ClientAsyncReader<In>> (Stub::*prepare)(
                                              grpc::ClientContext*, const Out&, grpc::CompletionQueue*),
                                          std::type_identity_t<Out> question, call_options o = {}) {
    call_handle<client_reader<In>> c(new client_reader<In>(o));
    auto traced = co_await observe::begin_call("gRPC call");
    c->trace(std::move(traced));
    co_await c->start(stub, prepare, question);
    co_return c;
}

template <class Stub, class In, class Out>
task<call_handle<client_writer<In, Out>>> open(Stub& stub,
                                               std::unique_ptr<grpc::ClientAsyncWriter<Out>> (Stub::*prepare)(
                                                   grpc::ClientContext*, In*, grpc::CompletionQueue*),
                                               call_options o = {}) {
    call_handle<client_writer<In, Out>> c(new client_writer<In, Out>(o));
    auto traced = co_await observe::begin_call("gRPC call");
    c->trace(std::move(traced));
    co_await c->start(stub, prepare);
    co_return c;
}

}  // namespace rtai::rpc
