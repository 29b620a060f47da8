#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <rtai/data/describe.hpp>
#include <rtai/data/units.hpp>
#include <rtai/http/message.hpp>
#include <rtai/http/syntax.hpp>
#include <string>
#include <string_view>

namespace rtai::http {

/// What a request says before its body.
struct request_head {
    std::string method;
    std::string target;  ///< as it was sent: "/say?text=hello"
    unsigned minor = 1;  ///< of HTTP/1.1
    header_list headers;
    std::optional<std::uint64_t> content_length;
    bool chunked = false;
    bool keep_alive = true;
    bool expects_continue = false;

    bool has_body() const noexcept { return chunked || content_length.value_or(0) > 0; }

    /// "/say", still encoded.
    std::string_view path() const noexcept { return std::string_view(target).substr(0, target.find('?')); }
    /// "text=hello", still encoded.
    std::string_view query() const noexcept {
        const auto mark = target.find('?');
        return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
    }
    std::optional<std::string> query_value(std::string_view name) const {
        return http::query_value(query(), name);
    }
    std::optional<std::string_view> header(std::string_view name) const noexcept {
        return headers.find(name);
    }
};

/// What a request may have.
struct request_limits {
    byte_size line{8 * 1024};
    byte_size headers{32 * 1024};
    std::uint32_t header_count = 100;
    byte_size body{1024 * 1024};
    RTAI_DESCRIBE(request_limits, line, headers, header_count, body)
    static void notes(rtai::notes<request_limits>& about) {
        about(&request_limits::line, "the longest first line: method, address and version");
        about(&request_limits::headers, "the most bytes of all headers together");
        about(&request_limits::header_count, "the most headers", range(1, 10'000));
        about(&request_limits::body, "the largest body");
    }
};

/// Why a request is not served.
struct refusal {
    refusal(unsigned s, std::string w) : status(s), why(std::move(w)) {}
    unsigned status;
    std::string why;
};

}  // namespace rtai::http
