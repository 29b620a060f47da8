#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <mutex>
#include <poll.h>
#include <rtai/observe/detail/log_line.hpp>
#include <rtai/observe/options.hpp>
#include <span>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace rtai::observe {

struct log_settings {
    log_settings() = default;
    explicit log_settings(std::string s, const observe_options::log_options& o = {})
        : service(std::move(s)), level(o.level), json(o.json) {}

    std::string service;
    log_level level = log_level::info;
    bool json = true;
    std::filesystem::path file;                        ///< empty: the standard error output
    std::size_t most_waiting = std::size_t{1} << 20U;  ///< bytes; what comes on top is dropped, and counted
    unsigned repeats_a_second = 100;                   ///< of one event of one session; 0: as many as come
    /// What time it is by the calendar.
    std::function<log_time()> clock = [] {
        return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
    };
};

/// Takes lines from all shards and writes them on a thread of its own, so that a full disk or a terminal that
/// was stopped holds up nobody. What it had to leave out is told in the log itself.
class log_writer {
public:
    explicit log_writer(log_settings s) : settings_(std::move(s)) {
        if (!settings_.file.empty()) {
            to_ = ::open(settings_.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
            if (to_ < 0)
                throw std::system_error(errno, std::generic_category(),
                                        "the log file " + settings_.file.string() + " can not be opened");
        }
        struct stat kind{};
        is_file_ = ::fstat(to_, &kind) == 0 && S_ISREG(kind.st_mode);
        thread_ = std::thread([this] { run(); });
    }
    log_writer(const log_writer&) = delete;
    log_writer& operator=(const log_writer&) = delete;

    /// Writes what waits, for a second at most.
    ~log_writer() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_all();
        thread_.join();
        if (to_ != STDERR_FILENO) ::close(to_);
    }

    bool takes(log_level l) const noexcept { return l >= settings_.level; }

    void write(log_level level, std::string_view component, std::string_view session_id,
               std::string_view event, std::span<const field> metadata, std::string_view message,
               std::string_view trace_id = {}) {
        detail::log_line line{settings_.clock(), level,    settings_.service, component, session_id, event,
                              message,           metadata, trace_id};
        std::uint64_t left_out = 0;
        if (!admit(line, left_out)) return;
        static thread_local std::string text;
        text.clear();
        if (left_out > 0) tell(text, line, "log_repeats_left_out", left_out);
        append(text, line);
        push(text);
    }

    /// Waits until all that was written before this is out. Not for a shard.
    void flush() {
        std::unique_lock lock(mutex_);
        wake_.notify_all();
        const auto asked = ++flushes_asked_;
        flushed_.wait(lock, [&] { return flushes_done_ >= asked || stopping_; });
    }

    /// Lines that are nowhere: too much waited, or nothing could be written.
    std::uint64_t dropped() const {
        const std::lock_guard lock(mutex_);
        return dropped_;
    }

private:
    static constexpr auto gather_for = std::chrono::milliseconds(5);
    static constexpr auto patience = std::chrono::seconds(1);

    struct repeat {
        std::size_t what = 0;
        std::int64_t second = 0;
        unsigned count = 0;
        std::uint64_t left_out = 0;
    };

    void append(std::string& text, const detail::log_line& line) const {
        if (settings_.json) detail::append_json_line(text, line);
        else detail::append_text_line(text, line);
    }

    void tell(std::string& text, const detail::log_line& like, std::string_view event,
              std::uint64_t count) const {
        const field about[] = {{"of", like.event}, {"lines", count}};
        detail::log_line line{
            like.at, log_level::warning, settings_.service, like.component, like.session_id, event, {},
            about,   like.trace_id};
        append(text, line);
    }

    /// Whether this line may come; if so, how many like it did not.
    bool admit(const detail::log_line& l, std::uint64_t& left_out) {
        if (settings_.repeats_a_second == 0) return true;
        const auto hash = [](std::string_view s) { return std::hash<std::string_view>()(s); };
        const auto what = ((hash(l.component) * 31 + hash(l.event)) * 31 + hash(l.session_id)) * 31 +
                          static_cast<std::size_t>(l.level);
        const auto second = l.at.time_since_epoch().count() / 1'000'000;
        const std::lock_guard lock(mutex_);
        auto& slot = repeats_[what % repeats_.size()];
        if (slot.what != what) {
            repeats_untold_ += slot.left_out;
            slot = {what, second, 0, 0};
        } else if (slot.second != second) {
            slot.second = second;
            slot.count = 0;
            left_out = std::exchange(slot.left_out, 0);
        }
        if (slot.count < settings_.repeats_a_second) {
            ++slot.count;
            return true;
        }
        ++slot.left_out;
        return false;
    }

