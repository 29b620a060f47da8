#pragma once

#include <algorithm>
#include <cstddef>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <rtai/core/event.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/net/detail/openssl.hpp>
#include <rtai/net/stream.hpp>
#include <span>
#include <string>
#include <system_error>
#include <utility>

namespace rtai::net::detail {

/// TLS over any stream. OpenSSL only turns bytes into bytes here; waiting is the coroutines'.
class tls_carrier final : public stream::carrier {
public:
    tls_carrier(stream under, ssl_pointer s) : under_(std::move(under)), ssl_(std::move(s)) {
        BIO* pipe = ssl_pipe::make(pipe_);
        SSL_set_bio(ssl_.get(), pipe, pipe);
    }

    task<result<>> handshake() {
        for (;;) {
            ERR_clear_error();
            const int done = SSL_do_handshake(ssl_.get());
            const int why = SSL_get_error(ssl_.get(), done);
            std::string complaint;
            if (done != 1 && why != SSL_ERROR_WANT_READ) complaint = ssl_complaint();
            auto sent = co_await flush();  // an alert, too: the far end wants to know
            if (!complaint.empty())
                co_return error(std::errc::protocol_error,
                                "TLS with " + peer() + ": " + with_certificate(std::move(complaint)));
            if (!sent) co_return sent.error();
            if (done == 1) co_return result<>();
            auto more = co_await fill();
            if (!more) co_return more.error();
            if (!*more)
                co_return error(std::errc::connection_reset,
                                "TLS with " + peer() + ": it hung up during the handshake");
        }
    }

    task<result<std::size_t>> read_some(std::span<std::byte> into) override {
        if (into.empty()) co_return std::size_t{0};
        for (;;) {
            ERR_clear_error();
            std::size_t count = 0;
            const int got = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
            const int why = SSL_get_error(ssl_.get(), got);
            std::string complaint;
            if (got != 1 && why != SSL_ERROR_WANT_READ && why != SSL_ERROR_ZERO_RETURN)
                complaint = ssl_complaint();
            if (!pipe_.outgoing.empty() && !writing_) {  // an answer to a change of keys, or an alert
                auto sent = co_await flush();
                if (!sent && complaint.empty()) co_return sent.error();
            }
            if (got == 1) co_return count;
            if (why == SSL_ERROR_ZERO_RETURN) co_return std::size_t{0};
            if (!complaint.empty())
                co_return error(std::errc::protocol_error, "TLS with " + peer() + ": " + complaint);
            auto more = co_await fill();
            if (!more) co_return more.error();
            if (!*more)
                co_return error(
                    std::errc::connection_reset,
                    "TLS with " + peer() + ": it ended without saying so, and something may be missing");
        }
    }

    task<result<>> write(std::span<const std::byte> bytes) override {
        while (!bytes.empty()) {
            ERR_clear_error();
            std::size_t count = 0;
            const auto piece = bytes.first(std::min(bytes.size(), most_at_once));
            if (SSL_write_ex(ssl_.get(), piece.data(), piece.size(), &count) != 1)
                co_return error(std::errc::protocol_error, "TLS with " + peer() + ": " + ssl_complaint());
            bytes = bytes.subspan(count);
            auto sent = co_await flush();
            if (!sent) co_return sent.error();
        }
        co_return result<>();
    }

    task<result<>> finish() override {
        SSL_shutdown(ssl_.get());
        ERR_clear_error();
        auto sent = co_await flush();
        if (!sent) co_return sent.error();
        co_return co_await under_.finish();
    }

    std::string peer() const override { return under_.peer(); }
    bool secure() const noexcept override { return true; }

private:
    static constexpr std::size_t most_at_once = 16 * 1024;  // a record of TLS

    /// One at a time writes: who comes while another does waits for it, and then writes what is left.
    task<result<>> flush() {
        while (writing_) {
            written_.reset();
            co_await written_.wait();
        }
        result<> sent;
        const busy mine(*this);
        while (sent && !pipe_.outgoing.empty()) {
            const std::string bytes = std::exchange(pipe_.outgoing, std::string());
            sent = co_await under_.write(std::as_bytes(std::span(bytes)));
        }
        co_return std::move(sent);
    }

    struct busy {
        explicit busy(tls_carrier& c) noexcept : of(c) { of.writing_ = true; }
        busy(const busy&) = delete;
        busy& operator=(const busy&) = delete;
        ~busy() {
            of.writing_ = false;
            of.written_.set();
        }
        tls_carrier& of;
    };

    /// Gets more for OpenSSL, which has taken all there was. The room is small until much comes: ten
    /// thousand may wait here.
    task<result<bool>> fill() {
        const std::size_t room = plenty_ ? most_at_once : small_room;
        pipe_.taken = 0;
        std::string().swap(pipe_.incoming);
        std::string bytes(room, '\0');
        auto got = co_await under_.read_some(std::as_writable_bytes(std::span(bytes)));
        if (!got) co_return got.error();
        plenty_ = *got == room;
        bytes.resize(*got);
        pipe_.incoming = std::move(bytes);
        co_return *got > 0;
    }

    /// Why a certificate was not believed is told apart.
    std::string with_certificate(std::string complaint) const {
        const auto verdict = SSL_get_verify_result(ssl_.get());
        if (verdict != X509_V_OK)
            complaint += std::string(" (") + X509_verify_cert_error_string(verdict) + ")";
        return complaint;
    }

    static constexpr std::size_t small_room = 1024;  // a frame of sound and what TLS adds to it

    stream under_;
    ssl_pipe pipe_;
    ssl_pointer ssl_;
    bool writing_ = false;
    bool plenty_ = false;
    event written_;
};

}  // namespace rtai::net::detail
