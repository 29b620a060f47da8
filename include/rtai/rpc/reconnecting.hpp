#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <rtai/core/channel.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/rpc/client.hpp>
#include <utility>
#include <vector>

namespace rtai::rpc {

struct backoff {
    std::chrono::milliseconds first{200};
    std::chrono::milliseconds most{10'000};
    double factor = 2;
    double jitter = 0.3;

    RTAI_DESCRIBE(backoff, first, most, factor, jitter)
    static void notes(rtai::notes<backoff>& about) {
        about(&backoff::first, "the wait before the first new attempt", at_least(0));
        about(&backoff::most, "the longest wait", at_least(0));
        about(&backoff::factor, "how much longer each wait is than the one before", range(1, 10));
        about(&backoff::jitter, "how much of a wait is left to chance, so that not all come back at once",
              range(0, 1));
    }
};

/// The waits between attempts.
class backoff_timer {
public:
    explicit backoff_timer(backoff b, std::uint64_t seed = std::random_device{}()) : how_(b), chance_(seed) {}

    duration next() {
        const double most = std::chrono::duration<double>(how_.most).count();
        const double wait =
            std::min(most, std::chrono::duration<double>(how_.first).count() * std::pow(how_.factor, count_));
        if (wait < most) ++count_;
        const double part = std::uniform_real_distribution<double>(1 - how_.jitter, 1)(chance_);
        return std::chrono::duration_cast<duration>(std::chrono::duration<double>(wait * part));
    }

    void reset() noexcept { count_ = 0; }

private:
    backoff how_;
    std::mt19937_64 chance_;
    int count_ = 0;
};

enum class link_state : std::uint8_t { connecting, up, waiting };

template <class Out>
struct reconnect_options {
    reconnect_options() = default;

    rpc::backoff backoff;
    call_options call;
    /// Attempts in a row that may fail; 0: any number.
    std::size_t attempts = 0;
    /// What is written first on each new stream, to take up a session where it was. Told how many streams
    /// there have been.
    std::function<std::vector<Out>(std::size_t streams)> resume;
    /// Told of each change; `why` is set when the stream was lost.
    std::function<void(link_state, const error* why)> changed;
    /// Whether it is of no use to try again after this error.
    std::function<bool(const error&)> final = [](const error& e) {
        switch (code_of(e)) {
            case grpc::INVALID_ARGUMENT:
            case grpc::UNAUTHENTICATED:
            case grpc::PERMISSION_DENIED:
            case grpc::UNIMPLEMENTED:
            case grpc::NOT_FOUND:
            case grpc::FAILED_PRECONDITION:
            case grpc::OUT_OF_RANGE:
                return true;
            default:
                return false;
        }
    };
};

namespace detail {

template <class Stub, class In, class Out>
class reconnecting {
public:
    using prepare = std::unique_ptr<grpc::ClientAsyncReaderWriter<Out, In>> (Stub::*)(grpc::ClientContext*,
                                                                                      grpc::CompletionQueue*);

    reconnecting(Stub& s, prepare p, receiver<Out> out, sender<In> in, reconnect_options<Out> o)
        : stub_(s), prepare_(p), out_(std::move(out)), in_(std::move(in)), options_(std::move(o)) {}

    task<result<>> run() {
        backoff_timer timer(options_.backoff);
        for (std::size_t failed = 0;;) {
            heard_ = false;
            tell(link_state::connecting, nullptr);
            const result<> ended = co_await once();
            if (ended.ok() || nobody_listens_) co_return result<>();
            if (options_.final && options_.final(ended.error())) co_return ended;
            if (heard_) {
                timer.reset();
                failed = 0;
            }
            if (++failed == options_.attempts) co_return ended;
            tell(link_state::waiting, &ended.error());
            co_await sleep_for(timer.next());
        }
    }

private:
    /// One stream, from its opening to its end.
    task<result<>> once() {
        auto c = co_await open(stub_, prepare_, options_.call);
        std::vector<Out> first;
        if (options_.resume) first = options_.resume(streams_);
        ++streams_;
        for (const Out& m : first) {
            const bool written = co_await c->write(m);
            if (!written) break;
        }
        co_await race(read_all(*c), write_all(*c));
        if (nobody_listens_) co_return result<>();
        co_return co_await c->finish();
    }

    task<> read_all(client_talk<In, Out>& c) {
        while (auto m = co_await c.read()) {
            if (!std::exchange(heard_, true)) tell(link_state::up, nullptr);
            const bool taken = co_await in_.send(std::move(*m));
            if (taken) continue;
            nobody_listens_ = true;
            co_return;
        }
    }

    /// Keeps what it could not write for the next stream. Ends only with the stream.
    task<> write_all(client_talk<In, Out>& c) {
        event never_set;
        for (;;) {
            if (!unsent_) unsent_ = co_await out_.receive();
            if (!unsent_) {
                co_await c.done_writing();
                break;
            }
            const bool written = co_await c.write(*unsent_);
            if (!written) break;
            unsent_.reset();
        }
        co_await never_set.wait();
    }

    void tell(link_state s, const error* why) const {
        if (options_.changed) options_.changed(s, why);
    }

    Stub& stub_;
    prepare prepare_;
    receiver<Out> out_;
    sender<In> in_;
    reconnect_options<Out> options_;
    std::optional<Out> unsent_;
    std::size_t streams_ = 0;
    bool heard_ = false;
    bool nobody_listens_ = false;
};

}  // namespace detail

/// Keeps a stream to a server open: what comes out of `out` is written to it, what it says goes into `in`,
/// and when it is lost it is opened anew, after a wait that grows. While it is down, messages wait in `out`'s
/// channel, or are dropped there, as its type says. What was handed to the connection just before it was lost
/// may be lost with it: who can not bear that, numbers its messages and lets `resume` say where to go on.
///
/// Success: `out` has ended and the server has finished, or nobody receives from `in` any more. The stub must
/// live until then.
template <class Stub, class In, class Out>
task<result<>> keep_open(Stub& stub,
                         std::unique_ptr<grpc::ClientAsyncReaderWriter<Out, In>> (Stub::*prepare)(
                             grpc::ClientContext*, grpc::CompletionQueue*),
                         std::type_identity_t<receiver<Out>> out, std::type_identity_t<sender<In>> in,
                         std::type_identity_t<reconnect_options<Out>> o = {}) {
    detail::reconnecting<Stub, In, Out> link(stub, prepare, std::move(out), std::move(in), std::move(o));
    co_return co_await link.run();
}

}  // namespace rtai::rpc
