#pragma once

#include <grpc/support/time.h>
#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/run.hpp>
#include <rtai/core/shard.hpp>
#include <rtai/rpc/detail/exact_clock.hpp>
#include <rtai/rpc/detail/operation.hpp>
#include <stdexcept>
#include <utility>

namespace rtai::rpc {

/// A shard's loop on a completion queue of gRPC: what has completed goes on here, with no other thread in
/// between. Its Asio context costs nothing until somebody asks for it. From then on the loop looks after
/// it about every 1.4 ms (gRPC rounds `look_every` up), because gRPC's descriptors and Asio's can not be
/// waited for together.
class queue_driver final : public asio_context_driver {
public:
    static constexpr std::chrono::microseconds look_every{250};

    queue_driver() : queue_driver(std::make_unique<grpc::CompletionQueue>()) {}
    explicit queue_driver(std::unique_ptr<grpc::CompletionQueue> q)
        : operations_(std::move(q)), context_(1), alive_(context_.get_executor()), waker_(*this) {}

    /// Everything that is under way must be back before the queue may go: calls nobody waits for any more
    /// were cancelled, so that is soon.
    ~queue_driver() override {
        clock_.reset();
        operations_->Shutdown();
        void* tag = nullptr;
        bool ok = false;
        while (operations_->Next(&tag, &ok)) complete(tag, ok);
    }

    grpc::CompletionQueue& queue() noexcept { return *operations_; }

    asio::io_context& context() noexcept override {
        has_io_ = true;
        return context_;
    }

    void poll() override {
        for (int i = 0; i < most_at_once && next(gpr_time_0(GPR_CLOCK_MONOTONIC)); ++i) {
        }
        if (has_io_) poll_io();
    }

    void wait(time_point until) override {
        if (until != never) {
            const time_point at = now();
            if (until <= at + soon) return poll();
            arm(until, at);
        }
        if (!has_io_) {
            next(gpr_inf_future(GPR_CLOCK_MONOTONIC));
            return;
        }
        if (poll_io()) return;
        next(gpr_time_from_micros(look_every.count(), GPR_TIMESPAN));
        poll_io();
    }

    void wake() noexcept override {
        if (!waking_.exchange(true)) alarm_.Set(&*operations_, gpr_time_0(GPR_CLOCK_MONOTONIC), waker_.tag());
    }

private:
    static constexpr int most_at_once = 64;
    /// Too near to sleep until then.
    static constexpr std::chrono::microseconds soon{20};

    struct waker : detail::operation {
        explicit waker(queue_driver& d) noexcept
            : operation([](operation& self, bool) noexcept {
                  static_cast<waker&>(self).driver.waking_.store(false);
              }),
              driver(d) {}
        queue_driver& driver;
    };

    static void complete(void* tag, bool ok) noexcept {
        auto& done = *static_cast<detail::operation*>(tag);
        done.act(done, ok);
    }

    bool next(gpr_timespec until) {
        void* tag = nullptr;
        bool ok = false;
        if (operations_->AsyncNext(&tag, &ok, until) != grpc::CompletionQueue::GOT_EVENT) return false;
        complete(tag, ok);
        return true;
    }

    bool poll_io() {
        int ran = 0;
        while (ran < most_at_once && context_.poll_one() > 0) ++ran;
        return ran > 0;
    }

    void arm(time_point until, time_point at) {
        // One that goes off too early costs an empty turn; setting it anew costs a system call.
        if (armed_for_ > at && until >= armed_for_) return;
        if (!clock_) clock_.emplace(*this);
        armed_for_ = until;
        clock_->set(until);
    }

    std::unique_ptr<grpc::CompletionQueue> operations_;
    asio::io_context context_;
    asio::executor_work_guard<asio::io_context::executor_type> alive_;
    waker waker_;
    grpc::Alarm alarm_;
    std::atomic<bool> waking_{false};
    std::optional<detail::exact_clock> clock_;
    time_point armed_for_{};
    bool has_io_ = false;
};

/// The completion queue under this shard, on which calls to other servers are made.
inline grpc::CompletionQueue& queue() {
    auto* driver = dynamic_cast<queue_driver*>(&this_shard().driver());
    if (driver == nullptr)
        throw std::logic_error(
            "this shard has no completion queue, which calls of gRPC need: start with rtai::rpc::run, on the "
            "shards of an rpc::server, or on a runtime whose make_driver makes an rpc::queue_driver");
    return driver->queue();
}

/// Like `rtai::run`, on a shard that can make calls.
template <class T>
T run(task<T> work) {
    shard here(std::make_unique<queue_driver>());
    return rtai::run(here, std::move(work));
}

}  // namespace rtai::rpc
