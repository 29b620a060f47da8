#include <grpcpp/grpcpp.h>
#include <streamingai/v1/streaming_ai.grpc.pb.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../support/measures.hpp"
#include "process.hpp"
#include "questions.hpp"

namespace bench {
namespace {

namespace proto = streamingai::v1;

struct grpc_figures {
    double p50 = 0;  ///< microseconds there and back
    double p99 = 0;
    double rate = 0;        ///< messages a second, there and back
    double server_cpu = 0;  ///< microseconds a message
};

/// Many streams, each with one message under way at a time.
class stream_client {
public:
    stream_client(const std::string& where, int streams)
        : stub_(proto::StreamingAIService::NewStub(
              grpc::CreateChannel(where, grpc::InsecureChannelCredentials()))) {
        question_.mutable_audio()->set_data(std::string(640, 'x'));
        question_.mutable_audio()->set_sample_rate(16000);
        for (int i = 0; i < streams; ++i) all_.push_back(std::make_unique<one>(*this));
        for (std::size_t started = 0; started < all_.size(); ++started) next();
    }
    ~stream_client() {
        for (auto& s : all_) s->context.TryCancel();
        queue_.Shutdown();
        void* tag = nullptr;
        bool ok = false;
        while (queue_.Next(&tag, &ok)) {
        }
    }
    stream_client(const stream_client&) = delete;
    stream_client& operator=(const stream_client&) = delete;

    /// So many messages in all.
    grpc_figures run(const server_process& server, std::size_t messages) {
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
        f.p50 = share_of(trips, 0.5);
        f.p99 = share_of(trips, 0.99);
        return f;
    }

private:
    struct one;
    struct step {
        one* of;
        bool reading;
    };
    struct one {
        explicit one(stream_client& c)
            : client(c), talk(c.stub_->PrepareAsyncBiDirectionalStreaming(&context, &c.queue_)) {
            talk->StartCall(&writing);
        }
        void send() {
            sent = std::chrono::steady_clock::now();
            under_way = 2;
            talk->Read(&answer, &reading_step);
            talk->Write(client.question_, &writing);
        }
        stream_client& client;
        grpc::ClientContext context;
        std::unique_ptr<grpc::ClientAsyncReaderWriter<proto::StreamMessage, proto::StreamMessage>> talk;
        proto::StreamMessage answer;
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
    std::unique_ptr<proto::StreamingAIService::Stub> stub_;
    proto::StreamMessage question_;
    std::vector<std::unique_ptr<one>> all_;
};

struct server_kind {
    const char* name;
    std::string label;
    enum role role;
};

std::optional<double> ratio(std::optional<double> a, std::optional<double> b) {
    if (!a || !b || *b <= 0) return std::nullopt;
    return *a / *b;
}

}  // namespace

/// A stream of gRPC against gRPC's own asynchronous interface.
void grpc_stream(sheet& s) {
    const std::array<server_kind, 3> kinds{{{"rtai", "rtai", role::ours},
                                            {"fused", "rtai, with sockets on the same thread", role::ours},
                                            {"bare", "gRPC's asynchronous C++ interface", role::peer}}};
    const std::size_t trips = s.asked().quick ? 1500 : 3000, messages = s.asked().quick ? 6000 : 15'000;
    std::vector<gathered> p50, p99, rate, cpu_one, cpu_many;
    for (const auto& k : kinds) {
        const auto add = [&](std::vector<gathered>& to, const std::string& key) {
            to.push_back({key + "." + k.name, k.label, k.role, {}});
        };
        add(p50, "grpc_round_trip_us.p50");
        add(p99, "grpc_round_trip_us.p99");
        add(rate, "grpc_messages_per_s.100_streams");
        add(cpu_one, "grpc_cpu_us_per_message.1_stream");
        add(cpu_many, "grpc_cpu_us_per_message.100_streams");
    }
    for (int round = 0; round < s.asked().rounds; ++round)
        for (std::size_t i = 0; i < kinds.size(); ++i) {
            const auto server = server_process::own(std::string("grpc ") + kinds[i].name);
            {
                stream_client one(server_process::address(server.port), 1);
                (void)one.run(server, trips / 5);
                const auto f = one.run(server, trips);
                p50[i].samples.push_back(f.p50);
                p99[i].samples.push_back(f.p99);
                cpu_one[i].samples.push_back(f.server_cpu);
            }
            stream_client many(server_process::address(server.port), 100);
            (void)many.run(server, messages / 5);
            const auto f = many.run(server, messages);
            rate[i].samples.push_back(f.rate);
            cpu_many[i].samples.push_back(f.server_cpu);
        }
    s.show("A message of 640 bytes on a stream of gRPC and back: half of them take less", "microseconds",
           std::move(p50));
    s.show("The same: 99 % of them take less", "microseconds", std::move(p99));
    s.show("Messages over 100 streams, one under way on each", "a second, more is better", std::move(rate));
    s.show("CPU time of the server for a message, one stream", "microseconds", std::move(cpu_one));
    s.show("CPU time of the server for a message, 100 streams", "microseconds", std::move(cpu_many));
    const auto against_bare = [&](const std::string& key) {
        return ratio(s[key + ".rtai"], s[key + ".bare"]);
    };
    s.at_most("gRPC round trip, median, against the bare interface", against_bare("grpc_round_trip_us.p50"),
              1.15, " times");
    s.at_most("gRPC round trip, 99 %, the same", against_bare("grpc_round_trip_us.p99"), 1.15, " times");
    s.at_least("gRPC messages a second, the same", against_bare("grpc_messages_per_s.100_streams"), 1 / 1.15,
               " times");
    s.at_most("CPU a message on one stream, the same", against_bare("grpc_cpu_us_per_message.1_stream"), 1.15,
              " times");
    s.at_most("CPU a message on 100 streams, the same", against_bare("grpc_cpu_us_per_message.100_streams"),
              1.15, " times");
}

}  // namespace bench
