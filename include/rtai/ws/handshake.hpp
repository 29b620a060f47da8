#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <openssl/evp.h>
#include <optional>
#include <rtai/core/result.hpp>
#include <rtai/data/base64.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/http/message.hpp>
#include <rtai/http/syntax.hpp>
#include <rtai/ws/url.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// How HTTP becomes a WebSocket, RFC 6455 section 4, as functions of headers.

namespace rtai::ws {
namespace detail {

/// The value of a header that stands there once.
inline std::optional<std::string_view> only(const http::header_list& headers, std::string_view name) {
    std::optional<std::string_view> found;
    for (const auto& [n, value] : headers) {
        if (!http::same_name(n, name)) continue;
        if (found) return std::nullopt;
        found = http::trimmed(value);
    }
    return found;
}

/// Sixteen bytes in base64.
inline bool is_key(std::string_view text) noexcept {
    return text.size() == 24 && text.ends_with("==") && std::ranges::all_of(text.substr(0, 22), [](char c) {
               return http::is_digit(c) || http::is_letter(c) || c == '+' || c == '/';
           });
}

/// "Example.com" of "https://Example.com"
inline std::string_view host_of_origin(std::string_view origin) noexcept {
    const auto scheme = origin.find("://");
    return scheme == std::string_view::npos ? std::string_view() : origin.substr(scheme + 3);
}

}  // namespace detail

/// What proves that the server understood: of the client's key.
inline std::string accept_key(std::string_view key) {
    const std::string both = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(both.data(), both.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1)
        throw std::runtime_error("OpenSSL has no SHA-1, which WebSocket needs");
    return to_base64(std::as_bytes(std::span(digest.data(), size)));
}

/// Whom a server lets in, and what it speaks.
struct handshake_options {
    std::vector<std::string> protocols;
    std::vector<std::string> origins;
    RTAI_DESCRIBE(handshake_options, protocols, origins)

    static void notes(rtai::notes<handshake_options>& about) {
        about(&handshake_options::protocols,
              "subprotocols that are spoken here; of those, a client gets the first that it asks for");
        about(
            &handshake_options::origins,
            "pages that may connect, as in 'https://example.com'; 'self': those of this server; none named: "
            "all. Programs that are no browser send no origin, and are let in");
    }
};

/// What a server answers to a request for an upgrade.
struct upgrade_answer {
    upgrade_answer() = default;
    upgrade_answer(unsigned s, std::string t) : status(s), text(std::move(t)) {}

    bool ok() const noexcept { return status == 101; }

