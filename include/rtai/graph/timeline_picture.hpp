#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <rtai/core/clock.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/moment.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace rtai {

namespace detail {

/// Draws moments of a conversation on a line of time.
class timeline_drawing {
public:
    explicit timeline_drawing(const std::vector<moment>& all) : all_(all) {
        begin_ = end_ = all.empty() ? time_point() : all.front().stamp.at;
        for (const auto& m : all) {
            begin_ = std::min(begin_, m.stamp.at);
            end_ = std::max(end_, m.stamp.at);
        }
        end_ = std::max(end_, begin_ + std::chrono::seconds(1));
        per_second_ = std::min(90.0, 100'000 / seconds(end_ - begin_));
    }

    std::string draw() {
        spans("person", 0, what::speech_start, {what::speech_end}, "#2f7d6d");
        spans("thinks", 1, what::end_of_turn, {what::first_audio, what::interruption, what::failure},
              "#c08a2d");
        spans("machine", 2, what::playout_start, {what::playout_end, what::interruption}, "#3a5fa8");
        for (const auto& m : all_) mark(m);
        const int height = top + 3 * row + 56;
        std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width()) + " " +
                          std::to_string(height) + "\" font-family=\"sans-serif\" font-size=\"11\">\n";
        svg += "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
        axis(svg);
        return svg + body_ + "</svg>\n";
    }

private:
    static constexpr int left = 70, top = 34, row = 44, bar = 20;

    static std::string number(double n) {
        char room[32];
        std::snprintf(room, sizeof room, "%.1f", n);
        return room;
    }
    static double seconds(duration t) { return std::chrono::duration<double>(t).count(); }
    double x(time_point t) const { return left + seconds(t - begin_) * per_second_; }
    double width() const { return x(end_) + 40; }

    static std::string escaped(std::string_view words) {
        std::string all;
        for (const char c : words) {
            if (c == '<') all += "&lt;";
            else if (c == '>') all += "&gt;";
            else if (c == '&') all += "&amp;";
            else if (static_cast<unsigned char>(c) >= 0x20) all += c;
        }
        return all;
    }

    void axis(std::string& svg) const {
        const int bottom = top + 3 * row;
        const auto whole = static_cast<int>(std::min(seconds(end_ - begin_), 1e6));
        const int step = std::max(1, whole / 200);
        for (int s = 0; s <= whole; s += step) {
            const auto at = number(left + s * per_second_);
            svg += "<path d=\"M" + at + " " + std::to_string(top - 8) + "V" + std::to_string(bottom) +
                   "\" stroke=\"#e4e4e4\"/><text x=\"" + at + "\" y=\"" + std::to_string(bottom + 16) +
                   "\" fill=\"#777\" text-anchor=\"middle\">" + std::to_string(s) + " s</text>\n";
        }
    }

    void spans(const char* name, int line, what from, const std::vector<what>& to, const char* colour) {
        const int y = top + line * row;
        body_ += "<text x=\"8\" y=\"" + std::to_string(y + 14) + "\" fill=\"#333\">" + name + "</text>\n";
        std::optional<time_point> open;
        const auto close = [&](time_point at) {
            if (!open) return;
            body_ += "<rect x=\"" + number(x(*open)) + "\" y=\"" + std::to_string(y) + "\" width=\"" +
                     number(std::max(x(at) - x(*open), 1.0)) + "\" height=\"" + std::to_string(bar) +
                     "\" rx=\"3\" fill=\"" + colour + "\"/>\n";
            open.reset();
        };
        for (const auto& m : all_) {
            if (m.what == from && !open) open = m.stamp.at;
            else if (std::find(to.begin(), to.end(), m.what) != to.end()) close(m.stamp.at);
        }
        close(end_);
    }

    void mark(const moment& m) {
        const auto at = number(x(m.stamp.at));
        const auto line = [&](const char* colour, const char* words, const char* anchor = "start") {
            body_ += "<path d=\"M" + at + " " + std::to_string(top - 8) + "V" +
                     std::to_string(top + 3 * row) + "\" stroke=\"" + colour +
                     "\" stroke-dasharray=\"3 2\"/><text x=\"" + at + "\" y=\"" + std::to_string(top - 14) +
                     "\" fill=\"" + colour + "\" text-anchor=\"" + anchor + "\">" + words + "</text>\n";
        };
        if (m.what == what::interruption) line("#b3261e", "interrupted");
        if (m.what == what::paused) line("#8a8a8a", "held ", "end");
        if (m.what == what::resumed) line("#8a8a8a", "goes on");
        if (m.what == what::failure) line("#b3261e", "failure");
        if (m.what == what::end_of_turn)
            body_ += "<text x=\"" + at + "\" y=\"" + std::to_string(top + bar + 14) +
                     "\" fill=\"#2f7d6d\" text-anchor=\"end\">" + escaped(m.detail) + "</text>\n";
    }

    const std::vector<moment>& all_;
    time_point begin_, end_;
    double per_second_ = 90;
    std::string body_;
};

}  // namespace detail

/// An SVG of who spoke when.
inline std::string timeline_picture(const std::vector<moment>& all) {
    return detail::timeline_drawing(all).draw();
}

}  // namespace rtai
