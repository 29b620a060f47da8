#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "figure.hpp"

namespace bench {

/// Horizontal bars, a panel below the other, as SVG. Where the largest is more than 20 times the
/// smallest, the scale is logarithmic and has a line at each power of ten.
class plot {
public:
    plot(std::string_view name, const std::vector<panel>& panels) {
        text(margin, 38, 20, "start", ink, "rtai " + std::string(name) + " benchmark: shorter is better",
             700);
        for (const auto& p : panels)
            if (std::ranges::count_if(p.rows, &figure::measured) > 1) draw(p);
    }

    void write(std::ostream& out) const {
        out << R"(<svg xmlns="http://www.w3.org/2000/svg" width=")" << width << R"(" height=")" << y_
            << R"(" viewBox="0 0 )" << width << ' ' << y_
            << R"(" font-family="system-ui, 'DejaVu Sans', sans-serif">)"
            << R"(<rect width="100%" height="100%" fill="#ffffff"/>)" << '\n'
            << body_ << "</svg>\n";
    }

private:
    static constexpr double width = 900, margin = 28, bars_from = 330, bars_to = 770, row_height = 26;
    static constexpr std::string_view ink = "#1f2933", faint = "#7b8794", line = "#e4e7eb";

    static std::string_view colour(role r) {
        return r == role::ours ? "#0f766e" : r == role::peer ? "#9aa5b1" : "#d9dee4";
    }

    void draw(const panel& p) {
        std::vector<figure> rows = p.rows;
        std::erase_if(rows, [](const figure& f) { return !f.measured; });
        const double most = std::ranges::max(rows, {}, &figure::median).median;
        const double least = std::ranges::min(rows, {}, &figure::median).median;
        const bool logarithmic = least > 0 && most > 20 * least;
        const double from = logarithmic ? std::pow(10, std::floor(std::log10(least * 0.8))) : 0;
        const auto x_of = [&](double value) {
            const double part = logarithmic ? std::log(value / from) / std::log(most / from) : value / most;
            return bars_from + part * (bars_to - bars_from);
        };

        y_ += 26;
        text(margin, y_, 14, "start", ink, p.title, 700);
        text(margin, y_ += 18, 12, "start", faint, p.unit + (logarithmic ? ", logarithmic scale" : ""));
        y_ += 12;
        const double bottom = y_ + row_height * static_cast<double>(rows.size());
        if (logarithmic)
            for (double decade = from; decade <= most; decade *= 10) {
                rect(x_of(decade), y_, 1, bottom - y_, line);
                text(x_of(decade), bottom + 14, 11, "middle", faint,
                     decade < 1 ? "0.1" : std::to_string(std::lround(decade)));
            }
        for (const auto& row : rows) {
            rect(bars_from, y_ + 4, std::max(1.0, x_of(row.median) - bars_from), row_height - 8,
                 colour(row.role));
            text(bars_from - 10, y_ + 18, 12.5, "end", ink, row.label, row.role == role::ours ? 700 : 400);
            text(x_of(row.median) + 8, y_ + 18, 12.5, "start", ink, short_number(row.median));
            y_ += row_height;
        }
        y_ += 28;
    }

    void rect(double x, double y, double w, double h, std::string_view fill) {
        body_ += "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(w) +
                 "\" height=\"" + number(h) + "\" rx=\"1\" fill=\"" + std::string(fill) + "\"/>\n";
    }

    void text(double x, double y, double size, std::string_view anchor, std::string_view fill,
              std::string_view what, int weight = 400) {
        body_ += "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" font-size=\"" + number(size) +
                 "\" font-weight=\"" + std::to_string(weight) + "\" text-anchor=\"" + std::string(anchor) +
                 "\" fill=\"" + std::string(fill) + "\">";
        for (const char c : what) body_ += c == '&' ? "&amp;" : c == '<' ? "&lt;" : std::string(1, c);
        body_ += "</text>\n";
    }

    static std::string number(double value) {
        std::string digits = std::to_string(std::round(value * 10) / 10);
        return digits.substr(0, digits.find('.') + 2);
    }

    std::string body_;
    double y_ = 52;
};

inline void write_plot(const std::filesystem::path& to, std::string_view name,
                       const std::vector<panel>& panels) {
    std::ofstream out(to);
    plot(name, panels).write(out);
    if (!out.flush()) throw std::runtime_error("cannot write " + to.string());
}

}  // namespace bench