    unsigned status = 101;
    std::string text;  ///< what was wrong
    http::header_list headers;
    std::string protocol;  ///< the subprotocol, if one was agreed on
};

inline upgrade_answer answer_upgrade(std::string_view method, const http::header_list& request,
                                     const handshake_options& o = {}) {
    if (method != "GET") {
        upgrade_answer no(405, "a WebSocket begins with GET");
        no.headers.add("Allow", "GET");
        return no;
    }
    if (!http::has_token(request, "Upgrade", "websocket")) {
        upgrade_answer no(426, "this address speaks WebSocket: send 'Upgrade: websocket'");
        no.headers.add("Upgrade", "websocket");
        no.headers.add("Connection", "Upgrade");
        return no;
    }
    if (!http::has_token(request, "Connection", "upgrade"))
        return upgrade_answer(400, "'Upgrade: websocket' without 'Connection: Upgrade'");
    if (detail::only(request, "Sec-WebSocket-Version") != "13") {
        upgrade_answer no(426, "the version of WebSocket spoken here is 13");
        no.headers.add("Sec-WebSocket-Version", "13");
        no.headers.add("Upgrade", "websocket");
        no.headers.add("Connection", "Upgrade");
        return no;
    }
    const auto key = detail::only(request, "Sec-WebSocket-Key");
    if (!key || !detail::is_key(*key))
        return upgrade_answer(400, "'Sec-WebSocket-Key' must be there once, with 16 bytes in base64");
    if (request.find("Transfer-Encoding") || request.find("Content-Length").value_or("0") != "0")
        return upgrade_answer(400, "a request for a WebSocket has no body");

    if (const auto origin = request.find("Origin"); origin && !o.origins.empty()) {
        const auto host = request.find("Host").value_or("");
        const bool known = std::ranges::any_of(o.origins, [&](const std::string& allowed) {
            if (allowed == "self")
                return !host.empty() && http::same_name(detail::host_of_origin(*origin), host);
            return http::same_name(allowed, *origin);
        });
        if (!known) return upgrade_answer(403, "pages of this origin may not connect");
    }

    upgrade_answer yes;
    yes.headers.add("Upgrade", "websocket");
    yes.headers.add("Connection", "Upgrade");
    yes.headers.add("Sec-WebSocket-Accept", accept_key(*key));
    http::any_in_list(request, "Sec-WebSocket-Protocol", [&](std::string_view asked) {
        const bool spoken = std::ranges::find(o.protocols, asked) != o.protocols.end();
        if (spoken) yes.protocol = asked;
        return spoken;
    });
    if (!yes.protocol.empty()) yes.headers.add("Sec-WebSocket-Protocol", yes.protocol);
    return yes;
}

/// What a client sends. `key` is 16 random bytes in base64.
inline result<std::string> upgrade_request(const url_parts& to, std::string_view key,
                                           const std::vector<std::string>& protocols,
                                           const http::header_list& headers) {
    std::string text = "GET " + to.target + " HTTP/1.1\r\nHost: " + to.authority() +
                       "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: " +
                       std::string(key) + "\r\n";
    for (std::size_t i = 0; i < protocols.size(); ++i) {
        if (!http::is_token(protocols[i]))
            return error(std::errc::invalid_argument,
                         "a subprotocol must be a word without spaces and commas");
        text += (i == 0 ? "Sec-WebSocket-Protocol: " : ", ") + protocols[i];
    }
    if (!protocols.empty()) text += "\r\n";
    for (const auto& [name, value] : headers) {
        if (!http::is_token(name) || !http::is_field_value(value))
            return error(std::errc::invalid_argument,
                         "the header '" + http::shown_url(name) +
                             "' can not be sent: a line end is in it, or its name is no word");
        text += name + ": " + value + "\r\n";
    }
    return text + "\r\n";
}

/// The answer of a server, up to the empty line.
struct answer_head {
    unsigned status = 0;
    std::string reason;
    http::header_list headers;
};

/// From "HTTP/1.1" to the last header; without the empty line.
inline result<answer_head> parse_answer(std::string_view text) {
    const auto wrong = [](const char* what) {
        return error(std::errc::protocol_error, std::string("the answer is not HTTP: ") + what);
    };
    answer_head head;
    bool first = true;
    while (!text.empty()) {
        const auto end = text.find("\r\n");
        const auto line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
        if (!http::is_field_value(line)) return wrong("a control character in a line");
        if (std::exchange(first, false)) {
            if (!line.starts_with("HTTP/1.") || line.size() < 12 || line[8] != ' ' ||
                (line.size() > 12 && line[12] != ' '))
                return wrong("its first line is no status");
            const auto [stop, bad] = std::from_chars(line.data() + 9, line.data() + 12, head.status);
            if (bad != std::errc() || stop != line.data() + 12 || head.status < 100)
                return wrong("its status is no number");
            if (line.size() > 13) head.reason = line.substr(13);
            continue;
        }
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || !http::is_token(line.substr(0, colon)))
            return wrong("a header without a name");
        head.headers.add(std::string(line.substr(0, colon)),
                         std::string(http::trimmed(line.substr(colon + 1))));
    }
    if (first) return wrong("it is empty");
    return head;
}

/// Whether a server agreed; then the subprotocol, or nothing for none.
inline result<std::string> check_answer(const answer_head& answer, std::string_view key,
                                        const std::vector<std::string>& protocols) {
    const auto wrong = [](const std::string& what) {
        return error(std::errc::protocol_error, "the server does not speak WebSocket: " + what);
    };
    if (answer.status != 101) {
        const auto code = answer.status == 401 || answer.status == 403 ? std::errc::permission_denied
                          : answer.status == 404                       ? std::errc::no_such_file_or_directory
                          : answer.status >= 500 || answer.status == 429
                              ? std::errc::resource_unavailable_try_again
                              : std::errc::protocol_error;
        return error(code, "the server answered " + std::to_string(answer.status) + " instead of 101");
    }
    if (!http::has_token(answer.headers, "Upgrade", "websocket") ||
        !http::has_token(answer.headers, "Connection", "upgrade"))
        return wrong("it did not upgrade");
    if (detail::only(answer.headers, "Sec-WebSocket-Accept") != accept_key(key))
        return wrong("its 'Sec-WebSocket-Accept' does not belong to our key");
    const auto anything = [](std::string_view) { return true; };
    if (http::any_in_list(answer.headers, "Sec-WebSocket-Extensions", anything))
        return wrong("it uses an extension that nobody offered");
    if (!http::any_in_list(answer.headers, "Sec-WebSocket-Protocol", anything)) return std::string();
    const auto ours =
        std::ranges::find(protocols, detail::only(answer.headers, "Sec-WebSocket-Protocol").value_or(""));
    if (ours == protocols.end()) return wrong("it chose a subprotocol that nobody offered");
    return *ours;
}

}  // namespace rtai::ws
