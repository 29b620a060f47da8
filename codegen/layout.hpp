#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

// Where to draw the boxes and lines of a graph: in layers from left to right, each box right of all that it
// takes from. A line's label is a cell of a layer of its own, so that no text ever lies over anything.

namespace rtai::codegen {

struct point {
    double x = 0, y = 0;
};

struct drawn_box {
    double width = 0, height = 0;
    double x = 0, y = 0;  ///< of its upper left corner, once arranged
};

struct drawn_link {
    std::size_t from = 0, to = 0;
    double label_width = 0, label_height = 0;
    // Once arranged:
    point label{};  ///< the middle of the label, through which the line goes
    /// Straight from a point with an even number to the next, smooth from an odd one.
    std::vector<point> path{};
    bool turned_back = false;  ///< it closes a ring: all of its path is straight
};

class layout {
public:
    layout(std::vector<drawn_box>& boxes, std::vector<drawn_link>& links) : boxes_(boxes), links_(links) {
        find_rings();
        rank();
        make_cells();
        order();
        place_rows();
        place_columns();
        draw_links();
        turn_back();
    }

    double width() const noexcept { return width_; }
    double height() const noexcept { return height_; }

private:
    struct cell {
        double height = 0, width = 0, y = 0;  ///< y: of its middle
        bool is_box = false;
        std::vector<std::size_t> before, after;
    };

    static constexpr double box_gap = 22, line_gap = 9, least_gap = 26, most_gap = 66, port_gap = 13,
                            lane = 46;

    std::vector<std::vector<std::size_t>> links_from() const {
        std::vector<std::vector<std::size_t>> out(boxes_.size());
        for (std::size_t i = 0; i < links_.size(); ++i) out[links_[i].from].push_back(i);
        return out;
    }

    /// A link that leads back to where a walk along the links came from closes a ring.
    void find_rings() {
        const auto out = links_from();
        std::vector<int> state(boxes_.size());  // 1: on the walk, 2: done
        std::vector<std::size_t> starts(boxes_.size());
        std::iota(starts.begin(), starts.end(), std::size_t{0});
        const auto reached = [&](std::size_t b) {
            return std::any_of(links_.begin(), links_.end(), [&](const drawn_link& l) { return l.to == b; });
        };
        std::sort(starts.begin(), starts.end(), [&](std::size_t a, std::size_t b) {
            return std::pair(reached(a), a) < std::pair(reached(b), b);
        });
        for (const auto start : starts) {
            if (state[start] != 0) continue;
            std::vector<std::pair<std::size_t, std::size_t>> walk{{start, 0}};
            state[start] = 1;
            while (!walk.empty()) {
                auto& [at, next] = walk.back();
                if (next == out[at].size()) {
                    state[at] = 2;
                    walk.pop_back();
                    continue;
                }
                auto& l = links_[out[at][next++]];
                l.turned_back = state[l.to] == 1;
                if (state[l.to] != 0) continue;
                state[l.to] = 1;
                walk.emplace_back(l.to, 0);
            }
        }
    }

    /// By the longest path from a start; what nothing leads to stands right before what it leads to.
    void rank() {
        ranks_.assign(boxes_.size(), 0);
        const auto forward = [&](auto&& visit) {
            for (const auto& l : links_)
                if (!l.turned_back) visit(l);
        };
        for (bool moved = true; moved;) {
            moved = false;
            forward([&](const drawn_link& l) {
                if (ranks_[l.to] > ranks_[l.from]) return;
                ranks_[l.to] = ranks_[l.from] + 1;
                moved = true;
            });
        }
        for (std::size_t b = 0; b < boxes_.size(); ++b) {
            bool is_start = true;
            std::size_t first = ~std::size_t{0};
            forward([&](const drawn_link& l) {
                is_start = is_start && l.to != b;
                if (l.from == b) first = std::min(first, ranks_[l.to]);
            });
            if (is_start && first != ~std::size_t{0}) ranks_[b] = first - 1;
        }
    }

    // Boxes are in the even layers, labels in the odd ones. A long line has a cell in each layer it crosses.
    void make_cells() {
        std::vector<std::size_t> ports_in(boxes_.size()), ports_out(boxes_.size());
        for (const auto& l : links_) {
            ++ports_out[l.from];
            ++ports_in[l.to];
        }
        const auto last = ranks_.empty() ? 0 : *std::max_element(ranks_.begin(), ranks_.end());
        layers_.resize(last * 2 + 1);
        for (std::size_t b = 0; b < boxes_.size(); ++b) {
            const auto ports = static_cast<double>(std::max(ports_in[b], ports_out[b]));
            boxes_[b].height = std::max(boxes_[b].height, ports * port_gap + 8);
            cell c;
            c.height = boxes_[b].height;
            c.width = boxes_[b].width;
            c.is_box = true;
            layers_[ranks_[b] * 2].push_back(cells_.size());
            cells_.push_back(c);
        }
        chains_.resize(links_.size());
        for (std::size_t i = 0; i < links_.size(); ++i) {
            const auto& l = links_[i];
            if (l.turned_back) continue;
            auto before = l.from;
            for (auto layer = ranks_[l.from] * 2 + 1; layer < ranks_[l.to] * 2; ++layer) {
                cell c;
                if (layer == ranks_[l.from] * 2 + 1) {
                    c.height = l.label_height;
                    c.width = l.label_width;
                }
                const auto made = cells_.size();
                layers_[layer].push_back(made);
                chains_[i].push_back(made);
                cells_.push_back(c);
                connect(before, made);
                before = made;
            }
            connect(before, l.to);
        }
    }

