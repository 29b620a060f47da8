#pragma once

#include <optional>
#include <rtai/auth/options.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/schema.hpp>
#include <rtai/graph/catalogue.hpp>
#include <rtai/service/conversation.hpp>
#include <rtai/service/gateway.hpp>
#include <rtai/service/options.hpp>
#include <string>
#include <vector>

// The kinds of service whose settings are fixed and checked, and whose work is still to come: a spec can
// name them, and `rtai check` says so when it meets one.

namespace rtai::service {

struct relay {
    static constexpr bool is_built = false;
    struct listen_options {
        std::optional<grpc_listen> grpc;
        RTAI_DESCRIBE(listen_options, grpc)
    };
    struct options {
        listen_options listen;
        session_options session;
        std::optional<service_name> ai;
        std::optional<store_name> store;
        auth::auth_options auth;
        RTAI_DESCRIBE(options, listen, session, ai, store, auth)
        static void notes(rtai::notes<options>& about) {
            about(&options::session, "what a conversation is", required);
            about(&options::ai, "the AI service that thinks for it, if its pipeline does not");
            about(&options::store, "where sessions are kept");
        }
    };
    using session = conversation;
};
RTAI_SERVICE(relay, "Holds conversations: sessions, control, what is to be said next, barge-in.");

struct ai_service {
    static constexpr bool is_built = false;
    struct listen_options {
        std::optional<grpc_listen> grpc;
        RTAI_DESCRIBE(listen_options, grpc)
    };
    struct options {
        listen_options listen;
        session_options session;
        auth::auth_options auth;
        RTAI_DESCRIBE(options, listen, session, auth)
        static void notes(rtai::notes<options>& about) {
            about(&options::session, "what a request runs", required);
        }
    };
    using session = conversation;
};
RTAI_SERVICE(ai_service, "Speech recognition, language models and synthesis for relays, over gRPC.");

struct agent {
    static constexpr bool is_built = false;
    struct options {
        session_options session;
        std::optional<store_name> store;
        std::vector<std::string> tools;
        RTAI_DESCRIBE(options, session, store, tools)
        static void notes(rtai::notes<options>& about) {
            about(&options::session, "how it converses", required);
            about(&options::store, "where it remembers");
        }
    };
    using session = conversation;
};
RTAI_SERVICE(agent, "A conversation partner with memory and tools.");

struct duplex {
    static constexpr bool is_built = false;
    struct listen_options {
        std::optional<http_listen> http;
        std::optional<websocket_listen> websocket;
        RTAI_DESCRIBE(listen_options, http, websocket)
    };
    struct options {
        listen_options listen;
        session_options session;
        auth::auth_options auth;
        auth::limit_options limits;
        RTAI_DESCRIBE(options, listen, session, auth, limits)
        static void notes(rtai::notes<options>& about) {
            about(&options::listen, "what clients connect to", required);
            about(&options::session, "what a connection is", required);
        }
    };
    using session = conversation;
};
RTAI_SERVICE(duplex, "Speech in and speech out at once over one socket, as realtime APIs do it.");

}  // namespace rtai::service
