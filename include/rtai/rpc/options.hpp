#pragma once

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <rtai/core/result.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/units.hpp>
#include <string>
#include <system_error>

namespace rtai::rpc {

/// Files in PEM.
struct server_tls {
    std::string certificate;
    std::string key;
    std::string client_authority;

    RTAI_DESCRIBE(server_tls, certificate, key, client_authority)
    static void notes(rtai::notes<server_tls>& about) {
        about(&server_tls::certificate, "the server's certificate and those above it, in PEM", required);
        about(&server_tls::key, "its private key, in PEM", required);
        about(&server_tls::client_authority,
              "who signs the certificates of clients; each must then show one");
    }
};

struct client_tls {
    bool use = false;
    std::string authority;
    std::string certificate;
    std::string key;
    std::string name;

    RTAI_DESCRIBE(client_tls, use, authority, certificate, key, name)
    static void notes(rtai::notes<client_tls>& about) {
        about(&client_tls::use, "speak TLS");
        about(&client_tls::authority, "who signs the server's certificate; empty: whom the system trusts");
        about(&client_tls::certificate, "the client's own certificate, for a server that asks for one");
        about(&client_tls::key, "its private key");
        about(&client_tls::name, "the name in the server's certificate, where it is not that of the address");
    }
};

/// When a connection on which nothing comes is looked after. The server's `least` must be below the client's
/// `every`, since pings come early: otherwise the server takes the client for a flooder and hangs up.
struct keepalive {
    std::chrono::milliseconds every{30'000};
    std::chrono::milliseconds answer_within{10'000};
    std::chrono::milliseconds least{20'000};

    RTAI_DESCRIBE(keepalive, every, answer_within, least)
    static void notes(rtai::notes<keepalive>& about) {
        about(&keepalive::every, "how long nothing may come before the other side is asked whether it lives",
              at_least(10));
        about(&keepalive::answer_within, "how long its answer may take before the connection is given up",
              at_least(1));
        about(&keepalive::least, "servers: clients that ask more often are cut off", at_least(1));
    }
};

namespace detail {

inline result<std::string> file_text(const char* what, const std::string& name) {
    std::error_code wrong;
    if (!std::filesystem::exists(name, wrong))
        return error(std::errc::no_such_file_or_directory,
                     std::string("TLS: the ") + what + " '" + name + "'");
    std::ifstream file(name, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), {});
    if (!file || text.find("-----BEGIN") == std::string::npos)
        return error(std::errc::invalid_argument,
                     std::string("TLS: the ") + what + " '" + name + "' can not be read, or is not in PEM");
    return text;
}

/// gRPC takes a negative number for "no limit".
inline int message_limit(byte_size size) noexcept {
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<int>::max());
    return size.bytes > most ? std::numeric_limits<int>::max() : static_cast<int>(size.bytes);
}

inline result<std::shared_ptr<grpc::ServerCredentials>> credentials_for(const server_tls& tls) {
    if (tls.certificate.empty() && tls.key.empty() && tls.client_authority.empty())
        return grpc::InsecureServerCredentials();
    auto certificate = file_text("certificate", tls.certificate);
    if (!certificate) return certificate.error();
    auto key = file_text("key", tls.key);
    if (!key) return key.error();
    grpc::SslServerCredentialsOptions how;
    how.pem_key_cert_pairs.push_back({*key, *certificate});
    if (!tls.client_authority.empty()) {
        auto authority = file_text("authority", tls.client_authority);
        if (!authority) return authority.error();
        how.pem_root_certs = *authority;
        how.client_certificate_request = GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
    }
    return grpc::SslServerCredentials(how);
}

inline result<std::shared_ptr<grpc::ChannelCredentials>> credentials_for(const client_tls& tls) {
    if (!tls.use) return grpc::InsecureChannelCredentials();
    grpc::SslCredentialsOptions how;
    if (!tls.authority.empty()) {
        auto authority = file_text("authority", tls.authority);
        if (!authority) return authority.error();
        how.pem_root_certs = *authority;
    }
    if (!tls.certificate.empty()) {
        auto certificate = file_text("certificate", tls.certificate);
        if (!certificate) return certificate.error();
        auto key = file_text("key", tls.key);
        if (!key) return key.error();
        how.pem_cert_chain = *certificate;
        how.pem_private_key = *key;
    }
    return grpc::SslCredentials(how);
}

}  // namespace detail
}  // namespace rtai::rpc
