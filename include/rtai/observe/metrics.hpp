#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <rtai/observe/detail/escape.hpp>
#include <rtai/observe/metric.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Numbers of a program, for Prometheus to scrape in its text format 0.0.4.

namespace rtai::observe {

namespace detail {

inline std::string label_text(std::string_view value) {
    std::string out;
    for (const char c : clean_utf8(value)) {
        if (c == '\\' || c == '"') (out += '\\') += c;
        else if (c == '\n') out += "\\n";
        else out += c;
    }
    return out;
}

inline std::string help_text(std::string_view about) {
    std::string out;
    for (const char c : clean_utf8(about)) {
        if (c == '\\') out += "\\\\";
        else if (c == '\n') out += "\\n";
        else out += c;
    }
    return out;
}

inline std::string number_text(double v) {
    if (std::isnan(v)) return "NaN";
    if (std::isinf(v)) return v > 0 ? "+Inf" : "-Inf";
    char room[32];
    return {room, std::to_chars(room, room + sizeof room, v).ptr};
}

/// "name{labels} value"; `labels` is what stands in the braces.
inline void append_sample(std::string& out, std::string_view name, std::string_view labels,
                          std::string_view value) {
    out += name;
    if (!labels.empty()) ((out += '{') += labels) += '}';
    ((out += ' ') += value) += '\n';
}

inline void append_samples(std::string& out, std::string_view name, std::string_view labels,
                           const counter& c) {
    append_sample(out, name, labels, std::to_string(c.value()));
}
inline void append_samples(std::string& out, std::string_view name, std::string_view labels, const gauge& g) {
    append_sample(out, name, labels, number_text(g.value()));
}
inline void append_samples(std::string& out, std::string_view name, std::string_view labels,
                           const histogram& h) {
    const auto counts = h.counts();
    const auto bucket = std::string(name) + "_bucket";
    const auto begin = std::string(labels) + (labels.empty() ? "le=\"" : ",le=\"");
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        all += counts[i];
        const auto bound = i < h.bounds().size() ? number_text(h.bounds()[i]) : "+Inf";
        append_sample(out, bucket, begin + bound + '"', std::to_string(all));
    }
    append_sample(out, std::string(name) + "_sum", labels, number_text(h.sum()));
    append_sample(out, std::string(name) + "_count", labels, std::to_string(all));
}

template <class Metric>
inline constexpr std::string_view type_name = "histogram";
template <>
inline constexpr std::string_view type_name<counter> = "counter";
template <>
inline constexpr std::string_view type_name<gauge> = "gauge";

inline bool is_metric_name(std::string_view name, bool label) noexcept {
    const auto good = [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               (c == ':' && !label);
    };
    return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
           std::all_of(name.begin(), name.end(), good);
}

struct any_family {
    any_family() = default;
    any_family(const any_family&) = delete;
    any_family& operator=(const any_family&) = delete;
    virtual ~any_family() = default;
    virtual void append(std::string& out) const = 0;
};

}  // namespace detail

/// Metrics of one name, told apart by their labels.
template <class Metric>
class family final : public detail::any_family {
public:
    using maker = std::function<std::unique_ptr<Metric>()>;

    family(std::string name, std::string about, std::vector<std::string> labels, maker make, std::size_t most)
        : name_(std::move(name)),
          about_(std::move(about)),
          labels_(std::move(labels)),
          make_(std::move(make)),
          most_(most) {}

    /// The one with these values of the labels, in their order. It takes a lock: keep the reference, which
    /// is good as long as the registry. When there are too many, the rest is counted together, under
    /// "(other)".
    Metric& with(std::initializer_list<std::string_view> values) {
        return with(std::vector<std::string>(values.begin(), values.end()));
    }
    Metric& with(std::vector<std::string> values) {
        if (values.size() != labels_.size())
            throw std::invalid_argument(name_ + " has " + std::to_string(labels_.size()) + " labels, not " +
                                        std::to_string(values.size()));
        const std::lock_guard lock(mutex_);
        if (series_.size() >= most_ && !series_.contains(values))
            std::fill(values.begin(), values.end(), "(other)");
        auto found = series_.find(values);
        if (found == series_.end()) found = series_.emplace(std::move(values), make_()).first;
        return *found->second;
    }

