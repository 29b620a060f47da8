#pragma once

#include <asio/ip/address.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <rtai/core/clock.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/net/detail/openssl.hpp>
#include <rtai/net/detail/tls_carrier.hpp>
#include <rtai/net/stream.hpp>
#include <string>
#include <system_error>
#include <utility>

// TLS 1.2 and 1.3 over any `net::stream`, with OpenSSL. Link with ssl and crypto.

namespace rtai::net {

inline constexpr duration default_handshake_deadline = std::chrono::seconds(10);

namespace detail {

using ssl_context = std::shared_ptr<SSL_CTX>;

inline error tls_file_error(const char* what, const std::filesystem::path& file, const std::string& why) {
    return {std::errc::invalid_argument,
            std::string("TLS: the ") + what + " '" + file.string() + "': " + why};
}

/// OpenSSL's own words for a missing file are about its library.
inline result<> can_read(const char* what, const std::filesystem::path& file) {
    std::error_code wrong;
    if (!std::filesystem::exists(file, wrong)) return tls_file_error(what, file, "there is no such file");
    if (std::filesystem::is_directory(file, wrong)) return tls_file_error(what, file, "that is a directory");
    if (!std::ifstream(file))
        return tls_file_error(what, file, "it can not be read: look at its permissions");
    return {};
}

inline ssl_context new_context(const SSL_METHOD* method) {
    ssl_context made(SSL_CTX_new(method), ssl_free());
    if (!made) throw std::runtime_error("OpenSSL can not be used here: " + ssl_complaint());
    SSL_CTX_set_min_proto_version(made.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(made.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                        SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    // Forward secrecy and authenticated encryption only; TLS 1.3 has nothing else.
    SSL_CTX_set_cipher_list(made.get(), "ECDHE+AESGCM:ECDHE+CHACHA20");
    // An idle connection keeps no buffers, and no session is remembered here: clients hold tickets.
    SSL_CTX_set_mode(made.get(), SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(made.get(), SSL_SESS_CACHE_OFF);
    return made;
}

inline result<> use_certificate(SSL_CTX* c, const std::filesystem::path& certificate,
                                const std::filesystem::path& key) {
    if (auto can = can_read("certificate", certificate); !can) return can;
    if (auto can = can_read("key", key); !can) return can;
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(c, certificate.c_str()) != 1)
        return tls_file_error("certificate", certificate,
                              "is no certificate in PEM (" + ssl_complaint() + ")");
    // Never ask at the terminal for the password of a key.
    SSL_CTX_set_default_passwd_cb(c, [](char*, int, int, void*) { return -1; });
    if (SSL_CTX_use_PrivateKey_file(c, key.c_str(), SSL_FILETYPE_PEM) != 1) {
        const auto why = ssl_complaint();
        if (why.find("mismatch") != std::string::npos)
            return tls_file_error("key", key,
                                  "is not that of the certificate '" + certificate.string() + "'");
        return tls_file_error("key", key, "is no private key in PEM without a password (" + why + ")");
    }
    if (SSL_CTX_check_private_key(c) != 1)
        return tls_file_error("key", key, "is not that of the certificate '" + certificate.string() + "'");
    return {};
}

inline result<> trust(SSL_CTX* c, const std::filesystem::path& authority) {
    if (auto can = can_read("authority", authority); !can) return can;
    ERR_clear_error();
    if (SSL_CTX_load_verify_locations(c, authority.c_str(), nullptr) != 1)
        return tls_file_error("authority", authority, "is no certificate in PEM (" + ssl_complaint() + ")");
    return {};
}

inline task<result<stream>> shake_hands(std::unique_ptr<tls_carrier> c, duration deadline) {
    auto done = co_await with_timeout(deadline, c->handshake());
    if (done) co_return stream(std::move(c));
    if (done.error().code == std::errc::timed_out && done.error().text.empty())
        co_return error(std::errc::timed_out, "TLS with " + c->peer() + ": no handshake within " +
                                                  std::to_string(deadline / std::chrono::milliseconds(1)) +
                                                  " ms");
    co_return done.error();
}

inline int choose_http(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                       unsigned int offered_size, void*) {
    static constexpr unsigned char ours[] = "\x08http/1.1";
    const auto found =
        SSL_select_next_proto(const_cast<unsigned char**>(chosen), size, ours, 9, offered, offered_size);
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

}  // namespace detail

struct tls_server_options {
    tls_server_options() = default;
    tls_server_options(std::filesystem::path c, std::filesystem::path k, std::filesystem::path authority = {})
        : certificate(std::move(c)), key(std::move(k)), client_authority(std::move(authority)) {}

    std::filesystem::path certificate;       ///< PEM, with its chain
    std::filesystem::path key;               ///< PEM, without a password
    std::filesystem::path client_authority;  ///< PEM; if given, clients must show a certificate it signed
    duration handshake_deadline = default_handshake_deadline;
};

/// The server's side of TLS. One may be used by all shards.
class tls_server {
public:
    static result<std::shared_ptr<tls_server>> make(tls_server_options o) {
        auto context = build(o);
        if (!context) return context.error();
        return std::shared_ptr<tls_server>(new tls_server(std::move(o), std::move(*context)));
    }

    /// Reads the files again, for the connections to come. If that fails, all stays as it is.
    result<> reload() {
        auto fresh = build(options_);
        if (!fresh) return fresh.error();
        const std::lock_guard lock(guard_);
        context_ = std::move(*fresh);
        return {};
    }

    /// Shakes hands with who has connected; the stream that comes out is what both say in secret.
    task<result<stream>> accept(stream under) {
        detail::ssl_pointer ssl;
        {
            const std::lock_guard lock(guard_);
            ssl.reset(SSL_new(context_.get()));
        }
        if (!ssl) co_return error(std::errc::not_enough_memory, "TLS with " + under.peer());
        SSL_set_accept_state(ssl.get());
        auto carrier = std::make_unique<detail::tls_carrier>(std::move(under), std::move(ssl));
        co_return co_await detail::shake_hands(std::move(carrier), options_.handshake_deadline);
    }

private:
    tls_server(tls_server_options o, detail::ssl_context c)
        : options_(std::move(o)), context_(std::move(c)) {}

    static result<detail::ssl_context> build(const tls_server_options& o) {
        auto made = detail::new_context(TLS_server_method());
        auto* c = made.get();
        if (auto used = detail::use_certificate(c, o.certificate, o.key); !used) return used.error();
        if (!o.client_authority.empty()) {
            if (auto trusted = detail::trust(c, o.client_authority); !trusted) return trusted.error();
            SSL_CTX_set_client_CA_list(c, SSL_load_client_CA_file(o.client_authority.c_str()));
            SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
            static constexpr unsigned char name[] = "rtai";
            SSL_CTX_set_session_id_context(c, name, 4);
        }
        SSL_CTX_set_alpn_select_cb(c, &detail::choose_http, nullptr);
        return made;
    }

    tls_server_options options_;
    std::mutex guard_;
    detail::ssl_context context_;
};

struct tls_client_options {
    tls_client_options() = default;

    std::filesystem::path authority;    ///< PEM of who is trusted; empty: whom the system trusts
    std::filesystem::path certificate;  ///< PEM, to show to a server that wants one
    std::filesystem::path key;
    duration handshake_deadline = default_handshake_deadline;
};

/// The client's side of TLS. One may be used by all shards.
class tls_client {
public:
    static result<std::shared_ptr<tls_client>> make(const tls_client_options& o = {}) {
        auto made = detail::new_context(TLS_client_method());
        auto* c = made.get();
        if (o.authority.empty()) {
            SSL_CTX_set_default_verify_paths(c);
        } else if (auto trusted = detail::trust(c, o.authority); !trusted) {
            return trusted.error();
        }
        if (!o.certificate.empty())
            if (auto used = detail::use_certificate(c, o.certificate, o.key); !used) return used.error();
        SSL_CTX_set_verify(c, SSL_VERIFY_PEER, nullptr);
        return std::shared_ptr<tls_client>(new tls_client(o.handshake_deadline, std::move(made)));
    }

    /// Shakes hands with the server, which must be who `host`, a name or an IP address, says.
    task<result<stream>> connect(stream under, std::string host) {
        detail::ssl_pointer ssl(SSL_new(context_.get()));
        if (!ssl) co_return error(std::errc::not_enough_memory, "TLS with " + under.peer());
        asio::error_code no_number;
        (void)asio::ip::make_address(host, no_number);
        if (no_number) {
            // SSL_set_tlsext_host_name, without its macro's cast
            SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data());
            SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
            SSL_set1_host(ssl.get(), host.c_str());
        } else {
            X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str());
        }
        SSL_set_connect_state(ssl.get());
        auto carrier = std::make_unique<detail::tls_carrier>(std::move(under), std::move(ssl));
        co_return co_await detail::shake_hands(std::move(carrier), deadline_);
    }

private:
    tls_client(duration deadline, detail::ssl_context c) : deadline_(deadline), context_(std::move(c)) {}

    duration deadline_;
    detail::ssl_context context_;
};

}  // namespace rtai::net
