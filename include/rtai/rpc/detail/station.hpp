#pragma once

#include <grpcpp/completion_queue.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <memory>
#include <rtai/core/event.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/rpc/call.hpp>
#include <rtai/rpc/detail/operation.hpp>
#include <rtai/rpc/detail/tally.hpp>
#include <string>
#include <utility>
#include <vector>

namespace rtai::rpc::detail {

/// What all calls of a server have in common. Called on every shard, so it is not changed while it serves.
struct rules {
    std::function<grpc::Status(call&)> admit;
    std::function<void(const call&)> ended;
    std::function<void(const call&, std::exception_ptr)> on_failure;
    duration finish_limit{};
    bool gzip = false;
    /// Answered even while the server ends, which does not wait for it.
    bool to_the_end = false;
};

class station;

/// A method of a service on one shard.
class endpoint {
public:
    endpoint() = default;
    endpoint(const endpoint&) = delete;
    endpoint& operator=(const endpoint&) = delete;
    virtual ~endpoint() = default;

    /// Asks for the next call.
    virtual void accept(station& at) = 0;
};

/// A server's share of one shard.
class station {
public:
    station(grpc::ServerCompletionQueue& q, tally& t) noexcept : queue(q), living(t) {}

    /// Accepts calls until the server has none left and takes no more.
    task<> serve() {
        co_await with_scope([this](scope& s) -> task<> { return tend(s); });
    }

    grpc::ServerCompletionQueue& queue;
    tally& living;
    std::vector<std::unique_ptr<endpoint>> endpoints;
    scope* calls = nullptr;
    event draining;
    event closed;
    event health_changed;

private:
    task<> tend(scope& s) {
        const open here(*this, s);
        for (auto& e : endpoints) e->accept(*this);
        co_await closed.wait();
        co_await s.join();
    }

    class open {
    public:
        open(station& at, scope& s) noexcept : at_(at) { at_.calls = &s; }
        open(const open&) = delete;
        open& operator=(const open&) = delete;
        ~open() { at_.calls = nullptr; }

    private:
        station& at_;
    };
};

/// A call that came in, or is awaited. It ends with its last operation.
template <class Shape, class Service>
class accepted final : public call {
public:
    class place final : public endpoint {
    public:
        place(Service& s, typename Shape::template request<Service> m, typename Shape::handler h,
              std::string n, const rules& r)
            : service(s), method(m), handler(std::move(h)), name(std::move(n)), rule(r) {}

        void accept(station& at) override { (new accepted(*this, at))->ask(); }

        Service& service;
        typename Shape::template request<Service> method;
        typename Shape::handler handler;
        std::string name;
        const rules& rule;
    };

    accepted(place& p, station& at)
        : call(p.name, at.draining),
          place_(p),
          at_(at),
          shape_(*this, context_),
          arrived_(*this),
          over_(*this) {}

private:
    struct arrival : operation {
        explicit arrival(accepted& a) noexcept
            : operation([](operation& self, bool ok) noexcept { static_cast<arrival&>(self).of.arrive(ok); }),
              of(a) {}
        accepted& of;
    };

    /// Comes back last of all, or when the call is cancelled.
    struct end : operation {
        explicit end(accepted& a) noexcept
            : operation([](operation& self, bool) noexcept {
                  accepted& ended = static_cast<end&>(self).of;
                  if (ended.context_.IsCancelled()) ended.cancelled_.set();
                  ended.release();
              }),
              of(a) {}
        accepted& of;
    };

    /// A call is never left without an answer: if its coroutine is dropped, it is cancelled.
    class duty {
    public:
        explicit duty(hold<accepted> a) noexcept : of_(std::move(a)) {}
        duty(duty&&) = default;
        duty& operator=(duty&&) = delete;
        ~duty() {
            if (!of_) return;
            if (!of_->finished_) of_->context_.TryCancel();
            if (of_->admitted_ && of_->place_.rule.ended) of_->place_.rule.ended(*of_);
            if (!of_->place_.rule.to_the_end) of_->at_.living.leave();
        }
        accepted& operator*() const noexcept { return *of_; }

    private:
        hold<accepted> of_;
    };

    void ask() {
        retain();
        context_.AsyncNotifyWhenDone(over_.tag());
        shape_.ask(place_.service, place_.method, context_, at_.queue, arrived_.tag());
    }

    void arrive(bool ok) noexcept {
        if (ok) {
            if (at_.calls != nullptr) place_.accept(at_);
            retain();  // for `over_`, which comes only now
            if (!place_.rule.to_the_end) at_.living.enter();
            duty mine{hold<accepted>(this)};
            if (at_.calls != nullptr) at_.calls->spawn(run(std::move(mine)));
        }
        release();
    }

    task<> run(duty mine) {
        accepted& self = *mine;
        const grpc::Status status = co_await self.answer();
        co_await self.finish(status);
    }

    task<grpc::Status> answer() {
        try {
            if (draining().is_set() && !place_.rule.to_the_end)
                co_return grpc::Status(grpc::UNAVAILABLE, "the server is about to stop: ask another");
            if (place_.rule.gzip) context_.set_compression_algorithm(GRPC_COMPRESS_GZIP);
            if (place_.rule.admit) {
                auto admitted = place_.rule.admit(*this);
                if (!admitted.ok()) co_return admitted;
            }
            admitted_ = true;
            auto outcome = co_await race(shape_.handle(place_.handler, *this), cancelled_.wait());
            if (outcome.index() == 0) co_return std::get<0>(std::move(outcome));
            co_return grpc::Status(grpc::CANCELLED, "the call was cancelled");
        } catch (...) {
            // What went wrong is for the log: it may name what is no business of the caller.
            report(std::current_exception());
        }
        co_return grpc::Status(grpc::INTERNAL, "the service failed");
    }

    /// Says the status after what is still being written, and does not wait for ever for a peer that has
    /// stopped to read.
    task<> finish(const grpc::Status& status) {
        const time_point until = later(now(), place_.rule.finish_limit);
        if (step* writing = shape_.writing(); writing != nullptr && writing->busy()) {
            const auto written = co_await with_deadline(until, writing->wait());
            if (!written) context_.TryCancel();
            co_await writing->wait();
        }
        step& finishing = finishing_;
        shape_.finish(status, finishing.begin());
        finished_ = true;
        const auto done = co_await with_deadline(until, finishing.wait());
        if (!done) context_.TryCancel();
    }

    void report(const std::exception_ptr& failure) noexcept {
        try {
            if (place_.rule.on_failure) place_.rule.on_failure(*this, failure);
        } catch (...) {  // NOLINT(bugprone-empty-catch): a log that fails must not end the call of another
        }
    }

    void start_headers(void* tag) override { shape_.headers(tag); }

    place& place_;
    station& at_;
    Shape shape_;
    arrival arrived_;
    end over_;
    step finishing_{*this};
    bool admitted_ = false;
    bool finished_ = false;
};

}  // namespace rtai::rpc::detail
