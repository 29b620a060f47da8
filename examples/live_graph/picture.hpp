#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <iomanip>
#include <iostream>
#include <rtai/core/channel.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timer.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// What the elements do, in words, and what happened lately.
struct board {
    void tell(std::string what) {
        events.push_front(std::to_string((rtai::now() - start) / std::chrono::seconds(1)) + " s  " +
                          std::move(what));
        if (events.size() > 5) events.pop_back();
    }

    std::string recognise = "listens";
    std::string speak = "silent";
    std::string loudspeaker = "quiet";
    std::deque<std::string> events;
    rtai::time_point start = rtai::now();
};

/// Hides the cursor and uses the terminal's other screen, until it goes.
class terminal {
public:
    explicit terminal(bool used) : used_(used) {
        if (used_) std::cout << "\033[?1049h\033[?25l" << std::flush;
    }
    terminal(const terminal&) = delete;
    terminal& operator=(const terminal&) = delete;
    ~terminal() {
        if (used_) std::cout << "\033[?25h\033[?1049l" << std::flush;
    }

private:
    bool used_;
};

/// Draws nodes and edges from top to bottom, as they were added.
class picture {
public:
    explicit picture(const board& shown) : board_(shown) {}

    static bool on_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

    void node(std::string name, std::function<std::string()> doing) {
        rows_.emplace_back(node_row{std::move(name), std::move(doing)});
    }
    void edge(std::string name, std::string when_full, std::function<rtai::channel_stats()> stats) {
        rows_.emplace_back(edge_row{std::move(name), std::move(when_full), std::move(stats), {}});
    }

    rtai::task<> show() {
        const terminal screen(on_terminal());
        for (;;) {
            co_await rtai::sleep_for(on_terminal() ? std::chrono::milliseconds(100)
                                                   : std::chrono::milliseconds(950));
            draw();
        }
    }

    /// What the edges carried in all.
    void summary() const {
        std::cout << std::left << std::setw(12) << "edge" << std::right << std::setw(10) << "sent"
                  << std::setw(10) << "received" << std::setw(10) << "dropped" << std::setw(10) << "flushed"
                  << std::setw(12) << "high water" << '\n';
        for (const auto& row : rows_) {
            const auto* edge = std::get_if<edge_row>(&row);
            if (edge == nullptr) continue;
            const auto s = edge->stats();
            std::cout << std::left << std::setw(12) << edge->name << std::right << std::setw(10) << s.sent
                      << std::setw(10) << s.received << std::setw(10) << s.dropped << std::setw(10)
                      << s.flushed << std::setw(12)
                      << std::to_string(s.high_water) + " of " + std::to_string(s.capacity) << '\n';
        }
    }

private:
    struct node_row {
        std::string name;
        std::function<std::string()> doing;
    };
    struct edge_row {
        std::string name;
        std::string when_full;
        std::function<rtai::channel_stats()> stats;
        std::deque<std::pair<rtai::time_point, std::uint64_t>> history{};

        /// Over the last two seconds.
        double rate(std::uint64_t sent) {
            history.emplace_back(rtai::now(), sent);
            while (history.back().first - history.front().first > std::chrono::seconds(2))
                history.pop_front();
            const std::chrono::duration<double> span = history.back().first - history.front().first;
            return span.count() == 0 ? 0 : static_cast<double>(sent - history.front().second) / span.count();
        }
    };

    void draw() {
        std::ostringstream out;
        const std::chrono::duration<double> age = rtai::now() - board_.start;
        out << bold("rtai") << "  " << std::fixed << std::setprecision(1) << age.count() << " s, "
            << rtai::live_coroutines << " coroutines on one thread"
            << (on_terminal() ? dim("   Ctrl-C ends it") : "") << "\n\n"
            << dim("              in the channel    high  a second  dropped  flushed  when full") << '\n';
        for (auto& row : rows_) std::visit([&](auto& r) { draw(out, r); }, row);
        out << '\n';
        for (const auto& event : board_.events) out << "  " << dim(event) << '\n';

        std::string text = out.str();
        if (on_terminal()) {
            // Over the old picture, line by line, so that nothing flickers.
            for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 4)
                text.insert(at, "\033[K");
            text = "\033[H" + text + "\033[J";
        }
        std::cout << text << std::flush;
    }

    static void draw(std::ostream& out, const node_row& n) {
        out << "  " << bold(padded(n.name, 12)) << n.doing() << '\n';
    }

    static void draw(std::ostream& out, edge_row& e) {
        const auto s = e.stats();
        out << "    " << line() << ' ' << padded(e.name, 8) << bar(s) << std::setw(4) << s.depth << " of "
            << std::setw(2) << s.capacity << std::setw(6) << s.high_water << std::setw(10)
            << std::setprecision(1) << e.rate(s.sent) << std::setw(9) << s.dropped << std::setw(9)
            << s.flushed << "  " << dim(e.when_full) << '\n';
    }

    static std::string bar(const rtai::channel_stats& s) {
        constexpr std::size_t width = 6;
        const std::size_t full = (s.depth * width + s.capacity - 1) / s.capacity;
        std::string text;
        for (std::size_t i = 0; i < full; ++i) text += on_terminal() ? "█" : "#";
        return "[" + colour(s.depth == s.capacity ? "33" : "32", text) + std::string(width - full, ' ') + "]";
    }

    static std::string line() { return on_terminal() ? "│" : "|"; }
    static std::string padded(std::string text, std::size_t width) {
        text.resize(std::max(width, text.size()), ' ');
        return text;
    }
    static std::string bold(const std::string& text) { return colour("1", text); }
    static std::string dim(const std::string& text) { return colour("2", text); }
    static std::string colour(std::string_view code, const std::string& text) {
        return on_terminal() ? "\033[" + std::string(code) + "m" + text + "\033[m" : text;
    }

    const board& board_;
    std::vector<std::variant<node_row, edge_row>> rows_;
};
