// Bytes as requests of HTTP: cut anywhere, they are the same requests, or the same refusal; and what was
// accepted can be written down again and is read as the same.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <rtai/http/request_reader.hpp>
#include <rtai/http/response.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace {

using rtai::http::request_reader;

rtai::http::request_limits small() {
    rtai::http::request_limits l;
    l.line = rtai::byte_size(64);
    l.headers = rtai::byte_size(256);
    l.header_count = 8;
    l.body = rtai::byte_size(128);
    return l;
}

struct outcome {
    std::vector<std::string> requests;
    unsigned status = 0;
    std::string why;
    bool operator==(const outcome&) const = default;
};

/// The head as lines that mean the same to every reader, with the body's length.
std::string canonical(const rtai::http::request_head& h, const std::string& body) {
    std::string text = h.method + " " + h.target + " HTTP/1." + std::to_string(h.minor) + "\r\n";
    for (const auto& [name, value] : h.headers) {
        if (!rtai::http::is_token(name) || !rtai::http::is_field_value(value)) std::abort();
        if (!rtai::http::same_name(name, "Transfer-Encoding") &&
            !rtai::http::same_name(name, "Content-Length"))
            text += name + ": " + value + "\r\n";
    }
    if (h.chunked || h.content_length) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return text + "\r\n" + body;
}

outcome read(std::string_view bytes, std::size_t piece, const rtai::http::request_limits& limits) {
    request_reader reader(limits);
    outcome o;
    std::string body;
    for (;;) {
        auto part = bytes.substr(0, piece);
        bytes.remove_prefix(part.size());
        for (;;) {
            const auto before = part.size();
            const auto found = reader.feed(part);
            if (part.size() > before) std::abort();
            if (found == request_reader::found::more) {
                if (!part.empty()) std::abort();
                break;
            }
            if (found == request_reader::found::refused) {
                o.status = reader.why().status;
                o.why = reader.why().why;
                if (o.status < 400 || o.status > 599 || o.why.empty()) std::abort();
                return o;
            }
            if (found == request_reader::found::body) body += reader.piece();
            if (body.size() > limits.body.bytes) std::abort();
            if (found == request_reader::found::end) {
                const auto& h = reader.head();
                if (h.target.size() > limits.line.bytes || h.headers.size() > limits.header_count)
                    std::abort();
                if (h.content_length && *h.content_length != body.size()) std::abort();
                o.requests.push_back(canonical(h, body));
                body.clear();
                reader.next();
            }
        }
        if (bytes.empty()) return o;
    }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto limits = small();
    const auto whole = read(bytes, size + 1, limits);
    for (const std::size_t piece : {1U, 2U, 7U})
        if (read(bytes, piece, limits) != whole) std::abort();
    rtai::http::request_limits large;
    for (const auto& r : whole.requests) {
        const auto again = read(r, r.size() + 1, large);
        if (again.status != 0 || again.requests.size() != 1 || again.requests[0] != r) std::abort();
    }
    (void)rtai::http::decode_percent(bytes);
    (void)rtai::http::query_value(bytes, "a");
    if (const auto parts = rtai::http::safe_segments(bytes))
        for (const auto& p : *parts)
            if (p == ".." || p == "." || p.find('/') != std::string::npos ||
                p.find('\0') != std::string::npos)
                std::abort();
    return 0;
}
