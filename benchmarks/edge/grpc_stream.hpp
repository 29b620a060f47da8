#pragma once

#include <grpcpp/grpcpp.h>
#include <streamingai/v1/streaming_ai.grpc.pb.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <rtai/rpc/server.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// A server that echoes a stream, once as coroutines of rtai and once as the state machine that gRPC's own
// documentation shows, each with one completion queue on one thread. A server is a process of its own, so
// that what it costs can be told from what the client costs: main() has to begin with
//
//     if (const char* kind = bench::asked_to_serve_grpc()) return bench::serve_grpc(kind);

namespace bench {

namespace ai = streamingai::v1;

inline constexpr const char* serve_grpc_variable = "RTAI_BENCH_GRPC_SERVER";
inline const char* asked_to_serve_grpc() { return std::getenv(serve_grpc_variable); }

/// gRPC's asynchronous interface as it is.
class bare_echo {
public:
    bare_echo() {
        grpc::ServerBuilder builder;
        builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
        builder.RegisterService(&service_);
        queue_ = builder.AddCompletionQueue();
        server_ = builder.BuildAndStart();
    }

    void run() {
        new session(*this);
        void* tag = nullptr;
        bool ok = false;
        while (queue_->Next(&tag, &ok)) {
            auto& s = *static_cast<step*>(tag);
            s.of->done(s.what, ok);
        }
    }

    int port = 0;

private:
    enum class kind { arrive, read, write, finish };
    class session;
    struct step {
        session* of;
        kind what;
    };

    class session {
    public:
        explicit session(bare_echo& e) : echo_(e), talk_(&context_) {
            echo_.service_.RequestBiDirectionalStreaming(&context_, &talk_, echo_.queue_.get(),
                                                         echo_.queue_.get(), &arrive_);
        }

        void done(kind what, bool ok) {
            switch (what) {
                case kind::arrive:
                    new session(echo_);
                    talk_.Read(&in_, &read_);
                    break;
                case kind::read:
                    if (!ok) {
                        talk_.Finish(grpc::Status::OK, &finish_);
                        break;
                    }
                    waiting_ = writing_;
                    if (!writing_) answer();
                    break;
                case kind::write:
                    writing_ = false;
                    if (waiting_) answer();
                    break;
                case kind::finish:
                    delete this;
            }
        }

    private:
        void answer() {
            waiting_ = false;
            writing_ = true;
            out_ = std::move(in_);
            talk_.Read(&in_, &read_);
            talk_.Write(out_, &write_);
        }

        bare_echo& echo_;
        grpc::ServerContext context_;
        grpc::ServerAsyncReaderWriter<ai::StreamMessage, ai::StreamMessage> talk_;
        ai::StreamMessage in_;
        ai::StreamMessage out_;
        step arrive_{this, kind::arrive};
        step read_{this, kind::read};
        step write_{this, kind::write};
        step finish_{this, kind::finish};
        bool writing_ = false;
        bool waiting_ = false;
    };

