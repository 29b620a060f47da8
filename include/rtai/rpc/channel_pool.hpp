#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <atomic>
#include <boost/describe/enum.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <rtai/core/result.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/units.hpp>
#include <rtai/rpc/options.hpp>
#include <string>
#include <utility>
#include <vector>

namespace rtai::rpc {

/// Which of several servers a call goes to.
enum class balance : std::uint8_t { first, turns };
BOOST_DESCRIBE_ENUM(balance, first, turns)

struct channel_options {
    std::string address;
    rpc::balance balance = balance::first;
    unsigned connections = 1;
    client_tls tls;
    byte_size max_message{4 << 20};
    bool gzip = false;
    rpc::keepalive keepalive;
    std::chrono::milliseconds reconnect_after{100};
    std::chrono::milliseconds reconnect_at_most{5000};

    RTAI_DESCRIBE(channel_options, address, balance, connections, tls, max_message, gzip, keepalive,
                  reconnect_after, reconnect_at_most)
    static void notes(rtai::notes<channel_options>& about) {
        using o = channel_options;
        about(&o::address, "the server, as HOST:PORT, or several: ipv4:10.0.0.1:50051,10.0.0.2:50051",
              required);
        about(&o::balance, "of several, the first that answers; or all in turns that say they are well");
        about(&o::connections, "calls are spread over so many", range(1, 1000));
        about(&o::tls, "how to speak TLS");
        about(&o::max_message, "the largest message, both ways");
        about(&o::gzip, "compress what is sent");
        about(&o::keepalive, "when connections are looked after");
        about(&o::reconnect_after, "the first wait before a lost connection is made anew", at_least(1));
        about(&o::reconnect_at_most, "the longest such wait", at_least(1));
    }
};

/// Connections to a server, or to each of several, which calls take in turns. One connection is one thread's
/// work at the server, and carries a limited number of calls; so who makes many takes several. Safe between
/// shards.
class channel_pool {
public:
    /// Throws `bad_result` if the files for TLS can not be used. Connects with the first call.
    explicit channel_pool(const channel_options& o) {
        auto credentials = detail::credentials_for(o.tls).value();
        for (unsigned i = 0; i < std::max(1U, o.connections); ++i)
            channels_.push_back(grpc::CreateCustomChannel(o.address, credentials, arguments(o)));
    }
    channel_pool(const channel_pool&) = delete;
    channel_pool& operator=(const channel_pool&) = delete;

    const std::shared_ptr<grpc::Channel>& next() noexcept {
        return channels_[turn_.fetch_add(1, std::memory_order_relaxed) % channels_.size()];
    }

    /// `pool.stub<Echo>()`, on the connection whose turn it is.
    template <class Service>
    std::unique_ptr<typename Service::Stub> stub() {
        return Service::NewStub(next());
    }

    std::size_t size() const noexcept { return channels_.size(); }

private:
    static grpc::ChannelArguments arguments(const channel_options& o) {
        grpc::ChannelArguments a;
        const int most = detail::message_limit(o.max_message);
        a.SetMaxReceiveMessageSize(most);
        a.SetMaxSendMessageSize(most);
        if (o.gzip) a.SetCompressionAlgorithm(GRPC_COMPRESS_GZIP);
        if (o.tls.use && !o.tls.name.empty()) a.SetSslTargetNameOverride(o.tls.name);
        const auto ms = [](std::chrono::milliseconds t) { return static_cast<int>(t.count()); };
        a.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, ms(o.keepalive.every));
        a.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, ms(o.keepalive.answer_within));
        a.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
        a.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
        a.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, ms(o.reconnect_after));
        a.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, ms(o.reconnect_at_most));
        a.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, ms(o.reconnect_at_most));
        // A server that is about to end says that it is not well: calls go elsewhere before it refuses them.
        if (o.balance == balance::turns)
            a.SetServiceConfigJSON(
                R"({"loadBalancingConfig":[{"round_robin":{}}],"healthCheckConfig":{"serviceName":""}})");
        // Channels with the same arguments would share one connection.
        a.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
        return a;
    }

    std::vector<std::shared_ptr<grpc::Channel>> channels_;
    std::atomic<std::size_t> turn_{0};
};

}  // namespace rtai::rpc
