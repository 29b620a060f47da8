#pragma once

#include <charconv>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <rtai/http/message.hpp>
#include <rtai/http/syntax.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace rtai::http {

/// "Not Found"
constexpr std::string_view reason_of(unsigned status) noexcept {
    switch (status) {
        case 100:
            return "Continue";
        case 101:
            return "Switching Protocols";
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 406:
            return "Not Acceptable";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 411:
            return "Length Required";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 416:
            return "Range Not Satisfiable";
        case 417:
            return "Expectation Failed";
        case 421:
            return "Misdirected Request";
        case 422:
            return "Unprocessable Content";
        case 426:
            return "Upgrade Required";
        case 428:
            return "Precondition Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Status";
    }
}

/// Whether an answer of this status has no body, whatever its headers say.
constexpr bool is_bodiless(unsigned status) noexcept {
    return status < 200 || status == 204 || status == 304;
}

/// The head of an answer, with the empty line after it. Throws if a header would end its line: what comes
/// from outside must not become headers.
inline std::string head_text(unsigned status, const header_list& headers) {
    if (status < 100 || status > 599)
        throw std::invalid_argument("an answer has the status " + std::to_string(status) +
                                    "; it is one from 100 to 599");
    std::string text = "HTTP/1.1 " + std::to_string(status) + " ";
    text += reason_of(status);
    text += "\r\n";
    for (const auto& [name, value] : headers) {
        if (!is_token(name))
            throw std::invalid_argument("the header '" + name + "' has a name that none can have");
        if (!is_field_value(value))
            throw std::invalid_argument("the header '" + name + "' has a line break or a control character");
        text += name;
        text += ": ";
        text += value;
        text += "\r\n";
    }
    text += "\r\n";
    return text;
}

inline constexpr std::string_view last_chunk = "0\r\n\r\n";

/// What goes before and after the bytes of a chunk.
inline std::string chunk_head(std::size_t size) {
    char room[20];
    auto* const end = std::to_chars(room, room + sizeof room, size, 16).ptr;
    return std::string(room, end) + "\r\n";
}
inline constexpr std::string_view chunk_tail = "\r\n";

/// An answer with a text.
inline response make_response(unsigned status, std::string body = {},
                              std::string type = "text/plain; charset=utf-8") {
    response r;
    r.status = status;
    if (!body.empty()) r.headers.add("Content-Type", std::move(type));
    r.body = std::move(body);
    return r;
}

/// "Not found: there is no page here", for a person who sees it in a browser.
inline response make_refusal(unsigned status, std::string_view why) {
    return make_response(status, std::string(reason_of(status)) + ": " + std::string(why) + "\n");
}

/// "Sun, 06 Nov 1994 08:49:37 GMT"
inline std::string http_date(std::chrono::system_clock::time_point when) {
    const auto seconds = std::chrono::system_clock::to_time_t(when);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto two = [](int n) { return std::string(n < 10 ? "0" : "") + std::to_string(n); };
    return std::string(days[parts.tm_wday]) + ", " + two(parts.tm_mday) + " " + months[parts.tm_mon] + " " +
           std::to_string(parts.tm_year + 1900) + " " + two(parts.tm_hour) + ":" + two(parts.tm_min) + ":" +
           two(parts.tm_sec) + " GMT";
}

}  // namespace rtai::http
