#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "figure.hpp"
#include "options.hpp"
#include "plot.hpp"

namespace bench {

/// One way to do the work. Each call measures one round and gives one figure; of several ways to set a
/// peer up, the one with the best median counts. None: it is not installed.
struct contender {
    std::string key;
    std::string label;
    role role;
    std::vector<std::function<double()>> ways;
};

/// What a measurement that gives several figures at once has gathered of one of them, round after round.
/// None: it is not installed.
struct gathered {
    std::string key;
    std::string label;
    enum role role;
    std::vector<double> samples;
};

/// What was measured: printed as it comes, written at the end.
class sheet {
public:
    explicit sheet(options o) : options_(std::move(o)) {}

    /// Measures all contenders in turn, round after round, so that whatever drifts hits all alike. The
    /// others are shown as multiples of the first.
    void measure(std::string title, std::string unit, const std::vector<contender>& contenders) {
        std::vector<std::vector<std::vector<double>>> samples;
        for (const auto& c : contenders) samples.emplace_back(c.ways.size());
        for (int round = -1; round < options_.rounds; ++round)  // The first one warms up.
            for (std::size_t i = 0; i < contenders.size(); ++i)
                for (std::size_t way = 0; way < contenders[i].ways.size(); ++way) {
                    show_progress(title, round);
                    const double value = contenders[i].ways[way]();
                    if (round >= 0) samples[i][way].push_back(value);
                }
        panel& p = panels_.emplace_back(panel{std::move(title), std::move(unit), {}});
        for (std::size_t i = 0; i < contenders.size(); ++i)
            p.rows.push_back(summary(contenders[i], samples[i]));
        print(p);
    }

    void show(std::string title, std::string unit, std::vector<gathered> all) {
        panel& p = panels_.emplace_back(panel{std::move(title), std::move(unit), {}});
        for (auto& g : all) {
            figure& f = p.rows.emplace_back(figure{g.key, g.label, g.role});
            if (g.samples.empty()) continue;
            std::ranges::sort(g.samples);
            f.measured = true;
            f.median = g.samples[g.samples.size() / 2];
            f.min = g.samples.front();
            f.max = g.samples.back();
        }
        print(p);
    }

    /// What a reader of the figures should know.
    void note(std::string_view words) const { std::cout << words << "\n\n" << std::flush; }

    const options& asked() const noexcept { return options_; }

    /// The median of a figure, if there is one.
    std::optional<double> operator[](std::string_view key) const {
        for (const auto& p : panels_)
            for (const auto& row : p.rows)
                if (row.key == key && row.measured) return row.median;
        return std::nullopt;
    }

    /// The least of those that were measured.
    std::optional<double> least(std::initializer_list<std::string_view> keys) const {
        std::optional<double> found;
        for (const auto key : keys)
            if (const auto value = (*this)[key]; value && (!found || *value < *found)) found = value;
        return found;
    }

    void at_least(std::string what, std::optional<double> value, double wanted, std::string unit) {
        goals_.push_back({std::move(what), "at least", value, wanted, std::move(unit), value >= wanted});
    }
    void at_most(std::string what, std::optional<double> value, double wanted, std::string unit) {
        goals_.push_back(
            {std::move(what), "at most", value, wanted, std::move(unit), value && *value <= wanted});
    }

    bool wants(std::string_view question) const { return options_.only.empty() || options_.only == question; }

    void finish(std::string_view name) const {
        print_goals();
        if (options_.json.empty()) return;
        const std::filesystem::path json = options_.json;
        if (json.has_parent_path()) std::filesystem::create_directories(json.parent_path());
        write_json(json);
        if (!options_.plot) return;
        auto svg = json;
        write_plot(svg.replace_extension(".svg"), name, panels_);
        std::cout << "picture: " << svg.string() << '\n';
    }

private:
    struct goal {
        std::string what;
        std::string_view direction;
        std::optional<double> value;
        double wanted;
        std::string unit;
        bool reached;
    };

    static figure summary(const contender& c, std::vector<std::vector<double>>& samples) {
        figure best{c.key, c.label, c.role};
        for (auto& way : samples) {
            std::ranges::sort(way);
            const double median = way[way.size() / 2];
            if (best.measured && best.median <= median) continue;
            best.measured = true;
            best.median = median;
            best.min = way.front();
            best.max = way.back();
        }
        return best;
    }

    static void show_progress(std::string_view title, int round) {
        if (stdout_is_terminal())
            std::cout << '\r' << title << ", round " << round + 1 << "\033[K" << std::flush;
    }

    static void print(const panel& p) {
        if (stdout_is_terminal()) std::cout << "\r\033[K";
        std::cout << p.title << " (" << p.unit << ")\n"
                  << std::left << std::setw(44) << "" << std::right << std::setw(10) << "median"
                  << std::setw(10) << "min" << std::setw(10) << "max" << std::setw(10) << "times" << '\n';
        for (const auto& row : p.rows) {
            std::cout << "  " << std::left << std::setw(42) << row.label << std::right;
            if (row.measured)
                std::cout << std::setw(10) << short_number(row.median) << std::setw(10)
                          << short_number(row.min) << std::setw(10) << short_number(row.max) << std::setw(10)
                          << (p.rows.front().median > 0 ? short_number(row.median / p.rows.front().median)
                                                        : "");
            else std::cout << "  not installed: ./dev bench --peers";
            std::cout << '\n';
        }
        std::cout << '\n' << std::flush;
    }

    void print_goals() const {
        if (!goals_.empty()) std::cout << "Goals\n";
        for (const auto& g : goals_) {
            std::cout << "  " << std::left << std::setw(14)
                      << (!g.value    ? "not measured"
                          : g.reached ? "reached"
                                      : "MISSED")
                      << g.what << ": " << g.direction << ' ' << short_number(g.wanted) << g.unit;
            if (g.value) std::cout << ", measured " << short_number(*g.value) << g.unit;
            std::cout << '\n';
        }
    }

    void write_json(const std::filesystem::path& to) const {
        std::ofstream out(to);
        out << "{\n";
        for (const auto& p : panels_)
            for (const auto& row : p.rows)
                if (row.measured)
                    out << "  \"" << row.key << "\": " << row.median << ",\n  \"min." << row.key
                        << "\": " << row.min << ",\n  \"max." << row.key << "\": " << row.max << ",\n";
        out << "  \"rounds\": " << options_.rounds << "\n}\n";
        if (!out.flush()) throw std::runtime_error("cannot write " + to.string());
    }

    options options_;
    std::vector<panel> panels_;
    std::vector<goal> goals_;
};

/// Seconds that `work` takes.
template <class Work>
double seconds(Work&& work) {
    const auto begin = std::chrono::steady_clock::now();
    std::forward<Work>(work)();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace bench
