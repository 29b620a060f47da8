#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <rtai/core/background.hpp>
#include <rtai/core/offload.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/http/exchange.hpp>
#include <rtai/http/syntax.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace rtai::http {

/// "text/html; charset=utf-8" for "page.html".
inline std::string content_type_of(std::string_view name) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 22> known{{
        {".html", "text/html; charset=utf-8"},
        {".htm", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".json", "application/json"},
        {".txt", "text/plain; charset=utf-8"},
        {".md", "text/markdown; charset=utf-8"},
        {".xml", "application/xml"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".jpeg", "image/jpeg"},
        {".gif", "image/gif"},
        {".webp", "image/webp"},
        {".ico", "image/x-icon"},
        {".wasm", "application/wasm"},
        {".woff2", "font/woff2"},
        {".webmanifest", "application/manifest+json"},
        {".wav", "audio/wav"},
        {".mp3", "audio/mpeg"},
        {".ogg", "audio/ogg"},
    }};
    const auto dot = name.rfind('.');
    if (dot != std::string_view::npos)
        for (const auto& [ending, type] : known)
            if (same_name(name.substr(dot), ending)) return std::string(type);
    return "application/octet-stream";
}

/// A tag that changes when the bytes do.
inline std::string tag_of(std::string_view bytes) {
    std::uint64_t hash = 14695981039346656037U;  // FNV-1a
    for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    std::array<char, 20> digits{};
    auto* const end = std::to_chars(digits.data(), digits.data() + digits.size(), hash, 16).ptr;
    return "\"" + std::string(digits.data(), end) + "-" + std::to_string(bytes.size()) + "\"";
}

/// Whether the client has what has this tag.
inline bool has_already(const request_head& head, std::string_view tag) {
    const auto bare = [](std::string_view t) { return t.starts_with("W/") ? t.substr(2) : t; };
    return any_in_list(head.headers, "If-None-Match",
                       [&](std::string_view t) { return t == "*" || bare(t) == bare(tag); });
}

namespace detail {

inline response file_response(const std::string& type, const std::string& tag, const std::string& cache) {
    response r;
    r.status = 200;
    r.headers.add("Content-Type", type);
    r.headers.add("ETag", tag);
    r.headers.add("Cache-Control", cache);
    r.headers.add("X-Content-Type-Options", "nosniff");
    return r;
}

inline task<bool> is_read(exchange& x) {
    if (x.method() == "GET" || x.method() == "HEAD") co_return true;
    x.headers().add("Allow", "GET, HEAD");
    (void)co_await x.refuse(405, "this can be read only");
    co_return false;
}

}  // namespace detail

/// Files that are in memory, for a program that brings its pages along. It is a handler: a directory of them
/// answers with its index.html.
class static_files {
public:
    /// `path` as in an address: "/page.js". The type follows from its name unless it is given.
    static_files& add(std::string path, std::string bytes, std::string type = {}) {
        if (!path.starts_with('/'))
            throw std::invalid_argument("the file '" + path + "' does not begin with '/'");
        file f;
        f.type = type.empty() ? content_type_of(path) : std::move(type);
        f.tag = tag_of(bytes);
        f.bytes = std::move(bytes);
        files_.insert_or_assign(std::move(path), std::move(f));
        return *this;
    }

    task<> operator()(exchange& x) const {
        const bool read = co_await detail::is_read(x);
        if (!read) co_return;
        const auto* f = find(x.path());
        if (f == nullptr) {
            (void)co_await x.refuse(404, "there is no such file");
            co_return;
        }
        auto r = detail::file_response(f->type, f->tag, "no-cache");
        if (has_already(x.head(), f->tag)) r.status = 304;
        else r.body = f->bytes;
        (void)co_await x.answer(std::move(r));
    }

private:
    struct file {
        std::string bytes, type, tag;
    };

    const file* find(std::string_view path) const {
        auto name = decode_percent(path);
        if (!name) return nullptr;
        if (name->ends_with('/')) *name += "index.html";
        const auto found = files_.find(*name);
        return found == files_.end() ? nullptr : &found->second;
    }