    void push(std::string_view text) {
        bool wake = false;
        {
            const std::lock_guard lock(mutex_);
            if (waiting_.size() + text.size() > settings_.most_waiting) {
                ++dropped_;
                return;
            }
            waiting_ += text;
            wake = std::exchange(asleep_, false);
        }
        if (wake) wake_.notify_all();
    }

    void run() {
        // A reader that has gone is an error here, and no end of the program; and signals are for others.
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, nullptr);
        std::string batch;
        std::uint64_t told = 0;
        std::unique_lock lock(mutex_);
        while (true) {
            const auto something = [&] {
                return !waiting_.empty() || dropped_ != told || stopping_ || flushes_asked_ != flushes_done_;
            };
            asleep_ = true;
            wake_.wait(lock, something);
            asleep_ = false;
            // Others that come soon are written together, and wake nobody.
            if (!stopping_)
                wake_.wait_for(lock, gather_for,
                               [&] { return stopping_ || flushes_asked_ != flushes_done_; });
            const bool last = stopping_;
            const auto flushing = flushes_asked_;
            batch.swap(waiting_);
            const auto lost = dropped_ - told;
            auto repeats = std::exchange(repeats_untold_, 0);
            if (last)
                for (auto& r : repeats_) repeats += std::exchange(r.left_out, 0);
            lock.unlock();
            const auto failed = put(batch, last);
            const bool heard = put(notices(lost, repeats), last) == 0;
            batch.clear();
            lock.lock();
            dropped_ += failed;
            if (heard) told += lost;
            else repeats_untold_ += repeats;
            flushes_done_ = flushing;
            flushed_.notify_all();
            if (last && waiting_.empty()) return;
            if (failed > 0 || !heard) wake_.wait_for(lock, patience, [&] { return stopping_; });
        }
    }

    std::string notices(std::uint64_t lost, std::uint64_t repeats) const {
        std::string text;
        const auto notice = [&](std::string_view event, std::uint64_t lines) {
            const field about[] = {{"lines", lines}};
            const detail::log_line line{
                settings_.clock(), log_level::warning, settings_.service, "log", {}, event, {}, about, {}};
            if (lines > 0) append(text, line);
        };
        notice("log_lines_dropped", lost);
        notice("log_repeats_left_out", repeats);
        return text;
    }

    /// How many lines could not be written.
    std::uint64_t put(std::string_view bytes, bool last) {
        auto until = std::chrono::steady_clock::now() + patience;
        while (!bytes.empty()) {
            // A pipe that nobody reads would hold this thread for ever: no more than surely fits.
            const auto piece = is_file_ ? bytes.size() : std::min<std::size_t>(bytes.size(), 4096);
            pollfd room{to_, POLLOUT, 0};
            if (!is_file_ && ::poll(&room, 1, 100) == 0) {
                if (!last && is_stopping()) {
                    last = true;
                    until = std::chrono::steady_clock::now() + patience;
                }
                if (last && std::chrono::steady_clock::now() > until) break;
                continue;
            }
            const auto written = ::write(to_, bytes.data(), piece);
            if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
            else if (errno != EINTR && errno != EAGAIN) break;
        }
        return static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
    }

    bool is_stopping() const {
        const std::lock_guard lock(mutex_);
        return stopping_;
    }

    const log_settings settings_;
    int to_ = STDERR_FILENO;
    bool is_file_ = false;
    mutable std::mutex mutex_;
    std::condition_variable wake_, flushed_;
    std::string waiting_;
    std::array<repeat, 256> repeats_{};
    std::uint64_t repeats_untold_ = 0;
    std::uint64_t dropped_ = 0;
    std::uint64_t flushes_asked_ = 0, flushes_done_ = 0;
    bool asleep_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace rtai::observe
