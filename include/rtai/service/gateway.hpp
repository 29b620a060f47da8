#pragma once

#include <optional>
#include <rtai/auth/options.hpp>
#include <rtai/core/task.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/schema.hpp>
#include <rtai/graph/catalogue.hpp>
#include <rtai/service/conversation.hpp>
#include <rtai/service/options.hpp>
#include <string_view>

namespace rtai::service {

class host;

/// The edge: what clients connect to. Each connection is a session, which runs a pipeline.
struct gateway {
    static constexpr const char* header = "rtai/gateway/serve.hpp";
    struct listen_options {
        std::optional<http_listen> http;
        std::optional<websocket_listen> websocket;
        std::optional<grpc_listen> grpc;
        std::optional<webrtc_listen> webrtc;
        RTAI_DESCRIBE(listen_options, http, websocket, grpc, webrtc)
    };
    struct options {
        listen_options listen;
        session_options session;
        auth::auth_options auth;
        auth::limit_options limits;
        std::optional<service_name> relay;
        RTAI_DESCRIBE(options, listen, session, auth, limits, relay)
        static void notes(rtai::notes<options>& about) {
            about(&options::listen, "what clients connect to", required);
            about(&options::session, "what a connection is", required);
            about(&options::auth, "who may connect; without it, everyone");
            about(&options::relay, "the relay that holds the conversations, if not this service");
        }
    };
    using session = conversation;

    /// In rtai/gateway/serve.hpp, which the tool need not read.
    template <class Pipeline, class Wire>
    static task<> serve(host& h, std::string_view name, options with, typename Pipeline::options pipeline,
                        Wire wire);
};
RTAI_SERVICE(gateway, "The edge of media: HTTP, WebSocket and gRPC, a session for each connection.");

}  // namespace rtai::service
