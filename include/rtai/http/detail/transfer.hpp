#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <curl/curl.h>
#include <memory>
#include <optional>
#include <rtai/core/asio_driver.hpp>
#include <rtai/core/clock.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/result.hpp>
#include <rtai/http/detail/curl_loop.hpp>
#include <rtai/http/message.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace rtai::http::detail {

/// A code to act on: whether another try may help, for instance.
inline std::errc meaning_of(CURLcode c) noexcept {
    switch (c) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
            return std::errc::host_unreachable;
        case CURLE_COULDNT_CONNECT:
            return std::errc::connection_refused;
        case CURLE_OPERATION_TIMEDOUT:
            return std::errc::timed_out;
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_BAD_FUNCTION_ARGUMENT:
            return std::errc::invalid_argument;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
            return std::errc::permission_denied;
        case CURLE_OUT_OF_MEMORY:
            return std::errc::not_enough_memory;
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM:
            return std::errc::connection_reset;
        default:
            return std::errc::protocol_error;
    }
}

/// A request under way and what came back so far. It belongs to one coroutine; when it is destroyed, its
/// connection is closed, unless the whole answer was received.
class transfer final : public curl_client {
public:
    explicit transfer(request r) : asked(std::move(r)) {}
    transfer(const transfer&) = delete;
    transfer& operator=(const transfer&) = delete;
    ~transfer() {
        stop();
        if (easy != nullptr) curl_easy_cleanup(easy);
        curl_slist_free_all(lines_);
        curl_mime_free(form_);
    }

    result<> start(asio::io_context& context) {
        if (auto wrong = prepare(); !wrong) return wrong;
        auto& loop = curl_loop::of(context);
        if (!loop.add(*this)) return error(std::errc::invalid_argument, where() + ": can not be sent");
        loop_ = &loop;
        return {};
    }

    /// "POST https://api.example.com/v1/chat"
    std::string where() const { return method() + " " + shown_url(asked.url); }

    void stop() noexcept {
        if (auto* loop = std::exchange(loop_, nullptr)) loop->remove(*this);
    }
    void fail(std::errc code, const std::string& why) {
        if (!failure) failure.emplace(code, where() + ": " + why);
    }
    /// Lets a server that had to wait go on.
    void go_on() {
        if (loop_ != nullptr && std::exchange(paused_, false)) curl_easy_pause(easy, CURLPAUSE_CONT);
    }

    request asked;
    unsigned status = 0;
    header_list headers;
    std::string received;   ///< of the body, and not yet read
    bool begun = false;     ///< there is something to tell: an answer, or why there is none
    bool answered = false;  ///< the headers are complete
    bool ended = false;
    std::optional<rtai::error> failure;
    time_point deadline = never;
    event changed;

private:
    std::string method() const {
        if (!asked.method.empty()) return asked.method;
        return asked.body.empty() && asked.form.empty() ? "GET" : "POST";
    }

    void done(CURLcode outcome) noexcept override {
        ended = begun = true;
        if (outcome != CURLE_OK) {
            const std::string_view said = words_.data();
            fail(meaning_of(outcome), std::string(said.empty() ? curl_easy_strerror(outcome) : said));
        }
        changed.set();
    }
    void orphaned() noexcept override {
        loop_ = nullptr;
        ended = begun = true;
        fail(std::errc::operation_canceled, "its loop has ended");
    }

    /// What could end a line would begin another header.
    static bool is_one_line(std::string_view text) noexcept {
        return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
    }

