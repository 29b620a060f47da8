#pragma once

#include <boost/describe/enum.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <rtai/data/describe.hpp>
#include <rtai/data/schema.hpp>
#include <rtai/data/secret.hpp>
#include <rtai/data/units.hpp>
#include <string>
#include <vector>

// What a spec says of services: where they listen, and what a session may do.

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

/// Who may see what only concerns those who run the server.
enum class audience : std::uint8_t { nobody, this_machine, everyone };
BOOST_DESCRIBE_ENUM(audience, nobody, this_machine, everyone)

struct http_listen {
    listen_port port{8080};
    std::string address = "0.0.0.0";
    std::optional<tls_options> tls;
    byte_size headers{32 << 10};
    std::chrono::milliseconds headers_within{10'000};
    byte_size body{1 << 20};
    std::chrono::milliseconds body_within{10'000};
    byte_size body_rate{16 << 10};
    std::chrono::milliseconds stall{20'000};
    std::uint32_t connections = 20'000;
    std::chrono::milliseconds idle{60'000};
    std::vector<std::string> origins;
    bool page = true;
    audience operators = audience::this_machine;
    RTAI_DESCRIBE(http_listen, port, address, tls, headers, headers_within, body, body_within, body_rate,
                  stall, connections, idle, origins, page, operators)
    static void notes(rtai::notes<http_listen>& about) {
        about(&http_listen::port, "0: any free one");
        about(&http_listen::address, "127.0.0.1 for this machine only");
        about(&http_listen::headers, "the most bytes of a request's headers", range(1024, 1 << 20));
        about(&http_listen::headers_within, "how long they may take from their first byte",
              range(100, 3'600'000));
        about(&http_listen::body, "the largest body of a request");
        about(&http_listen::body_within, "how long a body may take, besides the time that body_rate gives it",
              range(100, 3'600'000));
        about(&http_listen::body_rate, "how much of a body must come in a second", range(1, 1 << 30));
        about(&http_listen::stall, "a client that takes nothing of an answer for so long is let go",
              range(100, 3'600'000));
        about(&http_listen::connections, "how many may be open at once", range(1, 10'000'000));
        about(&http_listen::idle, "how long one may be open without a request", range(100, 86'400'000));
        about(&http_listen::origins,
              "pages of other sites that may connect, such as https://example.org; *: all");
        about(&http_listen::page, "whether the page to talk to is served at /");
        about(&http_listen::operators, "who may see /operator, /metrics and /api");
    }
};

struct websocket_listen {
    std::string path = "/ws";
    byte_size message{1 << 20};
    std::chrono::milliseconds ping{20'000};
    std::chrono::milliseconds stall{10'000};
    RTAI_DESCRIBE(websocket_listen, path, message, ping, stall)
    static void notes(rtai::notes<websocket_listen>& about) {
        about(&websocket_listen::path, "where on the HTTP server");
        about(&websocket_listen::message, "the largest message");
        about(&websocket_listen::ping, "how often a silent client is asked whether it is there",
              range(100, 3'600'000));
        about(&websocket_listen::stall, "a client that takes nothing for so long is let go",
              range(100, 3'600'000));
    }
};

/// When a connection of gRPC on which nothing comes is looked after.
struct keepalive_options {
    std::chrono::milliseconds every{30'000};
    std::chrono::milliseconds answer_within{10'000};
    std::chrono::milliseconds least{20'000};
    RTAI_DESCRIBE(keepalive_options, every, answer_within, least)
    static void notes(rtai::notes<keepalive_options>& about) {
        about(&keepalive_options::every,
              "how long nothing may come before a client is asked whether it lives", range(10, 86'400'000));
        about(&keepalive_options::answer_within, "how long its answer may take before it is given up",
              range(1, 3'600'000));
        about(&keepalive_options::least, "clients that ask more often than this are cut off",
              range(1, 86'400'000));
    }
};

struct grpc_listen {
    listen_port port{50051};
    std::string address = "0.0.0.0";
    std::optional<tls_options> tls;
    byte_size message{4 << 20};
    bool gzip = false;
    std::uint32_t shards = 0;
    keepalive_options keepalive;
    RTAI_DESCRIBE(grpc_listen, port, address, tls, message, gzip, shards, keepalive)
    static void notes(rtai::notes<grpc_listen>& about) {
        about(&grpc_listen::port, "0: any free one");
        about(&grpc_listen::message, "the largest message");
        about(&grpc_listen::gzip, "whether what is sent is compressed");
        about(&grpc_listen::shards, "threads for its sessions; 0: one for each core", range(0, 1024));
        about(&grpc_listen::keepalive, "when connections on which nothing comes are looked after");
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

struct session_options {
    pipeline_name pipeline;
    std::uint32_t max = 1000;
    std::chrono::milliseconds idle{300'000};
    byte_size text{16 << 10};
    RTAI_DESCRIBE(session_options, pipeline, max, idle, text)
    static void notes(rtai::notes<session_options>& about) {
        about(&session_options::pipeline, "the pipeline that each session runs", required);
        about(&session_options::max, "how many sessions may live at once", range(1, 1'000'000));
        about(&session_options::idle, "a session without any traffic for so long ends", range(1, 86'400'000));
        about(&session_options::text, "the longest text that a client may send");
    }
};

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

}  // namespace rtai::service
