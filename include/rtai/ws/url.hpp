#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <rtai/core/result.hpp>
#include <rtai/http/message.hpp>
#include <string>
#include <string_view>
#include <system_error>

namespace rtai::ws {

/// "ws://host:port/path?query" in its parts.
struct url_parts {
    bool secure = false;
    std::string host;  ///< an IPv6 address without its brackets
    std::uint16_t port = 80;
    std::string target = "/";

    /// As the header 'Host' has it.
    std::string authority() const {
        const auto name = host.find(':') == std::string::npos ? host : "[" + host + "]";
        return port == (secure ? 443 : 80) ? name : name + ":" + std::to_string(port);
    }
};

inline result<url_parts> parse_url(std::string_view url) {
    const auto wrong = [&](const std::string& why) {
        return error(std::errc::invalid_argument,
                     "'" + http::shown_url(url) + "' is no address of a WebSocket: " + why);
    };
    url_parts parts;
    auto rest = url;
    if (rest.starts_with("wss://")) parts.secure = true, parts.port = 443, rest.remove_prefix(6);
    else if (rest.starts_with("ws://")) rest.remove_prefix(5);
    else return wrong("it must begin with ws:// or wss://");
    if (std::ranges::any_of(url, [](char c) { return c <= ' ' || c >= 0x7F; }))
        return wrong("it has a space, a control character, or a letter that must be written as %..");
    rest = rest.substr(0, rest.find('#'));
    const auto end = std::min(rest.find_first_of("/?"), rest.size());
    auto authority = rest.substr(0, end);
    if (authority.find('@') != std::string_view::npos)
        return wrong("a user or a password does not belong there: send a header");
    if (end < rest.size()) parts.target = (rest[end] == '?' ? "/" : "") + std::string(rest.substr(end));
    const bool bracket = authority.starts_with('[');
    const auto host_end = bracket ? authority.find(']') : authority.find(':');
    if (bracket && host_end == std::string_view::npos) return wrong("a ']' is missing");
    parts.host = bracket ? authority.substr(1, host_end - 1) : authority.substr(0, host_end);
    if (parts.host.empty()) return wrong("the host is missing");
    if (bracket != (parts.host.find(':') != std::string::npos) ||
        parts.host.find_first_of("[]") != std::string::npos)
        return wrong("'[' and ']' belong around an IPv6 address, and around nothing else");
    authority.remove_prefix(std::min(bracket ? host_end + 1 : host_end, authority.size()));
    if (!authority.empty()) {
        unsigned port = 0;
        const auto* last = authority.data() + authority.size();
        const auto [stop, bad] = std::from_chars(authority.data() + 1, last, port);
        if (authority.front() != ':' || bad != std::errc() || stop != last || port == 0 || port > 65535)
            return wrong("its port must be from 1 to 65535");
        parts.port = static_cast<std::uint16_t>(port);
    }
    return parts;
}

}  // namespace rtai::ws
