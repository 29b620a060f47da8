#pragma once

#include <grpcpp/support/async_stream.h>

#include <coroutine>
#include <optional>
#include <rtai/core/channel.hpp>
#include <rtai/core/task.hpp>
#include <rtai/rpc/detail/operation.hpp>
#include <utility>

namespace rtai::rpc {

/// The messages that come in on a call. One coroutine reads at a time. A read that was given up, by a
/// timeout or a lost race, has not happened: its message is there for the next.
template <class In>
class reader {
public:
    explicit reader(detail::shared& call) noexcept : reading_(call) {}

    class await : public detail::step_await {
    public:
        explicit await(reader& r) noexcept : step_await(r.reading_), from_(&r) {}

        bool await_ready() {
            from_->begin();
            return step_await::await_ready();
        }

        /// Nothing: the other side has finished, or the call is over.
        std::optional<In> await_resume() {
            step_await::await_resume();
            return from_->take();
        }

    private:
        reader* from_;
    };

    /// `while (auto message = co_await s.read())`
    [[nodiscard]] await read() noexcept { return await(*this); }

    /// Whether `read` has said that this is the end.
    bool ended() const noexcept { return ended_; }

protected:
    void read_from(grpc::internal::AsyncReaderInterface<In>& source) noexcept { source_ = &source; }

private:
    void begin() {
        if (!std::exchange(begun_, true)) source_->Read(&message_, reading_.begin());
    }

    std::optional<In> take() {
        if (ended_ || !reading_.ok()) {
            ended_ = true;
            return std::nullopt;
        }
        std::optional<In> message(std::move(message_));
        // The next one may come while this one is being used.
        source_->Read(&message_, reading_.begin());
        return message;
    }

    grpc::internal::AsyncReaderInterface<In>* source_ = nullptr;
    detail::step reading_;
    In message_;
    bool begun_ = false;
    bool ended_ = false;
};

/// The messages that go out on a call. One coroutine writes at a time.
template <class Out>
class writer {
public:
    explicit writer(detail::shared& call) noexcept : writing_(call) {}

    class await : public detail::step_await {
    public:
        await(writer& w, const Out& message, grpc::WriteOptions options) noexcept
            : step_await(w.writing_), to_(&w), message_(&message), options_(options) {}

        /// False: the call is over, and nobody gets this.
        [[nodiscard("false means that the call is over: stop")]] bool await_resume() {
            step_await::await_resume();
            return to_->begin(*message_, options_);
        }

    private:
        writer* to_;
        const Out* message_;
        grpc::WriteOptions options_;
    };

    /// `if (!co_await s.write(message)) co_return ...;` Waits until the one before is on its way, which is
    /// how a slow reader slows its writer.
    [[nodiscard]] await write(const Out& message, grpc::WriteOptions options = {}) noexcept {
        return await(*this, message, options);
    }

    /// Writes what comes out of a channel until the channel or the call ends. What waits in the channel is
    /// sent together.
    task<> write_from(receiver<Out> queue) {
        auto next = co_await queue.receive();
        while (next) {
            const Out message = std::move(*next);
            next = queue.try_receive();
            grpc::WriteOptions options;
            if (next) options.set_buffer_hint();
            const bool written = co_await write(message, options);
            if (!written) co_return;
            if (!next) next = co_await queue.receive();
        }
    }

    /// Waits until nothing is being written; says whether everything was.
    [[nodiscard]] task<bool> written() {
        co_await writing_.wait();
        co_return writing_.ok();
    }

protected:
    void write_to(grpc::internal::AsyncWriterInterface<Out>& sink) noexcept { sink_ = &sink; }
    detail::step& writing() noexcept { return writing_; }
    /// Nothing is written from now on. True if the other side is to be told so: it has not been, and listens.
    bool close_writer() noexcept { return !std::exchange(closed_, true) && writing_.ok(); }

private:
    bool begin(const Out& message, grpc::WriteOptions options) {
        if (closed_ || !writing_.ok()) return false;
        // The first goes with the headers, and gRPC never ends one of these that only waits for another.
        if (!std::exchange(begun_, true)) options.clear_buffer_hint();
        sink_->Write(message, options, writing_.begin());
        return true;
    }

    grpc::internal::AsyncWriterInterface<Out>* sink_ = nullptr;
    detail::step writing_;
    bool begun_ = false;
    bool closed_ = false;
};

/// Messages both ways.
template <class In, class Out>
class stream : public reader<In>, public writer<Out> {
public:
    explicit stream(detail::shared& call) noexcept : reader<In>(call), writer<Out>(call) {}
};

}  // namespace rtai::rpc
