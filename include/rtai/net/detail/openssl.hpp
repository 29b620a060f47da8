#pragma once

#include <cstddef>
#include <memory>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string>

namespace rtai::net::detail {

struct ssl_free {
    void operator()(SSL* s) const noexcept { SSL_free(s); }
    void operator()(SSL_CTX* c) const noexcept { SSL_CTX_free(c); }
};
using ssl_pointer = std::unique_ptr<SSL, ssl_free>;

/// What OpenSSL last complained of, in its words; takes everything from its queue.
inline std::string ssl_complaint() {
    const char* reason = nullptr;
    while (const auto code = ERR_get_error())
        if (const char* told = ERR_reason_error_string(code)) reason = told;
    return reason != nullptr ? reason : "no reason was given";
}

/// Where OpenSSL reads and writes the bytes of a connection: it holds no more than what is under way, so
/// that an idle connection costs nothing here.
struct ssl_pipe {
    std::string incoming;   ///< what was read
    std::size_t taken = 0;  ///< of it, by OpenSSL
    std::string outgoing;   ///< what OpenSSL wants to be written

    static int take(BIO* b, char* into, int room) {
        BIO_clear_retry_flags(b);
        auto& p = *static_cast<ssl_pipe*>(BIO_get_data(b));
        if (p.taken == p.incoming.size()) {
            BIO_set_retry_read(b);
            return -1;
        }
        const std::size_t count = p.incoming.copy(into, static_cast<std::size_t>(room), p.taken);
        p.taken += count;
        return static_cast<int>(count);
    }

    static int give(BIO* b, const char* bytes, int count) {
        BIO_clear_retry_flags(b);
        static_cast<ssl_pipe*>(BIO_get_data(b))->outgoing.append(bytes, static_cast<std::size_t>(count));
        return count;
    }

    static long control(BIO*, int what, long, void*) { return what == BIO_CTRL_FLUSH ? 1 : 0; }

    static BIO* make(ssl_pipe& p) {
        static BIO_METHOD* const method = [] {
            BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "rtai");
            BIO_meth_set_read(m, &take);
            BIO_meth_set_write(m, &give);
            BIO_meth_set_ctrl(m, &control);
            return m;
        }();
        BIO* b = BIO_new(method);
        BIO_set_data(b, &p);
        BIO_set_init(b, 1);
        return b;
    }
};

}  // namespace rtai::net::detail
