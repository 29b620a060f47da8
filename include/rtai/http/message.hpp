#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtai::http {

/// Whether two names of headers are the same.
inline bool same_name(std::string_view a, std::string_view b) noexcept {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

/// The headers of a message, in their order.
class header_list {
public:
    void add(std::string name, std::string value) { all_.emplace_back(std::move(name), std::move(value)); }
    /// The only one of its name from now on.
    void set(std::string name, std::string value) {
        std::erase_if(all_, [&](const auto& h) { return same_name(h.first, name); });
        add(std::move(name), std::move(value));
    }
    /// The first of that name.
    std::optional<std::string_view> find(std::string_view name) const noexcept {
        for (const auto& [n, value] : all_)
            if (same_name(n, name)) return value;
        return std::nullopt;
    }
    void clear() noexcept { all_.clear(); }
    std::size_t size() const noexcept { return all_.size(); }
    auto begin() const noexcept { return all_.begin(); }
    auto end() const noexcept { return all_.end(); }

private:
    std::vector<std::pair<std::string, std::string>> all_;
};

/// All values of that name, with commas between, as one value of a list is written in several headers.
inline std::optional<std::string> all_of(const header_list& headers, std::string_view name) {
    std::optional<std::string> all;
    for (const auto& [n, value] : headers)
        if (same_name(n, name)) all = all ? *all + "," + value : value;
    return all;
}

/// A field of a form, or a file in it.
struct form_part {
    form_part(std::string n, std::string v) : name(std::move(n)), value(std::move(v)) {}
    form_part(std::string n, std::string v, std::string file, std::string content)
        : name(std::move(n)),
          value(std::move(v)),
          file_name(std::move(file)),
          content_type(std::move(content)) {}

    std::string name;
    std::string value;
    std::string file_name;  ///< of a file
    std::string content_type;
};

struct request {
    request() = default;
    explicit request(std::string u) : url(std::move(u)) {}

    std::string method;  ///< empty: GET, or POST when there is something to send
    std::string url;     ///< http or https
    header_list headers;
    std::string body;
    std::vector<form_part> form;    ///< sent as multipart/form-data, instead of a body
    unsigned redirects = 0;         ///< how many are followed
    std::filesystem::path ca_file;  ///< who is trusted instead of whom the system trusts

    // Zero is no limit.
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds first_byte_timeout{30'000};  ///< from the beginning to the headers
    std::chrono::milliseconds idle_timeout{30'000};        ///< between two pieces of the body
    std::chrono::milliseconds total_timeout{0};

    std::size_t most_headers = 64 * 1024;
    std::size_t most_body = 64 * 1024 * 1024;
    /// What waits for a slow reader; then the server has to wait. Up to 16 KiB more may.
    std::size_t most_buffered = 256 * 1024;
};

struct response {
    unsigned status = 0;
    header_list headers;
    std::string body;

    bool ok() const noexcept { return status >= 200 && status < 300; }
};

/// Where a request goes, for a message: without a user, a password, or what follows a '?', which may be
/// a key.
inline std::string shown_url(std::string_view url) {
    url = url.substr(0, url.find_first_of("?#"));
    const auto scheme = url.find("://");
    const auto host = scheme == std::string_view::npos ? 0 : scheme + 3;
    const auto host_end = std::min(url.find('/', host), url.size());
    const auto at = url.substr(0, host_end).rfind('@');
    if (at == std::string_view::npos || at < host) return std::string(url);
    return std::string(url.substr(0, host)) + std::string(url.substr(at + 1));
}

}  // namespace rtai::http