    result<> prepare() {
        const auto verb = method();
        const auto wrong = [&](const char* why) {
            return error(std::errc::invalid_argument, "a request to '" + shown_url(asked.url) + "': " + why);
        };
        if (verb.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string::npos)
            return wrong("its method is no word in capitals");
        if (!is_one_line(asked.url)) return wrong("its address has a line break");
        easy = curl_easy_init();
        if (easy == nullptr) return error(std::errc::not_enough_memory, "libcurl");
        const auto set = [this](CURLoption o, auto v) { curl_easy_setopt(easy, o, v); };
        set(CURLOPT_URL, asked.url.c_str());
        set(CURLOPT_PROTOCOLS_STR, "http,https");
        set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
        set(CURLOPT_FOLLOWLOCATION, asked.redirects > 0 ? 1L : 0L);
        set(CURLOPT_MAXREDIRS, static_cast<long>(asked.redirects));
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_QUICK_EXIT, 1L);  // cancelling does not wait for the system's resolver
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        set(CURLOPT_TCP_KEEPALIVE, 1L);
        set(CURLOPT_USERAGENT, "rtai");
        set(CURLOPT_ERRORBUFFER, words_.data());
        set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(asked.connect_timeout.count()));
        set(CURLOPT_HEADERFUNCTION, &transfer::on_header);
        set(CURLOPT_HEADERDATA, this);
        set(CURLOPT_WRITEFUNCTION, &transfer::on_body);
        set(CURLOPT_WRITEDATA, this);
        if (!asked.ca_file.empty()) set(CURLOPT_CAINFO, asked.ca_file.c_str());
        if (!asked.form.empty()) {
            build_form();
            set(CURLOPT_MIMEPOST, form_);
        } else if (!asked.body.empty() || verb == "POST") {
            set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(asked.body.size()));
            set(CURLOPT_POSTFIELDS, asked.body.c_str());
        }
        if (verb == "HEAD") set(CURLOPT_NOBODY, 1L);
        else if (verb != "GET" && verb != "POST") set(CURLOPT_CUSTOMREQUEST, verb.c_str());
        // Or it would first ask the server whether a larger body is welcome, which costs a round trip.
        add_line("Expect:");
        for (const auto& [name, value] : asked.headers) {
            if (name.empty() || name.find(':') != std::string::npos || !is_one_line(name))
                return wrong("a header has a bad name");
            if (!is_one_line(value)) return wrong(("the header '" + name + "' has a line break").c_str());
            add_line(value.empty() ? name + ";" : name + ": " + value);
        }
        set(CURLOPT_HTTPHEADER, lines_);
        return {};
    }

    void add_line(const std::string& line) {
        if (auto* longer = curl_slist_append(lines_, line.c_str())) lines_ = longer;
    }

    void build_form() {
        form_ = curl_mime_init(easy);
        for (const auto& p : asked.form) {
            auto* part = curl_mime_addpart(form_);
            curl_mime_name(part, p.name.c_str());
            curl_mime_data(part, p.value.data(), p.value.size());
            if (!p.file_name.empty()) curl_mime_filename(part, p.file_name.c_str());
            if (!p.content_type.empty()) curl_mime_type(part, p.content_type.c_str());
        }
    }

    static std::size_t on_header(const char* bytes, std::size_t, std::size_t size, void* self) noexcept {
        auto& me = *static_cast<transfer*>(self);
        if (me.begun) return size;  // a trailer
        me.header_bytes_ += size;
        if (me.header_bytes_ > me.asked.most_headers) {
            me.fail(std::errc::message_size,
                    "its headers are longer than " + std::to_string(me.asked.most_headers) + " bytes");
            return 0;
        }
        std::string_view line(bytes, size);
        while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
        if (line.starts_with("HTTP/")) {
            me.headers.clear();
        } else if (line.empty()) {
            long code = 0;
            curl_easy_getinfo(me.easy, CURLINFO_RESPONSE_CODE, &code);
            me.status = static_cast<unsigned>(std::max(code, 0L));
            const bool moves_on =
                me.asked.redirects > 0 && code / 100 == 3 && me.headers.find("Location").has_value();
            me.begun = code >= 200 && !moves_on;
            me.answered = me.begun;
            if (me.begun) me.changed.set();
        } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
            auto value = line.substr(colon + 1);
            while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
            while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
            me.headers.add(std::string(line.substr(0, colon)), std::string(value));
        }
        return size;
    }

    static std::size_t on_body(const char* bytes, std::size_t, std::size_t size, void* self) noexcept {
        auto& me = *static_cast<transfer*>(self);
        if (!me.begun) return size;  // of a redirection
        if (size > me.asked.most_body - std::min(me.asked.most_body, me.body_bytes_)) {
            me.fail(std::errc::message_size,
                    "its answer is longer than " + std::to_string(me.asked.most_body) + " bytes");
            return size + 1;
        }
        if (me.received.size() >= me.asked.most_buffered) {
            me.paused_ = true;
            return CURL_WRITEFUNC_PAUSE;
        }
        me.received.append(bytes, size);
        me.body_bytes_ += size;
        me.changed.set();
        return size;
    }

    curl_loop* loop_ = nullptr;
    curl_slist* lines_ = nullptr;
    curl_mime* form_ = nullptr;
    std::array<char, CURL_ERROR_SIZE> words_{};
    std::size_t header_bytes_ = 0, body_bytes_ = 0;
    bool paused_ = false;
};

}  // namespace rtai::http::detail