    void append(std::string& out) const override {
        out += "# HELP " + name_ + " " + detail::help_text(about_) + "\n";
        out += "# TYPE " + name_ + " " + std::string(detail::type_name<Metric>) + "\n";
        const std::lock_guard lock(mutex_);
        for (const auto& [values, metric] : series_) {
            std::string labels;
            for (std::size_t i = 0; i < values.size(); ++i)
                labels += (i == 0 ? "" : ",") + labels_[i] + "=\"" + detail::label_text(values[i]) + '"';
            detail::append_samples(out, name_, labels, *metric);
        }
    }

private:
    const std::string name_, about_;
    const std::vector<std::string> labels_;
    const maker make_;
    const std::size_t most_;
    mutable std::mutex mutex_;
    std::map<std::vector<std::string>, std::unique_ptr<Metric>> series_;
};

/// All metrics of a program. What it gives out is good as long as it exists.
class metric_registry {
public:
    using labels = std::vector<std::string>;
    static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

    explicit metric_registry(std::size_t most_series = 1000) : most_series_(most_series) {}

    counter& add_counter(std::string name, std::string about) {
        return add_counters(std::move(name), std::move(about), {}).with({});
    }
    gauge& add_gauge(std::string name, std::string about) {
        return add_gauges(std::move(name), std::move(about), {}).with({});
    }
    histogram& add_histogram(std::string name, std::string about, std::vector<double> bounds) {
        return add_histograms(std::move(name), std::move(about), {}, std::move(bounds)).with({});
    }

    family<counter>& add_counters(std::string name, std::string about, labels l) {
        return add<counter>(std::move(name), std::move(about), std::move(l),
                            [] { return std::make_unique<counter>(); });
    }
    family<gauge>& add_gauges(std::string name, std::string about, labels l) {
        return add<gauge>(std::move(name), std::move(about), std::move(l),
                          [] { return std::make_unique<gauge>(); });
    }
    /// A name that ends with "_ms" is in milliseconds, any other in seconds.
    family<histogram>& add_histograms(std::string name, std::string about, labels l,
                                      std::vector<double> bounds) {
        const auto unit = name.ends_with("_ms") ? metric_unit::milliseconds : metric_unit::seconds;
        auto make = [bounds = std::move(bounds), unit] { return std::make_unique<histogram>(bounds, unit); };
        make();  // to refuse bounds before there is a name for them
        return add<histogram>(std::move(name), std::move(about), std::move(l), std::move(make));
    }

    /// Called before each scrape, on the thread that scrapes: to set gauges.
    void before_scrape(std::function<void()> f) {
        const std::lock_guard lock(mutex_);
        before_.push_back(std::move(f));
    }

    /// Everything, as Prometheus reads it.
    std::string text() const {
        std::vector<std::function<void()>> before;
        {
            const std::lock_guard lock(mutex_);
            before = before_;
        }
        for (const auto& f : before) f();
        std::string out;
        const std::lock_guard lock(mutex_);
        for (const auto& [name, metrics] : families_) metrics->append(out);
        return out;
    }

private:
    template <class Metric>
    family<Metric>& add(std::string name, std::string about, labels l, typename family<Metric>::maker make) {
        if (!detail::is_metric_name(name, false))
            throw std::invalid_argument("'" + name +
                                        "' can not be the name of a metric: letters, figures and _");
        for (const auto& label : l)
            if (!detail::is_metric_name(label, true) || label.starts_with("__") || label == "le")
                throw std::invalid_argument("'" + label + "' can not be a label of " + name);
        const std::lock_guard lock(mutex_);
        auto& place = families_[name];
        if (place != nullptr) throw std::invalid_argument("the metric " + name + " is there already");
        auto made = std::make_unique<family<Metric>>(std::move(name), std::move(about), std::move(l),
                                                     std::move(make), most_series_);
        auto& given = *made;
        place = std::move(made);
        return given;
    }

    const std::size_t most_series_;
    mutable std::mutex mutex_;
    std::map<std::string, std::unique_ptr<detail::any_family>> families_;
    std::vector<std::function<void()>> before_;
};

}  // namespace rtai::observe
