#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <rtai/core/result.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace rtai::http {

/// One server-sent event.
struct server_event {
    std::string type;  ///< empty: "message"
    std::string data;
    std::string id;  ///< of the last event that had one
};

/// Reads a stream of server-sent events, in whatever pieces it comes. It holds one event at most, and an
/// event is no longer than it was told; after an error it reads nothing any more.
class sse_parser {
public:
    static constexpr std::size_t default_limit = 1024 * 1024;

    /// `limit`: the most bytes of a line, and of the data of an event.
    explicit sse_parser(std::size_t limit = default_limit) : limit_(limit) {}

    /// Calls `take(const server_event&)` for each event that is complete by now.
    template <class F>
    result<> feed(std::string_view bytes, F&& take) {
        if (failed_) return too_long();
        while (!bytes.empty()) {
            if (after_cr_) {
                after_cr_ = false;
                if (bytes.front() == '\n') {
                    bytes.remove_prefix(1);
                    continue;
                }
            }
            const auto end = bytes.find_first_of("\r\n");
            const auto piece = bytes.substr(0, end);
            if (line_.size() + piece.size() > limit_) return too_long();
            line_ += piece;
            if (end == std::string_view::npos) break;
            after_cr_ = bytes[end] == '\r';
            bytes.remove_prefix(end + 1);
            if (!line(take)) return too_long();
            line_.clear();
        }
        return {};
    }

    /// What the server asked for between two connections.
    std::optional<std::chrono::milliseconds> retry() const noexcept { return retry_; }

    /// What is left of an event whose end did not come. The standard wants it thrown away, but servers that
    /// forget the last empty line exist.
    template <class F>
    result<> finish(F&& take) {
        if (!failed_ && !line_.empty()) {
            if (!line(take)) return too_long();
            line_.clear();
        }
        if (!failed_) dispatch(take);
        return {};
    }

private:
    template <class F>
    bool line(F& take) {
        std::string_view l = line_;
        if (!std::exchange(begun_, true) && l.starts_with("\xEF\xBB\xBF")) l.remove_prefix(3);
        if (l.empty()) {
            dispatch(take);
            return true;
        }
        const auto colon = l.find(':');
        if (colon == 0) return true;  // a comment, to keep the connection alive
        const auto name = l.substr(0, colon);
        auto held = colon == std::string_view::npos ? std::string_view() : l.substr(colon + 1);
        if (held.starts_with(' ')) held.remove_prefix(1);
        if (name == "data") {
            if (event_.data.size() + held.size() + 1 > limit_) return false;
            (event_.data += held) += '\n';
        } else if (name == "event") {
            event_.type = held;
        } else if (name == "id") {
            if (held.find('\0') == std::string_view::npos) event_.id = held;
        } else if (name == "retry") {
            std::uint32_t ms = 0;
            const auto [last, wrong] = std::from_chars(held.data(), held.data() + held.size(), ms);
            if (wrong == std::errc() && last == held.data() + held.size())
                retry_ = std::chrono::milliseconds(ms);
        }
        return true;
    }

    template <class F>
    void dispatch(F& take) {
        if (!event_.data.empty()) {
            event_.data.pop_back();
            take(std::as_const(event_));
        }
        event_.data.clear();
        event_.type.clear();
    }

    result<> too_long() {
        failed_ = true;
        line_ = {};
        event_ = {};
        return error(std::errc::message_size,
                     "an event of the stream is longer than " + std::to_string(limit_) + " bytes");
    }

    std::size_t limit_;
    std::string line_;
    server_event event_;
    std::optional<std::chrono::milliseconds> retry_;
    bool after_cr_ = false;
    bool begun_ = false;
    bool failed_ = false;
};

}  // namespace rtai::http
