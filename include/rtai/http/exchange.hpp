#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/http/detail/server_connection.hpp>
#include <rtai/http/message.hpp>
#include <rtai/http/request_head.hpp>
#include <rtai/http/response.hpp>
#include <rtai/net/stream.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace rtai::http {

/// A connection that has left HTTP, and what was read of it already.
struct upgraded {
    net::stream stream;
    std::string read_already;
};

/// A request and its answer, in the hands of a handler. An answer that fails to be written says so; the
/// connection is closed then, and a handler need do nothing about it.
class exchange {
public:
    explicit exchange(detail::server_connection& c) noexcept : of_(c) {}
    exchange(const exchange&) = delete;
    exchange& operator=(const exchange&) = delete;

    const request_head& head() const noexcept { return of_.head(); }
    const std::string& method() const noexcept { return head().method; }
    std::string_view path() const noexcept { return head().path(); }
    std::string peer() const { return of_.stream().peer(); }
    /// Whether it came over TLS.
    bool secure() const noexcept { return of_.stream().secure(); }

    /// The next bytes of the body, valid until the next call; none at its end. The client waits for a slow
    /// reader. After an error an answer is still possible: `refuse_body` gives the fitting one.
    task<result<std::string_view>> read() { return of_.body_piece(); }

    /// The whole body, or what is left of it.
    task<result<std::string>> body(std::size_t most = std::size_t{1} << 30) {
        std::string all;
        if (head().content_length.value_or(0) > most) co_return too_large(most);
        for (;;) {
            auto piece = co_await of_.body_piece();
            if (!piece) co_return piece.error();
            if (piece->empty()) co_return std::move(all);
            if (piece->size() > most - all.size()) co_return too_large(most);
            all += *piece;
        }
    }

    /// Headers of whatever is answered: of the whole server, say.
    header_list& headers() noexcept { return headers_; }

    /// What stood in the path for "{name}" of a route.
    std::string_view parameter(std::string_view name) const {
        for (const auto& [n, value] : parameters_)
            if (n == name) return value;
        throw std::logic_error("the route of this request has no '{" + std::string(name) + "}'");
    }
    void set_parameters(std::vector<std::pair<std::string, std::string>> p) { parameters_ = std::move(p); }

    /// A whole answer.
    task<result<>> answer(response r) {
        begin_once();
        if (!is_bodiless(r.status)) r.headers.set("Content-Length", std::to_string(r.body.size()));
        std::string bytes = start(r.status, std::move(r.headers));
        phase_ = phase::done;
        if (is_bodiless(r.status) || method() == "HEAD") r.body.clear();
        sent_ = r.body.size();
        if (r.body.size() <= joined_body) {
            bytes += r.body;  // in one packet, most often
            co_return co_await of_.write(bytes);
        }
        auto first = co_await of_.write(bytes);
        if (!first) co_return first.error();
        co_return co_await of_.write(r.body);
    }
    task<result<>> answer(unsigned status, std::string text) {
        return answer(make_response(status, std::move(text)));
    }
    task<result<>> refuse(unsigned status, std::string_view why) { return answer(make_refusal(status, why)); }
    /// After `read` or `body` has failed: says why, as far as anybody is still there.
    task<result<>> refuse_body() {
        if (!of_.why()) co_return error(std::errc::not_connected, "the client " + peer() + " is gone");
        keep_ = false;
        co_return co_await answer(make_refusal(of_.why()->status, of_.why()->why));
    }

    /// The beginning of an answer whose body comes with `write`, and ends with `finish`, or when the handler
    /// returns. If the handler fails, the client sees that the answer is not whole.
    task<result<>> begin(response r) {
        begin_once();
        silent_ = is_bodiless(r.status) || method() == "HEAD";
        chunked_ = head().minor == 1 && !is_bodiless(r.status);
        if (chunked_) r.headers.set("Transfer-Encoding", "chunked");
        else if (!silent_) keep_ = false;  // the end of the connection is the end of the body
        const std::string bytes = start(r.status, std::move(r.headers));
        phase_ = phase::body;
        auto begun = co_await of_.write(bytes);
        if (!begun || r.body.empty()) co_return std::move(begun);
        co_return co_await write(r.body);
    }