    void connect(std::size_t a, std::size_t b) {
        cells_[a].after.push_back(b);
        cells_[b].before.push_back(a);
    }

    // --- The order within the layers: as few crossings as some sweeps find ------------------------------

    std::vector<std::size_t> positions() const {
        std::vector<std::size_t> at(cells_.size());
        for (const auto& layer : layers_)
            for (std::size_t i = 0; i < layer.size(); ++i) at[layer[i]] = i;
        return at;
    }

    std::size_t crossings() const {
        const auto at = positions();
        std::size_t count = 0;
        for (const auto& layer : layers_) {
            std::vector<std::size_t> ends;
            for (const auto c : layer) {
                std::vector<std::size_t> mine;
                for (const auto n : cells_[c].after) mine.push_back(at[n]);
                for (const auto m : mine)
                    count += static_cast<std::size_t>(
                        std::count_if(ends.begin(), ends.end(), [&](std::size_t e) { return e > m; }));
                ends.insert(ends.end(), mine.begin(), mine.end());
            }
        }
        return count;
    }

    void order() {
        constexpr std::size_t many = 4'000;
        const int sweeps = cells_.size() > many ? 4 : 24;
        auto best = layers_;
        auto least = crossings();
        for (int i = 0; i < sweeps && least != 0; ++i) {
            sweep(i % 2 == 0);
            const auto now = crossings();
            if (now >= least) continue;
            least = now;
            best = layers_;
        }
        layers_ = std::move(best);
    }

    void sweep(bool down) {
        for (std::size_t k = 0; k < layers_.size(); ++k) {
            auto& layer = layers_[down ? k : layers_.size() - 1 - k];
            const auto at = positions();
            std::vector<std::pair<double, std::size_t>> wished;
            for (const auto c : layer) {
                const auto& near = down ? cells_[c].before : cells_[c].after;
                double sum = 0;
                for (const auto n : near) sum += static_cast<double>(at[n]);
                // Without neighbours on that side, it stays where it is.
                const auto mean =
                    near.empty() ? static_cast<double>(at[c]) : sum / static_cast<double>(near.size());
                wished.emplace_back(mean, c);
            }
            // What wishes the same keeps its order.
            std::sort(wished.begin(), wished.end(), [&](const auto& a, const auto& b) {
                return std::pair(a.first, at[a.second]) < std::pair(b.first, at[b.second]);
            });
            for (std::size_t i = 0; i < layer.size(); ++i) layer[i] = wished[i].second;
        }
    }

    // --- Rows --------------------------------------------------------------------------------------------

    void place_rows() {
        for (auto& layer : layers_) {
            double y = 0;
            for (const auto c : layer) {
                cells_[c].y = y + cells_[c].height / 2;
                y += cells_[c].height + box_gap;
            }
        }
        const int rounds = cells_.size() > 2'000 ? 30 : 300;
        for (int i = 0; i < rounds; ++i)
            for (std::size_t k = 0; k < layers_.size(); ++k)
                settle(layers_[i % 2 == 0 ? k : layers_.size() - 1 - k]);
        double top = 1e9, bottom = 0;
        for (const auto& c : cells_) top = std::min(top, c.y - c.height / 2);
        for (auto& c : cells_) {
            c.y -= top;
            bottom = std::max(bottom, c.y + c.height / 2);
        }
        height_ = bottom;
    }

    double apart(const cell& a, const cell& b) const {
        return (a.height + b.height) / 2 + (a.is_box && b.is_box ? box_gap : line_gap);
    }

    /// Moves each cell as near to the middle of its neighbours as the others let it: the least squares, by
    /// merging runs of cells that touch.
    void settle(const std::vector<std::size_t>& layer) {
        struct run {
            double sum, weight;
            std::size_t count;
            double mean() const { return sum / weight; }
        };
        std::vector<run> runs;
        std::vector<double> shift(layer.size());
        for (std::size_t i = 0; i < layer.size(); ++i) {
            const auto& c = cells_[layer[i]];
            if (i != 0) shift[i] = shift[i - 1] + apart(cells_[layer[i - 1]], c);
            const auto [wish, weight] = wish_of(c);
            runs.push_back({(wish - shift[i]) * weight, weight, 1});
            while (runs.size() > 1 && runs[runs.size() - 2].mean() > runs.back().mean()) {
                const auto last = runs.back();
                runs.pop_back();
                runs.back().sum += last.sum;
                runs.back().weight += last.weight;
                runs.back().count += last.count;
            }
        }
        std::size_t i = 0;
        for (const auto& r : runs)
            for (std::size_t n = 0; n < r.count; ++n, ++i) cells_[layer[i]].y = r.mean() + shift[i];
    }

