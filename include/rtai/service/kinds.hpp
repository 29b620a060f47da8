#pragma once

#include <boost/describe/enum.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <rtai/data/describe.hpp>
#include <rtai/data/schema.hpp>
#include <rtai/data/secret.hpp>
#include <rtai/data/units.hpp>
#include <rtai/graph/catalogue.hpp>
#include <rtai/graph/port.hpp>
#include <string>
#include <vector>

// The kinds of service whose settings are fixed and checked, and whose work is still to come: a spec can
// name them, and `generate` says so when it meets one.

namespace rtai::service {

struct tls_options {
    std::filesystem::path certificate;
    std::filesystem::path key;
    std::filesystem::path client_authority;
    RTAI_DESCRIBE(tls_options, certificate, key, client_authority)
    static void notes(rtai::notes<tls_options>& about) {
        about(&tls_options::certificate, "PEM file of the certificate and its chain", required);
        about(&tls_options::key, "PEM file of the private key", required);
        about(&tls_options::client_authority,
              "PEM file of who signs the certificates that clients must show");
    }
};

struct http_listen {
    listen_port port{8080};
    std::string address = "0.0.0.0";
    std::optional<tls_options> tls;
    byte_size body{1 << 20};
    RTAI_DESCRIBE(http_listen, port, address, tls, body)
    static void notes(rtai::notes<http_listen>& about) {
        about(&http_listen::address, "127.0.0.1 for this machine only");
        about(&http_listen::body, "the largest body of a request");
    }
};

struct websocket_listen {
    std::string path = "/ws";
    byte_size message{1 << 20};
    RTAI_DESCRIBE(websocket_listen, path, message)
    static void notes(rtai::notes<websocket_listen>& about) {
        about(&websocket_listen::path, "where on the HTTP server");
        about(&websocket_listen::message, "the largest message");
    }
};

struct grpc_listen {
    listen_port port{50051};
    std::string address = "0.0.0.0";
    std::optional<tls_options> tls;
    byte_size message{4 << 20};
    RTAI_DESCRIBE(grpc_listen, port, address, tls, message)
    static void notes(rtai::notes<grpc_listen>& about) {
        about(&grpc_listen::message, "the largest message");
    }
};

struct webrtc_listen {
    listen_port port{3478};
    std::string address = "0.0.0.0";
    std::vector<std::string> announce;
    RTAI_DESCRIBE(webrtc_listen, port, address, announce)
    static void notes(rtai::notes<webrtc_listen>& about) {
        about(&webrtc_listen::port, "the one UDP port of all calls");
        about(&webrtc_listen::announce, "addresses that clients are told to reach");
    }
};

enum class signature { HS256, RS256, ES256 };  // NOLINT(readability-identifier-naming): the field's own names
BOOST_DESCRIBE_ENUM(signature, HS256, RS256, ES256)

struct jwt_options {
    signature algorithm = signature::HS256;
    secret key;
    std::filesystem::path keys;
    std::string audience;
    std::string issuer;
    RTAI_DESCRIBE(jwt_options, algorithm, key, keys, audience, issuer)
    static void notes(rtai::notes<jwt_options>& about) {
        about(&jwt_options::key, "of HS256");
        about(&jwt_options::keys, "JWKS file of RS256 and ES256, read again when it changes");
    }
};

struct auth_options {
    std::optional<jwt_options> jwt;
    std::vector<secret> api_keys;
    RTAI_DESCRIBE(auth_options, jwt, api_keys)
};

struct limit_options {
    std::uint32_t sessions_per_client = 10;
    hertz requests{20};
    RTAI_DESCRIBE(limit_options, sessions_per_client, requests)
    static void notes(rtai::notes<limit_options>& about) {
        about(&limit_options::sessions_per_client, "by key, token or address", range(1, 1'000'000));
        about(&limit_options::requests, "of one client");
    }
};

struct session_options {
    pipeline_name pipeline;
    std::uint32_t max = 1000;
    std::chrono::milliseconds idle{300'000};
    RTAI_DESCRIBE(session_options, pipeline, max, idle)
    static void notes(rtai::notes<session_options>& about) {
        about(&session_options::pipeline, "the pipeline that each session runs", required);
        about(&session_options::max, "how many sessions may live at once", range(1, 1'000'000));
        about(&session_options::idle, "a session without any traffic for so long ends");
    }
};

/// What a conversation's pipeline may be connected to at the edge.
struct conversation {
    output<audio> audio_in;
    output<video> video_in;
    output<image> image_in;
    output<text> text_in;
    output<control> control_in;
    input<audio, if_wired> audio_out;
    input<video, if_wired> video_out;
    input<image, if_wired> image_out;
    input<text, if_wired> text_out;
    input<moment, if_wired> moment_out;
    input<control, if_wired> control_out;
    RTAI_DESCRIBE(conversation, audio_in, video_in, image_in, text_in, control_in, audio_out, video_out,
                  image_out, text_out, moment_out, control_out)
};

struct gateway {
    static constexpr bool is_built = false;
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
        auth_options auth;
        limit_options limits;
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
};
RTAI_SERVICE(gateway, "The edge of media: WebRTC, WebSocket, HTTP and gRPC, a session for each connection.");

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
        auth_options auth;
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
        auth_options auth;
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
        auth_options auth;
        limit_options limits;
        RTAI_DESCRIBE(options, listen, session, auth, limits)
        static void notes(rtai::notes<options>& about) {
            about(&options::listen, "what clients connect to", required);
            about(&options::session, "what a connection is", required);
        }
    };
    using session = conversation;
};
RTAI_SERVICE(duplex, "Speech in and speech out at once over one socket, as realtime APIs do it.");

enum class store_kind { memory, sqlite, redis, postgres };
BOOST_DESCRIBE_ENUM(store_kind, memory, sqlite, redis, postgres)

struct store_options {
    store_kind kind = store_kind::memory;
    std::string address;
    std::filesystem::path file;
    std::string user;
    secret password;
    std::chrono::milliseconds keep{0};
    RTAI_DESCRIBE(store_options, kind, address, file, user, password, keep)
    static void notes(rtai::notes<store_options>& about) {
        about(&store_options::kind, "what keeps the data", required);
        about(&store_options::address, "host:port of Redis or PostgreSQL");
        about(&store_options::file, "of SQLite");
        about(&store_options::keep, "how long; 0s: for ever");
    }
};

enum class log_level { debug, info, warning, error };
BOOST_DESCRIBE_ENUM(log_level, debug, info, warning, error)

struct observe_options {
    struct log_options {
        log_level level = log_level::info;
        bool json = true;
        RTAI_DESCRIBE(log_options, level, json)
    };
    struct metric_options {
        listen_port port{9090};
        std::string address = "127.0.0.1";
        RTAI_DESCRIBE(metric_options, port, address)
    };
    struct trace_options {
        std::string otlp;
        double share = 1;
        RTAI_DESCRIBE(trace_options, otlp, share)
        static void notes(rtai::notes<trace_options>& about) {
            about(&trace_options::otlp, "URL of a collector");
            about(&trace_options::share, "of the turns that are traced", range(0, 1));
        }
    };
    log_options logs;
    std::optional<metric_options> metrics;
    std::optional<trace_options> traces;
    RTAI_DESCRIBE(observe_options, logs, metrics, traces)
};

}  // namespace rtai::service
