#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <rtai/http/message.hpp>
#include <rtai/http/request_head.hpp>
#include <rtai/http/syntax.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace rtai::http {

/// Reads requests from bytes, in whatever pieces they come. It is strict: whatever two readers might
/// understand differently is refused, since that is how requests are smuggled past one of them.
class request_reader {
public:
    explicit request_reader(const request_limits& l = {}) : limits_(l) {}

    enum class found {
        more,     ///< all bytes were taken, and the request goes on
        head,     ///< the head is complete
        body,     ///< a piece of the body, in `piece`
        end,      ///< the request is complete
        refused,  ///< and nothing after it can be read
    };

    /// Takes bytes from the front until there is something to tell.
    found feed(std::string_view& bytes) {
        for (;;) {
            switch (stage_) {
                case stage::first_line:
                case stage::header:
                    if (!take_line(bytes)) return pause();
                    if (stage_ == stage::head_done) {
                        stage_ = head_.chunked ? stage::chunk_size : stage::body;
                        left_ = head_.content_length.value_or(0);
                        return found::head;
                    }
                    break;
                case stage::body:
                case stage::chunk:
                    if (left_ == 0) {
                        stage_ = stage_ == stage::body ? stage::end : stage::chunk_end;
                        break;
                    }
                    if (bytes.empty()) return found::more;
                    piece_ = bytes.substr(
                        0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
                    left_ -= piece_.size();
                    bytes.remove_prefix(piece_.size());
                    return found::body;
                case stage::chunk_size:
                case stage::chunk_end:
                case stage::trailer:
                    if (!take_line(bytes)) return pause();
                    break;
                case stage::head_done:
                case stage::end:
                    return found::end;
                case stage::failed:
                    return found::refused;
            }
        }
    }

    const request_head& head() const noexcept { return head_; }
    request_head& head() noexcept { return head_; }
    /// Of the body; as long as the bytes it was in.
    std::string_view piece() const noexcept { return piece_; }
    const refusal& why() const { return *refusal_; }

    /// Whether bytes of a request have come.
    bool begun() const noexcept {
        return stage_ != stage::first_line || !line_.empty() || after_cr_ || blank_;
    }

    /// After the end of a request: reads the next one.
    void next() { *this = request_reader(limits_); }

private:
    enum class stage : std::uint8_t {
        first_line,
        header,
        head_done,
        body,
        chunk_size,
        chunk,
        chunk_end,
        trailer,
        end,
        failed,
    };

    static constexpr std::size_t longest_chunk_line = 128;
    static constexpr std::size_t longest_method = 24;

    found pause() const noexcept { return stage_ == stage::failed ? found::refused : found::more; }

    bool refuse(unsigned status, std::string why) {
        stage_ = stage::failed;
        refusal_.emplace(status, std::move(why));
        return false;
    }

    /// Whether a line was complete and good.
    bool take_line(std::string_view& bytes) {
        std::size_t i = 0;
        bool whole = false, good = true;
        while (i < bytes.size() && !whole && good) {
            const char c = bytes[i++];
            if (c == '\n') {
                good = after_cr_ || refuse(400, "a line ends without a carriage return");
                whole = good;
            } else if (after_cr_) {
                good = refuse(400, "a carriage return stands alone");
            } else if (c == '\r') {
                after_cr_ = true;
            } else if (is_control(c)) {
                good = refuse(400, "a control character stands in a line");
            } else {
                good = has_room();
                if (good) line_ += c;
            }
        }
        bytes.remove_prefix(i);
        if (!whole) return false;
        after_cr_ = false;
        const bool fine = line();
        line_.clear();
        return fine;
    }

    bool has_room() {
        switch (stage_) {
            case stage::first_line:
                return line_.size() < limits_.line.bytes ||
                       refuse(414, "the first line is longer than " + to_text(limits_.line));
            case stage::header:
            case stage::trailer:
                return ++header_bytes_ <= limits_.headers.bytes ||
                       refuse(431, "the headers are longer than " + to_text(limits_.headers));
            case stage::chunk_end:
                return refuse(400, "a chunk is longer than it said");
            default:
                return line_.size() < longest_chunk_line ||
                       refuse(400, "the size of a chunk is too long a line");
        }
    }

    bool line() {
        switch (stage_) {
            case stage::first_line:
                // RFC 9112, 2.2: one empty line is let pass, since some send one after a body.
                if (line_.empty() && !std::exchange(blank_, true)) return true;
                return first_line();
            case stage::header:
                return line_.empty() ? head_complete() : header();
            case stage::chunk_size:
                return chunk_size();
            case stage::chunk_end:
                stage_ = stage::chunk_size;
                return true;
            default:  // a trailer is checked, and not used: it comes too late for all that headers are for
                if (!line_.empty()) return header();
                stage_ = stage::end;
                return true;
        }
    }

    bool first_line() {
        const std::string_view l = line_;
        const auto one = l.find(' ');
        const auto two = one == std::string_view::npos ? one : l.find(' ', one + 1);
        if (two == std::string_view::npos || l.find(' ', two + 1) != std::string_view::npos)
            return refuse(400, "the first line is not a method, an address and a version");
        const auto method = l.substr(0, one), target = l.substr(one + 1, two - one - 1),
                   version = l.substr(two + 1);
        if (!is_token(method)) return refuse(400, "the method has characters that none has");
        if (method.size() > longest_method) return refuse(501, "the method is not known");
        if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) ||
            version[6] != '.' || !is_digit(version[7]))
            return refuse(400, "the version is none of HTTP");
        if (version != "HTTP/1.1" && version != "HTTP/1.0")
            return refuse(505, "HTTP/1.1 is spoken here, and HTTP/1.0");
        if (method == "CONNECT") return refuse(501, "this is no proxy");
        head_.method = method;
        head_.minor = version == "HTTP/1.1" ? 1 : 0;
        if (!set_target(target)) return false;
        stage_ = stage::header;
        return true;
    }

    bool set_target(std::string_view target) {
        for (std::size_t i = 0; i < target.size(); ++i) {
            const char c = target[i];
            const bool bad = c < '!' || c > '~' || c == '"' || c == '<' || c == '>' || c == '\\' || c == '#';
            if (bad) return refuse(400, "the address has a character that must be encoded");
            if (c == '%' &&
                (target.size() - i < 3 || hex_value(target[i + 1]) < 0 || hex_value(target[i + 2]) < 0))
                return refuse(400, "the address has a '%' without two hexadecimal digits");
        }
        if (target == "*" && head_.method == "OPTIONS") {
            head_.target = target;
            return true;
        }
        for (const std::string_view scheme : {"http://", "https://"}) {
            if (!target.starts_with(scheme)) continue;
            const auto host =
                target.substr(scheme.size(), target.find_first_of("/?", scheme.size()) - scheme.size());
            authority_ = host;
            target.remove_prefix(scheme.size() + host.size());
            head_.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
            return is_host(host) || refuse(400, "the address has no host that can be");
        }
        if (!target.starts_with('/')) return refuse(400, "the address does not begin with '/'");
        head_.target = target;
        return true;
    }

    /// A name or number, and perhaps a port.
    static bool is_host(std::string_view host) noexcept {
        const auto of = [](std::string_view text, std::string_view more) {
            return !text.empty() && std::ranges::all_of(text, [&](char c) {
                return is_digit(c) || is_letter(c) || more.find(c) != std::string_view::npos;
            });
        };
        std::string_view port;
        if (host.starts_with('[')) {
            const auto end = host.find(']');
            if (end == std::string_view::npos || !of(host.substr(1, end - 1), ":.")) return false;
            port = host.substr(end + 1);
        } else {
            const auto colon = host.find(':');
            if (!of(host.substr(0, colon), "-._~%!$&'()*+,;=")) return false;
            if (colon != std::string_view::npos) port = host.substr(colon);
        }
        return port.empty() || (port.front() == ':' && std::ranges::all_of(port.substr(1), is_digit));
    }

    bool header() {
        if (line_.front() == ' ' || line_.front() == '\t')
            return refuse(400, "a header goes on in a second line");
        const auto colon = line_.find(':');
        if (colon == std::string::npos) return refuse(400, "a header has no colon");
        if (!is_token(std::string_view(line_).substr(0, colon)))
            return refuse(400, "the name of a header has a character that none has");
        if (++count_ > limits_.header_count)
            return refuse(431, "there are more than " + std::to_string(limits_.header_count) + " headers");
        if (stage_ == stage::header)
            head_.headers.add(line_.substr(0, colon),
                              std::string(trimmed(std::string_view(line_).substr(colon + 1))));
        return true;
    }

    bool head_complete() {
        const std::string* length = nullptr;
        const std::string* coding = nullptr;
        const std::string* host = nullptr;
        const std::string* expects = nullptr;
        const auto once = [&](const std::string*& seen, const std::string& value, const char* name) {
            if (seen != nullptr) return refuse(400, "there is more than one " + std::string(name));
            seen = &value;
            return true;
        };
        for (const auto& [name, value] : head_.headers) {
            bool good = true;
            if (same_name(name, "Content-Length")) good = once(length, value, "Content-Length");
            else if (same_name(name, "Transfer-Encoding")) good = once(coding, value, "Transfer-Encoding");
            else if (same_name(name, "Host")) good = once(host, value, "Host");
            else if (same_name(name, "Expect")) good = once(expects, value, "Expect");
            if (!good) return false;
        }
        if (host == nullptr && head_.minor == 1) return refuse(400, "there is no Host");
        if (host != nullptr && !is_host(*host)) return refuse(400, "the Host is none that can be");
        if (!authority_.empty() && (host == nullptr || !same_name(*host, authority_)))
            return refuse(400, "the address and the Host name different hosts");
        if (coding != nullptr && length != nullptr)
            return refuse(400, "there are both a Content-Length and a Transfer-Encoding");
        if (coding != nullptr && !transfer(*coding)) return false;
        if (length != nullptr && !content(*length)) return false;
        const auto& m = head_.method;
        if (coding == nullptr && length == nullptr && (m == "POST" || m == "PUT" || m == "PATCH"))
            return refuse(411, "a " + m + " says how long its body is, with Content-Length or in chunks");
        if (expects != nullptr && head_.minor == 1) {
            if (!same_name(*expects, "100-continue")) return refuse(417, "only 100-continue can be expected");
            head_.expects_continue = head_.has_body();
        }
        head_.keep_alive = !has_token(head_.headers, "Connection", "close") &&
                           (head_.minor == 1 || has_token(head_.headers, "Connection", "keep-alive"));
        stage_ = stage::head_done;
        return true;
    }

    bool transfer(const std::string& coding) {
        if (head_.minor == 0) return refuse(400, "HTTP/1.0 knows no Transfer-Encoding");
        if (!same_name(coding, "chunked")) return refuse(501, "of transfer codings only chunked is known");
        head_.chunked = true;
        return true;
    }

    bool content(const std::string& length) {
        std::uint64_t bytes = 0;
        const auto* const last = length.data() + length.size();
        const auto [end, wrong] = std::from_chars(length.data(), last, bytes);
        if (length.empty() || !is_digit(length.front()) || end != last)
            return refuse(400, "the Content-Length is no number");
        if (wrong != std::errc() || bytes > limits_.body.bytes) return too_large();
        head_.content_length = bytes;
        return true;
    }

    bool too_large() { return refuse(413, "the body is larger than " + to_text(limits_.body)); }

    bool chunk_size() {
        const std::string_view l = line_;
        const auto figures = l.substr(0, l.find(';'));
        std::uint64_t bytes = 0;
        const auto* const first = figures.data();  // NOLINT(bugprone-suspicious-stringview-data-usage)
        const auto* const last = first + figures.size();
        const auto [end, wrong] = std::from_chars(first, last, bytes, 16);
        if (figures.empty() || hex_value(figures.front()) < 0 || end != last)
            return refuse(400, "the size of a chunk is no hexadecimal number");
        if (wrong != std::errc() || bytes > limits_.body.bytes - body_bytes_) return too_large();
        body_bytes_ += bytes;
        left_ = bytes;
        stage_ = bytes > 0 ? stage::chunk : stage::trailer;
        return true;
    }

    request_limits limits_;
    request_head head_;
    std::string line_;
    std::string authority_;  // of an absolute address
    std::string_view piece_;
    std::optional<refusal> refusal_;
    std::uint64_t left_ = 0;        // of the body or chunk
    std::uint64_t body_bytes_ = 0;  // announced by chunks
    std::uint64_t header_bytes_ = 0;
    std::uint32_t count_ = 0;
    stage stage_ = stage::first_line;
    bool after_cr_ = false;
    bool blank_ = false;
};

}  // namespace rtai::http