    /// A line through several layers is to be straight before anything else.
    std::pair<double, double> wish_of(const cell& c) const {
        double sum = 0, weight = 0;
        for (const auto* side : {&c.before, &c.after})
            for (const auto n : *side) {
                const double w = c.is_box || cells_[n].is_box ? 1 : 6;
                sum += cells_[n].y * w;
                weight += w;
            }
        constexpr double faint = 1e-3;
        return weight == 0 ? std::pair(c.y, faint) : std::pair(sum / weight, weight);
    }

    // --- Columns -----------------------------------------------------------------------------------------

    void place_columns() {
        const auto turned = static_cast<double>(
            std::count_if(links_.begin(), links_.end(), [](const drawn_link& l) { return l.turned_back; }));
        double x = turned == 0 ? 0 : 14 + turned * 6;
        for (std::size_t k = 0; k < layers_.size(); ++k) {
            double width = 0, climb = 0;
            for (const auto c : layers_[k]) {
                width = std::max(width, cells_[c].width);
                for (const auto n : cells_[c].after)
                    climb = std::max(climb, std::abs(cells_[n].y - cells_[c].y));
            }
            columns_.emplace_back(x, x + width);
            // A line that climbs far needs room for it.
            x += width;
            if (k + 1 < layers_.size()) x += std::clamp(climb * 0.25, least_gap, most_gap) + turned * 6;
        }
        width_ = x + (turned == 0 ? 0 : 14 + turned * 6);
        for (std::size_t b = 0; b < boxes_.size(); ++b) {
            const auto [left, right] = columns_[ranks_[b] * 2];
            boxes_[b].x = (left + right - boxes_[b].width) / 2;
            boxes_[b].y = cells_[b].y - boxes_[b].height / 2;
        }
    }

    /// Where each link leaves or reaches its box: one below the other, in the order of where they lead.
    std::vector<double> heights(bool leaving) const {
        std::vector<std::vector<std::size_t>> at(boxes_.size());
        for (std::size_t i = 0; i < links_.size(); ++i)
            at[leaving ? links_[i].from : links_[i].to].push_back(i);
        const auto leads_to = [&](std::size_t i) {
            const auto& chain = chains_[i];
            constexpr double lowest = 1e9;
            return chain.empty() ? lowest : cells_[leaving ? chain.front() : chain.back()].y;
        };
        std::vector<double> y(links_.size());
        for (std::size_t b = 0; b < boxes_.size(); ++b) {
            std::sort(at[b].begin(), at[b].end(), [&](std::size_t i, std::size_t j) {
                return std::pair(leads_to(i), i) < std::pair(leads_to(j), j);
            });
            const auto middle = (static_cast<double>(at[b].size()) - 1) / 2;
            for (std::size_t n = 0; n < at[b].size(); ++n)
                y[at[b][n]] = cells_[b].y + (static_cast<double>(n) - middle) * port_gap;
        }
        return y;
    }

    void draw_links() {
        const auto leaves = heights(true), reaches = heights(false);
        for (std::size_t i = 0; i < links_.size(); ++i) {
            auto& l = links_[i];
            const auto& from = boxes_[l.from];
            const auto& to = boxes_[l.to];
            l.path.push_back({from.x + from.width, leaves[i]});
            l.path.push_back({columns_[ranks_[l.from] * 2].second, leaves[i]});
            auto layer = ranks_[l.from] * 2 + 1;
            for (const auto c : chains_[i]) {
                const auto [left, right] = columns_[layer];
                if (c == chains_[i].front()) l.label = {(left + right) / 2, cells_[c].y};
                l.path.push_back({left, cells_[c].y});
                l.path.push_back({right, cells_[c].y});
                ++layer;
            }
            l.path.push_back({columns_[ranks_[l.to] * 2].first, reaches[i]});
            l.path.push_back({to.x, reaches[i]});
        }
    }

    /// Lines that close a ring go back below everything, each on a lane of its own.
    void turn_back() {
        double number = 0;
        for (auto& l : links_) {
            if (!l.turned_back) continue;
            ++number;
            const auto begin = l.path.front(), end = l.path.back();
            const double right = l.path[1].x + 6 + number * 6,
                         left = l.path[l.path.size() - 2].x - 8 - number * 6;
            height_ = std::max(height_ + lane / 2, height_ + l.label_height / 2 + line_gap);
            const double y = height_;
            height_ += l.label_height / 2;
            l.path = {begin, {right, begin.y}, {right, y}, {left, y}, {left, end.y}, end};
            l.label = {(left + right) / 2, y};
            // The label may be wider than what the line spans.
            width_ = std::max(width_, l.label.x + l.label_width / 2);
        }
    }

    std::vector<drawn_box>& boxes_;
    std::vector<drawn_link>& links_;
    std::vector<std::size_t> ranks_;
    std::vector<cell> cells_;  ///< first the boxes
    std::vector<std::vector<std::size_t>> layers_;
    std::vector<std::vector<std::size_t>> chains_;  ///< the cells of each link
    std::vector<std::pair<double, double>> columns_;
    double width_ = 0, height_ = 0;
};

}  // namespace rtai::codegen
