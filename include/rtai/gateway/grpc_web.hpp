#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <rtai/core/channel.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/task.hpp>
#include <rtai/data/base64.hpp>
#include <rtai/gateway/front.hpp>
#include <rtai/gateway/grpc_connection.hpp>
#include <rtai/gateway/grpc_service.hpp>
#include <rtai/gateway/http_front.hpp>
#include <rtai/http/exchange.hpp>
#include <rtai/http/grpc_web.hpp>
#include <rtai/http/router.hpp>
#include <rtai/rpc/status.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtai::gateway {

/// The service of grpc_service.hpp for browsers, over gRPC-Web. A browser sends all of its messages at once:
/// what it asks in a stream is answered, and the stream ends.
class grpc_web_edge {
public:
    grpc_web_edge(front& f, std::function<event&()> stopping) : front_(f), stopping_(std::move(stopping)) {}

    http::router routes() {
        http::router all;
        all.on("POST", "/streamingai.v1.StreamingAIService/{method}",
               [this](http::exchange& x) { return call(x); });
        return all;
    }

private:
    using encoding = http::grpc_web::encoding;

    /// An answer under way.
    struct answer {
        answer(http::exchange& e, encoding t) : x(e), text(t) {}
        http::exchange& x;
        encoding text;

        task<bool> write(std::string bytes) {
            if (text == encoding::text) bytes = to_base64(std::as_bytes(std::span(bytes)));
            auto written = co_await x.write(bytes);
            co_return written.ok();
        }
        task<> end(grpc::StatusCode code, std::string words) {
            const bool told =
                co_await write(http::grpc_web::trailers_text(static_cast<unsigned>(code), words));
            (void)told;
        }
    };

    /// The messages of a request, and those of its answer, as `grpc_connection` wants them.
    struct stream {
        explicit stream(answer& a) : to(a) {}
        answer& to;
        std::deque<proto::StreamMessage> asked;

        task<std::optional<proto::StreamMessage>> read() {
            std::optional<proto::StreamMessage> next;
            if (!asked.empty()) {
                next = std::move(asked.front());
                asked.pop_front();
            }
            co_return next;
        }
        task<> write_from(receiver<proto::StreamMessage> queue) {
            while (auto m = co_await queue.receive()) {
                std::string bytes;
                m->SerializeToString(&bytes);
                const bool written = co_await to.write(http::grpc_web::frame_text(bytes, false));
                if (!written) co_return;
            }
        }
    };

    task<> call(http::exchange& x) {
        if (front_.draining()) {
            co_await send_away(x);
            co_return;
        }
        const auto type = http::grpc_web::encoding_of(x.head().header("Content-Type").value_or(""));
        if (!type) {
            auto told =
                co_await x.refuse(415, "send application/grpc-web+proto or application/grpc-web-text+proto");
            (void)told;
            co_return;
        }
        std::vector<std::string> messages;
        std::string mistake;
        http::grpc_web::reader reader(*type);
        for (;;) {
            auto piece = co_await x.read();
            if (!piece) {
                auto told = co_await x.refuse_body();
                (void)told;
                co_return;
            }
            auto read = piece->empty() ? reader.finish() : reader.feed(*piece, [&](http::grpc_web::frame f) {
                if (f.compressed) mistake = "compressed messages are not read over gRPC-Web";
                else if (!f.trailers) messages.push_back(std::move(f.bytes));
            });
            if (!read) mistake = read.error().message();
            if (piece->empty() || !mistake.empty()) break;
        }
        http::response head;
        head.status = 200;
        head.headers.add("Content-Type", std::string(http::grpc_web::content_type_of(*type)));
        auto begun = co_await x.begin(std::move(head));
        if (!begun) co_return;
        answer out(x, *type);
        if (!mistake.empty()) co_await out.end(grpc::INVALID_ARGUMENT, mistake);
        else co_await answered(out, messages);
    }

    /// As HTTP says it, and as gRPC does: not all who ask look at both.
    static task<> send_away(http::exchange& x) {
        auto r = http::make_refusal(503, "the server is about to stop: try again later");
        r.headers.add("Retry-After", "1");
        r.headers.add("Grpc-Status", std::to_string(static_cast<int>(grpc::UNAVAILABLE)));
        r.headers.add("Grpc-Message", "the server is about to stop");
        auto told = co_await x.answer(std::move(r));
        (void)told;
    }

    /// The one message of a call that takes one; nothing: it is another.
    template <class Message>
    static std::optional<Message> only(const std::vector<std::string>& messages) {
        Message m;
        if (messages.size() != 1 || !m.ParseFromString(messages.front())) return std::nullopt;
        return m;
    }

    task<> answered(answer& out, const std::vector<std::string>& messages) {
        const std::string peer = out.x.peer();
        auto who = front_.check(shown_by(out.x, peer));
        if (!who) {
            co_await out.end(grpc_code_of(who.why().status), who.why().words);
            co_return;
        }
        const auto method = out.x.parameter("method");
        if (method == "CreateSession") {
            const auto in = only<proto::CreateSessionRequest>(messages);
            if (in) co_await tell(out, created(front_, who->client, *in));
            else co_await out.end(grpc::INVALID_ARGUMENT, "CreateSession takes one CreateSessionRequest");
        } else if (method == "CloseSession") {
            const auto in = only<proto::CloseSessionRequest>(messages);
            if (in) co_await tell(out, closed(front_, who->client, *in));
            else co_await out.end(grpc::INVALID_ARGUMENT, "CloseSession takes one CloseSessionRequest");
        } else if (method == "BiDirectionalStreaming") {
            co_await talk(out, who->client, messages);
        } else {
            co_await out.end(grpc::UNIMPLEMENTED,
                             "there is no method '" + std::string(method.substr(0, 60)) + "'");
        }
    }

    template <class Message>
    task<> tell(answer& out, result<Message> made) {
        if (!made) {
            const auto status = rpc::status_of(made.error());
            co_await out.end(status.error_code(), status.error_message());
            co_return;
        }
        std::string bytes;
        made->SerializeToString(&bytes);
        const bool written = co_await out.write(http::grpc_web::frame_text(bytes, false));
        if (written) co_await out.end(grpc::OK, {});
    }

    task<> talk(answer& out, const std::string& client, const std::vector<std::string>& messages) {
        stream both(out);
        for (const auto& bytes : messages) {
            proto::StreamMessage m;
            if (!m.ParseFromString(bytes)) {
                co_await out.end(grpc::INVALID_ARGUMENT, "a message is no StreamMessage");
                co_return;
            }
            both.asked.push_back(std::move(m));
        }
        grpc_connection<stream> connection(both, "grpc-web");
        auto asked = co_await connection.begin();
        const auto play = front_.promised().keep(asked, client);
        if (!play) asked = make_session_id();
        auto in = front_.admit(client, "grpc-web", asked);
        if (!in) {
            co_await out.end(grpc_code_of(in.why().status), in.why().words);
            co_return;
        }
        connection.call_it(asked, play.value_or(wire_format()));
        const auto places = std::move(*in);
        places->place->caller = trace_of(out.x.head(), false);
        auto first =
            co_await race(join(run(connection, *places->place), connection.carry()), out.x.hung_up());
        if (first.index() == 0) co_await out.end(grpc::OK, {});
    }

    task<> run(connection& c, session& s) {
        const auto why = co_await front_.run(c, s, stopping_());
        (void)why;
    }

    front& front_;
    std::function<event&()> stopping_;
};

}  // namespace rtai::gateway