    /// Waits until the client takes it.
    task<result<>> write(std::string_view bytes) {
        if (phase_ != phase::body)
            throw std::logic_error("an answer's body is written between begin and finish");
        if (silent_ || bytes.empty()) co_return result<>();
        sent_ += bytes.size();
        if (!chunked_) co_return co_await of_.write(bytes);
        std::string framed = chunk_head(bytes.size());
        if (bytes.size() <= joined_body) {
            framed += bytes;
            framed += chunk_tail;
            co_return co_await of_.write(framed);
        }
        auto head = co_await of_.write(framed);
        if (!head) co_return head.error();
        auto body = co_await of_.write(bytes);
        if (!body) co_return body.error();
        co_return co_await of_.write(chunk_tail);
    }

    task<result<>> finish() {
        if (phase_ != phase::body) throw std::logic_error("an answer is finished once, after it has begun");
        phase_ = phase::done;
        if (silent_ || !chunked_) co_return result<>();
        co_return co_await of_.write(last_chunk);
    }

    /// Ends when the client hangs up, for `race` with work that it need not wait for. Not before the body
    /// is read. The connection is not used again.
    task<> hung_up() {
        keep_ = false;
        return of_.hung_up();
    }

    /// Writes the head of an answer that ends HTTP here, 101 most often, and gives the connection away.
    task<result<upgraded>> upgrade(response r) {
        begin_once();
        must_have_no_body();
        const std::string bytes = head_text(r.status, merged(std::move(r.headers)));
        phase_ = phase::done;
        status_ = r.status;
        auto written = co_await of_.write(bytes);
        if (!written) co_return written.error();
        co_return take_stream();
    }

    /// The connection itself, when whoever takes it writes the answer.
    upgraded take_stream() {
        must_have_no_body();
        phase_ = phase::done;
        keep_ = false;
        upgraded u;
        u.read_already = of_.unread();
        u.stream = of_.give_away();
        return u;
    }

    bool answered() const noexcept { return phase_ != phase::nothing; }
    bool complete() const noexcept { return phase_ == phase::done; }
    /// Whether the connection may serve another request after this.
    bool keep_alive() const noexcept { return keep_ && head().keep_alive && !of_.stopping(); }
    void close_after() noexcept { keep_ = false; }
    unsigned status() const noexcept { return status_; }
    /// Bytes of the answer's body.
    std::uint64_t sent() const noexcept { return sent_; }

private:
    enum class phase { nothing, body, done };
    static constexpr std::size_t joined_body = 16 * 1024;

    void begin_once() const {
        if (answered()) throw std::logic_error("a request is answered once");
    }

    void must_have_no_body() const {
        if (head().has_body())
            throw std::logic_error("a request with a body can not become something else: refuse it");
    }

    rtai::error too_large(std::size_t most) {
        const std::string why = "the body is larger than " + rtai::to_text(byte_size(most));
        (void)of_.fail(refusal(413, why), std::errc::message_size);
        return {std::errc::message_size, why};
    }

    header_list merged(header_list own) {
        for (auto& [name, value] : headers_) own.add(name, value);
        return own;
    }

    std::string start(unsigned status, header_list own) {
        status_ = status;
        own = merged(std::move(own));
        if (!own.find("Date")) own.add("Date", http_date(std::chrono::system_clock::now()));
        if (has_token(own, "Connection", "close") || of_.body_in_the_way()) keep_ = false;
        if (!keep_alive()) own.set("Connection", "close");
        else if (head().minor == 0) own.add("Connection", "keep-alive");
        return head_text(status, own);
    }

    detail::server_connection& of_;
    header_list headers_;
    std::vector<std::pair<std::string, std::string>> parameters_;
    phase phase_ = phase::nothing;
    bool keep_ = true;
    bool silent_ = false;
    bool chunked_ = false;
    unsigned status_ = 0;
    std::uint64_t sent_ = 0;
};

}  // namespace rtai::http