    std::map<std::string, file, std::less<>> files_;
};

/// The files of a directory, read as they are asked for. Nothing outside of it is shown, whatever an address
/// or a symbolic link says, nor a name that begins with a dot. It is a handler, for a route that ends with
/// "{path...}".
class directory_files {
public:
    explicit directory_files(const std::filesystem::path& root, std::string parameter = "path",
                             worker_pool* pool = nullptr)
        : root_(std::filesystem::canonical(root)), parameter_(std::move(parameter)), pool_(pool) {
        if (!std::filesystem::is_directory(root_))
            throw std::invalid_argument("'" + root_.string() + "' is no directory of files to serve");
    }

    task<> operator()(exchange& x) const {
        const bool read = co_await detail::is_read(x);
        if (!read) co_return;
        const auto parts = safe_segments(x.parameter(parameter_));
        if (!parts) {
            (void)co_await x.refuse(400, "the path leads out of the directory");
            co_return;
        }
        auto& pool = pool_ != nullptr ? *pool_ : background();
        auto look = [&] { return open(*parts); };
        auto opened = co_await offload(pool, std::ref(look));
        if (!opened) {
            (void)co_await x.refuse(503, "too many files are being read");
            co_return;
        }
        if (!*opened) {
            (void)co_await x.refuse(404, "there is no such file");
            co_return;
        }
        co_await send(x, pool, **opened);
    }

private:
    static constexpr std::size_t piece_size = 256 * 1024;

    struct opened_file {
        std::ifstream bytes;
        std::string type, tag, first;
        std::uint64_t size = 0;
    };

    /// Blocks: for a worker.
    std::optional<opened_file> open(const std::vector<std::string>& parts) const {
        auto place = root_;
        for (const auto& p : parts) {
            if (p.starts_with('.')) return std::nullopt;
            place /= p;
        }
        std::error_code wrong;
        if (std::filesystem::is_directory(place, wrong)) place /= "index.html";
        const auto real = std::filesystem::canonical(place, wrong);
        if (wrong || !is_inside(real) || !std::filesystem::is_regular_file(real, wrong)) return std::nullopt;
        opened_file f;
        f.bytes.open(real, std::ios::binary);
        f.size = std::filesystem::file_size(real, wrong);
        const auto changed = std::filesystem::last_write_time(real, wrong).time_since_epoch().count();
        if (!f.bytes || wrong) return std::nullopt;
        f.tag = "\"" + std::to_string(changed) + "-" + std::to_string(f.size) + "\"";
        f.type = content_type_of(real.filename().string());
        f.first = piece_of(f.bytes);
        return f;
    }

    bool is_inside(const std::filesystem::path& real) const {
        const auto [end, ignored] = std::mismatch(root_.begin(), root_.end(), real.begin(), real.end());
        return end == root_.end();
    }

    static std::string piece_of(std::ifstream& from) {
        std::string bytes(piece_size, '\0');
        from.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        bytes.resize(static_cast<std::size_t>(from.gcount()));
        return bytes;
    }

    task<> send(exchange& x, worker_pool& pool, opened_file& f) const {
        auto r = detail::file_response(f.type, f.tag, "no-cache");
        const bool whole = f.first.size() == f.size;
        if (has_already(x.head(), f.tag)) {
            r.status = 304;
            (void)co_await x.answer(std::move(r));
            co_return;
        }
        r.body = std::move(f.first);
        if (whole) {
            (void)co_await x.answer(std::move(r));
            co_return;
        }
        auto sent = co_await x.begin(std::move(r));
        auto next = [&] { return piece_of(f.bytes); };
        while (sent && x.method() != "HEAD") {
            auto piece = co_await offload(pool, std::ref(next));
            if (!piece) throw std::runtime_error("the workers are too busy to read a file to its end");
            if (piece->empty()) break;
            sent = co_await x.write(*piece);
        }
    }

    std::filesystem::path root_;
    std::string parameter_;
    worker_pool* pool_;
};

}  // namespace rtai::http
