#pragma once

#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <netinet/in.h>
#include <string>
#include <string_view>

namespace rtai::auth::detail {

inline void replace_all(std::string& text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
}

/// One client's address without its port: "10.0.0.7", and of IPv6 the network of 64 bits, since a client
/// has all addresses of that. Takes "10.0.0.7:80", "[::1]:80", "::1", and gRPC's "ipv4:..." and "ipv6:...".
inline std::string client_address(std::string_view peer) {
    std::string text(peer);
    if (text.starts_with("ipv4:") || text.starts_with("ipv6:")) text.erase(0, 5);
    replace_all(text, "%5B", "[");
    replace_all(text, "%5D", "]");
    if (text.starts_with('[')) text = text.substr(1, text.find(']') - 1);
    else if (text.find(':') == text.rfind(':')) text = text.substr(0, text.find(':'));
    text = text.substr(0, text.find('%'));

    std::array<unsigned char, 16> bytes{};
    if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return text.substr(0, 64);
    char room[INET6_ADDRSTRLEN] = "";
    static constexpr unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    if (std::memcmp(bytes.data(), mapped, sizeof mapped) == 0)
        return ::inet_ntop(AF_INET, bytes.data() + 12, room, sizeof room);
    std::memset(bytes.data() + 8, 0, 8);
    return std::string(::inet_ntop(AF_INET6, bytes.data(), room, sizeof room)) + "/64";
}

}  // namespace rtai::auth::detail
