#pragma once

#include <grpcpp/grpcpp.h>
#include <streamingai/v1/streaming_ai.grpc.pb.h>

#include <memory>
#include <utility>

namespace bench {

namespace proto = streamingai::v1;

/// Echoes a stream by gRPC's asynchronous interface as its own documentation uses it: a state machine, and
/// one completion queue on one thread.
class bare_echo {
public:
    explicit bare_echo(
        const std::shared_ptr<grpc::ServerCredentials>& c = grpc::InsecureServerCredentials()) {
        grpc::ServerBuilder builder;
        builder.AddListeningPort("127.0.0.1:0", c, &port);
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
    enum class step_kind { arrive, read, write, finish };
    class session;
    struct step {
        session* of;
        step_kind what;
    };

    class session {
    public:
        explicit session(bare_echo& e) : echo_(e), talk_(&context_) {
            echo_.service_.RequestBiDirectionalStreaming(&context_, &talk_, echo_.queue_.get(),
                                                         echo_.queue_.get(), &arrive_);
        }

        void done(step_kind what, bool ok) {
            switch (what) {
                case step_kind::arrive:
                    new session(echo_);
                    talk_.Read(&in_, &read_);
                    break;
                case step_kind::read:
                    if (!ok) {
                        talk_.Finish(grpc::Status::OK, &finish_);
                        break;
                    }
                    waiting_ = writing_;
                    if (!writing_) answer();
                    break;
                case step_kind::write:
                    writing_ = false;
                    if (waiting_) answer();
                    break;
                case step_kind::finish:
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
        grpc::ServerAsyncReaderWriter<proto::StreamMessage, proto::StreamMessage> talk_;
        proto::StreamMessage in_;
        proto::StreamMessage out_;
        step arrive_{this, step_kind::arrive};
        step read_{this, step_kind::read};
        step write_{this, step_kind::write};
        step finish_{this, step_kind::finish};
        bool writing_ = false;
        bool waiting_ = false;
    };

    proto::StreamingAIService::AsyncService service_;
    std::unique_ptr<grpc::ServerCompletionQueue> queue_;
    std::unique_ptr<grpc::Server> server_;
};

}  // namespace bench