    ai::StreamingAIService::AsyncService service_;
    std::unique_ptr<grpc::ServerCompletionQueue> queue_;
    std::unique_ptr<grpc::Server> server_;
};

inline rtai::task<rtai::result<>> echo(rtai::rpc::call&,
                                       rtai::rpc::stream<ai::StreamMessage, ai::StreamMessage>& s) {
    while (auto message = co_await s.read())
        if (!co_await s.write(*message)) break;
    co_return rtai::result<>();
}

template <class In, class Out>
rtai::task<rtai::result<Out>> nothing(rtai::rpc::call&, In) {
    co_return Out();
}

inline void tell_port(int port) {
    const std::string line = std::to_string(port) + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::_Exit(1);
}

/// Ends by a signal.
inline int serve_grpc(const std::string& kind) {
    if (kind == "bare") {
        bare_echo server;
        tell_port(server.port);
        server.run();
        return 0;
    }
    rtai::rpc::server_options options;
    options.address = "127.0.0.1";
    options.port = 0;
    options.shards = 1;
    rtai::rpc::server server(options);
    using async = ai::StreamingAIService::AsyncService;
    server.add<ai::StreamingAIService>()
        .on(&async::RequestBiDirectionalStreaming, echo)
        .on(&async::RequestCreateSession, nothing<ai::CreateSessionRequest, ai::CreateSessionResponse>)
        .on(&async::RequestCloseSession, nothing<ai::CloseSessionRequest, ai::CloseSessionResponse>);
    server.start().value();
    // As a session that calls other services over HTTP would have it.
    if (kind == "fused")
        server.shards().place(0, []() -> rtai::task<> {
            (void)rtai::io_context();
            co_return;
        });
    tell_port(server.port());
    for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

class grpc_server_process {
public:
    explicit grpc_server_process(const char* kind) {
        int ends[2];
        if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
        child_ = ::fork();
        if (child_ == 0) {
            ::dup2(ends[1], STDOUT_FILENO);
            ::close(ends[0]);
            ::setenv(serve_grpc_variable, kind, 1);
            char self[] = "/proc/self/exe";
            char* words[] = {self, nullptr};
            ::execv(self, words);
            std::_Exit(1);
        }
        ::close(ends[1]);
        std::string line;
        for (char c = 0; ::read(ends[0], &c, 1) == 1 && c != '\n';) line += c;
        ::close(ends[0]);
        if (line.empty()) throw std::runtime_error("the gRPC server did not start");
        where = "127.0.0.1:" + line;
    }
    grpc_server_process(const grpc_server_process&) = delete;
    grpc_server_process& operator=(const grpc_server_process&) = delete;
    ~grpc_server_process() {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }

    /// Microseconds of a processor that it has had.
    double cpu() const {
        clockid_t clock{};
        timespec t{};
        if (::clock_getcpuclockid(child_, &clock) != 0 || ::clock_gettime(clock, &t) != 0)
            throw std::runtime_error("the gRPC server is gone");
        return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
    }

    std::string where;

private:
    pid_t child_ = -1;
};

struct grpc_figures {
    double p50 = 0;  ///< microseconds there and back
    double p99 = 0;
    double rate = 0;        ///< messages a second, there and back
    double server_cpu = 0;  ///< microseconds a message
};

/// Many streams, each with one message under way at a time.
class echo_client {
public:
    echo_client(const std::string& where, int streams)
        : stub_(ai::StreamingAIService::NewStub(
              grpc::CreateChannel(where, grpc::InsecureChannelCredentials()))) {
        question_.mutable_audio()->set_data(std::string(640, 'x'));
        question_.mutable_audio()->set_sample_rate(16000);
        for (int i = 0; i < streams; ++i) all_.push_back(std::make_unique<one>(*this));
        for (std::size_t started = 0; started < all_.size(); ++started) next();
    }
    ~echo_client() {
        for (auto& s : all_) s->context.TryCancel();
        queue_.Shutdown();
        void* tag = nullptr;
        bool ok = false;
        while (queue_.Next(&tag, &ok)) {
        }
    }
    echo_client(const echo_client&) = delete;
    echo_client& operator=(const echo_client&) = delete;

    /// So many messages in all.
    grpc_figures run(const grpc_server_process& server, std::size_t messages) {
        using clock = std::chrono::steady_clock;
        std::vector<double> trips;
        trips.reserve(messages);
        const double cpu = server.cpu();
        const auto begun = clock::now();
        for (auto& s : all_) s->send();
        while (trips.size() < messages ||
               std::any_of(all_.begin(), all_.end(), [](auto& s) { return s->under_way > 0; })) {
            const step& done = next();
            if (done.reading)
                trips.push_back(
                    std::chrono::duration<double, std::micro>(clock::now() - done.of->sent).count());
            const bool both = --done.of->under_way == 0;
            if (both && trips.size() + all_.size() <= messages) done.of->send();
        }
        const double seconds = std::chrono::duration<double>(clock::now() - begun).count();
        grpc_figures f;
        f.server_cpu = (server.cpu() - cpu) / static_cast<double>(messages);
        f.rate = static_cast<double>(messages) / seconds;
        std::sort(trips.begin(), trips.end());
        f.p50 = trips[trips.size() / 2];
        f.p99 = trips[trips.size() * 99 / 100];
        return f;
    }

private:
    struct one;
    struct step {
        one* of;
        bool reading;
    };
    struct one {
        explicit one(echo_client& c)
            : client(c), talk(c.stub_->PrepareAsyncBiDirectionalStreaming(&context, &c.queue_)) {
            talk->StartCall(&writing);
        }
        void send() {
            sent = std::chrono::steady_clock::now();
            under_way = 2;
            talk->Read(&answer, &reading_step);
            talk->Write(client.question_, &writing);
        }
        echo_client& client;
        grpc::ClientContext context;
        std::unique_ptr<grpc::ClientAsyncReaderWriter<ai::StreamMessage, ai::StreamMessage>> talk;
        ai::StreamMessage answer;
        std::chrono::steady_clock::time_point sent;
        int under_way = 0;
        step writing{this, false};
        step reading_step{this, true};
    };

    const step& next() {
        void* tag = nullptr;
        bool ok = false;
        if (!queue_.Next(&tag, &ok) || !ok) throw std::runtime_error("the stream broke");
        return *static_cast<step*>(tag);
    }

    grpc::CompletionQueue queue_;
    std::unique_ptr<ai::StreamingAIService::Stub> stub_;
    ai::StreamMessage question_;
    std::vector<std::unique_ptr<one>> all_;
};

}  // namespace bench
